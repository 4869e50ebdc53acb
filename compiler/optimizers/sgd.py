"""optimizer sgd: stochastic gradient descent, with momentum if wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..layers.registry import Flag, Num, option, positional
from ..ops.elementwise import scale, select
from ..ops.source import const
from .registry import OptimizerKind, optimizer

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.optimizers import UpdateContext


def update(c: UpdateContext) -> Value:
    """PyTorch's order: weight decay into the gradient, then momentum, then the step."""
    g, decay, momentum = c.grad, c.number("weight_decay"), c.number("momentum")
    velocity = None
    if decay:
        g = c.note(g + scale(c.param, decay), "weight decay: g ← g + λ p", "g")
    if momentum:
        velocity = _velocity(c, g, momentum)
        if c.args["nesterov"]:
            g = c.note(g + scale(velocity, momentum), "Nesterov: g ← g + μ v", "g")
        else:
            g = velocity
    return c.note(c.param - g * c.rate, f"p ← p − rate · {'v' if g is velocity else 'g'}")


def _velocity(c: UpdateContext, g: Value, momentum: float) -> Value:
    """v ← μ v + (1 − dampening) g; the first step takes g whole."""
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
        args=(
            positional("lr", Num(0, open_low=True), "the learning rate", None),
            option("momentum", Num(0), "μ: how much of the last step is kept", 0.0),
            option("nesterov", Flag(), "look one step ahead (needs momentum)", False),
            option("weight_decay", Num(0), "λ: pulls every parameter towards zero", 0.0),
            option("dampening", Num(), "d: how much of the gradient momentum leaves out", 0.0),
        ),
        slots=("velocity",),
        torch="optim.SGD",
        keras="optimizers.SGD",
    )
)
