"""Convolution: every algorithm on typical shapes beside the cost model's choice; and system S16.

The table is what the constants of compiler/costs/convolution.py were fitted to.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import process_time
from types import SimpleNamespace
from typing import Any

import numpy as np
from nnc.costs.convolution import Convolution, Work
from nnc.ops.conv import window_size
from nnc.passes.choose_convolutions import ROOM
from nnc.targets.numpy.helpers import helper_functions
from nnc.targets.target import load_target

from .generated import module
from .timing import interleave, time_calls

SPEC = "input 3x32x32 -> conv 16 3x3 pad=same\n"

Call = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """A convolution with a name, of `rows` images of `size` with channels first."""

    name: str
    rows: int
    size: tuple[int, ...]
    filters: int
    kernel: tuple[int, ...]
    pad: int = 0
    stride: int = 1
    dilation: int = 1
    groups: int = 1

    def convolution(self) -> Convolution:
        """As the cost model sees it."""
        channels, *size = self.size
        axes = len(size)
        pad = (self.pad, self.pad)
        return Convolution(
            rows=self.rows,
            channels=channels,
            filters=self.filters,
            groups=self.groups,
            size=tuple(size),
            positions=tuple(
                int(str(window_size(n, k, self.stride, pad, self.dilation)))
                for n, k in zip(size, self.kernel, strict=True)
            ),
            kernel=self.kernel,
            dilation=(self.dilation,) * axes,
            pad=(pad,) * axes,
            stride=(self.stride,) * axes,
        )


SHAPES = (
    Shape("first layer 1x28x28, 6 5x5", 64, (1, 28, 28), 6, (5, 5)),
    Shape("6x12x12, 16 5x5", 64, (6, 12, 12), 16, (5, 5)),
    Shape("1x28x28, 32 3x3", 64, (1, 28, 28), 32, (3, 3)),
    Shape("3x32x32, 32 3x3 same", 32, (3, 32, 32), 32, (3, 3), pad=1),
    Shape("16x14x14, 32 3x3", 64, (16, 14, 14), 32, (3, 3)),
    Shape("32x32x32, 32 3x3 same", 32, (32, 32, 32), 32, (3, 3), pad=1),
    Shape("64x16x16, 64 3x3 same", 32, (64, 16, 16), 64, (3, 3), pad=1),
    Shape("128x8x8, 128 3x3 same", 32, (128, 8, 8), 128, (3, 3), pad=1),
    Shape("256x4x4, 256 3x3 same", 32, (256, 4, 4), 256, (3, 3), pad=1),
    Shape("8x32x32, 16 5x5 same", 32, (8, 32, 32), 16, (5, 5), pad=2),
    Shape("64x16x16, 64 1x1", 32, (64, 16, 16), 64, (1, 1)),
    Shape("16x32x32, 32 3x3 stride 2", 32, (16, 32, 32), 32, (3, 3), pad=1, stride=2),
    Shape("3x32x32, 64 4x4 patches", 32, (3, 32, 32), 64, (4, 4), stride=4),
    Shape("16x28x28, 16 3x3 dilation 2", 32, (16, 28, 28), 16, (3, 3), pad=2, dilation=2),
    Shape("depthwise 32x16x16, 3x3", 32, (32, 16, 16), 32, (3, 3), pad=1, groups=32),
    Shape("4 groups 32x16x16, 3x3", 32, (32, 16, 16), 32, (3, 3), pad=1, groups=4),
    Shape("signal 16x200, 32 5 same", 32, (16, 200), 32, (5,), pad=2),
    Shape("signal 1x1000, 8 9", 32, (1, 1000), 8, (9,)),
    Shape("signal 32x100, 32 3 dilation 4", 32, (32, 100), 32, (3,), pad=4, dilation=4),
    Shape("one image 1x28x28, 6 5x5", 1, (1, 28, 28), 6, (5, 5)),
    Shape("one image 64x16x16, 64 3x3", 1, (64, 16, 16), 64, (3, 3), pad=1),
)


def main(rounds: int) -> None:
    """Both tables."""
    against_loops(rounds)
    against_each_other(max(3, rounds // 40))


def against_each_other(rounds: int) -> None:
    """Milliseconds of every algorithm for y, dx and dW; * is what the model chooses."""
    print("\nalgorithms of convolution, ms; * marks the cost model's choice")
    helpers, lost = helper_space(), []
    for shape in SHAPES:
        for result, ways in calls(helpers, shape):
            timings = interleave(
                {name: call for name, (_, call) in ways.items()},
                rounds=rounds,
                calls=max(1, int(2e-3 / time_calls(next(iter(ways.values()))[1], 1))),
                clock=process_time,  # of the processor: others may be at work
            )
            chosen = min(ways, key=lambda name: ways[name][0].seconds)
            typical = {name: timings.typical(name) for name in ways}
            lost.append(typical[chosen] / min(typical.values()))
            columns = (f"{'*' if n == chosen else ''}{n} {typical[n] * 1e3:.3f}" for n in ways)
            print(f"  {shape.name:32}{result:4}{lost[-1]:5.2f}  {'  '.join(columns)}")
    near = sum(ratio <= 1.15 for ratio in lost)
    print(f"  the choice is within 15 % of the best in {near} of {len(lost)} cases")


def helper_space() -> SimpleNamespace:
    """The helper functions of -O1."""
    names = ("conv", "conv_transpose", "conv_weights", "conv_flat", "conv_weights_flat")
    names += ("conv_winograd", "conv_weights_winograd", "turned_kernel")
    view: Any = SimpleNamespace(level=1, dtype="float32", by_columns=())
    text = helper_functions(load_target("numpy"), view, names).text
    space = {
        "np": np,
        "DTYPE": np.dtype(np.float32),
        "prod": math.prod,
        "product": itertools.product,
        "accumulate": itertools.accumulate,
    }
    exec("from __future__ import annotations\n" + text, space)
    return SimpleNamespace(**space)


def calls(
    helpers: SimpleNamespace, shape: Shape
) -> Iterable[tuple[str, dict[str, tuple[Work, Call]]]]:
    """For y, dx and dW the algorithms by name: what the model says, and a call."""
    c, rng = shape.convolution(), np.random.default_rng(0)
    draw = partial(rng.standard_normal, dtype=np.float32)
    x, y = draw((c.rows, c.channels, *c.size)), draw((c.rows, c.filters, *c.positions))
    w = draw((c.filters, c.channels // c.groups, *c.kernel))
    room = np.empty(ROOM, np.float32)
    window = {"dilation": c.dilation, "groups": c.groups, "pad": c.pad, "stride": c.stride}
    weights = partial(helpers.conv_weights, x, y, room, kernel=c.kernel, **window)
    scattered = partial(helpers.conv_transpose, y, w, room, size=c.size, **window)
    yield "y", convolving(helpers, c, room, x, lambda: w, np.empty_like(y))
    dx = {"scattered": (c.scattered(), partial(scattered, out=np.empty_like(x)))}
    if shape.stride == 1:
        turned = partial(helpers.turned_kernel, w, groups=c.groups)
        dx |= convolving(helpers, c.flipped, room, y, turned, np.empty_like(x))
    yield "dx", dx
    dw = {"windows": (c.windows_weights(), weights)}
    del window["stride"]
    if c.can_be_flat:
        flat = partial(helpers.conv_weights_flat, x, y, room, kernel=c.kernel, **window)
        dw["flat"] = c.flat_weights(), flat
    if c.can_be_winograd:
        winograd = partial(helpers.conv_weights_winograd, x, y, room, pad=c.pad)
        dw["winograd"] = c.winograd_weights(), winograd
    yield "dW", dw


def convolving(
    helpers: SimpleNamespace,
    c: Convolution,
    room: np.ndarray,
    x: np.ndarray,
    kernel: Call,
    out: np.ndarray,
) -> dict[str, tuple[Work, Call]]:
    """The algorithms for x under a kernel."""
    window = {"dilation": c.dilation, "groups": c.groups, "pad": c.pad}
    ways: dict[str, tuple[Work, Call]] = {
        "windows": (
            c.windows(),
            lambda: helpers.conv(x, kernel(), room, stride=c.stride, **window, out=out),
        )
    }
    if c.can_be_flat:
        ways["flat"] = c.flat(), lambda: helpers.conv_flat(x, kernel(), room, **window, out=out)
    if c.can_be_winograd:
        winograd = partial(helpers.conv_winograd, pad=c.pad, out=out)
        ways["winograd"] = c.winograd(), lambda: winograd(x, kernel(), room)
    return ways


def against_loops(rounds: int) -> None:
    """Two images of 3x32x32 by the module and by loops, and the ratio."""
    made = module(SPEC)
    params = made.init_params(0)
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)
    _, cache = made.forward(params, x)
    ways = {
        "module": lambda: made.forward(params, x, cache=cache)[0],
        "four loops": lambda: by_loops(x, params["conv1.W"], params["conv1.b"]),
    }
    fast, slow = (way() for way in ways.values())
    if not np.allclose(fast, slow, rtol=1e-4, atol=1e-5):
        raise AssertionError("the contenders compute different things")
    timings = interleave(ways, rounds=max(3, rounds // 20), calls=1)
    print("\nconvolution of 2x3x32x32 with 16 filters of 3x3")
    for name in ways:
        print(f"  {name:12}{timings.typical(name) * 1e3:10.2f} ms")
    print(
        f"  the module is {timings.ratio('four loops', 'module'):.0f} times faster than the loops"
    )


def by_loops(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Over images, filters, rows and columns."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = np.sum(padded[n, :, i : i + 3, j : j + 3] * w[f]) + b[f]
    return y
