"""What is measured: a network, a batch, the same network in each framework, the figures aimed at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

NNC, EPOCH = "nnc", "nnc train_epoch"
NUMBA, NUMBA_EPOCH = "nnc numba", "nnc numba train_epoch"
EAGER, COMPILED, JAX = "PyTorch eager", "torch.compile", "JAX jit"
NUMPY, LOOP, FLOOR = "NumPy by hand", "NumPy, looping", "floor"
FRAMEWORKS = (EAGER, COMPILED, JAX)

Array = np.ndarray
Params = Mapping[str, Array]
Batch = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Aim:
    """A time that shall be at most `limit` of the best of `against`; None: only told."""

    of: str
    against: tuple[str, ...]
    limit: float | None


@dataclass(frozen=True, slots=True)
class Product:
    """`times` products, one after the other, of (m, k) by (k, n); `batch` of them in one call."""

    m: int
    k: int
    n: int
    batch: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True)
class Workload:
    """One network and how each contender does it.

    `spec` is nnc's; parameters are everywhere nnc's, by nnc's names. `draw` gives one batch.
    `torch` holds, by a form's name, functions that make the nn.Module up to the logits, whose
    trainable parameters come in nnc's order; `jax` gives the logits; `by_hand` gives loss and
    gradients, or the output where only inference is measured.
    """

    name: str
    title: str
    spec: str
    draw: Callable[[np.random.Generator], Batch]
    torch: Mapping[str, Callable[[], Any]]
    jax: Callable[[Any, Any], Any]
    by_hand: Callable[..., Any]
    products: Sequence[Product]
    aims: Sequence[Aim]
    loss: str = "crossentropy"
    optimizer: str = "sgd"
    rate: float = 0.01
    inference: bool = False
    looping: bool = False
    epoch: bool = False


def aims(
    eager: float | None,
    jax: float | None,
    numba: float,
    *,
    numba_epoch: float | None = None,
    floor: float | None = None,
    numba_against: tuple[str, ...] = FRAMEWORKS,
) -> tuple[Aim, ...]:
    """A row of the table of figures to reach."""
    found = [Aim(NNC, (EAGER,), eager), Aim(NNC, (JAX,), jax)]
    if floor is not None:
        found.append(Aim(NNC, (FLOOR,), floor))
    found.append(Aim(NUMBA, numba_against, numba))
    if numba_epoch is not None:
        found.append(Aim(NUMBA_EPOCH, numba_against, numba_epoch))
    return tuple(found)


def dense_products(rows: int, *sizes: int, data: bool = True) -> list[Product]:
    """Forward, dW and dx of dense layers; no dx of the first if it reads the data."""
    found = []
    for at, (k, n) in enumerate(pairwise(sizes)):
        found += [Product(rows, k, n), Product(k, rows, n)]
        if at or not data:
            found.append(Product(rows, n, k))
    return found
