"""One folder per service, each with the same file names (ARCHITECTURE.md)."""
