"""Train contrastive.nn on pairs of digits 0 to 7, and look up digits by the nearest code, 8 and 9 as well.

python contrastive.py
"""

from __future__ import annotations

from pathlib import Path

import nnc
import numpy as np
from nnc.runtime.datasets import digits_split

HERE = Path(__file__).parent
SEEN = 8


def pairs(rng, x, kinds, rows: int):
    """As many pairs of equal digits as of different ones, and 1 or 0."""
    left, same = rng.integers(0, len(x), rows), rng.random(rows) < 0.5
    right = rng.integers(0, len(x), rows)
    for kind in range(SEEN):
        own = same & (kinds[left] == kind)
        right[own] = rng.choice(np.flatnonzero(kinds == kind), own.sum())
    return {"left": x[left], "right": x[right]}, (kinds[left] == kinds[right]).astype(float)


def trained(epochs: int = 20, seed: int = 0):
    """The module and its trained parameters."""
    model, rng = nnc.load(HERE / "contrastive.nn"), np.random.default_rng(seed)
    train, _ = digits_split()
    shown = train.target < SEEN
    x, kinds = train.x[shown].reshape(-1, 64), train.target[shown]
    params = model.init_params(seed)
    opt = model.init_optimizer(params)
    for _ in range(epochs):
        batch, same = pairs(rng, x, kinds, 4000)
        model.train_epoch(params, batch, same, opt, batch=64, order=range(len(same)))
    return model, params


def nearest(model, params, known, kinds, asked):
    """The kind of the nearest known picture, by the codes."""
    near, far = (model.predict(params, {"left": x, "right": x})["code"] for x in (known, asked))
    apart = ((far[:, None] - near[None]) ** 2).sum(axis=-1)
    return kinds[apart.argmin(axis=1)]


def main() -> None:
    """Train, and say what came of it."""
    model, params = trained()
    train, test = digits_split()
    found = nearest(model, params, train.x.reshape(-1, 64), train.target, test.x.reshape(-1, 64))
    right, new = found == test.target, test.target >= SEEN
    print(f"digits named by the nearest code: {right.mean():.1%}")
    print(f"of 8 and 9, which no pair showed: {right[new].mean():.1%}")


if __name__ == "__main__":
    main()
