"""Somebody's program, called in a process of its own on numbers that are made up for it."""
