"""Unknown argument keys, and the replacements for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix
from ...diagnostics.suggest import closest, listing
from ...kinds.arguments import ArgSpec, Num, SizeOf
from ...source import Span
from .. import ast
from ..elsewhere import Meaning, Sort, argument, bare, by_value, meaning
from .scope import Env, Fault

if TYPE_CHECKING:
    from .schema import Schema

ACTIVATION_KEYS = ("activation", "act", "nonlinearity", "recurrent_nonlinearity")
_LINEAR = ("linear", "none", "identity", "id", "null")


def unknown_key(schema: Schema, key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    """Return the fault of a key that the schema does not have."""
    if key.id in ACTIVATION_KEYS and (word := activation_word(arg.value, env)) is not None:
        return _activation_by_key(schema, arg, word, env)
    if key.id == "name":
        return _name_by_key(schema, key, arg, env)
    if env.state.kinds.activation(key.id):
        return _activation_as_key(key, arg, env)
    return _unknown(schema, key, arg, env)


def _unknown(schema: Schema, key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    found = written(schema, arg)
    names = [spec.name for spec in schema.args]
    takes = (
        f"`{schema.name}` takes {listing(names)}"
        if names
        else f"`{schema.name}` takes no arguments"
    )
    meant = found and re.match(r"\w+(?==)", found.write)
    advice = found.advice if found else statement_of(key.id) or takes
    return env.fault(
        codes.UNKNOWN_KEY,
        key.span,
        f"`{schema.name}` has no argument `{key.id}`",
        here=f"did you mean `{meant[0]}`?" if meant else "",
        help=advice,
        fixes=[change(schema, arg, found)] if found and not found.advice else (),
    )


def statement_of(key: str) -> str:
    """Return the advice for an argument that is a separate statement in nnc."""
    from ..elsewhere.statements import OWN_STATEMENT

    for statement, words in OWN_STATEMENT.items():
        if bare(key) in map(bare, words.split()):
            return f"that is a statement of its own: `{statement}`"
    return ""


def written(schema: Schema, arg: ast.Arg) -> Meaning | None:
    """Return the replacement of an argument whose key the schema does not have.

    It includes the value. An empty text without advice removes the argument."""
    assert arg.key is not None
    key, value = arg.key.id, plain(arg.value)
    names = [spec.name for spec in schema.args]
    found = argument(key, schema.name, names)
    told = None if found and found.write else by_value(key, value)
    if told is not None and (not told.write or told.write.partition("=")[0] in names):
        return told
    if computed := _computed(schema, key, arg.value):
        return computed
    if found is not None:
        return _with_value(schema, found, arg.value) if found.write else found
    if statement_of(key):
        return None
    plural = f"{key}s" if f"{key}s" in names else None
    near = plural or closest(key, names)
    if near is None or (near == "weight" and isinstance(arg.value, ast.ListValue)):
        return None
    return Meaning(f"{near}={arg.value.span.text}", sure=key.lower() == near.lower())


def _with_value(schema: Schema, found: Meaning, value: ast.Value) -> Meaning | None:
    """Return an argument with its name and its value in nnc's notation."""
    spec = schema.spec(found.write)
    assert spec is not None
    text = plain(value)
    if spec.name == "in" and not text.isdigit():
        return Meaning(
            advice="what comes in is known; its shape stands at the beginning: `input …`"
        )
    if isinstance(spec.type, SizeOf) and (size := _size(value, spec)):
        text = size
    choice = meaning(text, Sort.CHOICE)
    if choice is not None and choice.name in getattr(spec.type, "words", ()):
        text = choice.name
    elif choice is not None and not choice.write and isinstance(spec.type, SizeOf):
        return choice
    if text.upper() in getattr(spec.type, "words", ()) or text.lower() in getattr(
        spec.type, "words", ()
    ):
        text = text.lower()
    alone = len(schema.positionals) == 1 and spec.positional and spec.name != "lr"
    return Meaning(text if alone else f"{spec.name}={text}", sure=found.sure)


def _size(value: ast.Value, spec: ArgSpec) -> str:
    """Return `2x2` for `[2, 2]`; of four paddings the first two are in front, the others behind."""
    if not isinstance(value, ast.ListValue):
        return ""
    parts = [item.span.text for item in value.items]
    half = len(parts) // 2
    if spec.name == "pad" and len(parts) in (2, 4):
        if parts[:half] == parts[half:]:
            return "x".join(dict.fromkeys(parts[:half]))
        if len(parts) == 2:  # two axes, or the two ends of one
            return ""
        pairs = zip(parts[:half], parts[half:], strict=True)
        return "x".join(f"({before}:{after})" for before, after in pairs)
    return "x".join(parts)


