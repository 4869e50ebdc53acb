"""Faults of a file or a node, as lines of text."""

from __future__ import annotations

from dataclasses import dataclass


class CannotRead(ValueError):
    """A file that is no ONNX model, or is damaged or unsafe; the message is one line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A node that has no counterpart: its name and operator, why, and what could be done."""

    node: str
    op: str
    why: str
    help: str = ""

    def __str__(self) -> str:
        help = f"; {self.help}" if self.help else ""
        return f"node '{self.node}' ({self.op}): {self.why}{help}"


class Unsupported(ValueError):
    """A node that a rule cannot translate; the first argument says why, the second what to do."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.why, self.help = why, help


class CannotImport(ValueError):
    """A model with nodes that have no counterpart; `faults` has one entry for each."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
