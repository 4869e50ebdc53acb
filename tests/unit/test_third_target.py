"""A third target is one folder in compiler/targets and one in templates, and no edit elsewhere."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = {"compiler": "nnc", "grammar": "nnc/grammar", "templates": "nnc/templates"}
SPEC = "input 4 -> dense 3 tanh -> dense 2 softmax; loss crossentropy; optimizer adam"

TARGET = '''"""NumPy with a remark."""

from ..numpy.target import NumPyTarget


class TinyTarget(NumPyTarget):
    """NumPy's target, but for one template."""

    base = "numpy"


TARGET = TinyTarget
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package with a target of its own in two new folders."""
    folder = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    for source, place in PARTS.items():
        shutil.copytree(ROOT / source, folder / place, ignore=ignored)
    for place, text in (("targets", TARGET), ("templates", '"""Templates."""\n')):
        new = folder / "nnc" / place / "tiny"
        new.mkdir()
        (new / "__init__.py").write_text(text, encoding="utf-8")
    (folder / "nnc/templates/tiny/imports.jinja").write_text("# tiny\n", encoding="utf-8")
    return folder


def nnc(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "100"}
    command = [sys.executable, "-m", "nnc", *words]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("level", ["-O0", "-O1"])
def test_its_module_is_the_base_targets_but_for_its_own_template(tree, level):
    plain, tiny = (
        nnc(tree, "compile", level, "-c", SPEC, "--target", name) for name in ("numpy", "tiny")
    )
    assert tiny.returncode == 0, tiny.stderr
    lines = (done.stdout.splitlines() for done in (plain, tiny))
    changed = [line for line in difflib.ndiff(*lines) if line[0] in "+-"]
    assert changed == (["+ ", "+ # tiny"] if level == "-O1" else [])  # -O0 is always plain NumPy


def test_the_command_line_knows_it(tree):
    assert "tiny" in nnc(tree, "compile", "--help").stdout
    wrong = nnc(tree, "compile", "-c", SPEC, "--target", "tinny")
    assert wrong.returncode == 2
    assert "tiny" in wrong.stderr
