"""`nnc convert` both ways against Keras's own layers: they compute the same with the same weights."""

from __future__ import annotations

import os
from functools import cache

import pytest

pytest.importorskip("torch", reason="the backend of Keras in these tests")
os.environ.setdefault("KERAS_BACKEND", "torch")
pytest.importorskip("keras", reason="Keras is not installed")
pytest.importorskip("h5py", reason="its files are HDF5")

import keras
import numpy as np
from click.testing import CliRunner
from keras import layers as L
from nnc.cli.commands import app
from nnc.driver import compile_source
from nnc.runtime.module import import_module
from nnc.runtime.weights import read_weights, write_weights
from nnc.source import Source

EPS = "eps=1e-3"


def chain(shape, *stages):
    return keras.Sequential([keras.Input(shape), *stages])


def attention(cross=False):
    x = keras.Input((7, 8))
    other = keras.Input((5, 6)) if cross else x
    y = L.Dense(2)(L.MultiHeadAttention(2, 4)(x, other))
    return keras.Model([x, other] if cross else x, y)


def nested():
    inner = chain((4,), L.Dense(5, activation="tanh"), L.Dense(3))
    return chain((4,), inner, L.Dense(2))


def recurrent(*layers):
    return chain((7, 5), *layers, L.TimeDistributed(L.Dense(2)))


SPECS = {
    "dense": (
        lambda: chain((6,), L.Dense(5), L.PReLU(shared_axes=[1]), L.Dense(3, use_bias=False)),
        "input 6 -> dense 5 prelu -> dense 3 bias=false; loss mse",
    ),
    "images": (
        lambda: chain(
            (8, 9, 3),
            L.Conv2D(4, (3, 2), use_bias=False),
            L.BatchNormalization(),
            L.ReLU(),
            L.DepthwiseConv2D(3, depth_multiplier=2),
            L.SeparableConv2D(6, 2, depth_multiplier=2),
            L.GroupNormalization(2),
            L.Conv2DTranspose(3, 2, strides=2),
            L.MaxPooling2D(2),
            L.Flatten(),
            L.BatchNormalization(),
            L.Dropout(0.5),
            L.Dense(5, activation="relu"),
            L.Dense(3),
        ),
        f"input 3x8x9 -> conv 4 3x2 bias=false -> batchnorm {EPS} relu -> depthwise 3x3 mult=2 "
        f"-> depthwise 2x2 mult=2 bias=false -> conv 6 1x1 -> groupnorm 2 {EPS} "
        f"-> conv_transpose 3 2x2 stride=2 -> maxpool 2 -> flatten -> batchnorm {EPS} "
        "-> dropout 0.5 -> dense 5 relu -> dense 3; loss mse",
    ),
    "signals": (
        lambda: chain((9, 4), L.Conv1D(6, 3), L.Flatten(), L.LayerNormalization(), L.Dense(3)),
        f"input 4x9 -> conv 6 3 -> flatten -> layernorm {EPS} -> dense 3; loss mse",
    ),
    "groups": (
        lambda: chain((6, 6, 4), L.Conv2D(6, 3, groups=2), L.GlobalAveragePooling2D(), L.Dense(2)),
        "input 4x6x6 -> conv 6 3x3 groups=2 -> global_avgpool -> dense 2; loss mse",
    ),
    "tokens": (
        lambda: chain(
            (7,), L.Embedding(9, 6), L.LayerNormalization(), L.RMSNormalization(), L.Dense(3)
        ),
        f"input T int -> embedding 9 6 -> layernorm {EPS} -> rmsnorm eps=1e-6 -> dense 3; loss mse",
    ),
    "flattened sequence": (
        lambda: chain((7,), L.Embedding(9, 6), L.Flatten(), L.Dense(3)),
        "input 7 int -> embedding 9 6 -> flatten -> dense 3; loss mse",
    ),
    "lstm": (
        lambda: recurrent(L.LSTM(4, return_sequences=True)),
        "input Tx5 -> lstm 4 return=all -> dense 2; loss mse",
    ),
    "gru": (
        lambda: recurrent(L.GRU(4, return_sequences=True)),
        "input Tx5 -> gru 4 return=all -> dense 2; loss mse",
    ),
    "rnn": (
        lambda: recurrent(L.SimpleRNN(4, return_sequences=True)),
        "input Tx5 -> rnn 4 return=all -> dense 2; loss mse",
    ),
    "without biases": (
        lambda: recurrent(
            L.LSTM(4, return_sequences=True, use_bias=False),
            L.GRU(3, return_sequences=True, use_bias=False),
        ),
        "input Tx5 -> lstm 4 return=all bias=false -> gru 3 return=all bias=false "
        "-> dense 2; loss mse",
    ),
    "both directions": (
        lambda: chain(
            (7, 5),
            L.Bidirectional(L.LSTM(4, return_sequences=True)),
            L.Bidirectional(L.GRU(3)),
            L.Dense(2),
        ),
        "input Tx5 -> lstm 4 bidirectional=true return=all -> gru 3 bidirectional=true "
        "-> dense 2; loss mse",
    ),
    "stacked": (
        lambda: chain((7, 5), *(L.GRU(4, return_sequences=True) for _ in range(2)), L.Dense(2)),
        "input Tx5 -> gru 4 layers=2 return=all -> dense 2; loss mse",
    ),
    "attention": (attention, "input Tx8 -> attention 2 -> dense 2; loss mse"),
    "cross attention": (
        lambda: attention(cross=True),
        "input Tx8 as a\ninput Lx6 as b\n[a, b] -> attention 2 -> dense 2\nloss mse",
    ),
    "nested": (nested, "input 4 -> dense 5 tanh -> dense 3 -> dense 2; loss mse"),
}


