"""upsample: repeats every entry along each spatial axis."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, shape_text
from ..ir.types import TensorType
from ..kinds.arguments import SizeOf, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import refuse_mixing, require_floats
from ..kinds.stepping.rules import needs_all_positions
from ..ops.build import Value
from ..ops.shape import broadcast, reshape
from .registry import layer


def factors(factor: tuple[int, ...], spatial: int) -> tuple[int, ...]:
    """Return one factor for every spatial axis; a single one is used for all."""
    return factor * spatial if len(factor) == 1 else factor


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    spatial = c.input.rank - 1
    if c.input.ragged:
        raise refuse_mixing(c, "stretch the positions of a row", "upsample rows of one length")
    by = factors(c.arg("factor"), spatial)
    if spatial < 1 or len(by) != spatial:
        needed = {1: "one factor, as in `upsample 2`", 2: "two factors, as in `upsample 2x2`"}
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"upsample by {shape_text(c.arg('factor'))} does not fit {c.input}",
            at="factor" if spatial > 0 else "",
            here=f"{c.input} has {max(spatial, 0)} spatial axes behind its channels",
            help=f"give {needed.get(spatial, 'an input CxL or CxHxW')}",
        )
    first, *rest = c.input.shape
    return c.input.with_shape((first, *(n * k for n, k in zip(rest, by, strict=True))))


def _lower(c: LowerContext) -> Value:
    batch, channels, *spatial = c.x.type.shape
    by = factors(c.arg("factor"), len(spatial))
    thin: list[Dim] = [batch, channels]
    full: list[Dim] = [batch, channels]
    for size, k in zip(spatial, by, strict=True):
        thin += [size, 1]
        full += [size, k]
    blocks = broadcast(reshape(c.x, tuple(thin)), tuple(full))
    return c.note(reshape(blocks, c.result.batched().shape), "every entry k times over")


layer(
    LayerKind(
        name="upsample",
        family=Family.SHAPE,
        summary="repeats every entry along the spatial axes (nearest neighbour)",
        formula="y[c, i, j] = x[c, ⌊i/k⌋, ⌊j/k⌋]",
        example="input 2x4x4 -> upsample 2x2 -> flatten -> dense 1; loss mse",
        args=(
            positional(
                "factor", SizeOf(), "number of repeats: `2x2`, or one number for every axis"
            ),
        ),
        shape=_shape,
        lower=_lower,
        step=needs_all_positions(
            "makes several positions of each",
            "leave it out: a step gives one position for each that it reads",
        ),
        torch="nn.Upsample(scale_factor=k, mode='nearest')",
        keras="UpSampling2D(k)",
    )
)
