"""Wrong factors: the mean left out, taken twice, taken of one array only; the wrong sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis

Words = Callable[[str], str]


def scaled(nodes: Sequence[int], factor: float) -> Change:
    """Multiply some values."""

    def change(edit: Edit) -> None:
        for node in nodes:
            edit.scale(node, factor)

    return change


def places(anatomy: Anatomy, params: Sequence[str]) -> Iterator[tuple[str, list[str], int]]:
    """Where a factor may stand: of one parameter, of those of a layer, of all (with its rank)."""
    for name in params:
        yield name.rpartition(".")[0], [name], 0
    layers = {layer: [n for n in names if n in params] for layer, names in anatomy.layers.items()}
    for layer, names in layers.items():
        if len(names) > 1:
            yield layer, names, 1
    if sum(map(bool, layers.values())) > 1:
        yield "", list(params), 0


def data_nodes(anatomy: Anatomy, params: Sequence[str]) -> list[int]:
    """The summands from the data of some parameters' gradients."""
    return [node for name in params for node in anatomy.of_data(name)]


def gradients(params: Sequence[str]) -> str:
    """The gradients of some parameters, in words."""
    names = [f"d_{name}" for name in params]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counts(anatomy: Anatomy) -> Iterator[tuple[str, float]]:
    """What a mean may divide by: the rows, or the entries of the judged output."""
    yield "B", anatomy.rows
    for judged in anatomy.judged:
        entries = anatomy.values[judged.y].size
        if entries != anatomy.rows:
            yield f"{entries // anatomy.rows}", entries // anatomy.rows
            yield f"{entries // anatomy.rows}·B", entries


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


SIGNS = ("dW = −xᵀ dz", "dW = xᵀ dz")


def _sign(anatomy: Anatomy) -> Iterator[Site]:
    for layer, names, rank in places(anatomy, list(anatomy.params)):
        whole, data = [anatomy.params[n] for n in names], data_nodes(anatomy, names)
        what = f"{gradients(names)} {'has' if len(names) == 1 else 'have'} the wrong sign"
        yield Site(layer, tuple(whole), what, *SIGNS, scaled(whole, -1.0), rank=rank)
        if data != whole:
            what += ", but for the penalty's part"
            yield Site(layer, tuple(data), what, *SIGNS, scaled(data, -1.0), rank=rank + 1)
    for judged in anatomy.judged:
        what = f"the residual of {judged.layer} is t − y where the gradient has y − t"
        change = scaled([judged.delta], -1.0)
        yield Site(judged.layer, (judged.delta,), what, "dz = t − y", "dz = y − t", change)
    for active in anatomy.activations:
        name = anatomy.name_of(active.dz)
        what = f"{name} has the wrong sign, and all that is computed from it"
        change = scaled([active.dz], -1.0)
        yield Site(
            active.layer, (active.dz,), what, "dz = −da · a′", "dz = da · a′", change, rank=1
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
hypothesis(
    Hypothesis(
        slug="sign",
        title="a gradient has the wrong sign",
        page="The gradient of a squared error or of a crossentropy begins with y − t, and the step "
        "goes against it: W -= lr * dW. Somebody who begins with t − y must add the step instead. "
        "With one of the two turned round, the loss rises.",
        wrong="dZ = T - Y",
        right="dZ = Y - T",
        sites=_sign,
        rank=1,
    )
)
