"""Limits and resources (NN4xx): what is too large to be meant."""

from __future__ import annotations

from .registry import error

FILE_TOO_LARGE = error("NN401", "file-too-large", "file is too large")
NESTING_TOO_DEEP = error("NN402", "nesting-too-deep", "brackets or arithmetic too deep")
