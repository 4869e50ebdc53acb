"""dropout: sets random entries to zero in training."""

from __future__ import annotations

from ..kinds.arguments import Num, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    mask = c.build.emit("dropout_mask", c.x, rate=c.arg("p"), name=c.name)
    return c.note(c.x * mask, "y = x · mask, the mask 0 or 1/(1 − p)")


layer(
    LayerKind(
        name="dropout",
        family=Family.NOISE,
        summary="sets random entries to zero in training; the identity in prediction",
        formula="y = x · mask, the mask 0 with probability p, else 1/(1 − p)",
        example="input 784 -> dense 64 relu -> dropout 0.5 -> dense 10 softmax; loss crossentropy",
        args=(
            positional(
                "p", Num(low=0.0, high=1.0, open_high=True), "probability that an entry is dropped"
            ),
        ),
        shape=same,
        lower=_lower,
        takes_keys=True,
        step=each_entry,
        flops=per_entry(1),
        torch="nn.Dropout(p)",
        keras="Dropout(p)",
        notes="The remaining entries are scaled by 1/(1 − p), so that sums keep their mean (inverted "
        "dropout).",
    )
)
