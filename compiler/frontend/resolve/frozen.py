"""Checks of frozen shared parameters: only their owner determines whether they are frozen."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Label
from ...ir.layer_graph import Layer
from ...kinds.layer import no_params
from ...layers import LAYERS
from ...source import Span
from .scope import Bound, Env


def check_used(used: Sequence[Layer], owner: Bound, span: Span, env: Env) -> None:
    """Refuse `use` in a frozen group of layers that are trained."""
    if not env.frozen or owner.env.frozen:
        return
    if any(has_parameters(layer) and not layer.frozen for layer in used):
        _conflict(span, owner.span, env)


def check_tied(layer: Layer, made: Sequence[Layer], env: Env) -> None:
    """Refuse a frozen layer with the weights of a trained one."""
    tie = layer.args.get("tie")
    if not layer.frozen or tie is None:
        return
    owner = next(other for other in made if other.name == tie)
    if not owner.frozen:
        _conflict(layer.given.get("frozen", layer.span), owner.span, env)


def has_parameters(layer: Layer) -> bool:
    """Return whether a layer or its activation may have parameters."""
    kinds = [layer.kind, *([layer.activation.kind] if layer.activation else ())]
    return any(LAYERS[kind].params is not no_params for kind in kinds)


def _conflict(here: Span, owner: Span, env: Env) -> None:
    env.fault(
        codes.FROZEN_CONFLICT,
        here,
        "the parameters used here are trained where they are defined",
        here="would be frozen",
        labels=[Label(owner, "trained")],
        help="write `frozen=true` there, or leave it out here",
    )
