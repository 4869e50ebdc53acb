"""Translation of another library's stage to nnc."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...diagnostics.model import Edit, Fix
from ...kinds.layer import LayerKind
from ...layers import LAYERS
from .. import ast
from ..elsewhere import Meaning, Sort, argument, bare, meaning
from .hints import hint
from .keys import ACTIVATION_KEYS, activation_word, plain, written
from .schema import Schema
from .scope import Env


@dataclass(slots=True)
class _Translated:
    """Arguments inside and outside of parentheses, and whether the translation is certain.

    `sure` becomes false if something may mean another thing in nnc."""

    inside: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    places: int = 0
    name: str = ""
    known: bool = False
    changed: bool = False
    sure: bool = True


def translated(stage: ast.Stage, found: Meaning, env: Env) -> Fix | None:
    """Return the fix that translates a stage; None if its arguments do not fit."""
    whole = "…" not in found.write and found.write != found.name
    if whole:
        return _pattern(stage, found)
    kind = LAYERS.get(found.name)
    read = _arguments(stage, kind, env) if kind else _Translated()
    if read is None:
        return None
    more, arrow, tail = found.write.partition("…")[2].partition("->")
    if not (read.changed or more or arrow):
        edit = Edit(stage.kind.span, found.name)
        return Fix(f"write `{found.name}`", (edit,), found.sure)
    (read.inside if stage.called else read.outside).extend(more.split())
    text = _text(stage, found.name, read) + (f" -> {tail.strip()}" if arrow else "")
    why = ": the size that comes in is known" if read.known else ""
    return Fix(f"write `{text}`{why}", (Edit(stage.span, text),), found.sure and read.sure)


def unwrapped(stage: ast.Stage, env: Env) -> Fix | None:
    """Return the fix for a wrapped stage: `Activation("relu")`, `Bidirectional(LSTM(5))`."""
    what = bare(stage.kind.id)
    if what not in ("activation", "bidirectional", "timedistributed") or len(stage.args) != 1:
        return None
    inner = stage.args[0].value
    if what == "activation":
        text = activation_word(inner, env) or ""
    elif isinstance(inner, ast.CallValue):
        text = _inner(inner, " … bidirectional=true" if what == "bidirectional" else "", env)
    else:
        return None
    return Fix(f"write `{text}`", (Edit(stage.span, text),), False) if text else None


def _inner(call: ast.CallValue, more: str, env: Env) -> str:
    """Translate a stage that was given as an argument; empty if it is unknown."""
    stage = ast.Stage(call.name, call.args, True, len(call.args), None, None, call.span)
    kinds = env.state.kinds
    found = hint(call.name.id, Sort.KIND, [kind.word for kind in LAYERS.values()], kinds.others)
    kind = kinds.proper(call.name.id)
    name = kind if kind in LAYERS else found.write if found else ""
    if name not in LAYERS:
        return ""
    fix = translated(stage, Meaning(f"{name}{more}"), env)
    if fix is None:
        return ""
    edit = fix.edits[0]
    before, after = edit.span.start - call.span.start, edit.span.stop - call.span.start
    return call.span.text[:before] + edit.replacement + call.span.text[after:]


def _text(stage: ast.Stage, kind: str, read: _Translated) -> str:
    if stage.called and read.inside:
        kind = f"{kind}({', '.join(read.inside)})"
    return " ".join(filter(None, [kind, *read.outside, read.name]))


def _pattern(stage: ast.Stage, found: Meaning) -> Fix | None:
    """Return the fix to a pattern of stages or arguments; `{0}` is the first value."""
    values = [_shown(arg.value) for arg in stage.args if arg.key is None]
    wanted = sorted(set(re.findall(r"\{(\d)\}", found.write)))
    if len(stage.args) != len(wanted) or len(values) != len(wanted) or stage.repeat:
        return None
    text = found.write.format(*values)
    return Fix(f"write `{text}`", (Edit(stage.span, text),), False)


def _arguments(stage: ast.Stage, kind: LayerKind, env: Env) -> _Translated | None:
    from ..elsewhere.layers import ONLY

    schema = Schema(kind.word, kind.args_as(stage.kind.id), kind.example)
    read, places = _Translated(), _places(stage, schema)
    read.changed = stage.called and not stage.args
    if stage.kind.id in ONLY:
        values = [plain(arg.value) for arg in stage.args]
        read.changed = True
        return read if len(values) == 1 and values[0] in ONLY[stage.kind.id] else None
    for i, arg in enumerate(stage.args):
        into = read.inside if stage.called and i < stage.inside else read.outside
        before = len(into)
        if arg.key is not None:
            _key(schema, stage, arg, into, read, env)
        elif _is_value(arg.value) and places is not None:
            if read.places == len(places):
                return None
            _place(schema, places[read.places], arg, into, read)
            read.places += 1
        else:
            into.append(_bare(arg, env))
        as_written = [arg.span.text, *([_shown(arg.value)] if _is_value(arg.value) else [])]
        whole = as_written if arg.key is None else as_written[:1]
        read.changed |= len(into) != before + 1 or into[-1] not in whole
    return read


def _places(stage: ast.Stage, schema: Schema) -> list[str] | None:
    """Return the order of positional values elsewhere, if it differs from nnc's.

    With few values, the size of the incoming value is not among them."""
    from ..elsewhere.layers import BY_PLACE, RECURRENT

    count = sum(arg.key is None and _is_value(arg.value) for arg in stage.args)
    places = BY_PLACE.get(stage.kind.id, "").split()
    if stage.kind.id in ("RNN", "LSTM", "GRU", "BiLSTM", "BiGRU"):
        places = RECURRENT.split()
    if places[:1] == ["in"]:
        names = [spec.name for spec in schema.positionals]
        keys = [arg.key.id for arg in stage.args if arg.key]
        known = [argument(key, schema.name, names) for key in keys]
        by_key = {*keys, *(found.write for found in known if found)}
        if count <= sum(name not in by_key for name in names):
            return places[1:]
    return places or None


def _is_value(value: ast.Value) -> bool:
    return not isinstance(value, ast.Word | ast.CallValue | ast.Text)


def _shown(value: ast.Value) -> str:
    """Return a value as it may be written beside others."""
    return f"({value.span.text})" if isinstance(value, ast.Binary) else plain(value)


def _place(schema: Schema, name: str, arg: ast.Arg, into: list[str], read: _Translated) -> None:
    """Translate a positional value: sizes of incoming values are left out, others are moved."""
    spec = schema.spec(name)
    if spec is None or name == "in":
        read.sure, read.known = False, read.known or name == "in"
    else:
        into.append(_shown(arg.value) if spec.positional else f"{name}={_shown(arg.value)}")


def _key(
    schema: Schema,
    stage: ast.Stage,
    arg: ast.Arg,
    into: list[str],
    read: _Translated,
    env: Env,
) -> None:
    """Translate an argument with a key; an unknown one is kept, and reported in the next run."""
    assert arg.key is not None
    if arg.key.id in ACTIVATION_KEYS and (word := activation_word(arg.value, env)) is not None:
        read.outside[0:0] = [word] if word else []
        read.changed = True
    elif schema.spec(arg.key.id) is not None:
        into.append(f"{arg.key.id}={_shown(arg.value)}")
    elif arg.key.id == "name" and _free_name(stage, plain(arg.value)):
        read.name, read.sure = f"as {plain(arg.value)}", False
    else:
        found = written(schema, arg)
        if found is None or found.advice:
            into.append(arg.span.text)
            read.sure = False
        else:
            read.sure = read.sure and found.sure
            into.extend(found.write.split())


def _free_name(stage: ast.Stage, name: str) -> bool:
    """Return whether a stage can be named so, and the name is valid."""
    free = stage.name is None and stage.repeat is None
    return free and re.fullmatch("[a-z][a-z0-9_]*", name) is not None


def _bare(arg: ast.Arg, env: Env) -> str:
    """Translate a positional value or word; an activation gets its name in nnc."""
    text = _shown(arg.value)
    if not isinstance(arg.value, ast.Word) or text in LAYERS or env.state.defined(text):
        return text
    found = meaning(text, Sort.KIND)
    same = next((name for name in env.state.kinds.activations() if bare(name) == bare(text)), "")
    return same or (found.name if found and found.write == found.name else text)
