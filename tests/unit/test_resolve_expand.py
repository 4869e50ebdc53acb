"""Blocks, groups, repeats, forks, use and tie."""

from __future__ import annotations

from itertools import pairwise

import pytest
from nnc.ir.layer_graph import UNKNOWN

from .resolving import edges, error_codes, graph, layer, names, outcome


def test_a_chain_feeds_each_layer_with_the_one_before():
    assert edges("input 3 -> dense 4 relu -> tanh") == {
        "x": [],
        "dense1": ["x"],
        "tanh1": ["dense1"],
    }


def test_repeats_have_fresh_parameters_and_zero_is_the_identity():
    assert edges("input 3 -> (dense 4) * 2 -> (dense 5) * 0 -> tanh") == {
        "x": [],
        "dense1": ["x"],
        "dense2": ["dense1"],
        "tanh1": ["dense2"],
    }


def test_repeats_may_be_computed():
    assert len(names("let n = 4\ninput 3 -> (dense 4) * (n//2 + 1)")) == 3
    assert len(names("let n = 4\ninput 3 -> (dense 4) * n")) == 4


def test_a_fork_feeds_its_branches_and_the_merge_takes_their_ends():
    text = "input 3 as a\ninput 3 as b\na -> [dense 3, id, b, b -> dense 3] -> add relu"
    assert edges(text)["add1"] == ["dense1", "a", "b", "dense2"]
    assert edges(text)["dense2"] == ["b"]
    assert layer(text, "add1").activation.kind == "relu"


def test_the_merge_may_be_in_a_block_and_the_fork_too():
    text = (
        "block parts(n) = [dense n, dense n]\nblock join = add -> relu\ninput 3 -> parts(4) -> join"
    )
    assert edges(text)["join1.add1"] == ["parts1.dense1", "parts1.dense2"]


def test_a_fork_may_end_the_chain_if_every_end_is_named():
    found = graph(
        "input 3 -> [dense 3 as a, dense 4 -> dense 5 as b]\nloss mse on a\nloss mse on b"
    )
    assert [o.name for o in found.outputs] == ["a", "b"]


def test_id_passes_the_value_on():
    assert edges("input 3 -> id -> dense 4 -> id as last")["dense1"] == ["x"]
    assert graph("input 3 -> dense 4 -> id as last").outputs[0].name == "last"


def test_use_shares_parameters_of_a_group():
    text = "input 3 as a -> (dense 4 relu -> dense 3) as enc\na -> use enc as again\n[enc, again] -> add"
    found = graph(text).by_name()
    assert found["again.dense1"].shares == "enc.dense1"
    assert found["again.dense2"].shares == "enc.dense2"
    assert found["again.dense1"].activation.kind == "relu"
    assert found["again.dense1"].activation.name == "again.dense1"
    assert edges(text)["again.dense1"] == ["a"]
    assert edges(text)["add1"] == ["enc.dense2", "again.dense2"]


def test_use_of_a_layer_has_a_name_of_its_own():
    found = graph("input 3 -> dense 3 prelu as a -> use a -> use a as b -> use b").by_name()
    assert [found[n].shares for n in ("use1", "b", "use2")] == ["a", "a", "a"]
    assert {found[n].activation.name for n in ("use1", "b", "use2")} == {"prelu1"}


def test_use_of_a_repeat_and_of_use_inside_it():
    found = graph("input 3 -> (dense 3 as a -> use a) * 2 as t -> use t as u").by_name()
    assert [found[f"u.{i}.{n}"].shares for i in (1, 2) for n in ("a", "use1")] == [
        "t.1.a",
        "t.1.a",
        "t.2.a",
        "t.2.a",
    ]


def test_used_groups_keep_values_from_outside():
    text = "input 3 as a -> ([id, a] -> add -> dense 3) as g -> use g as h"
    assert edges(text)["g.add1"] == ["a", "a"]
    assert edges(text)["h.add1"] == ["g.dense1", "a"]


def test_tie_names_the_owner_of_the_weights():
    text = "input 3 -> dense 4 as enc -> dense 3 tie=enc -> use enc as twin -> dense 3 tie=twin"
    assert layer(text, "dense1").args["tie"] == "enc"
    assert layer(text, "dense2").args["tie"] == "enc"


def test_blocks_take_values_of_every_kind():
    text = """
block every(n, s, flag, act, l, inner, m=n*2) =
    reshape s -> flatten -> dense n act bias=flag -> scale l -> inner -> dense m
input 4 -> every(3, 2x2, false, leaky_relu(0.2), [1, 2, 3], dense 5 tanh -> dense 6)
"""
    found = graph(text).by_name()
    assert found["every1.reshape1"].args["size"] == (2, 2)
    assert found["every1.dense1"].args["bias"] is False
    assert found["every1.dense1"].activation.kind == "leaky_relu"
    assert found["every1.dense1"].activation.args["a"] == 0.2
    assert found["every1.scale1"].args["a"] == (1.0, 2.0, 3.0)
    assert [found[f"every1.dense{i}"].args["units"] for i in (1, 2, 3, 4)] == [3, 5, 6, 6]


def test_stages_handed_to_a_block_may_be_used_often():
    text = "block twice(s) = s -> s\ninput 3 -> twice(dense 4) -> twice(flatten) -> twice(dense(5) as q)"
    assert names(text) == [
        *("twice1.dense1", "twice1.dense2", "twice2.flatten1", "twice2.flatten2"),
        *("twice3.q.1", "twice3.q.2"),
    ]