def _computed(schema: Schema, key: str, value: ast.Value) -> Meaning | None:
    """Return an argument that is computed: a keep probability, or a pair of two arguments."""
    if bare(key) in ("keepprob", "keep") and schema.spec("p") and isinstance(value, ast.Number):
        return Meaning(f"{1 - value.value:.6g}", sure=True)
    if key != "betas" or schema.spec("beta1") is None:
        return None
    items = value.items if isinstance(value, ast.ListValue) else (value,)
    pairs = zip(("beta1", "beta2"), items, strict=False)
    return Meaning(" ".join(f"{name}={item.span.text}" for name, item in pairs), sure=True)


def change(schema: Schema, arg: ast.Arg, found: Meaning) -> Fix:
    """Return the fix that replaces an argument, or removes it."""
    if found.write:
        text = separated(arg, found.write)
        name, _, value = found.write.partition("=")
        edit = Edit(arg.span, text)
        if arg.key is not None and value == arg.value.span.text:
            edit = Edit(arg.key.span, name)
        shown = found.write if "=" in found.write else f"{schema.name} {found.write}"
        return Fix(f"write `{shown}`", (edit,), found.sure)
    return Fix(
        f"leave `{arg.span.text}` out: it says nothing new here",
        (Edit(without(arg.span), ""),),
        found.sure,
    )


def separated(arg: ast.Arg, text: str) -> str:
    """Return two arguments for one, with the comma that parentheses require."""
    rest = arg.span.source.text[arg.span.stop :].lstrip()
    return text.replace(" ", ", ") if rest[:1] in (",", ")") else text


def without(span: Span) -> Span:
    """Return the span of an argument with the comma or space beside it."""
    text = span.source.text
    after = re.compile(r"\s*,\s*").match(text, span.stop)
    if after:
        return Span(span.source, span.start, after.end())
    before = re.search(r"(\s*,)?[ \t]*$", text[: span.start])
    return Span(span.source, before.start() if before else span.start, span.stop)


def plain(value: ast.Value) -> str:
    """Return a value without quotes."""
    return value.value if isinstance(value, ast.Text) else value.span.text


def activation_word(value: ast.Value, env: Env) -> str | None:
    """Return the activation that a value of the key `activation` names; empty for none at all."""
    from .arguments import activation

    text = plain(value)
    if text.lower() in _LINEAR:
        return ""
    if isinstance(value, ast.Text):
        if env.state.kinds.activation(text):
            return text
    elif activation(value, env):
        return text
    found = meaning(text, Sort.KIND) if re.fullmatch(r"\w+", text) else None
    named = env.state.kinds.activation(found.name) if found and found.write else None
    return found.write if found and named and found.write == found.name else None


def _activation_by_key(schema: Schema, arg: ast.Arg, word: str, env: Env) -> Fault:
    whole = Fix(f"write `{word}`", (Edit(arg.span, word),), safe=True)
    none = Fix("leave it out", (Edit(without(arg.span), ""),), safe=True)
    return env.fault(
        codes.UNKNOWN_KEY,
        arg.span,
        f"the activation of `{schema.name}` is written without a key",
        fixes=[whole if word else none],
    )


def _name_by_key(schema: Schema, key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    name = arg.value.span.text.strip("\"'")
    return env.fault(
        codes.UNKNOWN_KEY,
        key.span,
        f"`{schema.name}` has no argument `name`",
        help=f"a name is given at the end of the stage: `as {name}`",
    )


def _activation_as_key(key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    """Return the fault of `leaky_relu=0.2`, which is `leaky_relu(0.2)`."""
    call = f"{key.id}({arg.value.span.text})"
    return env.fault(
        codes.UNKNOWN_KEY,
        arg.span,
        f"an activation is no argument, it stands by itself: `{key.id}`",
        fixes=[Fix(f"write `{call}`", (Edit(arg.span, call),))],
    )


def of_names(names: Sequence[str]) -> tuple[ArgSpec, ...]:
    """Return argument specifications that have only names."""
    return tuple(ArgSpec(name, Num(), "") for name in names)
