"""Exported models in onnxruntime against `predict` of the generated modules.

NNC_ORACLE_PROGRAMS=1000 tries that many random programs of each family instead of 15, and prints
what became of them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

import numpy as np
import onnx
from nnc.diagnostics.model import SpecError
from nnc.layers import LAYERS
from nnc.onnx_export.model import OPSETS
from nnc.onnx_export.registry import CannotExport

from .all_layers.whole import program as program_of_all_layers
from .onnx_models import Arrays, Pair, answers, apart, pair, rows
from .random_programs import program

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").rglob("*.nn"))
COUNT = int(os.environ.get("NNC_ORACLE_PROGRAMS", "15"))
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
counts: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def summary():
    yield
    if "NNC_ORACLE_PROGRAMS" in os.environ:
        print("\n", *(f"{n:6} {name}" for name, n in sorted(counts.items())), sep="\n")


def in_dtype(text: str, dtype: str) -> str:
    """A spec in the other width."""
    lines = [line for line in text.splitlines() if not line.startswith("dtype")]
    return "\n".join([*lines, f"dtype {dtype}"])


def agree(text: str, dtype: str, seed: int = 0, opset: int | None = None) -> str:
    """Compare a spec's module with its model; what became of it, in a word."""
    made = pair(in_dtype(text, dtype), seed)
    x, lengths, want = rows(made, seed)
    model = made.onnx() if opset is None else made.onnx(opset)
    got = answers(model, x, lengths)
    if got is None:
        assert dtype == "float64", text
        return "no kernel"
    error = apart(got, want)
    if error >= TOLERANCE[dtype]:  # compiling once more is slow, and hardly ever needed
        assert error < 4 * rounding(made, x, lengths, want), text
    return "equal"


def rounding(made: Pair, x: Arrays, lengths: Arrays, want: Arrays) -> float:
    """How far a module in float32 is from the same one in float64: what rounding alone does."""
    if made.typed.graph.dtype == "float64":
        return 0.0
    wide = pair(in_dtype(made.text, "float64"))
    for name, array in {**made.params, **made.state}.items():
        {**wide.params, **wide.state}[name][...] = array
    real = {n: a.astype("float64") if a.dtype.kind == "f" else a for n, a in x.items()}
    return apart({n: a.astype("float64") for n, a in want.items()}, wide.call(real, lengths))


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_every_kind_of_layer(kind):
    assert agree(LAYERS[kind].example, "float32") == "equal"
    counts[f"layers, float64: {agree(LAYERS[kind].example, 'float64')}"] += 1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example(path):
    text = path.read_text(encoding="utf-8")
    if "include" in text:
        pytest.skip("includes another file")
    assert agree(text, "float32") == "equal"
    counts[f"examples, float64: {agree(text, 'float64')}"] += 1


@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.parametrize("family", [program, program_of_all_layers], ids=["dense", "all"])
def test_random_programs(family, seed):
    text = family(seed).text()
    try:
        for dtype in TOLERANCE:
            counts[f"random, {dtype}: {agree(text, dtype, seed)}"] += 1
    except SpecError:
        counts["random: refused by the compiler"] += 1
    except CannotExport as error:
        if "no recurrent cell with the nonlinearity" not in str(error):
            raise
        counts[f"random: {str(error).partition(': ')[2]}"] += 1
    except ValueError as error:
        if "not equally long" not in str(error):
            raise
        counts["random: drawn lengths do not fit"] += 1


@pytest.mark.parametrize("opset", OPSETS)
def test_every_opset(opset):
    for kind in ("attention", "gelu", "layernorm", "lstm", "batchnorm", "global_maxpool", "pad"):
        assert agree(LAYERS[kind].example, "float32", opset=opset) == "equal"


def test_names_are_those_of_the_spec():
    made = pair(
        "model tagger\ninput T int ragged as words -> embedding 9 4 -> lstm 5 return=all as seen"
        " -> dense 3 softmax as tags\noutput tags\nloss crossentropy"
    )
    model = made.onnx()
    graph = model.graph
    assert [i.name for i in graph.input] == ["words", "words_lengths"]
    assert [o.name for o in graph.output] == ["tags"]
    dims = [d.dim_param for d in graph.input[0].type.tensor_type.shape.dim]
    assert dims == ["B", "T"]
    assert "embedding1.W" in {i.name for i in graph.initializer}
    assert {n.op_type for n in graph.node} >= {"LSTM", "Softmax", "Gather"}
    assert all(n.doc_string.startswith("m.nn:") for n in graph.node if n.op_type == "LSTM")
    assert model.doc_string == made.text
    assert graph.name == "tagger"


@pytest.mark.parametrize(
    ("text", "op", "gone"),
    [
        ("input 4x6 -> conv 3 3 -> batchnorm -> flatten -> dense 2", "BatchNormalization", "Sqrt"),
        ("input Tx6 -> layernorm -> dense 2", "LayerNormalization", "ReduceMean"),
        ("input 6 -> dense 5 gelu -> dense 2", "Gelu", "Erf"),
        ("input Tx6 -> gru 4 -> dense 2", "GRU", "Sigmoid"),
        ("input 6 -> dense 4 relu(max=2) -> dense 2", "Clip", "Relu"),
        ("input Tx6 -> dense 4 tanh -> dense 2", "MatMul", "Reshape"),
    ],
)
def test_what_onnx_has_an_op_for_is_one_node(text, op, gone):
    types = {n.op_type for n in pair(f"{text}; loss mse").onnx().graph.node}
    assert op in types
    assert gone not in types


def test_shapes_are_those_that_onnx_infers():
    """The model's own shapes are left out, inferred by onnx alone, and compared."""
    text = "input 3x8x8 -> conv 4 3x3 pad=same -> maxpool 2 -> flatten -> dense 5 gelu; loss mse"
    model = pair(text).onnx()
    ours = {v.name: _dims(v) for v in model.graph.value_info}
    assert ours
    del model.graph.value_info[:]
    inferred = {v.name: _dims(v) for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    for name, dims in ours.items():
        known = [(a, b) for a, b in zip(dims, inferred[name], strict=True) if isinstance(b, int)]
        assert known
        assert all(a == b for a, b in known), name


def _dims(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_a_cell_that_onnx_lacks_is_refused_with_its_layer():
    made = pair("input Tx3 -> rnn 4 selu as memory -> dense 2; loss mse")
    with pytest.raises(CannotExport, match="memory: ONNX has no recurrent cell"):
        made.onnx()


def test_an_opset_that_there_is_not():
    with pytest.raises(CannotExport, match="18 to"):
        pair("input 3 -> dense 2; loss mse").onnx(7)


def test_more_weights_than_a_file_holds():
    made = pair("input 3 -> dense 2; loss mse")
    huge = np.broadcast_to(np.float32(0), (2**16, 2**14))
    made.params["dense1.W"] = huge
    with pytest.raises(CannotExport, match=r"4\.0 GiB"):
        made.onnx()
