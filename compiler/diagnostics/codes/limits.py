"""Limits and resources (NN4xx): what is too large to be meant."""

from __future__ import annotations

from .registry import error

NESTING_TOO_DEEP = error("NN401", "nesting-too-deep", "brackets or arithmetic too deep")
EXPANSION_TOO_LARGE = error("NN403", "expansion-too-large", "the expanded spec is too large")
