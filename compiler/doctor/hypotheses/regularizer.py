"""The penalty's part of the gradients: left out, doubled, given to biases, of another strength."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..anatomy import PENALTY, Anatomy
from ..rewriting import Edit
from ..stepping import EditBuilder, update
from .optimizer import changed, step_of, step_sites
from .registry import Change, Hypothesis, Site, Tuned, hypothesis
from .scale import gradients, places, scaled


def _penalized(anatomy: Anatomy) -> list[str]:
    return [name for name in anatomy.params if anatomy.of_penalty(name)]


def _nodes(anatomy: Anatomy, params: Sequence[str]) -> list[int]:
    return [node for name in params for node in anatomy.of_penalty(name)]


def _scaled(factor: float, what: str, wrong: str) -> Callable[[Anatomy], Iterator[Site]]:
    """Sites at which the penalty's part is a multiple of what it should be."""

    def sites(anatomy: Anatomy) -> Iterator[Site]:
        for layer, names, rank in places(anatomy, _penalized(anatomy)):
            nodes = _nodes(anatomy, names)
            text = what.format(gradients(names))
            yield Site(
                layer,
                tuple(nodes),
                text,
                wrong,
                "dW = xᵀ dz + λ W",
                scaled(nodes, factor),
                rank=rank,
            )

    return sites


def _missing(anatomy: Anatomy) -> Iterator[Site]:
    what = "the penalty's part λ W is missing in {}"
    yield from _scaled(0.0, what, "dW = xᵀ dz")(anatomy)
    yield from _decay(anatomy, "missing in the step of NAMES", "W = W − lr·dW", 0.0)
    yield from _printed(
        anatomy, "the penalty is missing in the printed loss", "loss = Σ l / m", 0.0
    )


def _printed(anatomy: Anatomy, what: str, wrong: str, factor: float) -> Iterator[Site]:
    """A multiple of the penalty in the value of the loss, where the gradients have it once."""
    penalty = anatomy.reference.tensors.get(f"{PENALTY}_loss")
    if penalty is not None:
        text = f"{what}; the gradients have it as it should be"
        right = "loss = Σ l / m + λ/2 Σ W²"
        yield Site(PENALTY, (penalty,), text, wrong, right, scaled([penalty], factor))


def _doubled(anatomy: Anatomy) -> Iterator[Site]:
    yield from _scaled(2.0, "the penalty is twice in {}", "dW = xᵀ dz + 2 λ W")(anatomy)
    yield from _decay(anatomy, "twice in the step of NAMES", "W = W − lr (dW + 2 λ W)", 2.0)
    twice = "the penalty is twice as large in the printed loss: the ½ is forgotten"
    yield from _printed(anatomy, twice, "loss = Σ l / m + λ Σ W²", 2.0)
    what = "the penalty is in the gradients and once more in the step of NAMES"
    weights = [n for n in anatomy.params if anatomy.of_penalty(n)]
    yield from _penalized_step(anatomy, what, "W = W − lr (dW + λ W)", weights)
    if anatomy.step is not None and anatomy.step.kind.name == "sgd":
        both = 2.0 - anatomy.step.rate * anatomy.step.number("weight_decay")
        wrong = "W = (1 − lr·λ) W;  W = W − lr (dW + λ W)"
        yield from _decay(anatomy, "in the gradient and in the step of NAMES", wrong, both, 1)


def _penalized_step(
    anatomy: Anatomy, what: str, wrong: str, names: Sequence[str]
) -> Iterator[Site]:
    """A step along g + λ p, where g is the whole gradient."""
    if anatomy.step is None or not anatomy.l2 or not names:
        return

    def made(edit: Edit, name: str) -> int:
        build = EditBuilder(edit, anatomy.after[name])
        param, gradient = anatomy.reference.tensors[name], anatomy.params[name]
        more = edit.emit(gradient, "add", gradient, edit.times(param, anatomy.l2))
        return update(build, step_of(anatomy), name, param, more).id

    yield from step_sites(anatomy, what, wrong, "W = W − lr·dW", made, 0, names)


def _decay(anatomy: Anatomy, what: str, wrong: str, factor: float, rank: int = 0) -> Iterator[Site]:
    """Sites of a step whose weight decay is a multiple of what it should be."""
    if anatomy.step is None or not anatomy.step.number("weight_decay"):
        return
    decay = factor * anatomy.step.number("weight_decay")
    made = changed(anatomy, weight_decay=decay)
    text, right = f"the weight decay is {what}", "W = W − lr (dW + λ W)"
    yield from step_sites(anatomy, text, wrong, right, made, rank)


