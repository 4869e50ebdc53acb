"""All commands: importing this module registers each with the application."""

from __future__ import annotations

from importlib import import_module

from .app import app
from .names import COMMANDS

__all__ = ["app"]

for name in COMMANDS:
    import_module(f".{name}", __package__)
