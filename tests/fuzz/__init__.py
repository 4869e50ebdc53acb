"""Fuzzing of everything `nnc lint` does: `python -m tests.fuzz --help`."""
