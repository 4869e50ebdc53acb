"""Products with stored weights: dense layers and embeddings."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, attributes
from ..translation import Form, Translation, option, reads


@reads("Gemm")
def _gemm(t: Translation, node: NodeProto) -> None:
    """α A B + β C, where A is data and B and C are weights."""
    a = attributes(node)
    if a.get("transA", 0):
        raise Unsupported("its rows are transposed")
    w = t.weights(node.input[1], "weights")
    w = (w.T if a.get("transB", 0) else w) * np.asarray(a.get("alpha", 1.0), w.dtype)
    given = len(node.input) > 2 and node.input[2]
    b = t.weights(node.input[2], "biases") if given else None
    if b is not None:
        b = np.broadcast_to(b * np.asarray(a.get("beta", 1.0), b.dtype), (w.shape[1],))
    _dense(t, node, node.input[0], w, b, node.output[0])


@reads("MatMul")
def _matmul(t: Translation, node: NodeProto) -> None:
    """x W, with the bias that is added next."""
    x, w = node.input
    if t.constant(w) is None or t.constant(x) is not None:
        from .attention import attention

        return attention(t, node)
    weights = t.weights(w, "weights")
    if weights.ndim != 2:
        raise Unsupported("it multiplies by a stack of matrices")
    plus = t.net.only_user(node.output[0], "Add")
    bias = _bias(t, node, plus, weights.shape[1])
    out = plus.output[0] if plus is not None and bias is not None else node.output[0]
    if bias is not None:
        t.skip(plus)
    return _dense(t, node, x, weights, bias, out)


def _bias(t: Translation, node: NodeProto, plus: NodeProto | None, size: int) -> Array | None:
    """Return the vector that is added to a product, if there is one."""
    if plus is None:
        return None
    other = next(name for name in (*plus.input, "") if name != node.output[0])
    array = t.constant(other)
    if array is None or array.size != size or array.shape[-1] != size:
        return None
    return array.reshape(size)


def _dense(t: Translation, node: NodeProto, x: str, w: Array, b: Array | None, out: str) -> None:
    view = t.view(x)
    stage = view.stage if view.form is Form.FLAT else t.plain(x)
    row = t.stages[stage].shape
    if not row or row[-1] != w.shape[0]:
        raise Unsupported(f"rows of {row} numbers meet weights for {w.shape[0]}")
    text = f"dense {w.shape[1]}{option('bias', 'false' if b is None else 'true', 'true')}"
    weights = {"W": w} if b is None else {"W": w, "b": b}
    made = t.stage(text, [stage], (*row[:-1], int(w.shape[1])), **weights)
    t.give(out, made, view.form if view.form is Form.FLAT else Form.PLAIN)


@reads("Gather")
def _gather(t: Translation, node: NodeProto) -> None:
    """Look up rows of a stored table by ids, or take one step of a sequence."""
    table, axis = t.constant(node.input[0]), attributes(node).get("axis", 0)
    if table is None:
        from .recurrent import last_step

        return last_step(t, node)
    if table.ndim != 2 or axis != 0:
        raise Unsupported("it gathers from an array that is no table of vectors")
    ids = t.plain(node.input[1])
    if " int" not in t.stages[ids].text:
        raise Unsupported("its ids are computed", "let them be an input")
    count, size = table.shape
    shape = (*t.stages[ids].shape, int(size))
    t.give(node.output[0], t.stage(f"embedding {count} {size}", [ids], shape, W=table))
    return None


@reads("Less")
def _negative(t: Translation, node: NodeProto) -> None:
    """ids < 0, as the start of Keras's handling of negative ids."""
    ids = node.input[0]
    choice = t.net.only_user(node.output[0], "Where")
    plus = t.net.maker(choice.input[1], "Add") if choice else None
    if choice is None or plus is None or choice.input[2] != ids or ids not in plus.input:
        raise Unsupported("a comparison", "write a formula with `where`")
    if " int" not in t.stages[t.view(ids).stage].text:
        raise Unsupported("a comparison", "write a formula with `where`")
    t.skip(plus, choice)
    t.give(choice.output[0], t.view(ids).stage)
