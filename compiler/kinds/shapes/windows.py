"""The shape rules of layers with a sliding kernel over CxL or CxHxW."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, shape_text, symbols
from ...ir.layer_graph import ArgValue
from ...ir.reading import whole, wholes
from ...ir.types import TensorType
from ...ops.conv import SAME, Pads, same_pad, window_size
from .context import ShapeContext, ShapeFault
from .divisors import nearest_divisors
from .rules import refuse_mixing, require_floats

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A kernel with stride, dilation and padding, one number for each spatial axis."""

    kernel: Sizes
    stride: Sizes
    dilation: Sizes
    pad: Pads | str

    @property
    def reach(self) -> Sizes:
        """The number of cells that the dilated kernel spans on each axis."""
        pairs = zip(self.kernel, self.dilation, strict=True)
        return tuple((k - 1) * d + 1 for k, d in pairs)

    def sees_beyond(self, axis: int) -> bool:
        """Return whether windows at valid positions may overlap cells beyond the row's end."""
        return self.reach[axis] > 1 or self.padding(axis) > 0

    def padding(self, axis: int) -> int:
        """Return the total padding of an axis, if it does not depend on its size."""
        return self.reach[axis] - 1 if isinstance(self.pad, str) else sum(self.pad[axis])


def per_axis(args: Mapping[str, ArgValue], name: str, axes: int) -> Sizes:
    """Return a size argument with one number for each axis; a single number is used for all."""
    value = wholes(args[name])
    return value * axes if len(value) == 1 else value


def window_of(args: Mapping[str, ArgValue], sizes: tuple[Dim, ...]) -> Window:
    """Return the window given by `kernel stride= dilation= pad=` over axes of these sizes."""
    axes = len(sizes)
    kernel, stride = per_axis(args, "kernel", axes), per_axis(args, "stride", axes)
    dilation = per_axis(args, "dilation", axes) if "dilation" in args else (1,) * axes
    bare = Window(kernel, stride, dilation, ((0, 0),) * axes)
    match args["pad"]:
        case "valid":
            return bare
        case "same":
            return Window(kernel, stride, dilation, _same(bare, sizes))
        case "causal":
            return Window(kernel, stride, dilation, tuple((n - 1, 0) for n in bare.reach))
    return Window(kernel, stride, dilation, both_ends(args["pad"], axes))


def both_ends(value: ArgValue, axes: int) -> Pads:
    """What `1`, `1:0` or `(1:0)x2` adds in front of and behind every axis."""
    if not isinstance(value, tuple):
        raise TypeError(f"no sizes: {value!r}")
    pairs = [wholes(p) if isinstance(p, tuple) else (whole(p), whole(p)) for p in value]
    pads = tuple((before, after) for before, after in pairs)
    return pads * axes if len(pads) == 1 else pads


def ends_text(pads: Pads) -> str:
    """Ends as short as a spec may write them.

    >>> ends_text(((1, 1), (1, 1))), ends_text(((1, 0),)), ends_text(((1, 0), (2, 2)))
    ('1', '1:0', '(1:0)x2')
    """
    texts = [str(a) if a == b else f"{a}:{b}" for a, b in pads]
    if len(set(texts)) == 1:
        return texts[0]
    return "x".join(f"({text})" if ":" in text else text for text in texts)


def _same(window: Window, sizes: tuple[Dim, ...]) -> Pads | str:
    """Return SAME_UPPER padding as numbers, unless it depends on a size known only at run time."""
    pads = []
    for size, reach, stride in zip(sizes, window.reach, window.stride, strict=True):
        if reach == 1 or stride == 1:
            pads.append(same_pad(1, reach, stride))
        elif isinstance(size, int):
            pads.append(same_pad(size, reach, stride))
        else:
            return SAME
    return tuple(pads)


