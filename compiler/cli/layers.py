"""`nnc layers`."""
