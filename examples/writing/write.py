"""A network that writes: it learns which character comes next, and is then asked one after the other.

    python examples/writing/write.py --start "the river " --count 300 --temperature 0.6

Training and writing need the generated module alone: `train_step` reads passages of the text whole,
`step` reads one character and remembers the ones before in a stream.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType

import numpy as np

FOLDER = Path(__file__).parent
CHARACTERS = "abcdefghijklmnopqrstuvwxyz ."
"""All that may occur, in the order of their ids; the spec knows how many there are."""


def read_ids(path: Path) -> np.ndarray:
    """The text as ids; a line's end is a space."""
    text = " ".join(path.read_text(encoding="utf-8").replace(",", "").split())
    return np.array([CHARACTERS.index(c) for c in text])


def train(model: ModuleType, ids: np.ndarray, steps: int, *, length: int = 40, rows: int = 16):
    """The parameters after so many steps on passages from anywhere, and the mean of the last losses."""
    rng = np.random.default_rng(0)
    params = model.init_params(seed=0)
    opt = model.init_optimizer(params)
    losses = []
    for _ in range(steps):
        first = rng.integers(0, len(ids) - length, (rows, 1))
        passages = ids[first + np.arange(length + 1)]  # (rows, length + 1)
        # at every position the target is the character behind it
        losses.append(model.train_step(params, passages[:, :-1], passages[:, 1:], opt))
    return params, float(np.mean(losses[-20:]))


def write(
    model: ModuleType, params, start: str, count: int, *, temperature: float = 0.6, seed: int = 0
):
    """So many characters behind the start, each drawn from what the network thinks of them.

    The lower the temperature, the more often it is the likeliest one.
    """
    rng = np.random.default_rng(seed)
    stream = model.init_stream(params, rows=1)
    for character in start:
        y = model.step(params, [CHARACTERS.index(character)], stream)  # (1, characters)
    text = start
    for _ in range(count):
        weights = y[0].astype(float) ** (1 / temperature)
        drawn = rng.choice(len(CHARACTERS), p=weights / weights.sum())
        text += CHARACTERS[drawn]
        y = model.step(params, [drawn], stream)
    return text


def main() -> None:
    """Compile, train, write."""
    import nnc

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600, help="how long to train")
    parser.add_argument("--start", default="the ", help="how the text begins")
    parser.add_argument("--count", type=int, default=400, help="how many characters to write")
    parser.add_argument("--temperature", type=float, default=0.6, help="low: safe; high: bold")
    given = parser.parse_args()
    model = nnc.load(FOLDER / "characters.nn", emit=("step",))
    params, loss = train(model, read_ids(FOLDER / "text.txt"), given.steps)
    print(f"loss {loss:.2f} after {given.steps} steps; to guess at random is {np.log(28):.2f}\n")
    print(write(model, params, given.start, given.count, temperature=given.temperature))


if __name__ == "__main__":
    main()
