"""local: a locally connected layer, with separate weights at every position."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, product, symbols
from ..ir.types import TensorType
from ..kinds.arguments import BIAS_ARG, BIAS_INIT_ARG, IN_ARG, INIT_ARG, Int, positional
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.pools import numbers
from ..kinds.shapes.rules import check_in, refuse_mixing
from ..kinds.shapes.windows import (
    Window,
    check_axes,
    check_reach,
    positions,
    require_channels,
    window_of,
)
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.pooling import local
from ..ops.shape import reshape, transpose
from .conv import KERNEL_ARG, PAD_ARG, STRIDE_ARG
from .registry import layer


def _as_signal(c: ShapeContext) -> ShapeContext:
    """Return the context with a vector of features read as a signal of one channel."""
    if c.input.rank != 1 or c.input.ragged:
        return c
    return replace(c, inputs=(c.input.with_shape((1, *c.input.shape)),))


def _window(c: ShapeContext) -> Window:
    return window_of(c.args, _as_signal(c).input.shape[1:])


def _grid(c: ShapeContext) -> tuple[Dim, ...]:
    """Return the number of positions along each axis."""
    return positions(_window(c), _as_signal(c).input.shape[1:])


def _shape(c: ShapeContext) -> TensorType:
    if c.input.ragged:
        raise refuse_mixing(
            c, "tie its weights to the positions of a row", "use `conv`, which has none of its own"
        )
    signal = _as_signal(c)
    _require_numbers(c, signal.input.shape)
    channels, sizes = require_channels(signal)
    check_axes(c, len(sizes), "kernel", "stride", "pad")
    check_reach(signal, _window(c))
    filters = c.arg("filters")
    if c.input.rank == 1:
        result = c.input.with_shape((*_grid(c), filters))
        check_in(c, c.input.shape[0], result)
    else:
        result = c.input.with_shape((filters, *_grid(c)))
        check_in(c, channels, result, "channels")
    return result


def _require_numbers(c: ShapeContext, sizes: tuple[Dim, ...]) -> None:
    """Refuse a number of positions known only at run time; name a layer that supports it."""
    open_sizes = sorted({symbol for n in sizes for symbol in symbols(n)})
    if not open_sizes:
        return
    unknown = " and ".join(open_sizes)
    ways = ", or use `conv`, which shares its weights" if c.input.rank > 1 else ""
    raise ShapeFault(
        codes.SYMBOLIC_PARAMETER,
        f"local has weights for every position, and their number would depend on {unknown}",
        here=f"parameters are made before {unknown} is known",
        help=f"write a number in place of {unknown} in the input's shape{ways}",
    )


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    channels, grid, filters = _as_signal(c).input.shape[0], _grid(c), c.arg("filters")
    kernel = product(_window(c).kernel)
    cells, fans = channels * kernel, (channels * kernel, filters * kernel)
    weight = ParamSpec("W", (*grid, cells, filters), "weight", c.arg("init"), *fans)
    bias = ParamSpec("b", (*grid, filters), "bias", c.arg("bias_init"), *fans)
    return (weight, bias) if c.arg("bias") else (weight,)


def _lower(c: LowerContext) -> Value:
    x, vector = c.x, c.x.type.rank == 2
    if vector:
        x = reshape(x, (x.type.shape[0], 1, x.type.shape[1]))
    window = window_of(c.args, x.type.shape[2:])
    z = local(x, c.param("W"), kernel=window.kernel, stride=window.stride, pad=numbers(window))
    formula = "z[i] = Σ x[i·s + u − p] W[i, u]"
    if vector:
        z = transpose(z, (0, 2, 1))
    if not c.arg("bias"):
        return c.note(z, formula)
    b = c.param("b")
    last = b.type.rank - 1
    b = b if vector else transpose(b, (last, *range(last)))
    return c.note(z + b, f"{formula} + b[i]")


def _flops(c: ShapeContext) -> Dim:
    cells = _as_signal(c).input.shape[0] * product(_window(c).kernel)
    per_entry: Dim = 2 * cells + int(c.arg("bias"))
    filters: int = c.arg("filters")
    return filters * product(_grid(c)) * per_entry


layer(
    LayerKind(
        name="local",
        family=Family.WEIGHTS,
        summary="locally connected: a convolution whose weights differ from position to position",
        formula="z[f, i] = Σ x[c, i·stride + u − pad] W[i, (c, u), f] + b[i, f], over c and u",
        example="input 12 -> local 1 3 stride=3 bias=false tanh -> flatten -> dense 2 softmax; "
        "loss crossentropy",
        args=(
            positional("filters", Int(low=1), "number of outputs at every position"),
            KERNEL_ARG,
            STRIDE_ARG,
            PAD_ARG,
            IN_ARG,
            BIAS_ARG,
            INIT_ARG,
            BIAS_INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=needs_all_positions("has weights of its own for each position", CAUSAL_CONV),
        flops=_flops,
        aliases=("locally_connected", "locallyconnected1d", "locallyconnected2d"),
        torch="F.unfold(x, kernel) and an einsum with W; there is no layer",
        keras="LocallyConnected1D(filters, kernel), LocallyConnected2D(...), until Keras 2",
        notes="A vector D gives PxF, positions first; CxL gives FxP and CxHxW "
        "gives FxH'xW', channels first. W has shape (positions…, C·kernel, F): positions in "
        "reading order along each axis, then the channels and the kernel's rows and "
        "columns, in the order of PyTorch's unfold; b has shape (positions…, F). Sizes must be "
        "numbers; `conv`, which shares its weights, takes any size.",
    )
)
