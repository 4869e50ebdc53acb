"""What is said of the word at an offset, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..frontend import ast
from ..frontend.resolve.fresh import let_text
from ..report.wording import grouped, polynomial
from .costs import flops_of
from .generated import MOST_LAYERS, generate
from .hints import Hint
from .names import Mention, Role
from .stages import Copy, Fact
from .study import Study
from .texts import argument_text, comment_above, definition_text, entry_text

MOST_LINES = 24
"""Lines of generated code that are shown of one pass."""


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about the characters from start up to stop."""

    start: int
    stop: int
    text: str


def hover(study: Study, offset: int, kept: tuple[Hint, ...] = ()) -> Hover | None:
    """Return what is to be said of the word at an offset: of a stage first what it does here.

    `kept` are hints from before a fault, which say what a stage left when it was last known."""
    mention = study.names.at(study.source, offset)
    if mention is None:
        return None
    parts = list(_SAYING[mention.role](study, mention))
    if mention.role in (Role.KIND, Role.ACTIVATION, Role.BLOCK, Role.STAGE, Role.FN):
        head = parts[:1] if mention.definition else []
        parts = [*head, *_stage_parts(study, mention, kept), *parts[len(head) :]]
    text = "\n\n".join(part for part in parts if part)
    return Hover(mention.span.start, mention.span.stop, text) if text else None


# --- words --------------------------------------------------------------------------------


def _entry(study: Study, mention: Mention) -> Iterator[str]:
    if mention.entry is not None:
        yield entry_text(mention.entry)


def _key(study: Study, mention: Mention) -> Iterator[str]:
    if mention.spec is not None:
        yield f"{argument_text(mention.spec)}\n\nof `{mention.owner.partition(' ')[0]}`"


def _option(study: Study, mention: Mention) -> Iterator[str]:
    yield from _entry(study, mention)
    if mention.spec is not None:
        yield argument_text(mention.spec)


def _defined(study: Study, mention: Mention) -> Iterator[str]:
    definition = mention.definition
    if definition is None:
        return
    yield f"```nn\n{definition_text(definition, study)}\n```"
    yield comment_above(definition)
    if definition.role is Role.LET and (
        value := let_text(definition.name, study.files[0], study.load)
    ):
        yield f"= {value}"
    if definition.role is Role.PARAMETER and isinstance(definition.node, ast.BlockParam):
        yield "a parameter" + (" with a default" if definition.node.default else "")


def _dimension(study: Study, mention: Mention) -> Iterator[str]:
    name = mention.span.text
    places = [m for m in study.names.mentions if m.role is Role.DIMENSION and m.span.text == name]
    yield f"`{name}`: a size that is known at run time only; the same wherever `{name}` stands"
    yield f"{len(places)} place{'s' * (len(places) != 1)} in this spec"


def _file(study: Study, mention: Mention) -> Iterator[str]:
    names = [d for d in study.names.definitions if d.span.source is not study.source]
    own = [d for d in names if d.role in (Role.LET, Role.BLOCK, Role.FN)]
    yield "\n".join(f"* `{definition_text(d, study)}`" for d in own)


def _nothing(study: Study, mention: Mention) -> Iterator[str]:
    yield from ()


_SAYING: Mapping[Role, Callable[[Study, Mention], Iterator[str]]] = {
    Role.KIND: _entry,
    Role.ACTIVATION: _entry,
    Role.CHOICE: _entry,
    Role.WORD: _entry,
    Role.FUNCTION: _nothing,
    Role.KEY: _key,
    Role.OPTION: _option,
    Role.LET: _defined,
    Role.BLOCK: _defined,
    Role.FN: _defined,
    Role.PARAMETER: _defined,
    Role.STAGE: _defined,
    Role.DIMENSION: _dimension,
    Role.FILE: _file,
}

# --- stages -------------------------------------------------------------------------------


def _stage_parts(study: Study, mention: Mention, kept: tuple[Hint, ...]) -> Iterator[str]:
    place = mention.span
    if mention.role is Role.STAGE and mention.definition is not None:
        place = mention.definition.whole
    fact = study.stages.at(place.source, place.start)
    if fact is None or (fact.start != place.start and not mention.defines):
        if mention.role is not Role.STAGE:
            yield from (f"{h.label} (before the error)" for h in kept if h.start == place.start)
        return
    copy = fact.copies[0]
    yield _shapes(study, fact)
    if len(fact.copies) > 1:
        yield f"{len(fact.copies)} copies; the first one:"
    yield from _costs(study, copy)
    if mention.role in (Role.KIND, Role.ACTIVATION):
        yield from _code(study, fact)


def _shapes(study: Study, fact: Fact) -> str:
    copy = fact.copies[0]
    known, layers = study.traced.inferred, copy.layers
    if not copy.shape:
        return ""
    if known is None or not layers or not layers[0].inputs:
        return f"shape: {copy.shape}"
    inputs = [known.types.get(i) for i in layers[0].inputs]
    before = ", ".join("?" if type is None else str(type) for type in inputs)
    return f"shape: {before} → {copy.shape}"


def _costs(study: Study, copy: Copy) -> Iterator[str]:
    if copy.parameters:
        each = copy.parameters[:8]
        lines = [f"{grouped(copy.count)} parameter{'s' * (copy.count != 1)}"]
        lines += [f"* `{p.name}` {'x'.join(map(str, p.shape)) or '1'}" for p in each]
        more = len(copy.parameters) - len(each)
        yield "\n".join([*lines, *([f"* and {more} more arrays"] if more else [])])
    flops = flops_of(study, copy.layers)
    if flops is not None and flops != 0:
        yield f"{polynomial(flops)} FLOPs forward for each row"


def _code(study: Study, fact: Fact) -> Iterator[str]:
    """Yield the lines of forward and backward that came from this stage."""
    graph = study.graph
    if graph is None or len(graph.graph.layers) > MOST_LAYERS:
        return
    made = generate(study, pretty=False)
    if made is None:
        return
    label: str | None = None
    for function in ("forward", "backward"):
        region = made.of_stage(fact.stage.span.source, fact.start, function, label)
        if region is not None:
            label = region.label
            lines = made.text(region).split("\n")
            more = ["…"] if len(lines) > MOST_LINES else []
            yield f"{function} (-O0)\n```python\n" + "\n".join(lines[:MOST_LINES] + more) + "\n```"
