"""System S06: the generated module's training against a loop over examples."""

from __future__ import annotations

import numpy as np

from .by_hand import LoopedNetwork
from .generated import digits, module
from .timing import interleave

SPEC = """\
input 784 -> dense 30 sigmoid init=lecun -> dense 10 sigmoid init=lecun
loss quadratic
optimizer sgd lr=3.0
train batch=10
"""


def main(rounds: int) -> None:
    """Train 300 examples in batches of ten, either way, and print the ratio."""
    made = module(SPEC)
    params = made.init_params(0)
    opt = made.init_optimizer(params)
    x, ids = digits(300)
    target = np.eye(10, dtype=np.float32)[ids]
    w1, b1, w2, b2 = (value.astype(np.float64) for value in params.values())
    looped = LoopedNetwork([w1.T, w2.T], [b1[:, None], b2[:, None]])
    pairs = [(a[:, None], b[:, None]) for a, b in zip(x.astype(float), target, strict=True)]
    order = np.arange(300)

    def by_module() -> None:
        made.train_epoch(params, x, target, opt, batch=10, order=order)

    def by_loop() -> None:
        for i in range(0, 300, 10):
            looped.update_mini_batch(pairs[i : i + 10], 3.0)

    timings = interleave(
        {"module": by_module, "loop": by_loop}, rounds=max(5, rounds // 8), calls=1
    )
    print("\ntraining 784-30-10 (sigmoid, quadratic cost, batch 10) on 300 examples")
    for name in ("module", "loop"):
        print(f"  {name:15}{timings.typical(name) * 1e3:10.2f} ms")
    print(f"  the module is {timings.ratio('loop', 'module'):.1f} times faster than the loop")
