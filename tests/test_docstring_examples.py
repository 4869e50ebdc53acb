"""The example in a module's docstring runs as it stands, for every golden module and example."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from .generated import EXAMPLES, ROOT, build, spec_text

MODULES = sorted((ROOT / "tests" / "golden" / "modules").glob("*.py"))
GOLDEN = [path for path in MODULES if not path.stem.endswith(".torch")]
"""Those of PyTorch run in tests/oracle/test_torch_docstrings.py."""
SPECS = sorted(str(p.relative_to(EXAMPLES).with_suffix("")) for p in EXAMPLES.rglob("*.nn"))

KINDS = {
    "several inputs": "input 3 as a -> dense 4 as p\ninput 2 as b -> dense 4 as q\n"
    "[p, q] -> add -> dense 1; loss mse",
    "several outputs": "input 4 -> dense 4 as h -> dense 3 softmax as k\nh -> dense 1 as s\n"
    "output k, s\nloss crossentropy on k\nloss mae on s",
    "ragged": "input Tx3 ragged -> lstm 4 -> dense 2; loss mse",
    "ragged, a target each step": "input Tx3 ragged -> lstm 4 return=all -> dense 3 softmax\n"
    "loss crossentropy",
    "ragged inputs of one size": "input Tx3 ragged as a -> lstm 4 return=all as p\n"
    "input Tx2 ragged as b -> lstm 4 return=all as q\n[p, q] -> add -> dense 1; loss mse",
    "ragged inputs of two sizes": "input Tx3 ragged as a -> lstm 4 as p\n"
    "input Sx2 ragged as b -> lstm 4 as q\n[p, q] -> add -> dense 1; loss mse",
    "state": "input 4 -> dense 8 -> batchnorm -> dense 2; loss mse",
    "state, no loss": "input 4 -> dense 8 -> batchnorm -> dense 2",
    "state, dropout, ragged": "input Tx3 ragged -> lstm 4 -> batchnorm -> dropout 0.2 -> dense 2\n"
    "loss mse",
    "dropout": "input 4 -> dense 8 -> dropout 0.5 -> dense 2; loss mse; optimizer adam",
    "ids": "input T int -> embedding 20 8 -> lstm 4 -> dense 1 sigmoid; loss bce",
    "margins of one": "input 4 -> dense 1; loss hinge",
    "margins of three": "input 4 -> dense 3; loss hinge",
    "distributions": "input 4 -> dense 3 log_softmax; loss kl",
    "counts": "input 4 -> dense 2; loss poisson",
    "balanced": "input 4 -> dense 3 softmax; loss crossentropy weights=balanced",
    "row weights": "input 4 -> dense 3 softmax; loss crossentropy; train weights=rows",
    "weighted rows solved": "input 4 -> dense 3; loss mse; optimizer lstsq; train weights=rows",
    "no loss": "input 4 -> dense 3",
    "no parameters": "input 4 -> scale 2; loss mse",
    "exact solution": "input 3 -> dense 1; loss mse; optimizer lstsq",
    "bounded sizes": "input 2xHxW -> conv 3 3x3 -> maxpool 2 -> global_avgpool -> dense 2\nloss mse",
}


def example(docstring: str) -> str:
    """The indented lines behind the one that announces an example."""
    lines = docstring.split("An example", 1)[1].splitlines()[1:]
    stop = next(i for i, line in enumerate(lines) if line and not line.startswith("    "))
    return "\n".join(line.removeprefix("    ") for line in lines[:stop])


def run_inside(module, folder) -> dict[str, object]:
    """What the example leaves behind when it runs with the names of its module."""
    names, before = dict(vars(module)), Path.cwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(example(module.__doc__), "example", "exec"), names)
    finally:
        os.chdir(before)
    return names


def check_left(names) -> None:
    """Outputs for every row, all of them numbers, and a loss where there is one."""
    outputs = names["y"] if isinstance(names["y"], dict) else {"y": names["y"]}
    for value in outputs.values():
        assert len(value) == names["B"]
        assert np.isfinite(value).all()
    if names["LOSSES"] and names["TRAIN"].get("optimizer") != "lstsq":
        assert isinstance(names["loss_before"], float)
        assert names["opt"]["step"] == 1
    assert set(names["params"]) == set(names["PARAM_SHAPES"])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_modules_example_runs_in_a_program_of_its_own(path, tmp_path):
    run_alone(path, tmp_path)


def run_alone(path, tmp_path):
    """Run a module's example as a program beside the module, whatever the module is called."""
    code = path.read_text("utf-8")
    (tmp_path / "anything.py").write_text(code, encoding="utf-8")
    program = (
        f"from anything import *\n\n{example(ast.get_docstring(ast.parse(code), clean=False))}"
    )
    (tmp_path / "program.py").write_text(program + "\nprint(y)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", SPECS)
def test_the_example_of_every_example_runs(name, level, tmp_path):
    check_left(run_inside(build(spec_text(name), level), tmp_path))


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_example_runs_whatever_a_model_needs(kind, level, tmp_path):
    check_left(run_inside(build(KINDS[kind], level), tmp_path))


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
def test_the_example_runs_compiled_by_numba(tmp_path):
    from nnc.runtime.module import import_module

    options = Options(target="numba", format=False)
    code = compile_source(Source("spec.nn", KINDS["state"]), options).code
    (tmp_path / "compiled.py").write_text(code, encoding="utf-8")
    check_left(run_inside(import_module(tmp_path / "compiled.py"), tmp_path))


def test_a_state_is_saved_and_loaded_with_its_parameters(tmp_path):
    names = run_inside(build(KINDS["state"]), tmp_path)
    assert (tmp_path / "params.npz").exists()
    fresh = names["init_state"]()
    for name, array in names["state"].items():
        assert (array != fresh[name]).any(), "these are not the statistics of the step taken"


@pytest.mark.parametrize("level", [0, 1])
def test_a_module_names_no_file_that_it_may_not_be_in(level, tmp_path):
    """A module is the same under every name, so it cannot say its own."""
    spec = tmp_path / "mnist.nn"
    spec.write_text(spec_text("mnist"), encoding="utf-8")
    made = []
    for name in ("mnist.py", "m2.py"):
        command = ["compile", f"-O{level}", "--no-format", str(spec), "-o", str(tmp_path / name)]
        subprocess.run(
            [sys.executable, "-c", "from nnc.cli.main import run; run()", *command], check=True
        )
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    docstring = ast.get_docstring(ast.parse(made[0]))
    assert docstring is not None
    assert ".py" not in docstring
    assert "--check" in docstring
