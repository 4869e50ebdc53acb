"""attention after a fork of two: the positions of one sequence look at those of another one."""

from __future__ import annotations

from dataclasses import replace

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind, ParamSpec, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.divisors import check_divides
from ..kinds.shapes.merges import require_branches
from ..kinds.shapes.rules import require_positions
from ..kinds.stepping.rules import SUM_UP, needs_all_positions
from ..ops.build import Value
from ..ops.shape import narrow, reshape
from .attention import WEIGHT_ARGS, attend, by_heads, heads_and_order
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_branches(c, exactly=2)
    size = _size(c, 0)
    _size(c, 1)
    if isinstance(size, int):
        check_divides(c, "heads", size, "features")
    return c.input


def _size(c: ShapeContext, branch: int) -> Dim:
    """The number of features of a branch, which is TxD."""
    try:
        return require_positions(replace(c, inputs=(c.inputs[branch],)))
    except ShapeFault as fault:
        fault.blame, fault.insert, fault.result = branch, "", c.input
        raise


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    (size, read), bias = (type.shape[-1] for type in c.inputs), c.arg("bias_init")
    init = c.arg("init") or Call("xavier", {}, c.layer.head)
    weights = (
        ParamSpec("Wq", (size, size), "weight", init, size, size),
        ParamSpec("bq", (size,), "bias", bias, size, size),
        ParamSpec("Wkv", (read, 2 * size), "weight", init, read, 2 * size),
        ParamSpec("bkv", (2 * size,), "bias", bias, read, 2 * size),
        ParamSpec("Wo", (size, size), "weight", init, size, size),
        ParamSpec("bo", (size,), "bias", bias, size, size),
    )
    return weights if c.arg("bias") else weights[::2]


def _lower(c: LowerContext) -> Value:
    size = c.inputs[0].type.shape[-1]
    q, kv = _projected(c, 0, "q", "q", "xq"), _projected(c, 1, "kv", "[k v]", "kv")
    asking, read = (x.type.shape[:2] for x in c.inputs)
    queries = by_heads(c, q, (asking[0], asking[1]), "q")
    k, v = narrow(kv, 1, 0, size), narrow(kv, 1, size, 2 * size)
    keys, values = (by_heads(c, x, (read[0], read[1]), n) for x, n in ((k, "k"), (v, "v")))
    return attend(c, queries, keys, values, c.each_lengths[1])


def _projected(c: LowerContext, branch: int, what: str, shown: str, hint: str) -> Value:
    """A branch times its weights, all positions of all rows below one another."""
    batch, length, size = c.inputs[branch].type.shape
    z = reshape(c.inputs[branch], (batch * length, size)) @ c.param(f"W{what}")
    if c.arg("bias"):
        z = z + c.param(f"b{what}")
    formula = f"{shown} = x{'₁₂'[branch]} W{what}" + " + b" * c.arg("bias")
    return c.build.describe(z, hint=f"{c.name}_{hint}", formula=formula)


def _flops(c: ShapeContext) -> Dim:
    (length, size), (keys, read) = (type.shape for type in c.inputs)
    projections = 4 * length * size * size + 4 * keys * read * size
    return projections + 4 * length * keys * size + 5 * length * keys * int(c.arg("heads"))


def _kept(c: ShapeContext) -> Dim:
    """Queries, their mean, keys and values; the weights of every query for every key."""
    (length, size), (keys, _) = (type.shape for type in c.inputs)
    return 2 * length * size + 2 * keys * size + int(c.arg("heads")) * length * keys


layer(
    LayerKind(
        name="attention fork",
        family=Family.MERGE,
        summary="cross attention: every position of the first branch gets a mean of the values of all "
        "positions of the second, weighted by how well its query matches their keys",
        formula="y = concat over heads of softmax(q kᵀ / √(D/heads)) v, times Wo + bo; "
        "q = x₁ Wq + bq, [k v] = x₂ Wkv + bkv",
        example="input Tx16 as answer; input Lx12 ragged as source; "
        "[answer, source] -> attention 4 -> dense 3; loss mse",
        args=(*heads_and_order("the positions of the second branch up to its own"), *WEIGHT_ARGS),
        shape=_shape,
        params=_params,
        lower=_lower,
        flops=_flops,
        kept=_kept,
        own_lengths=always,
        step=needs_all_positions("reads all positions of the second branch", SUM_UP),
        torch="nn.MultiheadAttention(D, heads, kdim=M, vdim=M, batch_first=True)(x1, x2, x2)",
        keras="MultiHeadAttention(heads, D // heads)(x1, x2)",
        notes="TxD and LxM give TxD: the queries come from the first branch, keys and values from "
        "the second, which may have other sizes. No query sees the second's padding; the lengths of the "
        "value are the first's. With `causal=true` position t sees 0 to t of the second, as with "
        "PyTorch's `is_causal`. The scores take B·heads·T·L numbers.",
    )
)
