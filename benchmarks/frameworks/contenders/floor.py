"""What no step gets below: its matrix products, and one pass over the parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..harness import Contender
from ..workload import Params, Product, Workload


def floor(workload: Workload, start: Params) -> Contender:
    """np.dot(out=) for each product (np.matmul for batches), then p -= rate * g in one buffer."""
    rng = np.random.default_rng(0)
    products = [call_of(product, rng) for product in workload.products]
    count = sum(value.size for value in start.values())
    p, g, scaled = (np.zeros(count, np.float32) for _ in range(3))
    rate = np.float32(workload.rate)

    def step() -> None:
        for product in products:
            product()
        if not workload.inference:
            np.multiply(g, rate, out=scaled)
            np.subtract(p, scaled, out=p)

    return Contender(step)


def call_of(product: Product, rng: np.random.Generator) -> Callable[[], None]:
    """The product on arrays of its own."""
    lead = (product.batch,) if product.batch > 1 else ()
    a = rng.standard_normal((*lead, product.m, product.k), dtype=np.float32)
    b = rng.standard_normal((*lead, product.k, product.n), dtype=np.float32)
    out = np.empty((*lead, product.m, product.n), np.float32)
    multiply = np.matmul if lead else np.dot

    def call() -> None:
        for _ in range(product.times):
            multiply(a, b, out=out)

    return call
