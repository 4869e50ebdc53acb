"""Constants, arithmetic and arguments against their schemas."""

from __future__ import annotations

import pytest
from nnc.ir.dims import symbol
from nnc.ir.types import DType

from .resolving import error_codes, findings, graph, layer, repaired


def units(expression: str, lets: str = "") -> object:
    return layer(f"{lets}\ninput 3 -> dense ({expression})", "dense1").args["units"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2*3+4", 10),
        ("2+3*4", 14),
        ("7//2", 3),
        ("7%4", 3),
        ("2**5", 32),
        ("-(-3)", 3),
        ("10-3-2", 5),
        ("width/3*3", 16),
        ("width/2", 8),
        ("1e3", 1000),
        ("0.5*width", 8),
        ("4/2**1", 2),
    ],
)
def test_arithmetic(expression, value):
    found = units(expression, "let width = 16")
    assert found == value
    assert isinstance(found, int)


def test_lets_may_refer_to_later_ones():
    assert units("a", "let a = b*2\nlet b = c+1\nlet c = 3") == 8


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("width/3", "width/3 = 5.33 is not a whole number"),
        ("2.5", "2.5 is not a whole number"),
        ("width/32", "width/32 = 0.5 is not a whole number"),
    ],
)
def test_a_fraction_is_shown(expression, message):
    (finding,) = findings(f"let width = 16\ninput 3 -> dense ({expression})")
    assert (finding.code.id, finding.message) == ("NN112", message)


@pytest.mark.parametrize(
    "expression",
    ["1//0", "1/0", "1%0", "0**(0-1)", "(0-2)**0.5", "2**(10**9)", "(10**1000)**9", "1e300*1e300"],
)
def test_arithmetic_without_a_result(expression):
    assert error_codes(f"input 3 -> dense ({expression})") == ["NN113"]


def test_division_by_zero_points_at_the_zero():
    (finding,) = findings("let z = 2\ninput 3 -> dense (8//(z-2))")
    assert finding.span.text == "z-2"


@pytest.mark.parametrize(
    "text",
    ["let a = a", "let a = b\nlet b = a", "let a = [b]\nlet b = a*2\nlet c = a"],
)
def test_a_let_defined_by_itself_is_one_error(text):
    assert error_codes(text) == ["NN117"]


def test_lets_of_a_broken_definition_are_no_second_fault():
    assert error_codes("let a = 1/0\ninput 3 -> dense a -> dense (a*2)") == ["NN113"]
    assert error_codes("let a = )\ninput 3 -> dense a -> dense (a*2)") == ["NN004"]
    assert error_codes("let a = ) mystery\ninput 3 -> dense a -> mystery") == ["NN004"]
    assert error_codes("let a = )\ninput 3 -> dense a -> mystery") == ["NN004", "NN101"]


def test_inputs():
    def declared(text):
        return graph(f"let s = 3x4\nlet k = 2\n{text} -> flatten").layers[0].args["type"].type

    t = symbol("T")
    assert declared("input 784").shape == (784,)
    assert declared("input 3x28x28").shape == (3, 28, 28)
    assert declared("input s").shape == (3, 4)
    assert declared("input (k*2)xTx(k)").shape == (4, t, 2)
    assert declared("input T int").dtype is DType.INT
    assert declared("input T int ragged").ragged
    assert declared("input(3x4)").shape == (3, 4)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("input -> relu", "NN107"),
        ("input int -> relu", "NN107"),
        ("input 3 4 -> relu", "NN108"),
        ("input 3 int int -> relu", "NN109"),
        ("input 3 rows=4 -> relu", "NN106"),
        ("input 0 -> relu", "NN111"),
        ("input 2.5 -> relu", "NN112"),
        ("input [3] -> relu", "NN110"),
        ("input Bx3 -> relu", "NN115"),
        ("let s = Tx3\ninput s -> relu", "NN131"),
    ],
)
def test_refused_inputs(text, code):
    assert error_codes(text) == [code]


def test_arguments_in_any_order_with_defaults():
    found = layer("input 3 -> dense relu bias=false init=normal(0.1) 4 in=3", "dense1")
    assert found.args["units"] == 4
    assert found.args["bias"] is False
    assert (found.args["init"].name, found.args["init"].args) == ("normal", {"std": 0.1})
    assert found.args["bias_init"].name == "zeros"
    assert found.args["tie"] is None
    assert set(found.given) == {"units", "bias", "init", "in"}
    assert found.given["in"].text == "3"