def test_a_list_of_stages_is_a_fork():
    text = "block par(branches, m) = branches -> m\ninput 3 -> par([dense 3, id, dense(3)], add)"
    assert edges(text)["par1.add1"] == ["par1.dense1", "x", "par1.dense2"]


def test_defaults_see_earlier_parameters_and_lets():
    text = "let k = 7\nblock b(n, m=n+k, o=m*2) = dense o\ninput 3 -> b(1) -> b(1, o=3)"
    assert [layer(text, f"b{i}.dense1").args["units"] for i in (1, 2)] == [16, 3]


def test_blocks_do_not_see_outer_stages():
    assert error_codes("block b = [id, a] -> add\ninput 3 as a -> b") == ["NN102"]


def test_blocks_see_their_own_stages():
    text = "block b = dense 3 as h -> dense 3 -> [id, h] -> add\ninput 3 -> b"
    assert edges(text)["b1.add1"] == ["b1.dense1", "b1.h"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("block a = a\ninput 3 -> a", "NN118"),
        ("block a = b\nblock b = a\ninput 3 -> a", "NN118"),
        ("block a(s) = s(a)\ninput 3 -> a(a)", "NN118"),
        ("dense 3 -> relu", "NN119"),
        ("dense 3", "NN119"),
        ("input 3 -> input 4", "NN120"),
        ("input 3 as a -> a", "NN120"),
        ("input 3 -> ([id, input 3] -> add) as g", "NN120"),
        ("input 3 -> [dense 3, dense 4] -> dense 3", "NN121"),
        ("input 3 -> [dense 3, dense 4]", "NN121"),
        ("input 3 -> [dense 3 as a, dense 4]", "NN121"),
        ("input 3 -> [id, [id, id]] -> add", "NN121"),
        ("input 3 -> [id, id] -> [id, id] -> add", "NN121"),
        ("input 3 -> dense 3 -> add", "NN122"),
        ("input 3 -> mean -> dense 3", "NN107"),
        ("input 3 -> [id, id] * 2 -> add", "NN123"),
        ("input 3 -> [id, id] as f -> add", "NN123"),
        ("input 3 -> ([id, id]) as f -> add", "NN123"),
        ("input 3 -> dense(3) * 2", "NN124"),
        ("input 3 as a -> dense 3 as e\ne(a) -> dense 1", "NN125"),
        ("let a = 3\ninput 3 -> a", "NN125"),
        ("input 3 as a -> use a", "NN126"),
        ("block b = relu\ninput 3 -> use b", "NN126"),
        ("input 3 -> [id, id] -> add as m -> use m", "NN126"),
        ("input 3 -> (dense 3) as g -> dense 3 tie=g", "NN126"),
        ("input 3 -> relu as r -> dense 3 tie=r", "NN126"),
        ("input 3 -> dense 3 relu tanh", "NN127"),
        ("input 3 -> relu tanh", "NN127"),
        ("input 3 relu -> dense 3", "NN127"),
        ("input 3 -> (dense 3) relu tanh", "NN127"),
        ("input 3 -> dense 3 as a -> use a relu", "NN127"),
        ("input 3 -> (dense 3) * (0-1)", "NN111"),
        ("input 3 -> (dense 3) * (1/2)", "NN112"),
        ("input 3 -> (dense 3) * (10**9)", "NN403"),
        ("block b(n) = dense n\ninput 3 -> b", "NN107"),
        ("block b(n) = dense n\ninput 3 -> b(1, 2)", "NN108"),
        ("block b(n) = dense n\ninput 3 -> b 3", "NN108"),
        ("block b(n) = dense n\ninput 3 -> b(m=1)", "NN106"),
        ("block b(n) = dense n\ninput 3 -> b(n=1, n=2)", "NN109"),
        ("block b(n) = dense n\ninput 3 -> b(wdth)", "NN102"),
        ("block b(n) = dense n -> dense (n*2)\ninput 3 -> b(same)", "NN110"),
    ],
)
def test_refused_with_one_error(text, code):
    assert error_codes(text) == [code]


def test_a_fault_in_a_block_shows_every_call_to_it():
    _, report = outcome("block a(n) = dense n\nblock b(n) = a(n/2)\ninput 3 -> b(3)")
    (finding,) = report
    assert finding.span.text == "n"
    assert [label.span.text for label in finding.labels] == ["a(n/2)", "b(3)"]


def test_what_is_sound_is_built_beside_a_fault():
    found, report = outcome("input 3 -> dence 4 -> dense 5\ninput 3 -> dense 6 as good")
    assert report.has_errors
    made = {n.name: n for n in found.layers if n.kind != "input"}
    assert list(made) == ["dense1", "good"]
    assert made["dense1"].inputs == (UNKNOWN,)


def test_doubling_blocks_are_stopped():
    letters = "abcdefghijklmnopqrstuvwxyz"
    doubling = "".join(f"block q{b} = q{a} -> q{a}\n" for a, b in pairwise(letters))
    assert error_codes(f"block qa = dense 3\n{doubling}input 3 -> qz") == ["NN403"]


def test_deep_nesting_is_stopped():
    blocks = "".join(f"block b_{i} = b_{i + 1}\n" for i in range(100))
    assert error_codes(f"{blocks}block b_100 = relu\ninput 3 -> b_0") == ["NN403"]


def test_long_chains_and_repeats_take_linear_time():
    assert len(names("input 3" + " -> dense 3 relu" * 1000)) == 1000
    assert len(names("input 3 -> (dense 3 as a -> use a) * 1000 as t")) == 2000
