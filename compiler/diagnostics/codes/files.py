"""Files and environment (NN5xx)."""

from __future__ import annotations

from .registry import error
