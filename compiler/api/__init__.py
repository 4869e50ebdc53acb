"""The Python interface of nnc: the names that `import nnc` offers, imported on first use."""

from .errors import CompileError, Findings, SpecImportError, SpecWarning
from .hook import install_import_hook, uninstall_import_hook
from .modules import load, loads
from .specs import compile, graph, lint
from .sweeping import SweepResult, sweep

__all__ = [
    "CompileError",
    "Findings",
    "SpecImportError",
    "SpecWarning",
    "SweepResult",
    "compile",
    "graph",
    "install_import_hook",
    "lint",
    "load",
    "loads",
    "sweep",
    "uninstall_import_hook",
]
