"""The command line as a process: its imports, and pipes.

How long it takes is measured by `python -m benchmarks linting`; here the timeouts only end a hang.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CHAIN = "input 784" + " -> dense 30 relu" * 9 + " -> dense 10 softmax; loss crossentropy\n"
HEAVY = ("numpy", "numba", "networkx", "jinja2", "black", "rich", "pygls", "lsprotocol")
SLOW_TO_START = (*HEAVY, "typer", "click", "pydantic", "asyncio", "unittest", "multiprocessing")
"""What a lint at every save of a file must not wait for."""
HANGS = 600
OWN_MODULES = 150
"""nnc's own, without the files that a registry has one of for each entry; 148 where this was written."""

ENTRIES = ("layers", "losses", "optimizers", "schedules", "ops", "lints")
"""Folders of registries, which grow with the language."""


def run(*words, **keywords):
    return subprocess.run(
        [sys.executable, "-m", "nnc", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=HANGS,
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
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS, check=False
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


def test_lint_starts_with_few_modules(spec):
    """Starting is importing: what is not imported takes no time on any machine."""
    assert imported("lint", spec).isdisjoint(SLOW_TO_START)
    program = "import sys; sys.argv = ['nnc', 'lint', sys.argv[1]]\nfrom nnc.cli.main import run\n"
    program += (
        "try:\n    run()\nfinally:\n    print(*(m for m in sys.modules if m.startswith('nnc')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(spec)],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    names = [name.split(".")[1:] for name in done.stdout.split()]
    assert sum(name[:1] not in [[entry] for entry in ENTRIES] for name in names) < OWN_MODULES


@pytest.mark.parametrize("words", [["lint", "-"], ["lint", "--strict", "-"], ["layers"]])
def test_a_closed_pipe_is_passed_over_in_silence(words):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "nnc", *words],
        input=b"input 5 -> dens 3\n",
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=HANGS,
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
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "é中" in done.stdout.decode("utf-8")


def test_the_language_server_says_what_it_needs():
    program = (
        "import sys\nsys.modules['pygls'] = None\nfrom nnc.cli.main import run\n"
        "sys.argv = ['nnc', 'lsp']\nrun()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "error: `nnc lsp` needs pygls: pip install 'nnc[lsp]'\n"
