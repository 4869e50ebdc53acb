"""A program: a spec's text and its meaning, built from chains, losses and penalties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .tree import Expansion, Fork, Node, Shape, Step, Val, chain_text


@dataclass(frozen=True)
class LossTerm:
    """One `loss` statement; `value` is the step it judges, `on` its name in TARGETS."""

    kind: str
    value: int
    on: str = "y"
    weight: float = 1.0
    reduction: str = "mean"
    args: Mapping[str, object] = field(default_factory=dict)
    ids: bool = False


@dataclass(frozen=True)
class Program:
    """A spec and what it means."""

    body: str
    steps: tuple[Step, ...]
    shapes: tuple[Shape, ...]
    params: Mapping[str, tuple[int, ...]]
    weights: tuple[str, ...]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, int]
    losses: tuple[LossTerm, ...]
    l1: float = 0.0
    l2: float = 0.0
    met: Counter[str] = field(default_factory=Counter)

    def text(self, dtype: str = "float32", extra: str = "") -> str:
        """The spec, in the width asked for, with more statements if wanted."""
        width = "" if dtype == "float32" else f"dtype {dtype}\n"
        return f"{self.body}{width}{extra}"


# --- a program from given chains ----------------------------------------------------------


@dataclass
class LossSpec:
    """A loss about to be written: `on` is a stage's name or None for the only output."""

    kind: str
    on: str | None = None
    weight: float | None = None
    reduction: str | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    ids: bool = False

    def text(self) -> str:
        """The statement."""
        words = ["loss", self.kind]
        words += [f"{key}={written(value)}" for key, value in self.args.items()]
        words += [f"reduction={self.reduction}"] if self.reduction else []
        words += [f"on {self.on}"] if self.on else []
        words += [f"weight={self.weight}"] if self.weight is not None else []
        return " ".join(words)

    def term(self, value: Val, on: str) -> LossTerm:
        """The meaning."""
        return LossTerm(
            self.kind,
            value.id,
            self.on or on,
            1.0 if self.weight is None else self.weight,
            self.reduction or "mean",
            self.args,
            self.ids,
        )


def written(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(v) for v in value) + "]"
    return str(value)


def build(
    chains: Sequence[Sequence[Node]],
    losses: Sequence[LossSpec],
    *,
    outputs: Sequence[str] = (),
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    l1: float = 0.0,
    l2: float = 0.0,
    arrow: Callable[[], str] = lambda: " -> ",
) -> Program:
    """Write and expand a program; `before` and `after` are statements without meaning of their own."""
    exp = Expansion()
    value = None
    for nodes in chains:
        value = exp.chain(nodes, None, exp.top)
    assert value is not None
    last = _end_name(chains[-1][-1]) or "y"
    ends = {name: exp.top.find(name).value.id for name in outputs} or {last: value.id}
    terms = tuple(
        spec.term(exp.top.find(spec.on).value if spec.on else value, last) for spec in losses
    )
    lines = [*before, *(chain_text(nodes, arrow()) for nodes in chains)]
    lines += [f"output {', '.join(outputs)}"] if outputs else []
    lines += [spec.text() for spec in losses]
    penalties = [f"{key}={value}" for key, value in (("l1", l1), ("l2", l2)) if value]
    lines += [f"regularize {' '.join(penalties)}"] if penalties else []
    for term in terms:
        exp.met[f"loss {term.kind} {term.reduction}"] += 1
    exp.met["several inputs"] += len(exp.inputs) > 1
    exp.met["several outputs"] += len(ends) > 1
    exp.met["several losses"] += len(terms) > 1
    exp.met["symbolic T"] += any("T" in shape for shape in exp.inputs.values())
    exp.met["regularize"] += bool(penalties)
    return Program(
        "\n".join([*lines, *after]) + "\n",
        tuple(exp.steps),
        tuple(exp.shapes),
        exp.params,
        tuple(exp.weights),
        exp.inputs,
        ends,
        terms,
        l1,
        l2,
        exp.met,
    )


def _end_name(node: Node) -> str | None:
    if isinstance(node, Fork):
        return node.merge.name if node.merge else None
    return getattr(node, "name", None)
