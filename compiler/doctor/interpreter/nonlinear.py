"""Activations, softmaxes, the ops of losses, and normalisation."""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from .movement import has_data
from .registry import VALUES, Array, value

VALUES.update(tanh=np.tanh)


@value
def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(−z)), computed by tanh, which cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


@value
def relu(z: Array) -> Array:
    """z where positive, else 0."""
    return np.where(z > 0, z, 0.0)


@value
def leaky_relu(z: Array, *, slope: float) -> Array:
    """z where positive, else slope · z."""
    return np.where(z > 0, z, slope * z)


@value
def prelu(z: Array, a: Array) -> Array:
    """z where positive, else a · z."""
    return np.where(z > 0, z, a * z)


@value
def elu(z: Array, *, alpha: float) -> Array:
    """z where positive, else α (exp(z) − 1)."""
    return np.where(z > 0, z, alpha * np.expm1(z))


@value
def softplus(z: Array) -> Array:
    """log(1 + exp(z))."""
    return np.logaddexp(0.0, z)


@value
def softsign(z: Array) -> Array:
    """z / (1 + |z|)."""
    return z / (1 + np.abs(z))


@value
def silu(z: Array, gate: Array) -> Array:
    """z times its gate, the sigmoid."""
    return z * gate


@value
def hard_swish(z: Array, gate: Array) -> Array:
    """z times its gate, the hard sigmoid."""
    return z * gate


@value
def mish(z: Array, gate: Array) -> Array:
    """z times its gate, tanh(softplus(z))."""
    return z * gate


@value
def gelu(z: Array, gate: Array) -> Array:
    """z times its gate, the normal distribution function."""
    return z * gate


@value
def gelu_tanh(z: Array, near: Array, t: Array, gate: Array) -> Array:
    """z times its gate, approximated by tanh; the other operands are for the derivative."""
    return z * gate


# --- softmaxes ----------------------------------------------------------------------------


@value
def log_softmax(z: Array) -> Array:
    """z − log Σ exp(z), in each row."""
    top = z.max(axis=-1, keepdims=True)
    return z - top - np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


@value
def softmax(z: Array) -> Array:
    """exp(z) / Σ exp(z), in each row."""
    return np.exp(log_softmax(z))


@value
def masked_softmax(z: Array, lengths: Array | None = None, *, causal: bool) -> Array:
    """Softmax over the unmasked keys of each query, 0 elsewhere."""
    query, key = np.indices(z.shape[-2:])
    seen = np.broadcast_to(key <= query if causal else key >= 0, z.shape)
    if lengths is not None:
        seen = seen & has_data(z.shape, lengths, z.ndim - 1)
    return softmax(np.where(seen, z, -np.inf))


# --- losses -------------------------------------------------------------------------------


@value
def crossentropy(z: Array, t: Array) -> Array:
    """−Σ t · log softmax(z), of each row."""
    return -(t * log_softmax(z)).sum(axis=-1)


@value
def bce(z: Array, t: Array) -> Array:
    """−t log σ(z) − (1 − t) log(1 − σ(z)); 1 − σ(z) is σ(−z)."""
    return t * np.logaddexp(0.0, -z) + (1 - t) * np.logaddexp(0.0, z)


@value
def poisson(y: Array, t: Array) -> Array:
    """exp(y) − t · y."""
    return np.exp(y) - t * y


@value
def huber(r: Array, *, delta: float) -> Array:
    """r²/2 up to |r| = δ, and the tangent beyond."""
    size = np.abs(r)
    return np.where(size > delta, delta * size - 0.5 * delta**2, 0.5 * r**2)


@value
def xlogx(x: Array) -> Array:
    """x · log x, and 0 at 0."""
    return np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, x)))


# --- normalisation ------------------------------------------------------------------------


def _statistics(mean: Array, variance: Array, eps: float) -> Array:
    """The mean, and 1 / deviation."""
    return np.stack([mean, (variance + eps) ** -0.5])


@value
def batch_stats(
    x: Array,
    mean: Array,
    var: Array,
    train: Array,
    *,
    axes: tuple[int, ...],
    eps: float,
    momentum: float,
    name: str,
) -> Array:
    """In training the statistics of x over axes including the batch; else the running ones."""
    if not train:
        return _statistics(mean, var, eps)
    shape = mean.shape
    return _statistics(x.mean(axis=axes).reshape(shape), x.var(axis=axes).reshape(shape), eps)


@value
def running_stats(mean: Array, var: Array, *, eps: float) -> Array:
    """The running statistics."""
    return _statistics(mean, var, eps)


@value
def row_stats(x: Array, *, eps: float) -> Array:
    """The statistics of each row, over its last axis."""
    return _statistics(x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True), eps)


@value
def standardized(
    x: Array, stats: Array, train: Array | None = None, *, axes: tuple[int, ...]
) -> Array:
    """(x − mean) / deviation."""
    return (x - stats[0]) * stats[1]


@value
def standardized_dx(
    dy: Array, y: Array, stats: Array, train: Array | None = None, *, axes: tuple[int, ...]
) -> Array:
    """The gradient of x; if the statistics are those of x, without mean and projection on y."""
    if train is not None and not train:
        return dy * stats[1]
    free = dy - dy.mean(axis=axes, keepdims=True)
    return (free - y * (dy * y).mean(axis=axes, keepdims=True)) * stats[1]


@value
def rms_scale(x: Array, *, eps: float) -> Array:
    """1 / √(mean x² + ε) over the last axis."""
    return ((x**2).mean(axis=-1, keepdims=True) + eps) ** -0.5


@value
def rms_normalized(x: Array, size: Array) -> Array:
    """x divided by its root mean square."""
    return x * size


@value
def rms_normalized_dx(dy: Array, y: Array, size: Array) -> Array:
    """The gradient with respect to x, without its projection on y."""
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) * size
