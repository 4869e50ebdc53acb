"""What the tests of the editor share: specs, texts with a mark, and all files that come with nnc."""

from __future__ import annotations

from functools import cache
from posixpath import dirname, join, normpath

from nnc.editor import Study, study
from nnc.source import Source

from ..generated import ROOT

EXAMPLES = sorted((*(ROOT / "examples").glob("*.nn"), *(ROOT / "compiler/gallery").glob("*.nn")))
"""Specs without errors, one a file."""

BROKEN = """\
let width = 16
input 784 as x -> dense width relu as h -> densee 5 -> dense 3 softmax as end
h -> dense 2 $ as side
loss mse on side
optimizer sgd lr=
"""
"""A spec with mistakes of several kinds, in which all the rest is to be known."""


def seen(text: str, **others: str) -> Study:
    """The study of a text; others are files that it may include, `lib` as `lib.nn`."""
    files = {f"{name}.nn": Source(f"{name}.nn", body) for name, body in others.items()}

    def load(path: str, by: Source) -> Source:
        name = normpath(join(dirname(by.name), path))
        if name not in files:
            raise FileNotFoundError(path)
        return files[name]

    return study(Source("main.nn", text), load)


def marked(text: str, **others: str) -> tuple[Study, int]:
    """The study of a text and the offset of the `|` in it."""
    return seen(text.replace("|", "", 1), **others), text.index("|")


@cache
def example(path) -> Study:
    """The study of an example, made once."""
    return study(Source(path.as_posix(), path.read_text("utf-8")))
