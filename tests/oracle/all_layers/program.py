"""A program over all kinds: its text, and its meaning or the reason why it is invalid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..programs import LossSpec, LossTerm
from ..tree import Fork, Node, Step, chain_text
from .expansion import Reading
from .kinds import Declared, Invalid, Type, declared
from .rules import behind


@dataclass
class Program:
    """A spec and its reading; with a `reason` it must be refused, and there is no reading.

    `open` says whether T or S appear, `ragged` and `ints` which inputs are such.
    """

    body: str
    reason: str | None = None
    steps: Sequence[Step] = ()
    types: Sequence[Type] = ()
    params: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    weights: Sequence[str] = ()
    state: Mapping[str, tuple[tuple[int, ...], float]] = field(default_factory=dict)
    inputs: Mapping[str, Declared] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)
    losses: Sequence[LossTerm] = ()
    l1: float = 0.0
    l2: float = 0.0

    def text(self, dtype: str = "float64", extra: str = "") -> str:
        """The spec with its width, and more statements if wanted."""
        return f"{self.body}dtype {dtype}\n{extra}"

    @property
    def open(self) -> set[str]:
        """The symbolic dimensions of its inputs."""
        return {n for shape in self.inputs.values() for n in shape if isinstance(n, str)}

    @property
    def ragged(self) -> list[str]:
        """The inputs whose rows have different lengths."""
        return [name for name, words in self.words.items() if "ragged" in words]

    @property
    def noisy(self) -> bool:
        """Whether training draws random numbers."""
        return any(step.attrs.get("p", 0) or step.op == "sample" for step in self.steps)

    @property
    def needed(self) -> set[int]:
        """The steps that outputs and losses depend on."""
        found = {*self.outputs.values(), *(term.value for term in self.losses)}
        for i in reversed(range(len(self.steps))):
            if i in found:
                found.update(self.steps[i].inputs)
        return found

    def measure(self, **sizes: int) -> list[Type]:
        """Every value's type with numbers put for T and S; `Invalid` if something does not fit."""
        types: list[Type] = []
        for step in self.steps:
            if step.op == "input":
                name = str(step.attrs["name"])
                words = self.words[name]
                ragged, ints = "ragged" in words, "int" in words
                one = declared(self.inputs[name], ragged=ragged, ints=ints, sets=(sizes,))
                types.append(one)
            else:
                types.append(behind(step.op, step.attrs, [types[i] for i in step.inputs]))
        return types

    def fits(self, **sizes: int) -> bool:
        """Whether the program can run on data of these sizes."""
        try:
            self.measure(**sizes)
        except Invalid:
            return False
        return True


@dataclass(frozen=True)
class Draft:
    """A program about to be read: chains, statements, and why it would be wrong."""

    chains: Sequence[Sequence[Node]]
    losses: Sequence[LossSpec]
    outputs: Sequence[str]
    before: Sequence[str]
    l1: float
    l2: float
    reason: str | None

    def body(self) -> str:
        """The text without the width."""
        lines = [*self.before, *(chain_text(nodes, "\n  -> ") for nodes in self.chains)]
        lines += [f"output {', '.join(self.outputs)}"] if self.outputs else []
        lines += [spec.text() for spec in self.losses]
        penalties = [f"{key}={value}" for key, value in (("l1", self.l1), ("l2", self.l2)) if value]
        lines += [f"regularize {' '.join(penalties)}"] if penalties else []
        return "\n".join(lines) + "\n"

    def read(self) -> Program:
        """The program that this text means."""
        if self.reason is not None:
            return Program(self.body(), self.reason)
        made = Reading()
        value = None
        for nodes in self.chains:
            value = made.chain(nodes, None, made.top)
        assert value is not None
        last = _name(self.chains[-1][-1]) or "y"
        ends = {name: made.top.find(name).value.id for name in self.outputs} or {last: value.id}
        terms = [
            spec.term(made.top.find(spec.on).value if spec.on else value, last)
            for spec in self.losses
        ]
        return Program(
            self.body(),
            None,
            made.steps,
            made.types,
            made.params,
            made.weights,
            made.state,
            made.inputs,  # type: ignore[arg-type]
            made.words,
            ends,
            terms,
            self.l1,
            self.l2,
        )


def _name(node: Node) -> str | None:
    if isinstance(node, Fork):
        return node.merge.name if node.merge else None
    return getattr(node, "name", None)
