"""From the optimised graphs to the functions' bodies: names, buffers, statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..ir.dims import Dim, Shape, array_text, symbol, symbols
from ..ir.op_graph import Graph, Node
from ..ir.types import DType
from ..ops import OPS
from ..ops.source import LEAVES
from ..passes.pipeline import BUFFER_REUSE, IN_PLACE
from ..program.buffers import Plan, plan_buffers, root
from ..program.kernels import Kernel, Kernels, single, split
from ..program.names import Namer
from ..program.statements import Statement
from .buffered import buffered
from .frame import Constant, Frame, constant, dims_used, name_values
from .target import Target, Text
from .textbook import textbook
from .view import BufferView, CacheView, ConstantView, KernelView

CACHE = "c"
"""What buffered kernels call the cache."""

ARRAY_DICTS = {"param": "params", "state": "state"}
"""Leaves that kernels find by name in a dict; the others have variables of their own."""

SHARED_NUMBERS: dict[object, str] = {0.0: "ZERO", 1.0: "ONE"}
"""Scalars that modules at -O1 hold as arrays."""


@dataclass(slots=True)
class Program:
    """The state of turning one training graph and its inference graph into function bodies."""

    target: Target
    level: int
    graph: Graph
    kernels: Kernels
    namer: Namer
    names: dict[int, str] = field(default_factory=dict)
    constants: dict[Constant, str] = field(default_factory=dict)
    ones: dict[Shape, str] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    by_rows: frozenset[str] = frozenset()

    def leaf(self, node: Node) -> Text:
        """How a kernel refers to a value from outside."""
        if node.op in ARRAY_DICTS:
            return Text(f"{ARRAY_DICTS[node.op]}[{node.attr('name')!r}]")
        return Text(self.names[node.id])

    def size_texts(self, sources: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
        """Symbolic sizes with the expressions that read them off values."""
        return tuple((name, size_text(self, name, i)) for name, i in sources.items())

    def frame(self, graph: Graph, given: Iterable[int] = ()) -> Frame:
        """A fresh frame that knows the outside values and those given by name."""
        places = frozenset(f"grads[{name!r}]" for name in self.by_rows)
        frame = Frame(self.target, graph, {}, self.constants, places)
        for node in graph:
            if node.op in LEAVES:
                frame.texts[node.id] = self.leaf(node)
            elif self.level == 1 and node.op == "const" and node.type.rank == 0:
                if node.attr("value") in SHARED_NUMBERS:
                    frame.texts[node.id] = Text(SHARED_NUMBERS[node.attr("value")])
            elif node.op == "ones" and self.level == 1:
                frame.texts[node.id] = Text(f"{CACHE}.{self.ones[node.type.shape]}")
        frame.texts.update({i: Text(self.names[i]) for i in given})
        return frame


def build_program(
    graph: Graph,
    level: int,
    target: Target,
    leaves: Mapping[str, str],
    by_rows: frozenset[str] = frozenset(),
    without: Collection[str] = (),
) -> Program:
    """Name all values and plan all arrays; `leaves` are identifiers promised to the outside.

    `by_rows` are the parameters that lie in memory by rows at -O1, the others by columns;
    `without` names optimisations to leave out.
    """
    namer = Namer(target.words)
    kernels = split(graph)
    if level == 0 or kernels.row_vjp:
        kernels = _with_sizes(kernels)
    program = Program(target, level, graph, kernels, namer, by_rows=by_rows)
    for node in graph:
        if _is_variable(node):
            key = f"{node.op}:{node.attr('name')}"
            granted = leaves.get(key)
            name = namer.grant(granted) if granted else namer.fresh(node.origin.hint)
            program.names[node.id] = name
    _grant_outputs(program, leaves)
    _name_kernels(program)
    _name_constants(program, graph)
    if level == 1:
        _name_ones(program, graph)
        in_place = _never if IN_PLACE in without else target.may_overwrite
        reuse = BUFFER_REUSE not in without
        program.plan = plan_buffers(kernels, program.names, in_place, CACHE, namer.fresh, reuse)
    return program


def _never(node: Node, operand: int) -> bool:
    return False


def _name_kernels(program: Program) -> None:
    """Name the values of forward for all functions, and those behind it for each alone."""
    kernels, names = program.kernels, program.names
    name_values((kernels.forward,), names, program.namer)
    for group in ((kernels.loss, kernels.backward), (kernels.vjp,), (kernels.row_vjp,)):
        own = program.namer.copy()
        own.take(names[n.id] for k in group if k for n in k.nodes if n.id in names)
        name_values(group, names, own)
    program.namer.take(names.values())


def _is_variable(node: Node) -> bool:
    """Whether a leaf has a variable of its own."""
    return node.op in LEAVES and node.op not in ARRAY_DICTS


def _with_sizes(kernels: Kernels) -> Kernels:
    """Have forward keep inputs too, where no kept value has a size that loss or backward need."""
    graph, cached = kernels.graph, list(kernels.cached)
    missing = _sizes_behind(kernels) - _plain_sizes(graph, cached)
    for node in graph:
        if node.op == "input" and missing & _plain_sizes(graph, [node.id]):
            cached.append(node.id)
            missing -= _plain_sizes(graph, [node.id])
    return replace(kernels, cached=tuple(cached))


def _sizes_behind(kernels: Kernels) -> set[str]:
    """The symbolic sizes that loss and backward mention, or check their targets against."""
    return _target_sizes(kernels.graph).union(*(dims_used(k) for k in kernels.behind))


def _target_sizes(graph: Graph) -> set[str]:
    """The symbolic sizes of the targets, and of gradients from outside."""
    shapes = [node.type.shape for node in graph if node.op in ("target", "upstream")]
    return {s for shape in shapes for size in shape for s in symbols(size)}


def _plain_sizes(graph: Graph, ids: Iterable[int]) -> set[str]:
    """The symbolic sizes that some value has as an axis of its own."""
    return {str(size) for i in ids for size in graph[i].type.shape if _plain(size)}


def _grant_outputs(program: Program, leaves: Mapping[str, str]) -> None:
    for name, id in program.graph.outputs.items():
        granted = leaves.get(name)
        if granted and id not in program.names and program.graph[id].op != "param":
            program.names[id] = program.namer.grant(granted)


def _name_constants(program: Program, graph: Graph) -> None:
    for node in graph:
        if node.op == "const" and node.type.rank:
            hint = f"{node.origin.layer}_values".upper()
            if constant(node) not in program.constants:
                program.constants[constant(node)] = program.namer.fresh(hint)


def _name_ones(program: Program, graph: Graph) -> None:
    """Names for arrays of ones in the cache: `ones_B`, `ones_10`."""
    for node in graph:
        if node.op == "ones" and node.type.shape not in program.ones:
            sizes = "_".join(str(n) for n in node.type.shape if n != 1) or "1"
            program.ones[node.type.shape] = program.namer.fresh(f"ones_{sizes}")


def constant_views(program: Program) -> tuple[ConstantView, ...]:
    """The module-level array constants, in order of first use."""
    return tuple(ConstantView(name, values) for values, name in program.constants.items())


def kernel_view(
    program: Program, kernel: Kernel, results: Mapping[str, int], padded: tuple[str, ...] = ()
) -> KernelView:
    """A kernel's body at the program's level; `results` are names and values to give back.

    `padded` are variables with the lengths of targets' rows, needed before the statements.
    """
    own = {n.id for n in kernel.nodes}
    outside = [i for i in program.kernels.cached if i not in own]
    loads = [] if kernel is program.kernels.forward else loaded(program, kernel, outside)
    frame = program.frame(program.graph, outside)
    if program.level == 1:
        statements = buffered(kernel, frame, program.names, program.plan.kernels[kernel.name])
        dims = tuple((d, f"{CACHE}.{d}") for d in dims_used(kernel))
    else:
        statements = textbook(kernel, frame, program.names)
        sources = _size_sources(program, kernel, outside)
        if kernel is not program.kernels.forward:
            loads += [i for i in dict.fromkeys(sources.values()) if i not in loads]
        dims = tuple((name, size_text(program, name, i)) for name, i in sources.items())
    texts = tuple((name, frame.text(i).code) for name, i in results.items())
    read = dict.fromkeys((*(program.names[i] for i in loads), *padded))
    return KernelView(tuple(read), dims, tuple(statements), texts)


def loaded(program: Program, kernel: Kernel, outside: list[int]) -> list[int]:
    """The cached values that a kernel reads (at -O0 also what tells it its dimensions)."""
    graph = program.graph
    used = {i for n in kernel.nodes for i in n.inputs} | set(kernel.results)
    todo = list(used)
    while todo:
        node = graph[todo.pop()]
        if OPS[node.op].view and not node.origin.hint:
            used.update(node.inputs)
            todo += node.inputs
    return [i for i in outside if i in used]


def _size_sources(program: Program, kernel: Kernel, outside: list[int]) -> dict[str, int]:
    """The symbolic sizes that a textbook kernel needs, each with a value to read it off."""
    if kernel is program.kernels.forward:
        places = [n.id for n in program.graph if n.op == "input"]
    else:
        places = loaded(program, kernel, outside)
    return dims_from(program, kernel, [*places, *outside])


def dims_from(program: Program, kernel: Kernel, places: list[int]) -> dict[str, int]:
    """The symbolic sizes that a kernel mentions or checks, each with one of the places."""
    return {name: size_source(program, name, places) for name in sizes_of(program, kernel)}


def sizes_of(program: Program, kernel: Kernel) -> list[str]:
    """The symbolic sizes that a kernel mentions, or checks what it is given against."""
    wanted = set(dims_used(kernel))
    if kernel is not program.kernels.forward:
        wanted |= _target_sizes(program.graph)
    return sorted(wanted)


def size_source(program: Program, name: str, places: Iterable[int]) -> int:
    """The first value that has a symbolic size as a plain axis."""
    for id in places:
        if symbol(name) in program.graph[id].type.shape:
            return id
    raise LookupError(f"no array of this kernel has the size {name}")


def size_text(program: Program, name: str, id: int) -> str:
    """An expression for a symbolic size of a value."""
    axis = program.graph[id].type.shape.index(symbol(name))
    return f"{program.names[id]}.shape[{axis}]" if axis else f"len({program.names[id]})"


def inner_program(program: Program, graph: Graph, leaves: Mapping[str, str]) -> Program:
    """The graph of a function that keeps nothing, with names for its values."""
    kernels, target = single(graph), program.target
    inner = Program(
        target, program.level, graph, kernels, Namer(target.words), by_rows=program.by_rows
    )
    inner.constants = program.constants
    outer = {(n.op, n.attr("name")): program.names[n.id] for n in program.graph if _is_variable(n)}
    for node in graph:
        if _is_variable(node):
            name = (
                outer.get((node.op, node.attr("name"))) or leaves[f"{node.op}:{node.attr('name')}"]
            )
            inner.names[node.id] = inner.namer.grant(name)
    _grant_outputs(inner, leaves)
    name_values((kernels.forward,), inner.names, inner.namer)
    _name_constants(program, graph)
    return inner


def predict_view(program: Program, graph: Graph, leaves: Mapping[str, str]) -> KernelView:
    """A function that keeps nothing (predict); it gives all outputs.

    At -O1 values are written over operands that are done with, and into new arrays otherwise.
    """
    inner = inner_program(program, graph, leaves)
    kernel = inner.kernels.forward
    frame = inner.frame(graph)
    statements = _unplanned(inner, frame) if program.level else textbook(kernel, frame, inner.names)
    texts = owned(
        graph,
        {name.partition(":")[2]: (i, frame.text(i).code) for name, i in graph.outputs.items()},
    )
    sources = _size_sources(inner, kernel, [])
    dims = tuple((name, size_text(inner, name, i)) for name, i in sources.items())
    return KernelView((), dims, tuple(statements), texts)


def _unplanned(program: Program, frame: Frame) -> list[Statement]:
    """Statements that write values over operands where they may, and make arrays otherwise."""
    target, graph, kernels = program.target, program.graph, program.kernels

    def may_overwrite(node: Node, operand: int) -> bool:
        return target.may_overwrite(node, operand) and target.makes(graph[node.inputs[operand]])

    plan = plan_buffers(kernels, program.names, may_overwrite, CACHE, program.namer.fresh)
    own = plan.kernels["forward"]
    return buffered(kernels.forward, frame, program.names, own, planned=False)


def owned(
    graph: Graph, results: Mapping[str, tuple[int, str]], kept: Iterable[int] = ()
) -> tuple[tuple[str, str], ...]:
    """Results that belong to the caller: copies of what came in, is kept, or is given already.

    Also of what NumPy repeats in appearance only, which nobody could write to.
    """
    given: set[int] = {root(graph, i) for i in kept}
    texts = []
    for name, (id, code) in results.items():
        base = root(graph, id)
        shared = base in given or graph[base].op in (*LEAVES, "const") or repeated(graph, id)
        texts.append((name, f"np.array({code})" if shared else code))
        given.add(base)
    return tuple(texts)


def repeated(graph: Graph, id: int) -> bool:
    """Whether a value shows single entries many times, alone or seen through other views."""
    while OPS[graph[id].op].view and graph[id].op != "broadcast":
        id = graph[id].inputs[0]
    return graph[id].op == "broadcast"


def cache_view(program: Program) -> CacheView:
    """The cache's attributes: dimensions, references, arrays."""
    plans = program.plan.kernels
    made = plans["forward"].of if plans else {}
    keeps = [program.names[i] for i in program.kernels.cached if i not in made]
    holds: dict[str, list[str]] = {}
    for plan in plans.values():
        for id, place in plan.of.items():
            holds.setdefault(place, []).append(program.names.get(id, ""))
    buffers = [
        BufferView(
            b.place.partition(".")[2], array_text(b.shape), _dtype(b.dtype), _holds(holds[place])
        )
        for place, b in program.plan.buffers.items()
    ]
    buffers += [
        BufferView(name, array_text(shape), "ones", "") for shape, name in program.ones.items()
    ]
    inputs = [n.id for n in program.graph if n.op == "input"]
    sizes = {name: size_source(program, name, inputs) for name in input_dims(program.graph)}
    dims = tuple((name, size_text(program, name, i)) for name, i in sizes.items())
    return CacheView(dims, tuple(keeps), tuple(buffers))


def _holds(names: list[str]) -> str:
    return ", then ".join(dict.fromkeys(n for n in names if n))


def _dtype(dtype: DType) -> str:
    return {DType.BOOL: "bool", DType.INT: "np.int64", DType.FLOAT: "DTYPE"}[dtype]


def input_dims(graph: Graph) -> list[str]:
    """The plain symbols of the inputs' shapes, the batch first."""
    sizes = [size for node in graph if node.op == "input" for size in node.type.shape]
    return list(dict.fromkeys(str(size) for size in sizes if _plain(size)))


def _plain(size: Dim) -> bool:
    return not isinstance(size, int) and str(size).isalnum()


def gradient_copies(program: Program, backward: KernelView) -> tuple[tuple[str, str], ...]:
    """Gradients that are not computed in place: shared by two parameters, or a mere view."""
    if program.level == 0:
        return ()
    values, made = program.graph.outputs_for("grad"), program.plan.kernels["backward"].of
    return tuple(
        (name, text)
        for name, text in backward.results
        if made.get(values[name]) != f"grads[{name!r}]"
    )
