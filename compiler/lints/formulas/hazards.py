"""NN350 to NN353: formulas (`fn`) that may give inf or NaN, by the ranges of their parts.

Of each use of a formula, because a sigmoid before it makes `log(z)` right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from ...diagnostics.codes import lints as codes
from ...diagnostics.model import Diagnostic, Label
from ...ir.formula import FORMULA, TARGET, Formula
from ...ir.layer_graph import ArgValue
from ...kinds.formula.hazards import Hazard, hazards
from ...kinds.formula.kind import formula_of
from ...kinds.formula.ranges import ANY, KINDS, POSITIVE, Range
from ...kinds.layer import Family
from ...source import Span
from ..network import Network, Step

LARGEST = {"float32": 88.7, "float64": 709.8}
"""From where exp is inf."""

LONG = 40
"""Characters of a formula's part that a message repeats."""


def formula_hazards(network: Network) -> Iterator[Diagnostic]:
    """Warn of logarithms, divisions, roots and exponentials of what may be out of their domain."""
    uses = _Uses(network)
    for layer in network.graph.layers:
        for span, args in _formulas_of(network, layer.id):
            yield from uses.findings(span, args, uses.before(layer.id, args), loss=False)
    for loss in network.graph.losses:
        args = loss.setting.args
        if FORMULA in args:
            given = [uses.of_value(id) for id in loss.layers]
            yield from uses.findings(loss.setting.span, args, given, loss=True)


def _formulas_of(network: Network, id: int) -> Iterator[tuple[Span, Mapping[str, ArgValue]]]:
    layer = network.layers[id]
    if FORMULA in layer.args:
        yield layer.span, layer.args
    if layer.activation is not None and FORMULA in layer.activation.args:
        yield layer.activation.span, layer.activation.args


class _Uses:
    """The ranges of values, each found once."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.known: dict[int, Range] = {}

    def findings(
        self, span: Span, args: Mapping[str, ArgValue], given: list[Range], *, loss: bool
    ) -> Iterator[Diagnostic]:
        """The findings in one use of a formula."""
        formula, numbers = formula_of(args)
        for hazard in hazards(formula, _placed(formula, given), numbers, loss=loss)[0]:
            yield _finding(hazard, span, self.network.graph.dtype)

    def before(self, id: int, args: Mapping[str, ArgValue]) -> list[Range]:
        """The ranges of the values that a stage or an activation takes."""
        layer = self.network.layers[id]
        if layer.activation is not None and args is layer.activation.args:
            return [KINDS.get(layer.kind, ANY)]
        return [self.of_value(i) for i in layer.inputs]

    def of_value(self, id: int) -> Range:
        """The range of a layer's value, by the last step that changes its numbers."""
        if id not in self.known:
            self.known[id] = ANY  # of layers far back in a chain of formulas
            step = next((s for s in self.network.steps(id) if s.family is not Family.SHAPE), None)
            self.known[id] = ANY if step is None else self._of_step(step)
        return self.known[id]

    def _of_step(self, step: Step) -> Range:
        if FORMULA in step.args:
            formula, numbers = formula_of(step.args)
            given = self.before(step.layer.id, step.args)
            return hazards(formula, _placed(formula, given), numbers, loss=False)[1]
        if step.kind == "relu" and step.args.get("max") is not None:
            return Range(0.0, float(str(step.args["max"])))
        return KINDS.get(step.kind, ANY)


def _placed(formula: Formula, given: list[Range]) -> list[Range]:
    """The ranges in the order of the formula's values; targets are taken to suit it."""
    left = iter(given)
    return [POSITIVE if name == TARGET else next(left) for name in formula.values]


# --- words --------------------------------------------------------------------------------


def _finding(hazard: Hazard, use: Span, dtype: str) -> Diagnostic:
    make = {"log": _log, "/": _division, "sqrt": _root, "exp": _exponential}[hazard.what]
    found = make(hazard, _short(hazard.operand.text), dtype)
    labels = [] if use == hazard.span else [Label(use, "computed here")]
    return found(labels)


Made = Callable[[list[Label]], Diagnostic]

BRANCH = (
    "`where` computes both branches; the gradient of the one that is not chosen is 0 · inf, or NaN"
)


def _notes(hazard: Hazard, otherwise: str) -> list[str]:
    return [BRANCH if hazard.branch else otherwise]


def _help(hazard: Hazard, inside: str, otherwise: str) -> str:
    return f"choose inside: `{inside}`" if hazard.branch else otherwise


def _can_be(hazard: Hazard) -> str:
    return "can be 0 or negative" if hazard.range.low < 0 else "can be 0"


def _log(hazard: Hazard, x: str, dtype: str) -> Made:
    better = f"{x} + 1e-8" if hazard.range.low >= 0 else f"max({x}, 1e-8)"
    return lambda labels: codes.LOG_DOMAIN.at(
        hazard.span,
        f"a logarithm of `{x}`, which {_can_be(hazard)}",
        here="-inf for 0, NaN for negative numbers" if hazard.range.low < 0 else "-inf for 0",
        labels=labels,
        notes=_notes(hazard, "one such entry makes the loss or its gradients inf or NaN"),
        help=_help(hazard, f"log(where(…, {x}, 1))", f"take it of `{better}`"),
    )


def _division(hazard: Hazard, x: str, dtype: str) -> Made:
    better = f"{x} + 1e-8" if hazard.range.low >= 0 else f"max(abs({x}), 1e-8)"
    return lambda labels: codes.ZERO_DIVISION.at(
        hazard.span,
        f"a division by `{x}`, which can be 0",
        here="inf or NaN where it is 0",
        labels=labels,
        notes=_notes(hazard, "near 0 the gradient is very large"),
        help=_help(
            hazard, f"… / where(…, {x}, 1)", f"divide by what is never 0, such as `{better}`"
        ),
    )


def _root(hazard: Hazard, x: str, dtype: str) -> Made:
    negative = hazard.range.low < 0
    better = f"max({x}, 1e-8)" if negative else f"{x} + 1e-8"
    what = "can be negative" if negative else "can be 0, where the slope is infinite"
    return lambda labels: codes.ROOT_DOMAIN.at(
        hazard.span,
        f"a root of `{x}`, which {what}",
        here="NaN for negative numbers" if negative else "its gradient is inf or NaN for 0",
        labels=labels,
        notes=_notes(hazard, "one such entry makes all gradients before it inf or NaN"),
        help=_help(hazard, f"sqrt(where(…, {x}, 1))", f"take it of `{better}`"),
    )


def _exponential(hazard: Hazard, x: str, dtype: str) -> Made:
    return lambda labels: codes.EXP_OVERFLOW.at(
        hazard.span,
        f"an exponential of `{x}`, which has no upper end",
        here=f"inf from {LARGEST[dtype]} in {dtype}",
        labels=labels,
        notes=["inf becomes NaN where it is divided, subtracted or multiplied by 0"],
        help=f"bound it, for example `exp(min({x}, 30))`, or use `softplus` for positive values",
    )


def _short(text: str) -> str:
    """On one line, without brackets around all of it."""
    line = " ".join(text.split())
    if line.startswith("(") and line.endswith(")") and _balanced(line[1:-1]):
        line = line[1:-1]
    return line if len(line) <= LONG else f"{line[: LONG - 1]}…"


def _balanced(text: str) -> bool:
    depths = list(accumulate((c == "(") - (c == ")") for c in text))
    return min(depths, default=0) >= 0
