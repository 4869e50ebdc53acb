"""A program in plain NumPy, from the textbook formulas: values and loss.

Beside the values it keeps the distance to the nearest kink and the side of every kink taken,
so that a comparison can stay clear of points where the derivative jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .programs import LossTerm, Program
from .tree import Step

Array = np.ndarray
_erf = np.vectorize(math.erf, otypes=[float])


@dataclass
class Run:
    """Every step's value; `sides` and `margin` describe the kinks met."""

    values: list[Array] = field(default_factory=list)
    sides: list[Array] = field(default_factory=list)
    margin: float = math.inf

    def kink(self, distance: Array) -> None:
        """Note which side of a kink each element is on; exactly on it counts as a side."""
        self.sides.append(np.sign(distance))
        apart = np.abs(distance[distance != 0])
        if apart.size:
            self.margin = min(self.margin, float(apart.min()))

    def same_sides(self, other: Run) -> bool:
        """Whether no kink lies between the two runs."""
        return all(np.array_equal(a, b) for a, b in zip(self.sides, other.sides, strict=True))


def sigmoid(x: Array) -> Array:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), 1 - 1 / (1 + np.exp(-np.abs(x))))


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def log_softmax(x: Array) -> Array:
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

_SMOOTH: Mapping[str, Callable[[Array], Array]] = {
    "gelu": lambda x: x * 0.5 * (1 + _erf(x / math.sqrt(2))),
    "gelu tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(log_softmax(x)),
    "log_softmax": log_softmax,
    "id": lambda x: x,
}


def activate(run: Run, kind: str, x: Array, args: Mapping[str, float]) -> Array:
    """One activation by its definition."""
    match kind:
        case "sigmoid":
            return sigmoid(args["beta"] * x)
        case "relu":
            run.kink(x)
            return np.where(x > 0, x, 0)
        case "relu max":
            run.kink(x)
            run.kink(x - args["max"])
            return np.clip(x, 0, args["max"])
        case "hard_swish":
            run.kink(x - 3)
            run.kink(x + 3)
            return x * np.clip(x / 6 + 0.5, 0, 1)
        case "leaky_relu":
            run.kink(x)
            return np.where(x > 0, x, args["a"] * x)
        case "elu":
            run.kink(x)
            return np.where(x > 0, x, args["a"] * np.expm1(np.minimum(x, 0)))
        case "selu":
            run.kink(x)
            return _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0)))
        case "hard_sigmoid":
            run.kink(x - 3)
            run.kink(x + 3)
            return np.clip(x / 6 + 0.5, 0, 1)
        case "hard_tanh":
            run.kink(x - 1)
            run.kink(x + 1)
            return np.clip(x, -1, 1)
    return _SMOOTH[kind](x)


def _per_feature(value: object, x: Array) -> Array:
    return np.asarray(value, x.dtype)


def apply(run: Run, step: Step, xs: list[Array], params: Mapping[str, Array]) -> Array:
    """One step's value."""
    x, attrs = (xs[0] if xs else None), step.attrs
    match step.op:
        case "dense":
            weight = params[step.params["W"]] if "W" in step.params else params[step.params["T"]].T
            return x @ weight + (params[step.params["b"]] if "b" in step.params else 0)
        case "act":
            args = {key: float(v) for key, v in attrs.items() if key != "kind"}  # type: ignore[arg-type]
            return activate(run, str(attrs["kind"]), x, args)
        case "prelu":
            run.kink(x)
            return np.where(x > 0, x, params[step.params["a"]] * x)
        case "reshape" | "flatten":
            return x.reshape(len(x), *attrs["to"])  # type: ignore[misc]
        case "scale":
            return x * _per_feature(attrs["by"], x)
        case "shift":
            return x + _per_feature(attrs["by"], x)
        case "normalize":
            return (x - _per_feature(attrs["mean"], x)) / _per_feature(attrs["std"], x)
        case "dropout":
            return x
        case "poly":
            powers = np.stack([x**k for k in range(attrs["n"] + 1)], -1)  # type: ignore[operator]
            return powers.reshape(len(x), -1)
        case "dot":
            return (xs[0] * xs[1]).sum(-1, keepdims=True)
        case "concat":
            return np.concatenate(xs, attrs["axis"])  # type: ignore[call-overload]
    return _merge(run, step.op, xs)


def _merge(run: Run, op: str, xs: list[Array]) -> Array:
    match op:
        case "merge add":
            return sum(xs[1:], xs[0])
        case "merge sub":
            return xs[0] - xs[1]
        case "merge mul":
            return math.prod(xs[1:], start=xs[0])
        case "merge mean":
            return sum(xs[1:], xs[0]) / len(xs)
        case "merge max":
            for i, a in enumerate(xs):
                for b in xs[i + 1 :]:
                    run.kink(a - b)
            return np.maximum.reduce(xs)
    raise KeyError(op)


