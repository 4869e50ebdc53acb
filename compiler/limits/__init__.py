"""Limits on a spec's cost: bounds, exact counts of bytes, and diagnostics if exceeded."""
