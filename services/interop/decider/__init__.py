"""What may happen to a message, and what is known of a sender. Pure."""
