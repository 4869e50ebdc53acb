"""From chains to layers: blocks, groups, repeats, forks, names and shared parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...diagnostics.codes import limits
from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import closest, listing, replacement
from ...layers import LAYERS, LayerKind
from ...source import Span
from .. import ast
from . import arguments
from .arguments import Schema, Trailing, activation, bind, only_activations
from .blocks import bind_params, split_arguments
from .build import Layers, check_activations, two_activations
from .constants import lookup, whole
from .fixes import own_stage
from .inputs import input_type
from .naming import check_stage, poison
from .scope import Bound, End, Env, Fault, Flow, Naming, Scope, TooLarge
from .sharing import find_stage, unknown_stage, usable
from .values import CallConst, ListConst, StagesConst, WordConst, describe
from .vocabulary import DIRECTIVES, LANGUAGE, REDUCTIONS

MAX_DEPTH = 64
"""How deep groups, forks and block calls may nest."""


@dataclass(slots=True)
class Expander:
    """Expands chains one after the other into `layers`; `root` is the file's own scope."""

    layers: Layers
    root: Scope
    depth: int = 0

    def chain(self, chain: ast.Chain, flow: Flow | None, env: Env, beginning: bool) -> Flow | None:
        """The value at the end of a chain; a faulty stage poisons what follows it.

        `beginning` tells that the first stage may be a source: of a statement (then `flow` is
        None) or of a fork's branch.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLarge(
                env.fault(
                    limits.EXPANSION_TOO_LARGE,
                    chain.span,
                    f"stages nest deeper than {MAX_DEPTH} levels",
                )
            )
        for i, stage in enumerate(chain.stages):
            try:
                flow = self._stage(stage, flow, env, beginning and i == 0)
            except Fault:
                flow = Flow((End(None, None, stage.span),))
                poison(stage, env)
        self.depth -= 1
        return flow

    def _stage(
        self, stage: ast.AnyStage, flow: Flow | None, env: Env, beginning: bool
    ) -> Flow | None:
        self.layers.count_stage(stage.span, env)
        name = stage.name
        if isinstance(stage, ast.Fork):
            return self._fork(stage, flow, env)
        if name is None:
            return self._expand(stage, flow, env, beginning, None)
        start = len(self.layers.made)
        called = env.scope.full(name.id)
        result = self._expand(stage, flow, env, beginning, called)
        check_stage(name, env)
        if result is None:
            poison(stage, env)
            return None
        if result.forked and not result.poisoned:
            raise self._decorated("named", name.span, env)
        end = replace(result.end, name=name.id)
        env.scope.stages[name.id] = self._bound(stage, end, name, flow, env, start, called)
        return Flow((end,))

    def _bound(
        self,
        stage: ast.Stage | ast.Group,
        end: End,
        name: ast.Word,
        flow: Flow | None,
        env: Env,
        start: int,
        called: str,
    ) -> Bound:
        known = env.scope.find(stage.kind.id) if isinstance(stage, ast.Stage) else None
        if known is not None and known.end.layer == end.layer:
            return replace(known, end=end, span=name.span)
        made = self.layers.made[start:]
        single = made[0] if len(made) == 1 and made[0].name == called else None
        kind, owner = (single.kind, single.owner) if single else ("", "")
        return Bound(end, name.span, stage, env, start, flow, kind, owner)

    def _expand(
        self,
        stage: ast.Stage | ast.Group,
        flow: Flow | None,
        env: Env,
        beginning: bool,
        called: str | None,
    ) -> Flow | None:
        if isinstance(stage, ast.Group):
            return self._piece(stage.chain, env, stage, flow, env, called)
        return self._word(stage, flow, env, beginning, called)

    # --- words ----------------------------------------------------------------------------

    def _word(
        self, stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool, called: str | None
    ) -> Flow | None:
        """A stage by the word it begins with; a parameter may stand for a piece of network."""
        if stage.kind.id in env.params:
            match lookup(stage.kind.id, env):
                case WordConst(id):
                    stage = replace(stage, kind=ast.Word(id, stage.kind.span))
                case CallConst(call, seen):
                    inner = ast.Stage(
                        call.name, call.args, True, len(call.args), None, None, call.span
                    )
                    body = replace(seen, calls=env.calls)
                    return self._piece(
                        ast.Chain((inner,), call.span), body, stage, flow, env, called
                    )
                case StagesConst(chain, seen):
                    body = replace(seen, calls=env.calls)
                    return self._piece(chain, body, stage, flow, env, called)
                case ListConst() as items:
                    return self._branches(items, stage, flow, env)
        return self._kind(stage, flow, env, beginning, called)

    def _kind(
        self, stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool, called: str | None
    ) -> Flow | None:
        word, program = stage.kind.id, env.program
        if word == "input":
            return self._input(stage, env, beginning, called)
        if word == "use":
            return self._use(stage, self._sourced(stage, flow, env), env, called)
        if word not in LAYERS and env.scope.find(word) is not None:
            return self._reference(stage, flow, env, beginning)
        block = program.blocks.get(word)
        if block is not None:
            return self._block(stage, block, self._sourced(stage, flow, env), env, called)
        kind = program.kinds.find(word)
        if kind is not None:
            return self._layer(stage, kind, self._sourced(stage, flow, env), env, called)
        raise self._unknown(stage, flow, env, beginning)

    def _sourced(self, stage: ast.Stage, flow: Flow | None, env: Env) -> Flow:
        """The incoming value; a stage without one is a fault, after which it is still checked."""
        if flow is not None:
            return flow
        env.fault(
            codes.NO_SOURCE,
            stage.kind.span,
            "a chain needs a source",
            here=f"`{stage.kind.id}` has no input",
            help=_source_help(env),
        )
        return Flow((End(None, None, stage.span),))

    def _input(self, stage: ast.Stage, env: Env, beginning: bool, called: str | None) -> Flow:
        if not beginning:
            raise env.fault(
                codes.MISPLACED_SOURCE,
                stage.kind.span,
                "an input in the middle of a chain",
                help="an input begins a chain or a branch of a fork",
            )
        if env.scope is not self.root:
            raise env.fault(
                codes.MISPLACED_SOURCE,
                stage.kind.span,
                "an input inside a block, or a named or repeated group",
                help="declare the input in a chain of its own and give it a name with `as`",
            )
        self._refuse_repeat(stage, env)
        return Flow((self.layers.add_input(called, input_type(stage, env), stage),))

    def _reference(self, stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool) -> Flow:
        word = stage.kind
        if stage.args or stage.called:
            raise self._called_value(stage, flow, env)
        if not beginning:
            raise env.fault(
                codes.MISPLACED_SOURCE,
                word.span,
                f"the value `{word.id}` in the middle of a chain",
                help=f"`use {word.id}` applies that stage again; a fork and a merge join two values",
            )
        self._refuse_repeat(stage, env)
        return Flow((replace(find_stage(word, env).end, span=stage.span),))

    def _called_value(self, stage: ast.Stage, flow: Flow | None, env: Env) -> Fault:
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

    def _unknown(self, stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool) -> Fault:
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
            return arguments.not_built(word.span, unbuilt, "layer", env)
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

    # --- layers ---------------------------------------------------------------------------

    def _layer(
        self, stage: ast.Stage, kind: LayerKind, flow: Flow, env: Env, called: str | None
    ) -> Flow:
        self._refuse_repeat(stage, env)
        if kind.name in REDUCTIONS and kind.is_merge and not flow.forked:
            raise self._reduction(stage, kind, flow, env)
        bound = bind(
            Schema(kind.name, kind.args, kind.example),
            stage.kind.span,
            stage.args,
            env,
            activations=True,
        )
        check_activations(kind, bound.trailing, env)
        if kind.is_merge and not flow.forked and not flow.poisoned:
            raise self._unforked(stage, kind, env)
        if not kind.is_merge:
            self._refuse_fork(stage, flow, env)
        if kind.name == "id":
            return flow
        name = called or env.scope.naming.count(kind.name)
        return Flow((self.layers.add(name, kind, bound, flow, (stage.span, stage.kind.span), env),))

    def _unforked(self, stage: ast.Stage, kind: LayerKind, env: Env) -> Fault:
        return env.fault(
            codes.MERGE_WITHOUT_FORK,
            stage.kind.span,
            f"`{kind.name}` merges the branches of a fork, and there is none before it",
            help=f"write the values it joins as a fork: `[id, …] -> {kind.name}`",
        )

    def _reduction(self, stage: ast.Stage, kind: LayerKind, flow: Flow, env: Env) -> Fault:
        if flow.poisoned:
            return Fault()
        return arguments.not_built(stage.kind.span, kind.name, "reduction", env)

    def _refuse_fork(self, stage: ast.AnyStage, flow: Flow, env: Env) -> None:
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

    def _refuse_repeat(self, stage: ast.Stage, env: Env) -> None:
        if stage.repeat is None:
            return
        body, count = stage.span.text, stage.repeat.span.text
        group = f"({_bare(stage)}) * {count}"
        end = Span(stage.span.source, stage.span.start, stage.repeat.span.stop)
        fixes = [
            Fix(f"for {count} layers one after the other write `{group}`", (Edit(end, group),))
        ]
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

    # --- pieces: groups, blocks, stages handed to blocks ----------------------------------

    def _block(
        self, stage: ast.Stage, block: ast.Block, flow: Flow, env: Env, called: str | None
    ) -> Flow | None:
        name = block.name.id
        env.program.used.add(name)
        if name in env.active:
            raise env.fault(
                codes.RECURSIVE_BLOCK,
                stage.kind.span,
                f"the block `{name}` contains itself: {' -> '.join([*env.active, name])}",
                labels=[Label(block.name.span, f"`{name}` is defined here")],
            )
        own, rest = split_arguments(stage, block, env)
        params = bind_params(block, own, stage.span, env)
        inside = Env(
            env.program, Scope(Naming()), params, (*env.calls, stage.span), (*env.active, name)
        )
        return self._piece(block.body, inside, replace(stage, args=rest), flow, env, called, block)

    def _piece(
        self,
        chain: ast.Chain,
        body: Env,
        stage: ast.Stage | ast.Group,
        flow: Flow | None,
        env: Env,
        called: str | None,
        block: ast.Block | None = None,
    ) -> Flow | None:
        """Expand a chain seen from `body`, as often as the stage in `env` says."""
        trailing = self._trailing(stage, env)
        count = self._count(stage.repeat, env)
        for scope in self._scopes(count, called, body, env, block):
            self.layers.count_stage(stage.span, env)
            flow = self.chain(
                chain, flow, body if scope is body.scope else replace(body, scope=scope), False
            )
            if trailing and flow is not None:
                flow = self._activate(trailing, stage, flow, replace(env, scope=scope))
        return flow

    def _scopes(
        self, count: int | None, called: str | None, body: Env, env: Env, block: ast.Block | None
    ) -> Iterator[Scope]:
        """The scope of each copy; a plain group has none of its own."""
        naming, parent = env.scope.naming, None if block else body.scope
        if count is None and called is None and block is None:
            yield body.scope if body.scope is env.scope else Scope(naming, parent, counted=True)
            return
        for i in range(1, (1 if count is None else count) + 1):
            if called is not None:
                own = called if count is None else f"{called}.{i}"
                yield Scope(Naming(f"{own}."), parent)
            elif block is not None:
                yield Scope(Naming(f"{naming.count(block.name.id)}."), parent)
            else:
                yield Scope(naming, parent, counted=True)

    def _count(self, repeat: ast.Value | None, env: Env) -> int | None:
        if repeat is None:
            return None
        count = whole(repeat, env, "a repeat is counted by a whole number")
        if count < 0:
            raise env.fault(
                codes.OUT_OF_BOUNDS, repeat.span, f"a repeat must be at least 0, not {count}"
            )
        self.layers.reserve(count, repeat.span, env)
        return count

    def _trailing(self, stage: ast.Stage | ast.Group, env: Env) -> Trailing | None:
        if not stage.args:
            return None
        what = stage.kind.id if isinstance(stage, ast.Stage) else "a group"
        found = only_activations(stage.args, Schema(what, ()), env)
        if len(found) > 1:
            raise two_activations(found, env)
        return found[0]

    def _activate(
        self, trailing: Trailing, stage: ast.Stage | ast.Group, flow: Flow, env: Env
    ) -> Flow:
        """An activation after a block or group is a layer of its own on the output."""
        self._refuse_fork(stage, flow, env)
        if trailing.kind.name == "id":
            return flow
        bound = arguments.Bound(trailing.args, trailing.given)
        name = env.scope.naming.count(trailing.kind.name)
        places = (trailing.span, trailing.span)
        return Flow((self.layers.add(name, trailing.kind, bound, flow, places, env),))

    # --- use ------------------------------------------------------------------------------

    def _use(self, stage: ast.Stage, flow: Flow, env: Env, called: str | None) -> Flow | None:
        self._refuse_repeat(stage, env)
        target = usable(_used_name(stage, env), env)
        self._refuse_fork(stage, flow, env)
        called = called or env.scope.naming.count("use")
        before = self.layers.shared
        seen = replace(target.env, calls=(*env.calls, stage.span))
        self.layers.shared = (target.start, len(self.layers.made))
        try:
            assert not isinstance(target.stage, ast.Fork)
            return self._expand(target.stage, flow, seen, False, called)
        finally:
            self.layers.shared = before

    # --- forks ----------------------------------------------------------------------------

    def _fork(self, fork: ast.Fork, flow: Flow | None, env: Env) -> Flow:
        if fork.name is not None:
            self._decorated("named", fork.name.span, env)
        if fork.repeat is not None:
            self._decorated("repeated", fork.repeat.span, env)
        if fork.args:
            self._decorated("given an activation", fork.args[0].span, env)
        if flow is not None:
            self._refuse_fork(fork, flow, env)
        ends = [self._branch(self.chain(b, flow, env, True), b.span, env) for b in fork.branches]
        return Flow(tuple(ends), forked=True)

    def _branches(self, items: ListConst, stage: ast.Stage, flow: Flow | None, env: Env) -> Flow:
        """A list of stages handed to a block stands for a fork."""
        self._refuse_repeat(stage, env)
        flow = self._sourced(stage, flow, env)
        ends = []
        for item in items.items:
            if not isinstance(item, WordConst | CallConst | StagesConst):
                raise env.fault(
                    codes.NOT_A_STAGE,
                    stage.span,
                    f"`{stage.kind.id}` holds {describe(item)}, not stages",
                )
            inner = replace(env, params={**env.params, stage.kind.id: item})
            piece = replace(stage, args=(), called=False, inside=0, name=None)
            ends.append(self._branch(self._word(piece, flow, inner, False, None), stage.span, env))
        return Flow(tuple(ends), forked=True)

    def _branch(self, flow: Flow | None, span: Span, env: Env) -> End:
        if flow is None:
            return End(None, None, span)
        if flow.forked and not flow.poisoned:
            env.fault(
                codes.FORK_WITHOUT_MERGE,
                span,
                "this branch ends in a fork of its own",
                help="merge the inner fork first",
            )
            return End(None, None, span)
        return replace(flow.end, span=span)

    def named_ends(self, flow: Flow, env: Env) -> Flow:
        """A fork may end a chain if the end of every branch has a name."""
        unnamed = [end for end in flow.ends if end.name is None]
        if not unnamed or flow.poisoned:
            return flow
        env.fault(
            codes.FORK_WITHOUT_MERGE,
            unnamed[0].span,
            "this branch ends the chain without a name",
            help="merge the fork, or name the end of every branch with `as`",
        )
        return Flow((End(None, None, unnamed[0].span),))

    def _decorated(self, how: str, span: Span, env: Env) -> Fault:
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


def _source_help(env: Env) -> str:
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


def _used_name(stage: ast.Stage, env: Env) -> ast.Word:
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
