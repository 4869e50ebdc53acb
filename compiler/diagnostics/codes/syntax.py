"""Syntax (NN0xx): what cannot be read."""

from __future__ import annotations

from .registry import error
