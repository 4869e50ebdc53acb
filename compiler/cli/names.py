"""The names of the commands; each is a file of this folder, which registers it."""

from __future__ import annotations

COMMANDS = (
    "bench",
    "compile",
    "completion",
    "doctor",
    "eval",
    "explain",
    "export",
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
