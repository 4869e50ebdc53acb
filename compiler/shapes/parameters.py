"""Checks of parameters: fixed sizes, one shape for all uses, a suitable initialisation."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import shape_text, symbols
from ..ir.layer_graph import Layer, Parameter
from ..kinds.layer import ParamSpec, StateSpec
from ..kinds.shapes.context import ShapeFault
from ..layers import LAYERS


def fixed_shape(layer: Layer, spec: ParamSpec | StateSpec) -> tuple[int, ...]:
    """Return the parameter's shape, which must not depend on a symbolic dimension."""
    sizes = tuple(n for n in spec.shape if isinstance(n, int))
    if len(sizes) == len(spec.shape):
        return sizes
    open_sizes = sorted({s for n in spec.shape for s in symbols(n)})
    raise ShapeFault(
        codes.SYMBOLIC_PARAMETER,
        f"the size of {layer.name}.{spec.suffix} would depend on {' and '.join(open_sizes)}",
        here=f"{spec.suffix} would be {shape_text(spec.shape)}, "
        f"but parameters are made before {open_sizes[0]} is known",
        help=f"write a number for {' and '.join(open_sizes)} in the input's shape",
    )


def check_shared(layer: Layer, parameter: Parameter, shape: tuple[int, ...]) -> None:
    """Refuse a second use of a parameter that requires another shape."""
    if parameter.shape == shape:
        return
    had, needed = shape_text(parameter.shape), shape_text(shape)
    if len(shape) > 2:
        raise ShapeFault(
            codes.SHARED_MISMATCH,
            f"{parameter.name} is {had}, but here it would have to be {needed}",
            at="use",
            here=f"{layer.owner} was made for another number of channels",
            help=f"feed it as many channels, or write a new {layer.word} in place of `use`",
            also=((parameter.span, f"{parameter.name} is {had} since here"),),
        )
    raise ShapeFault(
        codes.SHARED_MISMATCH,
        f"{parameter.name} is {had}, but here it would have to be {needed}",
        at="use",
        here=f"{shape[0]} features come in, {layer.owner} was made for {parameter.shape[0]}",
        help=f"feed it {parameter.shape[0]} features, or write a new {layer.word} in place of `use`",
        also=((parameter.span, f"{parameter.name} is {had} since here"),),
    )


def check_init(spec: ParamSpec, shape: tuple[int, ...]) -> None:
    """Refuse an initialisation that is defined only for matrices."""
    if spec.init is None or spec.init.name != "orthogonal" or len(shape) > 1:
        return
    raise ShapeFault(
        codes.INIT_NEEDS_MATRIX,
        f"`orthogonal` needs a matrix, but {spec.suffix} is a vector of {shape[0]}",
        at="bias_init",
        here="needs a matrix",
        help="start biases with `zeros`, `constant(0.1)` or `normal(0.01)`",
        replace="zeros",
    )


def default_init(layer: Layer, readers: list[Layer]) -> str:
    """Return the default initialisation of weights, which depends on the following activation."""
    if layer.activation is not None:
        return LAYERS[layer.activation.kind].feeding_init
    if len(readers) == 1 and LAYERS[readers[0].kind].is_activation:
        return LAYERS[readers[0].kind].feeding_init
    return "xavier"
