"""Accepted targets of each loss, and class weights in training."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.dataset import Dataset

from .contract import LEVELS, Case, copied, module, same

NET = "input 5 -> dense 4 tanh -> dense {} \nloss {}\ndtype float64\n"
IDS = np.array([0, 2, 2, 1])


def refused(case, target):
    """What a module says of targets it does not take, wherever they are given."""
    _, cache = case.module.forward(case.params, case.x)
    said = set()
    for call in (case.module.loss, case.module.backward):
        with pytest.raises(ValueError) as error:
            call(case.params, cache, target)
        said.add(str(error.value))
    opt = case.module.init_optimizer(case.params)
    with pytest.raises(ValueError) as error:
        case.module.train_step(case.params, case.x, target, opt, 0.1)
    said.add(str(error.value))
    (message,) = said
    assert message.startswith("target")
    return message


BAD = {
    "hinge: numbers": ("hinge", 3, np.full((4, 3), 0.5), "expected -1 and 1, or class ids"),
    "hinge: one-hot rows": ("hinge", 3, np.eye(3)[IDS], "expected -1 and 1, or class ids"),
    "hinge: nan": ("hinge", 3, np.full((4, 3), np.nan), "expected -1 and 1"),
    "hinge: too large ids": ("hinge", 3, [0, 1, 2, 3], "must lie in 0..2, found 0..3"),
    "hinge: fractions": ("hinge", 3, [0.5, 1, 2, 1], "must be integers"),
    "hinge: a wrong shape": ("hinge", 3, np.ones((4, 2)), "found (4, 2)"),
    "hinge: 0 and 1, one wide": ("hinge", 1, [0, 1, 1, 0], "expected -1 and 1, found 0..1"),
    "kl: sums of 2": ("kl", 3, 2 * np.eye(3)[IDS], "sum to 1"),
    "kl: negative": ("kl", 3, np.tile([-0.5, 1, 0.5], (4, 1)), "at least 0"),
    "kl: nan": ("kl", 3, np.full((4, 3), np.nan), "at least 0"),
    "kl: class ids": ("kl", 3, IDS, "must be one-hot: np.eye(3)[target]"),
    "kl: a wrong shape": ("kl", 3, np.ones((4, 2)) / 2, "found (4, 2)"),
    "crossentropy: nan": ("crossentropy", 3, np.full((4, 3), np.nan), "sum to 1"),
    "poisson: negative": ("poisson", 3, np.full((4, 3), -1.0), "of at least 0, found -1.0..-1.0"),
    "poisson: nan": ("poisson", 3, np.full((4, 3), np.nan), "of at least 0"),
    "poisson: a wrong shape": ("poisson", 3, np.ones((4, 1)), "found (4, 1)"),
    "bce: counts": ("bce pos_weight=2", 3, np.full((4, 3), 2), "from 0 to 1"),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", BAD)
def test_targets_that_the_loss_cannot_judge_are_refused(bad, level):
    loss, width, target, said = BAD[bad]
    assert said in refused(Case(NET.format(width, loss), level), target)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, lambda a: a.astype(np.int8)])
def test_hinge_takes_ids_and_signs_in_any_form(form, level):
    case = Case(NET.format(3, "hinge"), level)
    y = case.module.predict(case.params, case.x)
    wrong = np.ones((4, 3), bool)
    wrong[np.arange(4), IDS] = False
    margins = np.maximum(0, 1 - y[np.arange(4), IDS][:, None] + y)
    assert case.loss(target=form(IDS)) == pytest.approx((margins * wrong).sum() / 12)
    signs = np.where(wrong, -1, 1)
    assert case.loss(target=form(signs)) == pytest.approx(np.maximum(0, 1 - signs * y).mean())
    one = Case(NET.format(1, "hinge"), level)
    assert one.loss(target=form(signs[:, 0])) == one.loss(target=form(signs[:, :1]))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("loss", ["crossentropy weights=[1, 2, 3]", "hinge"])
def test_ids_and_rows_may_follow_each_other(loss, level):
    """What kind of targets came before is not remembered."""
    case = Case(NET.format(3, loss), level)
    rows = np.eye(3)[IDS] if "cross" in loss else 2 * np.eye(3)[IDS] - 1
    fresh = [Case(NET.format(3, loss), level).loss(target=t) for t in (IDS, rows)]
    assert fresh[0] != fresh[1]
    assert [case.loss(target=t) for t in (IDS, rows, IDS, rows)] == fresh * 2


# --- weights=balanced ---------------------------------------------------------------------

BALANCED = NET.format(3, "crossentropy weights=balanced smoothing=0.1")
HEADS = """\
input 5 -> dense 6 tanh as trunk -> dense 3 as kind
trunk -> dense 2 as sort
output kind, sort
loss crossentropy weights=balanced on kind
loss crossentropy on sort
dtype float64
"""


def listed(weights):
    """The same network with those weights written into the spec."""
    return BALANCED.replace("balanced", str([float(w) for w in weights]))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("rows", [False, True])
def test_balanced_weights_are_the_inverse_counts(rows, level):
    case = Case(BALANCED, level)
    target = np.eye(3)[IDS] if rows else IDS
    weights = case.module.balanced_weights(target)
    np.testing.assert_allclose(weights, [4 / 3, 4 / 3, 2 / 3])
    np.testing.assert_allclose(case.module.balanced_weights([0, 0, 1]), [0.5, 1, 0])
    want = Case(listed(weights), level)
    assert case.loss(target=target) == pytest.approx(want.loss(target=target), rel=1e-14)
    case.target = want.target = target
    same(case.grads(), want.grads(), 1e-14)


@pytest.mark.parametrize("level", LEVELS)
def test_given_class_weights_replace_the_counts(level):
    case, want = Case(BALANCED, level), Case(listed([1, 2, 3]), level)
    _, cache = case.module.forward(case.params, case.x)
    keywords = {"class_weights": [1, 2, 3]}
    assert case.module.loss(case.params, cache, IDS, **keywords) == pytest.approx(
        want.loss(target=IDS), rel=1e-14
    )
    want.target = IDS
    same(case.module.backward(case.params, cache, IDS, **keywords), want.grads(), 1e-14)
    params, opt = copied(case.params), case.module.init_optimizer(case.params)
    case.module.train_step(case.params, case.x, IDS, opt, 0.1, **keywords)
    want.module.train_step(params, want.x, IDS, want.module.init_optimizer(params), 0.1)
    same(case.params, params, 1e-14)


@pytest.mark.parametrize("level", LEVELS)
def test_an_epoch_counts_the_classes_of_all_its_targets(level):
    """Not those of a batch: one class a batch would make all weights alike."""
    case = Case(BALANCED, level)
    x, target = case.rows(12), np.array([0] * 6 + [1] * 4 + [2] * 2)
    weights = case.module.balanced_weights(target)
    want, params = module(listed(weights), level), copied(case.params)
    how = {"batch": 2, "order": range(12), "lr": 0.1}
    mean = case.module.train_epoch(
        case.params, x, target, case.module.init_optimizer(params), **how
    )
    assert mean == pytest.approx(
        want.train_epoch(params, x, target, want.init_optimizer(params), **how), rel=1e-12
    )
    same(case.params, params, 1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_several_targets_have_their_weights_by_name(level):
    case = Case(HEADS, level)
    target = {"kind": IDS, "sort": np.array([0, 1, 1, 1])}
    weights = case.module.balanced_weights(target)
    assert list(weights) == ["kind"]
    _, cache = case.module.forward(case.params, case.x)
    plain = case.module.losses(case.params, cache, target)
    again = case.module.losses(case.params, cache, target, class_weights=weights)
    assert plain == again
    with pytest.raises(ValueError, match="class_weights: expected a dict with"):
        case.module.losses(case.params, cache, target, class_weights=weights["kind"])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [[1, 2], [1, -1, 2], [1, np.nan, 2], 3, "many", [[1, 2, 3]]])
def test_bad_class_weights_are_refused(bad, level):
    case = Case(BALANCED, level)
    _, cache = case.module.forward(case.params, case.x)
    with pytest.raises(ValueError, match="class_weights: expected"):
        case.module.loss(case.params, cache, IDS, class_weights=bad)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [[0, 1, 3], [0.5, 1], np.ones((2, 2)) / 2, [], None])
def test_classes_that_cannot_be_counted_are_refused(bad, level):
    with pytest.raises(ValueError, match="target: "):
        module(BALANCED, level).balanced_weights(bad)


def test_training_weighs_test_rows_as_it_does_training_rows():
    """The counts are those of the training set, whatever the test set holds."""
    generated = module(BALANCED)
    rng = np.random.default_rng(0)
    train = Dataset(rng.normal(size=(9, 5)), np.array([0] * 6 + [1] * 2 + [2]))
    test = Dataset(rng.normal(size=(4, 5)), np.array([0, 1, 2, 2]))
    result = training.train(generated, train, test=test, epochs=1, batch=3, lr=0.1)
    _, cache = generated.forward(result.params, test.x)
    weights = [9 / 18, 9 / 6, 9 / 3]
    want = generated.loss(result.params, cache, test.target, class_weights=weights)
    assert result.history[0].test["loss"] == pytest.approx(want)
    assert want != pytest.approx(generated.loss(result.params, cache, test.target))


def test_training_makes_signs_of_0_and_1_for_hinge():
    generated = module(NET.format(1, "hinge"))
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(40, 5)), np.arange(40) % 2)
    result = training.train(generated, data, epochs=2, lr=0.1)
    _, cache = generated.forward(result.params, data.x)
    want = generated.loss(result.params, cache, 2 * data.target - 1)
    assert result.history[-1].train["loss"] == pytest.approx(want)
    assert 0 <= result.history[-1].train["accuracy"] <= 1


# --- padded rows --------------------------------------------------------------------------

LENGTHS = np.array([1, 4, 2])
RAGGED = {
    "crossentropy weights=[1, 2, 3] smoothing=0.1": lambda rng: rng.integers(0, 3, (3, 4)),
    "crossentropy weights=[1, 2, 3]": lambda rng: rng.dirichlet(np.ones(3), (3, 4)),
    "hinge": lambda rng: rng.integers(0, 3, (3, 4)),
    "hinge reduction=sum": lambda rng: rng.choice([-1.0, 1.0], (3, 4, 3)),
    "kl": lambda rng: rng.dirichlet(np.ones(3), (3, 4)),
    "poisson": lambda rng: rng.poisson(2, (3, 4, 3)).astype(float),
    "bce pos_weight=[1, 2, 3]": lambda rng: rng.random((3, 4, 3)),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("loss", RAGGED)
def test_padding_takes_no_part(loss, level):
    """Rows padded with NaN (ids with 99) are judged as all true positions in one row are."""
    end = "log_softmax" if loss == "kl" else ""
    spec = f"input Tx3{{}} -> dense 3 {end}; loss {loss}; dtype float64"
    padded, plain = module(spec.format(" ragged"), level), module(spec.format(""), level)
    rng = np.random.default_rng(0)
    params, x, target = padded.init_params(1), rng.normal(size=(3, 4, 3)), RAGGED[loss](rng)
    true = np.arange(4) < LENGTHS[:, None]
    _, cache = plain.forward(params, x[true][None])
    want = plain.loss(params, cache, target[true][None])
    grads = copied(plain.backward(params, cache, target[true][None]))
    x[~true], target[~true] = np.nan, 99 if target.dtype.kind == "i" else np.nan
    _, cache = padded.forward(params, x, lengths=LENGTHS)
    assert padded.loss(params, cache, target) == pytest.approx(want, rel=1e-12)
    same(padded.backward(params, cache, target), grads)
