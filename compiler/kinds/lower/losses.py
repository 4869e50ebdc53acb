"""What the lowering of a loss sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.dims import Dim, product
from ...ir.layer_graph import ArgValue
from ...ir.types import DType, TensorType
from ...ops.build import Builder, Value
from ...ops.elementwise import scale
from ...ops.ragged import as_real, count_steps, mask_steps
from ...ops.reduction import sum_all, sum_over
from ...ops.source import leaf
from .slopes import slope_text


@dataclass(frozen=True, slots=True)
class LossContext:
    """One loss about to be lowered: its name and weight, the judged value, its target, options.

    The target has the shape of the judged value. `mean` is what `reduction=mean` stands for.
    Where the value is ragged, `lengths` are the rows' true lengths along `ragged_axis` (of the
    whole shape): padding takes no part in the loss. With `per_row` every row has a loss of its
    own, as if it were a batch alone, and the loss is their sum.
    """

    build: Builder
    name: str
    weight: float
    args: Mapping[str, ArgValue]
    output: Value
    target: Value
    lengths: Value | None = None
    ragged_axis: int = 1
    per_row: bool = False
    mean: str = "mean"

    @property
    def ids(self) -> Value:
        """Whether the target was given as class ids: true or false, known at run time."""
        return self._beside_target("ids", TensorType((), DType.BOOL))

    @property
    def class_weights(self) -> Value:
        """The weight of each class, known at run time."""
        return self._beside_target("weights", TensorType(self.target.type.shape[-1:]))

    def _beside_target(self, what: str, type: TensorType) -> Value:
        """What else is known of a target, by one leaf for all losses that ask."""
        node = self.build.nodes[self.target.id]
        name, hint = f"{node.attr('name')}.{what}", f"{node.origin.hint}_{what}"
        for found in self.build.nodes:
            if found.op == "target" and found.attr("name") == name:
                return self.build.value(found.id)
        return self.build.describe(leaf(self.build, "target", name, type), hint=hint)

    def logits(self, *activations: str) -> Value:
        """What the output's final softmax or sigmoid was applied to, else the output itself."""
        node = self.build.nodes[self.output.id]
        return self.build.value(node.inputs[0]) if node.op in activations else self.output

    def reduce(self, each: Value, slope: str) -> Value:
        """The sum of all entries, over their number (mean), the batch (batchmean) or nothing.

        `slope` is the formula of the gradient of one entry, by the judged value or its logits.
        """
        how = self.mean if self.args["reduction"] == "mean" else self.args["reduction"]
        batch, *sizes = each.type.shape
        rows = 1 if self.per_row else batch
        if self.lengths is not None and how == "mean":
            others = product(n for i, n in enumerate(sizes, 1) if i != self.ragged_axis)
            steps = "Σ lengths" if not self.per_row else "length"
            self._show(slope, steps if others == 1 else f"{others} {steps}")
            return self._ratio(scale(each, 1.0, others), None)
        over = {"mean": rows * product(sizes), "batchmean": rows, "sum": 1}[str(how)]
        self._show(slope, over)
        return scale(sum_all(self._masked(each)), 1.0, over)

    def weighted_mean(self, each: Value, weights: Value, slope: str) -> Value:
        """The sum of all entries, of gradient `slope` each, over the sum of their weights."""
        self._show(slope, "Σ w")
        return self._ratio(each, weights)

    def _show(self, slope: str, over: Dim | str) -> None:
        """Keep the formula that stands beside the gradient where it enters the network."""
        padded = self.lengths is not None
        self.build.slopes[self.name] = slope_text(slope, self.weight, over, padded=padded)

    def _ratio(self, each: Value, weights: Value | None) -> Value:
        """The sum of all entries over the sum of their weights, or over the number of positions."""
        each = self._masked(each)
        if weights is not None:
            weights = self._masked(weights)
        if not self.per_row:
            if weights is not None:
                return sum_all(each) / sum_all(weights)
            assert self.lengths is not None
            return sum_all(each) / count_steps(self.lengths)
        if weights is not None:
            return sum_all(_row_sums(each) / _row_sums(weights))
        assert self.lengths is not None
        return sum_all(_row_sums(each) / as_real(self.lengths))

    def _masked(self, each: Value) -> Value:
        """Zeros in place of padding."""
        if self.lengths is None:
            return each
        return mask_steps(each, self.lengths, self.ragged_axis)

    def note(self, value: Value, formula: str) -> Value:
        """Say which formula a value follows."""
        return self.build.describe(value, formula=formula)


def _row_sums(each: Value) -> Value:
    """Σ over all but the batch axis."""
    return sum_over(each, tuple(range(1, each.type.rank))) if each.type.rank > 1 else each
