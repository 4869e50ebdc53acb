"""What a spec may cost: bounds, exact counts of bytes, and the findings when they are exceeded."""
