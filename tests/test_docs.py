"""README and docs are correct: specs lint, code runs, commands succeed, quoted output is exact.

What a fenced block is, its info string says:

* `nn`: a spec without errors; `nn error=FILE`: one with errors. It is kept as FILE for the commands,
  and so is one without errors that says `nn file=FILE`.
* `console`: commands after `$ `; lines below a command are exactly what it prints. They exit with
  0, with 1 where they print an error, or as `exit=1` says.
* `toml`, `json`: can be read; `lua`, `lisp`: settings of editors, whose brackets are closed.
* `python`: runs; `python generated`: part of what `nnc compile -O0 examples/mnist.nn` writes.

All blocks of one page run in order in one folder that has `examples/` in it. The blocks of
CONTRIBUTING.md are followed by test_contributing.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tomllib

import pytest
from nnc.driver import check
from nnc.source import Source

from .generated import ROOT, spec_text
from .pages import NNC, blocks_of, run

PAGES = [
    "README.md",
    *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")),
]
INDENTED_COMMAND = re.compile(r"^ {4}(nnc .*)$", re.M)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)])
def test_every_block_of_a_page_is_true(page, tmp_path):
    os.symlink(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "build").mkdir()
    for command in INDENTED_COMMAND.findall((ROOT / page).read_text("utf-8")):
        run_command(command, "", tmp_path)
    for block in blocks_of(page):
        CHECKS[block.language](block, tmp_path)


def check_spec(block, folder):
    kept = re.search(r"(error|file)=(\S+)", block.info)
    errors = kept is not None and kept[1] == "error"
    report = check(Source("spec.nn", block.text)).report
    assert report.has_errors == errors, [d.message for d in report]
    if kept:
        (folder / kept[2]).write_text(block.text, encoding="utf-8")
    if not errors:
        assert [d.message for d in report] == []


def check_console(block, folder):
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        run_command(command, output, folder, "exit=1" in block.info)


def run_command(command, output, folder, fails=False):
    words = shlex.split(command)
    assert words[0] == "nnc"
    done = run([*NNC, *words[1:]], folder)
    expected = int(fails or "error[" in output)
    assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"
    if output:
        assert done.stdout.strip() == output.strip()


def check_python(block, folder):
    if "generated" in block.info:
        command = [*NNC, "compile", "-O0", "examples/mnist.nn"]
        assert block.text in run(command, folder).stdout
        return
    done = run([sys.executable, "-c", block.text], folder)
    assert done.returncode == 0, done.stderr


def check_yaml(block, folder):
    """Hooks and inputs of the action have the names that the page uses."""
    hooks, action = (
        (ROOT / f).read_text("utf-8") for f in (".pre-commit-hooks.yaml", "action.yml")
    )
    used = re.findall(r"^ +- id: (\S+)", block.text, re.M)
    assert set(used) <= set(re.findall(r"^- id: (\S+)", hooks, re.M))
    _, _, given = block.text.partition("OWNER/nnc@")
    inputs = re.findall(r"^ {6}(\w+):", given, re.M)
    assert set(inputs) <= set(re.findall(r"^  (\w+):", action.partition("runs:")[0], re.M))
    assert used or inputs


def check_toml(block, folder):
    tomllib.loads(block.text)


def check_json(block, folder):
    json.loads(block.text)


def check_other(block, folder):
    """Settings in a language that cannot be run here: their brackets and quotes are closed."""
    bare = re.sub(r'"(\\.|[^"\\])*"', "", block.text)
    assert '"' not in bare
    for opening, closing in ("()", "[]", "{}"):
        assert bare.count(opening) == bare.count(closing)


CHECKS = {
    "nn": check_spec,
    "console": check_console,
    "python": check_python,
    "yaml": check_yaml,
    "toml": check_toml,
    "json": check_json,
    "lua": check_other,
    "lisp": check_other,
}


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_readme_begins_with_the_line_and_the_two_commands():
    start = (ROOT / "README.md").read_text("utf-8")[:900]
    assert spec_text("mnist").splitlines()[-1] in start
    assert "make demo" in start
    assert "make test" in start
