"""A model of a data-parallel step: computing, one sum of the gradient, a few small agreements.

The sum is MPI's Allreduce in the form of Rabenseifner (2004), a reduce-scatter and an allgather:
every rank sends and receives its gradient nearly twice, in 2 log2(n) messages. An agreement is a
small Allreduce of log2(n) messages. Nothing overlaps, no rank is slower than another, and no two
ranks share a link."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2


@dataclass(frozen=True, slots=True)
class Network:
    """What connects the ranks: seconds of a message without content, and bytes per second."""

    name: str
    latency: float
    bandwidth: float


@dataclass(frozen=True, slots=True)
class Job:
    """A step of one rank: seconds of computing, rows, bytes of the gradient, agreements."""

    compute: float
    rows: int
    gradient: int
    agreements: int = 2

    def step(self, ranks: int, network: Network) -> float:
        """Return the seconds of a step in which every rank has as many rows."""
        if ranks == 1:
            return self.compute
        rounds = ceil(log2(ranks))
        moved = 2 * (ranks - 1) / ranks * self.gradient / network.bandwidth
        messages = (2 + self.agreements) * rounds
        return self.compute + moved + messages * network.latency

    def rows_per_second(self, ranks: int, network: Network) -> float:
        """Return the rows that all ranks together train on in a second."""
        return ranks * self.rows / self.step(ranks, network)

    def efficiency(self, ranks: int, network: Network) -> float:
        """Return that over what as many ranks would do if they need not talk."""
        return self.compute / self.step(ranks, network)


NETWORKS = (
    Network("InfiniBand, 100 Gbit/s", 2e-6, 11e9),
    Network("Ethernet, 25 Gbit/s", 15e-6, 2.8e9),
    Network("Ethernet, 10 Gbit/s", 25e-6, 1.15e9),
    Network("Ethernet, 1 Gbit/s", 50e-6, 0.115e9),
)
"""Usual figures of a message between two programs, not the best that a data sheet has."""


def table(job: Job, counts: tuple[int, ...] = (2, 16, 256)) -> str:
    """Return a table of how much faster so many ranks are than one, by network."""
    heads = "".join(f"{f'{n} ranks':>18}" for n in counts)
    lines = [f"{'':24}{heads}"]
    for network in NETWORKS:
        cells = (f"{n * job.efficiency(n, network):.1f} times" for n in counts)
        shares = [f"{job.efficiency(n, network):.0%}" for n in counts]
        lines.append(
            f"{network.name:24}"
            + "".join(f"{f'{c} ({s})':>18}" for c, s in zip(cells, shares, strict=True))
        )
    return "\n".join(lines)
