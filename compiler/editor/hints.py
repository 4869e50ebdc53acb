"""The shape after every stage and the number of its parameters, shown at the stage's end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..format.comments import comments_of
from ..frontend import ast
from ..report.wording import grouped
from ..source import Span
from .edits import Change, change_between
from .stages import Copy, Fact
from .study import Study


@dataclass(frozen=True, slots=True)
class Hint:
    """A text to show at `stop`, where a stage that began at `start` ends.

    A `kept` hint is from before a fault, which hides what the stage leaves now."""

    start: int
    stop: int
    label: str
    tooltip: str
    kept: bool = False

    @property
    def unsure(self) -> bool:
        """Whether a fault hides a part of the shape."""
        return "?" in self.label or "…x" in self.label


def hints(study: Study) -> tuple[Hint, ...]:
    """Return a hint for each stage of the text whose shape is known, in order."""
    return tuple(_hints(study.stages.own))


def _hints(facts: Iterable[Fact]) -> Iterator[Hint]:
    for fact in facts:
        shapes = list(dict.fromkeys(c.shape for c in fact.copies if c.shape))
        if not shapes or _says_it_itself(fact, shapes):
            continue
        label = f"→ {shapes[0]}" + (f" … {shapes[-1]}" if len(shapes) > 1 else "")
        if count := _count_text(fact.copies):
            label += f" · {count}"
        yield Hint(fact.start, fact.stop, label, _tooltip(fact, shapes))


def _says_it_itself(fact: Fact, shapes: Sequence[str]) -> bool:
    """Return whether the text says what the hint would: an input's shape, or a plain group's end."""
    stage = fact.stage
    if isinstance(stage, ast.Stage) and stage.kind.id == "input":
        written = " ".join(arg.span.text for arg in stage.args)
        return shapes == [" ".join(written.split())]
    return isinstance(stage, ast.Group) and stage.repeat is None and not stage.args


def _count_text(copies: Sequence[Copy]) -> str:
    counts = list(dict.fromkeys(copy.count for copy in copies))
    if not any(counts):
        return "shared" if any(copy.shares for copy in copies) else ""
    return " … ".join(map(grouped, dict.fromkeys((counts[0], counts[-1]))))


def _tooltip(fact: Fact, shapes: Sequence[str]) -> str:
    copies = fact.copies
    lines = [f"shape without the batch: {', '.join(shapes[:4])}"]
    if "?" in "".join(shapes) or "…" in "".join(shapes):
        lines.append("? and … are not known behind the error")
    if len(copies) > 1:
        lines.append(f"{len(copies)} copies")
    for p in copies[0].parameters[:8]:
        lines.append(f"{p.name}: {'x'.join(map(str, p.shape)) or '1'}")
    more = len(copies[0].parameters) - 8
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


# --- after a fault ------------------------------------------------------------------------


def with_kept(new: Study, before: Sequence[Hint], text: str) -> tuple[Hint, ...]:
    """Return the hints of a text, and where a fault hides some, those of the text before.

    `text` is the text before and `before` its hints. A hint is kept at a stage that was not
    touched, that has no error itself, and of which not all is known now."""
    found = hints(new)
    if not new.errors or not before:
        return found
    change = change_between(text, new.source.text)
    by_stop = {hint.stop: hint for hint in found}
    ends = {fact.start: fact.stop for fact in new.stages.own}
    wrong = list(_wrong(new))
    silent = [range(c.start, c.start + len(c.text)) for c in comments_of(new.source.text)]
    for hint in before:
        moved = _moved(hint, change, new.source.text)
        if moved is None or ends.get(moved.start, moved.stop) != moved.stop:
            continue
        if any(moved.start in comment for comment in silent):
            continue
        if moved.stop in by_stop and not by_stop[moved.stop].unsure:
            continue
        if not any(s.start < moved.stop and moved.start < max(s.stop, s.start + 1) for s in wrong):
            by_stop[moved.stop] = moved
    return tuple(sorted(by_stop.values(), key=lambda h: (h.stop, -h.start)))


def _wrong(study: Study) -> Iterator[Span]:
    """Yield the places of errors; of one in an included file the calls that lead to it."""
    for error in study.errors:
        if error.span.source is study.source:
            yield error.span
        else:
            yield from (la.span for la in error.labels if la.span.source is study.source)


def _moved(hint: Hint, change: Change, text: str) -> Hint | None:
    """Return a hint at its new place; None if its stage was edited, or goes on further now."""
    place = change.moved(hint.start, hint.stop)
    if place is None:
        return None
    start, stop = place
    if text[stop : stop + 1].isalnum() or text[stop : stop + 1] in ("_", "(", "."):
        return None
    note = "from before the error"
    tooltip = hint.tooltip if hint.kept else f"{hint.tooltip}\n{note}"
    return replace(hint, start=start, stop=stop, kept=True, tooltip=tooltip)
