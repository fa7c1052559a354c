"""The composition root and the command line: `python -m portal run | import | rebuild | ...`."""
