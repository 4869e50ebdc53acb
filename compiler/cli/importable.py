"""Checks that a generated module can be imported under its file name, and run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path


def obstacles(output: Path | None, target: str) -> list[str]:
    """Return the obstacles to importing a module, each with a remedy."""
    found = list(_missing(target))
    if output is not None and (output.is_file() or not output.exists()):
        found += _name(output, target)
    return found


def _name(output: Path, target: str) -> Iterator[str]:
    stem, suffix = output.stem, output.suffix
    plain = re.sub(r"\W", "_", stem, flags=re.ASCII)
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    if suffix != ".py":
        better = output.with_name(f"{plain}.py").name
        yield f"{output} is Python text, which is imported only from a .py file: -o {better}"
        return
    if not stem.isidentifier():
        yield f"{output} cannot be imported by name, but {plain}.py can"
    elif iskeyword(stem):
        yield f"{output} cannot be imported: `{stem}` is a keyword of Python"
    elif stem in _required(target):
        yield f"{output} would be imported in place of {stem}, which it needs itself"
    elif stem in sys.stdlib_module_names:
        yield f"{output} would be imported in place of Python's own module {stem}"


def _missing(target: str) -> Iterator[str]:
    """Yield a note on packages missing here; the module may be meant for another machine."""
    absent = [name for name in _required(target) if find_spec(name) is None]
    if absent:
        yield (
            f"the module needs {' and '.join(absent)}, not installed here: "
            f"pip install 'nnc[{target}]'"
        )


def _required(target: str) -> tuple[str, ...]:
    """Return the packages that a target's modules import."""
    from ..targets.target import load_target

    return load_target(target).requires
