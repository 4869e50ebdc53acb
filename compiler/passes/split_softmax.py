"""Split softmax and crossentropy into steps that they can share.

    before  y = softmax(z)                      L = crossentropy(z, t)
    after   m = max(z); u = z − m; e = exp(u); s = Σ e; y = e / s
            L = log s − Σ t·u                   (with the same m, u, e, s)

u ≤ 0 and 1 ≤ s ≤ the number of classes, so nothing overflows, and a row that is certain of its
class loses no precision. If the logits of a row differ by more than the dtype can represent, u is
−inf and 0 · u is NaN; so products and logarithms use u bounded below by the lowest finite number.
The formula of L uses Σ t = 1. The next pass merges the steps that occur in both.
"""

from __future__ import annotations

from functools import partial

from ..ir.op_graph import Graph, Node
from ..ops.activation import bounded
from ..ops.build import Builder, Value
from ..ops.elementwise import unary
from ..ops.reduction import sum_over
from ..ops.shape import reshape
from .rewrite import rewrite

WHY = "softmax step by step: loss and backward use its steps again"


def split_softmax(graph: Graph, why: str = WHY) -> Graph:
    """Replace softmax, log_softmax and crossentropy by their steps, commented with `why`."""
    return rewrite(graph, partial(_rule, why))


def _rule(why: str, build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    match node.op:
        case "softmax":
            _, e, s = _steps(build, inputs[0], why)
            return e / s
        case "log_softmax":
            u, _, s = _steps(build, inputs[0], why)
            return bounded(u) - unary("log", s)
        case "crossentropy":
            z, t = inputs
            u, _, s = _steps(build, z, why)
            last = z.type.rank - 1
            each = unary("log", s) - sum_over(t * bounded(u), (last,), keepdims=True)
            return reshape(each, node.type.shape)
    return None


def _steps(build: Builder, z: Value, why: str) -> tuple[Value, Value, Value]:
    """Return the shifted logits u, their exponentials e and the sum s of these in each row."""
    last = (z.type.rank - 1,)
    name = build.nodes[z.id].origin.hint or build.origin.layer
    m = build.emit("max", z, axes=last, keepdims=True)
    build.describe(m, hint=f"{name}_max", note=why)
    u = build.describe(
        z - m, hint=f"{name}_shifted", formula="u = z − max z, so that exp cannot overflow"
    )
    e = build.describe(unary("exp", u), hint=f"{name}_exp", formula="e = exp(u)")
    s = build.describe(
        sum_over(e, last, keepdims=True), hint=f"{name}_sum", formula="s = Σ e over the classes"
    )
    return u, e, s
