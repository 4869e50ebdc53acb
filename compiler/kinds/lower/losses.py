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
from ...ops.shape import reshape
from ...ops.source import const, leaf
from .slopes import slope_text

ROW_WEIGHTS = ".rows"
"""The target leaf that holds a weight of each row: no name in a spec begins with a dot."""


@dataclass(frozen=True, slots=True)
class LossContext:
    """One loss about to be lowered: its name and weight, the judged value, its target, options.

    The target has the shape of the judged value; a formula may have none, and `more` values. `mean` is what `reduction=mean` stands for.
    Where the value is ragged, `lengths` are the rows' true lengths along `ragged_axis` (of the
    whole shape): padding takes no part in the loss. With `per_row` every row has a loss of its
    own, as if it were a batch alone, and the loss is their sum. `weighted` says that every row
    counts by a weight, known at run time.
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

    @property
    def target(self) -> Value:
        """What the value is compared with; the losses of the language all have a target."""
        assert self.compared is not None
        return self.compared

    @property
    def ids(self) -> Value:
        """Whether the target was given as class ids: true or false, known at run time."""
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
        """What else is known of a target."""
        node = self.build.nodes[self.target.id]
        return self._leaf(f"{node.attr('name')}.{what}", type, f"{node.origin.hint}_{what}")

    def _leaf(self, name: str, type: TensorType, hint: str) -> Value:
        """One leaf for all losses that ask."""
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

    def _reduce_weighted(self, each: Value, slope: str, how: str) -> Value:
        """The same with every row times its weight, over the weights' sum in place of the batch.

        So a row of weight 2 is two equal rows, and one of weight 0 is not there.
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
        share = self.row_weights / sum_all(counted)
        share = self.build.describe(share, hint="share", formula=f"weights / {over}")
        self._show(slope, over if count == 1 else f"{count} {over}")
        return scale(sum_all(self._masked(_times_rows(each, share))), 1.0, count)

    def weighted_mean(
        self, each: Value, weights: Value, slope: str, *, over: str = "Σ w", empty: bool = False
    ) -> Value:
        """The sum of all entries, of gradient `slope` each, over the sum of their weights.

        With `empty` that sum may be 0, and then the mean is. `over` is how comments call the sum.
        """
        if not self.weighted:
            self._show(slope, over)
            return self._ratio(each, weights, empty)
        self._show(slope, f"{over}·weights")
        rows = self.row_weights
        return self._ratio(_times_rows(each, rows), _times_rows(weights, rows), empty)

    def _show(self, slope: str, over: Dim | str) -> None:
        """Keep the formula that stands beside the gradient where it enters the network."""
        if not slope:  # of a formula the ops' own formulas are shown
            return
        padded = self.lengths is not None
        self.build.slopes[self.name] = slope_text(
            slope, self.weight, over, padded=padded, by_row=self.weighted
        )

    def _ratio(self, each: Value, weights: Value | None, empty: bool = False) -> Value:
        """The sum of all entries over the sum of their weights, or over the number of positions."""
        each = self._masked(each)
        if weights is not None:
            weights = self._masked(weights)
        if not self.per_row:
            if weights is not None:
                return sum_all(each) / _at_least_some(sum_all(weights), empty)
            assert self.lengths is not None
            return sum_all(each) / count_steps(self.lengths)
        if weights is not None:
            return sum_all(_row_sums(each) / _at_least_some(_row_sums(weights), empty))
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


def _at_least_some(total: Value, empty: bool) -> Value:
    """A sum of weights to divide by, 1 in place of 0 if there may be none."""
    if not empty:
        return total
    none = total.builder.emit("equal", total, const(total.builder, 0.0))
    return total + as_real(none)


def _times_rows(each: Value, rows: Value) -> Value:
    """Entries times a number for each row."""
    batch, *sizes = each.type.shape
    return each * reshape(rows, (batch, *(1 for _ in sizes)))


def _row_sums(each: Value) -> Value:
    """Σ over all but the batch axis."""
    return sum_over(each, tuple(range(1, each.type.rank))) if each.type.rank > 1 else each
