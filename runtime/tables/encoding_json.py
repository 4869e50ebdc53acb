"""The JSON form of an encoding, validated when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ..dataset import DataError
from .encoding import Encoding, Field, Part
from .frame import Kind
from .missing import Missing

FORMAT, VERSION = "nnc encoding", 1

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)


def written(encoding: Encoding) -> dict[str, Any]:
    """Return the JSON form of an encoding."""
    weights = encoding.weights
    return {
        "format": FORMAT,
        "version": VERSION,
        "table": encoding.table,
        "header": encoding.header,
        "width": encoding.width,
        "missing": encoding.missing.value,
        "inputs": [
            {
                "name": p.name,
                "ids": p.ids,
                "columns": [_field(f, "words", "categories") for f in p.fields],
            }
            for p in encoding.inputs
        ],
        "targets": [
            {"name": p.name, "columns": [_field(f, "classes", "classes") for f in p.fields]}
            for p in encoding.targets
        ],
        "weights": None if weights is None else _field(weights, "words", "categories"),
    }


def _field(field: Field, words: str, listing: str) -> dict[str, Any]:
    kind = words if field.kind is Kind.WORDS else field.kind.value
    found: dict[str, Any] = {"name": field.name, "place": field.place, "kind": kind}
    if field.words:
        found[listing] = list(field.words)
    if field.fill is not None:
        found["fill"] = field.fill
    return found


def read(raw: object) -> Encoding:
    """Return the encoding of a JSON form; raises DataError where it is damaged."""
    top = _Object(raw, "encoding")
    if top.get("format", str) != FORMAT or top.get("version", int) != VERSION:
        raise DataError(f"encoding: not of version {VERSION} of nnc's encodings")
    weights = top.raw.get("weights")
    return Encoding(
        top.get("table", str),
        top.get("header", bool),
        top.get("width", int),
        tuple(_read_part(part, True) for part in top.objects("inputs")),
        tuple(_read_part(part, False) for part in top.objects("targets")),
        None if weights is None else _read_field(_Object(weights, "encoding: weights")),
        _one_of(Missing, top.get("missing", str), "encoding"),
    )


def _read_part(part: _Object, of_input: bool) -> Part:
    fields = tuple(map(_read_field, part.objects("columns")))
    return Part(part.get("name", str), fields, part.get("ids", bool) if of_input else False)


def _read_field(field: _Object) -> Field:
    kind = field.get("kind", str)
    words = field.raw.get("categories", field.raw.get("classes", []))
    fill = field.raw.get("fill")
    place = field.get("place", int)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(f"{field.where}: its words must be a list of texts")
    if place < 0 or not (fill is None or isinstance(fill, str | int | float)):
        raise DataError(f"{field.where}: `place` or `fill` is damaged")
    return Field(
        field.get("name", str),
        place,
        Kind.WORDS if kind == "classes" else _one_of(Kind, kind, field.where),
        tuple(words),
        fill,
    )


def _one_of(words: type[Word], text: str, where: str) -> Word:
    try:
        return words(text)
    except ValueError:
        raise DataError(f"{where}: {text!r} is none of {', '.join(words)}") from None


class _Object:
    """A JSON object whose entries are looked up by name and checked type."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, Mapping):
            raise DataError(f"{where}: damaged, expected a JSON object")
        self.raw, self.where = raw, where

    def get(self, name: str, kind: type[T]) -> T:
        value = self.raw.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise DataError(f"{self.where}: `{name}` is missing or damaged")
        return value

    def objects(self, name: str) -> list[_Object]:
        return [
            _Object(each, f"{self.where}: {name} {i}")
            for i, each in enumerate(self.get(name, list), 1)
        ]
