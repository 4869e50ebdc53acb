"""The specs of estimators: the defaults, and the insertion of lets by the data or the user."""

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
"""The default spec of NNClassifier, for columns of mean 0 and deviation 1."""

REGRESSOR = """\
let features = 1
let outputs = 1
input features -> dense 100 relu -> dense outputs
loss mse
optimizer adam lr=5e-3
dtype float64
"""
"""The default spec of NNRegressor, for columns and targets of that scale."""


def text_of(spec: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the text of a spec and the name of its file.

    A `Path` is a file, and so is a string of one line that ends in `.nn`."""
    if isinstance(spec, str) and not (spec.endswith(".nn") and "\n" not in spec):
        return spec, UNNAMED
    source = read(Path(spec)).source
    return source.text, source.name


def filled(text: str, sizes: Mapping[str, int], lets: Mapping[str, Any] | None) -> str:
    """Return the spec with new values of its lets: sizes from the data, and the user's values.

    Raises ValueError for a user's let that the spec does not have, or whose value is not a number
    or list of numbers."""
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
    """Return a number or a list of numbers in the notation of a spec."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return repr(int(value))
    if isinstance(value, Real) and not isinstance(value, bool):
        return repr(float(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(value_text(name, item) for item in value)}]"
    raise ValueError(f"lets: {name} must be a number or a list of numbers, not {value!r}")


def weighted(text: str) -> str:
    """Return the spec with `train weights=rows`, whose module takes a weight for each row."""
    source = Source(UNNAMED, text)
    for statement in parse(source, Report()).statements:
        if isinstance(statement, Directive) and statement.word.id == "train":
            if any(arg.key and arg.key.id == "weights" for arg in statement.args):
                return text
            stop = statement.span.stop
            return f"{text[:stop]} weights=rows{text[stop:]}"
    return f"{text}\ntrain weights=rows\n"
