"""RNN, LSTM and GRU with their gates in nnc's order, and steps of sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, attributes
from ..translation import Form, Translation, reads

LSTM_GATES = (0, 2, 3, 1)
"""nnc's input, forget, cell and output gate among ONNX's input, output, forget and cell."""

GRU_GATES = (1, 0, 2)
"""nnc's reset, update and new gate among ONNX's update, reset and hidden."""


@reads("LSTM")
def _lstm(t: Translation, node: NodeProto) -> None:
    _activations(node, ["Sigmoid", "Tanh", "Tanh"])
    if len(node.input) > 7 and node.input[7]:
        raise Unsupported("an lstm with peepholes")
    _recurrent(t, node, "lstm", LSTM_GATES, "")


@reads("GRU")
def _gru(t: Translation, node: NodeProto) -> None:
    _activations(node, ["Sigmoid", "Tanh"])
    if not attributes(node).get("linear_before_reset", 0):
        raise Unsupported("a gru that resets the state before its product (linear_before_reset=0)")
    _recurrent(t, node, "gru", GRU_GATES, "")


@reads("RNN")
def _rnn(t: Translation, node: NodeProto) -> None:
    given = [name.decode() if isinstance(name, bytes) else name for name in _given(node)]
    names = {"Tanh": "", "Relu": " relu", "Sigmoid": " sigmoid"}
    if len(set(given)) > 1 or (given and given[0] not in names):
        raise Unsupported(f"an rnn with the nonlinearities {', '.join(given)}")
    _recurrent(t, node, "rnn", (0,), names[given[0]] if given else "")


def _given(node: NodeProto) -> list[str | bytes]:
    return list(attributes(node).get("activations", []))


def _activations(node: NodeProto, usual: list[str]) -> None:
    given = [name.decode() if isinstance(name, bytes) else str(name) for name in _given(node)]
    if given and given != usual * (len(given) // len(usual)):
        raise Unsupported(f"gates with the nonlinearities {', '.join(given)}")
    if attributes(node).get("clip", 0) or attributes(node).get("input_forget", 0):
        raise Unsupported("a recurrent layer with clipping or coupled gates")


def _recurrent(
    t: Translation, node: NodeProto, kind: str, gates: tuple[int, ...], activation: str
) -> None:
    a = attributes(node)
    view = t.view(node.input[0])
    if view.form is not Form.STEPS_FIRST or a.get("layout", 0):
        raise Unsupported(
            "its sequences do not come with the batch first", "export with batch_first=True"
        )
    _starts(t, node)
    directions = {"forward": [""], "reverse": [""], "bidirectional": ["", "reverse."]}
    prefixes = directions[a.get("direction", "forward")]
    weights: dict[str, Array] = {}
    for i, prefix in enumerate(prefixes):
        weights |= _weights(t, node, i, prefix, kind, gates)
    units = weights["Wh"].shape[0]
    last, out = _last(t, node, len(prefixes))
    more = ["" if last else " return=all"]
    more += [" bidirectional=true"] if len(prefixes) > 1 else []
    more += [" reverse=true"] if a.get("direction") == "reverse" else []
    row = t.stages[view.stage].shape
    shape = (units * len(prefixes),) if last else (row[0], units * len(prefixes))
    text = f"{kind} {units}{''.join(more)}{activation}"
    made = t.stage(text, [view.stage], shape, **weights)
    t.give(out, made, Form.PLAIN if last else Form.DIRECTIONS)


def _starts(t: Translation, node: NodeProto) -> None:
    """Check that initial states are zero and that no row lengths are given."""
    if len(node.input) > 4 and node.input[4]:
        raise Unsupported("lengths of rows are an input", "declare the input `ragged` by hand")
    for name in list(node.input)[5:7]:
        start = t.constant(name) if name else np.zeros(1)
        if start is None or start.any():
            raise Unsupported("its first state is not zero")


def _weights(
    t: Translation, node: NodeProto, index: int, prefix: str, kind: str, gates: tuple[int, ...]
) -> dict[str, Array]:
    """Return the weights of one direction, with gates and axes in nnc's order."""
    w, r = (t.weights(name, "weights")[index] for name in list(node.input)[1:3])
    both = t.constant(node.input[3]) if len(node.input) > 3 and node.input[3] else None
    zeros = np.zeros(2 * w.shape[0], w.dtype)
    of_x, of_h = np.split(zeros if both is None else both[index], 2)
    found = {f"{prefix}Wx": _ordered(w, gates).T, f"{prefix}Wh": _ordered(r, gates).T}
    if kind == "gru":
        biases = {f"{prefix}bx": _ordered(of_x, gates), f"{prefix}bh": _ordered(of_h, gates)}
        return found | biases
    return found | {f"{prefix}b": _ordered(of_x, gates) + _ordered(of_h, gates)}