def nnc(*words):
    found = CliRunner().invoke(app, list(map(str, words)))
    assert found.exit_code == 0, found.output
    return found.output


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shaken(net):
    """Give every weight a value as after training."""
    rng = np.random.default_rng(1)
    for weight in net.weights:
        value = keras.ops.convert_to_numpy(weight)
        if weight.dtype == "float32":
            noise = rng.normal(0, 0.3, value.shape)
            weight.assign(np.abs(noise) + 0.5 if "variance" in weight.path else value + noise)


@cache
def code(spec):
    return compile_source(Source("m.nn", spec)).code


def made(name):
    """A Keras model, a generated module, and its rows (channels first) with the model's."""
    make, spec = SPECS[name]
    net = make()
    shaken(net)
    with open("m.nn", "w") as file:
        file.write(spec)
    with open("m.py", "w") as file:
        file.write(code(spec))
    rng = np.random.default_rng(2)
    shapes = [tuple(shape[1:]) for shape in (x.shape for x in net.inputs)]
    if "int" in spec:
        rows = [rng.integers(0, 9, (4, *shape)) for shape in shapes]
    else:
        rows = [rng.normal(size=(4, *shape)).astype("float32") for shape in shapes]
    theirs = rows if len(rows) > 1 else rows[0]
    first = [np.moveaxis(x, -1, 1) if "conv" in spec else x for x in rows]
    ours = dict(zip("ab", first, strict=True)) if len(first) > 1 else first[0]
    return net, import_module("m.py"), ours, theirs


def same(net, module, weights, ours, theirs):
    params, state = read_weights(weights, module)
    found = module.predict(params, ours, **({"state": state} if state else {}))
    want = keras.ops.convert_to_numpy(net(theirs, training=False))
    assert np.abs(want).max() > 0.1
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)


def stored(net, suffix):
    name = f"net.{suffix}"
    net.save(name) if suffix == "keras" else net.save_weights(name)
    return name


