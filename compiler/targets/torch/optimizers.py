"""The optimizers of torch.optim, for the settings with which they compute what nnc's compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...ir.layer_graph import Setting
from ..text import number

Arguments = Mapping[str, Any]
Call = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""A class of torch.optim, its arguments here, and their defaults there."""


def _sgd(a: Arguments) -> Call | None:
    """PyTorch refuses Nesterov's variant with dampening; without momentum both say nothing."""
    nesterov = bool(a["nesterov"] and a["momentum"])
    if nesterov and a["dampening"]:
        return None
    given = {**_some(a, "momentum", "dampening", "weight_decay"), "nesterov": nesterov}
    return "SGD", given, {**dict.fromkeys(given, 0.0), "nesterov": False}


def _adam(name: str, decay: float) -> Callable[[Arguments], Call | None]:
    def call(a: Arguments) -> Call | None:
        if not a["correction"]:
            return None
        given = {"betas": (a["beta1"], a["beta2"]), **_some(a, "eps", "weight_decay", "amsgrad")}
        usual = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": decay, "amsgrad": False}
        return name, given, usual

    return call


def _rmsprop(a: Arguments) -> Call:
    given = _some(a, "alpha", "eps", "weight_decay", "momentum", "centered")
    usual = {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False}
    return "RMSprop", given, usual


def _adagrad(a: Arguments) -> Call:
    given = {**_some(a, "lr_decay", "weight_decay", "eps"), "initial_accumulator_value": a["start"]}
    usual = {"lr_decay": 0.0, "weight_decay": 0.0, "eps": 1e-10, "initial_accumulator_value": 0.0}
    return "Adagrad", given, usual


def _adadelta(a: Arguments) -> Call:
    return (
        "Adadelta",
        _some(a, "rho", "eps", "weight_decay"),
        {"rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    )


LIBRARY: dict[str, Callable[[Arguments], Call | None]] = {
    "sgd": _sgd,
    "adam": _adam("Adam", 0.0),
    "adamw": _adam("AdamW", 1e-2),
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
}
"""By nnc's kind. NAdam is not among them: PyTorch keeps its product of momenta in single precision."""


def library_call(setting: Setting) -> str:
    """Return the optimizer as `torch.optim.SGD(…, momentum=0.9)` without its parameters and rate.

    Empty where torch.optim has none that computes the same; the text ends behind the arguments
    that follow the rate."""
    kind = LIBRARY.get(setting.kind)
    call = kind(setting.args) if kind else None
    if call is None:
        return ""
    name, given, usual = call
    words = [f", {k}={_text(v)}" for k, v in given.items() if v != usual[k]]
    return f"torch.optim.{name}(groups, lr=rate{''.join(words)})"


def _some(a: Arguments, *names: str) -> dict[str, Any]:
    return {name: a[name] for name in names}


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return repr(value) if isinstance(value, bool) else number(float(value))
