"""Passes over the op graph: one file each, and one ordered tuple a level."""