def pairs(name, net, suffix):
    """The options that a .weights.h5 needs, with the names that the layers have in this model."""
    if suffix == "keras":
        return []
    every = {layer.name for layer in net.layers}
    if name == "images":
        conv, norms = (
            [n for n in (layer.name for layer in net.layers) if n.startswith(start)]
            for start in ("conv2d", "batch")
        )
        apart = next(n for n in every if n.startswith("separable"))
        deep = next(n for n in every if n.startswith("depthwise"))
        return [
            f"--map=conv1={conv[0]}",
            f"--map=conv2={apart}.pointwise",
            f"--map=depthwise1={deep}",
            f"--map=depthwise2={apart}.depthwise",
            *(f"--map=batchnorm{i}={n}" for i, n in enumerate(norms, start=1)),
        ]
    if name == "nested":
        inner = net.layers[0]
        return [f"--map=dense{i}={layer.name}" for i, layer in enumerate(inner.layers, start=1)]
    return []


@pytest.mark.parametrize("suffix", ["keras", "weights.h5"])
@pytest.mark.parametrize("name", SPECS)
def test_from_keras(folder, name, suffix):
    net, module, ours, theirs = made(name)
    nnc("convert", "m.nn", stored(net, suffix), *pairs(name, net, suffix), "-o", "w.npz")
    same(net, module, "w.npz", ours, theirs)


@pytest.mark.parametrize("suffix", ["keras", "weights.h5"])
@pytest.mark.parametrize("name", SPECS)
def test_to_keras(folder, name, suffix):
    net, module, ours, theirs = made(name)
    like, output = stored(net, suffix), f"out.{suffix}"
    params = module.init_params(seed=3)
    state = module.init_state() if hasattr(module, "init_state") else {}
    for array in (*params.values(), *state.values()):
        array += 0.25
    write_weights("w.safetensors", params, state)
    words = ("--to", "keras", "--like", like, *pairs(name, net, suffix), "-o", output)
    told = nnc("convert", "m.nn", "w.safetensors", *words)
    assert "->" in told
    loaded = keras.saving.load_model(output) if suffix == "keras" else net
    if suffix != "keras":
        net.load_weights(output)
    same(loaded, module, "w.safetensors", ours, theirs)


@pytest.mark.parametrize("name", ["dense", "signals", "tokens", "both directions", "stacked"])
def test_to_keras_without_a_model(folder, name):
    net, module, ours, theirs = made(name)
    write_weights("w.npz", module.init_params(seed=3))
    nnc("convert", "m.nn", "w.npz", "--to", "keras", "-o", "out.weights.h5")
    net.load_weights("out.weights.h5")
    same(net, module, "w.npz", ours, theirs)


def test_there_and_back(folder):
    net, module, *_ = made("images")
    rng = np.random.default_rng(5)
    params, state = module.init_params(seed=4), module.init_state()
    for array in (*params.values(), *state.values()):
        array[...] = rng.normal(size=array.shape)
    write_weights("w.safetensors", params, state)
    like = stored(net, "keras")
    nnc("convert", "m.nn", "w.safetensors", "--to", "keras", "--like", like, "-o", "x.keras")
    nnc("convert", "m.nn", "x.keras", "-o", "back.safetensors")
    found, found_state = read_weights("back.safetensors", module)
    for name, array in {**params, **state}.items():
        np.testing.assert_array_equal({**found, **found_state}[name], array)


def test_channels_first(folder):
    spec = "input 3x4x4 -> conv 2 3x3 -> flatten -> dense 2; loss mse"
    first = {"data_format": "channels_first"}
    net = chain((3, 4, 4), L.Conv2D(2, 3, **first), L.Flatten(**first), L.Dense(2))
    (folder / "m.nn").write_text(spec)
    net.save("net.keras")
    nnc("convert", "m.nn", "net.keras", "-o", "w.npz")
    dense = net.layers[-1]
    np.testing.assert_array_equal(
        np.load("w.npz")["dense1.W"], keras.ops.convert_to_numpy(dense.kernel)
    )
    net.save_weights("net.weights.h5")
    nnc("convert", "m.nn", "net.weights.h5", "--channels", "first", "-o", "x.npz")
    np.testing.assert_array_equal(np.load("x.npz")["dense1.W"], np.load("w.npz")["dense1.W"])
    nnc("convert", "m.nn", "net.weights.h5", "-o", "y.npz")
    assert not np.array_equal(np.load("y.npz")["dense1.W"], np.load("w.npz")["dense1.W"])


