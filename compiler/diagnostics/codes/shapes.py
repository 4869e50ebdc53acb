"""Shapes (NN2xx): what means something but does not fit."""

from __future__ import annotations

from .registry import error
