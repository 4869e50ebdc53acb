"""A stage of another library as a stage of this language."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...diagnostics.model import Edit, Fix
from ...layers import LAYERS
from .. import ast
from ..elsewhere import Meaning, Sort, bare, meaning
from .arguments import Schema
from .keys import ACTIVATION_KEYS, activation_word, plain, written
from .scope import Env


@dataclass(slots=True)
class _Translated:
    """Arguments inside and outside of parentheses; `sure` is lost where something changes."""

    inside: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    places: int = 0
    name: str = ""
    known: bool = False
    sure: bool = True


def translated(stage: ast.Stage, found: Meaning, env: Env) -> Fix | None:
    """The fix that writes a stage as it is written here; None where its arguments do not fit."""
    if found.name not in LAYERS or "…" not in found.write and found.write != found.name:
        return _pattern(stage, found)
    read = _arguments(stage, found, env)
    if read is None:
        return None
    more = found.write.partition("…")[2]
    extras, arrow, tail = more.partition("->")
    if kept := extras.split():
        (read.inside if stage.called else read.outside).extend(kept)
    text = _text(stage, found.name, read) + (f" -> {tail.strip()}" if arrow else "")
    if read.name and stage.name is None and stage.repeat is None:
        text, read.sure = f"{text} {read.name}", False
    if text == f"{found.name}{stage.span.text[len(stage.kind.id) :]}":
        edit = Edit(stage.kind.span, found.name)
        return Fix(f"write `{found.name}`", (edit,), found.sure)
    why = ": the size that comes in is known" if read.known else ""
    return Fix(f"write `{text}`{why}", (Edit(stage.span, text),), found.sure and read.sure)


def _text(stage: ast.Stage, kind: str, read: _Translated) -> str:
    if stage.called:
        inside = f"({', '.join(read.inside)})" if read.inside else ""
        return " ".join([f"{kind}{inside}", *read.outside])
    return " ".join([kind, *read.inside, *read.outside])


def _pattern(stage: ast.Stage, found: Meaning) -> Fix | None:
    """Several stages, or a stage with arguments, for one; `{0}` is the first value written."""
    values = [arg.value.span.text for arg in stage.args if arg.key is None]
    wanted = sorted(set(re.findall(r"\{(\d)\}", found.write)))
    if len(stage.args) != len(wanted) or len(values) != len(wanted) or stage.repeat:
        return None
    text = found.write.format(*values)
    return Fix(f"write `{text}`", (Edit(stage.span, text),), False)


def _arguments(stage: ast.Stage, found: Meaning, env: Env) -> _Translated | None:
    from ..elsewhere.layers import ONLY

    kind, word = LAYERS[found.name], stage.kind.id
    schema = Schema(kind.word, kind.args, kind.example)
    read, places = _Translated(), _places(stage)
    if word in ONLY:
        values = [plain(arg.value) for arg in stage.args]
        return read if len(values) == 1 and values[0] in ONLY[word] else None
    for i, arg in enumerate(stage.args):
        into = read.inside if stage.called and i < stage.inside else read.outside
        if arg.key is not None:
            _key(schema, arg, into, read, env)
        elif _is_value(arg.value) and places is not None:
            if read.places == len(places):
                return None
            _place(schema, places[read.places], arg, into, read)
            read.places += 1
        else:
            into.append(_bare(arg, env))
    return read


def _places(stage: ast.Stage) -> list[str] | None:
    """What the values by place are elsewhere, where that is not as here."""
    from ..elsewhere.layers import BY_PLACE, RECURRENT

    count = sum(arg.key is None and _is_value(arg.value) for arg in stage.args)
    if stage.kind.id in ("RNN", "LSTM", "GRU", "BiLSTM", "BiGRU") and count > 1:
        return RECURRENT.split()
    places = BY_PLACE.get(stage.kind.id, "").split()
    if places[:1] == ["in"] and count == 1 and "units" in places:
        return places[1:]
    return places or None


def _is_value(value: ast.Value) -> bool:
    return not isinstance(value, ast.Word | ast.CallValue | ast.Text)


def _place(schema: Schema, name: str, arg: ast.Arg, into: list[str], read: _Translated) -> None:
    """A value by place: its size of what comes in is left out, others go where they belong."""
    spec = schema.spec(name)
    if name in ("in", "_"):
        read.sure, read.known = False, name == "in"
    elif spec is not None and spec.positional:
        into.append(arg.value.span.text)
    elif spec is not None:
        into.append(f"{name}={arg.value.span.text}")
    else:
        read.sure = False


def _key(schema: Schema, arg: ast.Arg, into: list[str], read: _Translated, env: Env) -> None:
    """An argument by key; one that nothing is known of stays, and is reported next time."""
    assert arg.key is not None
    if arg.key.id in ACTIVATION_KEYS and (word := activation_word(arg.value, env)) is not None:
        read.outside[0:0] = [word] if word else []
        return
    if schema.spec(arg.key.id) is not None:
        into.append(f"{arg.key.id}={plain(arg.value)}")
        return
    if arg.key.id == "name" and re.fullmatch("[a-z][a-z0-9_]*", plain(arg.value)):
        read.name = f"as {plain(arg.value)}"
        return
    found = written(schema, arg)
    if found is None or found.advice:
        into.append(arg.span.text)
        read.sure = False
        return
    read.sure = read.sure and found.sure
    into.extend(found.write.split() if found.write else ())


def _bare(arg: ast.Arg, env: Env) -> str:
    """A value or word by place; an activation by its name here."""
    text = plain(arg.value)
    if not isinstance(arg.value, ast.Word) or text in LAYERS or env.program.defined(text):
        return text
    found = meaning(text, Sort.KIND)
    same = next((name for name in env.program.kinds.activations() if bare(name) == bare(text)), "")
    return same or (found.name if found and found.write == found.name else text)
