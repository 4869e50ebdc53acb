"""Expansion of a program's tree to steps, parameters and running statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..tree import Act, Expansion, Input, Layer, Node, Scope, Step, Val
from . import rules
from .kinds import FAR, Type, declared
from .parameters import NAMED, parameters, states


@dataclass
class Reading(Expansion):
    """The expansion of a program over all kinds: names as the language reference counts them.

    A value's shape is its `Type`, under the `sets` of numbers put for T and S.
    """

    state: dict[str, tuple[tuple[int, ...], float]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    sets: tuple[Mapping[str, int], ...] = FAR

    @property
    def types(self) -> list[Type]:
        """The type of every step's value."""
        return self.shapes  # type: ignore[return-value]

    def _expand(self, node: Node, x: Val | None, scope: Scope) -> Val:
        if not isinstance(node, Input):
            return super()._expand(node, x, scope)
        ragged, ints = "ragged" in node.words, "int" in node.words
        name = node.name or "x"
        self.inputs[name] = node.shape
        self.words[name] = node.words
        t = declared(node.shape, ragged=ragged, ints=ints, sets=self.sets)
        return self.step("input", (), t, name=name)  # type: ignore[arg-type]

    def _activate(self, act: Act | None, x: Val, scope: Scope) -> Val:
        if act is None or act.kind == "id":
            return x
        if act.kind == "prelu":
            return self._applied("prelu", {}, [x], self._name("prelu", None, scope))
        return self._applied("act", {"kind": act.kind, **act.args}, [x])

    def _layer(self, layer: Layer, xs: list[Val], scope: Scope) -> Val:
        value = self._plain(layer, xs, scope)
        return value if layer.op == "rnn" else self._activate(layer.act, value, scope)

    def _plain(self, layer: Layer, xs: list[Val], scope: Scope) -> Val:
        if layer.op == "id":
            return xs[0]
        attrs = dict(layer.attrs)
        name = self._name(layer.op, layer.name, scope) if layer.op in NAMED else ""
        if attrs.get("tie"):
            attrs["owner"] = scope.find(str(attrs["tie"])).names[0]
            self.met["dense tie"] += 1
        return self._applied(layer.op, attrs, xs, name)

    def _applied(self, op: str, attrs: Mapping[str, object], xs: list[Val], name: str = "") -> Val:
        types = [x.shape for x in xs]
        after = rules.behind(op, attrs, types)  # type: ignore[arg-type]
        given: dict[str, str] = {}
        if op not in rules.MERGES:
            t: Type = types[0]  # type: ignore[assignment]
            for suffix, shape, weight in parameters(op, attrs, t):
                given[suffix] = self.param(f"{name}.{suffix}", shape, weight)
            for suffix, shape, start in states(op, t):
                given[suffix] = f"{name}.{suffix}"
                self.state[given[suffix]] = (shape, start)
        if attrs.get("tie"):
            given["T"] = f"{attrs['owner']}.W"
        return self.step(op, tuple(x.id for x in xs), after, given, **attrs)  # type: ignore[arg-type]


def word(step: Step) -> str:
    """The kind of layer that a step stands for, as coverage counts it."""
    return str(step.attrs["kind"]).partition(" ")[0] if step.op == "act" else step.op
