"""The passes in order (the order is meaning), and their verification."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from ..ir.op_graph import Graph
from .choose_convolutions import choose_convolutions
from .eliminate_dead_code import eliminate_dead_code
from .flush_denormals import flush_denormals
from .fold_constants import fold_constants
from .fuse_sums import fuse_sums
from .hoist_targetless import hoist_targetless
from .share_common import share_common
from .simplify import simplify
from .split_softmax import split_softmax
from .store_repeated import store_repeated
from .verify import verify

Pass = Callable[[Graph], Graph]

PASSES: dict[int, tuple[Pass, ...]] = {
    0: (simplify, eliminate_dead_code),
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
    ),
}

IN_PLACE, BUFFER_REUSE, LAYOUT = "in-place", "buffer-reuse", "layout"
"""What planning does at -O1: schedule/buffers.py and schedule/storage.py."""

OPTIONAL = (
    *dict.fromkeys(p.__name__.replace("_", "-") for p in PASSES[1] if p is not simplify),
    IN_PLACE,
    BUFFER_REUSE,
    LAYOUT,
)
"""What -O1 can be told to leave out, to see what it is worth; the results stay the same."""


def check_options(level: int, dump_after: str | None, without: Iterable[str] = ()) -> None:
    """Refuse what does not exist, saying what does; raises ValueError."""
    unknown = [name for name in without if name not in OPTIONAL]
    if unknown:
        raise ValueError(f"no optimisation '{unknown[0]}': there are {_list(OPTIONAL)}")
    if level not in PASSES:
        raise ValueError(f"no optimisation level {level}: there are {_list(PASSES)}")
    if dump_after is not None and dump_after not in ("lower", *pass_names(level)):
        names = _list(("lower", *pass_names(level)))
        raise ValueError(f"no pass '{dump_after}' at -O{level}: there are {names}")


def _list(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


def pass_names(level: int) -> list[str]:
    """Names of a level's passes; one that runs again gets a number: simplify, …, simplify-2."""
    names: list[str] = []
    for run in PASSES[level]:
        name = run.__name__.replace("_", "-")
        before = sum(
            n == name or (n.startswith(f"{name}-") and n[len(name) + 1 :].isdigit()) for n in names
        )
        names.append(f"{name}-{before + 1}" if before else name)
    return names


def optimise(
    graph: Graph,
    level: int,
    watch: Callable[[str, Graph], None],
    without: Collection[str] = (),
) -> Graph:
    """Run a level's passes, verifying after each; `watch` is shown every graph by name.

    Passes named in `without` are left out, however often they would run.
    """
    verify(graph, "lower")
    watch("lower", graph)
    for name, run in zip(pass_names(level), PASSES[level], strict=True):
        if level and run.__name__.replace("_", "-") in without:
            continue
        graph = run(graph)
        verify(graph, name)
        watch(name, graph)
    return graph
