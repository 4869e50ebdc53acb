"""Estimated costs of generated code, by which passes choose between algorithms."""
