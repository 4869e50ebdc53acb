"""Formulas (`fn`) as kinds of stages, activations and losses; used only for specs that have some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Code, Label
from ...ir.formula import FORMULA, Formula
from ...kinds.arguments import ArgSpec, Flag, Num, option, positional
from ...kinds.layer import LayerKind
from ...layers import LAYERS
from ...source import Span
from .. import ast
from .fns import formula
from .schema import Schema
from .scope import Env


def specs(found: Formula) -> tuple[ArgSpec, ...]:
    """Return the arguments of a stage or loss that computes a formula: its numbers."""
    numbers = (
        positional(name, Num(), f"a number of the formula, {value:g} unless given", value)
        for name, value in found.numbers
    )
    return (option(FORMULA, Flag(), "", found), *numbers)


def layer_kind(word: ast.Word, env: Env) -> LayerKind:
    """Return the kind of a formula as a stage: an activation, or a merge of several values."""
    return _kind(word, codes.NOT_A_STAGE, env)


def _kind(word: ast.Word, code: Code, env: Env) -> LayerKind:
    """Return the kind of a formula; a loss is refused with the code."""
    found = formula(word.id, env)
    if found.has_target:
        raise env.fault(
            code,
            word.span,
            f"`{found.name}` is a loss: it has a target `t`",
            labels=[Label(found.span, "defined here")],
            help=f"write `loss {found.name}`, or call the value otherwise than `t`",
        )
    return replace(LAYERS[found.kind], args=specs(found), example=found.name)


def activation_kind(word: ast.Word, env: Env) -> LayerKind:
    """Return the kind of a formula of one value as a trailing activation."""
    kind = _kind(word, codes.REFUSED_ACTIVATION, env)
    if kind.is_merge:
        found = formula(word.id, env)
        raise env.fault(
            codes.REFUSED_ACTIVATION,
            word.span,
            f"`{found.name}` takes {len(found.values)} values, and an activation has one",
            labels=[Label(found.span, "defined here")],
            help=f"join the values in a fork before it: `[…, …] -> {found.name}`",
        )
    return kind


def loss_schema(found: Formula, common: Sequence[ArgSpec], span: Span, env: Env) -> Schema:
    """Return the schema of a loss with a formula: its numbers, and the `common` arguments."""
    taken_names = {spec.name for spec in common}
    for name, _ in found.numbers:
        if name in taken_names:
            raise env.fault(
                codes.NAME_RESERVED,
                span,
                f"every loss has an argument `{name}`, which the formula has, too",
                labels=[Label(found.span, "defined here")],
                help=f"call the number of `{found.name}` otherwise",
            )
    return Schema(found.name, (*specs(found), *common), f"loss {found.name}")
