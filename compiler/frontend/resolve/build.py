"""The layer graph under construction, and the addition of layers to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...diagnostics.codes import limits
from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...ir.bounds import MAX_LAYERS, MAX_STAGES
from ...ir.layer_graph import UNKNOWN, Activation, InputLayer, Layer, NamedValue
from ...ir.types import TensorType
from ...kinds.layer import LayerKind, no_params
from ...kinds.layer import Trailing as TrailingRule
from ...source import Span
from .. import ast
from .fixes import own_stage
from .keys import without
from .schema import BoundArguments, Trailing
from .scope import End, Env, Fault, Flow, TooLarge

GATED = ("lstm", "gru")
"""Recurrent kinds whose activations are fixed."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A stage that was expanded: in which calls, and which layers came of it.

    The layers are those from `start` up to `stop`; `ends` are the ones whose values it leaves,
    several after a fork, UNKNOWN after a fault."""

    stage: ast.AnyStage
    calls: tuple[Span, ...]
    start: int
    stop: int
    ends: tuple[int, ...]


@dataclass(slots=True)
class Layers:
    """The graph under construction.

    `counted` are the layers that count against the limit: all but inputs. While `use` repeats
    layers, `shared` holds the first repeated layer and the start of the new ones. `passed` are
    the expanded stages in order of completion, if an editor asks for them."""

    made: list[Layer] = field(default_factory=list)
    passed: list[Passed] | None = None
    unnamed_inputs: list[int] = field(default_factory=list)
    shared: tuple[int, int] | None = None
    stages: int = 0
    counted: int = 0

    def count_stage(self, span: Span, env: Env) -> None:
        """Refuse a spec whose expansion exceeds the limit, even if it makes no layers."""
        self.stages += 1
        if self.stages > MAX_STAGES:
            raise _too_large(f"the spec expands to more than {MAX_STAGES:,} stages", span, env)

    def reserve(self, more: int, span: Span, env: Env) -> None:
        """Refuse in advance a number of layers, or of copies, that exceeds the limit."""
        if self.counted + more > MAX_LAYERS:
            raise _too_large(f"the spec expands to more than {MAX_LAYERS:,} layers", span, env)

    def note(self, stage: ast.AnyStage, start: int, flow: Flow | None, env: Env) -> None:
        """Note which layers a stage became and what it leaves, if that is asked for."""
        if self.passed is not None:
            ids = () if flow is None else tuple(end.layer for end in flow.ends)
            ends = tuple(UNKNOWN if i is None else i for i in ids)
            self.passed.append(Passed(stage, env.calls, start, len(self.made), ends))

    def original(self) -> Layer | None:
        """Return the layer whose parameters the next one shares."""
        if self.shared is None:
            return None
        first, began = self.shared
        return self.made[first + len(self.made) - began]

    def add(
        self,
        name: str,
        kind: LayerKind,
        bound: BoundArguments,
        flow: Flow,
        places: tuple[Span, Span],
        env: Env,
    ) -> End:
        """Add a layer fed with `flow`; an input hidden by a fault is UNKNOWN."""
        span, head = places
        own = bound.trailing[0] if bound.trailing else None
        label = _activation_name(own, name, env) if own else ""
        self.reserve(1, span, env)
        self.counted += 1
        original = self.original()
        if original is not None and original.activation is not None and label != name:
            label = original.activation.name
        named = [v.layer for v in bound.args.values() if isinstance(v, NamedValue)]
        layer = Layer(
            id=len(self.made),
            name=name,
            kind=kind.name,
            args=(
                {k: v.name if isinstance(v, NamedValue) else v for k, v in bound.args.items()}
                if named
                else bound.args
            ),
            given=bound.given,
            inputs=(*_inputs(kind, flow), *named),
            span=span,
            head=head,
            calls=env.calls,
            activation=Activation(own.kind.name, own.args, own.span, label) if own else None,
            shares=original.owner if original is not None else None,
            repaired=bound.repaired,
            branches=tuple(end.span for end in flow.ends) if flow.forked else (),
            frozen=_is_frozen(bound, env) if original is None else original.frozen,
        )
        self.made.append(layer)
        return End(layer.id, None, span)

    def add_input(self, name: str | None, type: TensorType, stage: ast.Stage) -> End:
        """Add an input; an unnamed one is named after all inputs are known."""
        if name is None:
            self.unnamed_inputs.append(len(self.made))
        layer = Layer(
            id=len(self.made),
            name=name or "",
            kind="input",
            args={"type": InputLayer(type)},
            given={"type": stage.args[0].value.span},
            inputs=(),
            span=stage.span,
            head=stage.kind.span,
        )
        self.made.append(layer)
        return End(layer.id, None, stage.span)

    def name_inputs(self, env: Env) -> None:
        """Name the unnamed inputs: `x`, or `x1`, `x2`, … if there are several."""
        several = len(self.unnamed_inputs) > 1
        for i, id in enumerate(self.unnamed_inputs, 1):
            name = f"x{i}" if several else "x"
            taken = env.scope.stages.get(name)
            if taken is not None:
                env.fault(
                    codes.NAME_TAKEN,
                    taken.span,
                    f"an input without a name is called `{name}`",
                    help="name the input with `as`, or call this stage otherwise",
                )
            self.made[id] = replace(self.made[id], name=name)


def _inputs(kind: LayerKind, flow: Flow) -> tuple[int, ...]:
    """Return a layer's inputs; a merge after a faulty stage, possibly a fork, gets two unknowns."""
    ids = tuple(UNKNOWN if end.layer is None else end.layer for end in flow.ends)
    return (UNKNOWN, UNKNOWN) if kind.is_merge and not flow.forked else ids


