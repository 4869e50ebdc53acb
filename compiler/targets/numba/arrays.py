"""Where a kernel's values lie: parameters in p, gradients in g, all others in rooms.

All a kernel works on are flat arrays: the parameters p, the gradients g, and rooms, in which
every value that must be kept has its place; the function starts with views of them.
"""

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


@dataclass(frozen=True, slots=True)
class ParamPlace:
    """Where a parameter lies among all."""

    start: int
    shape: tuple[int, ...]
    by_columns: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """An array's variable, and what it is declared as; None for an argument of the function."""

    name: str
    view: Room | Empty | None


@dataclass(slots=True)
class Rooms:
    """Where in the flat arrays every stored value lies; places are given out as they are asked for."""

    starts: dict[JitPlace, tuple[str, Dim]] = field(default_factory=dict)
    sizes: dict[str, Dim] = field(default_factory=dict)

    def view(self, place: JitPlace, shape: Shape, dtype: DType) -> Room:
        """The place as a part of its flat array."""
        room = ROOMS[dtype]
        if place not in self.starts:
            start = self.sizes.get(room, 0)
            self.starts[place] = (room, start)
            self.sizes[room] = start + product(shape)
        room, start = self.starts[place]
        return Room(room, start, shape)


@dataclass(frozen=True, slots=True)
class Outside:
    """What a kernel finds: variables of values from outside (`leaves`), planned places, parameters."""

    leaves: Mapping[int, str]
    places: Mapping[int, JitPlace]
    place_names: Mapping[Place, PlaceName]
    constants: Mapping[tuple[float, ...], str]
    params: Mapping[str, ParamPlace]


@dataclass(slots=True)
class Arrays:
    """The arrays that a kernel asks for; each is declared when it is first asked for."""

    graph: Graph
    outside: Outside
    rooms: Rooms
    namer: Namer
    declared: dict[JitPlace | ParamArray, Declared] = field(default_factory=dict)

    def array(self, i: int) -> Var:
        """The variable of a stored value or a value from outside."""
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
        """The variable of a place in a room."""
        if place not in self.declared:
            view = self.rooms.view(place, node.type.shape or (1,), node.type.dtype)
            self.declared[place] = Declared(self._name(place), view)
        return Var(self.declared[place].name)

    def _name(self, place: JitPlace) -> str:
        if isinstance(place, Drawn | Scalar):
            return place.name
        return self.outside.place_names[place].name

    def param(self, name: str, flat: str) -> Var:
        """The variable of a parameter, or of its gradient."""
        key, at = ParamArray(flat, name), self.outside.params[name]
        if key not in self.declared:
            hint = name if flat == "p" else f"g_{name}"
            view = Room(flat, at.start, at.shape, at.by_columns)
            self.declared[key] = Declared(self.namer.fresh(hint), view)
        return Var(self.declared[key].name)

    def shapes(self, node: Node) -> tuple[Shape, ...]:
        """The shapes of an op's operands."""
        return tuple(self.graph[i].type.shape for i in node.inputs)

    def by_columns(self, i: int) -> bool:
        """Whether a value lies in memory by columns."""
        node, place = self.graph[i], self.outside.places.get(i)
        if node.op == "param":
            return self.outside.params[node.word("name")].by_columns
        return isinstance(place, GradientOf) and self.outside.params[place.param].by_columns
