"""`nnc train`."""
