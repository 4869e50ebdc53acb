"""Gradients that are those of another loss, or that look at the prediction and not at the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .loss import instead_of_residual
from .registry import Hypothesis, Site, hypothesis

Make = Callable[[Edit], int]


def _site(judged: Judged, what: str, wrong: str, make: Make, rank: int = 0) -> Site:
    change = instead_of_residual(judged, make)
    return Site(judged.layer, (judged.delta,), what, wrong, "dz = y − t", change, rank=rank)


def _of_residual(anatomy: Anatomy) -> Iterator[Site]:
    """The square, the size and the sign of y − t, and the rule of a squared error."""
    for judged in anatomy.judged:
        for op, text, wrong in (
            ("square", "squared: that is the loss, not its derivative", "dy = (y − t)²"),
            ("abs", "taken without its sign", "dy = |y − t|"),
            ("sign", "replaced by its sign, as for the mean absolute error", "dy = sign(y − t)"),
        ):
            what = f"the residual y − t is {text}"
            yield _site(judged, what, wrong, _through(judged, op))
        if judged.through and anatomy.graph[judged.y].op in ("softmax", "sigmoid"):
            what = "the gradient is that of the mean squared error, not that of the loss"
            yield _site(judged, what, "dz = 2 (y − t) · y (1 − y)", _squared_rule(judged))
            what = "the target is taken off z, not off the output y"
            yield _site(judged, what, "dz = z − t", _of_scores(judged))


def _through(judged: Judged, op: str) -> Make:
    return lambda edit: edit.emit(judged.residual, op, edit.original(judged.residual))


def _squared_rule(judged: Judged) -> Make:
    def make(edit: Edit) -> int:
        like, y = judged.residual, judged.y
        rest = edit.emit(like, "sub", edit.number(like, 1.0), y)
        slope = edit.times(edit.emit(like, "mul", y, rest), 2.0)
        return edit.emit(like, "mul", edit.original(like), slope)

    return make


def _of_scores(judged: Judged) -> Make:
    return lambda edit: edit.emit(judged.residual, "sub", judged.z, judged.target)


def _hard(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:

        def make(edit: Edit, j: Judged = judged) -> int:
            return edit.emit(j.residual, "sub", edit.apply(j.y, "hard", j.y), j.target)

        if judged.z != judged.y:
            what = "the gradient begins with the predicted class, not with the probability"
            yield _site(judged, what, "dz = (y > 0.5) − t", make)


hypothesis(
    Hypothesis(
        slug="other-loss",
        title="the gradient is that of another loss",
        page="Every loss has a derivative of its own: 2e of a squared error e², sign(e) of an absolute "
        "one, y − t at the input of a softmax or sigmoid of a crossentropy. The value of the loss, "
        "the rule of another loss or the scores in place of the probabilities lead elsewhere.",
        wrong="dY = (Y - T) ** 2 / Y.size",
        right="dY = 2 * (Y - T) / Y.size",
        sites=_of_residual,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="hard-prediction",
        title="the gradient begins with the predicted class, not with the probability",
        page="A prediction, such as y > 0.5 or the argmax, is for people. It has no slope, and as the "
        "residual it is zero for every row that is classified rightly, however unsure.",
        wrong="dZ = (Y > 0.5) - T",
        right="dZ = Y - T",
        sites=_hard,
        rank=3,
    )
)
