"""Reverse-mode differentiation of the op graph."""
