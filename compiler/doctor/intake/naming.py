"""Assignment of arrays to tensors: by `--map`, by the tensor's name, or by usual names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...diagnostics.suggest import closest
from .network import Network, Stage
from .words import Kind, Word, read


class BadArrays(ValueError):
    """Arrays that are ambiguous, missing or do not fit; the message has a remedy."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The tensor of every array; `after` are parameters after a step, `unknown` unknown names."""

    tensors: Mapping[str, str]
    after: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def array_of(self, tensor: str) -> str:
        """Return the name of the given array of a tensor, or an empty string."""
        return next((name for name, own in self.tensors.items() if own == tensor), "")


def namings(
    network: Network, names: list[str], mapping: Mapping[str, str] | None = None
) -> Iterator[Naming]:
    """Yield interpretations of names: a1 may be the first layer's activation or, in some books, x.

    Raises BadArrays if two arrays have the same name, or a name of `mapping` does not exist.
    """
    said = _mapped(network, names, mapping or {})
    words = {name: read(name) for name in names if name not in said}
    exact = {name: name for name in words if _is_tensor(network, name)}
    taken = {**said, **exact}
    seen = []
    for shift in (0, -1):
        found = _Reader(network, {n: w for n, w in words.items() if n not in taken}, shift)
        naming = found.naming(taken)
        if naming not in seen:
            seen.append(naming)
            yield naming


def _is_tensor(network: Network, name: str) -> bool:
    """Return whether a name is a tensor's; `y` alone is also a usual name of targets."""
    return name in {*network.reference.tensors, *network.targets} and name.lower() != "y"


def _mapped(network: Network, names: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    known = {*network.reference.tensors, *network.targets}
    for name, tensor in mapping.items():
        if name not in names:
            raise BadArrays(f"no array is called {name!r}{_near(name, names)}")
        if tensor not in known:
            raise BadArrays(f"the network has no tensor {tensor!r}{_near(tensor, known)}")
    return dict(mapping)


def _near(name: str, names: Iterable[str]) -> str:
    near = closest(name, names, loose=True)
    return f", did you mean {near!r}?" if near else ""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Interprets the names of a set of arrays; `shift` is added to the layers of a, z and delta."""

    network: Network
    words: Mapping[str, Word | None]
    shift: int

    def naming(self, taken: Mapping[str, str]) -> Naming:
        tensors, unknown = dict(taken), []
        after: dict[str, str] = {}
        judged = any(t in self.network.targets for t in taken.values())
        judged |= any(w and w.kind is Kind.TARGET for w in self.words.values())
        ys = [n for n, w in self.words.items() if w and w.kind is Kind.Y and not w.gradient]
        target = "" if judged or not ys else next((n for n in ys if n in ("Y", "Ys")), ys[0])
        for name, word in self.words.items():
            tensor = self._tensor(word, name == target) if word else ""
            taken_by = after if word and word.after else tensors
            if not word or not tensor or tensor in taken_by.values():
                unknown.append(name)
            elif word.after:
                after[name] = tensor
            else:
                tensors[name] = tensor
        return Naming(tensors, after, tuple(unknown))

    def _tensor(self, word: Word, target: bool) -> str:
        """Return the tensor of a word, or an empty string."""
        plain = self._plain(word, target)
        if not word.gradient or not plain:
            return plain
        name = f"d_{plain}"
        return name if name in self.network.reference.tensors else ""

    def _plain(self, word: Word, target: bool) -> str:
        network = self.network
        match word.kind:
            case Kind.INPUT:
                return network.inputs[0] if len(network.inputs) == 1 else ""
            case Kind.TARGET:
                return network.targets[0] if len(network.targets) == 1 else ""
            case Kind.Y if target:
                return network.targets[0] if len(network.targets) == 1 else ""
            case Kind.OUTPUT | Kind.Y:
                return network.outputs[0] if len(network.outputs) == 1 else ""
            case Kind.LOSS:
                return "loss"
        stage = self._stage(word)
        if stage is None:
            first = word.kind is Kind.A and self._layer(word) == 0
            return network.inputs[0] if first and len(network.inputs) == 1 else ""
        own = {Kind.WEIGHT: stage.weight, Kind.BIAS: stage.bias, Kind.Z: stage.z, Kind.A: stage.a}
        return own[word.kind]

    def _stage(self, word: Word) -> Stage | None:
        """Return the stage of a word."""
        stages = self.network.stages
        if word.place:
            return stages[0 if word.place == "first" else -1] if len(stages) <= 2 else None
        if word.index is None:
            last = word.kind in (Kind.Z, Kind.A) or len(stages) == 1
            return stages[-1] if last and stages else None
        at = self._layer(word)
        return stages[at - 1] if 0 < at <= len(stages) else None

    def _layer(self, word: Word) -> int:
        """Return the number of a word's layer, from 1; 0 is the input."""
        if word.index is None:
            return -1
        numbers = self._numbers()
        if word.kind in (Kind.WEIGHT, Kind.BIAS):
            return numbers.index(word.index) + 1 if word.index in numbers else -1
        start = numbers[0] if numbers else 1
        return word.index - start + 1 + self.shift

    def _numbers(self) -> list[int]:
        """Return the numbers of the weights and biases: 1, 2 or 0, 1, or 0, 2 with activations counted."""
        own = [w for w in self.words.values() if w and w.kind in (Kind.WEIGHT, Kind.BIAS)]
        return sorted({w.index for w in own if w.index is not None})