def run(program: Program, params: Mapping[str, Array], inputs: Mapping[str, Array]) -> Run:
    """All values of a program."""
    result = Run()
    for step in program.steps:
        if step.op == "input":
            result.values.append(inputs[step.attrs["name"]])  # type: ignore[index]
            continue
        xs = [result.values[i] for i in step.inputs]
        result.values.append(apply(result, step, xs, params))
    return result


# --- losses -------------------------------------------------------------------------------


def logits_of(program: Program, term: LossTerm) -> tuple[int, float]:
    """The step a softmax or sigmoid loss starts from, and the factor its sigmoid applies."""
    step = program.steps[term.value]
    if step.op != "act":
        return term.value, 1.0
    kind = step.attrs["kind"]
    if term.kind == "crossentropy" and kind in ("softmax", "log_softmax"):
        return step.inputs[0], 1.0
    if term.kind == "bce" and kind == "sigmoid":
        return step.inputs[0], float(step.attrs["beta"])  # type: ignore[arg-type]
    return term.value, 1.0


def _crossentropy(term: LossTerm, z: Array, target: Array) -> float:
    logp, classes = log_softmax(z), z.shape[-1]
    q = np.eye(classes)[target] if term.ids else target
    smoothing = float(term.args.get("smoothing", 0))  # type: ignore[arg-type]
    q = (1 - smoothing) * q + smoothing / classes
    weights = np.asarray(term.args.get("weights", np.ones(classes)))
    total = -(weights * q * logp).sum()
    rows = logp.size / classes
    if term.ids and "weights" in term.args:
        rows = weights[target].sum()
    return float({"mean": total / rows, "batchmean": total / len(z), "sum": total}[term.reduction])


def _hinge(result: Run, term: LossTerm, z: Array, target: Array) -> float:
    if not term.ids:
        result.kink(1 - target * z)
        return _reduced(term, np.maximum(0, 1 - target * z))
    right = np.take_along_axis(z, target[..., None], -1)
    margin = 1 - right + z
    np.put_along_axis(margin, target[..., None], 0, -1)
    result.kink(margin)
    return _reduced(term, np.maximum(0, margin).sum(-1) / z.shape[-1])


def _reduced(term: LossTerm, each: Array) -> float:
    total = each.sum()
    return float(
        {"mean": total / each.size, "batchmean": total / len(each), "sum": total}[term.reduction]
    )


def one_loss(result: Run, program: Program, term: LossTerm, target: Array) -> float:
    """One loss statement's value, without its weight."""
    start, factor = logits_of(program, term)
    z = result.values[start] * factor
    match term.kind:
        case "crossentropy":
            return _crossentropy(term, z, target)
        case "bce":
            positive = np.asarray(term.args.get("pos_weight", 1))
            each = positive * target * softplus(-z) + (1 - target) * softplus(z)
            return _reduced(term, each)
        case "hinge":
            return _hinge(result, term, z, target)
        case "kl":
            return _reduced(term, target * (np.log(np.where(target > 0, target, 1)) - z))
        case "poisson":
            return _reduced(term, np.exp(z) - target * z)
    error = z - target
    match term.kind:
        case "mse":
            return _reduced(term, error**2)
        case "mae":
            result.kink(error)
            return _reduced(term, np.abs(error))
        case "huber":
            delta = float(term.args.get("delta", 1))  # type: ignore[arg-type]
            result.kink(np.abs(error) - delta)
            small = np.abs(error) <= delta
            return _reduced(
                term, np.where(small, error**2 / 2, delta * (np.abs(error) - delta / 2))
            )
        case "quadratic":
            total = float((error**2).sum() / 2)
            return total if term.reduction == "sum" else total / len(error)
    raise KeyError(term.kind)


def total_loss(
    program: Program,
    params: Mapping[str, Array],
    inputs: Mapping[str, Array],
    targets: Mapping[str, Array],
) -> tuple[float, Run]:
    """The whole loss with its penalties, and the run it was computed from."""
    result = run(program, params, inputs)
    total = 0.0
    for term in program.losses:
        total += term.weight * one_loss(result, program, term, targets[term.on])
    for name in program.weights:
        w = params[name]
        if program.l1:
            result.kink(w)
        total += program.l1 * float(np.abs(w).sum()) + program.l2 / 2 * float((w**2).sum())
    return total, result
