"""One module per group of pages; each says its `routes`."""
