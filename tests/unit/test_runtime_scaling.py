"""Warnings before training: large inputs, inputs with a large mean, unreachable targets."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import check
from nnc.report.scales import bounded_outputs, raw_inputs
from nnc.runtime.data import Dataset, load
from nnc.runtime.scaling import unreachable, unscaled
from nnc.source import Source

from ..generated import EXAMPLES, spec_text
from .test_runtime_data import csv_file, module

NAMES = sorted(path.relative_to(EXAMPLES).as_posix()[:-3] for path in EXAMPLES.rglob("*.nn"))
RNG = np.random.default_rng(0)


def graph(spec):
    checked = check(Source("spec.nn", spec))
    assert checked.graph is not None
    return checked.graph


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        ("input 4 as a -> dense 3; loss mse", ("a",)),
        ("input 4x4 as a -> flatten -> dropout 0.1 -> dense 3; loss mse", ("a",)),
        ("input 1x8x8 as a -> maxpool 2 -> conv 3 3x3; loss mse", ("a",)),
        ("input 4 as a -> poly 2 -> dense 3; loss mse", ("a",)),
        ("input 4 as a -> relu -> dense 3; loss mse", ("a",)),
        ("input 4 as a -> normalize mean=1 std=2 -> dense 3; loss mse", ()),
        ("input 4 as a -> scale 0.1 -> dense 3; loss mse", ()),
        ("input 4 as a -> shift -0.5 -> dense 3; loss mse", ()),
        ("input 4 as a -> batchnorm -> dense 3; loss mse", ()),
        ("input 4 as a -> tanh -> dense 3; loss mse", ()),
        ("input 4 as a -> id -> sigmoid -> dense 3; loss mse", ()),
        ("input 4 int as a -> embedding 9 3 -> flatten -> dense 3; loss mse", ()),
        ("input 4 as a -> [normalize mean=1 std=2, id] -> concat -> dense 3; loss mse", ("a",)),
        ("input 4 as a\ninput 4 as b\n[a, b -> scale 2] -> add -> dense 1; loss mse", ("a",)),
    ],
)
def test_inputs_are_raw_unless_something_scales_them_before_weights(spec, raw):
    assert raw_inputs(graph(spec)) == raw


def test_an_input_without_a_name_is_called_as_in_the_module():
    assert raw_inputs(graph("input 4 -> dense 3; loss mse")) == ("x",)


def test_ends_of_outputs_are_those_of_their_last_activation():
    spec = (
        "input 4 -> dense 3 relu as h\nh -> dense 2 tanh as a\nh -> dense 2 -> id as b\n"
        "h -> dense 2 softmax as c\noutput a, b, c\n"
        "loss mse on a; loss mae on b; loss crossentropy on c"
    )
    assert bounded_outputs(graph(spec)) == {"a": ("tanh", -1, 1)}
    (only,) = bounded_outputs(graph("input 4 -> dense 1 softplus; loss huber")).items()
    assert only == ("target", ("softplus", 0, np.inf))
    assert bounded_outputs(graph("input 4 -> dense 1 tanh -> scale 20; loss mse")) == {}


def said(x, rate=None, name="x", **keywords):
    return list(unscaled(Dataset(x, **keywords), (name,), rate))


def test_large_numbers_are_said_with_the_scale_that_would_help():
    x = RNG.integers(0, 256, (500, 1, 8, 8)).astype(np.uint8)
    (sentence,) = said(x)
    assert sentence.startswith("`x` of the data is not scaled: it has numbers of about 1")
    mean, std = x.mean(), x.std()
    assert f"`normalize mean={mean:.3g} std={std:.3g}` behind the input" in sentence
    assert said(x / 255) == []
    assert said(RNG.normal(size=(50, 3)) * [1, 5, 0.1]) == []


def test_the_proposed_normalisation_makes_it_quiet():
    x = RNG.normal(size=(500, 3)) * [1, 400, 1e-3] + [0, 1e5, 7]
    (sentence,) = said(x)
    numbers = sentence.split("`normalize mean=[")[1].split("]` behind")[0]
    mean, std = (np.array(part.split(", "), float) for part in numbers.split("] std=["))
    assert said((x - mean) / std) == []
    spec = (
        f"input 3 -> normalize mean=[{numbers.replace('] std=[', '] std=[')}] -> dense 1; loss mse"
    )
    assert raw_inputs(graph(spec)) == ()


def test_columns_of_tables_are_named(tmp_path):
    rows = "".join(f"{i},{i * 1000},{i % 2}\n" for i in range(9))
    data, _ = load(csv_file(tmp_path, "age,income,y\n" + rows), module())
    (sentence,) = unscaled(data, ("x",), None)
    assert sentence.startswith("`x` of d.csv is not scaled: column `income` has numbers of about 4")


def test_many_inputs_of_one_sign_are_said_where_the_rate_is_high():
    """S07: 12,288 pixels from 0 to 1 at a rate of 0.1, explained in docs/training.md."""
    x = RNG.random((30, 12288))
    (sentence,) = said(x, rate=0.1)
    assert "is not centred: at a rate of 0.1 its 12288 columns" in sentence
    assert said(x, rate=0.03) == []
    assert said(x) == [], "optimizers that adapt their steps"
    assert said(x - 0.5, rate=0.1) == []


def test_padding_counts_for_nothing():
    x = RNG.normal(size=(20, 5, 2))
    x[:, 3:] = 1e6
    lengths = np.full(20, 3)
    assert said(x, lengths=lengths) == []
    assert len(said(x)) == 1


@pytest.mark.filterwarnings("error")
def test_extreme_numbers_are_said_without_noise():
    (sentence,) = said(np.array([[1.0, 1e300], [2.0, -1e300]]))
    assert "column 2" in sentence


@pytest.mark.parametrize(
    ("ends", "target", "words"),
    [
        (("tanh", -1, 1), [[10.0], [31.0]], "goes from 10 to 31, but the output ends in tanh"),
        (("sigmoid", 0, 1), [[-0.5], [1.0]], "from 0 to 1: it cannot get there"),
        (("softplus", 0, np.inf), [[-1.0], [9.0]], "which is never below 0"),
        (("log_softmax", -np.inf, 0), [[1.0], [-9.0]], "which is never above 0"),
        (("tanh", -1, 1), [[-1.0], [1.0]], ""),
        (("relu", 0, np.inf), [[0.0], [1e9]], ""),
    ],
)
def test_targets_out_of_reach_are_said(ends, target, words):
    data = Dataset(np.zeros((2, 1)), np.array(target))
    sentences = list(unreachable(data, {"target": ends}))
    assert len(sentences) == bool(words)
    assert all(words in sentence for sentence in sentences)


@pytest.mark.parametrize("name", NAMES)
def test_examples_on_digits_are_quiet(name):
    network = graph(spec_text(name))
    data, _ = load("digits", module({"x": ("B", 64)}))
    flat = [i for i in raw_inputs(network) if network.shape_of(_id(network, i)) == (64,)]
    rate = network.graph.training.optimizer and network.graph.training.optimizer.args.get("lr")
    for each in flat:
        assert said(data.x, rate, each) == []


def _id(network, name):
    return network.graph.by_name()[name].id
