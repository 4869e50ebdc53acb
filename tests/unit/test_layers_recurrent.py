"""embedding, rnn, lstm and gru: parameters and their initialisation, refusals, generated code."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import Options, SpecError, check, compile_source
from nnc.ir.types import DType
from nnc.layers import LAYERS
from nnc.source import Source

from ..generated import build
from .test_layers import T, context, fault, flops, result, specs

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
CELLS = pytest.mark.parametrize("kind", GATES)


def params_of(text: str) -> dict[str, tuple[int, ...]]:
    return dict(build(f"{text}\nloss mse").PARAM_SHAPES)


def codes_of(text: str) -> set[str]:
    return {d.code.id for d in check(Source("spec.nn", text)).report}


@CELLS
def test_parameters_of_one_layer(kind):
    own, gates = specs(kind, (T, 7), units=5), GATES[kind]
    biases = {"bx", "bh"} if kind == "gru" else {"b"}
    assert own.keys() == {"Wx", "Wh"} | biases
    assert own["Wx"].shape == (7, gates * 5)
    assert own["Wh"].shape == (5, gates * 5)
    assert {own[b].shape for b in biases} == {(gates * 5,)}
    assert {p.role for p in own.values()} == {"weight", "bias"}
    assert (own["Wx"].fan_in, own["Wx"].fan_out) == (7, 5)  # of one gate
    assert specs(kind, (T, 7), units=5, bias=False).keys() == {"Wx", "Wh"}


def test_names_and_shapes_of_stacked_layers_and_directions():
    plain = params_of("input Tx3 -> lstm 5 layers=2")
    assert list(plain) == [f"lstm1.l{k}.{p}" for k in (1, 2) for p in ("Wx", "Wh", "b")]
    assert (plain["lstm1.l1.Wx"], plain["lstm1.l2.Wx"]) == ((3, 20), (5, 20))
    both = params_of("input Tx3 -> rnn 5 bidirectional=true")
    assert list(both) == [f"rnn1.{way}{p}" for way in ("", "reverse.") for p in ("Wx", "Wh", "b")]
    deep = params_of("input Tx3 -> gru 5 bidirectional=true layers=2 as g")
    assert deep["g.l2.Wx"] == deep["g.l2.reverse.Wx"] == (10, 15)
    assert deep["g.l1.reverse.bh"] == (15,)
    assert list(params_of("input Tx3 -> rnn 5 reverse=true")) == ["rnn1.Wx", "rnn1.Wh", "rnn1.b"]


def test_the_forget_gate_starts_open():
    start = build("input Tx3 -> lstm 2 bidirectional=true; loss mse").init_params()
    for name in ("lstm1.b", "lstm1.reverse.b"):
        assert start[name].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
        assert start[name].dtype == np.float32
    given = build("input Tx3 -> lstm 2 bias_init=constant(0.5); loss mse").init_params()
    assert set(given["lstm1.b"].tolist()) == {0.5}
    assert not build("input Tx3 -> gru 2; loss mse").init_params()["gru1.bh"].any()


def test_weights_start_by_the_cells_own_nonlinearity():
    text = "input Tx3 -> {} -> dense 1; loss mse"
    inits = {
        layer: {
            p.name.partition(".")[2]: p.init.name
            for p in check(Source("spec.nn", text.format(layer))).graph.params
        }
        for layer in ("rnn 4", "rnn 4 relu", "rnn 4 selu", "lstm 4 init=orthogonal")
    }
    assert {k: v["Wh"] for k, v in inits.items()} == {
        "rnn 4": "xavier",
        "rnn 4 relu": "he",
        "rnn 4 selu": "lecun",
        "lstm 4 init=orthogonal": "orthogonal",
    }


def test_flops_grow_with_steps_gates_layers_and_directions():
    once = flops("rnn", (T, 3), units=4)
    assert once == T * (4 * (2 * 3 + 2 * 4 + 10))
    assert flops("lstm", (T, 3), units=4) == 4 * once
    assert flops("rnn", (T, 3), units=4, bidirectional=True) == 2 * once
    assert flops("rnn", (T, 3), units=4, layers=2) == once + T * (4 * (4 + 4 + 4 + 4 + 10))


# --- refusals -----------------------------------------------------------------------------


@CELLS
def test_features_and_images_have_no_steps(kind):
    for shape in ((784,), (3, 8, 8)):
        found = fault(kind, shape, units=4)
        assert found.code is codes.NEEDS_POSITIONS
        assert "x".join(map(str, shape)) in found.message
    assert "`input Tx784`" in fault(kind, (784,), units=4).help
    assert "`input Tx1`" in fault(kind, (T,), units=4).help


@CELLS
def test_positions_come_first(kind):
    found = fault(kind, (12, T), units=4)
    assert (found.code, found.insert) == (codes.NEEDS_POSITIONS, "transpose")
    assert "Tx12" in found.help


@CELLS
def test_ids_are_embedded_first(kind):
    found = fault(kind, (T,), units=4, dtype=DType.INT)
    assert found.code is codes.INTEGER_INPUT
    assert "embedding" in found.help


@CELLS
def test_in_is_held_against_the_features(kind):
    found = fault(kind, (T, 20), units=4, in_=500)
    assert (found.code, found.replace) == (codes.IN_MISMATCH, "20")


@CELLS
def test_the_last_state_of_ragged_rows_is_plain(kind):
    assert not result(kind, (T, 3), units=4, ragged=True).ragged
    assert result(kind, (T, 3), units=4, return_="all", ragged=True).ragged


def test_embedding_keeps_raggedness_and_refuses_real_numbers():
    assert result("embedding", (T,), count=9, size=4, dtype=DType.INT, ragged=True).ragged
    assert fault("embedding", (T,), count=9, size=4).code is codes.NEEDS_IDS


@pytest.mark.parametrize(
    "word", ["gelu", "silu", "mish", "prelu", "softmax", "log_softmax", "relu6"]
)
def test_some_activations_cannot_be_a_cells_own(word):
    assert "NN225" in codes_of(f"input Tx3 -> rnn 4 {word} -> dense 1; loss mse")
    assert "NN225" not in codes_of(f"input Tx3 -> rnn 4 -> {word} -> dense 1; loss mse")


def test_slopes_below_zero_that_rise_again_are_refused():
    for word in ("leaky_relu", "elu"):
        assert "NN225" in codes_of(f"input Tx3 -> rnn 4 {word}(-0.1) -> dense 1; loss mse")
        assert "NN225" not in codes_of(f"input Tx3 -> rnn 4 {word}(0.1) -> dense 1; loss mse")


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_gated_cells_take_no_activation(kind):
    assert "NN127" in codes_of(f"input Tx3 -> {kind} 4 relu -> dense 1; loss mse")


def test_a_tied_dense_has_as_many_units_as_there_are_ids():
    text = "input T int -> embedding {} 4 as emb -> gru 4 -> dense {} tie=emb; loss crossentropy"
    assert build(text.format(9, 9)).PARAM_SHAPES["dense1.b"] == (9,)
    with pytest.raises(SpecError, match="9 units, not 8"):
        compile_source(Source("spec.nn", text.format(9, 8)))


# --- modules ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1])
def test_one_layer_used_twice_shares_its_weights(level):
    text = (
        "input Tx4 as a -> gru 4 return=all as g\ninput Tx4 as b -> use g as h\n"
        "[g, h] -> add -> dense 1; loss mse; dtype float64"
    )
    made = build(text, level)
    assert sum(name.startswith("g.") for name in made.PARAM_SHAPES) == 4
    rng, params = np.random.default_rng(0), made.init_params()
    x = {"a": rng.normal(size=(2, 3, 4)), "b": rng.normal(size=(2, 3, 4))}
    swapped = {"a": x["b"], "b": x["a"]}
    np.testing.assert_allclose(made.predict(params, x), made.predict(params, swapped), rtol=1e-12)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", GATES)
def test_reverse_is_the_layer_on_rows_turned_round(kind, level):
    text = "input Tx3 -> {} 4 {} as r; loss mse; dtype float64"
    forward, reverse = build(text.format(kind, ""), level), build(
        text.format(kind, "reverse=true"), level
    )
    params, x = forward.init_params(), np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_allclose(
        forward.predict(params, x[:, ::-1]), reverse.predict(params, x), rtol=1e-12
    )


@pytest.mark.parametrize("level", [0, 1])
def test_the_input_of_all_steps_is_one_matrix_product(level):
    """The products with the input's weights stand outside of the time loop."""
    text = "input Tx3 -> lstm 4; loss mse"
    code = compile_source(Source("spec.nn", text), Options(level=level)).code
    loop = code[code.index("def lstm_tape") : code.index("def lstm_back")]
    assert "Wx" not in loop
    assert code.count('params["lstm1.Wx"]') == 2  # in forward and predict


def test_other_names_are_understood():
    assert "NN" not in "".join(codes_of("input T int -> embed 9 4 -> gru 4 -> dense 1; loss mse"))
    assert LAYERS["rnn"].aliases
    assert context("rnn", (T, 3), units=4).kind == "rnn"


@pytest.mark.parametrize("level", [0, 1])
def test_modules_check_their_own_gradients(level, tmp_path):
    text = (
        "input T int ragged -> embedding 6 3 as emb -> lstm 3 layers=2 bidirectional=true return=all"
        " -> gru 3 reverse=true return=all -> rnn 3 relu return=all -> dense 6 tie=emb\n"
        "loss crossentropy"
    )
    file = tmp_path / "model.py"
    file.write_text(compile_source(Source("spec.nn", text), Options(level=level)).code, "utf-8")
    run = subprocess.run(
        [sys.executable, file, "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(" ok") == len(build(text).PARAM_SHAPES)
