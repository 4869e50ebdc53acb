"""Full names of layers: counted by kind and scope, prefixed inside named and repeated parts."""

from __future__ import annotations

import pytest

from .resolving import error_codes, findings, graph, layer, names

BLOCK = "block pair(n) = dense n relu -> dense n\n"


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("dense 3 relu -> dense 4", ["dense1", "dense2"]),
        ("dense 3 as a -> dense 4", ["a", "dense1"]),
        ("dense 3 -> relu -> dense 4", ["dense1", "relu1", "dense2"]),
        ("(dense 3 -> dense 4) -> dense 5", ["dense1", "dense2", "dense3"]),
        ("(dense 3 as a -> dense 4) -> dense 5", ["a", "dense1", "dense2"]),
        ("(dense 3 -> dense 4 as a) as enc -> dense 5", ["enc.dense1", "enc.a", "dense1"]),
        ("((dense 3) as inner) as outer", ["outer.inner.dense1"]),
        ("(dense 3) * 2 as t", ["t.1.dense1", "t.2.dense1"]),
        ("(dense 3) * 1 as t", ["t.1.dense1"]),
        ("(dense 3) * 2 -> dense 4", ["dense1", "dense2", "dense3"]),
        ("(dense 3 as a -> use a) * 2", ["a.1", "use1", "a.2", "use2"]),
        (
            "((dense 3) * 2 as t) * 2",
            ["t.1.1.dense1", "t.1.2.dense1", "t.2.1.dense1", "t.2.2.dense1"],
        ),
        ("pair(3) -> pair(4)", ["pair1.dense1", "pair1.dense2", "pair2.dense1", "pair2.dense2"]),
        ("pair(3) as p -> pair(4)", ["p.dense1", "p.dense2", "pair1.dense1", "pair1.dense2"]),
        (
            "pair(3) * 2 -> pair(4) as q",
            [f"{p}.dense{i}" for p in ("pair1", "pair2", "q") for i in (1, 2)],
        ),
        ("pair(3) * 2 as p", ["p.1.dense1", "p.1.dense2", "p.2.dense1", "p.2.dense2"]),
        ("[dense 3, dense 3] -> add -> dense 4", ["dense1", "dense2", "add1", "dense3"]),
        ("pair(3) tanh", ["pair1.dense1", "pair1.dense2", "pair1.tanh1"]),
        ("(dense 3) tanh as enc -> dense 4", ["enc.dense1", "enc.tanh1", "dense1"]),
        ("(dense 3) tanh -> tanh", ["dense1", "tanh1", "tanh2"]),
        ("linear 3 -> fc 4", ["dense1", "dense2"]),
    ],
)
def test_layers_are_called(chain, expected):
    assert names(f"{BLOCK}input 3 -> {chain}") == expected


def test_activations_with_parameters_are_counted_by_their_own_kind():
    spec = "input 3 -> dense 3 prelu as a -> dense 3 relu -> prelu -> dense 3 prelu"
    owners = {n.name: n.activation.name for n in graph(spec).layers if n.activation}
    assert owners == {"a": "prelu1", "dense1": "dense1", "dense2": "prelu3"}
    assert "prelu2" in names(spec)


def test_an_unnamed_input_is_x_and_several_are_counted():
    assert graph("input 3 -> dense 1").layers[0].name == "x"
    several = graph("input 3 as a\n[input 4 -> dense 3, input 5 -> dense 3, a] -> add")
    assert [n.name for n in several.layers if n.kind == "input"] == ["a", "x1", "x2"]


def test_a_stage_may_not_take_the_name_of_the_unnamed_input():
    assert error_codes("input 3 -> dense 3 as x -> dense 1") == ["NN114"]
    assert error_codes("input 3 as a -> dense 3 as x -> dense 1") == []


def test_a_layer_knows_its_place_and_its_calls():
    text = "block outer(n) = inner(n)\nblock inner(n) = dense n relu\ninput 3 -> outer(4)"
    found = layer(text, "outer1.inner1.dense1")
    assert found.span.text == "dense n relu"
    assert found.head.text == "dense"
    assert [call.text for call in found.calls] == ["outer(4)", "inner(n)"]
    assert found.given["units"].text == "n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("let use = 3", "NN115"),
        ("let class = 3", "NN115"),
        ("let ragged = 3", "NN115"),
        ("block input = relu", "NN115"),
        ("let relu = 3", "NN116"),
        ("let dense2 = 3", "NN116"),
        ("block conv = relu", "NN116"),
        ("block b(tanh) = relu", "NN116"),
        ("block b = relu\nlet b7 = 2", "NN116"),
        ("input 3 -> dense 3 as softmax", "NN116"),
        ("input 3 -> dense 3 as use1", "NN116"),
        ("let a = 1\nblock a = relu", "NN114"),
        ("block a(k, k) = relu", "NN114"),
        ("let a = 1\ninput 3 -> dense 3 as a", "NN114"),
        ("input 3 -> dense 3 as a -> dense 3 as a", "NN114"),
        ("block b(k) = dense k as k\ninput 3 -> b(3)", "NN114"),
    ],
)
def test_names_that_are_refused(text, code):
    assert error_codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "let dropout = 0.1\ninput 3 -> dropout dropout",
        "block b(dropout) = dropout dropout\ninput 3 -> b(0.2)",
        "let k = 3\nblock b(k) = dense k\ninput k -> b(4)",
        "input 3 -> dense 3 as fc -> dense 3 as linear_2",
        "input 3 -> dense 3 as a -> (dense 3 as a) as b",
    ],
)
def test_names_that_are_fine(text):
    assert error_codes(text) == []


def test_a_parameter_shadows_a_let():
    assert layer("let k = 3\nblock b(k) = dense k\ninput k -> b(4)", "b1.dense1").args["units"] == 4


def test_an_unknown_stage_is_told_how_to_get_a_name():
    (finding,) = findings("input 3 -> dense 3\nx -> dense 4")
    assert finding.help == "a stage or input is named with `as`: `… as x`"


def test_a_second_definition_shows_the_first():
    (finding,) = [d for d in findings("let a = 1\nlet a = 2") if d.code.id == "NN114"]
    assert finding.span.line == 2
    assert [label.span.line for label in finding.labels] == [1]


def test_names_of_a_faulty_stage_are_no_second_fault():
    text = "input 3 -> dence 4 as a -> dense 3 as b\na -> dense 1\nb -> use a -> dense 2 tie=b\noutput a\nloss mse on b"
    assert error_codes(text) == ["NN101"]


def test_names_inside_copies_are_private():
    assert error_codes("input 3 -> (dense 3 as a) as g\na -> dense 3") == ["NN102"]
    assert error_codes("input 3 -> (dense 3 as a) * 2\na -> dense 3") == ["NN102"]
    assert error_codes("block b = dense 3 as a\ninput 3 -> b\na -> dense 3") == ["NN102"]
    assert error_codes("input 3 -> (dense 3 as a)\na -> dense 3") == []
    assert error_codes("input 3 -> [dense 3 as a, id] -> add\na -> dense 3") == []
