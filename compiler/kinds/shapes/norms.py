"""Shared arguments, checks and parameters of normalisation layers."""

from __future__ import annotations

from ...ir.dims import Dim
from ...ir.layer_graph import Call
from ...ir.types import TensorType
from ..arguments import ArgSpec, Int, Num, option
from ..layer import ParamSpec
from .context import ShapeContext
from .rules import check_in, refuse_mixing, refuse_ragged_features, require_floats
from .windows import require_channels

EPS_ARG: ArgSpec = option(
    "eps", Num(low=0.0, open_low=True), "added to the variance, so that it is never zero", 1e-5
)

CHANNELS_ARG: ArgSpec = option(
    "in", Int(low=1), "asserts the input's number of features (D) or channels (CxL, CxHxW)"
)


def normalizes_channels(c: ShapeContext, what: str) -> TensorType:
    """Return the type after a layer that reads D, CxL or CxHxW and mixes a channel's positions."""
    require_floats(c, "transpose")
    if c.input.ragged:
        each = "give every position features of its own, as in `input Tx8 ragged`"
        by_itself = "normalise every position by itself: `layernorm`"
        raise refuse_mixing(c, what, by_itself if c.input.rank > 1 else each)
    if c.input.rank > 1:
        require_channels(c)
    check_in(c, c.input.shape[0], c.input)
    return c.input


def normalizes_features(c: ShapeContext) -> TensorType:
    """Return the type after a layer that works along the last axis."""
    require_floats(c)
    refuse_ragged_features(c)
    check_in(c, c.input.shape[-1], c.input)
    return c.input


def channel_params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    """Return a gain and a shift for every feature of D, or every channel of CxL and CxHxW."""
    return _gain_and_shift(c, c.input.shape[0])


def feature_params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    """Return a gain and a shift for every feature of the last axis."""
    return _gain_and_shift(c, c.input.shape[-1])


def _gain_and_shift(c: ShapeContext, size: Dim) -> tuple[ParamSpec, ...]:
    ones, zeros = Call("ones", {}, c.layer.head), Call("zeros", {}, c.layer.head)
    return (ParamSpec("gamma", (size,), "gain", ones), ParamSpec("beta", (size,), "bias", zeros))
