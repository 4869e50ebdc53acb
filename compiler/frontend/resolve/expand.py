"""Expansion of chains to layers: blocks, groups, repeats, forks, names and shared parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...diagnostics.codes import limits
from ...diagnostics.codes import names as codes
from ...diagnostics.model import Label, Report, TooManyErrors
from ...kinds.layer import Family, LayerKind
from ...layers import LAYERS
from ...source import Span
from .. import ast
from .arguments import bind
from .blocks import bind_params, split_arguments
from .branches import branch_end
from .build import Layers, check_activations
from .constants import lookup, whole
from .copies import copy_scopes, trailing_of
from .frozen import check_tied, check_used
from .inputs import input_type, note_sizes
from .misuse import (
    called_value,
    decorated,
    refuse_fork,
    refuse_repeat,
    unknown_stage_word,
    used_name,
    without_fork,
    without_source,
)
from .naming import check_stage, poison
from .schema import BoundArguments, Repaired, Schema, Trailing
from .scope import Bound, End, Env, Fault, Flow, Naming, Scope, TooLarge
from .sharing import find_stage, usable
from .stage_kinds import kind_named
from .values import CallConst, ListConst, StagesConst, WordConst, describe
from .vocabulary import REDUCTIONS

_OF_NUMBERS = (codes.OUT_OF_BOUNDS, codes.NOT_WHOLE, codes.NOT_COMPUTABLE)
SHAPE_WHATEVER_ARGUMENTS = {Family.ACTIVATION, Family.NORM, Family.NOISE}
"""Kinds whose output has the shape of their input, whatever their arguments."""

MAX_DEPTH = 64
"""Most nested groups, forks and block calls."""


@dataclass(slots=True)
class Expander:
    """Expands chains one after the other into `layers`; `root` is the scope of the file."""

    layers: Layers
    root: Scope
    depth: int = 0

    def chain(self, chain: ast.Chain, flow: Flow | None, env: Env, beginning: bool) -> Flow | None:
        """Return the value at the end of a chain; a faulty stage makes the following ones faulty.

        `beginning`: the first stage may be a source: of a statement (`flow` is then None)
        or of a fork's branch."""
        self._deeper(chain.span, env)
        for i, stage in enumerate(chain.stages):
            start = len(self.layers.made)
            try:
                flow = self._stage(stage, flow, env, beginning and i == 0)
            except Fault:
                flow = Flow((End(None, None, stage.span),))
                poison(stage, env)
            self.layers.note(stage, start, flow, env)
        self.depth -= 1
        return flow

    def _deeper(self, span: Span, env: Env) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"stages nest deeper than {MAX_DEPTH} levels"
            raise TooLarge(env.fault(limits.EXPANSION_TOO_LARGE, span, message))

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
        called, fine = self._called(name, env)
        result = self._expand(stage, flow, env, beginning, called)
        if result is None or not fine:
            poison(stage, env)
            return result
        if result.forked and not result.poisoned:
            raise decorated("named", name.span, env)
        end = replace(result.end, name=name.id)
        env.scope.stages[name.id] = self._bound(stage, end, name, flow, env, start, called)
        return Flow((end,))

    def _called(self, name: ast.Word, env: Env) -> tuple[str, bool]:
        """Return the full name of a stage; if it is refused, a unique one."""
        try:
            check_stage(name, env)
        except Fault:
            return env.scope.naming.count(name.id, "#"), False
        return env.scope.full(name.id), True

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
        """Expand a stage by its first word; a parameter may stand for a piece of network."""
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
        word, state = stage.kind.id, env.state
        if word == "input":
            return self._input(stage, env, beginning, called)
        if word == "use":
            return self._use(stage, self._sourced(stage, flow, env), env, called)
        if word not in LAYERS and env.scope.find(word) is not None:
            return self._reference(stage, flow, env, beginning)
        block = state.blocks.get(word)
        if block is not None:
            return self._block(stage, block, self._sourced(stage, flow, env), env, called)
        kind = kind_named(stage.kind, env)
        if kind is not None:
            return self._layer(stage, kind, self._sourced(stage, flow, env), env, called)
        raise unknown_stage_word(stage, flow, env, beginning)

    def _sourced(self, stage: ast.Stage, flow: Flow | None, env: Env) -> Flow:
        """Return the incoming value; a stage without one is reported and still checked."""
        if flow is not None:
            return flow
        without_source(stage.kind, "`input 784 -> …`", env)
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
        refuse_repeat(stage, env)
        type = input_type(stage, env)
        return Flow((note_sizes(type, self.layers.add_input(called, type, stage), env),))

    def _reference(self, stage: ast.Stage, flow: Flow | None, env: Env, beginning: bool) -> Flow:
        word = stage.kind
        if stage.args or stage.called:
            raise called_value(stage, flow, env)
        if not beginning:
            raise env.fault(
                codes.MISPLACED_SOURCE,
                word.span,
                f"the value `{word.id}` in the middle of a chain",
                help=f"`use {word.id}` applies that stage again; a fork and a merge join two values",
            )
        refuse_repeat(stage, env)
        return Flow((replace(find_stage(word, env).end, span=stage.span),))

    # --- layers ---------------------------------------------------------------------------

    def _layer(
        self, stage: ast.Stage, kind: LayerKind, flow: Flow, env: Env, called: str | None
    ) -> Flow:
        refuse_repeat(stage, env)
        if kind.name in REDUCTIONS and kind.is_merge and not flow.forked:
            kind = LAYERS[f"{kind.name} axis"]
        kind = LAYERS.get(f"{kind.name} fork", kind) if flow.forked else kind
        try:
            bound = self._arguments(stage, kind, env)
        except Fault:
            if kind.family not in SHAPE_WHATEVER_ARGUMENTS:
                raise
            kind, bound = LAYERS["id"], BoundArguments(repaired=True)
        if kind.is_merge and not flow.forked and not flow.poisoned:
            raise without_fork(stage, kind, env)
        if not kind.is_merge:
            refuse_fork(stage, flow, env)
        if kind.name == "id" and not bound.repaired:
            return flow
        name = called or env.scope.naming.count(kind.word)
        end = self.layers.add(name, kind, bound, flow, (stage.span, stage.kind.span), env)
        check_tied(self.layers.made[-1], self.layers.made, env)
        return Flow((end,))

    def _arguments(self, stage: ast.Stage, kind: LayerKind, env: Env) -> BoundArguments:
        """Return a layer's arguments; faulty ones are left out if they do not affect the shape."""
        schema = Schema(kind.word, kind.args_as(stage.kind.id), kind.example)
        try:
            bound = bind(schema, stage.kind.span, stage.args, env, activations=True)
        except Repaired as fault:
            bound = fault.bound
        try:
            check_activations(stage, kind, bound.trailing, env)
        except Fault:
            bound.trailing.clear()
            bound.repaired = True
        return bound

    # --- pieces: groups, blocks, stages handed to blocks ----------------------------------

    def _block(
        self, stage: ast.Stage, block: ast.Block, flow: Flow, env: Env, called: str | None
    ) -> Flow | None:
        name = block.name.id
        env.state.used.add(name)
        if name in env.active:
            raise env.fault(
                codes.RECURSIVE_BLOCK,
                stage.kind.span,
                f"the block `{name}` contains itself: {' -> '.join([*env.active, name])}",
                labels=[Label(block.name.span, f"`{name}` is defined here")],
            )
        own, rest = split_arguments(stage, block, env)
        params = bind_params(block, own, stage.span, env)
        env.state.expanded.add(name)
        inside = Env(
            env.state, Scope(Naming()), params, (*env.calls, stage.span), (*env.active, name)
        )
        outside = replace(stage, args=rest)
        return self._piece(block.body, inside, outside, flow, env, called, block)

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
        """Expand a chain in the scope of `body`, repeated as the stage in `env` says."""
        trailing, frozen = trailing_of(stage, env)
        body = replace(body, frozen=frozen) if frozen != body.frozen else body
        count = self._count(stage.repeat, env)
        if count == 0:
            self._look(chain, body)
        for scope in copy_scopes(count, called, body, env, block):
            self.layers.count_stage(stage.span, env)
            flow = self.chain(chain, flow, body.within(scope), False)
            if trailing and flow is not None:
                flow = self._activate(
                    trailing, stage, flow, replace(env, scope=scope, frozen=frozen)
                )
        return flow

    def _look(self, chain: ast.Chain, body: Env) -> None:
        """Check stages that are repeated 0 times, except for errors due to that number."""
        state = body.state
        unknown = Flow((End(None, None, chain.span),))
        scope, params = Scope(Naming(), body.scope), dict.fromkeys(body.params)
        report, state.report = state.report, Report()
        try:
            apart = Expander(Layers(), self.root, self.depth)
            apart.chain(chain, unknown, replace(body, scope=scope, params=params), False)
        except TooManyErrors:
            pass  # the first of them, reported below, are enough
        finally:
            found, state.report = state.report, report
        for finding in found:
            if finding.code not in _OF_NUMBERS:
                report.add(finding)

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

    def _activate(
        self, trailing: Trailing, stage: ast.Stage | ast.Group, flow: Flow, env: Env
    ) -> Flow:
        """Add the activation after a block or group as a layer on the output."""
        refuse_fork(stage, flow, env)
        if trailing.kind.name == "id":
            return flow
        bound = BoundArguments(trailing.args, trailing.given)
        name = env.scope.naming.count(trailing.kind.word)
        places = (trailing.span, trailing.span)
        return Flow((self.layers.add(name, trailing.kind, bound, flow, places, env),))

    # --- use ------------------------------------------------------------------------------

    def _use(self, stage: ast.Stage, flow: Flow, env: Env, called: str | None) -> Flow | None:
        refuse_repeat(stage, env)
        target = usable(used_name(stage, env), env)
        refuse_fork(stage, flow, env)
        called = called or env.scope.naming.count("use")
        before = self.layers.shared
        seen = replace(target.env, calls=(*env.calls, stage.span))
        self.layers.shared = (target.start, len(self.layers.made))
        self._deeper(stage.span, env)
        try:
            assert not isinstance(target.stage, ast.Fork)
            result = self._expand(target.stage, flow, seen, False, called)
            check_used(self.layers.made[self.layers.shared[1] :], target, stage.span, env)
            return result
        finally:
            self.layers.shared = before
            self.depth -= 1

    # --- forks ----------------------------------------------------------------------------

    def _fork(self, fork: ast.Fork, flow: Flow | None, env: Env) -> Flow:
        if fork.name is not None:
            decorated("named", fork.name.span, env)
        if fork.repeat is not None:
            decorated("repeated", fork.repeat.span, env)
        if fork.args:
            decorated("given an activation", fork.args[0].span, env)
        if flow is not None:
            refuse_fork(fork, flow, env)
        ends = [branch_end(self.chain(b, flow, env, True), b.span, env) for b in fork.branches]
        if fork.repeat is not None:
            return Flow((End(None, None, fork.span),))
        return Flow(tuple(ends), forked=True)

    def _branches(self, items: ListConst, stage: ast.Stage, flow: Flow | None, env: Env) -> Flow:
        """Expand a list of stages passed to a block as a fork."""
        refuse_repeat(stage, env)
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
            ends.append(branch_end(self._word(piece, flow, inner, False, None), stage.span, env))
        return Flow(tuple(ends), forked=True)
