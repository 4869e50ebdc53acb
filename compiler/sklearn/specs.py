"""The specs of estimators: the default ones, and lets that the data or the user fill in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from ..api.specs import UNNAMED, read
from ..diagnostics.model import Report
from ..frontend.ast import Directive, Let
from ..frontend.parser import parse
from ..source import Source

CLASSIFIER = """\
let features = 1
let classes = 2
input features -> dense 100 relu -> dense classes softmax
loss crossentropy
optimizer adam lr=5e-3
dtype float64
"""
"""What NNClassifier trains where it is given no spec, on columns of mean 0 and spread 1."""

REGRESSOR = """\
let features = 1
let outputs = 1
input features -> dense 100 relu -> dense outputs
loss mse
optimizer adam lr=5e-3
dtype float64
"""
"""What NNRegressor trains where it is given no spec, on columns and targets of that scale."""


def text_of(spec: str | os.PathLike[str]) -> tuple[str, str]:
    """The text of a spec and the name of its file.

    A `Path` is a file, and so is a string in one line that ends in `.nn`.
    """
    if isinstance(spec, str) and not (spec.endswith(".nn") and "\n" not in spec):
        return spec, UNNAMED
    source = read(Path(spec)).source
    return source.text, source.name


def filled(text: str, sizes: Mapping[str, int], lets: Mapping[str, Any] | None) -> str:
    """The spec with other values of its lets: those of the data where it has such, and the user's.

    Raises ValueError for a let of the user's that the spec does not have, or that is no number or
    list of numbers.
    """
    source = Source(UNNAMED, text)
    own = {s.name.id: s for s in parse(source, Report()).statements if isinstance(s, Let)}
    for name in lets or {}:
        if name not in own:
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise ValueError(f"lets: the spec has no `let {name}`; {has}")
    values = {**sizes, **(lets or {})}
    for let in sorted(own.values(), key=lambda let: -let.span.start):
        if let.name.id in values:
            written = value_text(let.name.id, values[let.name.id])
            text = text[: let.value.span.start] + written + text[let.value.span.stop :]
    return text


def value_text(name: str, value: Any) -> str:
    """A number or a list of numbers as a spec writes it."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return repr(int(value))
    if isinstance(value, Real) and not isinstance(value, bool):
        return repr(float(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(value_text(name, item) for item in value)}]"
    raise ValueError(f"lets: {name} must be a number or a list of numbers, not {value!r}")


def weighted(text: str) -> str:
    """The spec with `train weights=rows`, by which its module takes a weight for each row."""
    source = Source(UNNAMED, text)
    for statement in parse(source, Report()).statements:
        if isinstance(statement, Directive) and statement.word.id == "train":
            if any(arg.key and arg.key.id == "weights" for arg in statement.args):
                return text
            stop = statement.span.stop
            return f"{text[:stop]} weights=rows{text[stop:]}"
    return f"{text}\ntrain weights=rows\n"
