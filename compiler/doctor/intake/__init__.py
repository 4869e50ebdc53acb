"""Conversion of the user's arrays, in any common naming and layout, to a network's tensors."""
