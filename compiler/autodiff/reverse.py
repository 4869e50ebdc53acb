"""Reverse-mode differentiation, the only source of gradients.

The graph is walked from the loss to the leaves; each op's own rule turns the gradient of its
value into gradients of its inputs, and the gradients of a value are added (Linnainmaa 1970;
Griewank and Walther, Evaluating Derivatives, 2008). Layers do not define gradients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.dims import Shape
from ..ir.op_graph import Node, Origin, Role
from ..ir.types import DType
from ..ops import OPS
from ..ops.build import Builder, Use, Value
from ..ops.registry import INCLUDED, ZERO, Gradient, Undefined
from ..ops.source import const

MEET = "gradients that meet are added"


class MissingGradient(Exception):
    """An op between loss and leaves has no rule; names op, layer, line of the spec, and reason."""

    def __init__(self, node: Node, why: str) -> None:
        places = [f"{span.source.name}:{span.line}: " for span in node.origin.spans[:1]]
        super().__init__(
            f"{''.join(places)}no gradient passes through op '{node.op}' of {node.origin.layer}: {why}"
        )


def differentiate(
    build: Builder, total: int, params: Sequence[str], inputs: Sequence[str]
) -> dict[int, Value]:
    """Append the gradients of the scalar `total` as outputs `grad:PARAM` and `dx:INPUT`.

    Returns the gradient of every value that one reaches.
    """
    build.origin = _backward(build.nodes[total])
    return pull_back(build, {total: const(build, 1.0)}, params, inputs)


def pull_back(
    build: Builder,
    seeds: Mapping[int, Value],
    params: Sequence[str],
    inputs: Sequence[str],
    purposes: tuple[str, str] = ("grad", "dx"),
) -> dict[int, Value]:
    """Append the gradients of parameters and inputs, given gradients of some values.

    `purposes` name the outputs, as in `grad:PARAM` and `dx:INPUT`. Where a rule uses a value of
    the forward pass, the gradient refers to it, as in textbooks. A leaf that no gradient reaches
    gets zeros. Returns the gradient of every value that one reaches.
    """
    forward = [node for node in build.nodes if node.origin.role is not Role.BACKWARD]
    build.known = {node.key: node.id for node in forward}
    grads: dict[int, Value] = dict(seeds)
    came_from: dict[int, dict[Use, None]] = {}
    for node in reversed(forward):
        if node.id in grads:
            _say_slope(build, grads[node.id], node, list(came_from.get(node.id, ())))
            _call(build, grads[node.id], node)
            for i in _propagate(build, node, grads):
                came_from.setdefault(i, {})[node.origin.role, node.origin.layer] = None
    leaves = {(n.op, n.attr("name")): n for n in forward if n.op in ("param", "input")}
    for kind, names, purpose in (("param", params, purposes[0]), ("input", inputs, purposes[1])):
        for name in names:
            leaf = leaves[kind, name]
            value = grads.get(leaf.id) or _zeros(build, leaf)
            _call(build, value, leaf)
            build.outputs[f"{purpose}:{name}"] = value.id
    build.known = {}
    return grads


def _propagate(build: Builder, node: Node, grads: dict[int, Value]) -> list[int]:
    """Apply one op's rule and add the results to the gradients of its inputs.

    Returns the inputs that a gradient has reached.
    """
    rule = OPS[node.op].gradient
    if rule is ZERO:
        return []
    if isinstance(rule, Undefined):
        raise MissingGradient(node, rule.why)
    build.origin = _backward(node)
    inputs, reached, count = tuple(build.value(i) for i in node.inputs), [], len(build.nodes)
    parts = rule(Gradient(node, inputs, build.value(node.id), grads[node.id]))
    formulas = OPS[node.op].formulas
    for i, (x, part) in enumerate(zip(inputs, parts, strict=True)):
        if part is ZERO or part is INCLUDED or x.type.dtype is not DType.FLOAT:
            continue
        assert part.type.shape == _gradient_shape(build, x), f"{node.op}: gradient {i}: wrong shape"
        if i < len(formulas) and part.id >= count and node.id not in build.unnamed:
            _explain(build, part, formulas[i])
        _accumulate(build, x, part, grads)
        reached.append(x.id)
    return reached


def _gradient_shape(build: Builder, x: Value) -> Shape:
    """Return the shape of a value's gradient: its own, or for a tape that of the read part."""
    node = build.nodes[x.id]
    tape = OPS[node.op].tape
    if tape is None:
        return x.type.shape
    return tape(tuple(build.nodes[i].type for i in node.inputs), dict(node.attrs)).shape


def _accumulate(build: Builder, x: Value, part: Value, grads: dict[int, Value]) -> None:
    """Add a contribution to the gradient of a value."""
    before = grads.get(x.id)
    if before is not None:
        inner = x.id in build.unnamed and x.id not in build.named_slopes
        part = build.describe(before + part, formula="" if inner else MEET)
    grads[x.id] = part


def _say_slope(build: Builder, gradient: Value, node: Node, uses: Sequence[Use]) -> None:
    """Show the formulas of the gradients that meet at a value, of those that have one.

    Where they all come from one loss, it is that loss's own formula.
    """
    origin = build.nodes[gradient.id].origin
    if origin.role is not Role.BACKWARD:
        return
    named = build.named_slopes.get(node.id, {})
    said = [(layer, named[role, layer]) for role, layer in uses if (role, layer) in named]
    if said and len(uses) > 1:
        texts = [f"{formula}, by {layer}" for layer, formula in said]
        build.describe(gradient, formula=f"{'; '.join(texts)}; {MEET}")
    elif said and origin.layer == said[0][0]:  # otherwise it has only been passed on
        build.describe(gradient, formula=_joined(origin.formula, said[0][1]))
    elif not said and len(uses) == 1 and node.origin.role is not Role.LOSS:
        [(role, layer)] = uses
        build.describe(gradient, formula=build.slopes.get(layer, "") if role is Role.LOSS else "")


def _joined(before: str, formula: str) -> str:
    """Of a gradient that two values have: both names before what is said already."""
    name, _, _ = formula.partition(" = ")
    if before.startswith("d") and before != MEET:
        return before if name in before.split(" = ")[:-1] else f"{name} = {before}"
    return formula


def _explain(build: Builder, value: Value, formula: str) -> None:
    """Attach a formula to a gradient emitted by the rule, if it has none yet.

    A gradient that the rule only passes on was computed, and has its formula, elsewhere.
    """
    origin = build.nodes[value.id].origin
    if origin.role is Role.BACKWARD and not origin.formula:
        build.describe(value, formula=formula)


def _call(build: Builder, gradient: Value, node: Node) -> None:
    """Name a complete gradient after its value, unless it has a name already."""
    origin = build.nodes[gradient.id].origin
    if origin.role is Role.BACKWARD and not origin.hint and node.origin.hint:
        build.describe(gradient, hint=f"d_{node.origin.hint}")


def _backward(node: Node) -> Origin:
    return replace(node.origin, role=Role.BACKWARD, formula="", hint="", notes=())


def _zeros(build: Builder, leaf: Node) -> Value:
    build.origin = _backward(leaf)
    zeros = build.emit("zeros", shape=leaf.type.shape)
    return build.describe(zeros, formula="no loss depends on it")
