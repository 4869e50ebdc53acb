"""The wrong sign: of gradients, of the residual, of the printed loss."""

from __future__ import annotations

from collections.abc import Iterator

from ..anatomy import Anatomy
from .loss_value import printed_times
from .registry import Hypothesis, Site, hypothesis
from .scale import data_nodes, gradients, places, scaled

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
    yield from printed_times(
        anatomy,
        -1.0,
        "the printed loss has the wrong sign",
        "loss = Σ t log y",
        "loss = −Σ t log y",
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
