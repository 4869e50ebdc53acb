"""The picture of a network as Mermaid text, which GitHub, GitLab and many editors draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .picture import Box, Frame, Part, Picture

_SHAPES = {
    Part.INPUT: ('(["', '"])'),
    Part.LAYER: ('["', '"]'),
    Part.PLAIN: ('["', '"]'),
    Part.MERGE: ('{{"', '"}}'),
    Part.OUTPUT: ('(["', '"])'),
}


def mermaid(picture: Picture) -> str:
    """The picture as text; paste it into a ```mermaid block."""
    return "\n".join(["flowchart TD", *_lines(picture)]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    for box in picture.boxes:
        yield f"    {box.id}{_box(box)}"
    yield from _frames(picture.frames)
    for arrow in picture.arrows:
        yield f'    {arrow.source} -->|"{_escaped(arrow.label)}"| {arrow.target}'


def _frames(frames: Sequence[Frame]) -> Iterator[str]:
    """A subgraph for each frame; those within another stand in it."""
    ends: list[frozenset[str]] = []
    for number, frame in enumerate(frames):
        while ends and not ends[-1].issuperset(frame.boxes):
            ends.pop()
            yield "    " * (len(ends) + 1) + "end"
        indent = "    " * (len(ends) + 1)
        yield f'{indent}subgraph repeat{number}["{_escaped(frame.text)}"]'
        ends.append(frozenset(frame.boxes))
        inner = {id for other in frames[number + 1 :] for id in other.boxes}
        yield from (f"{indent}    {id}" for id in frame.boxes if id not in inner)
    for depth in range(len(ends), 0, -1):
        yield "    " * depth + "end"


def _box(box: Box) -> str:
    left, right = _SHAPES[box.part]
    return left + "<br/>".join(map(_escaped, box.lines)) + right


def _escaped(text: str) -> str:
    for char, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(char, entity)
    return text
