"""Finds the forward and backward pass in the user's module, calls them, collects the arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..intake.words import read
from ..interpreter import Array
from .binding import CannotCall, Known, named, output_of
from .stepping import after_step

ADAPTER = "doctor"
FORWARD = (
    *("forward", "forward_pass", "forward_prop", "forward_propagation", "feedforward"),
    *("feed_forward", "predict"),
)
BACKWARD = (
    *("gradients", "backward", "backprop", "backward_pass", "backward_prop"),
    *("backward_propagation", "back_propagation", "backpropagation", "compute_gradients"),
    *("get_gradients", "grad", "gradient", "grads", "loss_and_gradients", "train_step"),
    "train_on_batch",
)
LOSS = ("loss", "cost", "compute_loss", "compute_cost", "loss_fn", "cost_function")


def arrays_of(module: Mapping[str, Any], known: Known) -> dict[str, Array]:
    """Call a program once and return its arrays. Raises CannotCall if nothing can be called."""
    adapter = module.get(ADAPTER)
    if callable(adapter):
        found = adapter(known.params, known.arrays["X"], known.arrays["Y"])
        return _adapted(dict(named(found, adapter)), known)
    backward = _first(module, BACKWARD)
    if backward is not None and not inspect.isclass(backward):
        return _of_functions(module, backward, known)
    for value in list(module.values()):
        own = inspect.isclass(value) and value.__module__ == module.get("__name__")
        if own and any(callable(getattr(value, n, None)) for n in BACKWARD):
            return _of_class(value, known)
    raise CannotCall(
        f"there is no function or method called {', '.join(BACKWARD[:3])} or the like, and no "
        "function doctor(params, x, target)"
    )


def _adapted(made: dict[str, Array], known: Known) -> dict[str, Array]:
    """Return an adapter's results and arguments; its own weights replace the given ones."""
    own = any(_is_param(name) and name not in known.params for name in made)
    own |= any(name in known.params and f"d{name}" in made for name in made)
    given = {n: a for n, a in known.arrays.items() if not own or n in "XY"}
    return {**given, **(made if own else _gradients(made, known))}


def _first(owner: Any, names: tuple[str, ...]) -> Any:
    """Return the first of these functions that a module or an object has."""
    for name in names:
        found = owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)
        if callable(found):
            return found
    return None


def _of_functions(
    module: Mapping[str, Any], backward: Callable[..., Any], known: Known
) -> dict[str, Array]:
    arrays = dict(known.arrays)
    forward = _first(module, FORWARD)
    if forward is not None and (given := _tried(forward, known)) is not None:
        known.cache = _cache(given)
        values = dict(named(given, forward))
        known.more.update({n: v for n, v in values.items() if read(n) or n.isidentifier()})
        known.more.setdefault("yhat", output_of(given))
        arrays |= {n: v for n, v in values.items() if _is_value(n)}
    found = known.call(backward)
    made = dict(named(found, backward))
    if not any((w := read(n)) and w.gradient for n in made) and len(made) == len(known.params):
        made = dict(zip(known.params, made.values(), strict=True))
    gradients = _gradients(made, known)
    arrays |= gradients | after_step(module, gradients, known)
    loss = _first(module, LOSS)
    if loss is not None and loss is not backward:
        arrays |= _loss(loss, known)
    return arrays


def _tried(forward: Callable[..., Any], known: Known) -> Any:
    """Return forward's result; None if its arguments are unknown, as backward may not need it."""
    try:
        return known.call(forward)
    except CannotCall:
        return None


def _cache(given: Any) -> Any:
    """Return backward's cache in forward's result: the dict beside the output, or all of it."""
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], dict | tuple | list):
        return given[1]
    return given


def _loss(loss: Callable[..., Any], known: Known) -> dict[str, Array]:
    """Return the loss if it can be computed; it is optional."""
    try:
        value = np.asarray(known.call(loss))
    except Exception:
        return {}
    return {"loss": value} if value.size == 1 and value.dtype.kind == "f" else {}


def _of_class(kind: type, known: Known) -> dict[str, Array]:
    """Make an object of a class, with its own weights, or ours if it has their names."""
    network = known.call(kind)
    before = {n: a.copy() for n, a in _attributes(network)}
    own = {n: a for n, a in before.items() if (w := read(n)) and not w.gradient and _is_param(n)}
    known.arrays = {n: a for n, a in known.arrays.items() if n in "XY"}
    known.arrays |= {n: a.copy() for n, a in own.items()}
    forward = _first(network, FORWARD)
    arrays = dict(known.arrays)
    if forward is not None and (given := _tried(forward, known)) is not None:
        known.cache = _cache(given)
        known.more.update({"yhat": output_of(given), "output": output_of(given)})
        arrays |= {n: v for n, v in named(given, forward) if _is_value(n)}
    backward = _first(network, BACKWARD)
    made = dict(named(known.call(backward), backward))
    for name, value in _attributes(network):
        if name not in own:
            arrays[name] = value
        elif not np.array_equal(value, own[name]):
            arrays[f"{name}_new"] = value
    return {**arrays, **_gradients(made, known)}


def _attributes(network: Any) -> Iterator[tuple[str, Array]]:
    for name, value in vars(network).items():
        if not np.isscalar(value):
            yield from named(value, None, name)


def _is_param(name: str) -> bool:
    word = read(name)
    return word is not None and word.kind.value in ("weights", "bias") and not word.after


def _is_value(name: str) -> bool:
    word = read(name)
    return word is not None and not _is_param(name) and name not in ("X", "Y", "y")


def _gradients(made: dict[str, Array], known: Known) -> dict[str, Array]:
    """Return the results of a backward pass; a gradient may have the name of its parameter."""
    own = known.arrays.keys() - {"X", "Y"}
    return {f"d{n}" if n in own else n: a for n, a in made.items()}
