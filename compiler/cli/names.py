"""The names of the commands; each is a file of this folder, which registers it."""

from __future__ import annotations

COMMANDS = (
    "bench",
    "compile",
    "completion",
    "convert",
    "diff",
    "doctor",
    "eval",
    "explain",
    "export",
    "fmt",
    "graph",
    "import",
    "layers",
    "lint",
    "lsp",
    "new",
    "plot",
    "predict",
    "report",
    "summary",
    "sweep",
    "trace",
    "train",
)

MODULES = {"import": "import_model"}
"""The files of commands whose names no Python file can have."""


def module_of(command: str) -> str:
    """Return the name of the file that registers a command."""
    return MODULES.get(command, command)
