"""The names that a sweep can vary in a spec, and specs with another value of one.

A name is a let, an argument of a statement (`lr` of the optimizer, `batch` of `train`), or the
statement `optimizer` or `schedule` as a whole. The result is the text of an ordinary spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..diagnostics.model import Report
from ..diagnostics.suggest import closest, listing
from ..frontend import ast
from ..frontend.parser import parse
from ..frontend.resolve.settings import CLIP, REGULARIZE, TRAIN
from ..kinds.arguments import ArgSpec
from ..losses import LOSSES
from ..losses import aliases as loss_aliases
from ..optimizers import OPTIMIZERS
from ..optimizers import aliases as optimizer_aliases
from ..optimizers.registry import WITHOUT
from ..schedules import SCHEDULES
from ..schedules import aliases as schedule_aliases
from ..source import Source
from .errors import SweepError

LET = "let"
WHOLE = ("optimizer", "schedule")
"""Statements of which a sweep can also vary the kind, with its arguments."""

KEYED: Mapping[str, tuple[ArgSpec, ...]] = {
    "train": tuple(spec for spec in TRAIN if spec.name not in ("seed", "weights")),
    "clip": CLIP,
    "regularize": REGULARIZE,
}
"""Statements without a kind, and the arguments that a sweep can vary."""

SECTIONS = ("optimizer", "schedule", "loss", *KEYED)
SHOWN = 30
"""Names that a message lists."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A place in a spec that can have another value: text before the value, and what it replaces."""

    start: int
    stop: int
    before: str = ""
    after: str = ""


def vary(text: str, settings: Mapping[str, str]) -> str:
    """Return a spec with these values; raises SweepError for a name that it does not have.

    What is no valid value remains for the compiler to report."""
    ordered = sorted(settings, key=lambda name: name not in WHOLE)
    for name in ordered:
        knobs = knobs_of(text)
        if name not in knobs:
            raise SweepError(unknown(name, knobs))
        text = _turned(text, knobs[name], settings[name])
    return text


def _turned(text: str, knob: Knob, value: str) -> str:
    return f"{text[: knob.start]}{knob.before}{value}{knob.after}{text[knob.stop :]}"


def unknown(name: str, knobs: Iterable[str]) -> str:
    """Return the message about a name that cannot vary, with the names that can."""
    known = list(knobs)
    if ambiguous := [k for k in known if k.partition(".")[2] == name]:
        return f"{name!r} is of several statements: write {' or '.join(ambiguous)}"
    near = closest(name, known, loose=True)
    plain = [k for k in known if "." not in k] or known
    there = f"there are {listing(plain, SHOWN)}"
    return f"the spec has no let or argument {name!r}; {f'did you mean {near}? ' if near else ''}{there}"


def knobs_of(text: str) -> dict[str, Knob]:
    """Return what can vary in a spec, by name: `width`, `lr`, and `optimizer.lr` besides.

    A let hides an argument of its name; a name that several statements have needs its statement."""
    file = parse(Source("model.nn", text), Report())
    found = {s.name.id: Knob(s.value.span.start, s.value.span.stop) for s in _lets(file)}
    lets = set(found)
    found |= {name: _whole(file, text, name) for name in WHOLE if name not in lets}
    arguments = {section: _arguments(file, text, section) for section in SECTIONS}
    for section, knobs in arguments.items():
        for name, knob in knobs.items():
            found[f"{section}.{name}"] = knob
            if name not in found and sum(name in others for others in arguments.values()) == 1:
                found[name] = knob
    return found


def _lets(file: ast.File) -> list[ast.Let]:
    return [statement for statement in file.statements if isinstance(statement, ast.Let)]


def _statements(file: ast.File, word: str) -> list[ast.Directive]:
    found = (s for s in file.statements if isinstance(s, ast.Directive))
    return [statement for statement in found if statement.word.id == word]


def _whole(file: ast.File, text: str, section: str) -> Knob:
    for statement in _statements(file, section):
        return Knob(statement.word.span.stop, statement.span.stop, " ")
    return Knob(len(text), len(text), f"\n{section} ", "\n")


def _arguments(file: ast.File, text: str, section: str) -> dict[str, Knob]:
    """Return the arguments of a statement; of several losses none, since no name tells them apart."""
    written = _statements(file, section)
    if len(written) > 1:
        return {}
    if not written:
        lead = f"{section} {WITHOUT}" if section == "optimizer" else section
        absent = KEYED.get(section, OPTIMIZERS[WITHOUT].args if section == "optimizer" else ())
        end = len(text)
        return {s.name: Knob(end, end, f"\n{lead} {s.name}=", "\n") for s in absent}
    (statement,) = written
    specs, args = KEYED.get(section), list(statement.args)
    inside: ast.CallValue | None = None
    if specs is None:
        specs, inside = _of_kind(file, section, args[0].value if args else None)
        args = [*(inside.args if inside else ()), *args[1:]]
    given = _given(specs, args)
    free = _free(statement, inside)
    return {
        s.name: _place(given[s.name]) if s.name in given else _added(s.name, free) for s in specs
    }


def written_seed(text: str) -> int:
    """Return the seed of a spec's `train` statement; 0 without one."""
    for statement in _statements(parse(Source("model.nn", text), Report()), "train"):
        for arg in statement.args:
            if arg.key is not None and arg.key.id == "seed" and isinstance(arg.value, ast.Number):
                return int(arg.value.value)
    return 0


def _of_kind(
    file: ast.File, section: str, head: ast.Value | None
) -> tuple[tuple[ArgSpec, ...], ast.CallValue | None]:
    """Return the arguments of the kind that a statement names, and the call if it is one."""
    call = head if isinstance(head, ast.CallValue) else None
    word = call.name if call else head
    name = word.id if isinstance(word, ast.Word | ast.DimName) else ""
    if section == "optimizer":
        kind = OPTIMIZERS.get(optimizer_aliases().get(name, name))
        return kind.args if kind else (), call
    if section == "schedule":
        planned = SCHEDULES.get(schedule_aliases().get(name, name))
        return planned.args if planned else (), call
    loss = LOSSES.get(loss_aliases().get(name, name))
    return (loss.args if loss else _of_formula(file, name)), call


def _of_formula(file: ast.File, name: str) -> tuple[ArgSpec, ...]:
    """Return the numbers of a formula of the spec's own that is the loss."""
    from ..kinds.arguments import Num, option

    for statement in file.statements:
        if isinstance(statement, ast.Fn) and statement.name.id == name:
            numbers = [p for p in statement.params if p.default is not None]
            return tuple(option(number.name.id, Num(), "") for number in numbers)
    return ()


def _given(specs: Sequence[ArgSpec], args: Iterable[ast.Arg]) -> dict[str, ast.Value]:
    """Return the written values by name; those without a key belong to positional arguments."""
    args = list(args)
    found = {arg.key.id: arg.value for arg in args if arg.key is not None}
    free = (spec.name for spec in specs if spec.positional and spec.name not in found)
    bare = (arg.value for arg in args if arg.key is None)
    return found | dict(zip(free, bare, strict=False))


def _place(value: ast.Value) -> Knob:
    return Knob(value.span.start, value.span.stop)


def _free(statement: ast.Directive, call: ast.CallValue | None) -> tuple[int, str]:
    """Return where a further argument can stand, and what separates it."""
    if call is None:
        return statement.span.stop, " "
    return call.span.stop - 1, ", " if call.args else ""


def _added(name: str, free: tuple[int, str]) -> Knob:
    at, separator = free
    return Knob(at, at, f"{separator}{name}=")
