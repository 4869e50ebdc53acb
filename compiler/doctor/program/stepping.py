"""Parameters after one step, from somebody's function called step, update or the like."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..intake.words import read
from ..interpreter import Array
from .binding import Known, named

STEP = (
    *(
        "step",
        "update",
        "sgd",
        "sgd_step",
        "gradient_step",
        "optimizer_step",
        "gradient_descent_step",
    ),
    *("update_parameters", "update_params", "update_weights", "apply_gradients", "sgd_update"),
)
GRADIENTS = ("grads", "gradients", "gradient", "grad", "g", "nabla")


def after_step(
    module: Mapping[str, Any], gradients: Mapping[str, Array], known: Known
) -> dict[str, Array]:
    """What a module's step makes of the parameters, as W1_new and so on; {} where it cannot be had.

    `gradients` are those that the module itself has computed. A step may change arrays in place.
    """
    function = next((module[n] for n in STEP if callable(module.get(n))), None)
    if function is None or inspect.isclass(function):
        return {}
    before = {n: a.copy() for n, a in known.params.items()}
    taken = Known({**known.arrays, **before}, known.widths, known.cache, rate=known.rate)
    own = {n: np.array(a) for n, a in gradients.items()}
    taken.more = {**own, **dict.fromkeys(GRADIENTS, own)}
    try:
        made = dict(named(taken.call(function), function))
    except Exception:  # it is not what was asked
        return {}
    return _as_new(made, known.params, before, function)


def _as_new(
    made: Mapping[str, Array],
    params: Mapping[str, Array],
    changed: Mapping[str, Array],
    function: Callable[..., Any],
) -> dict[str, Array]:
    """The new parameters, by what is given back or by what has changed in place."""
    found = {_parameter(name): array for name, array in made.items()}
    if set(found) <= set(params) and found:
        return {f"{name}_new": array for name, array in found.items()}
    if len(made) == len(params):
        return {f"{n}_new": a for n, a in zip(params, made.values(), strict=True)}
    return {f"{n}_new": a for n, a in changed.items() if not np.array_equal(a, params[n])}


def _parameter(name: str) -> str:
    """W1 of W1, new_W1 and params["W1"]; the empty text of what is no parameter."""
    word = read(name)
    if word is None or word.gradient or word.kind.value not in ("weights", "bias"):
        return ""
    return f"{'W' if word.kind.value == 'weights' else 'b'}{word.index or 1}"
