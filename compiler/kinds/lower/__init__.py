"""What the lowering of layers, losses and optimizers has in common, and what it sees."""
