"""No question about a wrong spec is too much: every request, at places of every spec with a mistake."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from nnc.editor import study
from nnc.editor.actions import actions, all_safe
from nnc.editor.colours import coloured
from nnc.editor.completion import complete
from nnc.editor.edits import applied
from nnc.editor.formatting import formatted, formatted_range
from nnc.editor.hints import hints, with_kept
from nnc.editor.hover import hover
from nnc.editor.lenses import lenses
from nnc.editor.outline import folds, outline
from nnc.editor.relations import Refused, definition_at, references_at, rename
from nnc.editor.signature import signature
from nnc.source import Source

from ..generated import ROOT
from .editing import EXAMPLES

WRONG = sorted((ROOT / "tests/ui").glob("*.nn"))
"""A spec for each kind of finding, and more."""


@pytest.fixture(autouse=True)
def no_modules(monkeypatch):
    """Writing the modules of specs that only have warnings is tested elsewhere, and slow."""
    monkeypatch.setattr("nnc.editor.hover.MOST_LAYERS", 0)


def ask_everything(text: str, random: Random, places: int) -> None:
    seen = study(Source("main.nn", text))
    for word in coloured(seen):
        assert 0 <= word.start < word.stop <= len(text)
    outline(seen)
    folds(seen)
    lenses(seen)
    with_kept(seen, hints(seen), text)
    formatted(seen.source)
    all_safe(seen)
    for action in actions(seen, 0, len(text)):
        applied(text, action.edits.get("main.nn", ()))
    for offset in (0, len(text), *(random.randrange(len(text) + 1) for _ in range(places))):
        hover(seen, offset)
        complete(seen, offset)
        signature(seen, offset)
        definition_at(seen, offset)
        references_at([seen], offset)
        formatted_range(seen.source, offset, offset)
        with suppress(Refused):
            rename([seen], offset, "zz_new")


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_question_about_a_wrong_spec_has_an_answer(path):
    ask_everything(path.read_text("utf-8"), Random(path.stem), 2)


@pytest.mark.parametrize("path", EXAMPLES[::5], ids=lambda path: path.stem)
def test_every_question_about_the_beginning_of_a_spec_has_an_answer(path):
    """As while typing: the text ends anywhere."""
    text, random = path.read_text("utf-8"), Random(path.stem)
    for _ in range(12):
        ask_everything(text[: random.randrange(len(text))], random, 1)
