"""A fixed number of threads for everybody, set before any library that reads it is imported."""

from __future__ import annotations

import os
import sys

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPROC",  # XLA's pool of threads on the CPU
)


def environment(threads: int = 1) -> dict[str, str]:
    """This process's environment with every threading variable at `threads`."""
    return {**os.environ, **dict.fromkeys(VARIABLES, str(threads))}


def pin() -> None:
    """Start this process again with every threading variable at 1, unless they are already."""
    if any(os.environ.get(name) != "1" for name in VARIABLES):
        again = [sys.executable, "-m", __package__, *sys.argv[1:]]
        os.execve(sys.executable, again, environment())
