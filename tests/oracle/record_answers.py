"""`python -m tests.oracle.record_answers`: record PyTorch's results for a set of programs.

The plain tests have no PyTorch; they hold modules to tests/golden/answers.json, which this writes.
The programs are random ones over all kinds of layers, chosen so that every kind and argument occurs
several times; the numbers are rounded to two decimals, so that they can be written exactly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ..recorded import ANSWERS, projection
from .all_layers.drawing import Data, draw
from .all_layers.evaluation import Answer, answer
from .all_layers.numbers import ROUGH, apart, largest_of
from .all_layers.program import Program
from .all_layers.trying import met
from .all_layers.whole import program

TRIED = 1500
"""Programs among which the set is chosen."""

TIMES = 3
"""How often every kind and argument should occur."""

LONGEST = 420
"""Characters of a spec; longer ones cover no more and take longer to compile."""


def chosen() -> list[int]:
    """Seeds of programs in which everything occurs TIMES times, if it occurs so often at all."""
    contents: dict[int, set[str]] = {}
    lengths: dict[int, int] = {}
    for seed in range(TRIED):
        made = program(seed)
        if made.reason is None and len(made.body) <= LONGEST and not made.noisy:
            contents[seed], lengths[seed] = _contents(made), len(made.body)
    counts = Counter(name for names in contents.values() for name in names)
    missing = Counter({name: min(TIMES, count) for name, count in counts.items()})
    found: list[int] = []
    while +missing:
        gains = {s: sum(missing[c] > 0 for c in contents[s]) / (100 + lengths[s]) for s in contents}
        best = max(gains, key=lambda seed: gains[seed])
        missing.subtract(contents.pop(best))
        found.append(best)
    return sorted(found)


def _contents(made: Program) -> set[str]:
    """The kinds, arguments and losses of a program, and which kinds read padded rows."""
    kinds, arguments, _ = met(made)
    losses = {f"loss {t.kind} {t.reduction} {t.ids} {sorted(t.args)}" for t in made.losses}
    return (
        kinds
        | arguments
        | losses
        | ({f"ragged {kind}" for kind in kinds} if made.ragged else set())
    )


def rounded(data: Data) -> Data:
    """The same numbers with two decimals; probabilities still sum to 1, and none is zero."""

    def near(name: str, array: np.ndarray) -> np.ndarray:
        return array if array.dtype.kind in "iu" else np.round(array, 2)

    arrays = [{k: near(k, v) for k, v in d.items()} for d in (data.params, data.state, data.inputs)]
    targets = {k: near(k, v) for k, v in data.targets.items()}
    for name, old in data.targets.items():
        if old.dtype.kind == "f" and np.allclose(old.sum(axis=-1), 1):
            targets[name][..., -1] = np.round(1 - targets[name][..., :-1].sum(axis=-1), 2)
    return Data(*arrays, targets, data.lengths, data.sizes)


def fair_and_round(made: Program, seed: int, *, train: bool) -> tuple[Data, Answer] | None:
    """Rounded numbers away from kinks, with PyTorch's answer in float64."""
    for attempt in range(24):
        raw = draw(made, np.random.default_rng([seed, attempt, 23]), narrow=False, train=train)
        if raw is None:
            continue
        data = rounded(raw)
        if any((t < 0).any() for n, t in data.targets.items() if (raw.targets[n] >= 0).all()):
            continue  # probabilities whose rest was rounded away
        want = answer(made, data, train=train)
        largest = largest_of([*want.grads.values(), *want.dx.values()])
        if not np.isfinite([want.loss, largest]).all() or largest > 1e3:
            continue
        rough = answer(made, data, torch.float32, train=train)
        if apart(rough, want)[0] < ROUGH["float64"]:
            return data, want
    return None


def records(seeds: list[int]) -> Iterator[dict[str, Any]]:
    """One entry a program, as the plain tests read it."""
    for seed in seeds:
        made = program(seed)
        train = bool(made.state)
        found = fair_and_round(made, seed, train=train)
        if found is None:
            continue
        data, want = found
        yield {
            "seed": seed,
            "spec": made.text(),
            "train": train,
            "ragged": made.ragged,
            "lengths": None if data.lengths is None else data.lengths.tolist(),
            **{n: _lists(getattr(data, n)) for n in ("params", "state", "inputs", "targets")},
            "loss": want.loss,
            "outputs": _projections(want.outputs),
            "grads": _projections(want.grads),
            "dx": _projections(want.dx),
            "after": _projections(want.state),
        }


def _lists(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {name: array.tolist() for name, array in arrays.items()}


def _projections(arrays: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """Of each array a number that every entry has a part in, and the largest entry."""
    return {
        name: [projection(name, array), float(np.abs(array).max(initial=0))]
        for name, array in arrays.items()
    }


def main() -> None:
    """Write the file anew."""
    torch.set_num_threads(1)
    lines = [json.dumps(r, separators=(",", ":")) for r in records(chosen())]
    ANSWERS.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{len(lines)} programs, {ANSWERS.stat().st_size / 1e3:.0f} kB in {ANSWERS.name}")


if __name__ == "__main__":
    main()
