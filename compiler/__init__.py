"""nnc: compiles one-line neural network specs to standalone, readable, fast NumPy modules.

`compile`, `load`, `loads`, `lint`, `graph` and `sweep` are what the command line does, for Python;
`install_import_hook` makes `import model` find `model.nn`, `%load_ext nnc` brings `%%nnc`, and
`nnc.doctor` says what is wrong with gradients written by hand.
Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from . import doctor
    from .api import (
        CompileError,
        Findings,
        SpecImportError,
        SpecWarning,
        SweepResult,
        compile,
        graph,
        install_import_hook,
        lint,
        load,
        loads,
        sweep,
        uninstall_import_hook,
    )

__all__ = [
    "CompileError",
    "Findings",
    "SpecImportError",
    "SpecWarning",
    "SweepResult",
    "__version__",
    "compile",
    "doctor",
    "graph",
    "install_import_hook",
    "lint",
    "load",
    "loads",
    "sweep",
    "uninstall_import_hook",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for; `import nnc` alone stays as quick as it was."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "doctor":
        from importlib import import_module

        return import_module(".doctor", __name__)
    from . import api

    value = globals()[name] = getattr(api, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext nnc` calls: adds the cell magic `%%nnc`."""
    from .notebook.magic import register

    register(shell)
