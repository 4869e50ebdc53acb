"""The picture of a network as Mermaid text, which GitHub, GitLab and many editors render."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .nested import nested
from .picture import Box, Frame, Part, Picture

_SHAPES = {
    Part.INPUT: ('(["', '"])'),
    Part.LAYER: ('["', '"]'),
    Part.PLAIN: ('["', '"]'),
    Part.MERGE: ('{{"', '"}}'),
    Part.OUTPUT: ('(["', '"])'),
}


def mermaid(picture: Picture) -> str:
    """Return the picture as text for a ```mermaid block."""
    return "\n".join(["flowchart TD", *_lines(picture)]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    for box in picture.boxes:
        yield f"    {box.id}{_box(box)}"
    yield from _frames(picture.frames)
    for arrow in picture.arrows:
        yield f'    {arrow.source} -->|"{_escaped(arrow.label)}"| {arrow.target}'


def _frames(frames: Sequence[Frame]) -> Iterator[str]:
    """Yield a subgraph for each frame; inner frames are nested in it."""
    for line in nested(frames):
        indent = "    " * line.depth
        if line.frame is not None:
            yield f'{indent}subgraph frame{line.frame}["{_escaped(frames[line.frame].text)}"]'
        else:
            yield indent + (line.box or "end")


def _box(box: Box) -> str:
    left, right = _SHAPES[box.part]
    return left + "<br/>".join(map(_escaped, box.lines)) + right


def _escaped(text: str) -> str:
    for char, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(char, entity)
    return text