def _biases(anatomy: Anatomy) -> Iterator[Site]:
    others = [n for n in anatomy.params if n not in anatomy.weights]
    if anatomy.l2:
        for layer, names, rank in places(anatomy, others):
            nodes = tuple(anatomy.params[name] for name in names)
            what = f"the penalty is in {gradients(names)}, but biases have none"
            change = _decayed(anatomy, names)
            yield Site(layer, nodes, what, "db = Σ dz + λ b", "db = Σ dz", change, rank=rank)
    what = "the penalty is in the step of NAMES, but biases have none"
    yield from _penalized_step(anatomy, what, "b = b − lr (db + λ b)", others)


def _decayed(anatomy: Anatomy, names: Sequence[str]) -> Change:
    def change(edit: Edit) -> None:
        for name in names:
            id, leaf = anatomy.params[name], anatomy.reference.tensors[name]
            term = edit.times(leaf, anatomy.l2)
            edit.become(id, edit.emit(id, "add", edit.original(id), term))

    return change


def _strengths(anatomy: Anatomy) -> Iterator[Site]:
    factors = [(f"1/{anatomy.rows}, the number of rows", 1 / anatomy.rows), ("1/2", 0.5)]
    factors.append((f"{anatomy.rows}, the number of rows", anatomy.rows))
    for layer, names, rank in places(anatomy, _penalized(anatomy)):
        nodes = _nodes(anatomy, names)
        head = f"the penalty in {gradients(names)} is not λ W but that times"
        right = "dW = xᵀ dz + λ W"
        for text, factor in factors:
            change = scaled(nodes, factor)
            yield Site(
                layer,
                tuple(nodes),
                f"{head} {text}",
                "dW = xᵀ dz + c λ W",
                right,
                change,
                rank=rank,
            )
        yield Site(
            layer,
            tuple(nodes),
            head + " {}",
            "dW = xᵀ dz + c λ W",
            right,
            None,
            _any_strength(nodes),
            rank=rank + 2,
        )
    half = "the penalty is half as large in the printed loss"
    yield from _printed(anatomy, half, "loss = Σ l / m + λ/4 Σ W²", 0.5)
    share = "the penalty is divided by the rows in the printed loss"
    yield from _printed(anatomy, share, "loss = (Σ l + λ/2 Σ W²) / m", 1 / anatomy.rows)
    if anatomy.step is not None:
        rate, wrong = anatomy.step.rate, "W = W − lr·dW − λ W"
        yield from _decay(
            anatomy, "not multiplied by the rate in the step of NAMES", wrong, 1 / rate
        )
        half = "half of what it should be in the step of NAMES"
        yield from _decay(anatomy, half, "W = W − lr (dW + λ/2 W)", 0.5, 1)
        per_row, text = 1 / anatomy.rows, "divided by the rows in the step of NAMES"
        yield from _decay(anatomy, text, "W = W − lr (dW + λ W / B)", per_row, 1)


def _any_strength(nodes: Sequence[int]) -> Tuned:
    def change(edit: Edit, factor: float) -> None:
        for node in nodes:
            edit.scale(node, factor)

    return change


hypothesis(
    Hypothesis(
        slug="l2-missing",
        title="the penalty's part of the gradient is missing",
        page="A loss with λ/2 Σ W² in it has λ W in the gradient of W. Counting the penalty in the "
        "loss alone changes what is printed, but not what is learned.",
        wrong="dW = X.T @ dZ / m",
        right="dW = X.T @ dZ / m + lam * W",
        sites=_missing,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="l2-doubled",
        title="the penalty's part of the gradient is there twice",
        page="The derivative of λ/2 W² is λ W: the 2 and the ½ cancel. It is doubled where the ½ is "
        "forgotten, or where the penalty is added both in the gradient and in the step.",
        wrong="dW = X.T @ dZ / m + 2 * lam * W",
        right="dW = X.T @ dZ / m + lam * W",
        sites=_doubled,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="l2-on-bias",
        title="biases are penalized too",
        page="The penalty holds weights small, so that the network stays smooth. Biases only move "
        "it; they are left alone.",
        wrong="db = dZ.sum(axis=0) / m + lam * b",
        right="db = dZ.sum(axis=0) / m",
        sites=_biases,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="l2-scale",
        title="the penalty's part of the gradient has another strength",
        page="Loss and gradient must count the penalty with the same λ. Books differ: some divide "
        "it by the number of rows, some by twice that number. Mixing two conventions makes the "
        "gradient that of another loss.",
        wrong="dW = (X.T @ dZ + lam * W) / m",
        right="dW = X.T @ dZ / m + lam * W",
        sites=_strengths,
        rank=3,
    )
)
