"""The stages of the compiler as functions: from specs to findings, graphs and source."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from ..autodiff.reverse import MissingGradient
from ..cli.files import SpecFiles, UnreadableSpec
from ..diagnostics.model import Report, SpecError
from ..driver import Compiled, Options, check, compile_source
from ..emitted import CannotEmit
from ..ir.bounds import DEFAULT_MEMORY
from ..source import Source
from .errors import CompileError, Findings, SpecWarning

if TYPE_CHECKING:
    import networkx as nx

UNNAMED = "model.nn"
"""The name in messages of a spec that is given as text."""

SpecText = str | os.PathLike[str]
"""A spec's text, or the path of its file as a `pathlib.Path`."""


_OURS = ("nnc.", "importlib.", "_frozen_importlib")


class Choices(TypedDict, total=False):
    """The keywords shared by all functions that compile a spec."""

    level: int
    target: str
    emit: Iterable[str]
    without: Iterable[str]
    freeze: Iterable[str]
    format: bool
    max_memory: int


def options_of(
    level: int = 1,
    target: str = "numpy",
    emit: Iterable[str] = (),
    without: Iterable[str] = (),
    format: bool = False,
    max_memory: int = DEFAULT_MEMORY,
    freeze: Iterable[str] = (),
) -> Options:
    """Return the compiler's options."""
    return Options(
        level=level,
        target=target,
        emit=tuple(emit),
        format=format,
        max_memory=max_memory,
        without=tuple(without),
        frozen=tuple(freeze),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """A spec that was read, and the files that it may include."""

    source: Source
    files: SpecFiles


def compile(
    spec: SpecText,
    *,
    level: int = 1,
    target: str = "numpy",
    emit: Iterable[str] = (),
    without: Iterable[str] = (),
    format: bool = True,
    name: str = UNNAMED,
    max_memory: int = DEFAULT_MEMORY,
    freeze: Iterable[str] = (),
) -> str:
    """Return the Python source of a spec's module, as `nnc compile` writes it.

    `spec` is the text, or a `pathlib.Path`. `level` is 0 (for reading) or 1 (for speed), `target`
    `numpy` or `numba`, `emit` names extra functions (`jacobian`), `without` optimisations to leave
    out, `format` says whether Black formats the source, which takes longer than all other steps.
    `name` is the name of the text in messages; included paths are relative to it. `max_memory` is
    the most bytes that the network may need, `freeze` names layers and parameters that are not to
    be trained.

    Raises CompileError if the spec has errors, FileNotFoundError if there is no such file,
    ValueError for an unknown option. Warnings of the compiler are SpecWarnings."""
    options = options_of(level, target, emit, without, format, max_memory, freeze)
    return compiled(read(spec, name), options).code


def lint(spec: SpecText, *, name: str = UNNAMED, max_memory: int = DEFAULT_MEMORY) -> Findings:
    """Return all findings of a spec, as `nnc lint` prints them; empty if there are none.

    `spec` is the text, or a `pathlib.Path`. Raises FileNotFoundError if there is no such file."""
    try:
        given = read(spec, name)
    except CompileError as error:
        return error.diagnostics
    return Findings(check(given.source, given.files.load, max_memory).report)


def graph(
    spec: SpecText, *, name: str = UNNAMED, max_memory: int = DEFAULT_MEMORY
) -> nx.MultiDiGraph[str]:
    """Return the network as a networkx graph: layers in source order, an edge for each value read.

    A node has `kind`, `shape` (of one row, without the batch axis; symbolic sizes as text),
    `dtype`, `ragged`, `activation`, `parameters` (name to shape), `frozen` (names), `shares`,
    `outputs`, `losses`, `span` (`span.line`, `span.text`) and `line`; an edge has `operand` and
    `shape`; the graph has `model` and `dtype`.

    Raises CompileError if the spec has errors, FileNotFoundError if there is no such file."""
    given = read(spec, name)
    checked = check(given.source, given.files.load, max_memory)
    if checked.graph is None:
        raise _failed(checked.report, given.source)
    return checked.graph.to_networkx()


def read(spec: SpecText, name: str = UNNAMED) -> Read:
    """Read the spec of a text or path; raises FileNotFoundError, or CompileError if not text."""
    files = SpecFiles()
    if isinstance(spec, str):
        return Read(Source(name, spec), files)
    path = os.fspath(spec)
    try:
        return Read(files.open(path), files)
    except UnreadableSpec as error:
        if not os.path.exists(path):
            help = error.diagnostic.help
            why = f"there is no such spec{f', {help}' if help else ''}"
            raise FileNotFoundError(errno.ENOENT, why, path) from None
        raise CompileError.of([error.diagnostic]) from None


def compiled(given: Read, options: Options) -> Compiled:
    """Compile a spec and emit its warnings; raises CompileError, or ValueError for an option."""
    try:
        result = compile_source(given.source, options, given.files.load)
    except SpecError as error:
        raise _failed(error.report, given.source) from None
    except (MissingGradient, CannotEmit) as error:
        raise CompileError(str(error)) from None
    if found := Findings(result.report):
        warnings.warn(str(found), SpecWarning, stacklevel=_calls_of_ours())
    return result


def _calls_of_ours() -> int:
    """Return the number of calls between the program and the caller, for a warning's `stacklevel`.

    `warnings` does not count those of Python's import system."""
    frame, count = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals["__name__"].startswith(_OURS):
        frame = frame.f_back
        count += "_bootstrap" not in frame.f_code.co_filename
    return count


def _failed(report: Report, source: Source) -> CompileError:
    if report.has_errors:
        return CompileError.of(report)
    why = "a library of lets and blocks; there is no chain to build"
    return CompileError(f"{source.name}: {why}", report)
