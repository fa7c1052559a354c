"""notifier: every e-mail that the portal sends, and what became of it."""
