"""`%%nnc name`: the spec in a cell becomes the module `name`, and its picture the cell's output."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from typing import Any, NoReturn

from IPython.core.error import UsageError

from ..api import CompileError, loads
from ..emitted import EMITTED
from ..targets import target_names


class CellError(CompileError):
    """A cell's spec has errors: the findings are shown, without a traceback through nnc."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints of the exception."""
        return str(self).splitlines()


CellError.__module__ = "nnc"


class _Line(ArgumentParser):
    """The words after `%%nnc`; what is wrong with them is said in one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words."""
        raise UsageError(f"%%nnc: {message}")


def _line() -> _Line:
    line = _Line(prog="%%nnc", add_help=False, description="Compile the cell's spec to a module.")
    line.add_argument("name", nargs="?", default="model", help="the module's variable (model)")
    line.add_argument("-O", dest="level", type=int, choices=(0, 1), default=1, help="0 to read")
    line.add_argument("--target", choices=target_names(), default="numpy", help="what it runs on")
    line.add_argument("--emit", action="append", choices=(*EMITTED,), default=[], help="also make")
    line.add_argument("-q", "--quiet", action="store_true", help="do not show the network")
    return line


def register(shell: Any) -> None:
    """Add `%%nnc` to an IPython shell."""
    line = _line()

    def nnc(words: str, cell: str) -> Any:
        given = line.parse_args(shlex.split(words))
        if not given.name.isidentifier():
            line.error(f"{given.name!r} is no name for a variable")
        module = _module(cell, given)
        shell.push({given.name: module})
        return None if given.quiet else module

    nnc.__doc__ = line.format_help()
    shell.register_magic_function(nnc, "cell", "nnc")


def _module(cell: str, given: Namespace) -> Any:
    name, level, target = f"{given.name}.nn", given.level, given.target
    try:
        return loads(cell, name=name, level=level, target=target, emit=given.emit, format=True)
    except CompileError as error:
        raise CellError(str(error), error.diagnostics) from None
