"""Arrays as people name and lay them out, made into a network's tensors."""
