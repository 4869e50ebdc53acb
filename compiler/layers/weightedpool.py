"""weightedpool: pooling with learned weights, one kernel for all channels."""

from __future__ import annotations

from math import prod

from ..ir.dims import product
from ..ir.layer_graph import Call
from ..kinds.arguments import Init, Option, option
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.lower.pools import pooled_lengths, window_over
from ..kinds.lower.windows import alone
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.pools import numbers, pool_flops, pool_window, pooled
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.elementwise import unary
from ..ops.pooling import weighted_pool
from ..ops.shape import reshape
from .maxpool import STEP_ARG, WINDOW_ARG
from .registry import layer


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    kernel = pool_window(c.args, c.input.shape[1:]).kernel
    cells = prod(kernel)
    init = c.arg("init") or _even(c, cells)
    return (ParamSpec("w", kernel, "weight", init, cells, cells),)


def _even(c: ShapeContext, cells: int) -> Call:
    """Return the initialisation that makes the layer an avgpool."""
    if c.arg("normalize") == "softmax":
        return Call("zeros", {}, c.layer.head)
    return Call("constant", {"v": 1 / cells}, c.layer.head)


def _lower(c: LowerContext) -> Value:
    window, w = window_over(c), c.param("w")
    if c.arg("normalize") == "softmax":
        shape = w.type.shape
        w = reshape(unary("softmax", reshape(w, (product(shape),))), shape)
        w = c.build.describe(w, formula="positive weights that sum to 1", hint=f"{c.name}_weights")
    y = weighted_pool(alone(c, window), w, stride=window.stride, pad=numbers(window))
    return c.note(y, "y[i] = Σ x[i·s + u] w[u], the same w in every channel")


layer(
    LayerKind(
        name="weightedpool",
        family=Family.WEIGHTS,
        summary="pooling with learned weights, one kernel shared by every channel",
        formula="y[c, i] = Σ x[c, i·stride + u] softmax(w)[u], over the entries u of the window",
        example="input 40x20x64 -> weightedpool 2x4 -> flatten -> dense 5 softmax; "
        "loss crossentropy",
        args=(
            WINDOW_ARG,
            STEP_ARG,
            option(
                "normalize",
                Option(("softmax", "none")),
                "`softmax`: weights are positive and sum to 1; `none`: w itself",
                "softmax",
            ),
            option("init", Init(), "how w starts; by default all weights are equal, as in avgpool"),
        ),
        shape=pooled,
        params=_params,
        lower=_lower,
        step=needs_all_positions("takes in later positions", CAUSAL_CONV),
        flops=pool_flops,
        lengths=pooled_lengths,
        aliases=("weighted_pool",),
        torch="F.conv2d(x.reshape(-1, 1, H, W), w.softmax(-1).reshape(1, 1, kh, kw), stride=stride)",
        keras="DepthwiseConv2D with one kernel tied over the channels",
        notes="w has the shape of the window, (kh, kw). With `normalize=softmax` it has unrestricted "
        "numbers, which start at zero: the weights are softmax(w), initially equal. With "
        "`normalize=none` w are the weights and start at 1/(kh·kw). A signal CxL is pooled by a "
        "kernel with one axis. Ragged rows are pooled separately, as if each were alone.",
    )
)
