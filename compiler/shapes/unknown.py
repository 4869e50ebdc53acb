"""Inference of stages after a fault, from all types that the faulty stage's value may have.

The value of a faulty stage is unknown, so it is assumed to be any of a vector, a sequence, an image
and a row of ids, each with unknown sizes of its own. Every following stage is checked against all
of these. The types that it refuses are excluded; its results for the others are the possible types
of its own value:

    input 10 -> densee 5 -> dense 3    -> dense 4 in=9
                ?           3 or ?x3      9 is neither: a separate fault

A stage that refuses all of them is wrong for any input, and is reported. If a refusal depends on an
unknown size, the stage may be right and nothing is reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, product
from math import prod

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, symbol
from ..ir.layer_graph import UNKNOWN
from ..ir.types import DType, TensorType
from ..kinds.shapes.context import ShapeFault
from .faults import Site

MOST_AXES = 6
"""Most axes of an assumed value; ids have at most two."""

MOST_TRIED = 64
"""Most combinations of types that are tried at a merge; the rest is assumed to be right."""

_OPEN = re.compile(r"\(\?\d+\)|\?\d+")

BY_AXES = frozenset(
    {
        codes.NEEDS_FEATURES,
        codes.BAD_AXIS,
        codes.CONCAT_NEEDS_AXIS,
        codes.INTEGER_INPUT,
        codes.BRANCH_COUNT,
        codes.NEEDS_POSITIONS,
        codes.AXIS_COUNT,
        codes.NEEDS_IDS,
    }
)
"""Faults that depend on the number of axes or the dtype, never on a size."""

Types = tuple[TensorType, ...]
Rule = Callable[[Types], TensorType]


class Refusal(Exception):
    """A shape rule's fault, with the layer or trailing activation at fault."""

    def __init__(self, site: Site, fault: ShapeFault) -> None:
        super().__init__(fault.message)
        self.site, self.fault = site, fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """A layer's possible types, or, if no input is right, a fault and the inputs that cause it."""

    results: Types
    refusal: Refusal | None = None
    inputs: Types = ()


@dataclass(slots=True)
class Possible:
    """The possible types of each value after a fault."""

    types: dict[int, Types] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def anything(self) -> Types:
        """Return every type of a value about which nothing is known."""
        floats = [TensorType(self._sizes(axes)) for axes in range(1, MOST_AXES + 1)]
        ids = [TensorType(self._sizes(axes), DType.INT) for axes in (1, 2)]
        return (*floats, *ids)

    def judge(self, inputs: Sequence[int], known: Mapping[int, TensorType], rule: Rule) -> Verdict:
        """Check a rule against all possible inputs: the types of layers, which may be UNKNOWN."""
        distinct = list(dict.fromkeys(i for i in inputs if i != UNKNOWN))
        each = [self._may_be(i, known) for i in (*distinct, *(i for i in inputs if i == UNKNOWN))]
        if prod(map(len, each)) > MOST_TRIED:
            return Verdict(self.anything())
        results: list[TensorType] = []
        refused: list[tuple[Refusal, Types]] = []
        for chosen in product(*each):
            types = _in_place(inputs, distinct, chosen)
            try:
                results.append(rule(types))
            except Refusal as found:
                if is_certain(found.fault, types):
                    refused.append((found, types))
                else:
                    results += self._where_right(found.fault, types, rule)
        if results or not refused:
            return Verdict(self._distinct(results))
        refusal, types = min(refused, key=lambda pair: _unknowns(pair[1]))
        given = [r.fault.result for r, _ in refused if r.fault.result]
        return Verdict(self._distinct(given), refusal, types)

    def after(self, inputs: int, rule: Rule) -> Types:
        """Return the possible types of a refused layer with another input."""
        return self.judge((UNKNOWN,) * inputs, {}, rule).results

    def _may_be(self, i: int, known: Mapping[int, TensorType]) -> Types:
        return (known[i],) if i in known else self.types.get(i) or self.anything()

    def _where_right(self, fault: ShapeFault, types: Types, rule: Rule) -> Types:
        """Return the result for unknown sizes that avoid the fault."""
        if fault.result is not None:
            return (fault.result,)
        if fault.code is codes.BRANCHES_DIFFER:
            agreed = min(types, key=lambda type: _unknowns((type,)))
            try:
                return (rule((agreed,) * len(types)),)
            except Refusal:
                pass
        return self.anything()

    def _distinct(self, types: Sequence[TensorType]) -> Types:
        """Return the distinct types; a size computed from unknown ones is a new unknown."""
        plain = {_signature(type): type for type in types}
        return tuple(self._plain(type) for type in plain.values()) or self.anything()

    def _plain(self, type: TensorType) -> TensorType:
        sizes = tuple(next(iter(self._sizes(1))) if is_open(n) else n for n in type.shape)
        return replace(type, shape=sizes)

    def _sizes(self, axes: int) -> tuple[Dim, ...]:
        return tuple(symbol(f"?{next(self.numbers)}") for _ in range(axes))


def _in_place(inputs: Sequence[int], distinct: Sequence[int], chosen: Types) -> Types:
    """Return the types in the order of the inputs; a repeated input has one type."""
    by_id = dict(zip(distinct, chosen, strict=False))
    others = iter(chosen[len(distinct) :])
    return tuple(next(others) if i == UNKNOWN else by_id[i] for i in inputs)


def is_open(size: Dim) -> bool:
    """Return whether a size depends on an unknown one."""
    return "?" in str(size)


def is_certain(fault: ShapeFault, inputs: Types) -> bool:
    """Return whether a fault occurs for all values of the inputs' unknown sizes."""
    if fault.code is codes.BRANCHES_DIFFER:
        return any(_never_alike(inputs[0], other) for other in inputs)
    return fault.code in BY_AXES or not (
        _OPEN.search(fault.message) or fault.code is codes.SYMBOLIC_PARAMETER
    )


def _never_alike(a: TensorType, b: TensorType) -> bool:
    pairs = zip(a.shape, b.shape, strict=False)
    return a.rank != b.rank or any(m != n and not (is_open(m) or is_open(n)) for m, n in pairs)


def shown(fault: ShapeFault) -> ShapeFault:
    """Return the fault as it is reported: unknown sizes are question marks, without a fix."""
    return ShapeFault(
        fault.code,
        _marked(fault.message),
        at=fault.at,
        here=_marked(fault.here),
        help=_marked(fault.help),
        replace="" if _OPEN.search(fault.replace) else fault.replace,
        insert="" if _OPEN.search(fault.insert) else fault.insert,
        blame=fault.blame,
        notes=tuple(map(_marked, fault.notes)),
        also=tuple((span, _marked(text)) for span, text in fault.also),
    )


def shown_type(type: TensorType) -> TensorType:
    """Return the type as it is reported: every unknown size is a question mark."""
    return type.with_shape(tuple(symbol("?") if is_open(n) else n for n in type.shape))


def _marked(text: str) -> str:
    return _OPEN.sub("?", text)


def _signature(type: TensorType) -> TensorType:
    """Return a key that is equal for types that differ only in their unknown sizes."""
    return shown_type(type)


def _unknowns(types: Types) -> tuple[bool, int]:
    """Return the sort key of assumptions: real numbers and few unknown sizes come first."""
    ids = any(type.dtype is not DType.FLOAT for type in types)
    return ids, sum(is_open(n) for type in types for n in type.shape)
