"""The pure decisions of practice: one module per kind of aggregate."""
