"""One thread for everybody, set before any library that reads it is imported."""

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
)


def pin() -> None:
    """Start this process again with every threading variable at 1, unless they are already."""
    if any(os.environ.get(name) != "1" for name in VARIABLES):
        environ = {**os.environ, **dict.fromkeys(VARIABLES, "1")}
        os.execve(sys.executable, [sys.executable, "-m", __package__, *sys.argv[1:]], environ)
