"""`nnc compile --params`, `--only predict` and `--bare` on the command line: each error is one line."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.runtime.module import import_module

SPEC = "input 3 -> dense 2; loss mse"
WEIGHTS = {"dense1.W": np.ones((3, 2), np.float32), "dense1.b": np.zeros(2, np.float32)}


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("w.npz", **WEIGHTS)
    (tmp_path / "text.npz").write_text("no weights")

    def run(*words):
        return CliRunner().invoke(app, ["compile", "-c", SPEC, *words])

    return run


def test_one_file_to_deploy(nnc, tmp_path):
    done = nnc("--only", "predict", "--params", "w.npz", "-o", "serve.py")
    assert done.exit_code == 0, done.output
    module = import_module(tmp_path / "serve.py")
    (tmp_path / "w.npz").unlink()
    y = module.predict(module.load_params(), [[1, 2, 3]])
    assert y.tolist() == [[6, 6]]


def test_a_page(nnc, tmp_path):
    done = nnc("-O0", "--bare", "-o", "page.py")
    assert done.exit_code == 0, done.output
    y, _ = import_module(tmp_path / "page.py").forward(WEIGHTS, np.ones((1, 3), np.float32))
    assert y.tolist() == [[3, 3]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--bare"], 2, "--bare writes formulas as -O0 has them: add -O0"),
        (["-O0", "--bare", "--target", "numba"], 2, "it cannot be had with --target numba"),
        (["-O0", "--bare", "--only", "predict"], 2, "it cannot be had with --only predict"),
        (["-O0", "--bare", "--params", "w.npz"], 2, "it cannot be had with --params"),
        (["--only", "predict", "--emit", "vjp"], 2, "leaves out what --emit vjp adds"),
        (["--only", "forward"], 2, "--only takes predict, not 'forward'"),
        (["--params", "none.npz"], 1, "none.npz: No such file or directory"),
        (["--params", "text.npz"], 1, "text.npz: neither an .npz nor a .safetensors file"),
        (["--params", "."], 1, ".: Is a directory"),
        (["--params", "w.npz", "-o", "w.npz"], 2, "-o: w.npz is the file of weights"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_lost(
    nnc, tmp_path, words, code, said
):
    words = words if "-o" in words else [*words, "-o", "out.py"]
    done = nnc(*words)
    assert done.exit_code == code, done.output
    lines = [line for line in done.output.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert said in lines[0]
    assert "Traceback" not in done.output
    assert not (tmp_path / "out.py").exists()
    assert np.load(tmp_path / "w.npz")["dense1.W"].shape == (3, 2)
