"""JAX: the whole step in one jitted function, whose parameters are donated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from ..harness import Contender, Skipped, mean_loss
from ..workload import Batch, Params, Workload


def jitted(workload: Workload, start: Params, data: Sequence[Batch]) -> Contender:
    """Steps of training, or predictions."""
    try:
        import jax
    except ImportError:
        raise Skipped("JAX is not installed") from None
    params: Any = {name: jax.numpy.array(value) for name, value in start.items()}
    rows = cycle([(jax.numpy.array(x), jax.numpy.array(target)) for x, target in data])

    def logits(params: Any, x: Any) -> Any:
        # jit sorts dicts by name
        return workload.jax({name: params[name] for name in start}, x)

    if workload.inference:
        softmax = jax.jit(lambda params, x: jax.nn.softmax(logits(params, x)))

        def predict() -> Any:
            return np.asarray(softmax(params, next(rows)[0]))

        return Contender(predict, mean_loss(predict))
    begin, update = OPTIMIZERS[workload.optimizer](jax, workload.rate)
    loss_of, slots = LOSSES[workload.loss], begin(params)

    def whole(params: Any, slots: Any, x: Any, target: Any) -> Any:
        loss, grads = jax.value_and_grad(
            lambda p: loss_of(jax, logits(p, x), target),
        )(params)
        return loss, *update(params, grads, slots)

    compiled = jax.jit(whole, donate_argnums=(0, 1))

    def step() -> float:
        nonlocal params, slots
        loss, params, slots = compiled(params, slots, *next(rows))
        return float(loss)

    return Contender(
        step,
        mean_loss(step),
        lambda: {name: np.asarray(params[name]) for name in start},
    )


def crossentropy(jax: Any, z: Any, target: Any) -> Any:
    """From logits and class ids, mean over the rows."""
    chosen = jax.numpy.take_along_axis(jax.nn.log_softmax(z), target[..., None], axis=-1)
    return -chosen.mean()


def mse(jax: Any, y: Any, target: Any) -> Any:
    """Mean over all elements."""
    return jax.numpy.mean((y - target) ** 2)


LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {"crossentropy": crossentropy, "mse": mse}


def sgd(jax: Any, rate: float) -> tuple[Any, Any]:
    """Slots and update of plain SGD."""

    def update(params: Any, grads: Any, slots: Any) -> Any:
        return jax.tree.map(lambda p, g: p - rate * g, params, grads), slots

    return lambda params: (), update


def adam(jax: Any, rate: float) -> tuple[Any, Any]:
    """Slots and update of Adam with bias correction."""

    def begin(params: Any) -> Any:
        zeros = jax.tree.map(jax.numpy.zeros_like, params)
        return jax.numpy.zeros(()), zeros, jax.tree.map(jax.numpy.zeros_like, params)

    def update(params: Any, grads: Any, slots: Any) -> Any:
        count, m, v = slots
        count = count + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        pace, root = rate / (1 - 0.9**count), jax.numpy.sqrt(1 - 0.999**count)

        def moved(p: Any, m: Any, v: Any) -> Any:
            return p - pace * m / (jax.numpy.sqrt(v) / root + 1e-8)

        return jax.tree.map(moved, params, m, v), (count, m, v)

    return begin, update


OPTIMIZERS = {"sgd": sgd, "adam": adam}
