"""Saved parameters, `--check`, independence of nnc, and reproducible bytes."""

from __future__ import annotations

import ast
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ..oracle.generated import TARGET
from .contract import CLASSIFIER, LEVELS, REGRESSION, TWO_HEADS, TWO_INPUTS, Case, code, same

EVERYTHING = """\
let wide = 4
block residual(n, act=relu) = [id, dense n act -> dense n] -> add act
input 5 as left -> dense wide prelu as h -> residual(4) * 2 -> dropout 0.25 as l
input 5 as right -> use h -> dense 5 tie=h gelu -> poly 1 -> dense wide mish as r
[l, r] -> concat -> normalize mean=0.1 std=2 -> dense 3 softmax as kind
[l, r] -> max -> dense 2 softplus as size
output kind, size
loss crossentropy on kind weight=0.5
loss huber on size reduction=sum
regularize l1=1e-4 l2=1e-3
optimizer sgd lr=0.1 momentum=0.9 nesterov=true
dtype float64
"""
SPECS = {
    "classifier": CLASSIFIER,
    "regression": REGRESSION,
    "two heads": TWO_HEADS,
    "two inputs": TWO_INPUTS,
    "everything": EVERYTHING,
}


# --- saved parameters ---------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["p.npz", "p", "p.weights"])
@pytest.mark.parametrize("kind", [str, Path])
def test_saved_parameters_come_back(kind, name, level, tmp_path):
    case = Case(CLASSIFIER, level)
    path = kind(tmp_path / name)
    case.module.save_params(path, case.params)
    assert os.listdir(tmp_path) == [name]
    loaded = case.module.load_params(path)
    assert list(loaded) == list(case.params)
    same(loaded, case.params, 0)
    opt = case.module.init_optimizer(loaded)
    case.module.train_step(loaded, case.x, case.target, opt)
    assert not np.array_equal(loaded["dense1.W"], case.params["dense1.W"])
    with np.load(path, allow_pickle=False) as saved:
        assert set(saved.files) >= set(case.params)


