"""Check whether `optimizer lstsq` can solve a network, and find the obstacle if not.

The network must be linear in its parameters: a single dense layer, only fixed layers before it,
and only layers after it that can be inverted on the target.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.layer_graph import Layer, TypedGraph
from ..source import Span

LOSSES = ("mse", "quadratic")
"""The losses that the exact solution minimises."""

RESHAPING = ("flatten", "reshape", "id")
RESCALING = ("scale", "shift", "normalize")


@dataclass(frozen=True, slots=True)
class Solvable:
    """The dense layer whose parameters are solved for, and the layers after it, in order."""

    dense: Layer
    behind: tuple[Layer, ...]


class Obstacle(Exception):
    """The reason why the network cannot be solved, and its span in the spec."""

    def __init__(self, span: Span, message: str, here: str, layer: Layer | None = None) -> None:
        super().__init__(message)
        self.span, self.message, self.here, self.layer = span, message, here, layer


def solvable(typed: TypedGraph, asked: Span) -> Solvable:
    """Return the parts of a network that lstsq can solve; raises Obstacle for any other."""
    _check_losses(typed, asked)
    layers = {layer.id: layer for layer in typed.graph.layers}
    layer, behind = layers[typed.graph.losses[0].layer], []
    while layer.kind != "dense":
        _check_undone(typed, layer)
        behind.append(layer)
        layer = layers[layer.inputs[0]]
    _check_dense(typed, layer)
    for other in typed.graph.layers:
        _check_fixed(typed, other, layer)
    return Solvable(layer, tuple(reversed(behind)))


def _check_losses(typed: TypedGraph, asked: Span) -> None:
    losses, penalty = typed.graph.losses, typed.graph.regularize
    if not losses:
        raise Obstacle(asked, "without a loss there is nothing to solve", "needs `loss mse`")
    if len(losses) > 1:
        span = losses[1].setting.span
        raise Obstacle(span, "lstsq solves for one loss", "this is the second")
    setting = losses[0].setting
    if setting.kind not in LOSSES:
        raise Obstacle(
            setting.head,
            f"lstsq minimises a sum of squares, and `{setting.kind}` is none",
            "must be `mse` or `quadratic`",
        )
    if penalty is not None:
        raise Obstacle(penalty.head, "lstsq minimises the loss alone", "adds a penalty to it")


def _check_undone(typed: TypedGraph, layer: Layer) -> None:
    """Check that a layer after the dense one can be inverted on the target."""
    if layer.kind == "input":
        raise Obstacle(layer.span, "no `dense` layer leads to the loss", "nothing to solve for")
    _check_plain(layer)
    if layer.kind in RESHAPING or (layer.kind == "dropout" and layer.args["p"] == 0):
        return
    if layer.kind not in RESCALING:
        raise _in_the_way(layer)
    numbers = [layer.args[name] for name in ("a", "b", "mean", "std") if name in layer.args]
    if any(isinstance(n, tuple) for n in numbers) and len(typed.shape_of(layer.id)) > 1:
        raise _in_the_way(layer)
    if layer.kind == "scale" and any(0.0 in (n if isinstance(n, tuple) else (n,)) for n in numbers):
        raise _in_the_way(layer)


def _check_dense(typed: TypedGraph, dense: Layer) -> None:
    _check_plain(dense)
    if dense.frozen:
        raise Obstacle(
            dense.span, f"lstsq solves for {dense.name}, which is frozen", "frozen", dense
        )
    if dense.args["tie"] is not None or dense.shares is not None:
        raise Obstacle(dense.span, "lstsq solves for weights of one place", "shares them", dense)
    if any(type.ragged for type in typed.types.values()):
        source = next(n for n in typed.graph.layers if typed.types[n.id].ragged)
        raise Obstacle(source.span, "lstsq takes every row whole", "has padded rows", source)


def _check_plain(layer: Layer) -> None:
    own = layer.activation
    if own is not None and own.kind != "id":
        raise Obstacle(
            own.span,
            f"with `{own.kind}` the output is not linear in the parameters",
            "bends what comes out of them",
            layer,
        )


def _check_fixed(typed: TypedGraph, layer: Layer, dense: Layer) -> None:
    """Check that any other layer is deterministic and independent of the parameters."""
    names = {layer.name, layer.activation.name if layer.activation else layer.name}
    owners = {p.name.rpartition(".")[0] for p in typed.params}
    if layer.id != dense.id and (names & owners or layer.shares == dense.name):
        raise Obstacle(
            layer.span,
            f"the output is not linear in the parameters of {layer.name} and {dense.name} together",
            "lstsq solves for one `dense` layer",
            layer,
        )
    amount = {"dropout": "p", "noise": "std"}.get(layer.kind)
    if layer.kind == "sample" or (amount and layer.args[amount]):
        raise Obstacle(layer.span, "lstsq needs features that do not change", "is random", layer)


def _in_the_way(layer: Layer) -> Obstacle:
    return Obstacle(
        layer.span,
        f"lstsq cannot undo `{layer.kind}` on the target",
        "stands between the `dense` layer and the loss",
        layer,
    )
