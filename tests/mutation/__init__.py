"""Mutation testing: small faults planted one at a time, and whether the plain tests see them."""
