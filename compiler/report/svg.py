"""The picture of a network as SVG, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from .labels import label_rects
from .nest import place
from .picture import Box, Frame, Part, Picture
from .rects import Path, Rect, around

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
NAME_SIZE, TEXT_SIZE, LABEL_SIZE, FRAME_SIZE = 13, 11, 11, 11
LINE, PADDING, MARGIN = 16.0, 12.0, 16.0
_ADVANCE = 0.61  # width of a character of a monospaced font, relative to its size

_COLOURS = {
    Part.INPUT: ("#e3effb", "#4a86c5", "#1b3350"),
    Part.LAYER: ("#e9f5e4", "#5d9a4a", "#1f3a1d"),
    Part.PLAIN: ("#f3f3f5", "#8b8b94", "#2b2d33"),
    Part.MERGE: ("#fdf2dc", "#cf9a3c", "#46350f"),
    Part.OUTPUT: ("#f2eafb", "#8a63b8", "#352449"),
}
"""The fill, the stroke, and the fill on dark pages."""

_INK, _FAINT_INK, _LINE_COLOUR = "#1f2933", "#52606d", "#76838f"
_LIGHT_INK, _FAINT_LIGHT_INK = "#eef1f4", "#b4bec8"
_CLASS = {part: part.name.lower() for part in Part}

_DARK = " ".join(
    (
        "@media (prefers-color-scheme: dark) {",
        *(f".nnc-{_CLASS[part]} {{ fill: {dark} }}" for part, (_, _, dark) in _COLOURS.items()),
        f".nnc-name {{ fill: {_LIGHT_INK} }} .nnc-text {{ fill: {_FAINT_LIGHT_INK} }}",
        "}",
    )
)
"""Differences on dark pages; attributes repeat the rest, for programs without CSS."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The rectangle of each box and frame, and the path and label position of each arrow."""

    picture: Picture
    boxes: tuple[Rect, ...]
    paths: tuple[Path, ...]
    labels: tuple[Rect, ...]
    frames: tuple[Rect, ...] = ()

    @property
    def bounds(self) -> Rect:
        """The bounding rectangle, with a margin."""
        return around((*self.boxes, *self.labels, *self.frames), self.paths, MARGIN)


def svg(picture: Picture) -> str:
    """Return the picture as an SVG document."""
    return "\n".join(_document(draw(picture))) + "\n"


def draw(picture: Picture) -> Drawing:
    """Place every box, frame, arrow and label."""
    sizes = {box.id: _box_size(box) for box in picture.boxes}
    for number, frame in enumerate(picture.frames):
        sizes[f"frame {number}"] = (_width(frame.text, FRAME_SIZE), FRAME_SIZE * 1.2)
    placed = place(picture, sizes)
    boxes = tuple(placed.boxes[box.id] for box in picture.boxes)
    frames = tuple(placed.frames[number] for number in range(len(picture.frames)))
    paths = tuple(placed.paths[number] for number in range(len(picture.arrows)))
    texts = [_frame_text(f, rect) for f, rect in zip(picture.frames, frames, strict=True)]
    wanted = [(_width(arrow.label, LABEL_SIZE), LABEL_SIZE * 1.2) for arrow in picture.arrows]
    labels = label_rects(wanted, paths, (*boxes, *texts), frames)
    return Drawing(picture, boxes, paths, labels, frames)


def _frame_text(frame: Frame, rect: Rect) -> Rect:
    """Return the rectangle of a frame's text: its upper left corner."""
    return Rect(rect.x + 8, rect.y + 5, _width(frame.text, FRAME_SIZE), FRAME_SIZE * 1.2)


def _box_size(box: Box) -> tuple[float, float]:
    name, *others = box.lines
    width = max([_width(name, NAME_SIZE), *(_width(line, TEXT_SIZE) for line in others)])
    return max(width + 2 * PADDING, 64.0), LINE * len(box.lines) + 14.0


def _width(text: str, size: float) -> float:
    return len(text) * size * _ADVANCE


def _document(drawing: Drawing) -> Iterator[str]:
    bounds = drawing.bounds
    view = " ".join(f"{v:.1f}" for v in (bounds.x, bounds.y, bounds.width, bounds.height))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{bounds.width:.0f}" '
        f'height="{bounds.height:.0f}" role="img" font-family="{FONT}">'
    )
    yield f"<title>{escape(drawing.picture.title)}</title>"
    yield f"<style>{_DARK}</style>"
    yield (
        '<defs><marker id="nnc-tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0.6 L8 4 L0 7.4 Z" fill="{_LINE_COLOUR}"/>'
        "</marker></defs>"
    )
    for frame, rect in zip(drawing.picture.frames, drawing.frames, strict=True):
        yield from _frame(frame, rect)
    yield f'<g fill="none" stroke="{_LINE_COLOUR}" stroke-width="1.4">'
    yield from (
        f'<path d="{_path_data(path)}" marker-end="url(#nnc-tip)"/>' for path in drawing.paths
    )
    yield "</g>"
    for box, rect in zip(drawing.picture.boxes, drawing.boxes, strict=True):
        yield from _box(box, rect)
    yield f'<g fill="{_LINE_COLOUR}" font-size="{LABEL_SIZE}">'
    for arrow, rect in zip(drawing.picture.arrows, drawing.labels, strict=True):
        yield _text(arrow.label, rect.x, rect.y + LABEL_SIZE * 0.95)
    yield "</g>"
    yield "</svg>"


def _frame(frame: Frame, rect: Rect) -> Iterator[str]:
    dashed = ' stroke-dasharray="5 4"' if frame.copies else ""
    yield (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
        f'height="{rect.height:.1f}" rx="8" fill="{_LINE_COLOUR}" fill-opacity="0.06" '
        f'stroke="{_LINE_COLOUR}" stroke-opacity="0.7"{dashed}/>'
    )
    place = _frame_text(frame, rect)
    style = f' font-size="{FRAME_SIZE}" font-weight="bold" fill="{_LINE_COLOUR}"'
    yield _text(frame.text, place.x, place.y + FRAME_SIZE * 0.95, style)


def _box(box: Box, rect: Rect) -> Iterator[str]:
    fill, stroke, _ = _COLOURS[box.part]
    round = rect.height / 2 if box.part in (Part.INPUT, Part.OUTPUT) else 6
    yield (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
        f'height="{rect.height:.1f}" rx="{round:g}" fill="{fill}" stroke="{stroke}" '
        f'class="nnc-{_CLASS[box.part]}"/>'
    )
    middle, top = rect.x + rect.width / 2, rect.y + 7.0
    for i, line in enumerate(box.lines):
        size, ink, kind = (TEXT_SIZE, _FAINT_INK, "text") if i else (NAME_SIZE, _INK, "name")
        bold = "" if i else ' font-weight="bold"'
        style = f' text-anchor="middle" font-size="{size}" fill="{ink}"{bold} class="nnc-{kind}"'
        yield _text(line, middle, top + LINE * i + 12.0, style)


def _text(text: str, x: float, y: float, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'


def _path_data(path: Path) -> str:
    """Return cubic Bézier curves that leave and reach every stop vertically."""
    parts = [f"M{path[0][0]:.1f} {path[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(path):
        third = (y1 - y0) / 3
        parts.append(
            f"L{x1:.1f} {y1:.1f}"
            if abs(x1 - x0) < 0.05
            else f"C{x0:.1f} {y0 + third:.1f} {x1:.1f} {y1 - third:.1f} {x1:.1f} {y1:.1f}"
        )
    return " ".join(parts)
