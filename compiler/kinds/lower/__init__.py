"""Shared code and contexts for the lowering of layers, losses and optimizers."""
