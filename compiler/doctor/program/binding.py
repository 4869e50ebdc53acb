"""Values for the arguments of the user's functions, by the arguments' names."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..intake.words import Kind, read
from ..interpreter import Array

DICTS = ("params", "parameters", "weights_dict", "theta", "p", "model", "net")
WEIGHT_LISTS, BIAS_LISTS = ("weights", "ws", "w"), ("biases", "bs", "b")
CACHES = ("cache", "caches", "memory", "forward_cache", "activations", "out", "outs", "c")
RATES = ("lr", "alpha", "learning_rate", "eta", "rate", "step_size")
COUNTS = ("m", "n", "batch_size", "n_samples", "batch")
SIZES = ("sizes", "layers", "layer_sizes", "layer_dims", "dims", "layers_dims", "widths")
RATE = 0.1


class CannotCall(Exception):
    """A function has an unknown argument, named in the message."""


@dataclass
class Known:
    """All that arguments may be: arrays by name, the numbers of layers, what forward has given, the rate."""

    arrays: dict[str, Array]
    widths: list[int]
    cache: Any = None
    more: dict[str, Any] = field(default_factory=dict)
    rate: float = RATE

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name: W1, b1, ..."""
        return {n: a for n, a in self.arrays.items() if n[0] in "Wb" and n[1:].isdigit()}

    def call(self, function: Callable[..., Any]) -> Any:
        """Call a function with the values for the names of its arguments."""
        words = {}
        for name, param in inspect.signature(function).parameters.items():
            if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD):
                continue
            value = self.value(name)
            if value is not None:
                words[name] = value
            elif param.default is param.empty:
                title = getattr(function, "__name__", "it")
                raise CannotCall(f"{title}() wants {name!r}, which is not known")
        positional = [
            words.pop(n)
            for n, p in inspect.signature(function).parameters.items()
            if p.kind is p.POSITIONAL_ONLY and n in words
        ]
        return function(*positional, **words)

    def value(self, name: str) -> Any:
        """Return the value for an argument's name, or None if it is unknown."""
        lower = name.lower()
        if name in self.more or lower in self.more:
            return self.more.get(name, self.more.get(lower))
        if lower in SIZES:
            return list(self.widths)
        if lower in RATES:
            return self.rate
        if lower in COUNTS:
            return len(self.arrays["X"])
        if lower in CACHES and self.cache is not None:
            return self.cache
        if lower in WEIGHT_LISTS + BIAS_LISTS and len(self.params) > 2:
            letter = "W" if lower in WEIGHT_LISTS else "b"
            return [a for n, a in self.params.items() if n[0] == letter]
        if lower in DICTS:
            return self.params
        return self._array(name)

    def _array(self, name: str) -> Any:
        word = read(name)
        if word is None or word.gradient:
            return _width(name, self.widths)
        match word.kind:
            case Kind.INPUT:
                return self.arrays["X"]
            case Kind.A if word.index in (None, 0) and self.cache is None:
                return self.arrays["X"]
            case Kind.TARGET | Kind.Y:
                return self.arrays["Y"]
            case Kind.WEIGHT | Kind.BIAS:
                letter = "W" if word.kind is Kind.WEIGHT else "b"
                last = len(self.widths) - 1
                at = word.index or {"first": 1, "last": last}.get(word.place, 1)
                return self.arrays.get(f"{letter}{at}")
            case Kind.OUTPUT if self.cache is not None:
                return output_of(self.cache)
        return None


def _width(name: str, widths: list[int]) -> int | None:
    """Return the number of units for an argument such as `hidden_size`."""
    lower = name.lower()
    if "hid" in lower and len(widths) == 3:
        return widths[1]
    if lower.startswith(("n_x", "in", "n_in", "num_in", "d_in")):
        return widths[0]
    if lower.startswith(("n_y", "out", "n_out", "num_out", "num_class", "n_class", "d_out")):
        return widths[-1]
    return widths[1] if lower.startswith("n_h") and len(widths) == 3 else None


def output_of(found: Any) -> Any:
    """Return the output in the result of forward: the array itself, the first of a pair with a
    cache, else the last of several."""
    if isinstance(found, tuple) and found:
        paired = len(found) == 2 and isinstance(found[1], dict | tuple | list)
        return found[0] if paired else found[-1]
    if isinstance(found, list) and found:
        return found[-1]
    return found


def named(
    found: Any, function: Callable[..., Any] | None, lead: str = ""
) -> Iterator[tuple[str, Array]]:
    """Yield the arrays in a function's result, by keys or by the names in its `return`."""
    if isinstance(found, Mapping):
        for key, value in found.items():
            yield from named(value, None, f'{lead}["{key}"]' if lead else str(key))
    elif isinstance(found, list | tuple):
        names = returned(function, len(found)) if function else []
        for i, value in enumerate(found):
            yield from named(
                value, None, names[i] if names else f"{lead}[{i}]" if lead else f"out[{i}]"
            )
    elif isinstance(found, np.ndarray | np.generic | float | int) and not isinstance(found, bool):
        names = [] if lead or function is None else returned(function, 1)
        array = np.asarray(found)
        if array.dtype.kind in "fiub":
            yield lead or (names[0] if names else "out"), array


def returned(function: Callable[..., Any], count: int) -> list[str]:
    """Return the names in a function's last `return` of `count` values; [] if not all are names."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    for node in reversed([n for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]):
        parts = node.value.elts if isinstance(node.value, ast.Tuple | ast.List) else [node.value]
        names = [name for part in parts if (name := _name(part))]
        if len(names) == len(parts) == count:
            return names
    return []


def _name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
