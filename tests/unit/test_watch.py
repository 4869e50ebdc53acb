"""`nnc lint --watch`: a check after every change, in a real process that is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

GOOD = "input 4 -> dense 3 softmax\nloss crossentropy\noptimizer sgd lr=0.1\ntrain batch=8\n"
BAD = GOOD.replace("dense", "dens")
PATIENCE = 60
"""Seconds after which a silent process is given up; the tests wait for lines, not for times."""


class Watcher:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def until_still(self) -> str:
        """Return what one check said on standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out


@contextmanager
def watching(*words: str) -> Iterator[Watcher]:
    process = subprocess.Popen(
        [sys.executable, "-m", "nnc", "lint", "--watch", "--format", "concise", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    alarm = Timer(PATIENCE, process.kill)
    alarm.start()
    try:
        yield Watcher(process)
    finally:
        alarm.cancel()
        process.kill()
        process.wait()


def replaced(path: Path, text: str) -> None:
    """Write as editors do: a new file in the place of the old."""
    path.with_suffix(".tmp").write_text(text)
    path.with_suffix(".tmp").replace(path)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_every_change_is_checked_and_the_last_exit_code_kept(tmp_path):
    spec, part = tmp_path / "a.nn", tmp_path / "part.nn"
    part.write_text("let n = 3\n")
    spec.write_text('include "part.nn"\n' + GOOD.replace("3", "n"))
    with watching(str(spec)) as watcher:
        assert watcher.until_still() == "no errors; watching 2 files; Ctrl-C ends\n"
        replaced(spec, BAD)
        assert watcher.until_still() == "watching 1 file; Ctrl-C ends\n"
        replaced(spec, 'include "part.nn"\n' + GOOD.replace("3", "n"))
        assert watcher.until_still().startswith("no errors; watching 2")
        part.write_text("let n = -3\n")  # an included file
        assert watcher.until_still().startswith("watching 2")
        code, out = watcher.end()
    assert code == 1
    assert next(line.split(": ")[1] for line in out.splitlines()) == "error[NN101]"
    assert len(out.splitlines()) >= 2


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_a_folder_is_searched_again_and_a_clean_end_is_zero(tmp_path):
    (tmp_path / "a.nn").write_text(GOOD)
    with watching(str(tmp_path)) as watcher:
        assert watcher.until_still().startswith("no errors; watching 1 file")
        (tmp_path / "b.nn").write_text(BAD)
        assert watcher.until_still() == "watching 2 files; Ctrl-C ends\n"
        (tmp_path / "b.nn").unlink()
        assert watcher.until_still().startswith("no errors; watching 1 file")
        code, out = watcher.end()
    assert code == 0
    assert "b.nn:1:12: error[NN101]" in out


def test_what_cannot_be_watched():
    from click.testing import CliRunner
    from nnc.cli.commands import app

    for words, said in ((["-"], "standard input"), (["--fix", "a.nn"], "--fix")):
        result = CliRunner().invoke(app, ["lint", "--watch", *words])
        assert result.exit_code == 2
        assert f"--watch cannot be used with {said}" in result.stderr
