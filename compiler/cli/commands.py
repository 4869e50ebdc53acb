"""All commands: importing this module registers each with the application."""

from __future__ import annotations

from importlib import import_module

from .app import app
from .names import COMMANDS, module_of

__all__ = ["app"]

for name in COMMANDS:
    import_module(f".{module_of(name)}", __package__)
