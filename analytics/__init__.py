"""Questions to the store: one SELECT a file, one typed function each."""
