"""`nnc lsp` over standard input and output, as a real client drives it: every request, right and wrong."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls", reason="the language server is an extra")
pytest.importorskip("pytest_lsp", reason="drives the language server")

import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

from .editing import BROKEN
from .lsp_client import CONFIG, Buffer, begin, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHT = """\
# 𝛼 network for digits 🧠 → wide
let width = 16
block twice(n) = dense n relu -> dense n
input 784 as x -> dense width relu as h -> twice(4) -> dense 10 softmax as kind
loss crossentropy on kind
optimizer sgd lr=0.1
"""
OPTIONS = types.FormattingOptions(2, True)


@pytest_lsp.fixture(config=CONFIG, scope="module")
async def client(lsp_client: LanguageClient, tmp_path_factory):
    await begin(lsp_client, tmp_path_factory.mktemp("specs"))
    yield
    await lsp_client.shutdown_session()


def errors(found):
    return [d.code for d in found if d.severity == types.DiagnosticSeverity.Error]


COUNT = iter(range(1000))


async def opened(client, text: str, name: str = "") -> Buffer:
    buffer = Buffer(client, f"file:///nowhere/{name or f'spec{next(COUNT)}'}.nn", text)
    buffer.published = await buffer.open()
    return buffer


def edited(text: str, buffer: Buffer, edits) -> str:
    """The text with a client's edits made, by the client's own count of columns."""
    offsets = {
        (p.line, p.character): i for i in reversed(range(len(text) + 1)) for p in [buffer.place(i)]
    }
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        start, end = ((p.line, p.character) for p in (edit.range.start, edit.range.end))
        stop = offsets.get(end, len(text))
        text = text[: offsets[start]] + edit.new_text + text[stop:]
    return text


async def test_findings_have_places_pages_and_related_places(client):
    text = "# 🧠\r\nlet a = 3  # 𝛼\r\nlet a = 4\r\ninput 4 -> densee a -> dense 2\r\n"
    buffer = await opened(client, text)
    twice, unknown = buffer.published
    assert (twice.code, unknown.code) == ("NN114", "NN101")
    assert twice.range == types.Range(types.Position(2, 4), types.Position(2, 5))
    related = twice.related_information[0]
    assert related.location == types.Location(
        buffer.uri, types.Range(types.Position(1, 4), types.Position(1, 5))
    )
    assert unknown.range.start == buffer.at("densee")
    assert unknown.source == "nnc"
    assert unknown.severity == types.DiagnosticSeverity.Error
    assert unknown.code_description.href.startswith("file://")
    assert unknown.code_description.href.endswith("NN101.md")
    assert await buffer.edit(text.index("let a = 4"), text.index("input"), "") != []
    at = buffer.text.index("densee")
    assert not errors(await buffer.edit(at, at + 6, "dense"))


async def test_columns_are_utf16(client):
    buffer = await opened(client, '# a\nmodel "𝛼🧠"; input 4 -> dens 3\n')
    found = buffer.published[0]
    assert found.range == types.Range(buffer.at("dens"), buffer.at("dens", 4))
    assert found.range.start.character == len('model "𝛼🧠"; input 4 -> ') + 2


# --- every request, of a right document and of a wrong one --------------------------------


async def hints(b):
    return await b.client.text_document_inlay_hint_async(
        types.InlayHintParams(b.id, b.everything())
    )


async def test_inlay_hints(client):
    right, wrong = await opened(client, RIGHT), await opened(client, BROKEN)
    found = await hints(right)
    labels = ["→ 4 · 20", "→ 4 · 20", "→ 16 · 12,560", "→ 4 · 88", "→ 10 · 50"]
    assert [h.label for h in found][2:] == labels[2:]
    assert found[-1].position == right.at(" as kind", len(" as kind"))
    assert "→ 16 · 12,560" in {h.label for h in await hints(wrong)}
    before = {h.label for h in found}
    at = right.text.index("softmax")
    await right.edit(at, at + 7, "softmaxx(")
    assert before - {h.label for h in await hints(right)} <= {"→ 10 · 50"}


async def test_hover(client):
    right, wrong = await opened(client, RIGHT), await opened(client, BROKEN)
    ask = client.text_document_hover_async
    found = await ask(types.HoverParams(right.id, right.at("dense width")))
    for part in (
        "784 → 16",
        "12,560 parameters",
        "z = x W + b",
        'x @ params["h.W"]',
        "d_h_W = x.T @",
    ):
        assert part in found.contents.value
    assert found.range == types.Range(right.at("dense width"), right.at("dense width", 5))
    assert (
        "784 → 16"
        in (await ask(types.HoverParams(wrong.id, wrong.at("dense width")))).contents.value
    )
    assert await ask(types.HoverParams(right.id, types.Position(0, 3))) is None


async def test_completion(client):
    right, wrong = await opened(client, RIGHT), await opened(client, BROKEN)
    ask = client.text_document_completion_async
    found = await ask(types.CompletionParams(right.id, right.at("softmax", 2)))
    item = next(i for i in found.items if i.label == "sigmoid")
    assert edited(right.text, right, [item.text_edit]) == RIGHT.replace("softmax", "sigmoidftmax")
    found = await ask(types.CompletionParams(wrong.id, wrong.at("densee", 3)))
    labels = {i.label for i in found.items}
    assert "dense" in labels
    assert "conv" not in labels


async def test_signature_help(client):
    right, wrong = await opened(client, RIGHT), await opened(client, BROKEN)
    ask = client.text_document_signature_help_async
    found = await ask(types.SignatureHelpParams(right.id, right.at("dense 10", 6)))
    assert found.signatures[0].label.startswith("dense units")
    assert found.active_parameter == 0
    found = await ask(types.SignatureHelpParams(wrong.id, wrong.at("lr=", 3)))
    assert found.signatures[0].label.startswith("sgd lr")
    assert await ask(types.SignatureHelpParams(right.id, types.Position(0, 0))) is None


async def test_definition_references_and_highlights(client):
    for text in (RIGHT, BROKEN):
        b = await opened(client, text)
        here = b.at("width relu")
        found = await client.text_document_definition_async(types.DefinitionParams(b.id, here))
        assert found.range.start == b.at("width")
        context = types.ReferenceContext(include_declaration=True)
        found = await client.text_document_references_async(
            types.ReferenceParams(context, b.id, here)
        )
        assert [f.range.start for f in found] == [b.at("width"), here]
        found = await client.text_document_document_highlight_async(
            types.DocumentHighlightParams(b.id, here)
        )
        assert len(found) == 2
        nothing = types.DefinitionParams(b.id, b.at("input", 1))
        assert await client.text_document_definition_async(nothing) is None


async def test_rename(client):
    b = await opened(client, RIGHT)
    here = b.at("twice(4)")
    ask, prepare = client.text_document_rename_async, client.text_document_prepare_rename_async
    found = await prepare(types.PrepareRenameParams(b.id, here))
    assert found == types.Range(here, b.at("twice(4)", 5))
    made = await ask(types.RenameParams(b.id, here, "pair"))
    assert edited(RIGHT, b, made.changes[b.uri]) == RIGHT.replace("twice", "pair")
    for name, why in (("relu", "cannot be"), ("Pair", "not a name")):
        with pytest.raises(JsonRpcException, match=why):
            await ask(types.RenameParams(b.id, here, name))
    with pytest.raises(JsonRpcException, match="nnc's own"):
        await prepare(types.PrepareRenameParams(b.id, b.at("dense")))
    wrong = await opened(client, BROKEN)
    made = await ask(types.RenameParams(wrong.id, wrong.at("width"), "wide"))
    assert edited(BROKEN, wrong, made.changes[wrong.uri]) == BROKEN.replace("width", "wide")


async def test_outline_folding_and_colours(client):
    for text in (RIGHT, BROKEN):
        b = await opened(client, text)
        symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(b.id))
        assert {"width", "loss"} <= {s.name for s in symbols}
        params = types.SemanticTokensParams(b.id)
        whole = await client.text_document_semantic_tokens_full_async(params)
        assert len(whole.data) % 5 == 0
        line = types.Range(types.Position(1, 0), types.Position(2, 0))
        part = await client.text_document_semantic_tokens_range_async(
            types.SemanticTokensRangeParams(b.id, line)
        )
        assert 0 < len(part.data) < len(whole.data)
    b = await opened(client, "input 4\n  -> dense 3\n  -> $ dense 2\n")
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(b.id))
    assert [(f.start_line, f.end_line) for f in folds] == [(0, 2)]


async def test_colours_are_at_the_words(client):
    b = await opened(client, RIGHT)
    data = (
        await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(b.id))
    ).data
    places = {(p.line, p.character): i for i in reversed(range(len(RIGHT))) for p in [b.place(i)]}
    line = column = 0
    words = []
    for i in range(0, len(data), 5):
        line, column = line + data[i], data[i + 1] + (column if data[i] == 0 else 0)
        stop = places.get((line, column + data[i + 2]))
        words.append(RIGHT[places[line, column] : stop])
    assert words[:5] == [RIGHT.splitlines()[0], "let", "width", "=", "16"]
    assert words[-3:] == ["lr", "=", "0.1"]


async def test_formatting(client):
    text = "# 🧠\r\ninput 784->dense 30   relu\r\nloss  mse\r\n"
    b, wrong = await opened(client, text), await opened(client, BROKEN)
    edits = await client.text_document_formatting_async(
        types.DocumentFormattingParams(b.id, OPTIONS)
    )
    done = "# 🧠\r\ninput 784 -> dense 30 relu\r\nloss mse\r\n"
    assert edited(text, b, edits) == done
    range = types.Range(b.at("mse"), b.at("mse"))
    params = types.DocumentRangeFormattingParams(b.id, range, OPTIONS)
    edits = await client.text_document_range_formatting_async(params)
    assert edited(text, b, edits) == text.replace("loss  mse", "loss mse")
    params = types.DocumentFormattingParams(wrong.id, OPTIONS)
    assert not await client.text_document_formatting_async(params)
    params = types.DocumentRangeFormattingParams(wrong.id, range, OPTIONS)
    assert not await client.text_document_range_formatting_async(params)


async def actions(b, *only):
    context = types.CodeActionContext([], only=list(only) or None)
    params = types.CodeActionParams(b.id, b.everything(), context)
    return await b.client.text_document_code_action_async(params)


async def test_quick_fixes_and_fix_all(client):
    text = "# 🧠\ninput 4 → dens 3 ⟶ dense 2 prelu(0.25)\nloss mse\n"
    b = await opened(client, text)
    found = await actions(b)
    fix = next(a for a in found if a.title == "write `->`" and a.is_preferred)
    assert fix.diagnostics[0].code == "NN014"
    assert edited(text, b, fix.edit.changes[b.uri]) == text.replace("→", "->")
    (whole,) = await actions(b, types.CodeActionKind.SourceFixAll)
    assert whole.kind == "source.fixAll.nnc"
    assert edited(text, b, whole.edit.changes[b.uri]) == (
        text.replace("→", "->").replace("⟶", "->").replace("prelu(0.25)", "prelu")
    )
    right = await opened(client, RIGHT)
    assert await actions(right, types.CodeActionKind.SourceFixAll) in ((), [], None)
    assert {a.kind for a in await actions(b, types.CodeActionKind.QuickFix)} == {"quickfix"}


async def test_lenses_and_commands(client):
    right, wrong = await opened(client, RIGHT), await opened(client, BROKEN)
    found = await client.text_document_code_lens_async(types.CodeLensParams(right.id))
    titles = [lens.command.title for lens in found]
    assert titles[0].startswith("12,698 parameters")
    shown = next(lens.command for lens in found if lens.command.title == "show generated code")
    run = client.workspace_execute_command_async
    made = await run(types.ExecuteCommandParams(shown.command, shown.arguments))
    lines = made["text"].split("\n")
    region = next(r for r in made["regions"] if r["function"] == "forward")
    assert (region["line"], region["uri"]) == (4, right.uri)
    assert "h_z = x @" in "\n".join(lines[region["first"] : region["last"]])
    assert await run(types.ExecuteCommandParams(shown.command, [right.uri, 1])) != made
    assert await run(types.ExecuteCommandParams(shown.command, [wrong.uri])) is None
    assert await run(types.ExecuteCommandParams(shown.command, [right.uri, 7])) is None
    titles = [
        le.command.title
        for le in await client.text_document_code_lens_async(types.CodeLensParams(wrong.id))
    ]
    assert "without what is wrong" in titles[0]
    assert "NN101" in await run(types.ExecuteCommandParams("nnc.explain", ["nn101"]))
    with pytest.raises(JsonRpcException):
        await run(types.ExecuteCommandParams("nnc.nothing", []))


async def test_a_request_on_a_buffer_that_is_not_open_has_no_answer(client):
    unknown = types.TextDocumentIdentifier("file:///nowhere/else.nn")
    params = types.HoverParams(unknown, types.Position(0, 0))
    assert await client.text_document_hover_async(params) is None


# --- several buffers ----------------------------------------------------------------------


async def test_includes_are_read_from_open_buffers(client, tmp_path):
    (tmp_path / "lib.nn").write_text("block b = dense 3\n")
    main = Buffer(client, (tmp_path / "main.nn").as_uri(), 'include "lib.nn"\ninput 4 -> b as 𝛼\n')
    main.text = main.text.replace("𝛼", "end")
    assert not await main.open()
    lib = Buffer(client, (tmp_path / "lib.nn").as_uri(), "block b = dense 3\n")
    await lib.open()
    waiting = main.next()
    at = lib.text.index("3")
    lib.send(at, at + 1, "3 -> conv 2 3x3")
    (found,) = await waiting
    assert found.message.startswith("lib.nn:1: ")
    assert found.range.start == main.at("b as")
    assert found.related_information[0].location.uri == lib.uri
    labels = [h.label for h in await hints(main)]
    assert labels != ["→ 3 · 15"]
    waiting = main.next()
    lib.close()  # the file itself counts again
    assert not await waiting
    assert [h.label for h in await hints(main)] == ["→ 3 · 15"]


async def test_names_are_renamed_across_open_and_closed_files(client, tmp_path):
    (tmp_path / "lib.nn").write_text("let w = 3\nblock b = dense w\n")
    main = Buffer(
        client, (tmp_path / "main.nn").as_uri(), 'include "lib.nn"\ninput 4 -> b -> dense w\n'
    )
    await main.open()
    at = types.RenameParams(main.id, main.place(main.text.rindex("w")), "wide")
    made = await client.text_document_rename_async(at)
    assert {u.rpartition("/")[2]: len(own) for u, own in made.changes.items()} == {
        "lib.nn": 2,
        "main.nn": 1,
    }


async def test_references_are_found_in_specs_that_are_not_open(client):
    folder = client.folder
    (folder / "main.nn").write_text('include "shared.nn"\ninput 4 -> b -> b\n')
    lib = Buffer(client, (folder / "shared.nn").as_uri(), "block b = dense 3\n")
    await lib.open()
    context = types.ReferenceContext(include_declaration=False)
    (folder / "shared.nn").write_text(lib.text)
    params = types.ReferenceParams(context, lib.id, lib.at("b ="))
    found = await client.text_document_references_async(params)
    assert [f.uri.rpartition("/")[2] for f in found] == ["main.nn", "main.nn"]


async def test_files_that_change_on_disk_are_read_again(client, tmp_path):
    (watch,) = client.watched[0].registrations
    assert watch.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    lib = tmp_path / "lib.nn"
    lib.write_text("block b = dense 3\n")
    main = Buffer(client, (tmp_path / "main.nn").as_uri(), 'include "lib.nn"\ninput 4 -> b\n')
    assert not await main.open()
    waiting = main.next()
    lib.write_text("block c = dense 3\n")
    event = types.FileEvent(lib.as_uri(), types.FileChangeType.Changed)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    assert errors(await waiting) == ["NN101"]


async def test_a_missing_include_is_found_when_it_is_opened(client, tmp_path):
    main = Buffer(client, (tmp_path / "main.nn").as_uri(), 'include "new.nn"\ninput 4 -> b\n')
    (found,) = await main.open()
    assert found.code == "NN501"
    waiting = main.next()
    await Buffer(client, (tmp_path / "new.nn").as_uri(), "block b = dense 3\n").open()
    assert not await waiting


async def test_edits_that_wait_are_read_before_a_check(client):
    b = await opened(client, "input 4 -> dense 3\n")
    waiting = b.next(b.version + 40)
    for _ in range(20):
        b.send(0, 0, "x")
        b.send(0, 1, "")
    assert not await waiting
    whole = await b.replace("input 4 -> dens 3")
    assert [d.code for d in whole] == ["NN101"]


# --- faults of nnc itself -----------------------------------------------------------------

FAULTY = """
import nnc.lsp.reading, nnc.lsp.documents
def fail(*words): raise ZeroDivisionError("on purpose")
nnc.lsp.reading.hover = fail
study = nnc.lsp.documents.study
nnc.lsp.documents.study = lambda s, load: fail() if "CRASH" in s.text else study(s, load)
from nnc.cli.main import run
import sys
sys.argv = ["nnc", "lsp"]
run()
"""


@pytest_lsp.fixture(config=serving("-c", FAULTY), scope="module")
async def faulty(lsp_client: LanguageClient):
    lsp_client.report_server_error = lambda *words: None
    await begin(lsp_client, editor="neovim")
    yield
    await lsp_client.shutdown_session()


async def test_commands_are_only_told_to_clients_without_their_own(client, faulty):
    assert client.told.capabilities.execute_command_provider is None
    told = faulty.told.capabilities.execute_command_provider
    assert set(told.commands) == {"nnc.showGenerated", "nnc.explain"}


async def test_a_crash_answers_its_request_and_nothing_else(faulty):
    b = await opened(faulty, RIGHT)
    for _ in range(2):
        with pytest.raises(JsonRpcException, match="on purpose"):
            await faulty.text_document_hover_async(types.HoverParams(b.id, b.at("dense")))
        assert await hints(b)
        found = await faulty.text_document_completion_async(
            types.CompletionParams(b.id, b.at("relu"))
        )
        assert found.items
    (found,) = await b.edit(0, 0, "# CRASH\n")
    assert "a fault of nnc, not of your spec" in found.message
    with pytest.raises(JsonRpcException, match="on purpose"):
        await hints(b)
    other = await opened(faulty, BROKEN)
    assert len(other.published) > 1
    assert not errors(await b.edit(0, 8, ""))
    assert await hints(b)
