"""Diagnosis of misplaced stages."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import closest, listing
from ...kinds.arguments import FROZEN_ARG
from ...kinds.layer import LayerKind
from ...layers import LAYERS
from ...source import Span
from .. import ast
from ..elsewhere import Meaning, Sort, meaning
from .arguments import activation
from .constants import lookup
from .fixes import insert, own_stage
from .hints import hint
from .scope import Env, Fault, Flow
from .sharing import hidden, unknown_stage
from .translate import translated, unwrapped
from .values import describe
from .vocabulary import DIRECTIVES


def called_value(stage: ast.Stage, flow: Flow | None, env: Env) -> Fault:
    """Return the fault of `enc(x)`: in a spec data flows along arrows."""
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
    """Return the fault of a stage whose first word is no layer, block or visible stage."""
    word, state = stage.kind, env.state
    if word.id in state.poisoned:
        return Fault()
    const = lookup(word.id, env)
    if const is not None:
        return env.fault(
            codes.NOT_A_STAGE, word.span, f"`{word.id}` is {describe(const)}, not a stage"
        )
    if beginning and not stage.args and not stage.called:
        meant = closest(word.id, [*env.scope.names(), *LAYERS])
        branch = flow is not None and meaning(word.id, Sort.KIND) and not hidden(word, env)
        if (meant is None or meant not in LAYERS) and not branch:
            return unknown_stage(word, env)
    if word.id in DIRECTIVES:
        return env.fault(
            codes.UNKNOWN_KIND,
            word.span,
            f"`{word.id}` is a statement, not a stage",
            help="begin it on a line of its own, or after `;`",
        )
    return unknown_kind(stage, env, ["input"] if flow is None else ["use"])


def without_fork(stage: ast.Stage, kind: LayerKind, env: Env) -> Fault:
    """Return the fault of a merge with a single incoming value."""
    return env.fault(
        codes.MERGE_WITHOUT_FORK,
        stage.kind.span,
        f"`{kind.word}` merges the branches of a fork, and there is none before it",
        help=f"write the values it joins as a fork: `[id, …] -> {kind.word}`",
    )


def refuse_fork(stage: ast.AnyStage, flow: Flow, env: Env) -> None:
    """Refuse the ends of a fork where one value is needed."""
    if not flow.forked or flow.poisoned:
        return
    merges = [name for name, kind in LAYERS.items() if kind.is_merge]
    first, last = flow.ends[0].span, flow.ends[-1].span
    raise env.fault(
        codes.FORK_WITHOUT_MERGE,
        stage.kind.span if isinstance(stage, ast.Stage) else stage.span,
        f"{len(flow.ends)} branch{'es come' if len(flow.ends) > 1 else ' comes'} in where one value is needed",
        labels=[Label(first.to(last), "the branches")],
        help=(
            f"merge them first: `-> {merges[0]}`; the merges are {listing(merges)}"
            if merges
            else ""
        ),
    )


def refuse_repeat(stage: ast.Stage, env: Env) -> None:
    """Refuse `dense(n) * 3`, which is ambiguous, and offer both readings."""
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
    """Return the fault of a name, repeat or activation on a fork."""
    return env.fault(
        codes.DECORATED_FORK,
        span,
        f"a fork cannot be {how}",
        help="it has several values; merge them, and put this after the merge",
    )


def unknown_kind(stage: ast.Stage, env: Env, more: Sequence[str] = ()) -> Fault:
    """Return the fault of a stage whose first word is no kind, block or name."""
    word = stage.kind
    if word.span in env.state.unknown:
        return Fault()
    env.state.unknown.add(word.span)
    kinds = env.state.kinds
    known = [kind.word for kind in LAYERS.values()]
    found = hint(
        word.id, Sort.KIND, [*known, *env.state.blocks, *env.state.fns, *more], kinds.others
    )
    if found is None and env.state.unsure(word.id):
        return Fault()
    meant = found.name if found else ""
    fix = translated(stage, found, env) if found and found.write else unwrapped(stage, env)
    return env.fault(
        codes.UNKNOWN_KIND,
        word.span,
        f"there is no layer or block `{word.id}`",
        here=f"did you mean `{meant}`?" if meant and fix else "",
        help=_advice(found) if fix is None else "",
        fixes=[fix] if fix else (),
    )


def _advice(found: Meaning | None) -> str:
    """Return the advice for an unknown kind without a replacement."""
    if found is None:
        return "`nnc layers` lists the layers; a fully connected one is `dense`"
    return found.advice or f"that is `{found.write}` here; what is written with it does not fit"


def without_source(word: ast.Word, example: str, env: Env) -> Fault:
    """Return the fault of a chain that begins with a layer; it may continue the line above."""
    names = list(env.scope.names())
    known = f", or with a stage named before: {listing(names)}" if names else ""
    advice = f"begin the chain with an input, {example}{known}"
    arrow = f"to go on with the chain above, begin the line with an arrow: `-> {word.id} …`"
    goes_on = _follows_chain(word, env)
    return env.fault(
        codes.NO_SOURCE,
        word.span,
        "a chain needs a source",
        here=f"`{word.id}` has no input",
        help="" if goes_on else advice,
        fixes=[Fix(arrow, (insert(word.span, "-> "),))] if goes_on else (),
    )


def _follows_chain(word: ast.Word, env: Env) -> bool:
    """Return whether a word begins a line that continues the chain above without an arrow."""
    before = word.span.source.text[: word.span.start].rstrip(" \t")
    if word.span.source is not env.state.source or not before.endswith("\n"):
        return False
    above = None
    for statement in env.state.main.statements:
        if statement.span.start == word.span.start:
            break
        above = statement
    stray = isinstance(above, ast.Directive) and above.word.id not in DIRECTIVES
    return isinstance(above, ast.Chain) or stray


def _bare(stage: ast.Stage) -> str:
    """Return the text of a stage without call parentheses: `dense(4)` as `dense 4`."""
    if not stage.called or not all(
        a.key or not isinstance(a.value, ast.Binary) for a in stage.args
    ):
        return stage.span.text
    return " ".join([stage.kind.id, *(arg.span.text for arg in stage.args)])


def _of_owner(arg: ast.Arg, name: ast.Word) -> str:
    """Return advice for an argument about parameters that another stage owns."""
    if arg.key is None or arg.key.id != FROZEN_ARG.name:
        return ""
    return f"write `{arg.span.text}` at the stage called `{name.id}`: its parameters are used here"


def used_name(stage: ast.Stage, env: Env) -> ast.Word:
    """Return the name after `use`, which takes nothing else."""
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
        advice = _of_owner(stage.args[1], names[0])
        raise env.fault(
            codes.FROZEN_CONFLICT if advice else codes.EXTRA_ARGUMENT,
            stage.args[1].span,
            "`use` takes the name of a stage and nothing else",
            help=advice,
        )
    return names[0]
