"""The extension for VS Code: what can be checked of it without Node.js."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nnc.driver import check
from nnc.source import Source
from nnc.version import VERSION

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text("utf-8"))
CODE = "".join(p.read_text("utf-8") for p in sorted((FOLDER / "src").glob("*.ts")))
SNIPPETS = json.loads((FOLDER / "snippets" / "nn.json").read_text("utf-8"))


def test_every_command_is_registered_and_no_other():
    declared = {command["command"] for command in PACKAGE["contributes"]["commands"]}
    registered = set(re.findall(r'registerCommand\("(nnc\.\w+)"', CODE))
    assert declared == registered
    menus = PACKAGE["contributes"]["menus"]
    assert {item["command"] for menu in menus.values() for item in menu} <= declared


def test_every_setting_that_is_read_is_declared():
    declared = set(PACKAGE["contributes"]["configuration"]["properties"])
    read = set(re.findall(r'getConfiguration\("nnc"\)\.get(?:<\w+>)?\("([\w.]+)"', CODE))
    assert {f"nnc.{name}" for name in read} == declared


def test_files_exist_and_the_version_is_that_of_nnc():
    contributed = PACKAGE["contributes"]
    for entry in (*contributed["grammars"], *contributed["snippets"]):
        assert (FOLDER / entry["path"]).is_file()
    assert (FOLDER / contributed["languages"][0]["configuration"]).is_file()
    assert PACKAGE["version"].split(".")[:2] == VERSION.split(".")[:2]


def test_the_lock_file_names_no_place_to_download_from():
    lock = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    asked = PACKAGE["devDependencies"]
    assert lock["packages"][""]["devDependencies"] == asked


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_with_its_defaults_is_a_good_spec(name):
    text = "\n".join(SNIPPETS[name]["body"])
    defaults = dict(re.findall(r"\$\{(\d):([^}]*)\}", text))
    text = re.sub(r"\$\{(\d):([^}]*)\}", r"\2", text)
    text = re.sub(r"\$(\d)", lambda found: defaults[found[1]], text)
    use = {"block": "\ninput 4 -> residual(4)\n", "fn": "\ninput 4 -> dense 3 swish\n"}
    text += use.get(text.split()[0], "")
    assert [d.message for d in check(Source("a.nn", text)).report] == []
