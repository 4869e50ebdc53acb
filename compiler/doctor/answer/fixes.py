"""The right line of NumPy for a tensor, in the user's layout and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...ir.reading import number
from ..diagnosis import Mistake
from ..intake.network import Network, Stage
from .vocabulary import Vocabulary

SLOPES = {
    "sigmoid": "{a} * (1 - {a})",
    "tanh": "(1 - {a}**2)",
    "relu": "({z} > 0)",
}
"""Derivatives of activations; those of others are written `name_prime(z)`."""

ORDER = {"updated-weights", "stale-weights"}
"""Mistakes in which every line is right, but their order is wrong."""


@dataclass(frozen=True)
class Fixes:
    """Generates right lines; `late`: the mean is taken in the products."""

    network: Network
    words: Vocabulary
    late: bool

    def of(self, mistake: Mistake, tensors: list[str]) -> str:
        """Return the right lines for the tensors with the mistake, else the mistake's own line."""
        lines = [line for line in map(self.line, tensors) if line]
        if mistake.slug in ORDER and lines:
            lines = [f"{line}  # before the weights are updated" for line in lines]
        return "\n".join(dict.fromkeys(lines)) or mistake.hypothesis.right

    def line(self, tensor: str) -> str:
        """Return the right line for a gradient in a network of dense layers, else an empty string."""
        ids = self.network.reference.tensors
        stages = self.network.stages
        for at, stage in enumerate(stages):
            if stage.kind != "dense" or not self._chained(at):
                continue
            before = stages[at - 1] if at else None
            own: dict[str, Callable[[], str]] = {
                f"d_{stage.weight}": partial(self._weight, stage, before),
                f"d_{stage.bias}": partial(self._bias, stage),
                f"d_{stage.z}": partial(self._z, stage, at),
                f"d_{stage.a}": partial(self._a, stage, at),
            }
            for name, write in own.items():
                if name in ids and ids[name] == ids.get(tensor):
                    return write()
        return ""

    def _chained(self, at: int) -> bool:
        """Return whether a stage's input is directly the value of the previous stage."""
        stage = self.network.stages[at]
        node = self.network.reference.node(stage.z)
        product = self.network.reference.graph[node.inputs[0]] if node.op == "add" else node
        if product.op != "matmul":
            return False
        source = self.network.stages[at - 1].a if at else self.network.inputs[0]
        return product.inputs[0] == self.network.reference.tensors[source]

    # --- lines ----------------------------------------------------------------------------

    @property
    def _mean(self) -> str:
        x = self.words.code("A", None)
        return f" / {x}.shape[1]" if self.words.case.layout.columns else f" / len({x})"

    def _weight(self, stage: Stage, before: Stage | None) -> str:
        a, dz = self.words.code("A", before), self.words.code("dZ", stage)
        layout = self.words.case.layout
        product = {
            (False, False): f"{a}.T @ {dz}",
            (False, True): f"{dz}.T @ {a}",
            (True, False): f"{a} @ {dz}.T",
            (True, True): f"{dz} @ {a}.T",
        }[layout.columns, layout.out_in]
        line = f"{self.words.code('dW', stage)} = {product}{self._mean if self.late else ''}"
        return line + self._penalty(stage)

    def _penalty(self, stage: Stage) -> str:
        setting = self.network.typed.graph.regularize
        if setting is None:
            return ""
        w, l1, l2 = self.words.code("W", stage), *(number(setting.args[n]) for n in ("l1", "l2"))
        parts = [f" + {l2:g} * {w}"] if l2 else []
        return "".join([*parts, *([f" + {l1:g} * np.sign({w})"] if l1 else [])])

    def _bias(self, stage: Stage) -> str:
        case, dz = self.words.case, self.words.code("dZ", stage)
        axis = 1 if case.layout.columns else 0
        array = case.originals.get(stage.bias)
        keep = array is not None and array.ndim == 2 and case.layout.folded is None
        sign = "-" if case.layout.folded and case.layout.folded.sign < 0 else ""
        total = f"{sign}{dz}.sum(axis={axis}{', keepdims=True' if keep else ''})"
        return f"{self.words.code('db', stage)} = {total}{self._mean if self.late else ''}"

    def _back(self, at: int) -> str:
        """Return the gradient with respect to a stage's value, from the next stage."""
        after = self.network.stages[at + 1]
        dz, w = self.words.code("dZ", after), self.words.code("W", after)
        layout = self.words.case.layout
        return {
            (False, False): f"{dz} @ {w}.T",
            (False, True): f"{dz} @ {w}",
            (True, False): f"{w} @ {dz}",
            (True, True): f"{w}.T @ {dz}",
        }[layout.columns, layout.out_in]

    def _a(self, stage: Stage, at: int) -> str:
        stages = self.network.stages
        if at + 1 == len(stages):
            return f"{self.words.code('dA', stage)} = {self._residual(stage)}"
        if stages[at + 1].kind != "dense" or not self._chained(at + 1):
            return ""
        return f"{self.words.code('dA', stage)} = {self._back(at)}"

    def _z(self, stage: Stage, at: int) -> str:
        stages, dz = self.network.stages, self.words.code("dZ", stage)
        if at + 1 == len(stages):
            slope = self._slope(stage) if self._slope_counts(stage) else ""
            begin = self._residual(stage, bool(slope))
            return f"{dz} = {begin}{' * ' + slope if slope else ''}" if begin else ""
        if stages[at + 1].kind != "dense" or not self._chained(at + 1):
            return ""
        slope = self._slope(stage)
        return f"{dz} = ({self._back(at)}) * {slope}" if slope else f"{dz} = {self._back(at)}"

    def _slope(self, stage: Stage) -> str:
        op = self._activation(stage)
        if not op:
            return ""
        a, z = self.words.code("A", stage), self.words.code("Z", stage)
        return SLOPES.get(op, f"{op}_prime({{z}})").format(a=a, z=z)

    def _activation(self, stage: Stage) -> str:
        node = self.network.reference.node(stage.a)
        return "" if stage.a == stage.z or node.op in ("add", "matmul") else node.op

    def _slope_counts(self, stage: Stage) -> bool:
        """Return whether the last activation's derivative is not combined with the loss."""
        ids = self.network.reference.tensors
        return f"d_{stage.a}" in ids and ids[f"d_{stage.a}"] != ids.get(f"d_{stage.z}")

    def _residual(self, stage: Stage, more: bool = False) -> str:
        """Return the gradient of the loss with respect to the last stage."""
        graph = self.network.typed.graph
        if len(graph.losses) != 1:
            return ""
        y, t = self.words.code("A", stage), self.words.case.names[self.network.targets[0]]
        kind = graph.losses[0].setting.kind
        if kind == "mse":
            return f"2 * ({y} - {t}) / {y}.size"
        if kind not in ("crossentropy", "bce", "quadratic"):
            return ""
        rest = "" if self.late else self._mean
        return f"({y} - {t}){rest}" if rest or more else f"{y} - {t}"
