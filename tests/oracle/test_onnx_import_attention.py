"""`nnc import` reads PyTorch's self-attention, as both of its exporters write it, as `attention`."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections import Counter
from functools import cache

import pytest

pytest.importorskip("torch", reason="its exporters are tested")
pytest.importorskip("onnxruntime", reason="it says what a file computes")
pytest.importorskip("onnxscript", reason="PyTorch's newer exporter needs it")

import nnc
import numpy as np
import onnx
import onnxruntime
import torch
from nnc.onnx_import import attention
from nnc.onnx_import.faults import CannotImport
from nnc.onnx_import.importing import imported
from nnc.onnx_import.moves import small
from nnc.onnx_import.network import BATCH, OPEN
from onnx import numpy_helper
from torch import nn


class Look(nn.Module):
    """Self-attention and a layer behind it."""

    def __init__(self, heads=2, causal=False, weights=False, **more) -> None:
        super().__init__()
        self.look = nn.MultiheadAttention(8, heads, batch_first=True, **more)
        self.out, self.causal, self.weights = nn.Linear(8, 3), causal, weights

    def forward(self, x):
        later = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        mask = {"attn_mask": later, "is_causal": True} if self.causal else {}
        return self.out(self.look(x, x, x, need_weights=self.weights, **mask)[0])


class Cross(nn.Module):
    """Queries from one sequence, keys and values from the same one turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        other = x.flip(1)
        return self.look(x, other, other, need_weights=False)[0]


def layer(**more):
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **more)


MODULES = {
    "plain": Look,
    "one head": lambda: Look(heads=1),
    "four heads": lambda: Look(heads=4),
    "with its weights": lambda: Look(weights=True),
    "causal": lambda: Look(causal=True),
    "without biases": lambda: Look(bias=False),
    "encoder layer": layer,
    "norm first": lambda: layer(norm_first=True, activation="gelu"),
    "two layers": lambda: nn.TransformerEncoder(layer(), 2, enable_nested_tensor=False),
}
OLDER = ("plain", "one head", "four heads", "with its weights", "causal", "without biases")
"""What PyTorch's older exporter can export; it writes the number of positions into the file."""

OPEN_SIZES = ("plain", "with its weights", "encoder layer", "two layers")
"""What is exported with an open number of positions by the newer one."""


@cache
def exported(name, newer):
    """A module with weights as after training, as an ONNX model."""
    torch.manual_seed(3)
    net = MODULES[name]() if name in MODULES else Cross()
    for p in net.parameters():
        p.data += 0.2 * torch.randn_like(p)
    x, file = torch.randn(2, 5, 8), io.BytesIO()
    batch, steps = torch.export.Dim("B"), torch.export.Dim("T", min=2)
    sizes = {0: batch, 1: steps} if name in OPEN_SIZES else {0: batch}
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if newer:
            made = torch.onnx.export(
                net.eval(), (x,), dynamo=True, dynamic_shapes=(sizes,), verbose=False
            )
            model = made.model_proto
        else:
            axes = {"x": {0: "B"}}
            torch.onnx.export(
                net.eval(), (x,), file, dynamo=False, input_names=["x"], dynamic_axes=axes
            )
            model = onnx.load_from_string(file.getvalue())
    logging.disable(logging.NOTSET)
    return model


def same(model, steps=5):
    """The spec that a model becomes, whose module computes what onnxruntime does."""
    found = imported(model, "net.onnx")
    x = np.random.default_rng(4).normal(size=(3, steps, 8)).astype(np.float32)
    run = onnxruntime.InferenceSession(model.SerializeToString())
    want, *_ = run.run(None, {run.get_inputs()[0].name: x})
    np.testing.assert_allclose(
        nnc.loads(found.spec).predict(found.params, x), want, rtol=1e-5, atol=1e-5
    )
    return found.spec


@pytest.mark.parametrize(
    ("name", "newer"),
    [*((name, False) for name in OLDER), *((name, True) for name in MODULES)],
)
def test_attention_comes_in(name, newer):
    model = exported(name, newer)
    spec = same(model, 5)
    heads = {"one head": 1, "four heads": 4}.get(name, 2)
    assert f"attention {heads}" in spec
    assert ("causal=true" in spec) == (name == "causal")
    assert ("bias=false" in spec) == (name == "without biases")
    if newer and name in OPEN_SIZES:
        assert "input Tx8" in spec
        same(model, 9)


def changed(model, change):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    change(copy.graph)
    return copy


def softmax_operand(graph):
    """The node that makes what the softmax reads."""
    name = next(n.input[0] for n in graph.node if n.op_type == "Softmax")
    return next(n for n in graph.node if name in n.output)


def another_scale(graph):
    scores = softmax_operand(graph)
    graph.initializer.append(numpy_helper.from_array(np.float32([0.5]), "half"))
    made = onnx.helper.make_node("Mul", [scores.output[0], "half"], ["halved"])
    graph.node.insert(list(graph.node).index(scores) + 1, made)
    next(n for n in graph.node if n.op_type == "Softmax").input[0] = "halved"


def exchanged(graph):
    """Queries are keys and the reverse: the scores of [i, j] and [j, i] change places."""
    gathers = [n for n in graph.node if n.op_type == "Gather"]
    counts = Counter(n.input[0] for n in gathers)
    first, second, _ = (n for n in gathers if counts[n.input[0]] == 3)
    first.input[1], second.input[1] = second.input[1], first.input[1]


def other_heads(graph):
    """The heads' results change their order before the output's projection."""
    softmax = next(n for n in graph.node if n.op_type == "Softmax")
    product = next(n for n in graph.node if softmax.output[0] in n.input)
    turn = next(n for n in graph.node if product.output[0] in n.input)
    next(a for a in turn.attribute if a.name == "perm").ints[:] = [2, 0, 3, 1]


@pytest.mark.parametrize("change", [another_scale, exchanged, other_heads])
def test_what_is_nearly_attention_is_refused(change):
    model = changed(exported("plain", False), change)
    with pytest.raises(CannotImport):
        imported(model, "net.onnx")


def test_only_a_mask_of_all_later_positions_is_causal():
    mask = np.triu(np.full((1, 5, 5), -np.inf, np.float32), 1)
    assert attention._is_causal(mask)
    for place, value in (((0, 0, 1), 0), ((0, 3, 0), -np.inf), ((0, 2, 2), 1), ((0, 0, 4), -5)):
        other = mask.copy()
        other[place] = value
        with pytest.raises(attention._Other):
            attention._is_causal(other)
    for shape in ((5,), (5, 4), (2, 5, 5)):
        with pytest.raises(attention._Other):
            attention._is_causal(np.zeros(shape, np.float32))


def test_keys_from_elsewhere_are_refused():
    with pytest.raises(CannotImport):
        imported(exported("cross", True), "net.onnx")


def test_products_of_open_sizes_become_small():
    steps = OPEN["T"]
    assert [small(n) for n in (1, 5, BATCH, BATCH * 4, BATCH * steps * 8, -1, 0)] == [
        *(1, 5, 2, 8, 48, -1, 0)
    ]
