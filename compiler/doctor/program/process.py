"""Runs the user's program in a process with limits, and exchanges arrays as .npz files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import numpy as np

from ..interpreter import Array
from .arrays import read_arrays, write_arrays

SECONDS = 30.0
BYTES = 4 * 2**30
MOST_SAID = 4000
"""Most bytes read of a program's error output."""

CHILD = "nnc.doctor.program.child"


class ProgramFailed(ValueError):
    """A program could not be run, or took too long; the message is one line."""


def run_program(
    file: Path,
    arrays: Mapping[str, Array],
    kept: tuple[str, ...] = (),
    seconds: float = SECONDS,
    most: int = BYTES,
    rate: float | None = None,
) -> dict[str, Array]:
    """Return the arrays that a program computes from X, Y, W1, b1, …, and its inputs.

    `rate` is what it is given for a learning rate.
    `kept` are names of arrays that are handed over as they are, in every layout that is tried.
    The process may use `seconds` and `most` bytes of memory. Raises ProgramFailed.
    """
    with TemporaryDirectory(prefix="nnc-") as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "answer.npz"
        names = {"kept:names": np.array(kept)} if kept else {}
        names |= {} if rate is None else {"kept:rate": np.array(rate)}
        write_arrays(given, {**arrays, **names})
        _run([str(file.absolute()), str(given), str(answer)], file, seconds, most)
        return read_arrays(answer)


def _run(words: list[str], file: Path, seconds: float, most: int) -> None:
    """Run the child with stderr in a file, as grandchildren could keep a pipe open."""
    with TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", CHILD, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
            start_new_session=True,
            preexec_fn=lambda: _limit(most),
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ProgramFailed(
                f"{file}: it did not end within {seconds:g} s; training belongs under "
                "`if __name__ == '__main__':`"
            ) from None
        finally:
            _end(process)
        if code:
            complaints.seek(0)
            said = complaints.read()[-MOST_SAID:].decode("utf-8", "replace").strip()
            last = said.splitlines()[-1:] or [f"it ended with code {code}"]
            raise ProgramFailed(f"{file}: {last[0]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _limit(most: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (most, most))
