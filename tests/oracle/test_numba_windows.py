"""The compiled loops of convolution and pooling against the helper functions of -O0.

Blocks, runs and tiles are made tiny, so that small arrays are cut up in every way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="Numba is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from nnc.driver import Options, compile_source
from nnc.source import Source
from nnc.targets.target import load_target
from nnc.targets.uses import recording

JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
DRAWS = int(os.environ.get("NNC_ORACLE_DRAWS", "150" if JIT else "25"))

IMPORTS = """
import itertools, math, os, sys
from collections.abc import Iterable
from itertools import product
from math import prod
from typing import Any
import numpy as np
Array = np.ndarray
DTYPE = np.dtype(np.float64)
"""
SMALL = {"RUN": "8", "LINE_BYTES": "2**13", "TILE_BYTES": "2**12"}


def functions(target: str, *files: str, **constants: str) -> SimpleNamespace:
    """The helper functions of some templates, as a module has them, with other constants."""
    view = SimpleNamespace(level=0, dtype="float64", shares_state=False)
    environment = load_target(target).environment
    text = IMPORTS
    with recording():
        if target == "numba":
            text += "from numba import njit\n"
            text += environment.get_template("compiled.jinja").render()
        for file in files:
            macros: Any = environment.get_template(f"helpers_{file}.jinja").module
            text += "\n\n".join(str(getattr(macros, f"{n}_helper")(view)) for n in macros.ORDER)
    for name, value in constants.items():
        text, count = re.subn(rf"(?m)^{name} = [^#\n]*", f"{name} = {value}  ", text)
        assert count == 1, name
    found: dict[str, Any] = {}
    exec(text, found)
    return SimpleNamespace(**found)


@pytest.fixture(scope="module")
def plain() -> SimpleNamespace:
    return functions("numpy", "conv", "pool")


@pytest.fixture(scope="module")
def loops() -> SimpleNamespace:
    files = ("scalar", "runs", "loops_conv", "loops_winograd", "loops_pool")
    return functions("numba", *files, **SMALL)


Draw = Callable[[int, int], int]


def draws(seed: int) -> Iterator[tuple[np.random.Generator, Draw]]:
    for k in range(DRAWS):
        rng = np.random.default_rng((seed, k))
        yield rng, lambda low, high, rng=rng: int(rng.integers(low, high + 1))


def near(got: np.ndarray, want: np.ndarray, of: object) -> None:
    assert np.isfinite(got).all(), of
    scale = max(np.abs(want).max(initial=0), 1e-3)
    assert np.abs(got - want).max(initial=0) <= 1e-13 * scale * max(got.size, 100), of


def unwritten(shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, np.nan)


def conv_draw(rng: np.random.Generator, n: Draw) -> tuple[Any, ...]:
    """Arrays x, W and keywords of a convolution that has at least one position."""
    groups, kernel = n(1, 3), (n(1, 4), n(1, 4))
    window: dict[str, Any] = {
        "dilation": (n(1, 3), n(1, 3)),
        "stride": (n(1, 3), n(1, 3)),
        "pad": ((n(0, 3), n(0, 3)), (n(0, 3), n(0, 3))),
        "groups": groups,
    }
    size = [
        max((k - 1) * d + 1 - sum(p), 1) + n(0, 9)
        for k, d, p in zip(kernel, window["dilation"], window["pad"], strict=True)
    ]
    x = rng.standard_normal((n(1, 4), groups * n(1, 5), *size))
    W = rng.standard_normal((groups * n(1, 9), x.shape[1] // groups, *kernel))
    return x, W, window


def test_convolution(plain, loops):
    for rng, n in draws(1):
        x, W, window = conv_draw(rng, n)
        before = tuple(p[0] for p in window["pad"])
        rows = np.array((window["dilation"], window["stride"], before))
        want = plain.conv(x, W, **window)
        y = unwritten(want.shape)
        loops.conv_loops(x, W, rows, y)
        near(y, want, (x.shape, W.shape, window))
        dy = rng.standard_normal(y.shape)
        dx, dW = unwritten(x.shape), unwritten(W.shape)
        loops.conv_transpose_loops(dy, W, rows, dx)
        near(dx, plain.conv_transpose(dy, W, size=x.shape[2:], **window), (x.shape, window))
        loops.conv_weights_loops(x, dy, rows, dW)
        near(dW, plain.conv_weights(x, dy, kernel=W.shape[2:], **window), (x.shape, window))


def test_long_rows_are_cut_too(plain, loops):
    rng = np.random.default_rng(5)
    x, W = rng.standard_normal((2, 30, 1, 300)), rng.standard_normal((5, 30, 1, 4))
    window = {"stride": (1, 2), "dilation": (1, 3), "pad": ((0, 0), (4, 4)), "groups": 1}
    rows = np.array(((1, 3), (1, 2), (0, 4)))
    want = plain.conv(x, W, **window)
    assert len(loops.line_blocks(rows, (1, 4), want.shape[2:], 2, 30, 8)) == 6
    y, dx, dW = unwritten(want.shape), unwritten(x.shape), unwritten(W.shape)
    loops.conv_loops(x, W, rows, y)
    near(y, want, "y")
    loops.conv_transpose_loops(y, W, rows, dx)
    near(dx, plain.conv_transpose(y, W, size=(1, 300), **window), "dx")
    loops.conv_weights_loops(x, y, rows, dW)
    near(dW, plain.conv_weights(x, y, kernel=(1, 4), **window), "dW")


def test_what_is_not_a_number_stays_where_it_is_seen(loops):
    x, W = np.ones((1, 1, 6, 7)), np.ones((5, 1, 3, 2))
    x[0, 0, 5, 6] = np.nan
    y = unwritten((1, 5, 4, 6))
    loops.conv_loops(x, W, np.array(((1, 1), (1, 1), (0, 0))), y)
    assert np.isnan(y).sum() == 5
    assert np.isnan(y[0, :, 3, 5]).all()


def test_winograd(plain, loops):
    for rng, n in draws(2):
        pad = ((n(0, 2), n(0, 3)), (n(0, 2), n(0, 3)))
        size = [max(3 - sum(p), 1) + n(0, 9) for p in pad]
        x = rng.standard_normal((n(1, 4), n(1, 9), *size))
        W = rng.standard_normal((n(1, 9), x.shape[1], 3, 3))
        rows = np.array(((1, 1), (1, 1), tuple(p[0] for p in pad)))
        back = np.array(((1, 1), (1, 1), tuple(2 - p[0] for p in pad)))
        want = plain.conv(x, W, pad=pad)
        y = unwritten(want.shape)
        loops.winograd(x, loops.kernels_turned(W, False), rows, y)
        near(y, want, (x.shape, W.shape, pad))
        dy = rng.standard_normal(y.shape)
        dx, dW = unwritten(x.shape), unwritten(W.shape)
        loops.winograd(dy, loops.kernels_turned(W, True), back, dx)
        near(dx, plain.conv_transpose(dy, W, size=tuple(size), pad=pad), (x.shape, pad))
        loops.winograd_weights(x, dy, rows, dW)
        near(dW, plain.conv_weights(x, dy, kernel=(3, 3), pad=pad), (x.shape, pad))


def test_pooling(plain, loops):
    for rng, n in draws(3):
        kernel, stride = (n(1, 3), n(1, 4)), (n(1, 4), n(1, 4))
        pad = tuple((n(0, k // 2), n(0, k // 2)) for k in kernel)
        size = [max(k - sum(p), 1) + n(0, 9) for k, p in zip(kernel, pad, strict=True)]
        window = {"kernel": kernel, "stride": stride, "pad": pad}
        told = (*kernel, *stride, *(p[0] for p in pad))
        x = rng.integers(-3, 4, (n(1, 3), n(1, 3), *size)).astype(float)  # with equal entries
        w = rng.standard_normal(kernel)
        weighted = {"stride": stride, "pad": pad}
        want = plain.max_pool(x, **window)
        y = unwritten(want.shape)
        loops.max_pool_loops(x, *told, y)
        np.testing.assert_array_equal(y, want)
        dy, dx, dw = rng.standard_normal(y.shape), unwritten(x.shape), unwritten(kernel)
        loops.max_pool_back(dy, x, y, *told, dx)
        near(dx, plain.max_pool_dx(dy, x, y, **window), (x.shape, window))
        loops.weighted_pool_loops(x, w, *told, y)
        near(y, plain.weighted_pool(x, w, **weighted), (x.shape, window))
        loops.weighted_pool_back(dy, w, *told, dx)
        near(dx, plain.weighted_pool_dx(dy, w, size=tuple(size), **weighted), (x.shape, window))
        loops.weighted_pool_sums(dy, x, *told, dw)
        near(dw, plain.weighted_pool_dw(dy, x, kernel=kernel, **weighted), (x.shape, window))


def test_the_largest_of_all(plain, loops):
    for rng, n in draws(4):
        x = rng.integers(-2, 3, (n(1, 9), n(1, 9))).astype(float)
        if n(0, 2) == 0:
            x[n(0, len(x) - 1), n(0, x.shape[1] - 1)] = np.nan
        y, dx = unwritten(len(x)), unwritten(x.shape)
        loops.largest_of_rows(x, y)
        np.testing.assert_array_equal(y, plain.global_max(x))
        dy = rng.standard_normal(len(x))
        loops.largest_of_rows_back(dy, x, dx)
        np.testing.assert_array_equal(dx, plain.global_max_dx(dy, x))


def test_products_of_long_rows(loops):
    for rng, n in draws(6):
        a, b = rng.standard_normal((n(1, 9), n(1, 9))), rng.standard_normal((n(1, 9), n(1, 40)))
        a = rng.standard_normal((len(b), n(1, 9))).T if n(0, 1) else a[:, [0] * len(b)]
        out = unwritten((len(a), b.shape[1]))
        loops.wide_times(a, b, out)
        near(out, a @ b, (a.shape, b.shape))
        c = rng.standard_normal((n(1, 9), b.shape[1]))
        out = unwritten((len(c), len(b)))
        loops.row_dots(c, b, out)
        near(out, c @ b.T, (c.shape, b.shape))


def test_a_few_long_rows_of_weights_are_gone_through_once():
    text = code("input 9000 -> dense 8 tanh -> dense 3\n")
    assert text.count("    wide_times(") == 1  # dW
    assert text.count("    row_dots(") == 2  # forward and predict
    text = code("input 9000 -> dense 17 tanh -> dense 3\n")
    assert "row_dots(" not in text


SPECS = {
    "lines": "input 2x9x7 -> conv 4 3x2 stride=2x1 pad=1 relu -> maxpool 2 -> flatten -> dense 3\n",
    "signals": "input 3xT -> conv 4 3 pad=same stride=2 -> maxpool 3 stride=2 pad=1 -> conv 5 2"
    " dilation=2 -> global_maxpool -> dense 2\n",
    "transposed": "input 3x5x4 -> conv_transpose 4 3x2 stride=2x3 -> tanh -> avgpool 2x3 stride=1"
    " -> flatten -> dense 2\n",
    "groups": "input 4x6x6 -> conv 8 3x3 groups=2 pad=same -> relu -> conv 8 3x3 groups=8"
    " -> weightedpool 2x2 -> flatten -> dense 2\n",
    "winograd": "input 32x8x8 -> conv 32 3x3 pad=1 -> tanh -> conv 33 3x3 pad=same -> avgpool 8"
    " -> flatten -> dense 2\n",
}


@pytest.mark.parametrize("name", SPECS)
def test_networks_are_compiled_as_a_whole(name):
    text = code(SPECS[name])
    assert "def _steps(" in text
    assert ("winograd(" in text) == (name == "winograd")


def code(spec: str) -> str:
    text = f"{spec}loss mse\ndtype float64\n"
    return compile_source(Source("m.nn", text), Options(target="numba", format=False)).code
