"""The kinds that compute a formula of the spec, which is one of their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, product
from ...ir.formula import TARGET, Formula, formula_in
from ...ir.layer_graph import ArgValue, Setting
from ...ir.types import TensorType
from ...ops.build import Value
from ..layer import Family, LayerKind, Trailing
from ..loss import REDUCTION, LossKind
from ..lower.context import LowerContext
from ..lower.losses import LossContext
from ..shapes.context import ShapeContext, ShapeFault
from ..shapes.merges import padded_like
from ..shapes.rules import require_floats
from ..stepping.context import StepContext, Stepped, step_rule
from ..stepping.rules import each_row_of_features
from .lower import formula_text, gradient_texts, lower_formula
from .shape import formula_shape
from .walk import reduces


def formula_of(args: Mapping[str, ArgValue]) -> tuple[Formula, dict[str, float]]:
    """Return the formula in checked arguments, and its numbers."""
    formula = formula_in(args)
    numbers = {name: args[name] for name, _ in formula.numbers}
    return formula, {name: float(x) for name, x in numbers.items() if isinstance(x, int | float)}


# --- layers -------------------------------------------------------------------------------


def _shape(c: ShapeContext) -> TensorType:
    formula, numbers = formula_of(c.args)
    require_floats(c)
    if len(c.inputs) != len(formula.values):
        count = len(formula.values)
        raise ShapeFault(
            codes.BRANCH_COUNT,
            f"{formula.name} takes {count} values, not {len(c.inputs)}",
            here=f"takes {count} branches, {len(c.inputs)} come in",
            help=f"leave {count} branches in the fork before it",
            also=((formula.span, "defined here"),),
        )
    padded = frozenset(t.ragged_axis for t in c.inputs if t.ragged)
    shape = formula_shape(formula, [t.shape for t in c.inputs], numbers, padded)
    return padded_like(c, replace(c.inputs[0], shape=shape))


def _lower(c: LowerContext) -> Value:
    formula, numbers = formula_of(c.args)
    axis = c.result.ragged_axis + 1
    lengths = c.lengths if c.result.ragged else None
    value = lower_formula(c.build, formula, c.inputs, numbers, lengths, axis)
    if any(value.id == x.id for x in c.inputs):
        return value
    texts = gradient_texts(formula, c.inputs, value)
    for name, x in zip(formula.values, c.inputs, strict=True):
        if name in texts:
            c.build.say_slope(x, texts[name])
    text = formula_text(formula, numbers)
    said = c.build.nodes[value.id].origin.formula
    if said:  # the description of a stable form
        text = f"{text}; {said.removeprefix(f'{formula.text}, ')}"
    return c.note(value, text)


@step_rule("every position by itself, unless it sums along the positions")
def _step(c: StepContext) -> Stepped:
    """Refuse a formula that reduces the last axis if the positions are there."""
    formula, numbers = formula_of(c.args)
    if not reduces(formula, numbers):
        return Stepped(c.time)
    return each_row_of_features(c)


def _flops(c: ShapeContext) -> Dim:
    return product(c.inputs[0].shape)


def layer_kind(name: str) -> LayerKind:
    """Return the kind of that name: `swish fn`, or `gate fn merge` for several values."""
    merge = name.endswith("merge")
    return LayerKind(
        name=name,
        family=Family.MERGE if merge else Family.ACTIVATION,
        summary="a formula of the spec",
        formula="",
        example="",
        shape=_shape,
        lower=_lower,
        step=_step,
        flops=_flops,
        trailing=Trailing.YES if merge else Trailing.NO,
    )


# --- losses -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FormulaLoss(LossKind):
    """A loss whose formula is one of its arguments."""

    def formula_of(self, setting: Setting, weight: float = 1.0, *, by_row: bool = False) -> str:
        """Return the formula in the names of the spec, with the reduction."""
        formula, numbers = formula_of(setting.args)
        how = f"{formula_text(formula, numbers)}, mean over all elements"
        return LossKind.formula_of(replace(self, formula=how), setting, weight, by_row=by_row)


def _lower_loss(c: LossContext) -> Value:
    formula, numbers = formula_of(c.args)
    given = iter((c.output, *c.more))
    values = [c.target if name == TARGET else next(given) for name in formula.values]
    each = lower_formula(c.build, formula, values, numbers, c.lengths, c.ragged_axis)
    texts = gradient_texts(formula, values, each, loss=True)
    by_value = {x: texts.get(n, "") for n, x in zip(formula.values, values, strict=True)}
    return c.reduce(each, by_value)


def loss_kind(name: str) -> LossKind:
    """Return the kind of that name: `pinball fn`."""
    return FormulaLoss(
        name=name,
        summary="a formula of the spec",
        formula="",
        example="",
        lower=_lower_loss,
        args=(REDUCTION,),
    )


def check_formula_loss(args: Mapping[str, ArgValue], types: list[TensorType]) -> None:
    """Refuse values of unsuitable shape; the target has the shape of the first one."""
    formula, numbers = formula_of(args)
    given = iter(types)
    shapes = [types[0].shape if n == TARGET else next(given).shape for n in formula.values]
    padded = frozenset(t.ragged_axis for t in types if t.ragged)
    formula_shape(formula, shapes, numbers, padded)