def positions(window: Window, sizes: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Return the number of positions of a window along each axis."""
    found = []
    for i, size in enumerate(sizes):
        pad = window.pad if isinstance(window.pad, str) else window.pad[i]
        found.append(window_size(size, window.kernel[i], window.stride[i], pad, window.dilation[i]))
    return tuple(found)


def require_channels(c: ShapeContext) -> tuple[Dim, tuple[Dim, ...]]:
    """Return the channels and the spatial sizes of CxL or CxHxW; refuse other shapes."""
    require_floats(c, "transpose")
    shape = c.input.shape
    if c.input.rank not in (2, 3):
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"{c.kind} reads channels and positions, but {c.input} has "
            + ("one axis" if c.input.rank == 1 else f"{c.input.rank} axes"),
            here=f"needs CxL or CxHxW, the input is {c.input}",
            help=_as_image(c, shape),
        )
    if c.input.rank == 2 and symbols(shape[0]) and not symbols(shape[1]):
        raise ShapeFault(
            codes.SYMBOLIC_PARAMETER,
            f"{c.kind} reads channels first, CxL, but {c.input} has {shape[0]} channels",
            here=f"reads {shape[0]} as the channels and {shape[1]} as the positions",
            help=f"put `transpose` before it, which makes {shape[1]} channels of {shape[0]} positions",
            insert="transpose",
        )
    if c.input.ragged and c.input.ragged_axis == 0:
        raise refuse_mixing(
            c,
            f"read the {shape[0]} positions of a row as channels",
            "put `transpose` before it" if c.input.rank == 2 else "put `permute 1 0 2` before it",
        )
    return shape[0], shape[1:]


def _as_image(c: ShapeContext, shape: tuple[Dim, ...]) -> str:
    """Return advice on how to convert a shape with too few or too many axes."""
    size = shape[0]
    if len(shape) > 1:
        return "join axes with `reshape` before it until three are left"
    if not isinstance(size, int):
        return f"declare the channels too, as in `input 1x{size}`"
    side = round(size**0.5)
    signal, image = f"`reshape 1x{size}`", f"`reshape 1x{side}x{side}`"
    if side * side != size or side < 2:
        return f"put {signal} before it, one channel"
    kernel = c.args.get("kernel", ())
    if isinstance(kernel, tuple) and len(kernel) == 2:
        return f"put {image} before it, one channel"
    return f"put {image} before it if these are the pixels of an image, {signal} if a signal"


def written(parts: Sizes) -> str:
    """Return sizes in the shortest notation: `2` for `2x2`."""
    return str(parts[0]) if len(set(parts)) == 1 else shape_text(parts)


def check_axes(c: ShapeContext, axes: int, *names: str) -> None:
    """Refuse sizes whose number of components differs from the number of spatial axes."""
    for name in names:
        value = c.args.get(name)
        if not isinstance(value, tuple) or len(value) in (1, axes):
            continue
        kept = value[:axes]
        fitting = (
            ends_text(both_ends(kept, axes))
            if name in ("pad", "size")
            else shape_text(wholes(kept))
        )
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"`{name}` has {len(value)} components, but {c.input} has "
            + ("one axis of positions" if axes == 1 else f"{axes} axes of positions"),
            at=name,
            here=(
                f"one number for each of the {axes} axes behind the channels"
                if axes > 1
                else "one number: there is one axis behind the channels"
            ),
            help=f"write `{fitting}` here" if axes == 1 else f"give {axes} components",
            replace=fitting if axes == 1 else "",
        )


def check_reach(c: ShapeContext, window: Window) -> None:
    """Refuse a kernel larger than its padded input."""
    sizes = c.input.shape[1:]
    if isinstance(window.pad, str):
        return
    room = [n + sum(p) if isinstance(n, int) else n for n, p in zip(sizes, window.pad, strict=True)]
    fitting = tuple(
        k if not isinstance(n, int) else min(k, (n - 1) // d + 1)
        for k, d, n in zip(window.kernel, window.dilation, room, strict=True)
    )
    if fitting == window.kernel:
        return
    if all(n == 1 for n in sizes) and c.kind in POOLS:
        raise _pooled_already(c, window)
    padded = shape_text(tuple(room))
    zeros = "" if padded == shape_text(sizes) else f", {padded} with padding"
    raise ShapeFault(
        codes.KERNEL_TOO_LARGE,
        "the kernel is larger than its input",
        at="kernel",
        here=f"needs at least {shape_text(window.reach)}, the input is {shape_text(sizes)}{zeros}",
        help=f"use a kernel {_limits(window.kernel, fitting)}, for example "
        f"`{_with_kernel(c, shape_text(fitting))}`",
        replace=shape_text(fitting),
    )


POOLS = ("maxpool", "avgpool", "weightedpool")
"""Layers that reduce an image, and are superfluous if it has a single position."""


def _pooled_already(c: ShapeContext, window: Window) -> ShapeFault:
    one = shape_text(c.input.shape[1:])
    return ShapeFault(
        codes.KERNEL_TOO_LARGE,
        f"there is nothing left to pool: the input is down to {one}",
        here=f"needs at least {shape_text(window.reach)}, the input is {one}",
        help="leave this stage out; the layers before have reduced every channel to one position",
        drop=True,
    )


def _limits(kernel: Sizes, fitting: Sizes) -> str:
    """Return `no wider than 1`, for the axes on which a kernel is too large."""
    words = ("taller", "wider") if len(kernel) == 2 else ("longer",)
    limits = [f"no {w} than {n}" for w, k, n in zip(words, kernel, fitting, strict=True) if n < k]
    return " and ".join(limits)


def _with_kernel(c: ShapeContext, kernel: str) -> str:
    """Return the stage with another kernel; only the kernel if it was written as a name."""
    place, whole = c.layer.given.get("kernel"), c.layer.span
    if place is None or not whole.start <= place.start < place.stop <= whole.stop:
        return kernel
    text = whole.text
    changed = text[: place.start - whole.start] + kernel + text[place.stop - whole.start :]
    return " ".join(changed.split())


def check_groups(c: ShapeContext, channels: Dim, filters: int, result: TensorType) -> None:
    """Refuse groups that do not divide both the input channels and the filters."""
    groups = c.arg("groups")
    if isinstance(channels, int) and channels % groups:
        near = [n for n in nearest_divisors(groups, channels) if filters % n == 0]
        near = near or [
            n for n in range(min(groups, channels), 0, -1) if not (channels % n or filters % n)
        ]
        listed = " or ".join(f"`groups={n}`" for n in near[:2])
        raise ShapeFault(
            codes.NOT_DIVISIBLE,
            f"{groups} groups cannot share {channels} channels equally: {channels} = "
            f"{groups}·{channels // groups} + {channels % groups}",
            at="groups",
            here=f"must divide {channels}",
            help=f"groups must divide {channels} channels and {filters} filters; nearest: {listed}",
            replace=str(near[0]),
            result=result,
        )
    if filters % groups:
        below, above = filters // groups * groups, (filters // groups + 1) * groups
        near = sorted((n for n in (below, above) if n), key=lambda n: abs(n - filters))
        raise ShapeFault(
            codes.NOT_DIVISIBLE,
            f"{groups} groups cannot share {filters} filters equally: {filters} = "
            f"{groups}·{filters // groups} + {filters % groups}",
            at="filters",
            here=f"must be a multiple of groups={groups}",
            help=f"filters must be a multiple of {groups}; nearest: {' or '.join(map(str, near))}",
            replace=str(near[0]),
            result=result,
        )


def check_causal(c: ShapeContext, axes: int) -> None:
    """Refuse `pad=causal` with more than one axis: the time axis would be ambiguous."""
    if c.arg("pad") != "causal" or axes == 1:
        return
    raise ShapeFault(
        codes.AXIS_COUNT,
        f"`pad=causal` needs one axis of positions, but {c.input} has {axes}",
        at="pad",
        here="needs CxL, where L is time",
        help="write `pad=same`, or bring the input to CxL with `reshape`",
        replace="same",
    )


def check_ragged_pad(c: ShapeContext, window: Window) -> None:
    """Refuse padding that depends on the length of the longest row of a batch."""
    if not c.input.ragged or c.args.get("pad") != "same":
        return
    axis = c.input.ragged_axis - 1
    if window.reach[axis] == 1 or window.stride[axis] == 1:
        return
    even = tuple(n // 2 for n in window.reach)
    fault = refuse_mixing(
        c,
        "pad every row by an amount that depends on the padded length",
        f"write `pad={written(even)}`: `same` with a stride depends on the length",
    )
    fault.at, fault.replace = "pad", written(even)
    raise fault
