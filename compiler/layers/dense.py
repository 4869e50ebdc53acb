"""dense: a fully connected layer."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.arguments import (
    BIAS_ARG,
    BIAS_INIT_ARG,
    IN_ARG,
    INIT_ARG,
    Int,
    LayerName,
    option,
    positional,
)
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import check_in, refuse_ragged_features, require_features
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.shape import reshape, transpose
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    size = require_features(c)
    refuse_ragged_features(c)
    result = c.input.with_shape((*c.input.shape[:-1], c.arg("units")))
    check_in(c, size, result)
    if c.arg("tie") is not None:
        _check_tie(c, size, result)
    return result


def _check_tie(c: ShapeContext, size: Dim, result: TensorType) -> None:
    name, units = c.arg("tie"), c.arg("units")
    if "W" not in c.tied:
        raise ShapeFault(
            codes.TIE_MISMATCH,
            f"`{name}` has no weight matrix of its own to tie to",
            at="tie",
            help="name a `dense` layer that is not tied itself",
            result=result,
        )
    rows, columns = c.tied["W"].shape
    made = ((c.tied["W"].span, f"{name}.W is {rows}x{columns}"),)
    if units != rows:
        raise ShapeFault(
            codes.TIE_MISMATCH,
            f"tied to `{name}`, dense has {rows} units, not {units}",
            at="units",
            here=f"the transpose of {name}.W gives {rows} units",
            help=f"write `dense {rows} tie={name}`",
            replace=str(rows),
            also=made,
        )
    if size != columns:
        raise ShapeFault(
            codes.TIE_MISMATCH,
            f"tied to `{name}`, dense needs {columns} features, but {size} come in",
            at="tie",
            here=f"the transpose of {name}.W takes {columns} features",
            help=f"let the layer before give {columns} features, or leave out `tie={name}`",
            also=made,
            result=result,
        )


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    size, units = c.input.shape[-1], c.arg("units")
    weight = ParamSpec("W", (size, units), "weight", c.arg("init"), size, units)
    bias = ParamSpec("b", (units,), "bias", c.arg("bias_init"), size, units)
    biases = (bias,) if c.arg("bias") else ()
    return biases if c.arg("tie") is not None else (weight, *biases)


def _lower(c: LowerContext) -> Value:
    tied = c.arg("tie") is not None
    lead, size = c.x.type.shape[:-1], c.x.type.shape[-1]
    rows = reshape(c.x, (product(lead), size))
    z = rows @ (transpose(c.tied("W")) if tied else c.param("W"))
    if c.arg("bias"):
        z = z + c.param("b")
    formula = "z = x Wᵀ" if tied else "z = x W"
    return c.note(reshape(z, (*lead, c.arg("units"))), formula + " + b" * c.arg("bias"))


def _flops(c: ShapeContext) -> Dim:
    positions, size = product(c.input.shape[:-1]), c.input.shape[-1]
    per_unit = 2 * size + int(c.arg("bias"))
    return positions * int(c.arg("units")) * per_unit


layer(
    LayerKind(
        name="dense",
        family=Family.WEIGHTS,
        summary="fully connected: every unit is a weighted sum of all features plus a bias",
        formula="z = x W + b",
        example="input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy",
        args=(
            positional(
                "units",
                Int(low=1),
                "number of units, which is the number of features of the output",
            ),
            option("tie", LayerName(), "use the transpose of this layer's W; the bias is separate"),
            IN_ARG,
            BIAS_ARG,
            INIT_ARG,
            BIAS_INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=each_row_of_features,
        flops=_flops,
        aliases=("linear", "fc", "fully_connected"),
        torch="nn.Linear(in, units)",
        keras="Dense(units)",
        notes="D gives units; TxD gives Txunits, with the same weights at every position. W has shape "
        "(in, units), so the formula is x W as in textbooks; PyTorch stores the transpose.",
    )
)