def _ordered(array: Array, gates: Sequence[int]) -> Array:
    blocks = np.split(array, len(gates))
    return np.concatenate([blocks[i] for i in gates])


def _last(t: Translation, node: NodeProto, directions: int) -> tuple[bool, str]:
    """Return whether only the last state is used, and the value of the file that is read."""
    outputs = [*node.output, "", ""]
    used = [bool(name) and bool(t.net.users.get(name) or name in t.net.outputs) for name in outputs]
    if len(outputs) > 2 and used[2]:
        raise Unsupported("the cell's state is an output")
    if used[1] and used[0]:
        raise Unsupported("both all states and the last one are used")
    if used[1]:
        return True, _last_state(t, outputs[1], directions)
    end = _last_of_all(t, outputs[0]) if directions == 1 else None
    return (True, end) if end is not None else (False, outputs[0])


def _last_state(t: Translation, name: str, directions: int) -> str:
    """Return the value of Y_h (1, B, H) after the node that removes its axis of directions."""
    user = t.net.only_user(name, "Squeeze", "Gather", "Reshape")
    if directions > 1 or user is None:
        raise Unsupported("the last states of both directions are taken apart")
    t.skip(user)
    return str(user.output[0])


def _last_of_all(t: Translation, name: str) -> str | None:
    """Return the value of the last step of Y if nothing else of Y is used."""
    nodes: list[NodeProto] = []
    while True:
        user = t.net.only_user(name, "Squeeze", "Transpose", "Reshape", "Gather", "Slice")
        if user is None:
            return None
        nodes.append(user)
        name = user.output[0]
        if user.op_type in ("Gather", "Slice"):
            break
    if not _is_last(t, nodes[-1]):
        return None
    after = t.net.only_user(name, "Squeeze", "Reshape") if user.op_type == "Slice" else None
    t.skip(*nodes, after)
    return after.output[0] if after is not None else name


def _is_last(t: Translation, node: NodeProto) -> bool:
    """Return whether a node takes the last step of (B, T, H) or (T, B, H)."""
    shape = t.net.shape(node.input[0])
    if node.op_type == "Gather":
        index, axis = t.constant(node.input[1]), attributes(node).get("axis", 0) % len(shape)
        if index is None or index.size != 1 or axis > 1:
            return False
        return bool(int(index.ravel()[0]) % shape[axis] == shape[axis] - 1)
    starts, ends, axes = (t.constant(name) for name in list(node.input)[1:4])
    if starts is None or ends is None or axes is None or axes.size != 1:
        return False
    axis = int(axes[0]) % len(shape)
    return int(starts[0]) % shape[axis] == shape[axis] - 1 and int(ends[0]) >= shape[axis]


def last_step(t: Translation, node: NodeProto) -> None:
    """Refuse one step of a sequence that is not from a recurrent layer."""
    raise Unsupported(
        "it takes single entries of a value", "only the last step of a recurrent layer is read"
    )
