"""The parts of a kernel: compiled sequences of statements, and Python calls between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from ...ir.op_graph import Node
from ...program.loops import REDUCTIONS
from ...program.statements import Heading, Note
from ..numpy.frame import heading
from .choices import HelperCall, Part, Statement
from .scalars import Scalars


@dataclass(slots=True)
class Parts:
    """The finished parts, and the statements of the current one."""

    scalars: Scalars
    done: list[Part] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    heading: str = ""

    def head(self, nodes: Sequence[Node]) -> None:
        """Add comments on the origin of ops and from passes (not on sums, which are loops)."""
        found = "; ".join(dict.fromkeys(filter(None, (heading(n.origin) for n in nodes))))
        if found and found != self.heading:
            self.statements.append(Heading(found))
            self.heading = found
        notes = (n.origin.notes for n in nodes if n.op not in REDUCTIONS)
        self.statements += [Note(note) for note in dict.fromkeys(chain.from_iterable(notes))]

    def add(self, nodes: Sequence[Node], statement: Statement) -> None:
        """Add the statement of some ops."""
        self.head(nodes)
        self.statements.append(statement)

    def call_python(self, node: Node, call: HelperCall) -> None:
        """Add a call of an uncompiled helper function between compiled parts."""
        self.end_part()
        if not self.done or self.done[-1].compiled:
            self.done.append(Part(False, []))
        compiled, self.statements, self.heading = self.statements, self.done[-1].statements, ""
        self.add([node], call)
        self.statements, self.heading = compiled, ""

    def end_part(self) -> None:
        """Finish the current compiled part."""
        self.statements += self.scalars.end()
        if self.statements:
            self.done.append(Part(True, self.statements))
            self.statements = []

    def end(self) -> list[Part]:
        """Finish, and return the kernel's parts."""
        if self.done:
            self.end_part()
        else:
            self.done.append(Part(True, self.statements))
        return self.done

    @property
    def calls_python(self) -> bool:
        """Whether the kernel is more than one compiled function."""
        return len(self.done) > 1 or any(not part.compiled for part in self.done)
