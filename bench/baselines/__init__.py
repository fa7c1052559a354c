"""What the portal is compared with."""
