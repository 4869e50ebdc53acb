"""The commands by name; each is a file of this folder, which registers it with the application."""

from __future__ import annotations

COMMANDS = (
    "bench",
    "compile",
    "completion",
    "doctor",
    "eval",
    "explain",
    "fmt",
    "graph",
    "layers",
    "lint",
    "new",
    "plot",
    "predict",
    "report",
    "summary",
    "train",
)
