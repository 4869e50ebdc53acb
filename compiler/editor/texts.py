"""What is said of kinds, arguments and definitions, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..frontend import ast
from ..kinds.arguments import ArgSpec
from ..report.reference import default_text, type_text
from .names import Definition, Role
from .vocabulary import Entry

if TYPE_CHECKING:
    from .study import Study

_ABOVE = re.compile(r"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)


def entry_text(entry: Entry, *, args: bool = True) -> str:
    """Return what a registry says of an entry: meaning, formula, arguments."""
    return "\n\n".join(_entry(entry, args))


def _entry(entry: Entry, args: bool) -> Iterator[str]:
    word = entry.name.partition(" ")[0]
    yield f"**{word}** ({entry.sort}): {entry.summary}" if entry.summary else f"**{word}**"
    if entry.formula:
        yield f"```text\n{entry.formula}\n```"
    if args and entry.args:
        yield "\n".join(f"* {argument_text(spec)}" for spec in entry.args)
    if entry.sort == "statement" and entry.example:
        yield f"```nn\n{entry.example}\n```"
    elif entry.notes:
        yield entry.notes


def argument_text(spec: ArgSpec) -> str:
    """Return one line on an argument: what it takes, its default, its meaning."""
    name = f"`{spec.name}`" if spec.positional else f"`{spec.name}=`"
    default = "required" if spec.required else f"default {default_text(spec)}"
    default = "" if default.endswith("—") else f", {default}"
    return f"{name} {type_text(spec.type)}{default}: {spec.doc}"


def definition_text(definition: Definition, study: Study) -> str:
    """Return a definition on one line: its head, and where it is if in another file."""
    text = " ".join(definition.whole.text.split())
    if definition.role in (Role.BLOCK, Role.FN):
        node = definition.node
        body = node.body.span.start if isinstance(node, ast.Block | ast.Fn) else 0
        head = definition.span.source.text[definition.whole.start : body]
        text = " ".join(head.split()).rstrip("= ") if definition.role is Role.BLOCK else text
    text = text if len(text) <= 80 else f"{text[:79]}…"
    source = definition.span.source
    return text if source is study.source else f"{text}  ({source.name.rpartition('/')[2]})"


def comment_above(definition: Definition) -> str:
    """Return the comment lines directly above a definition, without their signs."""
    text = definition.whole.source.text[: definition.whole.start]
    start = text.rfind("\n") + 1
    found = _ABOVE.search(text[:start]) if not text[start:].strip() else None
    lines = found[0].splitlines() if found else []
    return "\n".join(line.strip().lstrip("#").strip() for line in lines)
