"""Convolution: shapes, padding, refusals, parameters, cost, and that memory stays bounded."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from nnc.diagnostics.codes import names as name_codes
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import check
from nnc.ir.dims import evaluate, symbol
from nnc.kinds.shapes.windows import window_of
from nnc.layers import LAYERS
from nnc.source import Source

from ..generated import build
from .test_layers import context, fault, result

T = symbol("T")
H = symbol("H")


def conv(shape, kernel=(3,), filters=8, kind="conv", **args):
    given = {} if kind == "depthwise" else {"filters": filters}
    return result(kind, shape, kernel=kernel, **given, **args).shape


@pytest.mark.parametrize(
    ("shape", "args", "expected"),
    [
        ((3, 10), {}, (8, 8)),
        ((3, 10), {"pad": "same"}, (8, 10)),
        ((3, 10), {"pad": (2,)}, (8, 12)),
        ((3, 10), {"stride": (3,)}, (8, 3)),
        ((3, 10), {"stride": (3,), "pad": "same"}, (8, 4)),
        ((3, 10), {"dilation": (4,)}, (8, 2)),
        ((3, 9, 12), {}, (8, 7, 10)),
        ((3, 9, 12), {"kernel": (3, 1), "stride": (1, 5)}, (8, 7, 3)),
        ((3, 9, 12), {"pad": (0, 2)}, (8, 7, 14)),
        ((3, T), {}, (8, T - 2)),
        ((3, T), {"pad": "same"}, (8, T)),
        ((3, T), {"pad": "same", "stride": (2,)}, (8, (T + 1) // 2)),
        ((12, T, 768), {"kernel": (3, 768), "filters": 192, "groups": 12}, (192, T - 2, 1)),
        ((3, H, T), {"stride": (2,), "pad": (1,)}, (8, (H - 1) // 2 + 1, (T - 1) // 2 + 1)),
    ],
)
def test_sizes_of_a_convolution(shape, args, expected):
    assert conv(shape, **args) == expected


@pytest.mark.parametrize(
    ("shape", "args", "expected"),
    [
        ((3, 10), {}, (8, 12)),
        ((3, 10), {"stride": (2,)}, (8, 21)),
        ((3, 10), {"stride": (2,), "pad": (1,), "output_pad": (1,)}, (8, 20)),
        ((3, 10), {"stride": (2,), "pad": "same"}, (8, 20)),
        ((3, 4, 5), {"stride": (3, 5), "pad": "same", "kernel": (2, 7)}, (8, 12, 25)),
        ((3, T), {"stride": (2,), "output_pad": (1,)}, (8, 2 * T + 2)),
    ],
)
def test_sizes_of_a_transposed_convolution(shape, args, expected):
    assert conv(shape, kind="conv_transpose", **args) == expected


def test_one_size_for_known_and_symbolic_axes():
    for n in range(1, 20):
        for stride in (1, 2, 3):
            for pad in ("same", (1,), (2,)):
                args = {"stride": (stride,), "pad": pad}
                (_, known), (_, open_) = conv((3, n), **args), conv((3, T), **args)
                assert evaluate(open_, {"T": n}) == known


@pytest.mark.parametrize(("size", "pads"), [(8, (0, 1)), (9, (1, 1)), (1, (1, 1))])
def test_same_puts_the_odd_zero_at_the_end(size, pads):
    args = {"kernel": (3,), "stride": (2,), "dilation": (1,), "pad": "same"}
    assert window_of(args, (size,)).pad == (pads,)


# --- refusals -----------------------------------------------------------------------------


def test_a_kernel_that_does_not_fit():
    found = fault("conv", (192, 20, 1), filters=48, kernel=(3, 768), groups=12)
    assert (found.code, found.at, found.replace) == (codes.KERNEL_TOO_LARGE, "kernel", "3x1")
    assert found.here == "needs at least 3x768, the input is 20x1"
    assert "no wider than 1" in found.help
    wide = fault("conv", (8, 10), filters=2, kernel=(5,), dilation=(3,), pad=(1,))
    assert (wide.here, wide.replace) == ("needs at least 13, the input is 10, 12 with padding", "4")
    assert conv((8, 10), kernel=(4,), dilation=(3,), pad=(1,)) == (8, 3)


@pytest.mark.parametrize(
    ("channels", "filters", "groups", "nearest"),
    [(192, 48, 5, ("4", "6")), (12, 30, 4, ("3", "6")), (10, 7, 3, ("1",)), (6, 4, 9, ("2",))],
)
def test_groups_must_share_channels_and_filters(channels, filters, groups, nearest):
    found = fault("conv", (channels, 9), filters=filters, kernel=(3,), groups=groups)
    assert found.code is codes.NOT_DIVISIBLE
    if channels % groups:
        assert found.at == "groups"
        assert found.replace in nearest
        fixed = int(found.replace)
        assert channels % fixed == filters % fixed == 0
    else:
        assert found.at == "filters"
        assert int(found.replace) % groups == 0


def test_channels_are_asserted():
    found = fault("conv", (12, 9), filters=4, kernel=(3,), in_=192)
    assert (found.code, found.replace) == (codes.IN_MISMATCH, "12")
    assert "12 channels" in found.message


@pytest.mark.parametrize("kind", ["conv", "depthwise", "conv_transpose"])
def test_positions_of_features_are_transposed_first(kind):
    filters = {} if kind == "depthwise" else {"filters": 4}
    found = fault(kind, (T, 768), kernel=(3,), **filters)
    assert (found.code, found.insert) == (codes.SYMBOLIC_PARAMETER, "transpose")
    assert fault(kind, (T, 768), kernel=(3,), ragged=True, **filters).insert == "transpose"
    assert fault(kind, (T, 5, 5), kernel=(3,), ragged=True, **filters).code is codes.RAGGED_MIXED


@pytest.mark.parametrize("kind", ["conv", "depthwise", "conv_transpose"])
def test_axes_are_those_of_a_signal_or_an_image(kind):
    filters = {} if kind == "depthwise" else {"filters": 4}
    assert fault(kind, (784,), kernel=(3, 3), **filters).code is codes.AXIS_COUNT
    assert "1x28x28" in fault(kind, (784,), kernel=(3, 3), **filters).help
    assert fault(kind, (1, 2, 3, 4), kernel=(3,), **filters).code is codes.AXIS_COUNT
    found = fault(kind, (8, 100), kernel=(3, 3), **filters)
    assert (found.code, found.at, found.replace) == (codes.AXIS_COUNT, "kernel", "3")
    assert fault(kind, (8, 9, 9), kernel=(3,), stride=(1, 1, 1), **filters).at == "stride"


@pytest.mark.parametrize(
    ("args", "at", "replace"),
    [
        ({"output_pad": (1,)}, "output_pad", "0"),
        ({"output_pad": (2, 1), "stride": (2,)}, "output_pad", "1"),
        ({"output_pad": (1,), "stride": (2,), "pad": "same"}, "output_pad", ""),
        ({"pad": (3,)}, "pad", "2"),
    ],
)
def test_what_conv_transpose_cannot_give(args, at, replace):
    found = fault("conv_transpose", (3, 3, 3), filters=2, kernel=(3,), **args)
    assert (found.code, found.at) == (name_codes.OUT_OF_BOUNDS, at)
    assert found.replace == replace


# --- parameters and cost ------------------------------------------------------------------


def specs(kind, shape, **args):
    return {p.suffix: p for p in LAYERS[kind].params(context(kind, shape, **args))}


@pytest.mark.parametrize(
    ("kind", "args", "shape", "fans"),
    [
        ("conv", {"filters": 16}, (16, 6, 3, 3), (54, 144)),
        ("conv", {"filters": 16, "groups": 2}, (16, 3, 3, 3), (27, 144)),
        ("depthwise", {"mult": 2}, (12, 1, 3, 3), (9, 108)),
        ("conv_transpose", {"filters": 4}, (6, 4, 3, 3), (36, 54)),
        ("conv_transpose", {"filters": 4, "groups": 2}, (6, 2, 3, 3), (18, 54)),
    ],
)
def test_parameters_have_the_shapes_and_fans_of_pytorch(kind, args, shape, fans):
    own = specs(kind, (6, 9, 9), kernel=(3,), **args)
    assert (own["W"].shape, (own["W"].fan_in, own["W"].fan_out)) == (shape, fans)
    assert own["b"].shape == (args.get("filters") or 12,)
    assert specs(kind, (6, 9, 9), kernel=(3,), bias=False, **args).keys() == {"W"}


def flops(kind, shape, **args):
    return LAYERS[kind].flops(context(kind, shape, **args))


def test_flops_count_a_multiply_add_as_two():
    assert flops("conv", (3, 5, 5), filters=4, kernel=(3,)) == 4 * 9 * (2 * 27 + 1)
    assert flops("conv", (4, 5), filters=4, kernel=(3,), groups=2, bias=False) == 4 * 3 * 2 * 6
    assert flops("depthwise", (4, 5), kernel=(3,), mult=2) == 8 * 3 * (2 * 3 + 1)
    assert flops("conv_transpose", (3, 5), filters=4, kernel=(2,)) == 15 * 2 * 4 * 2 + 4 * 6


# --- the generated module -----------------------------------------------------------------


def peak(call) -> int:
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("spec", "shape", "rows"),
    [
        ("input 16x40x40 -> conv 16 5x5 pad=same", (16, 40, 40), 16),
        ("input 1x200x300 -> conv 4 9x9 pad=same", (1, 200, 300), 1),
        ("input 4x20000 -> conv 4 101 pad=same", (4, 20000), 1),
    ],
)
def test_memory_is_bounded(level, spec, shape, rows):
    """Forward and backward need a few blocks and a few arrays of the values' size, no more."""
    module = build(f"{spec}\nloss mse\ndtype float32\n", level)
    kernel = int(np.prod(module.PARAM_SHAPES["conv1.W"][1:]))
    params = module.init_params(0)
    x = np.random.default_rng(0).standard_normal((rows, *shape)).astype(np.float32)
    cells = x.size // shape[0]
    y, cache = module.forward(params, x)
    unfolded = 4 * kernel * cells
    allowed = 4 * module.COLUMN_BYTES + 6 * (x.nbytes + y.nbytes)
    assert unfolded > allowed, "the case is too small to show anything"
    assert peak(lambda: module.forward(params, x)) < allowed
    assert peak(lambda: module.backward(params, cache, y)) < allowed


@pytest.mark.parametrize("level", [0, 1])
def test_blocks_do_not_change_the_answer(level):
    text = "input 2x9x8 -> conv 3 3x2 stride=2x1 pad=1 -> conv_transpose 2 3x3 stride=2\nloss mse\n"
    module = build(f"{text}dtype float64\n", level)
    params = module.init_params(0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 2, 9, 8))
    target = rng.standard_normal(module.predict(params, x).shape)

    def answers():
        y, cache = module.forward(params, x)
        grads = module.backward(params, cache, target)
        return [np.array(y), *(np.array(g) for g in grads.values())]

    whole = answers()
    for budget in (1, 2000, 5000, 12000):
        module.COLUMN_BYTES = budget
        for got, want in zip(answers(), whole, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_a_chain_reaches_its_end_through_a_wrong_group_count():
    """The size behind a fault of groups is known, so that what follows is judged too."""
    text = "input 192x20 -> conv 48 3 groups=5 -> conv 8 30 -> flatten -> dense 1\nloss mse\n"
    found = [d.code for d in check(Source("chain.nn", text)).report]
    assert found == [codes.NOT_DIVISIBLE, codes.KERNEL_TOO_LARGE]
