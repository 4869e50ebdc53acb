"""Arrays in common names and layouts become the network's tensors; errors state the remedy."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.examine import examine
from nnc.doctor.intake.naming import BadArrays
from nnc.doctor.intake.settle import settle
from nnc.doctor.intake.words import read
from nnc.doctor.reference import Reference
from nnc.source import Source

from .planted import NETS, Net, hand, numbers

NET = NETS["digits"]
SQUARE = Net((5, 5, 5), ("sigmoid", "softmax"), "crossentropy")


@cache
def reference(net: Net) -> Reference:
    return Reference.of(Source("spec.nn", net.text))


def arrays(net=NET, rows=6, wrong=(), style="{}{}", inner=False):
    """What a program with rows and weights (in, out) would have, by the names of a style."""
    given = numbers(net, rows, seed=rows)
    made = hand(net, given, wrong)
    found = {"X": given["x"], "Y": given["target"]}
    for i in range(1, net.depth + 1):
        for kind in "Wb":
            found[style.format(kind, i)] = given[f"dense{i}.{kind}"]
            found[f"d{style.format(kind, i)}"] = made[f"d_dense{i}.{kind}"]
        if inner:
            found[f"dZ{i}"] = made[f"d_dense{i}_z"]
    return found


def columns(found):
    return {n: a.T if a.ndim == 2 else a[:, None] for n, a in found.items()}


def folded(found, net, sign=1, first=False):
    kept = {n: a for n, a in found.items() if n[0] not in "bWd"}
    for lead in ("", "d"):
        for i in range(1, net.depth + 1):
            w, b = found[f"{lead}W{i}"], sign * found[f"{lead}b{i}"][None]
            kept[f"{lead}W{i}"] = np.vstack([b, w] if first else [w, b])
    return kept


def wrong_in(net, found, **words):
    answer = examine(Source("spec.nn", net.text), found, **words)
    return {t.name for t in answer.tensors if t.status == "wrong"}, answer


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("W1", "W 1"),
        ("w_1", "W 1"),
        ("weights[0]", "W 0"),
        ("fc1.weight", "W 1"),
        ("Theta2_grad", "dW 2"),
        ("dLdW1", "dW 1"),
        ("dL_dW1", "dW 1"),
        ("nabla_b2", "db 2"),
        ("grads['W1']", "dW 1"),
        ("self.b2", "b 2"),
        ("delta1", "dz 1"),
        ("l2_delta", "dz 2"),
        ("dZ1", "dz 1"),
        ("A1", "a 1"),
        ("dh1", "da 1"),
        ("who", "W last"),
        ("hidden_weights", "W first"),
        ("W1_new", "W 1 after"),
        ("yhat", "output"),
        ("labels", "target"),
        ("cost", "loss"),
        ("X_train", "input"),
        ("data", "input"),
    ],
)
def test_names_are_read(name, meaning):
    word = read(name)
    short = {"weights": "W", "bias": "b", "activation": "a"}
    kind = short.get(word.kind.value, word.kind.value)
    where = word.place or ("" if word.index is None else str(word.index))
    text = f"{'d' * word.gradient}{kind} {where}{' after' * word.after}"
    assert text.strip() == meaning


@pytest.mark.parametrize("name", ["foo", "alpha", "arr_0", "lr", "dloss", "", "_"])
def test_other_names_mean_nothing(name):
    assert read(name) is None


@pytest.mark.parametrize("style", ["{}{}", "{}_{}", "{}[{}]"])
def test_styles_of_names(style):
    names, answer = wrong_in(NET, arrays(style=style, wrong={"sign 2"}))
    assert names == {"d" + style.format("W", 2)}
    assert [d.slug for d in answer.diagnoses] == ["sign"]


def test_layers_may_be_counted_from_zero_and_activations_from_the_input():
    given = numbers(NET, 6, seed=6)
    made = hand(NET, given)
    found = {"x": given["x"], "t": given["target"], "a0": given["x"]}
    for i in (1, 2):
        found |= {f"w{i - 1}": given[f"dense{i}.W"], f"b{i - 1}": given[f"dense{i}.b"]}
        found[f"delta{i}"] = made[f"d_dense{i}_z"]
    found["a1"] = 1 / (1 + np.exp(-(given["x"] @ given["dense1.W"] + given["dense1.b"])))
    del found["a0"]
    names, answer = wrong_in(NET, found)
    assert not names
    assert set(answer.diagnosis.tensors) == {"d_dense1_z", "d_dense2_z", "dense1"}


@pytest.mark.parametrize("turn", ["rows", "columns", "rows out-in", "columns in-out"])
def test_layouts_are_found(turn):
    found = arrays(wrong={"missing-mean 1"}, inner=True)
    if "columns" in turn:
        found = columns(found)
    if len(turn.split()) == 2:
        found = {n: a.T if "W" in n else a for n, a in found.items()}
    names, answer = wrong_in(NET, found)
    assert names == {"dW1"}
    assert answer.layout.startswith(f"samples are {turn.split()[0]}")
    worst = next(t for t in answer.tensors if t.name == "dW1").worst_index
    apart = np.abs(found["dW1"] - found["dW1"] / 6)
    assert worst == np.unravel_index(apart.argmax(), apart.shape)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("turned", [True, False])
def test_biases_may_be_appended_to_weights(sign, first, turned):
    found = folded(arrays(wrong={"sum-for-mean 1"}), NET, sign, first)
    if turned:
        found = {n: a.T if "W" in n else a for n, a in found.items()}
    names, answer = wrong_in(NET, found)
    line = "0" if first else "-1"
    assert names == {f"dW1[:, {line}]" if turned else f"dW1[{line}]"}
    assert [d.slug for d in answer.diagnoses] == ["sum-for-mean"]


def test_a_constant_column_of_the_input_is_taken_off():
    found = folded(arrays(), NET, sign=-1)
    found["X"] = np.hstack([found["X"], -np.ones((6, 1))])
    assert not wrong_in(NET, found)[0]


@pytest.mark.parametrize("form", [(-1,), (-1, 1), (1, -1)])
@pytest.mark.parametrize("dtype", [int, float])
def test_targets_may_be_class_ids(form, dtype):
    found = arrays()
    found["Y"] = found["Y"].argmax(axis=1).astype(dtype).reshape(form)
    assert not wrong_in(NET, found)[0]


@pytest.mark.parametrize("form", [(-1,), (-1, 1), (1, -1)])
def test_biases_may_be_vectors_rows_or_columns(form):
    found = {n: a.reshape(form) if "b" in n else a for n, a in arrays().items()}
    assert not wrong_in(NET, found)[0]


def test_the_loss_may_be_an_array_of_one():
    found = arrays()
    case = settle(reference(NET), {**found, "cost": np.array([[3.0]])})
    assert case.given["loss"].shape == ()


def test_numbers_settle_square_weights():
    found = columns(arrays(SQUARE, rows=5, wrong={"missing-mean 1"}))
    names, answer = wrong_in(SQUARE, found)
    assert names == {"dW1"}
    assert answer.layout == "samples are columns, weights are (out, in)"


def test_what_explains_the_numbers_settles_square_weights():
    found = columns(arrays(SQUARE, rows=5, wrong={"missing-mean"}))
    _, answer = wrong_in(SQUARE, found)
    assert answer.layout.startswith("samples are columns")
    assert {d.slug for d in answer.diagnoses} == {"missing-mean"}


def test_what_is_left_open_is_asked():
    rng = np.random.default_rng(0)
    found = arrays(SQUARE, rows=5)
    found = {n: rng.normal(size=a.shape) if n[0] == "d" else a for n, a in found.items()}
    with pytest.raises(BadArrays, match="--layout rows,in-out or --layout columns,out-in"):
        settle(reference(SQUARE), found)
    case = settle(reference(SQUARE), found, layout=("columns", "out-in"))
    assert case.layout.columns
    with pytest.raises(BadArrays, match="not of 'colums'"):
        settle(reference(SQUARE), found, layout=("colums",))
    with pytest.raises(BadArrays, match="no layout is rows and columns"):
        settle(reference(SQUARE), found, layout=("rows", "columns"))


def test_the_end_of_appended_biases_is_asked():
    rng = np.random.default_rng(0)
    found = folded(arrays(), NET)
    found = {n: rng.normal(size=a.shape) if n[0] == "d" else a for n, a in found.items()}
    with pytest.raises(BadArrays, match="give X with its constant column"):
        settle(reference(NET), found)
    found["X"] = np.hstack([found["X"], np.ones((6, 1))])
    assert settle(reference(NET), found).layout.folded.sign == 1


def test_arrays_are_matched_by_shape_where_only_one_fits():
    found = arrays()
    renamed = {"arr_0": found.pop("X"), "arr_1": found.pop("W2"), **found}
    case = settle(reference(NET), renamed)
    assert case.names["x"] == "arr_0"
    assert case.names["dense2.W"] == "arr_1"


def test_two_arrays_of_one_shape_are_asked_about():
    found = arrays()
    renamed = {"u": found.pop("W1"), "v": found.pop("dW1"), **found}
    with pytest.raises(BadArrays, match=r"u and v both .* --map u=dense1\.W"):
        settle(reference(NET), renamed)
    case = settle(reference(NET), renamed, {"u": "dense1.W", "v": "d_dense1.W"})
    assert case.names["d_dense1.W"] == "v"


def test_what_is_missing_or_does_not_fit_is_said():
    found = arrays()
    with pytest.raises(BadArrays, match=r"no array for dense1\.b \(7,\)"):
        settle(reference(NET), {n: a for n, a in found.items() if n != "b1"})
    with pytest.raises(BadArrays, match=r"W1 has the shape \(12, 8\)"):
        settle(reference(NET), {**found, "W1": np.zeros((12, 8))})
    with pytest.raises(BadArrays, match="bias=false"):
        settle(reference(NET), {n: a for n, a in found.items() if "b" not in n})
    with pytest.raises(BadArrays, match=r"no tensor 'dense1\.w', did you mean 'dense1\.W'"):
        settle(reference(NET), found, {"W1": "dense1.w"})
    with pytest.raises(BadArrays, match="no array is called 'W9'"):
        settle(reference(NET), found, {"W9": "dense1.W"})
    with pytest.raises(BadArrays, match="The arrays are none"):
        settle(reference(NET), {})


def test_names_that_say_nothing_are_left_alone():
    case = settle(reference(NET), {**arrays(), "alpha": np.array(0.5)})
    assert case.unused == ("alpha",)


IMAGES = (
    "input 2x6x6 -> conv 3 3 relu -> flatten -> dense 4 softmax; loss crossentropy\ndtype float64"
)


def test_images_may_be_channels_last():
    rng = np.random.default_rng(0)
    made = Reference.of(Source("spec.nn", IMAGES))
    given = {p.name: rng.normal(size=p.shape) for p in made.typed.params}
    x, t = rng.normal(size=(5, 2, 6, 6)), np.eye(4)[rng.integers(0, 4, 5)]
    values = made.evaluate(made.leaves(given, x, t))
    gradients = {p: values[made.tensors[f"d_{p}"]] for p in given}
    found = {"X": x.transpose(0, 2, 3, 1), "y": t, "a1": values[made.tensors["conv1"]]}
    found["a1"] = found["a1"].transpose(0, 2, 3, 1)
    for i, layer in enumerate(("conv1", "dense1"), 1):
        for kind in "Wb":
            pair = given[f"{layer}.{kind}"], 5 * gradients[f"{layer}.{kind}"]
            turn = (2, 3, 1, 0) if (i, kind) == (1, "W") else tuple(range(pair[0].ndim))
            found[f"{kind}{i}"], found[f"d{kind}{i}"] = (a.transpose(turn) for a in pair)
    answer = examine(Source("spec.nn", IMAGES), found)
    assert "NHWC" in answer.layout
    assert [d.slug for d in answer.diagnoses] == ["missing-mean"]
