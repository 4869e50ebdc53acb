"""Steps whose learning rate is not the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..anatomy import Anatomy
from ..rewriting import Edit
from .optimizer import Stepped, step_of, step_sites, stepping
from .registry import Hypothesis, Site, hypothesis
from .scale import gradients


def _rates(anatomy: Anatomy) -> Iterator[Site]:
    """With momentum that is `momentum-rate`, because rate and velocity belong together."""
    if anatomy.step is None or anatomy.step.number("momentum"):
        return
    lr, right = anatomy.step.rate, "W = W − lr·dW"
    forms = (
        ("the learning rate is left out of the step of NAMES", "W = W − dW", 1.0),
        ("the learning rate is twice in the step of NAMES", "W = W − lr·(lr·dW)", lr * lr),
    )
    for what, wrong, rate in forms:
        if rate != lr:
            yield from step_sites(anatomy, what, wrong, right, _at(anatomy, rate))
    yield from _any_rate(anatomy, list(anatomy.after))


def _at(anatomy: Anatomy, rate: float) -> Stepped:
    return stepping(anatomy, replace(step_of(anatomy), rate=rate))


def _any_rate(anatomy: Anatomy, names: Sequence[str]) -> Iterator[Site]:
    """All parameters are stepped with one rate that is another than that of the spec."""

    def change(edit: Edit, rate: float) -> None:
        for name in names:
            edit.become(anatomy.after[name], _at(anatomy, rate)(edit, name))

    nodes = tuple(anatomy.after[name] for name in names)
    what = f"the steps along {gradients(names)} are taken with lr = {{}}"
    yield Site("", nodes, what, "another lr", "the lr of the spec", tuned=change, rank=3)


hypothesis(
    Hypothesis(
        slug="step-rate",
        title="the step has another learning rate than the one that is meant",
        page="The learning rate belongs into a plain step once. Left out, the step is as long as the "
        "gradient and mostly far too long; multiplied twice, where the gradient has been scaled "
        "already, it is far too short, and the network seems to stand still.",
        wrong="dW = lr * dW;  W -= lr * dW",
        right="W -= lr * dW",
        sites=_rates,
        rank=2,
    )
)
