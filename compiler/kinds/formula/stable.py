"""Stable computation of expressions that would overflow as written.

    log(1 + exp(z))                          softplus(z)
    log(sigmoid(z)), log(1 - sigmoid(z))     −softplus(−z), −softplus(z)
    log(sum(exp(z)))                         max(z) + log(sum(exp(z − max(z))))
    exp(z) / sum(exp(z))                     softmax(z), and its logarithm log_softmax(z)

They are found among the emitted values, so that their parts may be in different formulas that
call each other. Unused ops are removed later, as other dead code is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...ir.formula import Apply
from ...ir.op_graph import Node
from ...ops.build import Builder, Value
from ...ops.elementwise import scale, unary
from ...ops.reduction import sum_over


@dataclass(slots=True)
class Forms:
    """The nodes that one formula has emitted, beginning with `first`.

    `arguments` maps a node of exp, sigmoid or an explicit softmax to the text of its argument;
    other nodes of these ops are not written in the formula. `equal` are pairs of equal values.
    """

    build: Builder
    first: int
    arguments: dict[int, str] = field(default_factory=dict)
    equal: set[tuple[int, int]] = field(default_factory=set)

    def computed(self, term: Apply, operands: Sequence[float | Value]) -> Value | None:
        """Return the stable value of a term, or None if it needs none."""
        last = operands[-1]
        if not isinstance(last, Value):
            return None
        if term.op == "log":
            return self._log(last, _line(term.span.text))
        above, below = operands[0], self._summed_exp(last)
        if term.op == "/" and isinstance(above, Value) and below is not None:
            return self._softmax(above, below, _line(term.span.text), set())
        return None

    def keep(self, term: Apply, value: Value) -> None:
        """Record the argument of an exp or sigmoid."""
        if term.op in ("exp", "sigmoid"):
            self.arguments[value.id] = _line(term.operands[0].span.text)

    # --- logarithms -----------------------------------------------------------------------

    def _log(self, x: Value, text: str) -> Value | None:
        total = self._summed_exp(x)
        if total is not None:
            return self._logsumexp(total, text)
        node = self._own(x)
        if node is None:
            return None
        match node.op:
            case "softmax" if x.id in self.arguments:
                value = unary("log_softmax", self.build.value(node.inputs[0]))
                return self._say(value, text, f"log_softmax({self.arguments[x.id]})")
            case "sigmoid":
                value = unary("softplus", scale(self.build.value(node.inputs[0]), -1.0))
                z = _bracketed(self.arguments[x.id])
                return scale(self._say(value, text, f"−softplus(−{z})"), -1.0)
            case "add" | "sub":
                return self._log_of_sum(node, text)
        return None

    def _log_of_sum(self, node: Node, text: str) -> Value | None:
        """Return the logarithm of 1 + exp(z), exp(z) + 1 or 1 − sigmoid(z)."""
        wanted = "exp" if node.op == "add" else "sigmoid"
        pairs = [node.inputs, node.inputs[::-1]] if node.op == "add" else [node.inputs]
        for one, other in pairs:
            inner = self._inside(wanted, self.build.value(other))
            if inner is None or not self._is_one(one):
                continue
            value = unary("softplus", inner)
            z = f"softplus({self.arguments[other]})"
            if wanted == "exp":
                return self._say(value, text, z)
            return scale(self._say(value, text, f"−{z}"), -1.0)
        return None

    def _logsumexp(self, exponential: Value, text: str) -> Value:
        """Return m + log Σ exp(z − m); m = max z is constant, because its gradients cancel."""
        z, inner = self.arguments[exponential.id], self._inside("exp", exponential)
        assert inner is not None
        last = (inner.type.rank - 1,)
        m = unary("stop", self.build.emit("max", inner, axes=last, keepdims=True))
        self.build.describe(m, hint=f"{self.build.origin.layer}_max")
        total = sum_over(unary("exp", inner - m), last, keepdims=True)
        how = f"max({z}) + log(sum(exp({z} − max({z}))))"
        return self._say(m + unary("log", total), text, how, "logsumexp")

    # --- softmax --------------------------------------------------------------------------

    def _softmax(self, above: Value, below: Value, text: str, seen: set[int]) -> Value | None:
        """Return exp(z), or a product with it, divided by the sum of `below`, which is exp(z) too.

        `seen` are the factors already checked, so that a repeated factor is checked once.
        """
        node = self._own(above)
        if node is None or above.id in seen:
            return None
        seen.add(above.id)
        z = self.arguments[below.id]
        inside = [self.build.value(i) for i in node.inputs]
        if node.op == "exp" and self._same(above.id, below.id):
            value = unary("softmax", inside[0])
            self.arguments[value.id] = z
            return self._say(value, text, f"softmax({z})")
        if node.op not in ("scale", "mul"):
            return None
        factor_text = f"exp({z}) / sum(exp({z}))"
        for i, factor in enumerate(inside):
            found = self._softmax(factor, below, factor_text, seen)
            if found is not None:
                factors = [*inside[:i], found, *inside[i + 1 :]]
                return self.build.emit(node.op, *factors, **dict(node.attrs))
        return None

    def _summed_exp(self, x: Value) -> Value | None:
        """Return the exponential if x is its sum over the last axis."""
        found = self._inside("sum", x)
        return None if found is None or self._inside("exp", found) is None else found

    # --- values ---------------------------------------------------------------------------

    def _own(self, x: Value) -> Node | None:
        """Return the node of a value if this formula emitted it."""
        return self.build.nodes[x.id] if x.id >= self.first else None

    def _inside(self, op: str, x: Value) -> Value | None:
        """Return the operand if x is the value of this op, written in the formula."""
        node = self._own(x)
        if node is None or node.op != op or (op != "sum" and x.id not in self.arguments):
            return None
        return self.build.value(node.inputs[0])

    def _is_one(self, id: int) -> bool:
        node = self.build.nodes[id]
        return node.op == "const" and node.real("value") == 1.0

    def _same(self, a: int, b: int) -> bool:
        """Return whether two nodes apply the same ops to the same values."""
        if a == b or (a, b) in self.equal:
            return True
        one, two = self.build.nodes[a], self.build.nodes[b]
        if min(a, b) < self.first or (one.op, one.attrs) != (two.op, two.attrs):
            return False
        if len(one.inputs) != len(two.inputs):
            return False
        same = all(self._same(i, j) for i, j in zip(one.inputs, two.inputs, strict=True))
        if same:
            self.equal.add((a, b))
        return same

    def _say(self, value: Value, text: str, how: str, what: str = "") -> Value:
        """Give the value its own statement, with a comment on the original and the stable form."""
        hint = f"{self.build.origin.layer}_{what or self.build.nodes[value.id].op}"
        formula = f"{text}, computed as {how}, which does not overflow"
        return self.build.describe(value, hint=hint, formula=formula)


def _line(text: str) -> str:
    return " ".join(text.split())


def _bracketed(text: str) -> str:
    return text if text.isidentifier() or text.startswith("(") else f"({text})"
