"""The playground's Python side: answers as JSON, with places in UTF-16 units."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "playground"


@pytest.fixture
def session():
    spec = importlib.util.spec_from_file_location("session", FOLDER / "python" / "session.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ask(session, question, *arguments):
    return json.loads(session.answer(question, json.dumps(arguments)))


def utf16(text: str, start: int, stop: int) -> str:
    """What JavaScript's `slice` gives."""
    return text.encode("utf-16-le")[2 * start : 2 * stop].decode("utf-16-le")


GOOD = "input 4 -> dense 3 relu -> dense 2 softmax\nloss crossentropy\n"


@pytest.mark.parametrize("before", ["", "# é\n", "# 𝛼𝛽\n"])
def test_places_and_repairs_are_those_of_the_browser(session, before):
    text = before + GOOD.replace("dense 3", "densee 3")
    (found,) = ask(session, "update", text)["findings"]
    assert (found["code"], found["severity"]) == ("NN101", "error")
    assert utf16(text, found["from"], found["to"]) == "densee"
    (edit,) = found["fixes"][0]["edits"]
    mended = utf16(text, 0, edit["from"]) + edit["insert"] + utf16(text, edit["to"], len(text) * 2)
    assert mended == before + GOOD


@pytest.mark.parametrize("before", ["", "# 𝛼𝛽\n"])
def test_hints_hover_and_completion(session, before):
    text = before + GOOD
    found = ask(session, "update", text)
    assert (found["findings"], found["compiles"]) == ([], True)
    ends = [utf16(text, 0, hint["at"]).rpartition("-> ")[2] for hint in found["hints"]]
    assert ends == ["dense 3 relu", "dense 2 softmax"]
    at = len((before + "input 4 -> de").encode("utf-16-le")) // 2
    hover = ask(session, "hover", at)
    assert utf16(text, hover["from"], hover["to"]) == "dense"
    items = ask(session, "complete", at)
    assert "dense" in [item["label"] for item in items]
    assert utf16(text, items[0]["from"], at) == "de"


def test_code_and_its_lines(session):
    ask(session, "update", GOOD)
    for level in (0, 1):
        code = ask(session, "code", level)
        lines = code["text"].split("\n")
        regions = [r for r in code["regions"] if r["line"] == 1]
        assert any("dense" in lines[region["first"] - 1] for region in regions)
    ask(session, "update", GOOD.replace("dense 3", "dense"))
    assert ask(session, "code", 0) is None
    assert ask(session, "graph") is None


def test_shapes_graph_pages_and_format(session):
    ask(session, "update", GOOD.replace(" -> ", "->"))
    assert [row["out"] for row in ask(session, "shapes")] == ["4", "3", "2"]
    assert ask(session, "graph").startswith("<svg")
    assert ask(session, "explain", "NN101").startswith("# NN101")
    assert ask(session, "explain", "nothing") is None
    assert ask(session, "format") == GOOD
    ask(session, "update", "input 4 -> (")
    assert ask(session, "format") == "input 4 -> ("
    assert [row["out"] for row in ask(session, "shapes")] == ["4"]  # what is in front of the fault


def test_every_packed_folder_exists_and_what_the_page_imports_is_packed():
    spec = importlib.util.spec_from_file_location("build", FOLDER / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    names = dict(build._own())
    for needed in ("nnc/driver.py", "nnc/editor/study.py"):
        assert needed in names, needed
    assert any(name.endswith(".lark") for name in names)
    assert any(name.startswith("nnc/diagnostics/pages/") for name in names)
    assert not any(name.startswith("nnc/cli/") for name in names)
    assert {style for rule in build.rules() for style in rule["styles"]} > {"keyword", "layer"}


def test_training_where_numpy_is_there(session):
    spec = "input 64 -> dense 10 softmax\nloss crossentropy\noptimizer sgd lr=0.1\ntrain batch=32\nmetric accuracy\n"
    ask(session, "update", spec)
    lines = ask(session, "train", 2)
    assert [line.split()[:2] for line in lines] == [["epoch", "1"], ["epoch", "2"]]
    ask(session, "update", spec.replace("64", "63"))
    (line,) = ask(session, "train", 1)
    assert "63" in line
    ask(session, "update", "input 64 -> dense")
    assert ask(session, "train", 1) == ["The spec has errors, or nothing to train."]
