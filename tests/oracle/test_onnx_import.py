"""Imported models of PyTorch, scikit-learn and Keras against onnxruntime."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")

import numpy as np
import onnx
import onnxruntime
import torch
from nnc.driver import Options, check, compile_source
from nnc.layers import LAYERS
from nnc.onnx_import.faults import CannotImport
from nnc.onnx_import.importing import import_model
from nnc.source import Source
from torch import nn

from .generated import load
from .onnx_models import pair, rows
from .onnx_networks import NETWORKS, UNROLLED, exported

onnxruntime.set_default_logger_severity(4)

SHOW = "NNC_SHOW_SPECS" in os.environ
"""Print each spec and its largest difference."""


def compared(path, x, output=None):
    """The largest difference between the imported module and onnxruntime, and what was imported."""
    session = onnxruntime.InferenceSession(str(path))
    want = session.run(None, {session.get_inputs()[0].name: x})
    if output is not None:
        want = [want[output]]
    found = import_model(path)
    report = check(Source("m.nn", found.spec)).report
    assert not report.has_errors
    module = load(compile_source(Source("m.nn", found.spec), Options(format=False)).code)
    state = {"state": found.state} if found.state else {}
    y = module.predict(found.params, x, **state)
    got = list(y.values()) if isinstance(y, dict) else [y]
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert a.shape == np.shape(b)
    apart = max(
        np.abs(a - b).max() / max(1, np.abs(b).max()) for a, b in zip(got, want, strict=True)
    )
    if SHOW:
        print(f"\n{path.stem}: {apart:.1e}\n{found.spec}")
    return apart, found


@pytest.mark.parametrize("dynamo", [False, True], ids=["script", "dynamo"])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_pytorch(name, dynamo, tmp_path):
    path, x = exported(name, tmp_path, dynamo=dynamo)
    if dynamo and name in UNROLLED:
        with pytest.raises(CannotImport) as caught:
            import_model(path)
        assert all(fault.node and fault.op for fault in caught.value.faults)
        return
    apart, _ = compared(path, x.numpy())
    assert apart < 1e-5


def sklearn_models():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True)
    few = {"max_iter": 40, "random_state": 0}
    return x.astype(np.float32), {
        "MLPClassifier": MLPClassifier((8, 6), **few).fit(x, y),
        "MLPClassifier of two classes": MLPClassifier((8,), activation="tanh", **few).fit(x, y > 0),
        "MLPRegressor": MLPRegressor(hidden_layer_sizes=(8,), **few).fit(x, x[:, 0]),
        "LogisticRegression": LogisticRegression(max_iter=200).fit(x, y),
        "LogisticRegression of two classes": LogisticRegression().fit(x, y > 0),
        "LinearRegression": LinearRegression().fit(x, x[:, :2]),
        "Ridge": Ridge().fit(x, x[:, 0]),
        "scaled MLPClassifier": make_pipeline(StandardScaler(), MLPClassifier((8,), **few)).fit(
            x, y
        ),
        "scaled LogisticRegression": make_pipeline(StandardScaler(), LogisticRegression()).fit(
            x, y
        ),
    }


@pytest.mark.filterwarnings("ignore")
def test_models_of_scikit_learn(tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    x, models = sklearn_models()
    for name, model in models.items():
        options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
        path = tmp_path / f"{name}.onnx"
        made = skl2onnx.to_onnx(model, x[:1], options=options)
        path.write_bytes(made.SerializeToString())
        apart, found = compared(path, x, output=-1)
        assert apart < 1e-5, name
        left_out = [note for note in found.notes if "the class itself" in note]
        assert bool(left_out) == hasattr(model, "predict_proba"), name


@pytest.mark.filterwarnings("ignore")
def test_models_of_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers, rng = keras.layers, np.random.default_rng(0)
    models = {
        "dense": [
            layers.Input((8,)),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(),
            layers.Dense(3, "softmax"),
        ],
        "images": [
            layers.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ],
        "ids": [
            layers.Input((9,), dtype="int32"),
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, "sigmoid"),
        ],
    }
    for name, made in models.items():
        model = keras.Sequential(made)
        for w in model.weights:
            w.assign(w + 0.1 * np.abs(rng.standard_normal(w.shape)))
        ids = rng.integers(0, 20, (3, 9)).astype("int32")
        x = ids if name == "ids" else rng.random((3, *model.input_shape[1:])).astype("float32")
        model.predict(x, verbose=0)
        path = tmp_path / f"{name}.onnx"
        model.export(str(path), format="onnx", verbose=False)
        apart, _ = compared(path, x)
        assert apart < 1e-5, name


POOLS = [
    nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    nn.AvgPool2d(3, 2, 1),
    nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    nn.AvgPool2d(2, 2, 0, ceil_mode=True),
    nn.AvgPool2d((3, 2), (2, 1), (1, 0), count_include_pad=False),
    nn.ZeroPad2d((1, 0, 2, 1)),
    nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(2, 3, 3, 2)),
    nn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0)),
]


@pytest.mark.parametrize("layer", POOLS, ids=lambda layer: str(layer).partition("(")[0])
def test_pools_and_padding(layer, tmp_path):
    torch.manual_seed(0)
    x = torch.randn(2, 2, 8, 7)
    net = nn.Sequential(layer, nn.Flatten(), nn.Linear(layer(x).flatten(1).shape[1], 2)).eval()
    path = tmp_path / "m.onnx"
    torch.onnx.export(net, (x,), str(path), input_names=["x"], dynamo=False, verbose=False)
    apart, _ = compared(path, x.numpy())
    assert apart < 1e-5


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("op", ["Conv", "MaxPool", "AveragePool"])
def test_padding_by_name(op, auto, tmp_path):
    rng = np.random.default_rng(0)
    w = rng.standard_normal((3, 2, 3, 2)).astype("float32")
    given = ["x", "w"] if op == "Conv" else ["x"]
    more = {"kernel_shape": [3, 2], "strides": [2, 1], "auto_pad": auto}
    real = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(op, given, ["y"], **more)],
        "m",
        [onnx.helper.make_tensor_value_info("x", real, ["B", 2, 8, 7])],
        [onnx.helper.make_tensor_value_info("y", real, ["B", "C", "H", "W"])],
        [onnx.numpy_helper.from_array(w, "w")] if op == "Conv" else [],
    )
    opset = [onnx.helper.make_opsetid("", 21)]
    path = tmp_path / "m.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    apart, _ = compared(path, rng.standard_normal((2, 2, 8, 7)).astype("float32"))
    assert apart < 1e-5


BACK = sorted(
    {
        "avgpool",
        "batchnorm",
        "conv",
        "conv_transpose",
        "dense",
        "elu",
        "embedding",
        "gelu",
        "gru",
        "layernorm",
        "lstm",
        "maxpool",
        "mish",
        "mul",
        "pad",
        "prelu",
        "relu",
        "selu",
        "silu",
        "softplus",
        "sub",
        "tanh",
    }
)


@pytest.mark.parametrize("kind", BACK)
def test_what_nnc_exports_comes_back(kind, tmp_path):
    """Padded rows do not: a file has their lengths as an input."""
    made = pair(LAYERS[kind].example.replace(" ragged", ""))
    path = tmp_path / "m.onnx"
    path.write_bytes(made.onnx().SerializeToString())
    x, _, _ = rows(made)
    apart, _ = compared(path, next(iter(x.values())))
    assert apart < 1e-5
