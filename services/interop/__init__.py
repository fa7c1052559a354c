"""interop: messages from other systems, kept first, then translated and handed to their owner."""
