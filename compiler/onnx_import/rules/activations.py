"""Activations: trailing if nothing else uses the stage before, else stages of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, attributes
from ..translation import Translation, number_text, reads

Text = Callable[[dict[str, Any]], str]


def _hard_sigmoid(a: dict[str, Any]) -> str:
    alpha, beta = a.get("alpha", 0.2), a.get("beta", 0.5)
    if abs(alpha - 1 / 6) > 1e-6 or beta != 0.5:
        raise Unsupported(f"a hard sigmoid with slope {alpha:g} and not 1/6")
    return "hard_sigmoid"


def _selu(a: dict[str, Any]) -> str:
    if (
        abs(a.get("alpha", 1.6732632) - 1.6732632) > 1e-5
        or abs(a.get("gamma", 1.0507) - 1.0507) > 1e-4
    ):
        raise Unsupported("a selu with constants of its own")
    return "selu"


def _with(name: str, key: str, default: float, own: float) -> Text:
    """Return the text of an activation with one number, which is omitted if it is nnc's default."""

    def text(a: dict[str, Any]) -> str:
        value = np.float32(a.get(key, default))
        return name if value == np.float32(own) else f"{name}({number_text(value)})"

    return text


TEXTS: dict[str, Text] = {
    "Relu": lambda _: "relu",
    "Sigmoid": lambda _: "sigmoid",
    "Tanh": lambda _: "tanh",
    "Softplus": lambda _: "softplus",
    "Softsign": lambda _: "softsign",
    "HardSwish": lambda _: "hard_swish",
    "Mish": lambda _: "mish",
    "HardSigmoid": _hard_sigmoid,
    "Selu": _selu,
    "LeakyRelu": _with("leaky_relu", "alpha", 0.01, 0.01),
    "Elu": _with("elu", "alpha", 1.0, 1.0),
    "Gelu": lambda a: "gelu" if a.get("approximate", "none") == "none" else "gelu(approx=tanh)",
    "Swish": lambda _: "silu",
}

TRAILING = ("dense", "conv", "conv_transpose", "batchnorm", "layernorm", "groupnorm")
"""Stages that an activation is written behind."""


def activate(
    t: Translation, nodes: Sequence[NodeProto], source: str, text: str, **slopes: Array
) -> None:
    """Add an activation to a stage, or as a stage.

    `nodes` compute it from the value `source`; the last one is its result.
    """
    view = t.view(source)
    stage = t.stages[view.stage]
    users = {id(user) for user in t.net.users.get(source, [])}
    alone = users <= {id(node) for node in nodes} and source not in t.net.outputs
    made = view.stage
    if alone and stage.text.partition(" ")[0] in TRAILING and not stage.activation:
        stage.activation, stage.slopes = text, slopes
    else:
        made = t.stage(text, [view.stage], stage.shape, **slopes)
    t.give(nodes[-1].output[0], made, view.form)
    t.skip(*nodes)


GATED = {"Sigmoid": "silu", "HardSigmoid": "hard_swish"}
"""What z times its gate is called."""


@reads(*TEXTS)
def _activation(t: Translation, node: NodeProto) -> None:
    """An activation, or the gate of one: z · σ(z), z · tanh(softplus(z))."""
    z = node.input[0]
    text = TEXTS[node.op_type](attributes(node))
    nodes, gate = [node], node
    choice = t.net.only_user(node.output[0], "Where") if node.op_type == "Softplus" else None
    compared = t.net.maker(choice.input[0], "Greater") if choice else None
    if compared is not None:
        return _softplus(t, compared)
    if node.op_type == "Softplus" and (tanh := t.net.only_user(node.output[0], "Tanh")):
        nodes, gate = [node, tanh], tanh
    times = t.net.only_user(gate.output[0], "Mul")
    gated = "mish" if len(nodes) > 1 else GATED.get(node.op_type)
    if times is not None and z in times.input and gated is not None:
        return activate(t, [*nodes, times], z, gated)
    return activate(t, [node], z, text)


@reads("Softmax", "LogSoftmax")
def _softmax(t: Translation, node: NodeProto) -> None:
    """Over the last axis; before opset 13 over all axes from the given one."""
    rank = len(t.net.shape(node.input[0]))
    old = t.net.opset < 13
    axis = attributes(node).get("axis", 1 if old else -1) % rank
    if axis != rank - 1:
        raise Unsupported(
            f"softmax over axis {axis}, and nnc's is over the last one", "transpose first"
        )
    t.settled(node.input[0])
    text = "softmax" if node.op_type == "Softmax" else "log_softmax"
    activate(t, [node], node.input[0], text)


