"""Pooling and local: shapes, parameters, initialisation, cost, aliases and padding."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import Options, check, compile_source
from nnc.source import Source

from ..generated import build


def checked(chain: str):
    """The typed graph of a chain without a loss."""
    found = check(Source("pools.nn", f"{chain}\n"))
    assert not found.report.has_errors, [d.message for d in found.report]
    return found.graph


def last_type(chain: str) -> str:
    typed = checked(chain)
    return str(typed.types[typed.graph.layers[-1].id])


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("input 3x9 -> maxpool 2", "3x4"),
        ("input 3x9 -> maxpool 2 stride=1", "3x8"),
        ("input 3x9 -> maxpool 3 pad=valid", "3x3"),
        ("input 3x9x7 -> maxpool 2x3", "3x4x2"),
        ("input 3x9x7 -> avgpool 3 stride=2x1 pad=1", "3x5x7"),
        ("input 3x9x7 -> avgpool 9x7 pad=4x3 stride=9", "3x1x1"),
        ("input 3xHxW -> maxpool 2", "3x((H-2)//2+1)x((W-2)//2+1)"),
        ("input 3xHxW -> global_maxpool", "3"),
        ("input CxHxW -> global_avgpool", "C"),
        ("input Tx3 ragged -> transpose -> maxpool 2", "3x((T-2)//2+1) ragged"),
        ("input Tx3 ragged -> transpose -> global_avgpool", "3"),
        ("input 8x6 -> weightedpool 3", "8x2"),
        ("input 8x6x9 -> weightedpool 2x4 stride=1x2", "8x5x3"),
        ("input 3x9 -> maxpool 2 ceil=true", "3x5"),
        ("input 3x8 -> maxpool 2 ceil=true", "3x4"),
        (
            "input 3x5 -> maxpool 2 stride=3 pad=1 ceil=true",
            "3x2",
        ),  # a third begins behind the data
        ("input 3x9x7 -> avgpool 3 stride=2 pad=same", "3x5x4"),
        ("input 3x9 -> maxpool 3 pad=1:0", "3x3"),
        ("input 3x9x8 -> avgpool 3 stride=1 pad=(1:0)x(0:1)", "3x8x7"),
        ("input 3x9 -> conv 4 3 pad=0:2", "4x9"),
        ("input 3x9x8 -> pad (1:0)x2", "3x10x12"),
        ("input 3xHxW -> maxpool 3 stride=1 pad=same", "3xHxW"),
        ("input 10 -> local 3 4 stride=3", "3x3"),
        ("input 10 -> local 1 4 pad=same", "10x1"),
        ("input 2x10 -> local 3 4 pad=1 stride=2", "3x5"),
        ("input 2x10x7 -> local 3 4x2", "3x7x6"),
    ],
)
def test_shapes(chain, expected):
    assert last_type(chain) == expected


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("input 8x6x9 -> weightedpool 2x4", {"weightedpool1.w": (2, 4)}),
        ("input 8x6 -> weightedpool 2", {"weightedpool1.w": (2,)}),
        ("input 12 -> local 1 3 stride=3 bias=false", {"local1.W": (4, 3, 1)}),
        ("input 12 -> local 2 3 stride=3", {"local1.W": (4, 3, 2), "local1.b": (4, 2)}),
        ("input 5x12 -> local 2 3 stride=3", {"local1.W": (4, 15, 2), "local1.b": (4, 2)}),
        ("input 5x8x6 -> local 2 3x1", {"local1.W": (6, 6, 15, 2), "local1.b": (6, 6, 2)}),
    ],
)
def test_parameters(chain, expected):
    assert {p.name: p.shape for p in checked(chain).params} == expected


def test_local_starts_by_its_own_fans():
    """he before relu: variance 2 / (C·k), whatever the number of positions."""
    module = build("input 5x40x40 -> local 2 3 relu")
    w = module.init_params(1)["local1.W"]
    assert w.shape == (38, 38, 45, 2)
    assert w.std() == pytest.approx(np.sqrt(2 / 45), rel=0.02)


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("", 0.0),
        ("normalize=SoftMax", 0.0),
        ("normalize=none", 0.125),
        ("normalize=none init=ones", 1.0),
        ("init=constant(3)", 3.0),
    ],
)
def test_weightedpool_starts_even(words, start):
    module = build(f"input 3x4x8 -> weightedpool 2x4 {words}")
    params = module.init_params(1)
    assert (params["weightedpool1.w"] == start).all()
    if start != 1:
        x = np.random.default_rng(0).standard_normal((2, 3, 4, 8))
        means = x.reshape(2, 3, 2, 2, 2, 4).mean(axis=(3, 5))
        np.testing.assert_allclose(module.predict(params, x), means, rtol=1e-4, atol=1e-6)


def test_penalties_apply_to_the_kernel_of_weightedpool():
    module = build("input 1x2x2 -> weightedpool 2; loss mse; regularize l2=2; dtype float64")
    params = {"weightedpool1.w": np.array([[1.0, 2], [3, 4]])}
    _, cache = module.forward(params, np.zeros((1, 1, 2, 2)))
    target = np.zeros((1, 1, 1, 1))
    assert module.loss(params, cache, target) == pytest.approx(30)
    assert module.backward(params, cache, target)["weightedpool1.w"] == pytest.approx(
        2 * params["weightedpool1.w"]
    )


@pytest.mark.parametrize(
    ("alias", "kind"),
    [
        *(("max_pool 2", "maxpool"), ("maxpool2d 2", "maxpool"), ("avg_pool 2", "avgpool")),
        *(("avgpool2d 2", "avgpool"), ("global_avg_pool", "global_avgpool")),
        *(("gap", "global_avgpool"), ("global_max_pool", "global_maxpool")),
        *(("weighted_pool 2", "weightedpool"), ("locally_connected 2 2", "local")),
    ],
)
def test_other_names(alias, kind):
    assert checked(f"input 3x4x4 -> {alias}").graph.layers[-1].kind == kind


@pytest.mark.parametrize("pad", ["pad=2", "pad=2x0", "pad=0x2"])
def test_padding_beyond_half_the_window_is_refused_with_the_most_there_may_be(pad):
    found = check(Source("p.nn", f"input 1x9x9 -> maxpool 3 {pad} -> global_maxpool\n")).report
    assert [d.code for d in found] == [codes.POOL_PADDING]
    (fix,) = found.found[0].fixes
    assert fix.edits[0].replacement == pad.removeprefix("pad=").replace("2", "1")


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("rows", [0, 1, 500])
def test_any_number_of_rows(rows, level):
    """Also none, and more than are worked on at a time."""
    text = "input 4x32x32 -> [maxpool 2, avgpool 2, weightedpool 2] -> add -> local 1 15"
    module = build(text, level)
    params, rng = module.init_params(1), np.random.default_rng(0)
    x = rng.standard_normal((rows, 4, 32, 32)).astype(np.float32)
    if not rows:
        with pytest.raises(ValueError, match="x"):
            module.predict(params, x)
        return
    y = module.predict(params, x)
    assert y.shape == (rows, 1, 2, 2)
    np.testing.assert_allclose(y[-1:], module.predict(params, x[-1:]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("level", [0, 1])
def test_inputs_too_small_for_a_window_are_refused_at_the_door(level):
    module = build("input 3xHxW -> maxpool 3 -> global_avgpool -> dense 2; loss mse", level)
    params = module.init_params()
    assert module.predict(params, np.ones((2, 3, 3, 5))).shape == (2, 2)
    with pytest.raises(ValueError, match=r"H.*3"):
        module.predict(params, np.ones((2, 3, 2, 5)))


@pytest.mark.parametrize("level", [0, 1])
def test_rows_too_short_for_a_window_are_refused(level):
    text = "input Tx3 ragged -> transpose -> maxpool 4 pad=1 -> transpose -> dense 1; loss mse"
    module = build(text, level)
    params, x = module.init_params(), np.ones((2, 6, 3))
    assert module.predict(params, x, lengths=[2, 6]).shape == (2, 2, 1)
    with pytest.raises(ValueError, match="too short"):
        module.predict(params, x, lengths=[1, 6])


@pytest.mark.parametrize("level", [0, 1])
def test_pooling_makes_no_array_of_all_windows(level):
    """Ten rows of 16x64x64 are 2.6 MB; all 7x7 windows of them would be 128 MB."""
    import tracemalloc

    text = "input 16x64x64 -> {} 7 stride=1 -> {} 5 stride=1 -> global_maxpool; loss mse"
    for kind in ("maxpool", "avgpool", "weightedpool"):
        source = Source("m.nn", text.format(kind, kind))
        code = compile_source(source, Options(level=level, format=False)).code
        space: dict = {"__name__": "generated"}
        exec(compile(code, "generated", "exec"), space)
        params = space["init_params"]()
        x = np.random.default_rng(0).standard_normal((10, 16, 64, 64)).astype(np.float32)
        opt = space["init_optimizer"](params)
        tracemalloc.start()
        try:
            space["train_step"](params, x, np.zeros((10, 16)), opt, 0.1)
            assert tracemalloc.get_traced_memory()[1] < 20e6, kind
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("2 ceil=true", [1.5, 3.5, 5]),
        ("3 stride=1 pad=1", [1, 2, 3, 4, 3]),
        ("3 stride=1 pad=1 count=data", [1.5, 2, 3, 4, 4.5]),
        ("3 stride=1 pad=0:1 count=data", [2, 3, 4, 4.5]),
        ("3 stride=2 pad=1:0 ceil=true", [1, 3, 4.5]),
        ("2 stride=2 pad=same", [1.5, 3.5, 5]),
        ("2 stride=2 pad=same count=padded", [1.5, 3.5, 2.5]),
        ("4 stride=3 pad=2 ceil=true", [0.75, 3.5, 5 / 3]),
        ("4 stride=3 pad=2 ceil=true count=data", [1.5, 3.5, 5]),
    ],
)
def test_what_a_mean_is_over(pool, expected, level):
    """Worked out by hand for the numbers from 1 to 5."""
    module = build(f"input 1x5 -> avgpool {pool}\ndtype float64\n", level)
    y = module.predict({}, np.arange(1.0, 6)[None, None])
    np.testing.assert_allclose(y.ravel(), expected, rtol=1e-14)
