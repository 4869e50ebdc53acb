"""README and docs are true: specs lint, code runs, commands succeed, quoted output is exact.

What a fenced block is, its info string says:

* `nn`: a spec without errors; `nn error=FILE`: one with errors, kept as FILE for the commands.
* `console`: commands after `$ `; lines below a command are exactly what it prints.
* `python`: runs; `python generated`: part of what `nnc compile -O0 examples/mnist.nn` writes.
* `file=PATH` or `append=PATH` (CONTRIBUTING only): a change to a copy of the source tree.

All blocks of one page run in order in one folder that has `examples/` in it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from nnc.driver import check
from nnc.source import Source

from .generated import ROOT, spec_text

PAGES = [
    "README.md",
    *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]
NNC = [sys.executable, "-c", "from nnc.cli.main import run; run()"]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
INDENTED_COMMAND = re.compile(r"^ {4}(nnc .*)$", re.M)


@dataclass(frozen=True)
class Block:
    language: str
    info: str
    text: str


def blocks_of(page):
    return [Block(*match.groups()) for match in FENCE.finditer((ROOT / page).read_text("utf-8"))]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)])
def test_every_block_of_a_page_is_true(page, tmp_path):
    os.symlink(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "build").mkdir()
    for command in INDENTED_COMMAND.findall((ROOT / page).read_text("utf-8")):
        run_command(command, "", tmp_path)
    for block in blocks_of(page):
        CHECKS[block.language](block, tmp_path)


def check_spec(block, folder):
    errors = re.search(r"error=(\S+)", block.info)
    report = check(Source("spec.nn", block.text)).report
    assert report.has_errors == bool(errors), [d.message for d in report]
    if errors:
        (folder / errors[1]).write_text(block.text, encoding="utf-8")
    else:
        assert [d.message for d in report] == []


def check_console(block, folder):
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        run_command(command, output, folder)


def run_command(command, output, folder):
    words = shlex.split(command)
    assert words[0] == "nnc"
    done = run([*NNC, *words[1:]], folder)
    expected = 1 if "error[" in output else 0
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


def run(command, folder):
    env = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


CHECKS = {"nn": check_spec, "console": check_console, "python": check_python}


FOLLOWED = """
from pathlib import Path
import sys
import numpy as np
from nnc.driver import Options, compile_source
from nnc.runtime.module import import_module
from nnc.source import Source
import nnc

assert Path(nnc.__file__).parent.parent == Path.cwd(), "the changed copy must be the one in use"
for level in (0, 1):
    code = compile_source(Source("new.nn", sys.argv[1]), Options(level=level)).code
    Path("model.py").write_text(code, encoding="utf-8")
    module = import_module("model.py")
    params = module.init_params(1)
    x, t = np.random.default_rng(0).normal(size=(2, 5, 4))
    y, cache = module.forward(params, x)
    grads = module.backward(params, cache, t[:, :1])
    for name, value in params.items():
        for index in np.ndindex(value.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = {k: v.copy() for k, v in params.items()}
                moved[name][index] += step
                sides.append(module.loss(moved, module.forward(moved, x)[1], t[:, :1]))
            assert abs((sides[0] - sides[1]) / 2e-6 - grads[name][index]) < 1e-7, (name, index)
"""


def test_contributing_followed_to_the_letter_gives_a_layer_and_an_op(tmp_path):
    copy_sources(tmp_path)
    for block in blocks_of("CONTRIBUTING.md"):
        how, path = re.fullmatch(r" (file|append)=(\S+)", block.info).groups()
        path = tmp_path / path.replace("compiler/", "nnc/").replace("templates/", "nnc/templates/")
        assert path.exists() == (how == "append")
        with path.open("a", encoding="utf-8") as file:
            file.write(block.text)
    layer = (tmp_path / "nnc/layers/squareplus.py").read_text("utf-8")
    lowering = re.search(r"    root = .*?\n(?=\n)", layer, re.S)[0]
    uses_op = layer.replace(lowering, '    return unary("arctan", c.x)\n').replace(
        "squareplus", "arctan"
    )
    (tmp_path / "nnc/layers/arctan.py").write_text(uses_op, encoding="utf-8")
    for kind in ("squareplus", "arctan"):
        spec = f"input 4 -> dense 8 {kind} -> dense 1; loss mse; dtype float64"
        done = run([sys.executable, "-c", FOLLOWED, spec], tmp_path)
        assert done.returncode == 0, done.stderr


def copy_sources(folder):
    """The package as it is installed: compiler as nnc, the other folders inside it."""
    ignored = shutil.ignore_patterns("__pycache__", "*.npz")
    shutil.copytree(ROOT / "compiler", folder / "nnc", ignore=ignored)
    for name in ("grammar", "templates", "runtime"):
        shutil.copytree(ROOT / name, folder / "nnc" / name, ignore=ignored)


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
