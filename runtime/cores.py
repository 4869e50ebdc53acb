"""The cores that this process may use, and the variables that limit the threads of NumPy's BLAS."""

from __future__ import annotations

import os

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
NUMBA_THREADS = "NUMBA_NUM_THREADS"


def cores() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def limited(threads: int) -> dict[str, str]:
    """Return the environment of a process in which BLAS and Numba use so many threads."""
    return {**os.environ, **dict.fromkeys((*THREADS, NUMBA_THREADS), str(threads))}
