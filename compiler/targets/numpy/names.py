"""The identifiers of the values, arrays and constants of a program in its module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...ir.dims import Shape, symbol
from ...ir.layer_graph import TypedGraph
from ...ir.op_graph import Graph, Node
from ...kinds.lower.losses import ROW_WEIGHTS
from ...lower.losses import target_layers
from ...ops.source import LEAVES
from ...passes.pipeline import Function
from ...program.buffers import Plan
from ...program.kernels import Kernels
from ...program.names import Namer
from ...program.places import GradientOf, Kept, Place, Temporary, Updated, Work
from ...program.program import Planned, Program
from ..target import ARRAY_DICTS, Target
from ..text import Text
from .frame import Constant, Frame, PlaceName, constant, name_values

CACHE = "c"
"""The variable of the cache in buffered kernels."""

SHARED_NUMBERS: dict[object, str] = {0.0: "ZERO", 1.0: "ONE"}
"""Scalars that modules at -O1 hold as arrays."""


@dataclass(slots=True)
class Names:
    """The identifiers of one planned function; those of the module are the training step's."""

    target: Target
    level: int
    kernels: Kernels
    plan: Plan
    by_rows: frozenset[str]
    namer: Namer
    names: dict[int, str] = field(default_factory=dict)
    constants: dict[Constant, str] = field(default_factory=dict)
    ones: dict[Shape, str] = field(default_factory=dict)
    places: dict[Place, PlaceName] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The function's graph."""
        return self.kernels.graph

    def leaf(self, node: Node) -> Text:
        """Return a kernel's reference to a leaf."""
        if node.op in ARRAY_DICTS:
            return Text(self.target.stored(node.op, node.word("name")))
        return Text(self.target.variable(node.op, self.names[node.id]))

    def size_texts(self, sources: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
        """Return symbolic sizes with the expressions that read them from values."""
        return tuple((name, self.size_text(name, i)) for name, i in sources.items())

    def size_text(self, name: str, id: int) -> str:
        """Return an expression for a symbolic size of a value."""
        axis = self.graph[id].type.shape.index(symbol(name))
        return self.target.size(self.names[id], axis)

    def frame(self, given: Iterable[int] = ()) -> Frame:
        """Return a new frame that knows the leaves and the values of given names."""
        frame = Frame(self.target, self.graph, {}, self.constants, self.places, self.by_rows)
        for node in self.graph:
            if node.op in LEAVES:
                frame.texts[node.id] = self.leaf(node)
            elif self.level == 1 and node.op == "const" and node.type.rank == 0:
                if node.attr("value") in SHARED_NUMBERS:
                    frame.texts[node.id] = Text(SHARED_NUMBERS[node.attr("value")])
            elif node.op == "ones" and self.level == 1:
                frame.texts[node.id] = Text(f"{CACHE}.{self.ones[node.type.shape]}")
        frame.texts.update({i: Text(self.names[i]) for i in given})
        return frame


def module_names(program: Program, target: Target) -> Names:
    """Return identifiers for the training step: public names, values, constants, arrays."""
    planned, promised = program.training, promised_names(program.typed)
    kernels, namer = planned.kernels, Namer(target.words)
    found = Names(target, program.level, kernels, planned.plan, program.by_rows, namer)
    for node in found.graph:
        if is_variable(node):
            granted = promised.get(f"{node.op}:{node.attr('name')}")
            name = namer.grant(granted) if granted else namer.fresh(node.origin.hint)
            found.names[node.id] = name
    _grant_outputs(found, promised)
    _name_kernels(found)
    name_constants(found, found.graph)
    if program.level == 1:
        _name_ones(found, program.ones)
        name_places(found)
    return found


def inner_names(outer: Names, program: Program, function: Function) -> Names:
    """Return identifiers of a function without a cache; leaves and constants are the module's."""
    planned: Planned = program.planned[function]
    kernels, target = planned.kernels, outer.target
    promised = promised_names(program.typed)
    found = Names(target, outer.level, kernels, planned.plan, outer.by_rows, Namer(target.words))
    found.constants = outer.constants
    known = {(n.op, n.attr("name")): outer.names[n.id] for n in outer.graph if is_variable(n)}
    for node in found.graph:
        if is_variable(node):
            key = (node.op, node.attr("name"))
            name = known.get(key) or promised[f"{node.op}:{node.attr('name')}"]
            found.names[node.id] = found.namer.grant(name)
    _grant_outputs(found, promised)
    name_values((kernels.forward,), found.names, found.namer)
    name_constants(outer, found.graph)
    name_places(found)
    return found


def promised_names(typed: TypedGraph) -> dict[str, str]:
    """Return the public identifiers of the module's functions: x, y, target, where single."""
    inputs = [n for n in typed.graph.layers if n.kind == "input"]
    granted = {}
    granted["train:train"] = "train"
    granted["position:t"] = "t"
    granted[f"target:{ROW_WEIGHTS}"] = "weights"
    ragged = [n.name for n in inputs if typed.types[n.id].ragged]
    if len(ragged) == 1:
        granted[f"lengths:{ragged[0]}"] = "lengths"
    if len(inputs) == 1:
        granted[f"input:{inputs[0].name}"] = "x"
    if len(typed.graph.outputs) == 1:
        granted[f"out:{typed.graph.outputs[0].name}"] = "y"
        granted[f"upstream:{typed.graph.outputs[0].name}"] = "dy"
    if len(target_layers(typed)) == 1:
        granted["target:target"] = "target"
        granted["target:target.weights"] = "class_weights"
    return granted


def is_variable(node: Node) -> bool:
    """Return whether a leaf has its own variable."""
    return node.op in LEAVES and node.op not in ARRAY_DICTS


def name_places(names: Names) -> None:
    """Name the arrays of a plan: after the value that is kept there, or `work1`."""
    for place in names.plan.buffers:
        match place:
            case Kept(value, viewed):
                own = names.names[value]
                name = names.namer.fresh(f"{own}_base") if viewed else own
            case Work(number):
                name = names.namer.fresh(f"work{number}")
            case _:
                raise LookupError(f"{place} is no array of the cache")
        names.places[place] = PlaceName(f"{CACHE}.{name}", name)
    for kernel in names.plan.kernels.values():
        for place in kernel.of.values():
            if isinstance(place, GradientOf):
                names.places[place] = gradient_name(place.param)


def gradient_name(param: str) -> PlaceName:
    """Return the array of a parameter's gradient, which kernels find in a dict."""
    return PlaceName(f"grads[{param!r}]", f"grads[{param!r}]")


def update_place(place: Place, work: str) -> PlaceName:
    """Return an array of the optimizer step; temporaries are attributes of `work`."""
    match place:
        case Updated(name):
            return PlaceName(name, name)
        case Temporary(number):
            return PlaceName(f"{work}.temp{number}", f"temp{number}")
    raise LookupError(f"{place} is no array of an optimizer's step")


def name_constants(names: Names, graph: Graph) -> None:
    """Name the array constants of a graph, at module level."""
    for node in graph:
        if node.op == "const" and node.type.rank:
            hint = f"{node.origin.layer}_values".upper()
            if constant(node) not in names.constants:
                names.constants[constant(node)] = names.namer.fresh(hint)


def _name_kernels(names: Names) -> None:
    """Name the values of forward for all functions, later values for each function separately."""
    kernels, found = names.kernels, names.names
    name_values((kernels.forward,), found, names.namer)
    for group in ((kernels.loss, kernels.backward), (kernels.vjp,), (kernels.row_vjp,)):
        own = names.namer.copy()
        own.take(found[n.id] for k in group if k for n in k.nodes if n.id in found)
        name_values(group, found, own)
    names.namer.take(found.values())


def _grant_outputs(names: Names, promised: Mapping[str, str]) -> None:
    for name, id in names.graph.outputs.items():
        granted = promised.get(name)
        if granted and id not in names.names and names.graph[id].op != "param":
            names.names[id] = names.namer.grant(granted)


def _name_ones(names: Names, shapes: Iterable[Shape]) -> None:
    """Name the arrays of ones in the cache: `ones_B`, `ones_10`."""
    for shape in shapes:
        sizes = "_".join(str(n) for n in shape if n != 1) or "1"
        names.ones[shape] = names.namer.fresh(f"ones_{sizes}")
