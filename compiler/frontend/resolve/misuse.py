"""Stages that cannot stand where they do, and what their author may have meant."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import closest, listing, replacement
from ...layers import LAYERS, LayerKind
from ...source import Span
from .. import ast
from .arguments import activation, not_built
from .constants import lookup
from .fixes import own_stage
from .scope import Env, Fault, Flow
from .sharing import unknown_stage
from .values import describe
from .vocabulary import DIRECTIVES, LANGUAGE


def called_value(stage: ast.Stage, flow: Flow | None, env: Env) -> Fault:
    """`enc(x)`: in a spec data flows along arrows."""
    names = [a.value.id for a in stage.args if isinstance(a.value, ast.Word)]
    source = names[0] if len(names) == 1 and env.scope.find(names[0]) else None
    again = f"{source or '…'} -> use {stage.kind.id}"
    fix = Fix(f"to apply the stage again write `{again}`", (Edit(stage.span, again),))
    fixable = source is not None and flow is None
    return env.fault(
        codes.NOT_A_STAGE,
        stage.span,
        f"`{stage.kind.id}` is the value of a stage, which cannot be called",
        help="" if fixable else fix.title,
        fixes=[fix] if fixable else (),
    )


def unknown_stage_word(stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool) -> Fault:
    """A stage whose first word is no layer, block or stage that can be seen from here."""
    word, program = stage.kind, env.program
    if word.id in program.poisoned:
        return Fault()
    const = lookup(word.id, env)
    if const is not None:
        return env.fault(
            codes.NOT_A_STAGE, word.span, f"`{word.id}` is {describe(const)}, not a stage"
        )
    unbuilt = program.kinds.unbuilt(word.id)
    if unbuilt:
        return not_built(word.span, unbuilt, "layer", env)
    if beginning and not stage.args and not stage.called:
        meant = closest(word.id, [*env.scope.names(), *LAYERS])
        if meant is None or meant not in LAYERS:
            return unknown_stage(word, env)
    if word.id in DIRECTIVES:
        return env.fault(
            codes.UNKNOWN_KIND,
            word.span,
            f"`{word.id}` is a statement, not a stage",
            help="begin it on a line of its own, or after `;`",
        )
    return unknown_kind(word, env, ["input"] if flow is None else ["use"])


def without_fork(stage: ast.Stage, kind: LayerKind, env: Env) -> Fault:
    """A merge where only one value comes in."""
    return env.fault(
        codes.MERGE_WITHOUT_FORK,
        stage.kind.span,
        f"`{kind.name}` merges the branches of a fork, and there is none before it",
        help=f"write the values it joins as a fork: `[id, …] -> {kind.name}`",
    )


def reduction(stage: ast.Stage, kind: LayerKind, flow: Flow, env: Env) -> Fault:
    """A merge's name away from a fork stands for a reduction."""
    if flow.poisoned:
        return Fault()
    return not_built(stage.kind.span, kind.name, "reduction", env)


def refuse_fork(stage: ast.AnyStage, flow: Flow, env: Env) -> None:
    """Refuse the ends of a fork where one value is needed."""
    if not flow.forked or flow.poisoned:
        return
    merges = [name for name, kind in LAYERS.items() if kind.is_merge]
    first, last = flow.ends[0].span, flow.ends[-1].span
    raise env.fault(
        codes.FORK_WITHOUT_MERGE,
        stage.kind.span if isinstance(stage, ast.Stage) else stage.span,
        f"{len(flow.ends)} branches come in where one value is needed",
        labels=[Label(first.to(last), "the branches")],
        help=(
            f"merge them first: `-> {merges[0]}`; the merges are {listing(merges)}"
            if merges
            else ""
        ),
    )


def refuse_repeat(stage: ast.Stage, env: Env) -> None:
    """Refuse `dense(n) * 3`, which has two readings, and offer both."""
    if stage.repeat is None:
        return
    body, count = stage.span.text, stage.repeat.span.text
    group = f"({_bare(stage)}) * {count}"
    end = Span(stage.span.source, stage.span.start, stage.repeat.span.stop)
    fixes = [Fix(f"for {count} layers one after the other write `{group}`", (Edit(end, group),))]
    if stage.args and stage.args[0].key is None and stage.kind.id in LAYERS:
        first = stage.args[0].value.span.text
        product = f"{stage.kind.id} ({first} * {count})"
        fixes.append(Fix(f"to multiply the argument write `{product}`", (Edit(end, product),)))
    raise env.fault(
        codes.REPEATED_LAYER,
        end,
        f"`{body}` is a single stage; only groups and blocks can be repeated",
        fixes=fixes,
    )


def decorated(how: str, span: Span, env: Env) -> Fault:
    """A name, repeat or activation on a fork."""
    return env.fault(
        codes.DECORATED_FORK,
        span,
        f"a fork cannot be {how}",
        help="it has several values; merge them, and put this after the merge",
    )


def unknown_kind(word: ast.Word, env: Env, more: Sequence[str] = ()) -> Fault:
    """The fault of a stage whose first word is no kind, block or name."""
    if word.span in env.program.unknown:
        return Fault()
    env.program.unknown.add(word.span)
    meant = closest(
        word.id,
        [*LAYERS, *env.program.blocks, *more, *LANGUAGE["layer kind"], *env.program.kinds.others],
    )
    if env.program.broken and meant is None:
        return Fault()
    proper = env.program.kinds.proper(meant) if meant else None
    return env.fault(
        codes.UNKNOWN_KIND,
        word.span,
        f"there is no layer or block `{word.id}`",
        here=f"did you mean `{proper}`?" if proper else "",
        fixes=replacement(word.span, proper),
    )


def source_help(env: Env) -> str:
    """How a chain may begin, with the names there are."""
    names = list(env.scope.names())
    known = f", or with a stage named before: {listing(names)}" if names else ""
    return f"begin the chain with an input, `input 784 -> …`{known}"


def _bare(stage: ast.Stage) -> str:
    """The text of a stage with its call parentheses taken off: `dense(4)` as `dense 4`."""
    if not stage.called or not all(
        a.key or not isinstance(a.value, ast.Binary) for a in stage.args
    ):
        return stage.span.text
    return " ".join([stage.kind.id, *(arg.span.text for arg in stage.args)])


def used_name(stage: ast.Stage, env: Env) -> ast.Word:
    """The name after `use`, which takes nothing else."""
    names = [arg.value for arg in stage.args]
    if not names or not isinstance(names[0], ast.Word) or stage.args[0].key:
        raise env.fault(
            codes.MISSING_ARGUMENT,
            stage.span,
            "`use` needs the name of a stage",
            help="write `use NAME`",
        )
    if len(names) > 1:
        if activation(names[1], env) is not None:
            raise env.fault(
                codes.REFUSED_ACTIVATION,
                names[1].span,
                "`use` takes no activation, it applies the stage with its own",
                fixes=own_stage(names[1].span),
            )
        raise env.fault(
            codes.EXTRA_ARGUMENT,
            stage.args[1].span,
            "`use` takes the name of a stage and nothing else",
        )
    return names[0]
