"""sample: a draw from a normal distribution with computed mean and log-variance."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.merges import pair
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    mean, logvar = c.inputs
    noise = c.build.emit("gaussian_noise", mean, std=1.0, name=c.name)
    c.build.describe(noise, hint=f"{c.name}_noise", formula="ε, standard normal in training")
    deviation = unary("exp", scale(logvar, 0.5))
    c.build.describe(deviation, hint=f"{c.name}_std", formula="σ = exp(logvar / 2)")
    return c.note(mean + deviation * noise, "y = mean + σ · ε, and the mean in prediction")


def _flops(c: ShapeContext) -> Dim:
    return 8 * product(c.input.shape)


layer(
    LayerKind(
        name="sample",
        family=Family.MERGE,
        summary="draws from the normal distribution with a mean and a log-variance, the two "
        "branches, in training; returns the mean in prediction",
        formula="y = mean + exp(½ logvar) · ε, ε normal with mean 0 and standard deviation 1",
        example="input 8 -> dense 6 tanh -> [dense 2, dense 2] -> sample -> dense 8; loss mse",
        shape=pair,
        lower=_lower,
        step=each_entry,
        flops=_flops,
        aliases=("reparameterize",),
        torch="mean + torch.exp(logvar / 2) * torch.randn_like(mean)",
        keras="mean + exp(logvar / 2) * random.normal(shape(mean))",
        notes="The reparameterisation of variational autoencoders (Kingma and Welling 2013): both "
        "branches get gradients. The log-variance may be any real number.",
    )
)
