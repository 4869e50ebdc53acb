"""loss crossentropy: for classification into one of several classes."""

from __future__ import annotations

from ..ir.reading import number, numbers
from ..kinds.arguments import Int, Num, Numbers, option
from ..kinds.loss import REDUCTION, LossKind, Reads
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import scale, select, unary
from ..ops.reduction import sum_over
from ..ops.source import const, const_array
from .registry import loss


def lower(c: LossContext) -> Value:
    """Computed from logits; a final softmax or log_softmax is combined with the loss."""
    logits, weights = c.logits("softmax", "log_softmax"), c.args["weights"]
    target, smoothing = c.target, number(c.args["smoothing"])
    t, note = "t", ""
    if smoothing:
        t, note = "s", "; s = (1 − ε)·t + ε/C"
        spread = scale(const(c.build, smoothing), 1.0, target.type.shape[-1])
        target = scale(target, 1.0 - smoothing) + spread
    if weights is None:
        each, slope = c.build.emit("crossentropy", logits, target), f"dz = softmax(z) − {t}{note}"
        return c.reduce(each, slope) if c.args["ignore"] is None else _counted(c, each, slope)
    known = (
        const_array(c.build, numbers(weights)) if isinstance(weights, tuple) else c.class_weights
    )
    return _weighted(c, logits, target, known, f"dz = softmax(z)·Σ w·{t} − w·{t}{note}")


def _weighted(c: LossContext, logits: Value, target: Value, weights: Value, slope: str) -> Value:
    """Class-weighted loss; its mean divides by the weights of the rows' class ids."""
    last = (logits.type.rank - 1,)
    each = scale(sum_over(weights * target * unary("log_softmax", logits), last), -1.0)
    ignores = c.args["ignore"] is not None
    if ignores and number(c.args["smoothing"]):  # spread over the classes of ignored rows, too
        each = each * _counts(c)
    if c.args["reduction"] != "mean":
        return c.reduce(each, slope)
    counts = select(c.ids, sum_over(weights * c.target, last), const(c.build, 1.0))
    counts = c.build.describe(counts, hint="row_weights", formula="w of the class id, or 1")
    return c.weighted_mean(each, counts, slope, empty=ignores)


def _counted(c: LossContext, each: Value, slope: str) -> Value:
    """The loss of the rows that are not ignored, and their mean; 0 where all of them are."""
    counts = _counts(c)
    slope += "; 0 where ignored"
    if c.args["reduction"] != "mean":
        return c.reduce(each * counts, slope)
    return c.weighted_mean(each * counts, counts, slope, over="Σ counted", empty=True)


def _counts(c: LossContext) -> Value:
    """1, and 0 for a row with the class id to ignore, whose target has no 1."""
    counts = sum_over(c.target, (c.target.type.rank - 1,))
    return c.build.describe(counts, hint="counts", formula="1, and 0 where the target is ignored")


loss(
    LossKind(
        name="crossentropy",
        summary="negative log-likelihood of the right class under a softmax",
        formula="L = −Σ t·log softmax(z), mean over the rows",
        example="input 4 -> dense 3 softmax; loss crossentropy",
        lower=lower,
        target="classes",
        reads=Reads.CLASS_LOGITS,
        args=(
            REDUCTION,
            option("smoothing", Num(0, 1, open_high=True), "label smoothing (Szegedy 2016)", 0.0),
            option(
                "weights",
                Numbers(low=0, single=False, words=("balanced",)),
                "the weight of each class; `balanced`: n/(k·count) from the training targets",
            ),
            option(
                "ignore",
                Int(),
                "the class id of rows (or positions) that count for nothing, also in the mean; "
                "it need not be the id of a class",
            ),
        ),
        variants=(
            ("weights", "L = −Σ w·t·log softmax(z), mean over the rows by the w of their classes"),
            ("ignore", "L = −Σ t·log softmax(z), mean over the rows that are not ignored"),
        ),
        aliases=("cross_entropy", "categorical_crossentropy"),
        torch="nn.CrossEntropyLoss (on the logits)",
        keras="losses.CategoricalCrossentropy",
        notes="Targets are class ids or rows of probabilities. Computed from the logits, stably. "
        "With weights the mean over rows given as class ids divides by the sum of their weights, "
        "the mean over rows of probabilities by their number, as in PyTorch. For `balanced` "
        "train_epoch counts the classes of all its targets, each other function those of "
        "its own targets unless `class_weights=` is given. With `ignore=ID` rows of that class id "
        "have no loss and no gradient, and the mean divides by the others (or their weights), as "
        "with PyTorch's `ignore_index`; if all are ignored the loss is 0, whereas PyTorch's is nan. "
        "Metrics exclude them. Rows of probabilities are never ignored.",
    )
)