@pytest.mark.parametrize("level", LEVELS)
def test_saving_over_a_file_replaces_it(level, tmp_path):
    case, path = Case(CLASSIFIER, level), tmp_path / "p.npz"
    case.module.save_params(path, case.params)
    other = case.module.init_params(99)
    case.module.save_params(path, other)
    same(case.module.load_params(path), other, 0)
    assert os.listdir(tmp_path) == ["p.npz"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_failed_save_leaves_the_old_file_and_no_other(level, tmp_path, monkeypatch):
    case, path = Case(CLASSIFIER, level), tmp_path / "p.npz"
    case.module.save_params(path, case.params)

    def fail(*_args, **_kwargs):
        raise OSError("the disk is full")

    for where, what in ((os, "replace"), (np, "savez")):
        with monkeypatch.context() as patched:
            patched.setattr(where, what, fail)
            with pytest.raises(OSError, match="disk is full"):
                case.module.save_params(path, case.module.init_params(99))
        assert os.listdir(tmp_path) == ["p.npz"]
        same(case.module.load_params(path), case.params, 0)


def broken(params):
    """What a file may wrongly hold, each with what its message must name."""
    w = params["dense1.W"]
    yield "dense1.W", {**params, "dense1.W": np.where(w == w.max(), np.nan, w)}
    yield "dense1.b", {**params, "dense1.b": np.full(4, np.inf)}
    yield "dense2.W", {k: v for k, v in params.items() if k != "dense2.W"}
    yield "dense3.W", {**params, "dense3.W": np.zeros((3, 3))}
    yield "dense1.W", {**params, "dense1.W": w.T}
    yield "dense1.W", {**params, "dense1.W": w.astype(complex)}
    yield "dense1.W", {**params, "dense1.W": w.astype("U8")}
    yield "dense1.W", {**params, "dense1.W": w.astype(object)}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", range(8))
def test_a_file_that_does_not_fit_is_refused_by_name(number, level, tmp_path):
    case = Case(CLASSIFIER, level)
    name, arrays = list(broken(case.params))[number]
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(ValueError) as refused:
        case.module.load_params(tmp_path / "p.npz")
    assert name in str(refused.value)


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_that_is_no_archive_is_refused(level, tmp_path):
    case = Case(CLASSIFIER, level)
    for content in (b"", b"hello", b"PK\x03\x04 torn"):
        (tmp_path / "p.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"p\.npz"):
            case.module.load_params(tmp_path / "p.npz")
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(ValueError):
        case.module.load_params(tmp_path / "one.npy")
    with pytest.raises(FileNotFoundError):
        case.module.load_params(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_of_another_width_is_cast(level, tmp_path):
    wide, narrow = Case(CLASSIFIER, level), Case(CLASSIFIER.replace("64", "32"), level)
    wide.module.save_params(tmp_path / "p.npz", wide.params)
    loaded = narrow.module.load_params(tmp_path / "p.npz")
    assert all(value.dtype == np.float32 for value in loaded.values())
    same(loaded, {k: v.astype(np.float32) for k, v in wide.params.items()}, 0)


# --- the module as a program --------------------------------------------------------------


def run(path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(path), *args],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=60,
    )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", SPECS)
def test_check_passes_and_names_every_parameter(spec, level, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(code(SPECS[spec], level), encoding="utf-8")
    done = run(path, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    for name in Case(SPECS[spec], level).params:
        assert name in done.stdout


def gradient_lines(text: str) -> list[tuple[int, str]]:
    """Lines in backward functions that compute something, each with a wrong version of it."""
    lines, found = text.splitlines(), []
    for function in ast.walk(ast.parse(text)):
        if not (isinstance(function, ast.FunctionDef) and "backward" in function.name):
            continue
        for node in ast.walk(function):
            products = (".matmul", ".dot", "_times")
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(products):
                found.append((node.lineno, node.args[0]))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                found.append((node.lineno, node.left))
    spoilt = []
    for number, part in found:
        if part.lineno == part.end_lineno == number:
            line = lines[number - 1]
            start, stop = part.col_offset, part.end_col_offset
            spoilt.append((number, f"{line[:start]}(1.5 * {line[start:stop]}){line[stop:]}"))
    return spoilt


@pytest.mark.parametrize("level", LEVELS)
def test_check_fails_when_a_gradient_line_is_broken(level, tmp_path):
    text, path = code(CLASSIFIER, level), tmp_path / "model.py"
    chosen = gradient_lines(text)
    assert len(chosen) >= 2, "no line of a gradient found"
    for number, wrong in (chosen[0], chosen[-1]):
        lines = text.splitlines()
        lines[number - 1] = wrong
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = run(path, "--check")
        assert done.returncode == 1, f"{wrong.strip()}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("level", LEVELS)
def test_check_runs_without_a_loss_or_says_why_not(level, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(code("input 4 -> dense 3\n", level), encoding="utf-8")
    done = run(path, "--check")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("spec", SPECS)
def test_the_module_imports_its_target_and_the_standard_library_only(spec, level):
    imported, needed = set(), {"numpy"}
    if level and TARGET == "numba":
        needed |= {"numba", "scipy"}
    for node in ast.walk(ast.parse(code(SPECS[spec], level))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).split(".")[0])
    assert needed <= imported
    assert imported - needed <= sys.stdlib_module_names


@pytest.mark.parametrize("level", LEVELS)
def test_the_module_runs_where_nnc_is_not_installed(level, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(code(EVERYTHING, level), encoding="utf-8")
    program = f"""
import sys
sys.meta_path.insert(0, type("No", (), {{"find_spec": staticmethod(
    lambda name, *_: (_ for _ in ()).throw(ImportError(name)) if name.split(".")[0] == "nnc" else None
)}}))
sys.path.insert(0, {str(tmp_path)!r})
import numpy as np, model
params = model.init_params()
rows = {{name: np.ones((2, *shape[1:])) for name, shape in model.INPUTS.items()}}
model.predict(params, rows)
assert not any(name.split(".")[0] == "nnc" for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- the same bytes -----------------------------------------------------------------------

COMPILE = """
import sys, hashlib, site
[site.addsitedir(folder) for folder in {sites!r}]
from nnc.driver import Options, compile_source
from nnc.source import Source
text = open({spec!r}, encoding="utf-8").read()
for level in (0, 1):
    options = Options(level=level, target={target!r})
    made = compile_source(Source("program.nn", text), options).code
    print(hashlib.sha256(made.encode()).hexdigest())
"""


def compiled_elsewhere(tmp_path, python=sys.executable, cwd=None, **environ) -> list[str]:
    """Hashes of both levels, from another process."""
    spec = tmp_path / "spec.nn"
    spec.write_text(EVERYTHING, encoding="utf-8")
    program = COMPILE.format(spec=str(spec), sites=site.getsitepackages(), target=TARGET)
    done = subprocess.run(
        [python, "-c", program],
        capture_output=True,
        text=True,
        cwd=cwd or tmp_path,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def compiled_here() -> list[str]:
    import hashlib

    return [
        hashlib.sha256(code(EVERYTHING, level, format=True).encode()).hexdigest()
        for level in LEVELS
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242", "cwd": "/"},
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kolkata"},
        {"COLUMNS": "20", "NO_COLOR": "1", "HOME": "/nonexistent"},
    ],
    ids=str,
)
def test_surroundings_do_not_change_a_byte(environ, tmp_path):
    assert compiled_elsewhere(tmp_path, **environ) == compiled_here()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_python_versions_do_not_change_a_byte(version, tmp_path):
    python = shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"no python{version} on the path")
    probe = subprocess.run([python, "-c", ""], capture_output=True)
    if probe.returncode:
        pytest.skip(f"python{version} does not run here")
    assert compiled_elsewhere(tmp_path, python) == compiled_here()


def test_an_includes_place_does_not_show_in_the_module():
    for level in LEVELS:
        assert os.getcwd() not in code(EVERYTHING, level)
        assert "/" not in "".join(
            line for line in code(CLASSIFIER, level).splitlines() if "program.nn" in line
        ).replace(" / ", "")
