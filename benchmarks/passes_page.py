"""docs/passes.md: what each optimisation does, from its file, and what it was worth when measured."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from nnc.passes.pipeline import BUFFER_REUSE, IN_PLACE, LAYOUT, OPTIONAL

FILES = {
    IN_PLACE: "program.buffers",
    BUFFER_REUSE: "program.buffers",
    LAYOUT: "costs.layout",
}
"""Where an optimisation is that is no pass of that name."""

HEAD = """\
# Optimisations

The optimisations that `-O1` adds to `-O0`, each with the graph (or the memory plan, or the generated
code) before and after. `nnc compile --without NAME` turns one off; the results stay the same up to
rounding. `nnc compile --dump-after NAME` prints the graph after a pass.
`python -m benchmarks passes --write` runs the measurements and writes this page.

Three optimisations are not listed because they cannot be turned off. Gradients that are not needed are
never built (autodiff/reverse.py), so a step does not compute the gradient of the data. Parameters,
gradients and the optimizer's state are views of flat arrays, so an update takes a few calls, whatever
the number of layers. On the Numba target, ops of the same shape share loops (program/loops.py).
"""


@dataclass(frozen=True)
class Table:
    """Numbers of one benchmark: a title, the names of the columns, rows of cells."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> Iterator[str]:
        """As Markdown."""
        yield f"### {self.title}\n"
        yield f"| {' | '.join(self.columns)} |"
        yield f"| --- |{' ---: |' * (len(self.columns) - 1)}"
        yield from (f"| {' | '.join(row)} |" for row in self.rows)
        yield ""


def described(name: str) -> str:
    """The words of the file that does it."""
    file = FILES.get(name, f"passes.{name.replace('-', '_')}")
    return inspect.cleandoc(import_module(f"nnc.{file}").__doc__ or "")


def page(machine: str, tables: Sequence[Table]) -> str:
    """The whole page."""
    parts = [HEAD]
    said: dict[str, str] = {}
    for name in OPTIONAL:
        text = described(name)
        shared = [other for other, words in said.items() if words == text]
        parts.append(f"## {name}\n")
        parts.append(f"See {shared[0]}: one plan does both.\n" if shared else f"{text}\n")
        said[name] = text
    parts += ["## Measured\n", f"{machine}\n"]
    for table in tables:
        parts.append("\n".join(table.text()))
    return "\n".join(parts)


def write(path: Path, text: str) -> None:
    """The page, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def ratios(title: str, found: Mapping[str, Mapping[str, str]]) -> Table:
    """A table with a row for each name and a column for each workload."""
    columns = list(next(iter(found.values())))
    rows = [[name, *(cells[c] for c in columns)] for name, cells in found.items()]
    return Table(title, ["", *columns], rows)
