"""Normalisation layers with their gains, biases and running statistics."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, attributes
from ..translation import Translation, number_text, option, reads


def _eps(value: float) -> str:
    return option("eps", number_text(np.float32(value)), "1e-05")


@reads("BatchNormalization")
def _batch(t: Translation, node: NodeProto) -> None:
    a = attributes(node)
    if a.get("training_mode", 0):
        raise Unsupported("it was exported in training mode", "export after model.eval()")
    gain, shift, mean, variance = (t.weights(n, "weights") for n in list(node.input)[1:5])
    weights = {"gamma": gain, "beta": shift, "running_mean": mean, "running_var": variance}
    text = f"batchnorm{_eps(a.get('epsilon', 1e-5))}"
    stage = t.plain(node.input[0])
    t.give(node.output[0], t.stage(text, [stage], t.stages[stage].shape, **weights))


@reads("LayerNormalization")
def _layer(t: Translation, node: NodeProto) -> None:
    a = attributes(node)
    view = t.settled(node.input[0])
    rank = len(t.net.shape(node.input[0]))
    if a.get("axis", -1) % rank != rank - 1:
        raise Unsupported("it normalises over several axes", "flatten in front of it")
    gain = t.weights(node.input[1], "gains")
    given = len(node.input) > 2 and node.input[2]
    shift = t.weights(node.input[2], "biases") if given else np.zeros_like(gain)
    text = f"layernorm{_eps(a.get('epsilon', 1e-5))}"
    row = t.stages[view.stage].shape
    t.give(node.output[0], t.stage(text, [view.stage], row, gamma=gain, beta=shift), view.form)


@reads("InstanceNormalization", "GroupNormalization")
def _groups(t: Translation, node: NodeProto) -> None:
    a = attributes(node)
    gain, shift = (t.weights(n, "weights") for n in list(node.input)[1:3])
    if node.op_type == "InstanceNormalization":
        nodes = _grouped(t, node)
        if nodes is not None:
            return _group_of_parts(t, node, nodes)
    stage = t.plain(node.input[0])
    row = t.stages[stage].shape
    channels = int(row[0])
    groups = channels if node.op_type == "InstanceNormalization" else a["num_groups"]
    gain, shift = (np.repeat(v, channels // v.size) for v in (gain, shift))
    text = f"groupnorm {groups}{_eps(a.get('epsilon', 1e-5))}"
    return t.give(node.output[0], t.stage(text, [stage], row, gamma=gain, beta=shift))


def _grouped(t: Translation, node: NodeProto) -> list[NodeProto] | None:
    """The nodes after torch's instance norm of groups: reshape back, gain, bias."""
    back = t.net.only_user(node.output[0], "Reshape")
    times = t.net.only_user(back.output[0], "Mul") if back else None
    plus = t.net.only_user(times.output[0], "Add") if times else None
    before = t.net.maker(node.input[0], "Reshape")
    if back is None or times is None or plus is None or before is None:
        return None
    return [before, back, times, plus]


def _group_of_parts(t: Translation, node: NodeProto, nodes: list[NodeProto]) -> None:
    before, back, times, plus = nodes
    groups = t.net.shape(node.input[0])[1]
    view = t.view(before.input[0])
    row = t.stages[view.stage].shape
    gain, shift = (_stored(t, n) for n in (times, plus))
    text = f"groupnorm {groups}{_eps(attributes(node).get('epsilon', 1e-5))}"
    if t.stages[-1].text.startswith("reshape") and t.stages[-1].inputs == (view.stage,):
        t.stages.pop()  # groupnorm includes the reshape to groups
    t.skip(back, times, plus)
    t.give(plus.output[0], t.stage(text, [view.stage], row, gamma=gain, beta=shift), view.form)


def _stored(t: Translation, node: NodeProto) -> Array:
    """Return the constant operand of a node as a vector."""
    found = next((a for a in map(t.constant, node.input) if a is not None), None)
    if found is None:
        raise Unsupported("its gains are computed, not stored")
    return np.ravel(found)
