"""The passes of every function at every level, in order (the order is meaning), each verified.

A module is made of a few functions, each a graph of its own; what passes a graph goes through is
listed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum
from functools import partial

from ..ir.op_graph import Graph
from .choose_convolutions import choose_convolutions
from .eliminate_dead_code import eliminate_dead_code
from .flush_denormals import flush_denormals
from .fold_constants import fold_constants
from .fuse_sums import fuse_sums
from .hoist_targetless import hoist_targetless
from .read_in_order import read_in_order
from .share_common import share_common
from .simplify import simplify
from .split_softmax import split_softmax
from .store_repeated import store_repeated
from .switch_off_noise import switch_off_noise
from .verify import verify

Pass = Callable[[Graph], Graph]


class Function(Enum):
    """The functions of a module that have their own graphs.

    TRAINING holds forward, loss and backward, and the pull-backs of other gradients over the values
    that forward keeps. INPUT_GRADIENT, COUNTS (what losses divide by), PER_EXAMPLE, FEATURES (of a least-squares solution) and STEP
    (one position of a sequence) exist only on request. FUSED_PREDICT is predict for targets that fuse ops in loops.
    """

    TRAINING = "training"
    PREDICT = "predict"
    FUSED_PREDICT = "fused-predict"
    INPUT_GRADIENT = "input-gradient"
    COUNTS = "counts"
    PER_EXAMPLE = "per-example"
    FEATURES = "features"
    STEP = "step"
    UPDATE = "update"


_FIRST: tuple[Pass, ...] = (simplify, eliminate_dead_code)
_ALONE: tuple[Pass, ...] = (*_FIRST, share_common, eliminate_dead_code)
_ONE_ROW: Pass = partial(choose_convolutions, rows=1, planned=False)

PASSES: dict[Function, dict[int, tuple[Pass, ...]]] = {
    Function.TRAINING: {
        0: _FIRST,
        1: (
            simplify,
            fold_constants,
            split_softmax,
            share_common,
            eliminate_dead_code,
            flush_denormals,
            fuse_sums,
            simplify,
            share_common,
            eliminate_dead_code,
            hoist_targetless,
            choose_convolutions,
            store_repeated,
            read_in_order,
        ),
    },
    Function.PREDICT: {
        0: (switch_off_noise, *_FIRST),
        1: (switch_off_noise, *_ALONE, _ONE_ROW),
    },
    Function.FUSED_PREDICT: {0: (), 1: (partial(split_softmax, why=""), *_ALONE)},
    Function.INPUT_GRADIENT: {0: _FIRST, 1: _ALONE},
    Function.COUNTS: {0: _FIRST, 1: _ALONE},
    Function.PER_EXAMPLE: {0: _FIRST, 1: _ALONE},
    Function.FEATURES: {0: (switch_off_noise, *_FIRST), 1: (switch_off_noise, *_ALONE)},
    Function.STEP: {0: (switch_off_noise, *_FIRST), 1: (switch_off_noise, *_ALONE)},
    Function.UPDATE: {0: _FIRST, 1: _FIRST},
}

CONTINUES = {Function.FUSED_PREDICT: Function.PREDICT}
"""Functions that start from the result of another function's passes."""

LEVELS = tuple(PASSES[Function.TRAINING])

START = "lower"
"""The name of a graph before its first pass."""

IN_PLACE, BUFFER_REUSE, LAYOUT = "in-place", "buffer-reuse", "layout"
"""Planning steps at -O1: program/buffers.py and costs/layout.py."""


def name_of(run: Pass) -> str:
    """Return a pass's public name: `share-common`."""
    function = run.func if isinstance(run, partial) else run
    return function.__name__.replace("_", "-")


OPTIONAL = (
    *dict.fromkeys(
        name_of(p) for p in PASSES[Function.TRAINING][1] if p not in (simplify, read_in_order)
    ),
    IN_PLACE,
    BUFFER_REUSE,
    LAYOUT,
)
"""Steps that -O1 can leave out, to measure their benefit; the results stay the same."""

Watch = Callable[[Function, str, Graph], None]
"""A function that receives every graph: the function, the last pass, the graph."""


def ignore(function: Function, name: str, graph: Graph) -> None:
    """Ignore the graph."""


def optimise(
    graph: Graph,
    passes: Sequence[Pass] = PASSES[Function.TRAINING][1],
    *,
    function: Function = Function.TRAINING,
    watch: Watch = ignore,
    without: Collection[str] = (),
) -> Graph:
    """Run passes in order, verifying after each.

    Passes named in `without` are left out, however often they would run; without LAYOUT, what
    depends on it is left out, too. Raises VerifyError if a pass breaks the graph.
    """
    verify(graph, f"{function.value}: {START}")
    watch(function, START, graph)
    for name, run in zip(pass_names(passes), passes, strict=True):
        if name_of(run) in without or (run is read_in_order and LAYOUT in without):
            continue
        graph = run(graph)
        verify(graph, f"{function.value}: {name}")
        watch(function, name, graph)
    return graph


def pass_names(passes: Iterable[Pass]) -> list[str]:
    """Return the names of passes in order; repeated ones are numbered: simplify, …, simplify-2."""
    names: list[str] = []
    times: dict[str, int] = {}
    for run in passes:
        name = name_of(run)
        times[name] = times.get(name, 0) + 1
        names.append(f"{name}-{times[name]}" if times[name] > 1 else name)
    return names


def dump_names(level: int) -> list[str]:
    """Return the values of --dump-after: a pass of the training step, or FUNCTION:PASS."""
    stages = {f: [START, *pass_names(PASSES[f][level])] for f in Function if PASSES[f][level]}
    of_others = [f"{f.value}:{name}" for f, names in stages.items() for name in names]
    return [*stages[Function.TRAINING], *of_others]


def is_named(dump: str | None, function: Function, name: str) -> bool:
    """Return whether the value of --dump-after is this pass of this function."""
    if dump is None:
        return False
    where, colon, which = dump.rpartition(":")
    return which == name and function.value == (where if colon else Function.TRAINING.value)


def check_options(level: int, dump_after: str | None, without: Iterable[str] = ()) -> None:
    """Refuse options that do not exist, listing those that do; raises ValueError."""
    unknown = [name for name in without if name not in OPTIONAL]
    if unknown:
        raise ValueError(f"no optimisation '{unknown[0]}': there are {', '.join(OPTIONAL)}")
    if level not in LEVELS:
        raise ValueError(f"no optimisation level {level}: there are {', '.join(map(str, LEVELS))}")
    if dump_after is not None and dump_after not in dump_names(level):
        names = ", ".join(dump_names(level))
        raise ValueError(f"no pass '{dump_after}' at -O{level}: there are {names}")
