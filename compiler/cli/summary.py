"""`nnc summary`."""
