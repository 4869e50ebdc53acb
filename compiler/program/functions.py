"""The functions of a module as op graphs, lowered and differentiated but not yet optimised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ..autodiff.reverse import differentiate
from ..emitted import CannotEmit
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph
from ..ir.sizes import batch_size
from ..kinds.lower.losses import COUNT
from ..lower.graph import lower
from ..lower.optimizers import lower_update
from ..passes.pipeline import CONTINUES, PASSES, Function, Watch, ignore, optimise
from ..stepping.network import Stepping, step_network
from .least_squares import features
from .pull_back import add_pull_backs, real_inputs, row_gradients
from .shares import share_statistics


@dataclass(frozen=True, slots=True)
class Functions:
    """The graphs of a network's functions; those that a model lacks are left out.

    `stepping` is the network at one position, where a step is wanted."""

    typed: TypedGraph
    graphs: Mapping[Function, Graph]
    stepping: Stepping | None = None

    def __getitem__(self, function: Function) -> Graph:
        return self.graphs[function]

    def get(self, function: Function) -> Graph | None:
        """Return the graph of a function, or None if the model lacks it."""
        return self.graphs.get(function)


def forward_functions(typed: TypedGraph) -> Functions:
    """Lower the network and its optimizer's step, for a target whose library differentiates."""
    graph = lower(typed).graph()
    optimizer = typed.graph.training.optimizer
    graphs = {Function.TRAINING: replace(graph, batch=batch_size(typed.graph))}
    if optimizer is not None:
        graphs[Function.UPDATE] = lower_update(optimizer)
    return Functions(typed, graphs)


def build_functions(
    typed: TypedGraph, emit: Collection[str] = (), *, fused_predict: bool = False
) -> Functions:
    """Lower the network and differentiate it, for every requested function.

    Raises CannotEmit if the model cannot have one of those in `emit`, and CannotStep if one of its
    layers cannot be computed one position at a time."""
    _refuse_emit(typed, emit)
    shared = "shares" in emit
    build = lower(typed, shared=shared)
    forward = build.graph()
    if typed.graph.losses:
        wanted = real_inputs(typed) if "input-gradient" in emit else []
        differentiate(build, build.outputs["total"], [p.name for p in typed.trained], wanted)
    add_pull_backs(typed, build, emit)
    whole = share_statistics(build.graph()) if shared else build.graph()
    apart = ("dx:", f"{COUNT}:")
    kept = {n: i for n, i in whole.outputs.items() if not n.startswith(apart)}
    graphs = {
        Function.TRAINING: replace(whole, outputs=kept),
        Function.PREDICT: forward.only("out"),
    }
    if fused_predict:
        graphs[Function.FUSED_PREDICT] = forward.only("out")
    if whole.outputs_for("dx"):
        graphs[Function.INPUT_GRADIENT] = whole.only("dx")
    if whole.outputs_for(COUNT):
        graphs[Function.COUNTS] = whole.only(COUNT)
    if "per-example" in emit:
        graphs[Function.PER_EXAMPLE] = row_gradients(typed)
    stepping = step_network(typed) if "step" in emit else None
    if stepping is not None:
        graphs[Function.STEP] = stepping.graph
    optimizer = typed.graph.training.optimizer
    if optimizer is not None:
        graphs[Function.UPDATE] = lower_update(optimizer)
        if optimizer.kind == "lstsq":
            graphs[Function.FEATURES] = features(typed, forward, optimizer)
    batch = batch_size(typed.graph)
    return Functions(typed, {f: replace(g, batch=batch) for f, g in graphs.items()}, stepping)


def optimise_functions(
    functions: Functions, level: int, watch: Watch = ignore, without: Collection[str] = ()
) -> Functions:
    """Apply the passes of the level to every function."""
    optimised: dict[Function, Graph] = {}
    for function, graph in functions.graphs.items():
        optimised[function] = optimise(
            optimised[CONTINUES[function]] if function in CONTINUES else graph,
            PASSES[function][level],
            function=function,
            watch=watch,
            without=without if level else (),
        )
    return replace(functions, graphs=optimised)


def _refuse_emit(typed: TypedGraph, emit: Collection[str]) -> None:
    """Check that the requested functions can be generated for this model; raises CannotEmit."""
    frozen = typed.frozen_layers
    for name in ("input-gradient", "per-example", "shares"):
        if name in emit and not typed.graph.losses:
            raise CannotEmit(f"cannot emit '{name}': the spec has no loss to differentiate")
    moved = [name for s in typed.states if (name := s.name.rpartition(".")[0]) not in frozen]
    if "per-example" in emit and moved:
        raise CannotEmit(f"cannot emit 'per-example': {moved[0]} makes rows depend on each other")
    for name in ("input-gradient", "jacobian"):
        if name in emit and not real_inputs(typed):
            raise CannotEmit(f"cannot emit '{name}': no input holds real numbers")
