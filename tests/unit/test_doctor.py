"""The doctor names planted, handwritten mistakes, and none in right programs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.diagnose import diagnose
from nnc.doctor.reference import Reference
from nnc.source import Source

from ..generated import build
from .planted import NETS, hand, numbers

ROWS = (4, 10)

MISTAKES = {
    "digits": (
        *("missing-mean", "missing-mean 1", "missing-mean 2", "double-mean 1", "double-mean 2"),
        *("sum-for-mean 1", "sum-for-mean 2", "sign 1", "sign 2", "sign residual"),
        *("missing-derivative 1", "double-derivative 1", "derivative-of-preactivation 1"),
        *("derivative-of-activation 1", "wrong-derivative 1", "softmax-diagonal"),
        *("softmax-twice", "softmax-twice whole", "missing-residual", "updated-weights"),
    ),
    "decay": (
        *("missing-mean 2", "sum-for-mean 3", "sign 2", "missing-derivative 1"),
        *("wrong-derivative 1", "wrong-derivative 2", "wrong-layer 1", "softmax-diagonal"),
        *("updated-weights 3", "updated-weights 2", "updated-weights", "l2-missing"),
        *("l2-missing 1", "l2-doubled", "l2-doubled 3", "l2-on-bias 2", "l2-scale", "l2-scale 2"),
        "l2-scale odd",
    ),
    "regression": (
        *("missing-mean", "missing-mean 3", "double-mean 1", "missing-derivative 1"),
        *("missing-derivative 2", "double-derivative 1", "derivative-of-preactivation 1"),
        *("wrong-derivative 1", "missing-residual", "updated-weights 2", "sign residual"),
    ),
    "yes_or_no": (
        *("missing-mean 1", "sum-for-mean 1", "missing-derivative 1"),
        "double-derivative output",
        *("l2-missing 2", "l2-on-bias 1", "missing-residual", "wrong-derivative 1"),
    ),
    "nielsen": (
        *("missing-mean", "missing-derivative output", "missing-derivative 2"),
        *("derivative-of-preactivation 1", "double-derivative 2", "wrong-layer 1", "sign residual"),
    ),
}
PLANTED = [(net, mistake) for net, mistakes in MISTAKES.items() for mistake in mistakes]


@cache
def reference(net: str) -> Reference:
    return Reference.of(Source("spec.nn", NETS[net].text))


def diagnosed(net: str, rows: int, wrong, *, late=False, inner=False, dtype="float64", **words):
    """The diagnosis of a hand-written program's arrays; `inner` are gradients in between."""
    given = numbers(NETS[net], rows, seed=rows)
    made = hand(NETS[net], given, wrong, late)
    made = {n: a.astype(dtype) for n, a in made.items() if inner or "." in n}
    return diagnose(reference(net), {**given, **made}, **words)


@pytest.mark.parametrize("inner", [False, True], ids=["parameters", "all"])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("net", "mistake"), PLANTED, ids=lambda v: v.replace(" ", "-"))
def test_a_planted_mistake_is_named_first(net, mistake, rows, inner):
    found = diagnosed(net, rows, {mistake}, inner=inner)
    assert found.wrong
    assert found.findings, found.wrong
    best = found.findings[0]
    assert best.slugs == (mistake.split()[0],), [f.slugs for f in found.findings]
    assert not best.unexplained
    assert set(best.explained) == set(found.wrong)
    assert best.digits >= 6


@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 3, 17])
@pytest.mark.parametrize("net", NETS)
def test_a_right_program_is_right(net, rows, dtype, late):
    found = diagnosed(net, rows, (), late=late, inner=True, dtype=dtype)
    assert found.wrong == ()
    assert found.findings == ()
    assert found.first_difference is None


@pytest.mark.parametrize("net", NETS)
def test_single_precision_is_enough(net):
    mistake = "missing-derivative 1"
    found = diagnosed(net, 8, {mistake}, dtype="float32")
    assert found.findings[0].slugs == ("missing-derivative",)


@pytest.mark.parametrize("mistake", ["missing-mean 1", "missing-derivative 1", "sum-for-mean 2"])
def test_the_mean_may_be_taken_in_the_products(mistake):
    found = diagnosed("digits", 6, {mistake}, late=True, inner=True)
    assert found.late_mean
    assert found.findings[0].slugs == (mistake.split()[0],)


PAIRS = [
    ("digits", "missing-derivative 1", "updated-weights"),
    ("digits", "sum-for-mean 1", "updated-weights"),
    ("decay", "updated-weights 3", "l2-on-bias 2"),
    ("digits", "missing-derivative 1", "missing-mean 2"),
    ("digits", "missing-derivative 1", "sum-for-mean 1"),
    ("digits", "softmax-diagonal", "sign 1"),
    ("digits", "softmax-twice", "derivative-of-preactivation 1"),
    ("decay", "l2-missing", "sign 3"),
    ("decay", "l2-doubled 1", "wrong-layer 1"),
    ("decay", "updated-weights 2", "sum-for-mean 3"),
    ("regression", "missing-derivative 2", "missing-derivative 1"),
    ("regression", "missing-mean 1", "double-derivative 1"),
    ("nielsen", "missing-mean 2", "sign 1"),
]


@pytest.mark.parametrize(("net", "one", "other"), PAIRS)
def test_two_mistakes_are_both_named(net, one, other):
    found = diagnosed(net, 6, {one, other})
    best = found.findings[0]
    assert set(best.slugs) == {one.split()[0], other.split()[0]}, [f.slugs for f in found.findings]
    assert not best.unexplained


