"""The output type of every kind of layer, or the reason why its input does not fit.

The formulas are those of PyTorch's documentation, the rest what the language reference promises:
no parameter depends on T, nothing mixes the positions of rows of different lengths unmasked,
nothing is broadcast in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .kinds import Dim, Invalid, Type, product
from .windows import RULES as WINDOW_RULES
from .windows import both_ends

Attrs = Mapping[str, Any]
Rule = Callable[[Attrs, Type], Type]

ENTRY_BY_ENTRY = (
    *(
        "relu",
        "hard_swish",
        "leaky_relu",
        "prelu",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "softplus",
    ),
    *("softsign", "sigmoid", "tanh", "hard_sigmoid", "hard_tanh"),
)


def need(holds: bool, reason: str) -> None:
    """Refuse with a reason unless it holds."""
    if not holds:
        raise Invalid(reason)


def known_axis(t: Type, axis: int, what: str) -> int:
    """The size of an axis that parameters or numbers of the spec run along."""
    size = t.known(axis)
    need(size is not None, f"{what} would depend on a symbolic size")
    assert size is not None
    return size


def features(t: Type, what: str = "parameters") -> int:
    """The features of D or TxD, on which parameters depend."""
    need(t.rank <= 2, "reads D or TxD")
    size = known_axis(t, t.rank - 1, what)
    need(t.ragged != t.rank - 1, "the features are ragged")
    return size


def positions(t: Type) -> int:
    """The features of TxD with positions first."""
    need(t.rank == 2, "reads TxD")
    size = known_axis(t, 1, "parameters")
    need(t.ragged != 1, "the features are ragged")
    return size


def channels(t: Type, what: str = "parameters") -> int:
    """The channels of D, CxL or CxHxW."""
    need(t.rank <= 3, "reads D, CxL or CxHxW")
    need(t.ragged is None, "mixes positions of a channel")
    return known_axis(t, 0, what)


def same(attrs: Attrs, t: Type) -> Type:
    return t


def dense(attrs: Attrs, t: Type) -> Type:
    size = features(t)
    need(attrs.get("in", size) == size, "in= is another size")
    if attrs.get("tie_shape"):
        rows, columns = attrs["tie_shape"]
        need((attrs["n"], size) == (rows, columns), "the transpose has another shape")
    return t.with_axes((*t.axes[:-1], t.number(attrs["n"])))


def flatten(attrs: Attrs, t: Type) -> Type:
    need(t.ragged is None or t.rank == 1, "joins ragged positions")
    return t.with_axes((product(t),))


def reshape(attrs: Attrs, t: Type) -> Type:
    need(t.ragged is None, "moves entries between ragged positions")
    total = 1
    for n in attrs["to"]:
        total *= n
    need(product(t).known == total, "another number of entries")
    return t.with_axes(tuple(t.number(n) for n in attrs["to"]))


def permute(attrs: Attrs, t: Type) -> Type:
    order = attrs["order"]
    need(sorted(order) == list(range(t.rank)), "the order does not name every axis once")
    ragged = None if t.ragged is None else order.index(t.ragged)
    return Type(tuple(t.axes[i] for i in order), ragged, t.ints)


def transpose(attrs: Attrs, t: Type) -> Type:
    need(t.rank == 2, "swaps two axes")
    return permute({"order": [1, 0]}, t)


def pad(attrs: Attrs, t: Type) -> Type:
    need(t.rank >= 2, "there is no spatial axis")
    ends = both_ends(attrs, t.rank - 1)
    wider = [a.map(lambda n, p=p: n + sum(p)) for a, p in zip(t.axes[1:], ends, strict=True)]
    return t.with_axes((t.axes[0], *wider))


def crop(attrs: Attrs, t: Type) -> Type:
    ranges = attrs["ranges"]
    need(len(ranges) <= t.rank, "more ranges than axes")
    need(t.ragged is None or t.ragged >= len(ranges), "cuts ragged positions")
    for (start, stop), axis in zip(ranges, t.axes, strict=False):
        need(0 <= start < stop <= min(axis.at), "the range ends beyond the axis")
    kept = tuple(t.number(stop - start) for start, stop in ranges)
    return t.with_axes((*kept, *t.axes[len(kept) :]))


def repeat(attrs: Attrs, t: Type) -> Type:
    return Type((t.number(attrs["n"]), *t.axes), None if t.ragged is None else t.ragged + 1)


def upsample(attrs: Attrs, t: Type) -> Type:
    by = attrs["by"]
    need(t.rank in (2, 3) or (t.rank > 1 and len(by) == t.rank - 1), "stretches CxL or CxHxW")
    by = by * (t.rank - 1) if len(by) == 1 else by
    need(len(by) == t.rank - 1, "one factor for each spatial axis")
    need(t.ragged is None, "stretches ragged positions")
    axes = (a.times(t.number(k)) for a, k in zip(t.axes[1:], by, strict=True))
    return t.with_axes((t.axes[0], *axes))


def _listed(t: Type, axis: int, numbers: Any) -> None:
    if isinstance(numbers, list):
        size = known_axis(t, axis, "a list")
        need(len(numbers) == size, "a list of another length")


def along_features(attrs: Attrs, t: Type) -> Type:
    _listed(t, 0 if t.rank > 2 else t.rank - 1, attrs["by"])
    return t


def normalize(attrs: Attrs, t: Type) -> Type:
    _listed(t, 0, attrs["mean"])
    _listed(t, 0, attrs["std"])
    return t


def poly(attrs: Attrs, t: Type) -> Type:
    need(t.rank <= 2, "reads D or TxD")
    need(t.ragged != t.rank - 1, "spreads ragged entries")
    return t.with_axes((*t.axes[:-1], t.axes[-1].map(lambda n: n * (attrs["n"] + 1))))


def by_channel(attrs: Attrs, t: Type) -> Type:
    size = channels(t)
    need(attrs.get("in", size) == size, "in= is another size")
    need(size % attrs.get("groups", 1) == 0, "groups do not divide")
    return t


def by_feature(attrs: Attrs, t: Type) -> Type:
    size = known_axis(t, t.rank - 1, "parameters")
    need(t.ragged != t.rank - 1, "the features are ragged")
    need(attrs.get("in", size) == size, "in= is another size")
    return t


def along_last(attrs: Attrs, t: Type) -> Type:
    need(t.ragged != t.rank - 1, "the features are ragged")
    return t


def embedding(attrs: Attrs, t: Type) -> Type:
    return Type((*t.axes, t.number(attrs["d"])), t.ragged)


def recurrent(attrs: Attrs, t: Type) -> Type:
    size = positions(t)
    need(attrs.get("in", size) == size, "in= is another size")
    width = t.number(attrs["n"] * (1 + attrs["bidirectional"]))
    return t.with_axes((t.axes[0], width)) if attrs["every"] else Type((width,))


def attention(attrs: Attrs, t: Type) -> Type:
    size = positions(t)
    need(attrs.get("in", size) == size, "in= is another size")
    need(size % attrs["heads"] == 0, "heads do not divide the features")
    return t


def positional(attrs: Attrs, t: Type) -> Type:
    need(t.rank == 2, "reads TxD")
    need(t.ragged != 1 and (t.known(1) is not None or t.known(0) is None), "positions come last")
    if attrs["learned"]:
        size = positions(t)
        need(attrs.get("in", size) == size, "in= is another size")
        length = t.known(0)
        need(length is not None or attrs["max"] is not None, "symbolic number of positions")
        most = attrs["max"]
        need(length is None or most is None or length <= most, "longer than the table")
    return t


def reduction(attrs: Attrs, t: Type) -> Type:
    need(-t.rank <= attrs["axis"] < t.rank, "there is no such axis")
    axis = attrs["axis"] % t.rank
    axes = (*t.axes[:axis], *t.axes[axis + 1 :]) or (t.number(1),)
    if t.ragged is None or axis == t.ragged:
        return Type(axes)
    return Type(axes, t.ragged - (axis < t.ragged))


# --- merges -------------------------------------------------------------------------------


def equal(ts: Sequence[Type]) -> Type:
    need(len(ts) >= 2, "two branches or more")
    need(all(t.axes == ts[0].axes for t in ts), "branches of different shapes")
    return Type(ts[0].axes, _ragged(ts))


def _ragged(ts: Sequence[Type]) -> int | None:
    found = {t.ragged for t in ts if t.ragged is not None}
    need(len(found) <= 1, "ragged along different axes")
    return found.pop() if found else None


def merge(op: str, attrs: Attrs, ts: Sequence[Type]) -> Type:
    if op in ("sub", "dot", "sample"):
        need(len(ts) == 2, "two branches")
    if op != "concat":
        t = equal(ts)
        if op != "dot":
            return t
        ragged = None if t.ragged == t.rank - 1 else t.ragged
        return Type((*t.axes[:-1], t.number(1)), ragged)
    rank = ts[0].rank
    need(len(ts) >= 2, "two branches or more")
    need(all(t.rank == rank for t in ts), "different numbers of axes")
    need(attrs["axis"] is not None or rank == 1, "needs an axis")
    axis = attrs["axis"] or 0
    need(-rank <= axis < rank, "there is no such axis")
    axis %= rank
    others = [(*t.axes[:axis], *t.axes[axis + 1 :]) for t in ts]
    need(all(o == others[0] for o in others), "branches that do not line up")
    ragged = _ragged(ts)
    need(ragged != axis, "joins ragged positions")
    total: Dim = ts[0].axes[axis]
    for t in ts[1:]:
        total = total.plus(t.axes[axis])
    return Type((*ts[0].axes[:axis], total, *ts[0].axes[axis + 1 :]), ragged)


MERGES = ("add", "sub", "mul", "max", "mean", "dot", "concat", "sample")

RULES: dict[str, Rule] = {
    **dict.fromkeys((*ENTRY_BY_ENTRY, "id", "dropout", "noise"), same),
    **dict.fromkeys(("softmax", "log_softmax"), same),
    **dict.fromkeys(("scale", "shift"), along_features),
    **dict.fromkeys(("batchnorm", "groupnorm"), by_channel),
    **dict.fromkeys(("layernorm", "rmsnorm"), by_feature),
    "l2_normalize": along_last,
    **dict.fromkeys(("rnn", "lstm", "gru"), recurrent),
    **dict.fromkeys(("sum", "mean axis", "max axis"), reduction),
    **WINDOW_RULES,
    "dense": dense,
    "flatten": flatten,
    "reshape": reshape,
    "permute": permute,
    "transpose": transpose,
    "pad": pad,
    "crop": crop,
    "repeat": repeat,
    "upsample": upsample,
    "normalize": normalize,
    "poly": poly,
    "embedding": embedding,
    "attention": attention,
    "positional": positional,
}


def behind(op: str, attrs: Attrs, inputs: Sequence[Type]) -> Type:
    """The type of a layer's value; `Invalid` with the reason if there is none."""
    if op in MERGES:
        need(not any(t.ints for t in inputs), "whole numbers")
        return merge(op, attrs, inputs)
    (t,) = inputs
    op = attrs["kind"].partition(" ")[0] if op == "act" else op
    if op in ("id", "permute", "transpose", "crop", "reshape", "flatten"):
        return RULES[op](attrs, t)
    need(t.ints == (op == "embedding"), "whole numbers, or none where ids are needed")
    return RULES[op](attrs, t)
