"""`nnc graph`."""
