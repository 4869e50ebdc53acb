"""Kernels as one compiled function each: loops over fused ops, products by the matrix library.

All a kernel works on are flat arrays: the parameters p, the gradients g, and rooms, in which
every value that must be kept has its place; the function starts with views of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import prod

from ...ir.dims import Dim, Shape, product
from ...ir.op_graph import Graph, Node
from ...ir.types import DType
from ...ops import OPS
from ...ops.source import RANDOM
from ...program.kernels import Kernel
from ...program.loops import (
    REDUCTIONS,
    Index,
    Indices,
    Nest,
    Step,
    Whole,
    base_array,
    by_row,
    by_rows,
    is_inline,
    nests,
    operand_indices,
    summed,
    value_indices,
)
from ...program.names import Namer
from ...program.places import GradientOf, Place
from ...program.statements import Call, Heading, Note, Statement
from ..numpy.frame import PlaceName, comment, constant, heading
from ..text import Text, number, transposed, tuple_text
from .forms import KernelForms

MANY_ITEMS = 30
"""Loops and ops on whole arrays up to which a kernel is compiled as one function."""

ITEMS_OF_PART = 10
"""How many of them each part of a longer one has. Python then calls the parts: compiled as one function
with all that it calls, a long step would be compiled twice."""

ROOMS = {DType.FLOAT: "work", DType.BOOL: "flags", DType.INT: "counts"}
"""The flat arrays of each kind of value."""


class CannotJit(Exception):
    """A kernel holds an op that has no loop and no function that Numba knows."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where random numbers stand that are drawn before a kernel is called."""

    name: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where a number stands that one kernel, or part of one, keeps for another."""

    name: str


JitPlace = Place | Drawn | Scalar
"""Where a value of a compiled kernel lives."""


@dataclass(frozen=True, slots=True)
class ParamArray:
    """A parameter's part of the flat array `p`, or its gradient's of `g`."""

    flat: str
    name: str


@dataclass(slots=True)
class Rooms:
    """Where in the flat arrays every stored value lies; places are given out as they are asked for."""

    starts: dict[JitPlace, tuple[str, Dim]] = field(default_factory=dict)
    sizes: dict[str, Dim] = field(default_factory=dict)

    def view(self, place: JitPlace, shape: Shape, dtype: DType) -> str:
        """The place as an expression: `work[10 * B : 40 * B].reshape(B, 30)`."""
        room = ROOMS[dtype]
        if place not in self.starts:
            start = self.sizes.get(room, 0)
            self.starts[place] = (room, start)
            self.sizes[room] = start + product(shape)
        room, start = self.starts[place]
        return part_text(room, start, shape)


def part_text(flat: str, start: Dim, shape: Shape, by_columns: bool = False) -> str:
    """A part of a flat array in a shape."""
    part = f"{flat}[{start} : {start + product(shape)}]"
    if len(shape) == 1:
        return part
    sizes = ", ".join(map(str, reversed(shape) if by_columns else shape))
    return f"{part}.reshape({sizes})" + (".T" if by_columns else "")


@dataclass(slots=True)
class Part:
    """A run of a kernel's statements: compiled, or calls of functions that stay Python's."""

    compiled: bool
    statements: list[Statement]


@dataclass(frozen=True, slots=True)
class Matrix:
    """An operand of a product, and its order in memory: C by rows, F by columns."""

    text: str
    order: str

    @property
    def transposed(self) -> Matrix:
        """The same entries as the transposed matrix."""
        return Matrix(transposed(self.text), "C" if self.order == "F" else "F")


@dataclass(frozen=True, slots=True)
class ParamPlace:
    """Where a parameter lies among all."""

    start: int
    shape: tuple[int, ...]
    by_columns: bool


@dataclass(slots=True)
class KernelWriter:
    """Writes one kernel; `leaves` are the texts of values from outside, `places` planned arrays.

    `slots` are places of scalars that forward keeps for the other kernels. `in_parts` allows a long
    kernel to become several functions, called one after the other.
    """

    target: KernelForms
    kernel: Kernel
    namer: Namer
    leaves: Mapping[int, str]
    places: Mapping[int, JitPlace]
    place_names: Mapping[Place, PlaceName]
    constants: Mapping[tuple[float, ...], str]
    params: Mapping[str, ParamPlace]
    rooms: Rooms
    slots: dict[int, Scalar] = field(default_factory=dict)
    arrays: dict[JitPlace | ParamArray, tuple[str, str]] = field(default_factory=dict)
    scalars: dict[int, str] = field(default_factory=dict)
    hoisted: dict[int, str] = field(default_factory=dict)
    viewed: dict[int, str] = field(default_factory=dict)
    inner_sums: dict[int, str] = field(default_factory=dict)
    readers: dict[int, set[int]] = field(default_factory=dict)
    at_hand: dict[int, Text] = field(default_factory=dict)
    lines: list[Statement] = field(default_factory=list)
    headings: str = ""
    parts: list[Part] = field(default_factory=list)
    in_parts: bool = False

    @property
    def graph(self) -> Graph:
        """The graph that the kernel is a part of."""
        return self.kernel.graph

    def write(self) -> None:
        """All statements, with headings; raises CannotJit."""
        items = nests(self.kernel, self.fusible, self.places.get)
        self.readers = self._readers()
        split = self.in_parts and len(items) > MANY_ITEMS
        for place, item in enumerate(items, 1):
            if isinstance(item, Whole):
                self.whole(item.node)
            else:
                self.nest(item)
            if split and place % ITEMS_OF_PART == 0:
                self._end_part(compiled=True)

    def fusible(self, node: Node) -> bool:
        """Whether an op has a form for single entries."""
        return node.op in REDUCTIONS or self.target.has_scalar(node.op)

    def _readers(self) -> dict[int, set[int]]:
        """For every value the ops that read it, also through views and scalars; -1 for outside."""
        readers: dict[int, set[int]] = {}

        def read(i: int, by: int) -> None:
            readers.setdefault(i, set()).add(by)
            if is_inline(self.graph[i]):
                for j in self.graph[i].inputs:
                    read(j, by)

        for node in self.kernel.nodes:
            if not is_inline(node):
                for i in node.inputs:
                    read(i, node.id)
        for i in self.kernel.results:
            read(i, -1)
        return readers

    def copies(self, gradients: Mapping[str, int]) -> None:
        """Gradients that were not computed in place: shared by two parameters, or a mere view."""
        for name, i in gradients.items():
            if self.places.get(i) != GradientOf(name):
                base = base_array(self.graph, i)
                single = self.graph[base].type.rank == 0
                text = self.scalar_text(base).code if single else self.whole_text(i)[0]
                self._line(0, f"{self.param(name, 'g')}[...] = {text}")

    def keep_scalars(self, slots: Mapping[int, Scalar]) -> None:
        """Scalars put where the other kernels find them; after the kernel is written."""
        for i, place in slots.items():
            self._line(0, f"{self._room(place, self.graph[i])}[0] = {self.scalar_text(i).code}")

    # --- arrays -----------------------------------------------------------------------------

    def array(self, i: int) -> str:
        """The variable of a stored value or a value from outside."""
        node = self.graph[i]
        if node.op == "param":
            return self.param(str(node.attr("name")), "p")
        if i in self.leaves:
            return self.leaves[i]
        if node.op == "const":
            return self.constants[constant(node)]
        place = self.places.get(i)
        if place is None:
            raise CannotJit(node.op)
        if isinstance(place, GradientOf):
            return self.param(place.param, "g")
        return self._room(place, node)

    def _room(self, place: JitPlace, node: Node) -> str:
        if place not in self.arrays:
            text = self.rooms.view(place, node.type.shape or (1,), node.type.dtype)
            name = place.name if isinstance(place, Drawn | Scalar) else self.place_names[place].name
            self.arrays[place] = (name, text)
        return self.arrays[place][0]

    def param(self, name: str, flat: str) -> str:
        """The variable of a parameter, or of its gradient."""
        key, at = ParamArray(flat, name), self.params[name]
        if key not in self.arrays:
            text = part_text(flat, at.start, at.shape, at.by_columns)
            hint = name if flat == "p" else f"g_{name}"
            self.arrays[key] = (self.namer.fresh(hint), text)
        return self.arrays[key][0]

    def by_columns(self, i: int) -> bool:
        """Whether a value lies in memory by columns."""
        node, place = self.graph[i], self.places.get(i)
        if node.op == "param":
            return self.params[str(node.attr("name"))].by_columns
        return isinstance(place, GradientOf) and self.params[place.param].by_columns

    def whole_text(self, i: int) -> tuple[str, str]:
        """A value as an array expression, and its order: C by rows, F by columns, A neither."""
        node = self.graph[i]
        if not OPS[node.op].view:
            columns = self.by_columns(i) and node.type.rank > 1
            return self.array(i), "F" if columns else "C"
        text, order = self.whole_text(node.inputs[0])
        match node.op:
            case "transpose" if node.attr("perm") == (1, 0):
                text = transposed(text)
                return text, {"C": "F", "F": "C", "A": "A"}[order]
            case "transpose":
                perm = node.attr("perm")
                assert isinstance(perm, tuple)
                return f"np.transpose({text}, {perm})", "A"
            case "reshape":
                sizes = ", ".join(map(str, node.type.shape))
                return f"{self._by_rows(text, order)}.reshape({sizes})", "C"
            case "slice":
                axis, start, stop = (node.attr(a) for a in ("axis", "start", "stop"))
                assert isinstance(axis, int)
                lead = ":, " * axis
                return f"{text}[{lead}{start} : {stop}]", (
                    order if axis == 0 and order == "C" else "A"
                )
            case "broadcast" if node.inputs and self.graph[node.inputs[0]].type.rank:
                return f"np.broadcast_to({text}, {tuple_text(node.type.shape)})", "A"
            case "states_of" | "states_before" if self.target.has_whole(
                self.graph[node.inputs[0]].op
            ):
                return self.target.whole_view(node, text, self._shapes(node)), "C"
            case "split_heads":
                return self._split(node), "A"
            case "states_of" | "states_before":
                source = Text(self._by_rows(text, order))
                return self.target.expression(node, [source], self._shapes(node)).code, "A"
        raise CannotJit(node.op)

    def _split(self, node: Node) -> str:
        """Columns of (B T, n) by heads: where they are a part of all, the view is one of all."""
        source, (batch, length) = self.graph[node.inputs[0]], node.type.shape[::2]
        heads, size = node.type.shape[1::2]
        assert isinstance(size, int)
        assert isinstance(heads, int)
        start = source.attr("start") if source.op == "slice" and source.attr("axis") == 1 else None
        part = isinstance(start, int) and start % size == 0
        text, order = self.whole_text(source.inputs[0] if part else source.id)
        rows = f"{self._by_rows(text, order)}.reshape({batch}, {length}, -1, {size})"
        if isinstance(start, int) and part:
            rows += f"[:, :, {start // size} : {start // size + heads}]"
        return f"{rows}.transpose(0, 2, 1, 3)"

    def _by_rows(self, text: str, order: str) -> str:
        return text if order == "C" else f"np.ascontiguousarray({text})"

    def matrix(self, i: int) -> tuple[str, str]:
        """A value as an operand of a product, which reads arrays in order, by rows or columns."""
        text, order = self.whole_text(i)
        return (text, order) if order in "CF" else (self._by_rows(text, order), "C")

    # --- whole ops --------------------------------------------------------------------------

    def whole(self, node: Node) -> None:
        """An op on whole arrays."""
        if node.op in (*RANDOM, "room"):  # drawn before the kernel is called, or nothing to compute
            self.array(node.id)
            return
        out = self.array(node.id)
        if node.op == "matmul" and node.type.rank == 2:
            self._say(node, [self._product(node, out)])
            return
        if node.op == "batch_matmul" and node.type.rank == 4:
            self._say(node, [self._stack_product(node, out)])
            return
        operands = [self._whole_operand(node, i) for i in node.inputs]
        text = self.target.whole_call(node, operands, self._shapes(node), out)
        if text is not None:
            self._say(node, text.splitlines())
            return
        _, text = self.target.buffered_call(node, operands, self._shapes(node), out)
        self._call_python(node, text)

    def _product(self, node: Node, out: str) -> str:
        """A product of matrices, written transposed where its value lies by columns."""
        left, right = (Matrix(*self.matrix(i)) for i in node.inputs)
        sizes = [size for i in node.inputs for size in self.graph[i].type.shape]
        if self.by_columns(node.id):
            left, right, out = right.transposed, left.transposed, transposed(out)
            rows, inner, columns = sizes[3], sizes[2], sizes[0]
        else:
            rows, inner, columns = sizes[0], sizes[1], sizes[3]
        if right.order == "C" and (_is_wide(inner, columns) or _is_wide(rows, columns)):
            return f"wide_times({left.text}, {right.text}, {out})"
        if left.order == "C" and right.order == "F" and _is_wide(columns, inner):
            return f"row_dots({left.text}, {right.transposed.text}, {out})"
        known = prod(size for size in (*sizes[:2], sizes[3]) if isinstance(size, int))
        if known <= SMALL:
            return f"small_times({left.text}, {right.text}, {out})"
        if not any(_is_long(size) for size in sizes):
            return f"np.dot({left.text}, {right.text}, {out})"
        large = known > WIDE
        if left.order == "C":
            form = "tiled_times" if large and right.order == "C" else "rows_times"
            return f"{form}({left.text}, {right.text}, {out})"
        if right.order == "C":
            form = "tiled_sum" if large else "sum_times"
            return f"{form}({left.transposed.text}, {right.text}, {out})"
        return f"np.dot({left.text}, {right.text}, {out})"

    def _stack_product(self, node: Node, out: str) -> str:
        """A product of stacks of matrices; one of them may be turned."""
        turned = [_is_turned(self.graph[i]) for i in node.inputs]
        form = "batch_turned_matmul" if turned[0] else "batch_matmul_turned"
        if sum(turned) != 1:
            form, turned = "batch_matmul", [False, False]
        bases = [
            self.graph[i].inputs[0] if t else i for i, t in zip(node.inputs, turned, strict=True)
        ]
        operands = [self.whole_text(i)[0] for i in bases]
        return self.target.whole_form(form, node, operands, self._shapes(node), out)

    def _whole_operand(self, node: Node, i: int) -> Text:
        """An operand of an op on whole arrays, which reads it by rows unless it takes any order."""
        if self.graph[i].type.rank == 0:
            return self.scalar_text(i)
        text, order = self.whole_text(i)
        by_rows = self.target.has_whole(node.op) and not self.target.takes_any_order(node.op)
        return Text(self._by_rows(text, order) if by_rows else text)

    def _call_python(self, node: Node, text: str) -> None:
        """A helper function that stays Python's, between compiled parts of the kernel."""
        self._end_part(compiled=True)
        if not self.parts or self.parts[-1].compiled:
            self.parts.append(Part(False, []))
        lines, self.lines, self.headings = self.lines, self.parts[-1].statements, ""
        self._say(node, text.splitlines())
        self.lines, self.headings = lines, ""

    def _end_part(self, compiled: bool) -> None:
        """Finish a compiled part: its sums are put where the parts behind it find them."""
        for i, name in self.scalars.items():
            place = Scalar(f"{name}_kept")
            self._line(0, f"{self._room(place, self.graph[i])}[0] = {name}")
            self.slots[i] = place
        self.scalars.clear()
        self.hoisted.clear()
        if self.lines:
            self.parts.append(Part(compiled, self.lines))
            self.lines = []

    @property
    def calls(self) -> bool:
        """Whether the kernel is more than one compiled function."""
        return len(self.parts) > 1 or any(not part.compiled for part in self.parts)

    def end(self) -> list[Part]:
        """The kernel's parts, when all is written."""
        if self.parts:
            self._end_part(compiled=True)
        else:
            self.parts.append(Part(True, self.lines))
        return self.parts

    def _say(self, node: Node, code: Iterable[str]) -> None:
        self._head([node])
        note = comment(node, node.origin.formula)
        for line in code:
            if line.strip():
                self._line(0, line.strip(), note)
                note = ""

    def _shapes(self, node: Node) -> list[Shape]:
        return [self.graph[i].type.shape for i in node.inputs]

    # --- loops ------------------------------------------------------------------------------

    def nest(self, nest: Nest) -> None:
        """Loops over the rows of a shape, and in each row over its entries."""
        self._head(nest.nodes)
        self._hoist(nest)
        for node in nest.nodes:
            if by_rows(self.graph, node):
                self._start(node)
        axes = self._loop_order(nest)
        for depth, axis in enumerate(axes[:-1]):
            self._loop(depth, axis, nest.shape)
        for step in nest.steps:
            self._step(nest, step, axes[-1])
        self.at_hand.clear()

    def _loop_order(self, nest: Nest) -> Sequence[int]:
        """The axes of a nest, the outermost loop's first: matrices are read as they lie."""
        axes = range(len(nest.shape))
        rows = len(nest.steps) > 1 or any(by_row(self.graph, node) for node in nest.nodes)
        if len(axes) != 2 or rows or not nest.steps[0].entries:
            return axes
        close = Counter(self._close_axes(nest))
        return (1, 0) if close[0] > close[1] else axes

    def _close_axes(self, nest: Nest) -> Iterator[int | None]:
        """For every read or write of a matrix, the axis along which its entries lie side by side."""
        at_hand = {node.id for node in nest.nodes}
        for node in nest.nodes:
            read = [operand_indices(self.graph, node, i, nest.shape) for i in summed(node)]
            used = [(i, at) for i, at in read if i not in at_hand]
            if self._stored(nest, nest.steps[0], node):
                used.append((node.id, value_indices(self.graph, node, nest.shape)))
            for i, at in used:
                if len(at) == 2:
                    yield at[0 if self.by_columns(i) else 1].axis

    def _head(self, nodes: Sequence[Node]) -> None:
        """Where the ops come from, and what passes say of them (not of sums: those are loops here)."""
        found = "; ".join(dict.fromkeys(filter(None, (heading(n.origin) for n in nodes))))
        if found and found != self.headings:
            self.lines.append(Heading(found))
            self.headings = found
        notes = (n.origin.notes for n in nodes if n.op not in REDUCTIONS)
        self.lines += [Note(note) for note in dict.fromkeys(chain.from_iterable(notes))]

    def _line(self, depth: int, code: str, note: str = "") -> None:
        self.lines.append(Call(f"{'    ' * depth}{code}", note))

    def _loop(self, depth: int, axis: int, shape: Shape) -> None:
        self._line(depth, f"for {self.target.indices[axis]} in range({shape[axis]}):")

    def _hoist(self, nest: Nest) -> None:
        """Scalars that a nest reads, and views that no index expresses, get variables before it."""
        self.viewed.clear()
        for node in nest.nodes:
            for i in summed(node):
                root, _ = operand_indices(self.graph, node, i, nest.shape)
                value = self.graph[root]
                if value.type.rank == 0 and value.op != "const":
                    self._scalar(root)
                elif OPS[value.op].view and root not in self.viewed:
                    name = self.viewed[root] = self.namer.fresh(f"{self._hint(value)}_view")
                    self._line(0, f"{name} = {self.whole_text(root)[0]}")

    def _scalar(self, i: int) -> None:
        node = self.graph[i]
        if i in self.hoisted or node.type.dtype is DType.BOOL:
            return
        name = self.namer.fresh(f"{self._hint(node)}_real")
        self._line(0, f"{name} = real({self.scalar_text(i).code})", node.origin.formula)
        self.hoisted[i] = name

    def scalar_text(self, i: int) -> Text:
        """A scalar as an expression."""
        node = self.graph[i]
        if i in self.scalars:
            return Text(self.scalars[i])
        if i in self.leaves:
            return Text(self.leaves[i])
        if i in self.slots:
            return Text(f"{self._room(self.slots[i], node)}[0]")
        if node.op == "const":
            return Text(number(float(str(node.attr("value")))))
        if node.type.rank:  # an array of one entry, seen as a number
            raise CannotJit(node.op)
        if OPS[node.op].view:
            return self.scalar_text(node.inputs[0])
        if not self.target.has_scalar(node.op):
            raise CannotJit(node.op)
        operands = [self.scalar_text(j) for j in node.inputs]
        return self.target.scalar(node, operands, self._shapes(node))

    def _start(self, node: Node) -> None:
        """What a sum over rows begins with."""
        start, note = ("-np.inf" if node.op == "max" else "0"), node.origin.formula
        if node.type.rank:
            code = f"{self.array(node.id)}[...] = {start}"
            self._line(0, code, comment(node, note))
            return
        name = self.scalars[node.id] = self.namer.fresh(self._hint(node))
        self._line(0, f"{name} = {start if node.op == 'max' else '0.0'}", note)

    def _hint(self, node: Node) -> str:
        return node.origin.hint or f"{node.origin.layer}_{node.op}"

    def _step(self, nest: Nest, step: Step, axis: int) -> None:
        """One step: every op for one entry; what is kept is stored when all have read their operands.

        `axis` is that of the innermost loop.
        """
        depth = len(nest.shape) - 1
        sums = [node for node in step.nodes if by_row(self.graph, node)]
        for node in sums:
            name = self.namer.fresh(f"{self._hint(node)}_row")
            start = "-np.inf" if node.op == "max" else "0"
            self._line(depth, f"{name} = real({start})")
            self.at_hand[node.id] = Text(name)
        whole = [node for node in step.nodes if self._is_beyond(nest, step, node, axis)]
        for node in whole:
            name = self.inner_sums[node.id] = self.namer.fresh(f"{self._hint(node)}_part")
            self._line(depth, f"{name} = real({'-np.inf' if node.op == 'max' else '0'})")
        if step.entries:
            self._loop(depth, axis, nest.shape)
        self._body(nest, step, depth + step.entries)
        for node in whole:
            part, note = self.inner_sums.pop(node.id), comment(node, node.origin.formula)
            self._line(depth, _added(node, self._at(nest, node), part), note)
        for node in sums:
            if self._stored(nest, step, node):
                code = f"{self._at(nest, node)} = {self.at_hand[node.id].code}"
                self._line(depth, code, comment(node, node.origin.formula))

    def _is_beyond(self, nest: Nest, step: Step, node: Node, axis: int) -> bool:
        """Whether the innermost loop adds to one entry of a sum: a variable, which stays in a register."""
        if not step.entries or not by_rows(self.graph, node) or not node.type.rank:
            return False
        return axis not in {index.axis for index in value_indices(self.graph, node, nest.shape)}

    def _stored(self, nest: Nest, step: Step, node: Node) -> bool:
        """Whether somebody reads a value who does not find it at hand."""
        rows = by_row(self.graph, node) or not step.entries
        near = nest.nodes if rows else step.nodes
        return bool(self.readers.get(node.id, set()) - {n.id for n in near})

    def _body(self, nest: Nest, step: Step, depth: int) -> None:
        own = {node.id for node in step.nodes}
        nodes = [node for node in step.nodes if node.op not in REDUCTIONS]
        stored = {node.id for node in nodes if self._stored(nest, step, node)}
        later: list[str] = []
        for node in step.nodes:
            note = comment(node, node.origin.formula)
            if node.op in REDUCTIONS:
                self._accumulate(nest, node, depth, note)
                continue
            text, readers = self._entry(nest, node), self.readers.get(node.id, set())
            if node.id in stored and len(stored) == 1 and not readers & own:
                self._line(depth, f"{self._at(nest, node)} = {text.code}", note)
            elif step.entries and node.id not in stored and self._once(node, step):
                self.at_hand[node.id] = text
            else:
                suffix = "at" if step.entries else "row"
                name = self.namer.fresh(f"{self._hint(node)}_{suffix}")
                self._line(depth, f"{name} = {text.code}", note)
                self.at_hand[node.id] = Text(name)
                if node.id in stored:
                    later.append(f"{self._at(nest, node)} = {name}")
        for code in later:
            self._line(depth, code)
        if step.entries:
            for node in nodes:
                self.at_hand.pop(node.id, None)

    def _once(self, node: Node, step: Step) -> bool:
        """Whether a value without a name of its own is read once, and so is written out there."""
        uses = sum(i == node.id for n in step.nodes for i in n.inputs)
        return (
            uses == 1
            and not node.origin.hint
            and self.readers[node.id] <= {n.id for n in step.nodes if node.id in n.inputs}
        )

    def _accumulate(self, nest: Nest, node: Node, depth: int, note: str) -> None:
        terms = [self._operand(nest, node, i) for i in summed(node)]
        code = " * ".join(t.within(70) for t in terms) if len(terms) > 1 else terms[0].code
        if by_row(self.graph, node):
            place = self.at_hand[node.id].code
        elif node.id in self.inner_sums:
            place, note = self.inner_sums[node.id], ""
        elif node.type.rank:
            place = self._at(nest, node)
        else:
            place = self.scalars[node.id]
        self._line(depth, _added(node, place, code), note)

    def _at(self, nest: Nest, node: Node) -> str:
        """The entry of a value's own array."""
        return self._read(node.id, value_indices(self.graph, node, nest.shape))

    def _read(self, i: int, at: Indices) -> str:
        return f"{self.array(i)}[{', '.join(map(self._index, at))}]"

    def _index(self, index: Index) -> str:
        if index.axis is None:
            return str(index.start)
        count = self.target.indices[index.axis]
        return count if index.start == 0 else f"{count} + {index.start}"

    def _entry(self, nest: Nest, node: Node) -> Text:
        """An op on one entry of each of its operands."""
        operands = [self._operand(nest, node, i) for i in node.inputs]
        return self.target.scalar(node, operands, self._shapes(node))

    def _operand(self, nest: Nest, node: Node, i: int) -> Text:
        """One entry of an operand."""
        root, at = operand_indices(self.graph, node, i, nest.shape)
        value, found = self.graph[root], self.at_hand.get(root)
        if found is not None:
            text = found
        elif value.type.rank == 0:
            text = self._scalar_operand(root)
        elif OPS[value.op].view:
            text = Text(f"{self.viewed[root]}[{', '.join(map(self._index, at))}]")
        else:
            text = Text(self._read(root, at))
        condition = node.op == "select" and i == node.inputs[0]
        if value.type.dtype is not DType.FLOAT and not condition:
            return Text(f"real({text.code})")
        return text

    def _scalar_operand(self, i: int) -> Text:
        if self.graph[i].op == "const":
            return Text(f"real({self.scalar_text(i).code})")
        return Text(self.hoisted[i]) if i in self.hoisted else self.scalar_text(i)


def _is_turned(node: Node) -> bool:
    """Whether a value is a stack of matrices, each transposed."""
    last = node.type.rank - 1
    return node.op == "transpose" and node.attr("perm") == (*range(last - 1), last, last - 1)


SMALL = 32
"""Products of that many numbers for a row of the batch may be too small for the matrix library."""

LONG = 16
"""A matrix with so many rows for every row of the batch is long; so is one with T for every row."""

WIDE = 10**6 // 30
"""Entries of a matrix from which on few of its rows would fit into a small product."""


FEW, WIDE_SIZE = 16, 2**16
"""So few rows with so many entries in all make a matrix wide."""


def _is_wide(rows: Dim, columns: Dim) -> bool:
    if not isinstance(rows, int) or not isinstance(columns, int):
        return False
    return rows <= FEW and rows * columns >= WIDE_SIZE


def _is_long(size: Dim) -> bool:
    return not isinstance(size, int) and any(
        factor >= LONG or len(symbols) > 1 for symbols, factor in size.terms
    )


def _added(node: Node, place: str, code: str) -> str:
    """One more term of a sum, or candidate of a maximum."""
    return f"{place} = larger_of({place}, {code})" if node.op == "max" else f"{place} += {code}"
