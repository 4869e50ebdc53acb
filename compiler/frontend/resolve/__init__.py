"""The resolver from syntax tree to layer graph: names, constants, blocks and settings.

Faults are reported and worked around: whatever depends on a faulty stage is left out silently, so
that one fault is one error and the rest of the spec is still checked."""

from __future__ import annotations

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Report
from ...ir.layer_graph import Layer, LayerGraph, Training
from ...source import Span
from .. import ast
from .branches import named_ends
from .build import Layers, Passed
from .constants import judge_let, let_value
from .expand import Expander
from .files import Collector, Load
from .outputs import choose
from .scope import End, Env, Fault, Flow, Naming, Scope, SpecState, TooLarge
from .settings import Settings, read_settings
from .unexpanded import check_unexpanded
from .unused import warn_definitions, warn_values
from .vocabulary import Kinds

__all__ = ["Passed", "resolve"]


def resolve(
    file: ast.File,
    load: Load,
    report: Report,
    aside: list[tuple[Layer, ...]] | None = None,
    passed: list[Passed] | None = None,
) -> LayerGraph | None:
    """Return the layer graph of a file; None for a library, or if nothing could be built.

    With errors in the report, the graph lacks the faulty stages, and UNKNOWN replaces their values.
    The layers of blocks that are never expanded are appended to `aside`, the expanded stages with
    their layers to `passed`."""
    state = SpecState(report, file, Kinds.current())
    env = Env(state, Scope(Naming()))
    try:
        Collector(env, load).collect(file)
        return _build(state, env, [] if aside is None else aside, Layers(passed=passed))
    except TooLarge:
        return None


def _build(
    state: SpecState, env: Env, aside: list[tuple[Layer, ...]], layers: Layers
) -> LayerGraph | None:
    chains = [s for s in state.main.statements if isinstance(s, ast.Chain)]
    expander = Expander(layers, env.scope)
    _evaluate_lets(env)
    if any(isinstance(d, ast.Fn) for d in (*state.fns.values(), *state.refused)):
        from .fns import judge_all

        judge_all(env)
    last = _expand(chains, expander, env)
    settings = read_settings(state.main, env)
    aside += check_unexpanded(env)
    if not chains:
        _refuse_settings(settings, state, env)
        return None
    layers.name_inputs(env)
    chosen = choose(settings, last, layers.made, env)
    if not state.broken and not state.report.has_errors:
        if not chosen.outputs:
            _no_output(chains[-1], env)
        else:
            warn_definitions(state, env)
            warn_values(layers.made, chosen, env)
    if not layers.made:
        return None
    training = Training(
        optimizer=settings.optimizer,
        schedule=settings.schedule,
        clip=settings.clip,
        train=settings.train,
        metrics=tuple(settings.metrics),
    )
    return LayerGraph(
        layers=tuple(layers.made),
        outputs=chosen.outputs,
        losses=chosen.losses,
        regularize=settings.regularize,
        training=training,
        dtype=settings.dtype,
        model=settings.model,
    )


def _expand(chains: list[ast.Chain], expander: Expander, env: Env) -> Flow | None:
    """Expand every chain; return the end of the last one that has stages."""
    last: Flow | None = None
    for chain in chains:
        flow = expander.chain(chain, None, env, True) or Flow((End(None, None, chain.span),))
        if flow.forked:
            flow = named_ends(flow, env)
        if len(chain.stages) > 1 or not isinstance(chain.stages[0], ast.Stage):
            last = flow
    return last


def _evaluate_lets(env: Env) -> None:
    """Check every let, including unused ones, in the order of the file."""
    for name in env.state.lets:
        try:
            let_value(name, env, used=False)
        except Fault:
            continue
    for definition in env.state.refused:
        if isinstance(definition, ast.Let):
            judge_let(definition, env)


def _no_output(chain: ast.Chain, env: Env) -> None:
    env.fault(
        codes.NO_OUTPUT,
        chain.span,
        "the spec has no output: no chain goes on from its source",
        help=f"go on with a stage: `{' '.join(chain.span.text.split())} -> dense 10`",
    )


def _refuse_settings(settings: Settings, state: SpecState, env: Env) -> None:
    """Refuse outputs and losses in a library, and a library without definitions."""
    if state.broken or state.report.has_errors:
        return
    outputs = [word.span for word in settings.outputs]
    places = [*outputs, *(words.setting.span for words in settings.losses)]
    statements = state.main.statements
    if places:
        _nothing("there is no chain in this file", places[0], env)
    elif not statements:
        _nothing("there is nothing in this file", state.source.span(0, 0), env)
    elif not any(_defines(statement) for statement in statements):
        _nothing("there is neither a chain nor a definition in this file", statements[0].span, env)


def _defines(statement: ast.Statement) -> bool:
    """Return whether a statement is a definition that a library may consist of."""
    defined = isinstance(statement, ast.Let | ast.Block | ast.Fn)
    return defined or (isinstance(statement, ast.Directive) and statement.word.id == "include")


def _nothing(message: str, place: Span, env: Env) -> None:
    advice = "a network begins with an input: `input 784 -> dense 10`"
    env.fault(codes.NO_OUTPUT, place, message, help=advice)
