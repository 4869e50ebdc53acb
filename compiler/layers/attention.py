"""attention: every position receives a weighted mean of the values at all positions."""

from __future__ import annotations

from ..ir.dims import Dim, fixed
from ..ir.layer_graph import Call
from ..ir.types import TensorType
from ..kinds.arguments import (
    BIAS_ARG,
    BIAS_INIT_ARG,
    IN_ARG,
    INIT_ARG,
    ArgSpec,
    Flag,
    Int,
    option,
    positional,
)
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.divisors import check_divides
from ..kinds.shapes.rules import check_in, require_positions
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, step_rule
from ..kinds.stepping.memory import Memory
from ..kinds.stepping.rules import require_first
from ..ops.attention import batch_matmul, masked_softmax, merge_heads, split_heads, transposed
from ..ops.build import Value
from ..ops.elementwise import scale
from ..ops.shape import narrow, reshape
from .registry import layer

WEIGHT_ARGS = (BIAS_ARG, INIT_ARG, BIAS_INIT_ARG)


def heads_and_order(seen: str) -> tuple[ArgSpec, ...]:
    """The arguments `heads` and `causal`, with what a position then sees."""
    return (
        positional(
            "heads", Int(low=1), "number of heads; the number of features must be a multiple of it"
        ),
        option("causal", Flag(), f"whether a position attends only to {seen}", False),
    )


def _shape(c: ShapeContext) -> TensorType:
    size = require_positions(c)
    check_in(c, size, c.input)
    if isinstance(size, int):
        check_divides(c, "heads", size, "features")
    return c.input


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    size, bias = c.input.shape[-1], c.arg("bias_init")
    init = c.arg("init") or Call("xavier", {}, c.layer.head)
    weights = (
        ParamSpec("Wqkv", (size, 3 * size), "weight", init, size, 3 * size),
        ParamSpec("bqkv", (3 * size,), "bias", bias, size, 3 * size),
        ParamSpec("Wo", (size, size), "weight", init, size, size),
        ParamSpec("bo", (size,), "bias", bias, size, size),
    )
    return weights if c.arg("bias") else weights[::2]


def _lower(c: LowerContext) -> Value:
    batch, length, _ = c.x.type.shape
    size = fixed(c.x.type.shape[-1])
    qkv, rows = _projected(c, reshape(c.x, (batch * length, size))), (batch, length)
    parts = (narrow(qkv, 1, part * size, (part + 1) * size) for part in range(3))
    q, k, v = (by_heads(c, x, rows, name) for x, name in zip(parts, "qkv", strict=True))
    return attend(c, q, k, v, c.lengths)


def by_heads(c: LowerContext, x: Value, rows: tuple[Dim, Dim], name: str) -> Value:
    """Return queries, keys or values (B·T, D) by head, (B, heads, T, D/heads); rows are (B, T)."""
    split = split_heads(x, rows, c.arg("heads"))
    return c.build.describe(split, hint=f"{c.name}_{name}", formula=f"{name} by heads")


def attend(c: LowerContext, q: Value, k: Value, v: Value, lengths: Value | None) -> Value:
    """Return each query's mean of the values, times Wo; keys beyond `lengths` are masked."""
    size = fixed(q.type.shape[-1])
    weights = _weights(c, _scores(c, q, k, size), lengths)
    rows = merge_heads(_mixed(c, weights, v))
    c.build.describe(rows, hint=f"{c.name}_rows", formula="the heads side by side")
    return _projected_back(c, rows)


def _projected(c: LowerContext, rows: Value) -> Value:
    """Return queries, keys and values side by side, (rows, 3D)."""
    qkv = rows @ c.param("Wqkv")
    if c.arg("bias"):
        qkv = qkv + c.param("bqkv")
    formula = "[q k v] = x Wqkv" + " + b" * c.arg("bias")
    return c.build.describe(qkv, hint=f"{c.name}_qkv", formula=formula)


def _scores(c: LowerContext, q: Value, k: Value, size: int) -> Value:
    """Return the scores of every query with every key, by heads."""
    scores = scale(batch_matmul(q, transposed(k)), size**-0.5)
    return c.build.describe(scores, hint=f"{c.name}_scores", formula="S = q kᵀ / √(D/heads)")


