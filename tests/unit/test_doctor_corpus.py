"""The doctor names the planted mistakes of tests/doctor, and nothing in right programs."""

from __future__ import annotations

import pytest
from nnc.doctor.diagnose import diagnose

from ..doctor.cases import reference, slugs
from ..doctor.corpus import PLANTED, RIGHT
from ..doctor.steps import arrays, text, words


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.id)
def test_a_planted_mistake_is_named(case):
    found = case.diagnosed()
    assert found.wrong
    assert (case.slug,) in slugs(found)[:3], slugs(found)
    assert not found.findings[0].unexplained


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.id)
def test_nothing_is_wrong_with_right_programs(case):
    found = case.diagnosed()
    assert found.wrong == ()
    assert found.findings == ()


def test_evidence_speaks_of_the_step():
    found = diagnose(
        reference(text("sgd", "digits")),
        arrays("digits", 4, gradients=True),
        **words("sgd", "digits", 4, 1, "ascent"),
    )
    seen, what, formula, _ = found.findings[0].evidence
    assert seen.startswith(
        "The step to your after_dense1.W is the right one with the opposite sign"
    )
    assert what == (
        "The step of dense1.W, dense1.b, dense2.W and dense2.b goes up the gradient: "
        "it is added where it is taken off."
    )
    assert formula == "You have W = W + lr·dW; right is W = W − lr·dW."


def test_a_step_without_a_rate_is_refused():
    given = arrays("digits", 4, gradients=False)
    after = {"dense1.W": given["dense1.W"]}
    with pytest.raises(ValueError, match="without the learning rate"):
        diagnose(reference("input 12 -> dense 7; loss mse"), {**given}, after=after)


def test_memory_must_be_the_optimizers():
    given = arrays("digits", 4, gradients=False)
    made = words("momentum", "digits", 4, 5, "ascent")
    made["memory"] = {"dense1.W.m": given["dense1.W"]}
    with pytest.raises(KeyError, match=r"sgd keeps nothing called 'dense1\.W\.m'"):
        diagnose(reference(text("momentum", "digits")), given, **made)


def test_clipped_gradients_are_not_followed():
    given = arrays("digits", 4, gradients=False)
    spec = text("sgd", "digits") + "clip norm=1\n"
    with pytest.raises(ValueError, match="clipped gradients"):
        diagnose(reference(spec), given, after={"dense1.W": given["dense1.W"]})