def test_nothing_is_named_that_explains_nothing():
    given = numbers(NETS["digits"], 5, seed=1)
    made = hand(NETS["digits"], given)
    made["d_dense1.W"] = made["d_dense1.W"] + np.random.default_rng(0).normal(size=(12, 7))
    found = diagnose(reference("digits"), {**given, **made})
    assert found.findings == ()
    assert found.unexplained == ("d_dense1.W",)
    name, worst = found.first_difference
    assert name == "d_dense1.W"
    apart = np.abs(made[name] - hand(NETS["digits"], given)[name])
    assert worst == np.unravel_index(apart.argmax(), apart.shape)


def test_a_wrong_loss_does_not_hide_a_wrong_gradient():
    given = numbers(NETS["digits"], 5, seed=1)
    made = hand(NETS["digits"], given, {"missing-derivative 1"})
    made["loss"] = np.array(3.7)
    found = diagnose(reference("digits"), {**given, **made})
    assert found.unexplained == ("loss",)
    assert found.first_difference == ("loss", ())
    assert [f.slugs for f in found.findings] == [("missing-derivative",)]
    assert found.findings[0].evidence[-1] == "Nothing here explains loss."


def test_what_follows_from_an_unexplained_array_is_said_to():
    """Its own noise in one gradient, a mistake behind it: both are kept apart."""
    net, given = NETS["decay"], numbers(NETS["decay"], 5, seed=1)
    made = hand(net, given, {"l2-on-bias 3"})
    made["d_dense2_z"] = noisy = made["d_dense2_z"] + np.random.default_rng(0).normal(size=(5, 6))
    z1 = given["x"] @ given["dense1.W"] + given["dense1.b"]
    a1 = np.tanh(z1)
    made["d_dense2.W"] = a1.T @ noisy + net.l2 * given["dense2.W"]
    made["d_dense2.b"] = noisy.sum(axis=0)
    made["d_dense1"] = noisy @ given["dense2.W"].T
    made["d_dense1_z"] = made["d_dense1"]
    made["d_dense1.W"] = given["x"].T @ made["d_dense1_z"] + net.l2 * given["dense1.W"]
    made["d_dense1.b"] = made["d_dense1_z"].sum(axis=0)
    found = diagnose(reference("decay"), {**given, **made})
    assert found.unexplained == ("d_dense2_z",)
    best = found.findings[0]
    assert set(best.slugs) == {"l2-on-bias", "missing-derivative"}
    assert set(best.follow) == {"d_dense2.W", "d_dense2.b", "d_dense1"}
    assert set(best.explained) == {"d_dense3.b", "d_dense1_z", "d_dense1.W", "d_dense1.b"}


def test_evidence_counts_the_rows():
    found = diagnosed("digits", 10, {"missing-mean 1"})
    assert found.findings[0].evidence == (
        "Your d_dense1.W is 10.000 times the right one, to 15 digits; your batch has 10 rows.",
        "The division by B is missing in d_dense1.W; "
        "it is present in d_dense2.b, d_dense2.W and d_dense1.b.",
        "You have dW = xᵀ dz; right is dW = xᵀ dz / B.",
        "With this one change the wrong array comes out as yours, to 15 digits.",
    )


def test_an_unknown_rate_is_found():
    found = diagnosed("digits", 10, {"updated-weights"})
    assert "with lr = 0.3" in found.findings[0].evidence[0]
    found = diagnosed("decay", 10, {"updated-weights"}, rate=0.3)
    assert found.findings[0].mistakes[0].number is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda g: 0 * g, "zero"),
        (lambda g: np.nan * g, "not a number"),
        (lambda g: g.T, "transpose"),
        (lambda g: 3.5 * g, "ratio"),
        (lambda g: g[:, :1], "shape"),
        (lambda g: -g, "sign"),
    ],
)
def test_simple_relations(change, kind):
    given = numbers(NETS["digits"], 5, seed=1)
    made = hand(NETS["digits"], given)
    made["d_dense1.W"] = change(made["d_dense1.W"])
    found = diagnose(reference("digits"), {**given, **made})
    assert found.tensors["d_dense1.W"].relation.kind.value == kind


def test_only_what_the_first_wrong_array_depends_on_is_suspected(monkeypatch):
    """Where the gradient at the last layer is right, its loss is not suspected."""
    tried = []
    from nnc.doctor.search import Search

    with_mistake = Search.with_mistake

    def watched(self, mutant, mistake, first):
        tried.append(mistake.slug)
        return with_mistake(self, mutant, mistake, first)

    monkeypatch.setattr(Search, "with_mistake", watched)
    diagnosed("digits", 5, {"missing-derivative 1"}, inner=True)
    assert "missing-derivative" in tried
    assert "softmax-diagonal" not in tried
    tried.clear()
    diagnosed("digits", 5, {"softmax-diagonal"}, inner=True)
    assert "derivative-of-preactivation" not in tried


def test_a_spec_with_weights_of_rows_is_judged_with_ones():
    """Without weights of its rows, a generated module counts every row once."""
    spec = "input 4 -> dense 3 softmax\nloss crossentropy\ntrain weights=rows\n"
    made = build(spec, 0)
    params, x = made.init_params(0), np.random.default_rng(0).normal(size=(8, 4))
    _, cache = made.forward(params, x.astype("f4"))
    target = np.arange(8) % 3
    loss = made.loss(params, cache, target)
    gradients = {f"d_{k}": 8 * v for k, v in made.backward(params, cache, target).items()}
    found = diagnose(
        Reference.of(Source("a.nn", spec)),
        {"x": x, "target": target, **params, **gradients, "loss": loss},
    )
    assert found.findings[0].slugs == ("missing-mean",)
