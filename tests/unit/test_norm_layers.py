"""Norm layers, attention and positional: parameters, state, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import Options, check, compile_source
from nnc.kinds.shapes.divisors import nearest_divisors
from nnc.layers import LAYERS
from nnc.limits.need import need
from nnc.report.summary import summarise
from nnc.source import Source

from .test_layers import T, context, fault, result, specs


def test_gains_start_at_one_and_shifts_at_zero():
    for kind, shape in (("batchnorm", (6, 9)), ("layernorm", (9, 6)), ("groupnorm", (6, 9))):
        own = specs(kind, shape, **({"groups": 2} if kind == "groupnorm" else {}))
        made = {k: (p.shape, p.role, p.init.name) for k, p in own.items()}
        assert made == {"gamma": ((6,), "gain", "ones"), "beta": ((6,), "bias", "zeros")}
    assert specs("rmsnorm", (9, 6)).keys() == {"gamma"}


def test_batchnorm_keeps_running_statistics_per_channel():
    kept = LAYERS["batchnorm"].states(context("batchnorm", (6, 4, 4)))
    assert [(s.suffix, s.shape, s.start) for s in kept] == [
        ("running_mean", (6,), 0.0),
        ("running_var", (6,), 1.0),
    ]


def test_attention_owns_two_products():
    own = specs("attention", (T, 8), heads=2)
    assert {k: p.shape for k, p in own.items()} == {
        "Wqkv": (8, 24),
        "bqkv": (24,),
        "Wo": (8, 8),
        "bo": (8,),
    }
    assert specs("attention", (T, 8), heads=2, bias=False).keys() == {"Wqkv", "Wo"}


def test_learned_positions_are_a_table():
    assert specs("positional", (T, 8), learned=True, max=20)["W"].shape == (20, 8)
    assert specs("positional", (7, 8), learned=True)["W"].shape == (7, 8)
    assert specs("positional", (T, 8), learned=True, max=20)["W"].role == "table"
    assert not specs("positional", (T, 8))


@pytest.mark.parametrize(
    ("number", "size", "near"),
    [
        *((5, 192, (4, 6)), (8, 100, (10, 5)), (9, 7, (7,)), (5, 6, (6, 3))),
        *((5, 4, (4,)), (3, 7, (1, 7)), (4, 7, (1, 7)), (6, 7, (7, 1)), (2, 1, (1,))),
        (1000, 2**31 - 1, (1,)),
    ],
)
def test_nearest_divisors(number, size, near):
    assert nearest_divisors(number, size) == near


def test_heads_and_groups_divide():
    found = fault("attention", (T, 100), heads=8)
    assert (found.code, found.at, found.replace) == (codes.NOT_DIVISIBLE, "heads", "10")
    assert "`heads=10` or `heads=5`" in found.help
    found = fault("groupnorm", (16, 8, 8), groups=5)
    assert (found.code, found.at, found.replace) == (codes.NOT_DIVISIBLE, "groups", "4")


@pytest.mark.parametrize(
    ("kind", "shape", "args"),
    [
        ("batchnorm", (6, T), {"ragged_axis": 1}),
        ("batchnorm", (6, 5), {}),
        ("groupnorm", (6, 5), {"groups": 2}),
        ("layernorm", (T,), {}),
        ("rmsnorm", (6, T), {"ragged_axis": 1}),
    ],
)
def test_layers_that_would_mix_padding_refuse_it(kind, shape, args):
    axis = args.pop("ragged_axis", 0)
    c = context(kind, shape, ragged=True, **args)
    given = type(c.input)(shape, c.input.dtype, True, axis)
    c = type(c)(c.layer, c.args, (given,), c.tied)
    with pytest.raises(Exception, match="rows of different lengths") as caught:
        LAYERS[kind].shape(c)
    assert caught.value.code is codes.RAGGED_MIXED


@pytest.mark.parametrize("kind", ["layernorm", "rmsnorm", "positional", "noise"])
def test_layers_that_work_by_position_stay_ragged(kind):
    args = {"std": 0.1} if kind == "noise" else {}
    assert result(kind, (T, 8), ragged=True, **args).ragged
    assert result("attention", (T, 8), ragged=True, heads=2).ragged


@pytest.mark.parametrize(("kind", "args"), [("attention", {"heads": 2}), ("positional", {})])
def test_positions_are_needed(kind, args):
    found = fault(kind, (8,), **args)
    assert found.code is codes.NEEDS_POSITIONS
    assert "`input Tx8`" in found.help
    found = fault(kind, (4, 3, 3), **args)
    assert (found.code, found.insert) == (codes.NEEDS_POSITIONS, "reshape 4x9 -> transpose")
    assert fault(kind, (4, T, 3, 3), **args).insert == ""


def test_a_table_of_positions_is_as_long_as_the_rows():
    found = fault("positional", (40, 8), learned=True, max=32)
    assert (found.code, found.at, found.replace) == (codes.TOO_MANY_POSITIONS, "max", "40")
    found = fault("positional", (T, 8), learned=True)
    assert found.code is codes.SYMBOLIC_PARAMETER
    assert "max=512" in found.help


def test_batchnorm_reads_channels_first():
    found = fault("batchnorm", (T, 8))
    assert (found.code, found.insert) == (codes.SYMBOLIC_PARAMETER, "transpose")


def test_the_scores_of_attention_count_as_memory():
    graph = check(Source("m.nn", "input 10x8 -> attention 2 -> dense 1; loss mse")).graph
    counted = list(need(graph).activations.values())
    assert summarise(graph, 32).activation_bytes == sum(counted)
    assert counted == [32 * 4 * n for n in (80, 80 + 4 * 80 + 2 * 100, 10)]
    found = check(Source("m.nn", "input 30000x64 -> attention 8 -> dense 1; loss mse")).report
    assert [d.code.id for d in found] == ["NN405"]


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        *(("batchnorm eps=0", "NN111"), ("layernorm eps=(-1)", "NN111")),
        *(("batchnorm momentum=2", "NN111"), ("noise (-1)", "NN111"), ("groupnorm 0", "NN111")),
        ("groupnorm", "NN107"),
    ],
)
def test_arguments_out_of_range_are_refused(stage, code):
    found = check(Source("a.nn", f"input 8 -> {stage} -> dense 1; loss mse")).report
    assert [d.code.id for d in found] == [code]


def test_a_shared_batchnorm_shares_its_state():
    text = "input 4 -> batchnorm as n -> dense 4 tanh -> use n -> dense 1; loss mse"
    space: dict = {"__name__": "shared"}
    code = compile_source(Source("s.nn", text), Options(format=False)).code
    exec(compile(code, "s.py", "exec"), space)
    assert list(space["STATE_SHAPES"]) == ["n.running_mean", "n.running_var"]


def test_two_uses_on_one_value_both_move_the_statistics():
    text = "input 3 as x\nx -> batchnorm momentum=0.5 as n\nx -> use n as m\n[n, m] -> add\n"
    text += "loss mse\ndtype float64\n"
    for level in (0, 1):
        space: dict = {"__name__": "twice"}
        code = compile_source(Source("t.nn", text), Options(level=level, format=False)).code
        exec(compile(code, "t.py", "exec"), space)
        state = space["init_state"]()
        x = np.arange(6.0).reshape(2, 3)
        space["forward"](space["init_params"](), x, state=state, train=True)
        np.testing.assert_allclose(state["n.running_mean"], 0.75 * x.mean(axis=0))