def _mixed(c: LowerContext, weights: Value, v: Value) -> Value:
    c.build.describe(weights, hint=f"{c.name}_weights", formula="A = softmax S over the keys")
    mixed = batch_matmul(weights, v)
    return c.build.describe(mixed, hint=f"{c.name}_mixed", formula="each query's mean of v, A v")


def _projected_back(c: LowerContext, rows: Value) -> Value:
    y = rows @ c.param("Wo")
    if c.arg("bias"):
        y = y + c.param("bo")
    return c.note(reshape(y, c.inputs[0].type.shape), "y = (A v) Wo" + " + b" * c.arg("bias"))


def _weights(c: LowerContext, scores: Value, lengths: Value | None) -> Value:
    if c.arg("causal") or lengths is not None:
        return masked_softmax(scores, lengths, causal=c.arg("causal"))
    return c.build.emit("softmax", scores)


def _flops(c: ShapeContext) -> Dim:
    length, size = c.input.shape
    projections = 2 * length * size * 4 * size
    return projections + 4 * length * length * size + 5 * length * length * int(c.arg("heads"))


def _kept(c: ShapeContext) -> Dim:
    """Count queries, keys, values, their mean, and the weights of every query for every key."""
    length, size = c.input.shape
    return 4 * length * size + int(c.arg("heads")) * length * length


@step_rule("with `causal=true`; it remembers its keys and values at all positions")
def _step(c: StepContext) -> Stepped:
    require_first(c)
    if not c.arg("causal"):
        raise LooksAhead(
            "every position sees all others, also later ones",
            help="write `causal=true`, so that a position sees only itself and those before it",
            at="causal",
            replace="true",
        )
    return Stepped(0, lower=_lower_step)


def _lower_step(c: LowerContext, memory: Memory) -> Value:
    """Attend with the query of one position to the remembered keys and values."""
    batch, size = c.x.type.shape[0], fixed(c.x.type.shape[-1])
    heads = c.arg("heads")
    qkv = _projected(c, c.x)
    q, k, v = (_head(c, qkv, part) for part in range(3))
    keys = memory.so_far("keys", k, f"the keys of {c.name} at all positions")
    c.build.describe(keys, hint=f"{c.name}_keys", formula="k of all positions so far")
    values = memory.so_far("values", v, f"the values of {c.name} at all positions")
    c.build.describe(values, hint=f"{c.name}_values", formula="v of all positions so far")
    weights = c.build.emit("softmax", _scores(c, q, keys, size // heads))
    mixed = _mixed(c, weights, values)
    return _projected_back(c, reshape(mixed, (batch, size)))


def _head(c: LowerContext, qkv: Value, part: int) -> Value:
    """Return the query (part 0), key or value of one position by heads, (B, heads, 1, D/heads)."""
    batch, size = c.x.type.shape[0], fixed(c.x.type.shape[-1])
    heads = c.arg("heads")
    own = narrow(qkv, 1, part * size, (part + 1) * size)
    return reshape(own, (batch, heads, 1, size // heads))


layer(
    LayerKind(
        name="attention",
        family=Family.WEIGHTS,
        summary="self-attention: every position receives a mean of the values of all positions, "
        "weighted by how well its query matches their keys, in several heads at once",
        formula="y = concat over heads of softmax(q kᵀ / √(D/heads)) v, times Wo + bo; "
        "[q k v] = x Wqkv + bqkv",
        example="input Tx64 -> attention 4 causal=true -> dense 3; loss mse",
        args=(*heads_and_order("itself and the positions before it"), IN_ARG, *WEIGHT_ARGS),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=_step,
        flops=_flops,
        kept=_kept,
        aliases=("self_attention", "multihead_attention", "mha"),
        torch="nn.MultiheadAttention(D, heads, batch_first=True)",
        keras="MultiHeadAttention(heads, D // heads)",
        notes="TxD gives TxD (Vaswani et al. 2017, section 3.2). The columns of Wqkv are those of q, k "
        "and v, each with one head after the other; PyTorch stores the transpose as "
        "`in_proj_weight`. In ragged rows padding is masked. The scores take B·heads·T² "
        "numbers.",
    )
)
