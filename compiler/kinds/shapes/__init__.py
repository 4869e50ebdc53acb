"""Shared shape rules of layers, and the context of a shape rule."""
