"""A training step on a batch whose rows the ranks share out.

Every rank computes the gradient of its share in the loss of the whole batch; their sum is the
gradient of the whole batch, and every rank takes the same optimizer step with it. So the ranks'
weights stay equal, and equal to those of one process that has all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

import numpy as np

from ..dataset import DataError
from ..module import Array, Module, Params
from .gradient import Gradient
from .ranks import Ranks

PENALTY = "regularize"
"""The part of the loss that belongs to no row; the ranks that have rows share it equally."""

CACHES = 4
"""Most numbers of rows of which the arrays of a step are kept for the next one."""

COMPILE = "`nnc compile --emit shares`"


class SharedModule(Module, Protocol):
    """A module whose functions take the share of their rows in the loss of a batch."""

    SHARES: tuple[str, ...]
    across: Callable[[Array], Array]

    def share_counts(self, x: Any, target: Any, **keywords: Any) -> dict[str, float]:
        """Return what the mean of each loss divides by, for these rows."""

    def losses(self, params: Params, cache: Any, target: Any, **keywords: Any) -> dict[str, float]:
        """Return the parts of the loss."""

    def optimizer_step(self, params: Params, grads: Params, opt: Any, lr: float | None) -> None:
        """Take one step with a gradient."""


def shared_module(module: Module) -> SharedModule:
    """Return a module that can be trained on several ranks; raises DataError."""
    if not hasattr(module, "share_counts"):
        raise DataError(
            f"this module cannot be trained on several processes: write it with {COMPILE}"
        )
    return cast(SharedModule, module)


def own_rows(rows: Array, rank: int, size: int) -> Array:
    """Return the rows of a batch that a rank takes: adjacent ones, as many as others or one more."""
    start, stop = (len(rows) * r // size for r in (rank, rank + 1))
    return rows[start:stop]


class SharedStep:
    """Takes steps on batches of rows, of which this rank computes its share.

    `keywords` are those of every step: lr, state, class_weights. `take` picks rows of the data.
    With a `seed` every step and rank has a generator of its own for dropout and noise, so that a
    training can be repeated, and resumed, with the same number of ranks."""

    def __init__(
        self,
        module: Module,
        ranks: Ranks,
        weights: tuple[Params, Any],
        keywords: Mapping[str, Any],
        take: Callable[[Any, Array], Any],
        seed: int | None,
    ) -> None:
        self.module, self.ranks, self.take, self.seed = shared_module(module), ranks, take, seed
        self.params, self.opt = weights
        given = {name: value for name, value in keywords.items() if name != "rng"}
        self.lr: float | None = given.pop("lr", None)
        self.state: Params = given.pop("state", {})
        self.of_loss = given
        self.active = True  # whether this rank has rows of the current batch
        self.rows = 0  # the rows of this rank
        self.consistent = True  # whether weights and optimizer are as between two steps
        self.gradient: Gradient | None = None
        self.caches: dict[int, Any] = {}

    def take_step(
        self, x: Any, target: Any, more: Mapping[str, Any], rows: Array, number: int
    ) -> float:
        """Take step `number` of a training; return the loss of the whole batch before it."""
        mine = own_rows(rows, self.ranks.rank, self.ranks.size)
        self.active = len(mine) > 0
        mine = mine if self.active else rows[:1]  # computed along, and counted as nothing
        self.rows = len(mine)
        picked = {name: self.take(value, mine) for name, value in more.items()}
        with self._across_ranks(), self._state_restored():
            loss, grads = self._shared(self.take(x, mine), self.take(target, mine), picked, number)
        self.consistent = False
        self.module.optimizer_step(self.params, grads, self.opt, self.lr)
        self.consistent = True
        return loss

    def _shared(
        self, x: Any, target: Any, more: dict[str, Any], number: int
    ) -> tuple[float, Params]:
        """Return loss and gradient of the whole batch, from this rank's rows and those of all."""
        module, params = self.module, self.params
        lengths = {"lengths": more.pop("lengths")} if "lengths" in more else {}
        of_loss = {**self.of_loss, **more}
        shares = self._shares(module.share_counts(x, target, **lengths, **of_loss))
        room = self.caches.get(self.rows)
        _, cache = module.forward(params, x, cache=room, **lengths, **self._training(number))
        self.caches = {**(self.caches if len(self.caches) < CACHES else {}), self.rows: cache}
        parts = module.losses(params, cache, target, shares=shares, **of_loss)
        into = None if self.gradient is None else self.gradient.grads
        grads = module.backward(params, cache, target, grads=into, shares=shares, **of_loss)
        if self.gradient is None or grads is not into:
            self.gradient = Gradient(grads)
        return self.gradient.added_up(self.ranks, sum(parts.values()), self.active)

    def _training(self, number: int) -> dict[str, Any]:
        """Return the keywords of forward in step `number`."""
        found: dict[str, Any] = {"train": True} if self.state or self.seed is not None else {}
        if self.state:
            found["state"] = self.state
        if self.seed is not None:
            found["rng"] = np.random.default_rng([self.seed, 1, number, self.ranks.rank])
        return found

    def _shares(self, counts: Mapping[str, float]) -> dict[str, float]:
        """Return the share of this rank's rows in each part of the loss."""
        mine = np.array([*counts.values(), 1.0]) * self.active
        whole = mine.copy()
        self.ranks.add_up(whole)
        shares = np.divide(mine, whole, out=np.zeros_like(mine), where=whole != 0)
        found = dict(zip((*counts, PENALTY), shares.tolist(), strict=True))
        return {name: found[name] for name in self.module.SHARES}

    def _sum_across(self, sums: Array) -> Array:
        """Return sums over this rank's rows, added up over all ranks."""
        total = np.array(sums if self.active else np.zeros_like(sums), order="C")
        self.ranks.add_up(total)
        return total

    @contextmanager
    def _across_ranks(self) -> Iterator[None]:
        """For one step, let the statistics of batches be those of the rows of all ranks."""
        alone = getattr(self.module, "across", None)
        self.module.across = self._sum_across
        try:
            yield
        finally:
            if alone is not None:
                self.module.across = alone

    @contextmanager
    def _state_restored(self) -> Iterator[None]:
        """Undo changes of running statistics by a step that fails."""
        before = {name: array.copy() for name, array in self.state.items()}
        try:
            yield
        except BaseException:
            for name, array in before.items():
                self.state[name][...] = array
            raise
