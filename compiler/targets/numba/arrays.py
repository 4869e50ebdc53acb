"""The storage of a kernel's values: parameters in p, gradients in g, all others in work arrays.

A kernel works on flat arrays only: the parameters p, the gradients g, and the work arrays
("rooms"), in which every stored value has its place; the function starts with views of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...ir.dims import Dim, Shape, product
from ...ir.op_graph import Graph, Node
from ...ir.types import DType
from ...program.names import Namer
from ...program.places import GradientOf, Place
from ..numpy.frame import PlaceName, constant
from .choices import Empty, Room, Var

ROOMS = {DType.FLOAT: "work", DType.BOOL: "flags", DType.INT: "counts"}
"""The flat work array of each dtype."""


class CannotJit(Exception):
    """A kernel contains an op that has neither a loop form nor a function that Numba supports."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The place of random numbers that are drawn before a kernel is called."""

    name: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """The place of a scalar that one kernel, or part of one, stores for another."""

    name: str


JitPlace = Place | Drawn | Scalar
"""The place of a value of a compiled kernel."""


@dataclass(frozen=True, slots=True)
class ParamArray:
    """The part of the flat array `p` that holds a parameter, or of `g` that holds its gradient."""

    flat: str
    name: str


@dataclass(frozen=True, slots=True)
class ParamPlace:
    """The offset and layout of a parameter in the flat array of all parameters."""

    start: int
    shape: tuple[int, ...]
    by_columns: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """An array's variable and its declaration; None for an argument of the function."""

    name: str
    view: Room | Empty | None


@dataclass(slots=True)
class Rooms:
    """The places of all stored values in the flat work arrays, assigned on request."""

    starts: dict[JitPlace, tuple[str, Dim]] = field(default_factory=dict)
    sizes: dict[str, Dim] = field(default_factory=dict)

    def view(self, place: JitPlace, shape: Shape, dtype: DType) -> Room:
        """Return the view of a place in its flat array."""
        room = ROOMS[dtype]
        if place not in self.starts:
            start = self.sizes.get(room, 0)
            self.starts[place] = (room, start)
            self.sizes[room] = start + product(shape)
        room, start = self.starts[place]
        return Room(room, start, shape)


@dataclass(frozen=True, slots=True)
class Outside:
    """The external context of a kernel: variables of leaves, planned places, parameters."""

    leaves: Mapping[int, str]
    places: Mapping[int, JitPlace]
    place_names: Mapping[Place, PlaceName]
    constants: Mapping[tuple[float, ...], str]
    params: Mapping[str, ParamPlace]


@dataclass(slots=True)
class Arrays:
    """The arrays that a kernel uses; each is declared on first use."""

    graph: Graph
    outside: Outside
    rooms: Rooms
    namer: Namer
    declared: dict[JitPlace | ParamArray, Declared] = field(default_factory=dict)

    def array(self, i: int) -> Var:
        """Return the variable of a stored value or of a leaf."""
        node = self.graph[i]
        if node.op == "param":
            return self.param(node.word("name"), "p")
        if i in self.outside.leaves:
            return Var(self.outside.leaves[i])
        if node.op == "const":
            return Var(self.outside.constants[constant(node)])
        place = self.outside.places.get(i)
        if place is None:
            raise CannotJit(node.op)
        if isinstance(place, GradientOf):
            return self.param(place.param, "g")
        return self.room(place, node)

    def room(self, place: JitPlace, node: Node) -> Var:
        """Return the variable of a place in a work array."""
        if place not in self.declared:
            view = self.rooms.view(place, node.type.shape or (1,), node.type.dtype)
            self.declared[place] = Declared(self._name(place), view)
        return Var(self.declared[place].name)

    def _name(self, place: JitPlace) -> str:
        if isinstance(place, Drawn | Scalar):
            return place.name
        return self.outside.place_names[place].name

    def param(self, name: str, flat: str) -> Var:
        """Return the variable of a parameter, or of its gradient."""
        key, at = ParamArray(flat, name), self.outside.params[name]
        if key not in self.declared:
            hint = name if flat == "p" else f"g_{name}"
            view = Room(flat, at.start, at.shape, at.by_columns)
            self.declared[key] = Declared(self.namer.fresh(hint), view)
        return Var(self.declared[key].name)

    def shapes(self, node: Node) -> tuple[Shape, ...]:
        """Return the shapes of an op's operands."""
        return tuple(self.graph[i].type.shape for i in node.inputs)

    def by_columns(self, i: int) -> bool:
        """Return whether a value is stored in column-major order."""
        node, place = self.graph[i], self.outside.places.get(i)
        if node.op == "param":
            return self.outside.params[node.word("name")].by_columns
        return isinstance(place, GradientOf) and self.outside.params[place.param].by_columns