def _is_frozen(bound: BoundArguments, env: Env) -> bool:
    """Return whether a layer is frozen: its own `frozen=`, or else that of the surroundings."""
    own = bound.args.get("frozen")
    return env.frozen if own is None else bool(own)


def _too_large(message: str, span: Span, env: Env) -> TooLarge:
    return TooLarge(env.fault(limits.EXPANSION_TOO_LARGE, span, message))


def _activation_name(own: Trailing, layer: str, env: Env) -> str:
    """Name an activation: by its own kind if it has parameters, otherwise after its layer."""
    return layer if own.kind.params is no_params else env.scope.naming.count(own.kind.name)


def check_activations(stage: ast.Stage, kind: LayerKind, found: list[Trailing], env: Env) -> None:
    """Check that a stage has at most one activation, and none for some kinds."""
    if found and kind.trailing is TrailingRule.NO:
        span = found[0].span
        own = kind.name in GATED
        raise env.fault(
            codes.REFUSED_ACTIVATION,
            span,
            f"`{kind.word}` takes no activation" + (", those in its cell are fixed" if own else ""),
            fixes=[*(_other_cells(stage, found[0]) if own else ()), *own_stage(span)],
        )
    if len(found) > 1:
        raise two_activations(found, env)


def _other_cells(stage: ast.Stage, found: Trailing) -> list[Fix]:
    """Return the fixes of `lstm 50 relu` other than a separate relu stage."""
    word = found.span.text
    leave = Fix(
        f"leave it out: `{stage.kind.id}` has its own tanh and sigmoid",
        (Edit(without(found.span), ""),),
        safe=found.kind.name == "tanh",
    )
    other = Fix(
        f"for a simple recurrent cell with {word} write `rnn` instead of `{stage.kind.id}`",
        (Edit(stage.kind.span, "rnn"),),
    )
    return [leave, other] if found.kind.name == "relu" else [leave]


def two_activations(found: list[Trailing], env: Env) -> Fault:
    """Return the fault of a second activation on one stage."""
    first, second = found[:2]
    return env.fault(
        codes.REFUSED_ACTIVATION,
        second.span,
        f"a second activation, `{second.span.text}`",
        labels=[Label(first.span, "the first one")],
        fixes=own_stage(second.span),
    )
