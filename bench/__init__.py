"""`make bench`: what the portal does in a second, and in how many bytes (the issue's "Speed")."""
