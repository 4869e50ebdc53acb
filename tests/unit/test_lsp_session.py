"""After any edits the server knows what a fresh check knows: the same findings, hints and colours."""

from __future__ import annotations

import os
from random import Random

import pytest

pytest.importorskip("pygls", reason="the language server is an extra")
pytest.importorskip("pytest_lsp", reason="drives the language server")

import pytest_lsp
from lsprotocol import types
from nnc.driver import check
from nnc.editor.hints import hints
from nnc.source import Source
from pytest_lsp import LanguageClient

from ..generated import ROOT
from .editing import seen
from .lsp_client import CONFIG, Buffer, begin

pytestmark = pytest.mark.asyncio(loop_scope="module")

EDITS = int(os.environ.get("NNC_LSP_EDITS", "40"))
"""Edits of each document; 500 when this was last run at length."""

PIECES = [
    *(
        "dense 3",
        " -> ",
        "\n",
        "\r\n",
        "(",
        ")",
        "[",
        "]",
        "𝛼",
        "🧠",
        "# é\n",
        "$",
        '"',
        ";",
        "=",
        ",",
    ),
    *(
        "let q = 4\n",
        " as h",
        " relu",
        "loss mse\n",
        "→",
        "block b(n) = dense n\n",
        " on h",
        "*2",
        "T",
    ),
    *("input 4 -> dense 3\n", "\f", "\u2028", "\r", "nnc: ignore[NN141]", "fn f(a) = a\n", "x"),
]
DOCUMENTS = ("resnet", "vae", "seq2seq", "wavenet")


@pytest_lsp.fixture(config=CONFIG, scope="module")
async def client(lsp_client: LanguageClient):
    await begin(lsp_client)
    yield
    await lsp_client.shutdown_session()


def fresh(buffer: Buffer) -> list:
    """What a check finds in the text: code, place and message, with columns counted here."""
    found = []
    for d in check(Source("main.nn", buffer.text)).report:
        start, stop = buffer.place(d.span.start), buffer.place(d.span.stop)
        found.append((d.code.id, d.message, start.line, start.character, stop.line, stop.character))
    return found


def told(published) -> list:
    found = []
    for d in published:
        start, end = d.range.start, d.range.end
        first = d.message.split("\n")[0]
        found.append((d.code, first, start.line, start.character, end.line, end.character))
    return found


def alike(told_one, fresh_one) -> bool:
    """An empty place is shown one character wide."""
    empty = fresh_one[2:4] == fresh_one[4:6]
    return told_one[:5] == fresh_one[:5] and told_one[5] - fresh_one[5] in (
        (0, 1, 2) if empty else (0,)
    )


def outside(text: str, offset: int) -> int:
    """The offset, or the next one where it is in the middle of a line's end: no editor is there."""
    return offset + (text[offset - 1 : offset + 1] == "\r\n")


def next_edit(random: Random, text: str, right: str) -> tuple[int, int, str]:
    """A range and its new text: mostly small, sometimes the way back to a right text."""
    kind = random.random()
    start = outside(text, random.randrange(len(text) + 1))
    if kind < 0.1:
        return 0, len(text), right
    if kind < 0.4:
        return start, outside(text, min(len(text), start + random.choice((1, 1, 2, 9)))), ""
    if kind < 0.5:
        stop = random.randrange(len(right))
        return start, start, right[max(0, stop - 30) : stop]
    return start, start, random.choice(PIECES)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_session_of_random_edits_agrees_with_fresh_checks(client, name):
    random = Random(name)
    right = (ROOT / f"examples/{name}.nn").read_text("utf-8")
    right = right.replace("\n", "\r\n") if name in ("vae", "wavenet") else right
    b = Buffer(client, f"file:///session/{name}.nn", right)
    published = await b.open()
    for _ in range(EDITS):
        expected, found = fresh(b), told(published)
        assert len(found) == len(expected), b.text
        for one, other in zip(found, expected, strict=True):
            assert alike(one, other), (one, other, b.text)
        await judge_answers(b)
        published = await b.edit(*next_edit(random, b.text, right))


async def judge_answers(b: Buffer) -> None:
    """Hints of a fresh check are all shown; in a right text there are no others."""
    study = seen(b.text)
    params = types.InlayHintParams(b.id, b.everything())
    shown = await b.client.text_document_inlay_hint_async(params) or ()
    labels = {(h.position.line, h.position.character, h.label) for h in shown}
    own = set()
    for hint in hints(study):
        place = b.place(hint.stop)
        own.add((place.line, place.character, hint.label))
    unsure = {label for label in own if "?" in label[2] or "…x" in label[2]}
    assert own - unsure <= labels, b.text
    if not study.errors:
        assert labels == own, b.text
    tokens = await b.client.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(b.id)
    )
    assert len(tokens.data) % 5 == 0
    symbols = types.DocumentSymbolParams(b.id)
    await b.client.text_document_document_symbol_async(symbols)
