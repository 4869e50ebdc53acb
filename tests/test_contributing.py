"""CONTRIBUTING.md, followed to the letter: its blocks are applied to a copy of the sources.

What a block does there, its info string says:

* `file=PATH`: a new file.
* `append=PATH`: what to put at the end of a file.
* `in=PATH after="TEXT"`: lines to put behind the one line that is TEXT.

The copy has what all recipes add. Each addition is then tried, and the tests of all entries run.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import sys

import black
import pytest

from .generated import ROOT
from .pages import NNC, blocks_in, run, sections_of

SECTIONS = sections_of("CONTRIBUTING.md")
RECIPES = {title.removeprefix("Add "): t for title, t in SECTIONS.items() if title[:4] == "Add "}
TABLE = re.findall(
    r"^\| (an? \w+) \| (\d+) \| (.*) \|$", SECTIONS["What an addition touches"], re.M
)
CHANGE = re.compile(r' (?:(file|append)=(\S+)|in=(\S+) after="(.*)")')


def changes(recipe: str) -> list[tuple[str, str, str]]:
    """For every block the path, the line behind which its text goes (or a word), and the text."""
    found = []
    for block in blocks_in(RECIPES[recipe]):
        how, path, inside, after = CHANGE.fullmatch(block.info).groups()
        found.append((path or inside, how or after, block.text))
    return found


# --- the page itself ------------------------------------------------------------------------


def test_the_table_lists_the_recipes():
    assert [row[0] for row in TABLE] == list(RECIPES)


@pytest.mark.parametrize(("recipe", "count", "which"), TABLE)
def test_a_recipe_touches_the_files_that_the_table_says(recipe, count, which):
    paths = {path for path, _, _ in changes(recipe)}
    assert len(paths) == int(count)
    places = [re.escape(p).replace("NAME", r"\w+") for p in re.findall(r"`(\w+/[^`]*)`", which)]
    for path in paths:
        assert any(re.match(place, path) for place in places), path
    for place in places:
        assert any(re.match(place, path) for path in paths), place


@pytest.mark.parametrize("recipe", RECIPES)
def test_new_files_are_formatted(recipe):
    for path, how, text in changes(recipe):
        if how == "file" and path.endswith(".py"):
            assert black.format_str(text, mode=black.Mode(line_length=100)) == text, path


# --- what the recipes add -------------------------------------------------------------------


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A copy of the repository with everything that the page adds."""
    folder = tmp_path_factory.mktemp("followed")
    copy_sources(folder)
    for recipe in RECIPES:
        for path, how, text in changes(recipe):
            change(folder / path, how, text)
    return folder


def copy_sources(folder):
    """The package as it is installed, under the names of the repository, too; tests and pages."""
    ignored = shutil.ignore_patterns("__pycache__", "*.npz")
    shutil.copytree(ROOT / "compiler", folder / "nnc", ignore=ignored)
    os.symlink("nnc", folder / "compiler")
    for name in ("grammar", "templates", "runtime"):
        shutil.copytree(ROOT / name, folder / "nnc" / name, ignore=ignored)
        os.symlink(f"nnc/{name}", folder / name)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored)
    for name in ("benchmarks", "docs", "examples", "pyproject.toml"):
        os.symlink(ROOT / name, folder / name)


def change(path, how, text):
    assert path.exists() == (how != "file"), path
    path.parent.mkdir(exist_ok=True)  # a target is a folder
    if how in ("file", "append"):
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        return
    before, after = path.read_text("utf-8").split(f"\n{how}\n")
    path.write_text(f"{before}\n{how}\n{text}{after}", encoding="utf-8")


def python(followed, code, *args):
    """Run a program in the copy; what it prints."""
    done = run([sys.executable, "-c", PRELUDE + code, *args], followed)
    assert done.returncode == 0, done.stderr
    return done.stdout


PRELUDE = """
from pathlib import Path
import sys
import numpy as np
from nnc.driver import Options, compile_source
from nnc.runtime.module import import_module
from nnc.source import Source
import nnc

assert Path(nnc.__file__).parent.parent == Path.cwd(), "the changed copy must be the one in use"

def modules(spec):
    for level in (0, 1):
        code = compile_source(Source("new.nn", spec + "; dtype float64"), Options(level=level, format=False)).code
        Path("model.py").write_text(code, encoding="utf-8")
        yield import_module("model.py")

rng = np.random.default_rng(0)
"""

GRADIENT = """
for module in modules(sys.argv[1]):
    params = module.init_params(1)
    x, t = rng.normal(size=(2, 5, 4))
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


def test_the_gradient_of_the_layer_is_right(followed):
    python(followed, GRADIENT, "input 4 -> dense 8 log_sigmoid -> dense 1; loss mse")


def test_the_gradient_of_the_op_is_right_in_a_layer_that_uses_it(followed):
    layer = followed / "nnc/layers/log_sigmoid.py"
    lowering = 'scale(unary("softplus", scale(c.x, -1.0)), -1.0)'
    assert lowering in layer.read_text("utf-8")
    uses = layer.read_text("utf-8").replace(lowering, 'unary("arctan", c.x)')
    uses = uses.replace("log_sigmoid", "arctan").replace("LogSigmoid", "Arctan")
    (followed / "nnc/layers/arctan.py").write_text(uses, encoding="utf-8")
    python(followed, GRADIENT, "input 4 -> dense 8 arctan -> dense 1; loss mse")


LOSS = """
for module in modules("input 4 -> id; loss log_cosh"):
    y, t = 10 * rng.normal(size=(2, 6, 4))
    _, cache = module.forward({}, y)
    assert np.allclose(module.loss({}, cache, t), np.log(np.cosh(y - t)).mean(), rtol=1e-12)
