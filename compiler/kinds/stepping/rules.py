"""The step rules that layer kinds have in common.

A rule is for a layer whose input has positions, along the axis `time`; others are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.dims import Dim
from .context import LooksAhead, StepContext, Stepped, StepRule, step_rule

SUM_UP = "let `rnn`, `lstm`, `gru` or causal attention sum up what came before"
CAUSAL_CONV = "use `conv` with `pad=causal`, which sees only what came before"


@step_rule("no")
def unsaid(c: StepContext) -> Stepped:
    """Refuse a kind that does not define its step."""
    raise LooksAhead(
        f"{c.kind} does not say how it is computed at one position",
        help="leave the layer out, or give its kind a step rule",
    )


@step_rule("every position by itself")
def each_entry(c: StepContext) -> Stepped:
    """Keep the axis of the positions: the layer works entry by entry."""
    return Stepped(c.time)


@step_rule("every position by itself, unless the positions are along the last axis")
def each_row_of_features(c: StepContext) -> Stepped:
    """Keep the axis of the positions unless it is the last, along which the layer works."""
    if c.is_last:
        raise LooksAhead(
            f"{c.kind} works along the last axis, here over all {c.input.shape[-1]} positions",
            help=_features_last(c),
        )
    return Stepped(c.time)


@step_rule("every position by itself, unless the positions are along the first axis")
def each_channel(c: StepContext) -> Stepped:
    """Keep the axis of the positions unless it is the first, for whose entries the layer has numbers."""
    if c.time == 0:
        raise LooksAhead(
            f"{c.kind} has numbers of its own for each of the {c.input.shape[0]} positions",
            help="bring the positions to the last axis, with `transpose`, "
            "or work on features with `layernorm`",
        )
    return Stepped(c.time)


def require_first(c: StepContext) -> None:
    """Refuse positions that are not along the first axis, where a layer reads TxD."""
    if c.time != 0:
        raise LooksAhead(
            f"{c.kind} reads positions along the first axis, here they are along axis {c.time}",
            help="put `transpose` before it",
            misread=True,
        )


def needs_all_positions(what: str, help: str) -> StepRule:
    """Return the rule of a kind that needs several positions at once; `what` describes their use."""

    def rule(c: StepContext) -> Stepped:
        raise LooksAhead(f"{c.kind} {what} of the sequence", help=help)

    return StepRule(f"no, because it {what}", rule)


def list_along(axis: Callable[[int], int], *names: str) -> StepRule:
    """Return the rule for fixed numbers; `axis` gives, for a rank, the axis along which lists run."""

    def rule(c: StepContext) -> Stepped:
        listed = any(isinstance(c.arg(name), tuple) for name in names)
        rank = c.input.rank
        if listed and (
            axis(rank) == c.time or axis(rank - 1) != axis(rank) - (c.time < axis(rank))
        ):
            raise LooksAhead(
                f"{c.kind} has a list of numbers along the positions",
                help=f"give {c.kind} a single number, or exchange the axes before it",
            )
        return Stepped(c.time)

    return StepRule("every position by itself; a list must not lie along the positions", rule)


@step_rule("every position by itself, unless its axis is that of the positions")
def counted_axis(c: StepContext) -> Stepped:
    """Renumber the axis named by `axis=`, which must not be that of the positions."""
    axis: int | None = c.arg("axis")
    counted = (0 if axis is None else axis) % c.input.rank
    if counted == c.time:
        raise LooksAhead(
            f"{c.kind} goes along axis {counted}, over all positions of the sequence",
            help=f"name an axis of features, or {SUM_UP}",
            at="axis",
        )
    goes = c.result.rank < c.input.rank and counted < c.time
    return Stepped(c.time - goes, {**c.args, "axis": counted - (c.time < counted)})


def moved_axes(order: tuple[int, ...], time: int) -> tuple[tuple[int, ...], int]:
    """Return the order of the axes without that of the positions, and the new axis of the positions."""
    rest = tuple(axis - (axis > time) for axis in order if axis != time)
    return rest, order.index(time)


def kept_axis(shape: tuple[Dim, ...], time: int, size: tuple[Dim, ...]) -> int | None:
    """Return the axis of a reshaped value that equals the axis `time` of the original, or None.

    >>> kept_axis((6, 8), 0, (6, 2, 4)), kept_axis((8, 6), 1, (2, 4, 6)), kept_axis((6, 8), 0, (48,))
    (0, 2, None)
    """
    before, after = _count(shape[:time]), _count(shape[time + 1 :])
    for axis, n in enumerate(size):
        same = n == shape[time] and _count(size[:axis]) == before
        if same and _count(size[axis + 1 :]) == after:
            return axis
    return None


def _count(sizes: tuple[Dim, ...]) -> Dim:
    total: Dim = 1
    for size in sizes:
        total = total * size
    return total


def _features_last(c: StepContext) -> str:
    if c.input.rank == 2:
        return f"put `transpose` before it, so that it works on the {c.input.shape[0]} features"
    return "give every position features of its own, as in `input Tx8`"
