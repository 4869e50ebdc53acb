"""The picture of a network in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from .nested import nested
from .picture import Box, Part, Picture

_STYLES = {
    Part.INPUT: 'style="rounded,filled", fillcolor="#e3effb", color="#4a86c5"',
    Part.LAYER: 'style="filled", fillcolor="#e9f5e4", color="#5d9a4a"',
    Part.PLAIN: 'style="filled", fillcolor="#f3f3f5", color="#8b8b94"',
    Part.MERGE: 'style="filled", fillcolor="#fdf2dc", color="#cf9a3c"',
    Part.OUTPUT: 'style="rounded,filled", fillcolor="#f2eafb", color="#8a63b8"',
}


def dot(picture: Picture) -> str:
    """Return the picture as DOT text, from which `dot -Tpdf` makes a drawing."""
    return "\n".join(["digraph network {", *_lines(picture), "}"]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"    label={_quoted(picture.title)}; labelloc=t;"
    yield '    node [shape=box, fontname="monospace"]; edge [fontname="monospace"];'
    for box in picture.boxes:
        yield f"    {box.id} [label={_label(box)}, {_STYLES[box.part]}];"
    for line in nested(picture.frames):
        indent = "    " * line.depth
        if line.frame is not None:
            text = _quoted(picture.frames[line.frame].text)
            yield f"{indent}subgraph cluster_{line.frame} {{ label={text}; labeljust=l;"
        else:
            yield indent + (f"{line.box};" if line.box else "}")
    for arrow in picture.arrows:
        yield f"    {arrow.source} -> {arrow.target} [label={_quoted(arrow.label)}];"


def _label(box: Box) -> str:
    lines = [_escaped(line) for line in box.lines]
    return '"' + "\\n".join(lines) + '"'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    r"""Escape a text for a quoted string, where `\n` and `\N` have special meanings."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