@reads("PRelu")
def _prelu(t: Translation, node: NodeProto) -> None:
    slope = t.weights(node.input[1], "slopes")
    if slope.size != 1:
        raise Unsupported("a prelu with a slope for each channel; nnc's has one for all")
    activate(t, [node], node.input[0], "prelu", a=slope.reshape(1))


_CLIPS: dict[tuple[float | None, float | None], str] = {
    (0.0, 6.0): "relu6",
    (-1.0, 1.0): "hard_tanh",
    (0.0, None): "relu",
}


@reads("Clip")
def _clip(t: Translation, node: NodeProto) -> None:
    given = attributes(node)
    bounds = [given.get("min"), given.get("max")]
    for i, name in enumerate(list(node.input)[1:3]):
        if name:
            bounds[i] = float(t.weights(name, "bounds"))
    low, high = (None if b is None or abs(b) > 1e30 else float(b) for b in bounds)
    text = _CLIPS.get((low, high))
    if text is None and low == 0 and high is not None:
        text = f"relu(max={high:g})"
    if text is None:
        raise Unsupported(
            f"clip to [{low}, {high}]", "write a formula: fn clip(z) = min(max(z, a), b)"
        )
    activate(t, [node], node.input[0], text)


@reads("Div")
def _quotient(t: Translation, node: NodeProto) -> None:
    """Division by a constant; z/√2 is the start of torch's gelu, z · (1 + erf(z/√2)) / 2."""
    from .merges import quotient

    nodes = _gelu(t, node)
    if nodes is None:
        return quotient(t, node)
    return activate(t, nodes, node.input[0], "gelu")


def _gelu(t: Translation, node: NodeProto) -> list[NodeProto] | None:
    """Return the nodes of a gelu that starts with this division; ½ is applied first or last."""
    z, by = node.input[0], t.constant(node.input[1])
    if by is None or by.size != 1 or abs(float(by.ravel()[0]) - 2**0.5) > 1e-4:
        return None
    erf = t.net.only_user(node.output[0], "Erf")
    plus = t.net.only_user(erf.output[0], "Add") if erf else None
    times = t.net.only_user(plus.output[0], "Mul") if plus else None
    if erf is None or plus is None or times is None:
        return None
    if z in times.input:
        half = t.net.only_user(times.output[0], "Mul")
        return [node, erf, plus, times, half] if half else None
    before = next((u for u in t.net.users[z] if u.op_type == "Mul"), None)
    if before is not None and before.output[0] in times.input:
        return [node, erf, plus, before, times]
    return None


@reads("Abs")
def _softsign(t: Translation, node: NodeProto) -> None:
    """|z| as the start of z / (1 + |z|)."""
    z = node.input[0]
    plus = t.net.only_user(node.output[0], "Add")
    over = t.net.only_user(plus.output[0], "Div") if plus else None
    if plus is None or over is None or list(over.input) != [z, plus.output[0]]:
        raise Unsupported("an absolute value", "write a formula: fn size(z) = abs(z)")
    if not any(_is(t, name, 1.0) for name in plus.input):
        raise Unsupported("z / (b + |z|) with b other than 1")
    activate(t, [node, plus, over], z, "softsign")


@reads("Greater")
def _softplus(t: Translation, node: NodeProto) -> None:
    """z > 20, beyond which torch computes softplus(z) as z."""
    nodes = _thresholded(t, node)
    if nodes is None:
        raise Unsupported("a comparison", "write a formula with `where`")
    activate(t, nodes, node.input[0], "softplus")


def _thresholded(t: Translation, node: NodeProto) -> list[NodeProto] | None:
    """Return the nodes of torch's softplus, from the comparison to the Where."""
    choice = t.net.only_user(node.output[0], "Where")
    plus = t.net.maker(choice.input[2], "Softplus") if choice else None
    bound = t.constant(node.input[1])
    if choice is None or plus is None or bound is None or bound.size != 1 or bound < 15:
        return None
    z = node.input[0]
    return [node, plus, choice] if [choice.input[1], plus.input[0]] == [z, z] else None


def _is(t: Translation, name: str, number: float) -> bool:
    """Return whether a value is that constant."""
    array = t.constant(name)
    return array is not None and array.size == 1 and float(array.ravel()[0]) == number
