"""The command line as a process: what it imports, how long it takes to start, pipes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CHAIN = "input 784" + " -> dense 30 relu" * 9 + " -> dense 10 softmax; loss crossentropy\n"
HEAVY = ("numpy", "numba", "networkx", "jinja2", "black", "rich")


def run(*words, **keywords):
    return subprocess.run(
        [sys.executable, "-m", "nnc", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **keywords,
    )


def imported(*words) -> set[str]:
    """The packages that a run of the command line has imported by its end."""
    program = (
        "import sys\nfrom nnc.cli.main import run\n"
        f"sys.argv = {['nnc', *map(str, words)]!r}\n"
        "try:\n    run()\nfinally:\n    print('imported', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "imported", done.stderr
    return {name.partition(".")[0] for name in last}


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "ten.nn"
    path.write_text(CHAIN)
    return path


def test_lint_imports_nothing_heavy(spec):
    assert imported("lint", spec).isdisjoint(HEAVY)


def test_lint_of_a_faulty_spec_imports_nothing_heavy(tmp_path):
    (tmp_path / "bad.nn").write_text("input 5 -> dens 3 -> dense 4 in=9\n")
    assert imported("lint", tmp_path / "bad.nn").isdisjoint(HEAVY)


def test_help_imports_no_numbers():
    assert imported("--help").isdisjoint(set(HEAVY) - {"rich"})


def test_lint_starts_quickly(spec):
    def processor_seconds() -> float:
        before = os.times()
        assert run("lint", spec).returncode == 0
        after = os.times()
        user = after.children_user - before.children_user
        return user + after.children_system - before.children_system

    assert min(processor_seconds() for _ in range(3)) < 0.4  # 0.25 where this was written


@pytest.mark.parametrize("words", [["lint", "-"], ["lint", "--strict", "-"], ["layers"]])
def test_a_closed_pipe_is_passed_over_in_silence(words):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "nnc", *words],
        input=b"input 5 -> dens 3\n",
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_standard_input_and_exit_codes(tmp_path):
    assert run("lint", "-", input=CHAIN).returncode == 0
    assert run("lint", "-", input="input 5 -> dens 3\n").returncode == 1
    assert run("lint").returncode == 2


def test_results_are_utf8_in_any_locale(tmp_path):
    (tmp_path / "a.nn").write_text("input 5 -> dense 3 # é中\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nnc", "compile", str(tmp_path / "a.nn")],
        capture_output=True,
        env={"PYTHONIOENCODING": "latin-1", "PATH": os.environ["PATH"]},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "é中" in done.stdout.decode("utf-8")
