"""optimizer sgd: stochastic gradient descent, with optional momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import Flag, Num, option
from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import scale, select
from ..ops.source import const
from .parts import DECAYED, L2_DECAY, decayed_gradient, rate_arg
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step in PyTorch's order: weight decay, momentum, then the step."""
    g, momentum = decayed_gradient(c), c.number("momentum")
    velocity = None
    if momentum:
        velocity = _velocity(c, g, momentum)
        if c.args["nesterov"]:
            g = c.note(g + scale(velocity, momentum), "Nesterov: g ← g + μ v", "g")
        else:
            g = velocity
    return c.note(c.param - g * c.rate, f"p ← p − rate · {'v' if g is velocity else 'g'}")


def _velocity(c: UpdateContext, g: Value, momentum: float) -> Value:
    """Store v ← μ v + (1 − dampening) g; in the first step v ← g."""
    dampening = c.number("dampening")
    if dampening:
        first = c.build.emit("greater", c.step, const(c.build, 1.0))
        g = g * select(first, const(c.build, 1.0 - dampening), const(c.build, 1.0))
    velocity = scale(c.slots["velocity"], momentum) + g
    return c.store("velocity", velocity, "momentum: v ← μ v + g")


optimizer(
    OptimizerKind(
        name="sgd",
        summary="stochastic gradient descent, with momentum, Nesterov's variant and weight decay",
        formula="g ← g + λp; v ← μv + (1 − d)g; p ← p − lr·v (Nesterov: p ← p − lr·(g + μv))",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1 momentum=0.9",
        update=update,
        descends=True,
        args=(
            rate_arg(None),
            option("momentum", Num(0), "μ: the fraction of the last step that is kept", 0.0),
            option("nesterov", Flag(), "look one step ahead (needs momentum)", False),
            L2_DECAY,
            DECAYED,
            option(
                "dampening",
                Num(),
                "d: the fraction of the gradient that is not added to the momentum",
                0.0,
            ),
        ),
        slots=("velocity",),
        usual=(1e-4, 0.1, 1.0),
        torch="optim.SGD",
        keras="optimizers.SGD",
        notes="The rate has no default: good rates of models differ by a factor of up to a thousand.",
    )
)
