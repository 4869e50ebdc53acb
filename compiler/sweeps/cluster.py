"""Training of the points on a dask cluster, by joblib.

The machines of the cluster need nnc, the data under the same paths, and the sweep's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nnc.runtime.extras import require

from .errors import SweepError
from .outcome import Outcome
from .points import Task

NEEDS = "a sweep on a cluster needs joblib and dask"


def outcomes(
    tasks: Sequence[Task], address: str, run: Callable[[Task], Outcome]
) -> Iterator[tuple[Task, Outcome]]:
    """Yield each task with its result, as they are ready; raises SweepError, DataError.

    `run` is a function of a module, which the machines of the cluster import."""
    joblib, distributed = (require(name, "sweep", NEEDS) for name in ("joblib", "distributed"))
    by_key = {task.key: task for task in tasks}
    with _client(distributed, address), joblib.parallel_config(backend="dask"):
        work = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        for found in work(joblib.delayed(run)(task) for task in tasks):
            yield by_key[found.key], found


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise SweepError(f"there is no dask scheduler at {address}: {error}") from error
