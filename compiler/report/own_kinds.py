"""The kinds that a file defines itself: formulas with their gradients, and blocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ..diagnostics.model import Report
from ..driver import check
from ..frontend.ast import Block
from ..frontend.parser import parse
from ..frontend.resolve.files import Load
from ..frontend.resolve.own import definitions
from ..ir.dims import Shape, symbol
from ..ir.formula import FORMULA, Formula
from ..ir.layer_graph import ArgValue, TypedGraph
from ..kinds.shapes.context import ShapeFault
from ..source import Source, Span
from .wording import number_text


@dataclass(frozen=True, slots=True)
class Argument:
    """A number of a formula or a parameter of a block, with its default as a spec would write it."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """A place that uses a formula: as `activation`, `stage`, `merge` or `loss`."""

    role: str
    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class OwnKind:
    """A `fn` or a `block`: what it takes, its text, where it is defined and used.

    `roles` are what a formula can be, `gradients` the formulas of its values' gradients."""

    sort: str
    name: str
    file: str
    line: int
    roles: tuple[str, ...]
    values: tuple[str, ...]
    arguments: tuple[Argument, ...]
    formula: str
    gradients: tuple[str, ...]
    uses: tuple[Use, ...]


def own_kinds(source: Source, load: Load) -> tuple[Report, tuple[OwnKind, ...]]:
    """Return what a file defines, with the errors that `nnc lint` finds in it."""
    found = definitions(parse(source, Report()), load, Report())
    checked = check(source, load)
    uses = {} if checked.graph is None else _uses(checked.graph)
    formulas = (_of_formula(f, tuple(uses.get(f.name, ()))) for f in found.formulas)
    return checked.report, (*formulas, *map(_of_block, found.blocks))


def as_json(kinds: tuple[OwnKind, ...]) -> str:
    """Return the kinds as JSON."""
    return json.dumps([asdict(kind) for kind in kinds], indent=2, ensure_ascii=False) + "\n"


def as_markdown(kinds: tuple[OwnKind, ...]) -> str:
    """Return the kinds as Markdown, as `nnc layers KIND` shows those of the language."""
    return "\n".join(line for kind in kinds for line in _entry(kind))


def _entry(kind: OwnKind) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{_summary(kind)} ({kind.file}:{kind.line}).\n"
    yield f"    {kind.name} = {kind.formula}" if kind.sort == "fn" else f"    {kind.formula}"
    yield from (f"    {line}" for line in kind.gradients)
    yield ""
    if kind.arguments:
        yield "| argument | default |\n|---|---|"
        for arg in kind.arguments:
            yield f"| `{arg.name}` | {'required' if arg.default is None else f'`{arg.default}`'} |"
        yield ""
    for use in kind.uses:
        yield f"* {use.role} in {use.file}:{use.line}: `{use.text}`"
    if kind.uses:
        yield ""


def _summary(kind: OwnKind) -> str:
    if kind.sort == "block":
        return "A block of stages"
    count = len(kind.values)
    values = f"of {count} values" if count > 1 else "of one value"
    if "loss with target" in kind.roles:
        return f"A loss that compares {'them' if count > 2 else 'a value'} with a target"
    return f"A formula {values}: {' or '.join(kind.roles)}"


# --- formulas -----------------------------------------------------------------------------


def _of_formula(formula: Formula, uses: tuple[Use, ...]) -> OwnKind:
    return OwnKind(
        sort="fn",
        name=formula.name,
        file=formula.span.source.name,
        line=formula.span.line,
        roles=_roles(formula),
        values=formula.values,
        arguments=tuple(Argument(n, number_text(x)) for n, x in formula.numbers),
        formula=formula.text,
        gradients=_gradients(formula),
        uses=uses,
    )


def _roles(formula: Formula) -> tuple[str, ...]:
    if formula.has_target:
        return ("loss with target",)
    if len(formula.values) == 1:
        return ("activation", "stage", "loss without target")
    return ("merge", "loss without target")


def _gradients(formula: Formula) -> tuple[str, ...]:
    """Return the gradients' formulas where all values have the same features, D of them."""
    from ..kinds.formula.shape import formula_shape
    from ..kinds.formula.slope import slopes

    shapes: list[Shape] = [(symbol("D"),) for _ in formula.values]
    try:
        result = formula_shape(formula, shapes, dict(formula.numbers))
    except ShapeFault:
        return ()
    found = slopes(formula, shapes, result, loss=formula.has_target)
    return tuple(found[name] for name in formula.judged if name in found)


def _uses(typed: TypedGraph) -> dict[str, list[Use]]:
    """Return the uses of every formula, each place in the text once."""
    found: dict[str, dict[Span, Use]] = {}

    def add(value: ArgValue, role: str, span: Span) -> None:
        if isinstance(value, Formula):
            text = " ".join(span.text.split())
            use = Use(role, span.source.name, span.line, text)
            found.setdefault(value.name, {}).setdefault(span, use)

    for layer in typed.graph.layers:
        add(layer.args.get(FORMULA), "merge" if len(layer.inputs) > 1 else "stage", layer.span)
        if layer.activation is not None:
            add(layer.activation.args.get(FORMULA), "activation", layer.span)
    for loss in typed.graph.losses:
        add(loss.setting.args.get(FORMULA), "loss", loss.setting.span)
    return {name: list(places.values()) for name, places in found.items()}


# --- blocks -------------------------------------------------------------------------------


def _of_block(block: Block) -> OwnKind:
    defaults = ((p.name.id, p.default) for p in block.params)
    return OwnKind(
        sort="block",
        name=block.name.id,
        file=block.name.span.source.name,
        line=block.name.span.line,
        roles=("stage",),
        values=(),
        arguments=tuple(Argument(n, None if d is None else d.span.text) for n, d in defaults),
        formula=" ".join(block.body.span.text.split()),
        gradients=(),
        uses=(),
    )
