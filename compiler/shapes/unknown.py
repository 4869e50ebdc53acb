"""What can still be told of the stages behind a fault.

Nobody knows what comes out of a faulty stage, so its value is taken for any that it could be: a
vector, a sequence, an image, a row of ids, each with sizes of its own that are unknown, too.
Every stage behind is held against all of these. What it refuses could not have come in; what it
gives to the others is what may come in further on:

    input 10 -> densee 5 -> dense 3    -> dense 4 in=9
                ?           3 or ?x3      9 is neither: a fault of its own

A stage that refuses all of them is at fault whatever came in, and is reported. Where a refusal
turns on an unknown size, the stage may be right and nothing is said.
"""

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
"""Values of up to so many axes are thought of, and of up to two for ids."""

MOST_TRIED = 64
"""So many combinations of types are tried at a merge; the rest is taken for right."""

_OPEN = re.compile(r"\(\?\d+\)|\?\d+")

_BY_AXES = frozenset(
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
"""Faults that turn on the number of axes or the kind of number, never on a size."""

Types = tuple[TensorType, ...]
Rule = Callable[[Types], TensorType]


class Refusal(Exception):
    """A shape rule's fault, with the layer or trailing activation that it is the fault of."""

    def __init__(self, site: Site, fault: ShapeFault) -> None:
        super().__init__(fault.message)
        self.site, self.fault = site, fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a layer may give, and, where it can be right with nothing, why not and with what."""

    results: Types
    refusal: Refusal | None = None
    inputs: Types = ()


@dataclass(slots=True)
class Possible:
    """The types that each value behind a fault may have."""

    types: dict[int, Types] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def anything(self) -> Types:
        """Every type that a value may have of which nothing is known."""
        floats = [TensorType(self._sizes(axes)) for axes in range(1, MOST_AXES + 1)]
        ids = [TensorType(self._sizes(axes), DType.INT) for axes in (1, 2)]
        return (*floats, *ids)

    def judge(self, inputs: Sequence[int], known: Mapping[int, TensorType], rule: Rule) -> Verdict:
        """Hold a rule against all that may come in: the types of layers, which may be UNKNOWN."""
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
        """What a layer that was refused may give where something else comes in."""
        return self.judge((UNKNOWN,) * inputs, {}, rule).results

    def _may_be(self, i: int, known: Mapping[int, TensorType]) -> Types:
        return (known[i],) if i in known else self.types.get(i) or self.anything()

    def _where_right(self, fault: ShapeFault, types: Types, rule: Rule) -> Types:
        """What comes out if the unknown sizes are such that the fault is none."""
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
        """The types without repetitions; a size computed from unknown ones is a new unknown."""
        plain = {_signature(type): type for type in types}
        return tuple(self._plain(type) for type in plain.values()) or self.anything()

    def _plain(self, type: TensorType) -> TensorType:
        sizes = tuple(next(iter(self._sizes(1))) if is_open(n) else n for n in type.shape)
        return replace(type, shape=sizes)

    def _sizes(self, axes: int) -> tuple[Dim, ...]:
        return tuple(symbol(f"?{next(self.numbers)}") for _ in range(axes))


def _in_place(inputs: Sequence[int], distinct: Sequence[int], chosen: Types) -> Types:
    """The types in the order of the inputs; one that comes in twice has one type."""
    by_id = dict(zip(distinct, chosen, strict=False))
    others = iter(chosen[len(distinct) :])
    return tuple(next(others) if i == UNKNOWN else by_id[i] for i in inputs)


def is_open(size: Dim) -> bool:
    """Whether a size depends on one that nobody knows."""
    return "?" in str(size)


def is_certain(fault: ShapeFault, inputs: Types) -> bool:
    """Whether a fault is one whatever the unknown sizes of the inputs are."""
    if fault.code is codes.BRANCHES_DIFFER:
        return any(_never_alike(inputs[0], other) for other in inputs)
    return fault.code in _BY_AXES or not (
        _OPEN.search(fault.message) or fault.code is codes.SYMBOLIC_PARAMETER
    )


def _never_alike(a: TensorType, b: TensorType) -> bool:
    pairs = zip(a.shape, b.shape, strict=False)
    return a.rank != b.rank or any(m != n and not (is_open(m) or is_open(n)) for m, n in pairs)


def shown(fault: ShapeFault) -> ShapeFault:
    """The fault as it is told: unknown sizes are question marks, and a fix has none."""
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
    """The type as it is told: every unknown size is a question mark."""
    return type.with_shape(tuple(symbol("?") if is_open(n) else n for n in type.shape))


def _marked(text: str) -> str:
    return _OPEN.sub("?", text)


def _signature(type: TensorType) -> TensorType:
    """Equal for types that differ in which unknown sizes they have."""
    return shown_type(type)


def _unknowns(types: Types) -> tuple[bool, int]:
    """Reported is what needs the least to be thought of: real numbers, few unknown sizes."""
    ids = any(type.dtype is not DType.FLOAT for type in types)
    return ids, sum(is_open(n) for type in types for n in type.shape)
