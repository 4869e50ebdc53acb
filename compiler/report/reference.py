"""The reference of everything that a spec may name, generated from the registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..driver import check
from ..ir.layer_graph import Layer
from ..kinds.arguments import (
    ArgSpec,
    ArgType,
    Flag,
    Init,
    Int,
    Ints,
    LayerName,
    Num,
    Numbers,
    Option,
    Ranges,
    SizeOf,
    ValueName,
)
from ..kinds.inits import INITS
from ..kinds.layer import Family, LayerKind
from ..kinds.loss import LossKind
from ..kinds.optimizer import OptimizerKind
from ..kinds.schedule import ScheduleKind
from ..layers import LAYERS
from ..losses import LOSSES
from ..optimizers import OPTIMIZERS
from ..schedules import SCHEDULES
from ..source import Source
from .wording import value_text

Kind = LayerKind | LossKind | OptimizerKind | ScheduleKind

TITLE = "# Layers, losses, optimizers, schedules, initialisations"
ORIGIN = "This page is printed by `nnc layers --markdown` from the compiler's own registries."


@dataclass(frozen=True, slots=True)
class Section:
    """A group of entries of the reference under one heading."""

    title: str
    kinds: tuple[Kind, ...]


def sections() -> tuple[Section, ...]:
    """Return layers by family, then losses, optimizers, schedules; each section sorted by name."""
    families = (
        Section(
            family.value.capitalize(), _sorted(k for k in LAYERS.values() if k.family is family)
        )
        for family in Family
    )
    others = (
        Section("Losses", _sorted(LOSSES.values())),
        Section("Optimizers", _sorted(OPTIMIZERS.values())),
        Section("Schedules", _sorted(SCHEDULES.values())),
    )
    return tuple(section for section in (*families, *others) if section.kinds)


def reference() -> str:
    """Return the whole reference as Markdown."""
    parts = [f"{TITLE}\n\n{ORIGIN}\n"]
    for section in sections():
        parts.append(f"## {section.title}\n")
        parts += map(entry, section.kinds)
    return "\n".join([*parts, "## Initialisations\n", initialisations()])


def entry(kind: Kind) -> str:
    """Return one layer, loss, optimizer or schedule as Markdown."""
    return "\n".join(_entry(kind)) + "\n"


def initialisations() -> str:
    """Return all initialisations as a Markdown table."""
    rows = ["| written | definition | also called |", "|---|---|---|"]
    for init in INITS.values():
        args = f"({', '.join(arg.name for arg in init.args)})" if init.args else ""
        also = ", ".join(f"`{alias}`" for alias in init.aliases)
        rows.append(f"| `{init.name}{args}` | {_cell(init.definition)} | {also} |")
    return "\n".join(rows) + "\n"


def find(word: str) -> tuple[Kind, ...]:
    """Return the kinds that a word names: `mean` is a merge and a reduction."""
    wanted = word.lower()
    kinds = [kind for section in sections() for kind in section.kinds]
    return tuple(k for k in kinds if wanted in (k.name, k.name.partition(" ")[0], *k.aliases))


def names() -> list[str]:
    """Return every name that `find` accepts, including aliases."""
    return [n for s in sections() for k in s.kinds for n in (k.name, *k.aliases)]


def _sorted(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(sorted(kinds, key=lambda kind: kind.name))


def _entry(kind: Kind) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{kind.summary[0].upper()}{kind.summary[1:]}.\n"
    yield f"    {kind.formula}\n"
    if kind.args:
        yield "| argument | takes | default | meaning |\n|---|---|---|---|"
        yield from map(_argument, kind.args)
        yield ""
    if kind.notes:
        yield f"{kind.notes}\n"
    yield f"```nn\n{kind.example}\n```\n"
    yield from _example_facts(kind)
    if isinstance(kind, LayerKind) and kind.family is not Family.INPUT:
        yield f"* one position at a time (`--emit step`): {kind.step.text}"
    if kind.aliases:
        yield f"* also called {', '.join(f'`{alias}`' for alias in kind.aliases)}"
    if kind.torch:
        yield f"* PyTorch: `{kind.torch}`"
    if kind.keras:
        yield f"* Keras: `{kind.keras}`"


def _example_facts(kind: Kind) -> Iterator[str]:
    """Yield the shapes of a layer's example, and the kind's parameters, from the compiler."""
    typed = check(Source(kind.name, kind.example)).graph if isinstance(kind, LayerKind) else None
    if typed is None:
        return
    steps = (f"{layer.name} {typed.types[layer.id]}" for layer in typed.graph.layers)
    yield f"* shapes: {' -> '.join(steps)}"
    prefixes = tuple(f"{owner}." for la in typed.graph.layers for owner in _owners(la, kind.name))
    if params := [p for p in typed.params if p.name.startswith(prefixes)]:
        said = (f"`{p.name}` {'x'.join(map(str, p.shape))}" for p in params)
        yield f"* parameters: {', '.join(said)}"


def _owners(layer: Layer, kind: str) -> Iterator[str]:
    """Yield the names under which a layer has parameters of a kind."""
    if layer.kind == kind:
        yield layer.owner
    if layer.activation is not None and layer.activation.kind == kind:
        yield layer.activation.name


def _argument(arg: ArgSpec) -> str:
    name = f"`{arg.name}`" if arg.positional else f"`{arg.name}=`"
    default = "required" if arg.required else default_text(arg)
    return f"| {name} | {_cell(type_text(arg.type))} | {default} | {_cell(arg.doc)} |"


def default_text(arg: ArgSpec) -> str:
    """Return the default of an argument that is not required, as code; a dash for none."""
    return "—" if arg.default is None else f"`{value_text(arg, arg.absent)}`"


def type_text(type: ArgType) -> str:
    """Describe the values of an argument."""
    match type:
        case Int(low, high, sizes):
            number = "whole number" + _bounds(low, high)
            return f"{number}, or a size of an input (`T`)" if sizes else number
        case Num(low, high, open_low, open_high):
            return "number" + _bounds(low, high, open_low, open_high)
        case Flag():
            return "`true` or `false`"
        case Option(words):
            return " or ".join(f"`{word}`" for word in words)
        case SizeOf(words=words, sides=True):
            return " or ".join(["size", "ends `1:0`", *(f"`{word}`" for word in words)])
        case SizeOf(rank, words=words):
            size = "size" if rank is None else f"size with {rank} component{'s' * (rank != 1)}"
            return " or ".join([size, *(f"`{word}`" for word in words)])
        case Numbers(words=words, single=single, whole=whole):
            several = "list of whole numbers" if whole else "list of numbers"
            numbers = f"number or {several}" if single else several
            return " or ".join([numbers, *(f"`{word}`" for word in words)])
        case Ints():
            return "whole numbers"
        case Ranges():
            return "ranges"
        case LayerName() | ValueName():
            return "name of a stage"
        case Init():
            return "initialisation"


def _bounds(
    low: float | None, high: float | None, open_low: bool = False, open_high: bool = False
) -> str:
    bounds = []
    if low is not None:
        bounds.append(f"{'>' if open_low else '≥'} {low:g}")
    if high is not None:
        bounds.append(f"{'<' if open_high else '≤'} {high:g}")
    return f" {' and '.join(bounds)}" if bounds else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
