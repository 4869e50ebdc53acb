"""l2_normalize: the features of every row or position are divided by their Euclidean norm."""

from __future__ import annotations

from ..kinds.arguments import Num, option
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.norms import normalizes_features
from ..kinds.shapes.rules import per_entry
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.elementwise import select, unary
from ..ops.reduction import sum_over
from ..ops.source import const
from .registry import layer


def _lower(c: LowerContext) -> Value:
    """x / max(‖x‖, ε), in which no square overflows and no root is taken of 0.

    With m = max(max |x|, ε) and u = x / m it is u / √max(Σ u², 1): where a feature is larger than
    ε, one of u is 1 or −1, and elsewhere m is ε. The result does not depend on m, which therefore
    has no gradient.
    """
    last, one = c.result.rank, const(c.build, 1.0)
    largest = c.build.emit("max", unary("abs", c.x), axes=(last,), keepdims=True)
    size = c.build.emit("maximum", largest, const(c.build, c.arg("eps")))
    size = unary("stop", size)
    c.build.describe(size, hint=f"{c.name}_size", formula="m = max(max |x|, ε), a constant")
    part = c.build.describe(c.x / size, hint=f"{c.name}_part", formula="u = x / m")
    square = sum_over(unary("square", part), (last,), keepdims=True)
    c.build.describe(square, hint=f"{c.name}_square", formula="Σ u², at least 1 where ‖x‖ ≥ ε")
    norm = unary("sqrt", select(c.build.emit("at_least", square, one), square, one))
    c.build.describe(norm, hint=f"{c.name}_norm", formula="max(‖x‖, ε) / m")
    return c.note(part / norm, "y = x / max(‖x‖, ε)")


layer(
    LayerKind(
        name="l2_normalize",
        family=Family.NORM,
        summary="divides the features of every row or position by their Euclidean norm",
        formula="y = x / max(√Σ x², ε), over the last axis",
        example="input 8 -> dense 4 -> l2_normalize -> dense 3; loss mse",
        args=(
            option(
                "eps",
                Num(low=0.0, open_low=True),
                "ε: the least divisor, for rows of zeros",
                1e-12,
            ),
        ),
        shape=normalizes_features,
        lower=_lower,
        step=each_row_of_features,
        flops=per_entry(6),
        aliases=("l2_norm", "l2_normalization", "unit_norm"),
        torch="F.normalize(x, dim=-1)",
        keras="UnitNormalization()",
        notes="A row of zeros stays zeros, and its gradient is dy / ε, as in PyTorch. The `dot` of "
        "two such vectors is their cosine similarity.",
    )
)
