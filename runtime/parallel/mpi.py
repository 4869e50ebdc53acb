"""The communicator of MPI, by mpi4py, and how a process finds out that `mpirun` started it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..module import Array

LAUNCHERS = {
    "PMI_RANK": "PMI_SIZE",
    "OMPI_COMM_WORLD_RANK": "OMPI_COMM_WORLD_SIZE",
    "PMIX_RANK": "",
}
"""Environment variables that launchers of MPI programs set: rank and, where there is one, size."""

INSTALL = "`pip install nnc[mpi]` installs mpi4py and an MPI"


class MPIError(RuntimeError):
    """MPI that cannot be used; the message says why, and what to do."""


class MPICommunicator:
    """The processes that one `mpirun` started."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm
        self.rank, self.size = int(comm.Get_rank()), int(comm.Get_size())

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over all processes, in place: one Allreduce."""
        from mpi4py import MPI

        self._comm.Allreduce(MPI.IN_PLACE, array, op=MPI.SUM)

    def broadcast(self, data: bytes, root: int) -> bytes:
        """Return the data of process `root`."""
        size = np.array([len(data)], np.int64)
        self._comm.Bcast(size, root=root)
        room = np.frombuffer(data, np.uint8).copy() if self.rank == root else None
        room = np.empty(int(size[0]), np.uint8) if room is None else room
        self._comm.Bcast(room, root=root)
        return room.tobytes()


def launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a launcher of MPI programs started this process."""
    return any(name in environment for name in LAUNCHERS)


def speaks(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the launcher calls this process the first one, before MPI itself can say it."""
    return all(environment.get(name, "0") == "0" for name in LAUNCHERS)


def world(environment: Mapping[str, str] = os.environ) -> MPICommunicator:
    """Return the communicator of all processes; raises MPIError."""
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: there is no MPI library
        why = str(error).split("\n", 1)[0].rstrip(": ")
        raise MPIError(f"training on several processes needs MPI ({why}); {INSTALL}") from None
    found = MPICommunicator(MPI.COMM_WORLD)
    expected = _started(environment)
    if expected is not None and expected != found.size:
        raise MPIError(
            f"mpirun started {expected} processes, but mpi4py sees {found.size}: it belongs to "
            "another MPI; use the mpirun beside this Python"
        )
    return found


def _started(environment: Mapping[str, str]) -> int | None:
    """Return how many processes the launcher says that it started, or None."""
    sizes = (environment.get(name, "") for name in LAUNCHERS.values() if name)
    return next((int(size) for size in sizes if size.isdigit()), None)
