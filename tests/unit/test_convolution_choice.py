"""Every convolution algorithm is chosen by the cost model somewhere, and agrees with -O0."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
from nnc.costs.convolution import Convolution, Work
from nnc.driver import Options, compile_source
from nnc.source import Source

WAYS = ("windows", "scattered", "flat", "winograd")
NEVER = Work(steps=math.inf)


def force(monkeypatch, way: str) -> None:
    """Let the model prefer one way of WAYS wherever it is possible."""
    for other in WAYS:
        for name in (other, f"{other}_weights"):
            if other != way and hasattr(Convolution, name):
                monkeypatch.setattr(Convolution, name, lambda c: NEVER)


def code(spec: str, level: int = 1) -> str:
    text = f"{spec}\nloss mse\ndtype float64\n"
    return compile_source(Source("m.nn", text), Options(level=level, format=False)).code


def load(text: str) -> ModuleType:
    made = ModuleType("made")
    exec(compile(text, "made", "exec"), made.__dict__)
    return made


def answers(module, rows: int) -> list[np.ndarray]:
    """Output, prediction and every gradient for some random rows."""
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, *module.INPUTS["x"][1:]))
    params = module.init_params(0)
    for name, value in params.items():
        params[name] = value + 0.1 * rng.standard_normal(value.shape)
    y, cache = module.forward(params, x)
    grads = module.backward(params, cache, rng.standard_normal(y.shape))
    return [np.array(y), module.predict(params, x), *map(np.array, grads.values())]


SPECS = {
    "3x3": "input 2x7x6 -> conv 3 3x3 -> conv 4 3x3 pad=same -> conv 2 3x3 pad=2",
    "3x3, less than a tile": "input 2x3x4 -> conv 3 3x3 -> conv 2 3x3 pad=1x2",
    "valid": "input 2x7x9 -> conv 3 3x2 -> conv 2 2x3",
    "same": "input 2x5x6 -> conv 3 4x3 pad=same -> conv 2 3x2 pad=same",
    "padded": "input 2x6x5 -> conv 3 3x4 pad=1 -> conv 4 5x3 pad=2",
    "one end": "input 2x7x6 -> conv 3 3x3 pad=(1:0)x(0:2) -> conv 4 3x3 pad=(0:1)x(2:0) -> conv 2 2x3 pad=0:1",
    "one-by-one": "input 3x4x5 -> conv 4 1x1 -> conv 2 1x1",
    "one column": "input 3x6x5 -> conv 4 3x1 -> conv 2 1x3",
    "groups": "input 4x6x5 -> conv 6 3x3 groups=2 pad=1 -> conv 3 2x2 groups=3",
    "depthwise": "input 3x6x7 -> depthwise 3x3 pad=1 -> depthwise 2x3 mult=2",
    "dilated": "input 2x9x10 -> conv 3 3x2 dilation=2x3 pad=1 -> conv 2 2x2 dilation=3",
    "strided": "input 2x9x8 -> conv 3 3x2 stride=2x1 -> conv 2 2x3 stride=1x2 pad=same",
    "transposed": "input 2x4x5 -> conv_transpose 3 3x2 -> conv_transpose 2 3x3 pad=1",
    "transposed, strided": "input 2x4x5 -> conv_transpose 3 3x3 stride=2 -> conv 2 2x2",
    "one axis": "input 3x11 -> conv 4 4 pad=same -> conv 2 3 dilation=2 -> conv_transpose 3 2",
    "whole image": "input 2x3x4 -> conv 3 3x4 -> conv 2 1x1",
    "large": "input 1x40x41 -> conv 2 3x3",
    "padding beyond the kernel": "input 2x4x4 -> conv 3 1x1 -> conv 3 3x3 pad=4 -> conv 2 2x2",
    "padding as wide as the kernel": "input 2x4x4 -> conv 3 1x1 -> conv 3 3x3 pad=2 -> conv 2 2x2",
    "much padding": "input 2x4x4 -> conv 3 3x3 pad=4 -> conv 2 2x2",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_way_agrees_with_the_textbook(monkeypatch, spec, way):
    """One image, several, and blocks of fewer images than the batch has."""
    plain = load(code(spec, 0))
    force(monkeypatch, way)
    module = load(code(spec))
    blocks = module.COLUMN_BYTES
    for rows, budget, small in (
        (1, blocks, 10**6),
        (5, blocks, 10**6),
        (5, blocks, 18_000),
        (5, 1, 10**6),
        (7, 4000, 10**6),
        (7, 12000, 10**6),
    ):
        module.COLUMN_BYTES, module.SMALL_PRODUCT = budget, small
        for got, want in zip(answers(module, rows), answers(plain, rows), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


WIDE = "input 64x16x16 -> conv 64 3x3 pad=same -> conv 64 3x3 pad=same"


@pytest.mark.parametrize(
    ("spec", "called", "absent"),
    [
        ("input 32x16x16 -> conv 32 3x3 pad=same -> conv 32 3x3 pad=same", "conv_flat", "conv"),
        (WIDE, "conv_winograd", "conv_flat"),
        (WIDE, "conv_weights_winograd", "conv_weights_flat"),
        ("input 8x16x16 -> conv 8 3x3 stride=2 -> conv 8 3x3 stride=2", "conv", "conv_flat"),
        ("input 8x20 -> conv 8 3 stride=2 -> conv 8 3 stride=2", "conv_transpose", "turned_kernel"),
        ("input 256x4x4 -> conv 256 3x3 pad=same -> conv 256 3x3 pad=same", "turned_kernel", "conv_flat"),
        ("input 8x28x28 -> conv 8 3x3 -> conv 8 3x3", "conv_weights_flat", "conv_transpose"),
        ("input 8xT -> conv 8 3 -> conv 8 3", "conv_transpose", "conv_flat"),
        ("input 64x200x200 -> conv 8 3x3", "conv_weights", "conv_weights_flat"),
    ],
)  # fmt: skip
def test_the_model_chooses(spec, called, absent):
    """By sizes: shifts where images are wide, windows where they are small, strided or unknown."""
    text = code(spec).partition("def _forward")[2].partition("def forward")[0]
    assert f" {called}(" in text
    assert f" {absent}(" not in text


def test_one_image_has_its_windows_copied():
    """predict chooses for a batch of one, where every call of NumPy counts."""
    text = code("input 1x28x28 -> conv 6 5x5")
    assert " conv_flat(x," in text.partition("def _forward")[2].partition("def _losses")[0]
    assert " conv(x," in text.partition("def predict")[2]


def test_memory_of_flat_images_is_bounded():
    """An image that does not fit into a block is never laid flat."""
    pad = ((1, 1), (1, 1))
    small, wide = (
        Convolution(8, 64, 64, 1, size, size, (3, 3), (1, 1), pad, (1, 1))
        for size in ((20, 20), (60, 60))
    )
    assert small.can_be_flat
    assert not wide.can_be_flat
