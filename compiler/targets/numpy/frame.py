"""The frame of one generated function: the source text of each value of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...ir.dims import Shape
from ...ir.lists import cut_lists
from ...ir.op_graph import Graph, Node, Origin, Role
from ...program.kernels import Kernel
from ...program.names import Namer
from ...program.places import Place
from ...program.statements import Assign, Heading, Statement
from ...source import printable
from ..target import Target
from ..text import Text

Constant = tuple[float, ...]
"""The values of a constant vector."""

MAX_SPEC_TEXT = 72
"""Most characters of a spec line that a heading quotes."""


@dataclass(frozen=True, slots=True)
class PlaceName:
    """The reference to an array in code (`c.work1`), and its short name in comments (`work1`)."""

    code: str
    name: str


@dataclass(slots=True)
class Frame:
    """The texts of a function's values; a value without a text is inlined where it is used.

    `by_rows` are the parameters, and their gradients, in row-major order."""

    target: Target
    graph: Graph
    texts: dict[int, Text] = field(default_factory=dict)
    constants: Mapping[Constant, str] = field(default_factory=dict)
    places: Mapping[Place, PlaceName] = field(default_factory=dict)
    by_rows: frozenset[str] = frozenset()

    def text(self, id: int) -> Text:
        """Return the value as an expression: its name, or the inlined op."""
        found = self.texts.get(id)
        return found if found is not None else self.expression(self.graph[id])

    def name(self, id: int) -> str:
        """Return a value that has a statement or comes from outside: its name, or a view of it.

        The expression calls nothing, so it may be repeated wherever the value is returned."""
        text = self.text(id)
        if text.uses:
            raise LookupError(f"{text.code} is no name: it uses {', '.join(sorted(text.uses))}")
        return text.code

    def expression(self, node: Node) -> Text:
        """Return the op as an expression of the texts of its inputs."""
        if node.op == "const" and node.type.rank:
            return Text(self.target.constant(self.constants[constant(node)]))
        operands = [self.text(i) for i in node.inputs]
        return self.target.expression(node, operands, self.shapes(node))

    def shapes(self, node: Node) -> list[Shape]:
        """Return the shapes of the op's inputs."""
        return [self.graph[i].type.shape for i in node.inputs]


def assigned(name: str, text: Text, note: str = "", op: str = "=") -> Assign:
    """Return `name = text`, or an assignment with an in-place operator."""
    return Assign(name, text.code, note, op, text.uses)


def constant(node: Node) -> Constant:
    """Return the entries of a constant vector."""
    return node.reals("value")


def named_nodes(kernel: Kernel) -> set[int]:
    """Return the values of a kernel that get their own statement.

    These are values with a name from the spec, results, and values used more than once; single-use
    ops of one origin become one formula."""
    uses: dict[int, int] = {}
    for node in kernel.nodes:
        for i in node.inputs:
            uses[i] = uses.get(i, 0) + 1
    results = set(kernel.results)
    return {
        n.id
        for n in kernel.nodes
        if n.id in results
        or (n.origin.hint and n.op != "const")
        or (uses.get(n.id, 0) > 1 and n.inputs and n.op != "broadcast" and not _cheap(n))
    }


def _cheap(node: Node) -> bool:
    return node.op == "transpose" or (node.type.rank == 0 and node.op == "scale")


def name_values(kernels: Iterable[Kernel | None], names: dict[int, str], namer: Namer) -> None:
    """Give every named value of the kernels an identifier, the same in all of them."""
    for kernel in kernels:
        named = named_nodes(kernel) if kernel else set()
        for node in kernel.nodes if kernel else ():
            if node.id in names or node.id not in named:
                continue
            names[node.id] = namer.fresh(node.origin.hint or f"{node.origin.layer}_{node.op}")


def heading(origin: Origin) -> str:
    """Return a layer's position and text: `digits.nn:2  dense 30 sigmoid`."""
    if not origin.spans:
        return ""
    span = origin.spans[0]
    scoped = f"  ({origin.layer})" if "." in origin.layer and origin.role is not Role.UPDATE else ""
    return f"{clean(file_name(span.source.name))}:{span.line}  {clean(span.text)}{scoped}"


def file_name(path: str) -> str:
    """Return the file name without folders: generated code does not depend on the path."""
    return path.replace("\\", "/").rpartition("/")[2]


def clean(text: str) -> str:
    """Return spec text for a comment: one line, printable, not too long."""
    lines = (line.split("#")[0] for line in text.splitlines())
    words = cut_lists(" ".join(" ".join(lines).split()))
    words = printable(words)
    return words if len(words) <= MAX_SPEC_TEXT else words[: MAX_SPEC_TEXT - 1] + "…"


def comment(node: Node, formula: str) -> str:
    """Return the shape of a value and its formula: `(B, 30)  z = x W + b`."""
    shape = node.type.array() if node.type.rank else ""
    return "  ".join(part for part in (shape, formula) if part)


def with_headings(items: Iterable[tuple[Origin, Statement]]) -> list[Statement]:
    """Add a heading before each run of statements of one origin, and mark each with its layer."""
    result: list[Statement] = []
    current = ""
    for origin, statement in items:
        text = heading(origin)
        if text and text != current:
            result.append(Heading(text))
            current = text
        if not isinstance(statement, Heading):
            statement = replace(statement, layer=origin.layer)
        result.append(statement)
    return result