def refused(*words):
    found = CliRunner().invoke(app, list(map(str, words)))
    assert found.exit_code in (1, 2)
    assert found.output.count("\n") == 1, found.output
    return found.output


class TestRefusals:
    def test_another_epsilon(self, folder):
        (folder / "m.nn").write_text("input 4 -> batchnorm -> dense 2; loss mse")
        net = chain((4,), L.BatchNormalization(name="norm"), L.Dense(2))
        said = refused("convert", "m.nn", stored(net, "keras"), "-o", "w.npz")
        assert "norm has epsilon 0.001, batchnorm1 has 1e-05: write `eps=0.001` in the spec" in said
        told = nnc("convert", "m.nn", stored(net, "weights.h5"), "-o", "w.npz")
        assert "warning: batchnorm1 has eps 1e-05; if norm has Keras's own, 0.001" in told

    def test_a_gru_of_the_older_kind(self, folder):
        (folder / "m.nn").write_text("input Tx5 -> gru 4; loss mse")
        net = chain((7, 5), L.GRU(4, reset_after=False))
        said = refused("convert", "m.nn", stored(net, "keras"), "-o", "w.npz")
        assert "gru1 (" in said
        assert "does not fit" in said

    def test_another_number_of_heads(self, folder):
        (folder / "m.nn").write_text("input Tx8 -> attention 4 -> dense 2; loss mse")
        said = refused("convert", "m.nn", stored(attention(), "keras"), "-o", "w.npz")
        assert "attention1 (" in said

    def test_what_could_be_exchanged(self, folder):
        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.first, self.second = L.Dense(4), L.Dense(4)

            def call(self, x):
                return self.second(self.first(x))

        net = Own()
        net(np.zeros((1, 4)))
        net.save_weights("net.weights.h5")
        (folder / "m.nn").write_text("input 4 -> dense 4 -> dense 4; loss mse")
        said = refused("convert", "m.nn", "net.weights.h5", "-o", "w.npz")
        assert "dense1 may take" in said
        assert "use --map dense1=LAYER" in said
        assert not (folder / "w.npz").exists()

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("[x -> flatten, x -> flatten] -> concat -> dense 2", 36),
            ("x -> flatten -> relu -> crop 0:9 -> dense 2", 9),
        ],
    )
    def test_flattened_images_that_are_moved(self, folder, text, size):
        (folder / "m.nn").write_text(f"input 2x3x3 as x\n{text}\nloss mse")
        net = chain((size,), L.Dense(2))
        said = refused("convert", "m.nn", stored(net, "keras"), "-o", "w.npz")
        assert "moves or joins flattened images before it" in said
        nnc("convert", "m.nn", "net.keras", "--channels", "first", "-o", "w.npz")

    def test_a_formula_moves_nothing(self, folder):
        spec = "fn own(z) = z * 2\ninput 2x2x2 -> flatten -> own -> dense 2 own; loss mse"
        (folder / "m.nn").write_text(spec)
        net = chain((2, 2, 2), L.Flatten(), L.Dense(2))
        nnc("convert", "m.nn", stored(net, "keras"), "-o", "w.npz")
        kernel = keras.ops.convert_to_numpy(net.layers[-1].kernel).reshape(2, 2, 2, 2)
        ours = np.moveaxis(kernel, 2, 0).reshape(8, 2)
        np.testing.assert_array_equal(np.load("w.npz")["dense1.W"], ours)

    def test_a_lambda_is_not_run(self, folder):
        net = chain((4,), L.Lambda(lambda x: 1 / 0 * x, output_shape=(4,)), L.Dense(2))
        (folder / "m.nn").write_text("input 4 -> dense 2; loss mse")
        nnc("convert", "m.nn", stored(net, "keras"), "-o", "w.npz")
