"""What shape rules of layers have in common, and what such a rule sees."""
