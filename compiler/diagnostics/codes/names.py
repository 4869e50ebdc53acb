"""Names and arguments (NN1xx): what is read but means nothing."""

from __future__ import annotations

from .registry import error