def test_call_form_and_positionals_by_key_mean_the_same():
    forms = (
        "dense 4 relu",
        "dense(4) relu",
        "dense(4, relu)",
        "dense units=4 relu",
        "dense relu 4",
    )
    assert len({str(layer(f"input 3 -> {f}", "dense1").args) for f in forms}) == 1


def test_options_and_truth_values_ignore_case():
    assert layer("input 3 -> dense 4 bias=FALSE", "dense1").args["bias"] is False
    assert layer("input 3 -> dense 4 bias=False", "dense1").args["bias"] is False


def test_sizes_numbers_and_lists():
    assert layer("let k = 2\ninput 4 -> reshape (k)x(k)", "reshape1").args["size"] == (2, 2)
    assert layer("input 4 -> reshape 4", "reshape1").args["size"] == (4,)
    assert layer("input 4 -> scale 2", "scale1").args["a"] == 2.0
    assert layer("let l = [1, 2]\ninput 2 -> scale l", "scale1").args["a"] == (1.0, 2.0)


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("dence 3", "NN101"),
        ("Dense 3", "NN101"),
        ("dense wdth", "NN102"),
        ("dense 3 rellu", "NN102"),
        ("dense 3 RELU", "NN102"),
        ("conv 16 3x3 same", "NN108"),
        ("dense 3 init=normall", "NN105"),
        ("dense 3 bias=yes", "NN105"),
        ("dense 3 size=4", "NN106"),
        ("dense 3 activation=relu", "NN106"),
        ("dense", "NN107"),
        ("dense relu", "NN107"),
        ("dense 3 init=normal", "NN107"),
        ("dense 3 4", "NN108"),
        ("dense 3 flatten", "NN108"),
        ("dense 3 loss mse", "NN108"),
        ("dense 3 units=4", "NN109"),
        ("dense 3 in=3 in=3", "NN109"),
        ("dense 3x3", "NN110"),
        ("dense true", "NN110"),
        ("dense [3]", "NN110"),
        ("scale []", "NN110"),
        ("dense 3 in=1:3", "NN110"),
        ("dense 0", "NN111"),
        ("dropout 1", "NN111"),
        ("dropout 50", "NN111"),
        ("dense 3 init=normal(0-1)", "NN111"),
        ("dense 2.5", "NN112"),
        ("dense T", "NN131"),
    ],
)
def test_refused_stages(stage, code):
    assert error_codes(f"input 3 -> {stage}") == [code]


def test_several_faults_of_one_stage_are_all_reported():
    assert error_codes("input 3 -> dense 0 bias=yes sze=3 -> dense 2.5") == [
        "NN111",
        "NN105",
        "NN106",
        "NN112",
    ]


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("input 3 -> dence 4", "input 3 -> dense 4"),
        ("input 3 -> dense 4 ReLU", "input 3 -> dense 4 relu"),
        ("input 3 -> dense (7/2)", "input 3 -> dense (7//2)"),
        ("input 3 -> dense 4 activation=relu", "input 3 -> dense 4 relu"),
        ("input 3 -> dense 4 flatten", "input 3 -> dense 4 -> flatten"),
        ("input 3 -> dense 4 relu tanh", "input 3 -> dense 4 relu -> tanh"),
        ("input Bx3 -> dense 4", "input 3 -> dense 4"),
        ("input 3 -> dense(4) * 2", "input 3 -> (dense 4) * 2"),
        ("input 3 -> dense 4 loss mse", "input 3 -> dense 4 ; loss mse"),
        ("block b(n) = dense n\ninput 3 -> b 4", "block b(n) = dense n\ninput 3 -> b(4)"),
        (
            "input 3 as a -> dense 3 as e\ne(a) -> dense 1",
            "input 3 as a -> dense 3 as e\na -> use e -> dense 1",
        ),
    ],
)
def test_fixes_repair(text, fixed):
    assert repaired(text) == fixed
    assert error_codes(fixed) == []


def test_both_readings_of_a_star_are_offered():
    text = "let n = 2\ninput 3 -> dense(n) * 3"
    assert repaired(text, 0).endswith("(dense n) * 3")
    assert repaired(text, 1).endswith("dense (n * 3)")


def test_a_percentage_is_understood():
    (finding,) = findings("input 3 -> dropout 50")
    assert finding.help == "50 percent is 0.5"


def test_a_wrong_parameter_is_blamed_once_a_call():
    text = "block b(n) = dense n -> dense (n*2)\ninput 3 -> b(same) -> b(last)"
    assert error_codes(text) == ["NN110", "NN110"]
