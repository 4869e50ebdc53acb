"""Nested frames as a sequence, for languages that write them as blocks of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .picture import Frame


@dataclass(frozen=True, slots=True)
class Line:
    """The beginning of a frame (its number), a box directly in it, or (with neither) its end.

    `depth` is 1 for the beginning and end of an outermost frame."""

    depth: int
    frame: int | None = None
    box: str = ""


def nested(frames: Sequence[Frame]) -> Iterator[Line]:
    """Yield all frames with their boxes; inner frames are nested."""
    inmost = {id: number for number, frame in enumerate(frames) for id in frame.boxes}
    open_frames: list[frozenset[str]] = []
    for number, frame in enumerate(frames):
        while open_frames and not open_frames[-1].issuperset(frame.boxes):
            yield Line(len(open_frames))
            open_frames.pop()
        open_frames.append(frozenset(frame.boxes))
        yield Line(len(open_frames), frame=number)
        for id in frame.boxes:
            if inmost[id] == number:
                yield Line(len(open_frames) + 1, box=id)
    for depth in range(len(open_frames), 0, -1):
        yield Line(depth)
