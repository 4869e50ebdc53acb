"""Wrong steps from right gradients: the direction, momentum, Adam's corrections, decay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...ops.elementwise import scale
from ...optimizers import OPTIMIZERS
from ..anatomy import Anatomy
from ..rewriting import Edit
from ..stepping import EditBuilder, Step, update
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import places

Stepped = Callable[[Edit, str], int]
"""Makes a node of another step for a parameter."""


def step_of(anatomy: Anatomy) -> Step:
    """The right step; only where parameters after it are judged."""
    assert anatomy.step is not None
    return anatomy.step


def changed(anatomy: Anatomy, **args: Any) -> Stepped:
    """A step with other arguments."""
    step = step_of(anatomy)
    return stepping(anatomy, replace(step, args={**step.args, **args}))


def stepping(anatomy: Anatomy, step: Step) -> Stepped:
    """The optimizer's formula with another step's numbers."""

    def made(edit: Edit, name: str) -> int:
        build = EditBuilder(edit, anatomy.after[name])
        param = anatomy.reference.tensors[name]
        return update(build, step, name, param, anatomy.params[name]).id

    return made


def step_sites(
    anatomy: Anatomy,
    what: str,
    wrong: str,
    right: str,
    made: Stepped,
    rank: int = 0,
    names: Collection[str] | None = None,
) -> Iterator[Site]:
    """A mistake in the step of one parameter, of those of a layer, of all."""
    chosen = [n for n in anatomy.after if names is None or n in names]
    for layer, group, extra in places(anatomy, chosen):
        nodes = tuple(anatomy.after[name] for name in group)
        text = what.replace("NAMES", _names(group))
        # the same mistake is made of all parameters at once, or of one: seldom of one layer
        alone = 1 if len(group) < len(chosen) else 0
        change = _for_each(anatomy, group, made)
        yield Site(layer, nodes, text, wrong, right, change, rank=rank + extra + alone)


def _names(group: Sequence[str]) -> str:
    return group[0] if len(group) == 1 else f"{', '.join(group[:-1])} and {group[-1]}"


def _for_each(anatomy: Anatomy, group: Sequence[str], made: Stepped) -> Change:
    def change(edit: Edit) -> None:
        for name in group:
            edit.become(anatomy.after[name], made(edit, name))

    return change


def _ascent(anatomy: Anatomy) -> Iterator[Site]:
    if anatomy.step is None:
        return
    made = stepping(anatomy, replace(anatomy.step, rate=-anatomy.step.rate))
    what = "the step of NAMES goes up the gradient: it is added where it is taken off"
    yield from step_sites(anatomy, what, "W = W + lr·dW", "W = W − lr·dW", made)


def _no_update(anatomy: Anatomy) -> Iterator[Site]:
    if anatomy.step is None:
        return

    def made(edit: Edit, name: str) -> int:
        return edit.times(anatomy.reference.tensors[name], 1.0)

    what = "NAMES is what it was before the step"
    # of one parameter it is as plain as of all: what is not stepped does not change
    yield from step_sites(anatomy, what, "w = W;  w = w − lr·dW", "W = W − lr·dW", made, -1)


# --- momentum -----------------------------------------------------------------------------


def _with_velocity(anatomy: Anatomy) -> bool:
    return anatomy.step is not None and bool(anatomy.step.number("momentum"))


def _velocity_step(anatomy: Anatomy, old: float, new: float, rate: float) -> Stepped:
    """p − rate·(old·v + new·g)."""

    def made(edit: Edit, name: str) -> int:
        build = EditBuilder(edit, anatomy.after[name])
        v = build.value(step_of(anatomy).slots[name]["velocity"])
        g, p = build.value(anatomy.params[name]), build.value(anatomy.reference.tensors[name])
        return (p - scale(scale(v, old) + scale(g, new), rate)).id

    return made


def _momentum_sign(anatomy: Anatomy) -> Iterator[Site]:
    if not _with_velocity(anatomy):
        return
    mu, lr = step_of(anatomy).number("momentum"), step_of(anatomy).rate
    right = "v = μ v + g;  W = W − lr·v"
    forms = (("v = μ v − g;  W = W − lr·v", mu, -1.0), ("v = g − μ v;  W = W − lr·v", -mu, 1.0))
    for wrong, old, new in forms:
        what = f"the velocity of NAMES adds two parts of opposite signs: {wrong.split(';')[0]}"
        yield from step_sites(anatomy, what, wrong, right, _velocity_step(anatomy, old, new, lr))


def _momentum_rate(anatomy: Anatomy) -> Iterator[Site]:
    if not _with_velocity(anatomy):
        return
    mu, lr = step_of(anatomy).number("momentum"), step_of(anatomy).rate
    right = "v = μ v + g;  W = W − lr·v"
    forms = (
        ("v = μ v + lr·g;  W = W − lr·v", mu, lr, lr, 0),
        ("v = μ v + g;  W = W − v", mu, 1.0, 1.0, 0),
        ("v = μ v + (1 − μ) g;  W = W − lr·v", mu, 1 - mu, lr, 0),
        ("v = μ v + lr·g;  W = W − v", mu, lr, 1.0, 0),
        ("v = v + g;  W = W − lr·v", 1.0, 1.0, lr, 1),
        ("W = W − lr·g, without the velocity", 0.0, 1.0, lr, 1),
        ("v = (1 − μ) v + μ g;  W = W − lr·v", 1 - mu, mu, lr, 1),
    )
    for wrong, old, new, rate, rank in forms:
        what = f"momentum and rate are not applied to NAMES as they should be: {wrong}"
        made = _velocity_step(anatomy, old, new, rate)
        yield from step_sites(anatomy, what, wrong, right, made, rank)


# --- Adam ---------------------------------------------------------------------------------


def _adam(anatomy: Anatomy) -> bool:
    return anatomy.step is not None and anatomy.step.kind.name in ("adam", "adamw")


def _no_correction(anatomy: Anatomy) -> Iterator[Site]:
    if not _adam(anatomy) or not step_of(anatomy).args["correction"]:
        return
    wrong, right = "W = W − lr·m / (√v + ε)", "W = W − lr·m̂ / (√v̂ + ε)"
    what = "m and v of NAMES are taken as they are, not divided by 1 − βᵗ"
    made = changed(anatomy, correction=False)
    yield from step_sites(anatomy, what, wrong, right, made)
    first, root = _share(step_of(anatomy), "beta1"), _share(step_of(anatomy), "beta2") ** 0.5
    eps = step_of(anatomy).number("eps")
    for slot, factor, small in (("m", first, eps), ("v", 1 / root, eps / root)):
        what = f"{slot} of NAMES is not divided by 1 − βᵗ"
        half = _half_corrected(anatomy, factor, small)
        yield from step_sites(anatomy, what, f"{slot} for {slot}̂", right, half, 1)


def _share(step: Step, share: str) -> float:
    """1 − βᵗ."""
    return float(1.0 - step.number(share) ** step.count)


def _half_corrected(anatomy: Anatomy, factor: float, eps: float) -> Stepped:
    """A step so many times as large, with another ε: one of the two corrections undone."""
    step = step_of(anatomy)
    args = {**step.args, "eps": eps}
    return stepping(anatomy, replace(step, rate=step.rate * factor, args=args))


def _epsilon(anatomy: Anatomy) -> Iterator[Site]:
    if not _adam(anatomy):
        return
    eps, right = step_of(anatomy).number("eps"), "lr·m̂ / (√v̂ + ε)"
    inside = "ε stands under the root in the step of NAMES"
    made = _under_root(anatomy, eps)
    yield from step_sites(anatomy, inside, "lr·m̂ / √(v̂ + ε)", right, made)
    for other in (1e-8, 1e-7, 1e-6, 1e-5, 1e-3, 0.0):
        if other != eps:
            what = f"ε is {other:g} in the step of NAMES, not {eps:g}"
            made = changed(anatomy, eps=other)
            yield from step_sites(anatomy, what, f"ε = {other:g}", f"ε = {eps:g}", made, 1)
    what = "ε is added before √v is corrected in the step of NAMES"
    made = changed(anatomy, eps=eps / _share(step_of(anatomy), "beta2") ** 0.5)
    yield from step_sites(anatomy, what, "lr·m̂ / ((√v + ε) / √(1 − β₂ᵗ))", right, made, 1)


def _under_root(anatomy: Anatomy, eps: float) -> Stepped:
    step = step_of(anatomy)
    first, second = step.number("beta1"), step.number("beta2")

    def made(edit: Edit, name: str) -> int:
        build = EditBuilder(edit, anatomy.after[name])
        p, g = build.value(anatomy.reference.tensors[name]), build.value(anatomy.params[name])
        m, v = (build.value(step.slots[name][slot]) for slot in ("m", "v"))
        decay = step.decay_of(name)
        if decay and step.kind.name == "adam":
            g = g + scale(p, decay)
        if decay and step.kind.name == "adamw":
            p = scale(p, 1 - step.rate * decay)
        m = scale(m, first) + scale(g, 1 - first)
        v = scale(v, second) + scale(build.emit("square", g), 1 - second)
        corrected = bool(step.args["correction"])
        m = scale(m, 1 / _share(step, "beta1")) if corrected else m
        v = scale(v, 1 / _share(step, "beta2")) if corrected else v
        small = build.value(edit.number(anatomy.after[name], eps))
        return (p - scale(m / build.emit("sqrt", v + small), step.rate)).id

    return made


def _extra_step(anatomy: Anatomy) -> Iterator[Site]:
    if not _adam(anatomy) or not step_of(anatomy).args["correction"]:
        return
    step, right = step_of(anatomy), "t counts steps: 1 in the first"
    for count in dict.fromkeys((step.count + 1, step.count - 1, 1)):
        if count not in (step.count, 0):
            what = f"t is {count} in step {step.count} of NAMES"
            made = stepping(anatomy, replace(step, count=count))
            rank = int(count != step.count + 1)
            yield from step_sites(anatomy, what, f"t = {count}", right, made, rank)
    yield from _counted_by_parameter(anatomy)


def _counted_by_parameter(anatomy: Anatomy) -> Iterator[Site]:
    """t goes up with every array instead of every step."""
    step, names = step_of(anatomy), list(anatomy.after)
    orders: Mapping[str, list[str]] = {"first": names, "last": names[::-1]}
    for end, order in orders.items():

        def change(edit: Edit, order: list[str] = order) -> None:
            for at, name in enumerate(order):
                count = (step.count - 1) * len(order) + at + 1
                made = stepping(anatomy, replace(step, count=count))
                edit.become(anatomy.after[name], made(edit, name))

        nodes = tuple(anatomy.after.values())
        what = f"t goes up with every array, from the {end} one on, where it should with every step"
        yield Site("", nodes, what, "for each W: t += 1", "t += 1, once a step", change, rank=1)


# --- weight decay -------------------------------------------------------------------------


def _coupled(anatomy: Anatomy) -> Iterator[Site]:
    if not _adam(anatomy) or not step_of(anatomy).number("weight_decay"):
        return
    step = step_of(anatomy)
    other = "adam" if step.kind.name == "adamw" else "adamw"

    made = stepping(anatomy, replace(step, kind=OPTIMIZERS[other]))
    texts = ("g = g + λ W, then divided by √v̂", "W = (1 − lr·λ) W, apart from g")
    wrong, right = texts if other == "adam" else texts[::-1]
    what = f"the weight decay of NAMES is that of {other}, but the optimizer is {step.kind.name}"
    yield from step_sites(anatomy, what, wrong, right, made)


hypothesis(
    Hypothesis(
        "ascent",
        "the step goes up the gradient",
        "The gradient points to where the loss rises. A step down subtracts it; a step that adds it "
        "makes the loss rise from the first step on.",
        "W += lr * dW",
        "W -= lr * dW",
        _ascent,
        0,
    )
)
hypothesis(
    Hypothesis(
        "no-update",
        "parameters are not updated",
        "A function that binds a local name, as in W = W - lr * dW, leaves the caller's array as it "
        "was; so does a loop over copies. Update in place with W -= lr * dW, or give the new arrays "
        "back and use them.",
        "for W, dW in zip(weights, grads): W = W - lr * dW",
        "for W, dW in zip(weights, grads): W -= lr * dW",
        _no_update,
        0,
    )
)
hypothesis(
    Hypothesis(
        "momentum-sign",
        "the velocity and the gradient have opposite signs",
        "The velocity is either a sum of gradients that is subtracted, v = μ v + g and W −= lr·v, or a "
        "sum of steps that is added, v = μ v − lr·g and W += v. Mixing the two climbs, or brakes.",
        "v = mu * v - dW;  W -= lr * v",
        "v = mu * v + dW;  W -= lr * v",
        _momentum_sign,
        0,
    )
)
hypothesis(
    Hypothesis(
        "momentum-rate",
        "momentum or the learning rate is applied in the wrong place",
        "The learning rate belongs into the step once: into the velocity or before it, not into both "
        "or neither. The plain velocity adds the whole gradient; with (1 − μ) before it, it is a mean, "
        "and steps are as much smaller.",
        "v = mu * v + lr * dW;  W -= lr * v",
        "v = mu * v + dW;  W -= lr * v",
        _momentum_rate,
        2,
    )
)
hypothesis(
    Hypothesis(
        "adam-no-correction",
        "Adam's means are not corrected for having started at zero",
        "m and v start at zero and come near the true means only slowly. Divided by 1 − βᵗ, they have "
        "the right size from the first step on. Without it, first steps are too large or too small.",
        "W -= lr * m / (np.sqrt(v) + eps)",
        "W -= lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)",
        _no_correction,
        1,
    )
)
hypothesis(
    Hypothesis(
        "adam-epsilon",
        "ε stands in another place, or has another size",
        "ε is added to √v̂, after the root and after the correction. Under the root it has a far "
        "larger effect: √(1e-8) is 1e-4.",
        "W -= lr * mhat / np.sqrt(vhat + eps)",
        "W -= lr * mhat / (np.sqrt(vhat) + eps)",
        _epsilon,
        3,
    )
)
hypothesis(
    Hypothesis(
        "adam-extra-step",
        "Adam's step count is not the number of the step",
        "t is 1 in the first step. It goes up once a step, before it is used, and not once for every "
        "array.",
        "for W, dW in pairs: t += 1; ...",
        "t += 1; for W, dW in pairs: ...",
        _extra_step,
        2,
    )
)
hypothesis(
    Hypothesis(
        "weight-decay-coupled",
        "weight decay goes through the gradient, or should and does not",
        "In AdamW every parameter shrinks by lr·λ, whatever its gradient is. Added to the gradient, as "
        "in Adam with a penalty, the decay is divided by √v̂ like the rest, so that parameters with "
        "large gradients hardly shrink.",
        "dW += wd * W;  # then Adam's step",
        "W -= lr * wd * W;  # beside Adam's step",
        _coupled,
        1,
    )
)
