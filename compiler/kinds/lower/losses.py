"""The context of a loss's lowering."""

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
from ...ops.shape import reshape
from ...ops.source import const, leaf
from .slopes import slope_text

ROW_WEIGHTS = ".rows"
"""The target leaf with the weight of each row; no name in a spec begins with a dot."""

SHARE = ".share."
"""The lead of the target leaves with the share that rows have in a loss of the whole batch."""

COUNT = "count"
"""The purpose of outputs that are what the mean of a loss divides by."""


Slope = str | Mapping[Value, str]
"""The formula of a gradient, or one for each of several values."""


@dataclass(frozen=True, slots=True)
class LossContext:
    """One loss to be lowered: its name and weight, the output, its target, options.

    The target has the shape of the output; a formula may have no target, and `more` outputs.
    `mean` is the meaning of `reduction=mean`. If the output is ragged, `lengths` are the row
    lengths along `ragged_axis` (of the full shape), and padding is excluded from the loss. With
    `per_row` the loss is the sum of each row's loss, computed as if the row were the whole batch.
    With `weighted` every row has a weight, known at run time. With `shared` the rows are a part of
    a batch; what a mean divides by, other than the number of rows, is kept as an output.
    """

    build: Builder
    name: str
    weight: float
    args: Mapping[str, ArgValue]
    output: Value
    compared: Value | None
    lengths: Value | None = None
    ragged_axis: int = 1
    per_row: bool = False
    mean: str = "mean"
    weighted: bool = False
    more: tuple[Value, ...] = ()
    shared: bool = False

    @property
    def target(self) -> Value:
        """The target, which every built-in loss has."""
        assert self.compared is not None
        return self.compared

    @property
    def ids(self) -> Value:
        """Whether the target is given as class ids, a boolean known at run time."""
        return self._beside_target("ids", TensorType((), DType.BOOL))

    @property
    def class_weights(self) -> Value:
        """The weight of each class, known at run time."""
        return self._beside_target("weights", TensorType(self.target.type.shape[-1:]))

    @property
    def row_weights(self) -> Value:
        """The weight of each row, known at run time."""
        batch = self.output.type.shape[:1]
        return self._leaf(ROW_WEIGHTS, TensorType(batch), "weights")

    def _beside_target(self, what: str, type: TensorType) -> Value:
        """Return a leaf that belongs to the target."""
        node = self.build.nodes[self.target.id]
        return self._leaf(f"{node.attr('name')}.{what}", type, f"{node.origin.hint}_{what}")

    def _leaf(self, name: str, type: TensorType, hint: str) -> Value:
        """Return a leaf shared by all losses that use it."""
        for found in self.build.nodes:
            if found.op == "target" and found.attr("name") == name:
                return self.build.value(found.id)
        return self.build.describe(leaf(self.build, "target", name, type), hint=hint)

    def logits(self, *activations: str) -> Value:
        """Return the operand of the output's final softmax or sigmoid, else the output itself."""
        node = self.build.nodes[self.output.id]
        return self.build.value(node.inputs[0]) if node.op in activations else self.output

    def reduce(self, each: Value, slope: Slope) -> Value:
        """Sum all entries; divide by their number (mean), the batch size (batchmean) or nothing.

        `slope` is the formula of one entry's gradient with respect to the output or its logits; a
        formula of the spec has one for each of its values.
        """
        how = self.mean if self.args["reduction"] == "mean" else self.args["reduction"]
        batch, *sizes = each.type.shape
        if self.weighted:
            return self._reduce_weighted(each, slope, str(how))
        rows = 1 if self.per_row else batch
        if self.lengths is not None and how == "mean":
            others = product(n for i, n in enumerate(sizes, 1) if i != self.ragged_axis)
            steps = "Σ lengths" if not self.per_row else "length"
            self._show(slope, steps if others == 1 else f"{others} {steps}")
            return self._ratio(scale(each, 1.0, others), None)
        over = {"mean": rows * product(sizes), "batchmean": rows, "sum": 1}[str(how)]
        self._show(slope, over)
        return scale(sum_all(self._masked(each)), 1.0, over)

    def _reduce_weighted(self, each: Value, slope: Slope, how: str) -> Value:
        """The same with weighted rows; the sum of the weights replaces the batch size.

        So weight 2 is equivalent to two equal rows, and weight 0 to removing the row.
        """
        if how == "sum":
            self._show(slope, 1)
            return sum_all(self._masked(_times_rows(each, self.row_weights)))
        _, *sizes = each.type.shape
        count, counted, over = product(sizes), self.row_weights, "Σ weights"
        if how == "batchmean":
            count = 1
        elif self.lengths is not None:
            count = product(n for i, n in enumerate(sizes, 1) if i != self.ragged_axis)
            counted, over = counted * as_real(self.lengths), "Σ weights·lengths"
        share = self.row_weights / self._counted(sum_all(counted))
        share = self.build.describe(share, hint="share", formula=f"weights / {over}")
        self._show(slope, over if count == 1 else f"{count} {over}")
        return scale(sum_all(self._masked(_times_rows(each, share))), 1.0, count)

    def weighted_mean(
        self, each: Value, weights: Value, slope: str, *, over: str = "Σ w", empty: bool = False
    ) -> Value:
        """Return the sum of all entries over the sum of their weights; `slope` as in `reduce`.

        With `empty` that sum may be 0, and then the mean is 0. Comments call the sum `over`.
        """
        if not self.weighted:
            self._show(slope, over)
            return self._ratio(each, weights, empty)
        self._show(slope, f"{over}·weights")
        rows = self.row_weights
        return self._ratio(_times_rows(each, rows), _times_rows(weights, rows), empty)

    def _show(self, slope: Slope, over: Dim | str) -> None:
        """Record the formula shown beside the gradient where it enters the network."""
        if isinstance(slope, str):
            self.build.slopes[self.name] = self._slope_text(slope, over)
            return
        for value, formula in slope.items():
            if formula:
                self.build.say_slope(value, self._slope_text(formula, over))

    def _slope_text(self, slope: str, over: Dim | str) -> str:
        padded = self.lengths is not None
        share = f"{self.name}_share" if self.shared else ""
        return slope_text(
            slope, self.weight, over, padded=padded, by_row=self.weighted, share=share
        )

    def _ratio(self, each: Value, weights: Value | None, empty: bool = False) -> Value:
        """Return the sum of all entries over the sum of the weights or the number of positions."""
        each = self._masked(each)
        if weights is not None:
            weights = self._masked(weights)
        if not self.per_row:
            if weights is not None:
                return sum_all(each) / _at_least_some(self._counted(sum_all(weights)), empty)
            assert self.lengths is not None
            return sum_all(each) / self._counted(count_steps(self.lengths))
        if weights is not None:
            return sum_all(_row_sums(each) / _at_least_some(_row_sums(weights), empty))
        assert self.lengths is not None
        return sum_all(_row_sums(each) / as_real(self.lengths))

    def _counted(self, total: Value) -> Value:
        """Keep what the mean divides by, where the rows are a part of a batch."""
        if self.shared:
            self.build.outputs[f"{COUNT}:{self.name}"] = total.id
        return total

    def _masked(self, each: Value) -> Value:
        """Set padding to zero."""
        if self.lengths is None:
            return each
        return mask_steps(each, self.lengths, self.ragged_axis)

    def note(self, value: Value, formula: str) -> Value:
        """Attach a formula to a value."""
        return self.build.describe(value, formula=formula)


def _at_least_some(total: Value, empty: bool) -> Value:
    """Return a sum of weights to divide by; with `empty`, 1 in place of 0."""
    if not empty:
        return total
    none = total.builder.emit("equal", total, const(total.builder, 0.0))
    return total + as_real(none)


def _times_rows(each: Value, rows: Value) -> Value:
    """Multiply entries by a number for each row."""
    batch, *sizes = each.type.shape
    return each * reshape(rows, (batch, *(1 for _ in sizes)))


def _row_sums(each: Value) -> Value:
    """Σ over all but the batch axis."""
    return sum_over(each, tuple(range(1, each.type.rank))) if each.type.rank > 1 else each
