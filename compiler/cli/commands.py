"""All commands: importing this module registers every one with the application."""

from __future__ import annotations

from . import (
    bench,
    compile,
    completion,
    eval,
    explain,
    fmt,
    graph,
    layers,
    lint,
    new,
    plot,
    predict,
    report,
    summary,
    train,
)
from .app import app

__all__ = [
    "app",
    "bench",
    "compile",
    "completion",
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
]
