"""`nnc fmt`: files written, output and exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app

UNTIDY = "input 3->fc 2   # two\nloss  mse\n"
TIDY = "input 3 -> dense 2  # two\nloss mse\n"
BROKEN = "input 3 ->\nloss   mse\n"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    """Runs a command line in a folder with specs of every sort."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"untidy": UNTIDY, "tidy": TIDY, "broken": BROKEN}.items():
        (tmp_path / f"{name}.nn").write_text(text)
    runner = CliRunner()
    return lambda *words, **more: runner.invoke(app, ["fmt", *words], **more)


def test_files_are_rewritten_and_named(nnc, tmp_path):
    done = nnc("untidy.nn", "tidy.nn")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "reformatted untidy.nn\n"
    assert (tmp_path / "untidy.nn").read_text() == TIDY


def test_a_tidy_file_is_not_written(nnc, tmp_path):
    (tmp_path / "tidy.nn").chmod(0o444)
    before = (tmp_path / "tidy.nn").stat()
    assert nnc("tidy.nn").exit_code == 0
    after = (tmp_path / "tidy.nn").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_check_writes_nothing_and_fails_where_something_would_change(nnc, tmp_path):
    done = nnc("--check", "tidy.nn", "untidy.nn")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "would reformat untidy.nn\n"
    assert (tmp_path / "untidy.nn").read_text() == UNTIDY
    assert nnc("--check", "tidy.nn").exit_code == 0


def test_diff_shows_the_change_and_writes_nothing(nnc, tmp_path):
    done = nnc("--diff", "untidy.nn")
    assert done.exit_code == 0
    changed = [line for line in done.stdout.splitlines() if line[0] in "+-"]
    assert changed[2:] == [
        *("-" + line for line in UNTIDY.splitlines()),
        *("+" + line for line in TIDY.splitlines()),
    ]
    assert (tmp_path / "untidy.nn").read_text() == UNTIDY
    assert nnc("--diff", "--check", "untidy.nn").exit_code == 1


def test_standard_input_goes_to_standard_output(nnc):
    done = nnc("-", input=UNTIDY)
    assert (done.exit_code, done.stdout) == (0, TIDY)
    assert nnc("-", "--check", input=UNTIDY).exit_code == 1


def test_a_file_with_syntax_errors_is_refused_and_the_others_are_formatted(nnc, tmp_path):
    done = nnc("broken.nn", "untidy.nn")
    assert done.exit_code == 1
    assert "error[NN" in done.stderr
    assert (tmp_path / "broken.nn").read_text() == BROKEN
    assert (tmp_path / "untidy.nn").read_text() == TIDY


def test_byte_order_mark_and_carriage_returns_go(nnc, tmp_path):
    path = tmp_path / "dos.nn"
    path.write_bytes(b"\xef\xbb\xbf" + TIDY.encode())
    assert nnc("--check", "dos.nn").exit_code == 1
    assert nnc("dos.nn").exit_code == 0
    assert path.read_bytes() == TIDY.encode()
    path.write_bytes(TIDY.replace("\n", "\r\n").encode())
    assert nnc("dos.nn").exit_code == 0
    assert path.read_bytes() == TIDY.encode()


def test_what_cannot_be_read_or_meant_is_said(nnc):
    done = nnc("missing.nn")
    assert done.exit_code == 1
    assert "missing.nn" in done.stderr
    assert nnc().exit_code == 2


def test_lint_does_not_load_the_formatter(tmp_path):
    (tmp_path / "tidy.nn").write_text(TIDY)
    code = (
        "import sys\nfrom nnc.cli.main import run\nsys.argv[1:] = ['lint', 'tidy.nn']\n"
        "try:\n    run()\nfinally:\n    assert 'nnc.frontend.parser' in sys.modules\n"
        "    assert not [name for name in sys.modules if name.startswith('nnc.format')]"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
