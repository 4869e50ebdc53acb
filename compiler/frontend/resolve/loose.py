"""Diagnosis of arguments without a position."""

from __future__ import annotations

import re

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix
from ...diagnostics.suggest import listing
from ...losses import LOSSES
from ...source import Span
from .. import ast
from ..elsewhere import argument
from .activations import bounded, no_activation, unknown_activation
from .constants import lookup
from .convert import needs
from .fixes import insert, own_stage, unquoted
from .schema import Schema
from .scope import Env, Fault
from .values import WordConst


def extra(schema: Schema, arg: ast.Arg, env: Env, activations: bool) -> Fault:
    """Return the fault of a positional argument without a position."""
    value = arg.value
    if isinstance(value, ast.Word | ast.DimName):
        return _loose_word(schema, value, env, activations)
    if isinstance(value, ast.ListValue) and any(
        isinstance(item, ast.StagesValue | ast.Word) for item in value.items
    ):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            f"a list is no argument of `{schema.name}`",
            fixes=own_stage(value.span),
        )
    if isinstance(value, ast.CallValue):
        return _loose_call(schema, value, env)
    if colon := colon_after_key(schema, value):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            f"a value of `{schema.name}` follows its key after `=`",
            fixes=[
                Fix(
                    f"write `{colon.replacement}{value.span.text[colon.span.stop-value.span.start:]}`",
                    (colon,),
                )
            ],
        )
    if isinstance(value, ast.Text):
        return env.fault(
            codes.EXTRA_ARGUMENT,
            value.span,
            "words and numbers are written without quotes",
            fixes=unquoted(value),
        )
    if bounds := bounded(schema.name, value):
        return env.fault(
            codes.EXTRA_ARGUMENT, value.span, f"`{schema.name}` takes no value by place", **bounds
        )
    return _too_many(schema, value, env)


def _too_many(schema: Schema, value: ast.Value, env: Env) -> Fault:
    places = len(schema.positionals)
    takes = (
        f"takes {places} value{'s' * (places != 1)} by place, this is one too many"
        if places
        else "takes no value by place"
    )
    return env.fault(
        codes.EXTRA_ARGUMENT,
        value.span,
        f"`{schema.name}` {takes}",
        help=_without_place(schema, value, env),
    )


def colon_after_key(schema: Schema, value: ast.Value) -> Edit | None:
    """Return the edit from `units: 30`, which was parsed as a range, to `units=30`."""
    if not isinstance(value, ast.Range) or not isinstance(value.start, ast.Word):
        return None
    if schema.spec(value.start.id) is None:
        return None
    place = Span(value.span.source, value.start.span.start, value.stop.span.start)
    return Edit(place, f"{value.start.id}=")


def _without_place(schema: Schema, value: ast.Value, env: Env) -> str:
    """Return advice for a superfluous value."""
    text = value.span.text
    if schema.spec("in") and schema.spec("units"):
        return f"only what comes out is said, what comes in is known: `{schema.name} {text}`"
    if env.state.kinds.activation(schema.name) and isinstance(value, ast.Number):
        return f"an activation has no units: write `dense {text} {schema.name}`"
    keys = listing(f"{s.name}=…" for s in schema.args if not s.positional)
    others = "others are" if schema.positionals else "its arguments are"
    return f"{others} given by key: {keys}" if keys else ""


def _loose_call(schema: Schema, value: ast.CallValue, env: Env) -> Fault:
    name = value.name
    known = env.state.kinds
    if known.find(name.id) or name.id in env.state.blocks:
        return _missing_arrow(value.span, name.id, env)
    candidates = [*known.activations(), *env.state.fns]
    return unknown_activation(name, value.span, "an activation", candidates, env)


def _missing_arrow(span: Span, name: str, env: Env) -> Fault:
    return env.fault(
        codes.EXTRA_ARGUMENT,
        span,
        f"`{name}` is a stage of its own",
        fixes=own_stage(span),
    )


def _loose_word(schema: Schema, word: ast.Word | ast.DimName, env: Env, activations: bool) -> Fault:
    """Return the fault of a word: an option without its key, another stage, or a misspelling."""
    kinds = env.state.kinds
    if isinstance(word, ast.Word):
        const = lookup(word.id, env)
        if const is not None and not isinstance(const, WordConst):
            return env.fault(
                codes.EXTRA_ARGUMENT,
                word.span,
                f"`{schema.name}` takes no further value by place",
            )
        if const is None and word.id == "linear" and activations:
            return no_activation(word, env)
        if const is None and (kinds.find(word.id) or word.id in env.state.blocks):
            return _missing_arrow(word.span, word.id, env)
    named = argument(word.id, schema.name, [spec.name for spec in schema.args])
    spec = schema.spec(named.write if named else word.id)
    if spec:
        return env.fault(
            codes.EXTRA_ARGUMENT,
            word.span,
            f"`{word.id}` is the name of an argument, its value follows `=`",
            help=f"write `{spec.name}=…`",
        )
    for spec in schema.args:
        if not spec.positional and word.id.lower() in needs(spec):
            return env.fault(
                codes.EXTRA_ARGUMENT,
                word.span,
                f"`{word.id}` stands without its key",
                fixes=[
                    Fix(f"write `{spec.name}={word.id}`", (insert(word.span, f"{spec.name}="),))
                ],
            )
    candidates = list(env.constants())
    if activations:
        candidates = [*kinds.activations(), *env.state.fns, *candidates]
    what = "a let, a parameter or an activation" if activations else "a value"
    times = re.fullmatch("x([0-9]+)", word.id)
    advice = f"a repeat is written `( … ) * {times[1]}`" if times and activations else ""
    if schema.name in LOSSES:
        stage = word.id if env.scope.find(word.id) else "NAME"
        advice = f"a loss judges the stage that `on {stage}` names; targets come with the data"
    if not activations:
        return env.unknown(word, what, candidates, advice)
    return unknown_activation(word, word.span, what, candidates, env, advice)
