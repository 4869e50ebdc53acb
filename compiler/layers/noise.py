"""noise: adds normal random numbers in training."""

from __future__ import annotations

from ..kinds.arguments import Num, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    noise = c.build.emit("gaussian_noise", c.x, std=c.arg("std"), name=c.name)
    return c.note(c.x + noise, "y = x + noise, normal with deviation std")


layer(
    LayerKind(
        name="noise",
        family=Family.NOISE,
        summary="adds normal random numbers in training; the identity in prediction",
        formula="y = x + ε, ε normal with mean 0 and standard deviation std",
        example="input 784 -> noise 0.1 -> dense 10 softmax; loss crossentropy",
        args=(positional("std", Num(low=0.0), "standard deviation of the noise"),),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(1),
        aliases=("gaussian_noise",),
        torch="x + std * torch.randn_like(x)",
        keras="GaussianNoise(std)",
    )
)
