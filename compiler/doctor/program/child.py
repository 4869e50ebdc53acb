"""The process that runs the user's program: `python -m nnc.doctor.program.child FILE IN OUT`.

IN and OUT are .npz files. An error is reported in one line on standard error, with exit code 3.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..interpreter import Array
from .arrays import read_arrays, write_arrays
from .binding import RATE, CannotCall, Known
from .calling import arrays_of

REFUSED = 3

LAYOUTS = (
    (False, False, 1),
    (False, False, 2),
    (True, True, 2),
    (True, True, 1),
    (False, True, 1),
    (True, False, 2),
)
"""Layouts in the order of trial: samples as columns, weights (out, in), axes of a bias."""


def main(file: str, given: str, answer: str) -> None:
    """Run the program in each layout until one works."""
    drawn = read_arrays(given)
    kept = set(map(str, drawn.pop("kept:names", np.array([], dtype=str))))
    rate = float(drawn.pop("kept:rate", np.array(RATE)))
    module = runpy.run_path(file, run_name="program")
    best: dict[str, Array] = {}
    first: Exception | None = None
    for arrays in _laid_out(drawn, kept):
        try:
            found = arrays_of(module, Known(dict(arrays), _widths(drawn), rate=rate))
        except Exception as error:
            first = first or error
            continue
        found = {name: np.asarray(array) for name, array in found.items()}
        best = best or found
        if _fits(found):
            best = found
            break
    if not best:
        raise first or CannotCall("nothing was computed")
    write_arrays(answer, best)


def _laid_out(drawn: dict[str, Array], kept: set[str]) -> Iterator[dict[str, Array]]:
    """Yield the arrays in each layout, with the target unchanged, then as class ids."""
    target = drawn["Y"]
    classes = target.ndim == 2 and target.shape[1] > 1 and set(np.unique(target)) <= {0.0, 1.0}
    for ids in (False, True) if classes and "Y" not in kept else (False,):
        for columns, out_in, axes in LAYOUTS:
            found = {}
            for name, array in drawn.items():
                turn = (columns and name in "XY") or (out_in and name[0] == "W")
                if name in kept:
                    found[name] = array.copy()
                elif name[0] == "b" and axes == 2:
                    found[name] = array[:, None].copy() if columns else array[None].copy()
                else:
                    found[name] = array.T.copy() if turn and array.ndim == 2 else array.copy()
            yield {**found, "Y": target.argmax(axis=1)} if ids else found


def _widths(drawn: dict[str, Array]) -> list[int]:
    """Return the number of inputs, and of units in every layer."""
    weights = [drawn[f"W{i}"] for i in range(1, 1 + sum(n[0] == "W" for n in drawn))]
    flat = [w for w in weights if w.ndim == 2]
    return [w.shape[0] for w in flat[:1]] + [w.shape[1] for w in flat]


def _fits(found: dict[str, Array]) -> bool:
    """Return whether some gradient has the shape of its parameter."""
    return any(
        name.startswith("d") and name[1:] in found and found[name[1:]].shape == array.shape
        for name, array in found.items()
    )


def _said(error: BaseException, file: str) -> str:
    """Describe an exception in one line, with the line of the program that raised it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    where = f"line {frames[-1].lineno}: " if frames else ""
    text = str(error).strip().partition("\n")[0]
    if isinstance(error, CannotCall):
        return text
    return f"{where}{type(error).__name__}: {text}"


def run(words: list[str]) -> int:
    """Run the process; return its exit code."""
    sys.path.insert(0, str(Path(words[0]).parent))
    np.random.seed(0)
    try:
        main(*words)
    except (Exception, SystemExit) as error:
        if sys.__stderr__ is not None:  # the program may have replaced sys.stderr
            sys.__stderr__.write(_said(error, words[0]) + "\n")
        return REFUSED
    return 0


def _arguments() -> list[Any]:
    return sys.argv[1:]


if __name__ == "__main__":
    sys.exit(run(_arguments()))