"""


def test_the_loss_and_its_gradient_are_right(followed):
    python(followed, LOSS)
    python(followed, GRADIENT, "input 4 -> dense 8 tanh -> dense 1; loss log_cosh")


OPTIMIZER = """
spec = "input 4 -> dense 3; loss mse; optimizer signsgd lr=0.01 weight_decay=0.2"
for module in modules(spec):
    params = module.init_params(1)
    before = {name: p.copy() for name, p in params.items()}
    grads = {name: rng.normal(size=p.shape) for name, p in params.items()}
    module.optimizer_step(params, grads, module.init_optimizer(params))
    for name, p in before.items():
        assert np.allclose(params[name], p - 0.01 * (np.sign(grads[name]) + 0.2 * p), rtol=1e-14)
"""


def test_a_step_of_the_optimizer_is_its_formula(followed):
    python(followed, OPTIMIZER)


SCHEDULE = """
spec = "input 4 -> dense 3; loss mse; optimizer sgd lr=0.8; schedule inverse_sqrt steps=3 warmup=2"
for module in modules(spec):
    rates = [module.scheduled_rate(step) for step in (0, 1, 2, 5, 11, 26)]
    assert np.allclose(rates, [0.4, 0.8, 0.8, 0.8 / 2**0.5, 0.4, 0.8 / 3], rtol=1e-14), rates
"""


def test_the_rates_of_the_schedule_are_its_formula(followed):
    python(followed, SCHEDULE)


TWICE = "input 4 -> dense 8 relu -> relu -> dense 1; loss mse"


def test_the_pass_leaves_out_what_it_says(followed):
    relus = {}
    for name in ("fold-constants", "drop-repeated"):
        dump = run([*NNC, "compile", f"--dump-after={name}", "-c", TWICE], followed)
        assert dump.returncode == 0, dump.stderr
        relus[name] = dump.stdout.count("= relu(")
    assert relus == {"fold-constants": 2, "drop-repeated": 1}
    python(followed, GRADIENT, TWICE)


def test_the_diagnostic_is_explained(followed):
    shown = run([*NNC, "explain", "NN345"], followed).stdout
    assert shown.startswith("# NN345: ")
    assert "Put the dropout behind it." in " ".join(shown.split())


LINTED = """
from nnc.driver import check
for stages in sys.argv[1:]:
    spec = f"input 4 -> {stages} -> dense 1\\nloss mse\\n"
    print(*(d.code.id for d in check(Source("new.nn", spec)).report))
"""


def test_the_lint_finds_what_it_says_and_nothing_else(followed):
    wrong = ["dense 8 relu -> dropout 0.5 -> batchnorm", "dropout 0.5 -> id -> batchnorm"]
    right = ["dense 8 relu -> batchnorm -> dropout 0.5", "dropout 0 -> batchnorm"]
    found = python(followed, LINTED, *wrong, *right).split("\n")
    assert found[:4] == ["NN345", "NN345", "", ""]


QUICK = (
    *("test_codes.py", "test_ui.py", "test_golden.py", "test_loss_comments.py"),
    *("unit/test_layers.py", "unit/test_lints.py", "unit/test_op_gradients.py"),
    *("unit/test_schedule_values.py", "unit/test_elsewhere.py", "unit/test_passes_page.py"),
    *("unit/test_extreme_activations.py", "unit/test_extreme_losses.py"),
    *("unit/test_quiet_modules.py", "unit/test_contract_optimizers.py"),
    *("unit/test_buffer_plan.py", "properties/test_ragged_rows.py"),
)
"""Files with tests of all entries."""

NEW = (
    "log_sigmoid or arctan or log_cosh or signsgd or inverse_sqrt or NN345 or drop"
    " or every or left_over or find_themselves or keeps_its_meaning"
)


def test_the_tests_of_all_entries_accept_the_new_ones(followed):
    files = [f"tests/{name}" for name in QUICK]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", NEW, *files]
    done = run(command, followed)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("level", ["-O0", "-O1"])
def test_a_target_writes_what_its_base_does_but_for_its_own_template(followed, level):
    spec = "input 4 -> dense 3 tanh -> dense 2 softmax; loss crossentropy; optimizer adam"
    plain, tiny = (
        run([*NNC, "compile", level, "-c", spec, "--target", name], followed)
        for name in ("numpy", "tiny")
    )
    assert tiny.returncode == 0, tiny.stderr
    both = (done.stdout.splitlines() for done in (plain, tiny))
    changed = [line for line in difflib.ndiff(*both) if line[0] in "+-" and line[1:].strip()]
    assert changed == (["+ # tiny"] if level == "-O1" else [])  # -O0 is always plain NumPy


def test_the_command_line_knows_a_target(followed):
    assert "tiny" in run([*NNC, "compile", "--help"], followed).stdout
    wrong = run([*NNC, "compile", "-c", "input 4 -> dense 2", "--target", "tinny"], followed)
    assert wrong.returncode == 2
    assert "tiny" in wrong.stderr
