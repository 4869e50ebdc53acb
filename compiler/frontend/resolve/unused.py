"""Warnings about unused definitions and values."""

from __future__ import annotations

from collections.abc import Mapping

from ...diagnostics.codes import names as codes
from ...ir.layer_graph import Layer
from .. import ast
from .outputs import Chosen
from .scope import Env, SpecState


def warn_definitions(state: SpecState, env: Env) -> None:
    """Warn of lets, blocks and formulas of the file itself without references."""
    definitions: Mapping[str, ast.Let | ast.Block | ast.Fn]
    for kind, definitions in (("let", state.lets), ("block", state.blocks), ("formula", state.fns)):
        for name, definition in definitions.items():
            span = definition.name.span
            if name not in state.used and span.source is state.source:
                env.fault(
                    codes.UNUSED_DEFINITION,
                    span,
                    f"the {kind} `{name}` is never used",
                    help="remove it, or use it",
                )


def warn_values(layers: list[Layer], chosen: Chosen, env: Env) -> None:
    """Warn of layers whose value is unused: by no layer or loss, and no output."""
    used = {i for layer in layers for i in layer.inputs}
    used |= {output.layer for output in chosen.outputs}
    used |= {i for loss in chosen.losses for i in loss.layers}
    for layer in layers:
        if layer.id in used:
            continue
        what = "input" if layer.kind == "input" else "value"
        env.fault(
            codes.UNUSED_VALUE,
            layer.span,
            f"nothing uses the {what} `{layer.name}`",
            help="go on from it in a chain, list it under `output`, or remove it",
        )
