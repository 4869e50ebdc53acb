"""The error of a sweep that cannot be run as requested."""

from __future__ import annotations


class SweepError(ValueError):
    """A sweep that cannot be run; the message is one line that says why."""
