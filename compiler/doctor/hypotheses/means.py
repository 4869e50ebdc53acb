"""The mean left out, taken twice, taken of one array only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..anatomy import Anatomy
from .loss_value import printed_times, throughout
from .optimizer import step_of, step_sites, stepping
from .registry import Hypothesis, Site, hypothesis
from .scale import counts, data_nodes, gradients, places, scaled


def _missing(anatomy: Anatomy) -> Iterator[Site]:
    weights = [n for n in anatomy.params if n in anatomy.weights]
    others = [n for n in anatomy.params if n not in anatomy.weights]
    for at, (text, count) in enumerate(counts(anatomy)):
        found = [*places(anatomy, list(anatomy.params)), ("", weights, 1), ("", others, 1)]
        for layer, names, rank in found:
            if not names:
                continue  # there are no biases
            if len(names) == 1 and names[0] not in anatomy.weights:
                continue  # that is sum-for-mean
            nodes = data_nodes(anatomy, names)
            what = f"the division by {text} is missing in {gradients(names)}"
            if len(names) == len(anatomy.params) > 1:
                what = f"the division by {text} is missing in the gradient of every parameter"
            change = scaled(nodes, count)
            yield Site(
                layer,
                tuple(nodes),
                what,
                "dW = xᵀ dz",
                f"dW = xᵀ dz / {text}",
                change,
                rank=rank + 2 * at,
            )
        what = f"the loss is printed without the division by {text}"
        yield from printed_times(anatomy, count, what, "loss = Σ l", f"loss = Σ l / {text}", 2 * at)
        what = f"the division by {text} is missing in the loss and in all gradients"
        wrong, fine = "loss = Σ l;  dz = y − t", f"both divided by {text}"
        yield from throughout(anatomy, count, what, wrong, fine, 2 * at)


def _double(anatomy: Anatomy) -> Iterator[Site]:
    for at, (text, count) in enumerate(counts(anatomy)):
        for layer, names, rank in places(anatomy, list(anatomy.params)):
            nodes = data_nodes(anatomy, names)
            what = f"{gradients(names)} is divided by {text} once too often"
            change = scaled(nodes, 1 / count)
            yield Site(
                layer,
                tuple(nodes),
                what,
                f"dW = xᵀ dz / {text} / {text}",
                f"dW = xᵀ dz / {text}",
                change,
                rank=rank + 2 * at,
            )
        what = f"the printed loss is divided by {text} once too often"
        wrong, fine = f"loss = Σ l / {text} / {text}", f"loss = Σ l / {text}"
        yield from printed_times(anatomy, 1 / count, what, wrong, fine, 2 * at)
        yield from _double_on_the_way(anatomy, text, count, 1 + 2 * at)
    yield from _double_in_the_step(anatomy)


def _double_on_the_way(anatomy: Anatomy, text: str, count: float, rank: int) -> Iterator[Site]:
    """In a gradient that is handed on, so that all before it have it as well."""
    places = {j.gradient: j.layer for j in anatomy.judged}
    places |= {id: a.layer for a in anatomy.activations for id in (a.da, a.dz)}
    for id, layer in places.items():
        what = f"{anatomy.name_of(id)} is divided by {text} once too often, and all before it"
        wrong, right = f"dz = da · a′ / {text}", "dz = da · a′"
        yield Site(layer, (id,), what, wrong, right, scaled([id], 1 / count), rank=rank)


def _double_in_the_step(anatomy: Anatomy) -> Iterator[Site]:
    if anatomy.step is None or anatomy.rows < 2:
        return
    rate = step_of(anatomy).rate / anatomy.rows
    made = stepping(anatomy, replace(step_of(anatomy), rate=rate))
    what = "the step of NAMES divides by B, but the gradient is a mean already"
    wrong, right = "W = W − lr/B · dW", "W = W − lr·dW"
    groups = [
        None,
        *({n for n in anatomy.params if (n in anatomy.weights) == w} for w in (True, False)),
    ]
    for names in groups:
        yield from step_sites(anatomy, what, wrong, right, made, 1, names)


def _sum_for_mean(anatomy: Anatomy) -> Iterator[Site]:
    for at, (text, count) in enumerate(counts(anatomy)):
        for name in anatomy.params:
            nodes = anatomy.of_data(name)
            if name not in anatomy.weights:
                what = f"d_{name} is the sum over the rows where it should be their mean"
                yield Site(
                    name.rpartition(".")[0],
                    tuple(nodes),
                    what,
                    "db = Σ dz",
                    f"db = Σ dz / {text}",
                    scaled(nodes, count),
                    rank=at,
                )


hypothesis(
    Hypothesis(
        slug="missing-mean",
        title="the division by the number of rows is missing",
        page="The loss is a mean over the batch, so every gradient is a mean too. A product such "
        "as X.T @ dZ adds the rows up; somewhere on the way from the loss it must be divided by "
        "their number, once. If the division is missing in some products only, their layers learn "
        "faster than the others; if it is missing everywhere, the step is as many times too large "
        "as the batch has rows, unless the step itself divides.",
        wrong="dW = X.T @ dZ",
        right="dW = X.T @ dZ / len(X)",
        sites=_missing,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="double-mean",
        title="the division by the number of rows is made twice",
        page="The mean over the batch is taken once: either where the gradient leaves the loss, "
        "or in every product that adds up rows. Taken in both places, or with np.mean where dZ has "
        "been divided already, it makes the gradient as many times too small as the batch has "
        "rows, and the network hardly learns.",
        wrong="dZ = (Y - T) / len(X);  db = dZ.mean(axis=0)",
        right="dZ = (Y - T) / len(X);  db = dZ.sum(axis=0)",
        sites=_double,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="sum-for-mean",
        title="a bias has the sum over the rows, not their mean",
        page="The gradient of a bias adds up dZ over the rows of the batch. Where the weights' "
        "gradient is divided by the number of rows, the bias's must be divided as well.",
        wrong="dW = X.T @ dZ / m;  db = dZ.sum(axis=0)",
        right="dW = X.T @ dZ / m;  db = dZ.sum(axis=0) / m",
        sites=_sum_for_mean,
        rank=1,
    )
)
