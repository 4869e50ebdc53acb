"""Typical user programs: the mistake is named, in the program's names and layout.

The files of tests/wrong_programs say in their first lines which network they are and what is
wrong with them.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.doctor.program.process import ProgramFailed, run_program

PROGRAMS = sorted((Path(__file__).parents[1] / "wrong_programs").glob("*.py"))
GIVEN = {"X": np.ones((3, 2)), "Y": np.eye(3), "W1": np.ones((2, 3)), "b1": np.zeros(3)}


def doctor(*words):
    return CliRunner().invoke(app, ["doctor", *map(str, words)], catch_exceptions=False)


def expected(path):
    """The spec, and the slug, the array and the beginning of the fix that are expected."""
    spec, wanted = (line.removeprefix("# doctor: ") for line in path.read_text().split("\n")[:2])
    slug, array, fix = re.fullmatch(r"(\S+) in (.*), fix (.*)", wanted).groups()
    return spec, slug, array, fix


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_a_wrong_program_is_diagnosed(path):
    spec, slug, array, fix = expected(path)
    done = doctor("-c", spec, path)
    assert done.exit_code == 1, done.output
    assert re.findall(r"^([\w-]+): \w", done.stdout, re.M) == [slug]
    assert re.search(rf"^  {re.escape(array)} ", done.stdout, re.M)
    line = re.search(r"^  write +(.*)$", done.stdout, re.M)[1]
    assert line.startswith(fix)
    assert "d_dense" not in re.sub(r"compare with .*", "", done.stdout)


def test_there_are_ten():
    assert len(PROGRAMS) >= 10


FILES = {
    "raises": ("def gradients(X, y):\n    raise ValueError('odd')\n", "line 2: ValueError: odd"),
    "nothing": ("x = 3\n", "there is no function or method called gradients"),
    "wants": ("def gradients(X, y, magic):\n    return X\n", "wants 'magic', which is not known"),
    "syntax": ("def gradients(:\n", "SyntaxError"),
    "exits": ("import sys\nsys.exit('bye')\n", "SystemExit: bye"),
    "endless": ("while True: pass\n", "it did not end within 2 s; training belongs under"),
    "hungry": ("import numpy as np\nx = np.ones((2**20, 2**14))\n", "MemoryError"),
    "killed": ("import os\nos.kill(os.getpid(), 9)\n", "it ended with code -9"),
}


@pytest.mark.parametrize("name", FILES)
def test_programs_that_fail_are_told_in_one_line(name, tmp_path):
    text, said = FILES[name]
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ProgramFailed) as caught:
        run_program(path, GIVEN, seconds=2 if name == "endless" else 60, most=2**32)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


LEAVES_ONE_BEHIND = """
import subprocess, sys
late = "import time, pathlib; time.sleep(3); pathlib.Path('late').touch()"
subprocess.Popen([sys.executable, "-c", late], cwd={!r})

def gradients(X, y, W1, b1):
    return W1, b1
"""


def test_what_a_program_started_ends_with_it(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(LEAVES_ONE_BEHIND.format(str(tmp_path)))
    run_program(path, GIVEN)
    time.sleep(4)
    assert not (tmp_path / "late").exists()


def test_data_may_be_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "def gradients(X, Y, W1, b1):\n"
        "    dZ = 2 * (X @ W1 + b1 - Y) / Y.size\n"
        "    return {'dW1': X.T @ dZ, 'db1': dZ.sum(0), 'X': X}\n"
    )
    rng = np.random.default_rng(0)
    np.savez("data.npz", X=rng.normal(size=(5, 4)), y=rng.normal(size=(5, 2)))
    spec = "input 4 -> dense 2; loss mse"
    done = doctor("-c", spec, "mine.py", "--data", "data.npz")
    assert (done.exit_code, "5 rows of data" in done.stdout) == (0, True)
    assert "9 rows" in doctor("-c", spec, "mine.py", "--rows", 9).stdout
    np.savez("other.npz", Z=np.zeros(3))
    done = doctor("-c", spec, "mine.py", "--data", "other.npz")
    assert (done.exit_code, "not 'Z'" in done.stderr) == (2, True)
    done = doctor("-c", spec, "none.py")
    assert (done.exit_code, "none.py: no such file" in done.stderr) == (2, True)


STEPS = {
    "in place": "    for n in params:\n        params[n] -= learning_rate * grads['d' + n]\n",
    "given back": "    return {n: params[n] - learning_rate * grads['d' + n] for n in params}\n",
    "in a tuple": "    return tuple(p - learning_rate * g for p, g in zip(params.values(), grads.values()))\n",
}
LINEAR = (
    "def gradients(X, Y, W1, b1):\n"
    "    dZ = 2 * (X @ W1 + b1 - Y) / Y.size\n"
    "    return {'dW1': X.T @ dZ, 'db1': dZ.sum(0)}\n"
    "def sgd(params, grads, learning_rate):\n"
)


@pytest.mark.parametrize("way", STEPS)
def test_a_step_is_judged_too(way, tmp_path):
    """By the learning rate of the spec, or of --lr."""
    (tmp_path / "mine.py").write_text(LINEAR + STEPS[way])
    spec = "input 4 -> dense 2; loss mse"
    done = doctor("-c", f"{spec}; optimizer sgd lr=0.3", tmp_path / "mine.py")
    assert done.exit_code == 0, done.stdout
    assert "W1_new  right" in done.stdout
    assert doctor("-c", spec, tmp_path / "mine.py", "--lr", 0.02).exit_code == 0
    wrong = STEPS[way].replace("-", "+")
    (tmp_path / "mine.py").write_text(LINEAR + wrong)
    told = doctor("-c", spec, tmp_path / "mine.py", "--lr", 0.02)
    assert (told.exit_code, "ascent: the step goes up the gradient" in told.stdout) == (1, True)


def test_a_step_that_fails_is_not_judged(tmp_path):
    (tmp_path / "mine.py").write_text(LINEAR + "    return params @ grads\n")
    done = doctor("-c", "input 4 -> dense 2; loss mse; optimizer sgd lr=0.3", tmp_path / "mine.py")
    assert (done.exit_code, "W1_new" in done.stdout) == (0, False)
