"""Learn to walk a corridor of 7 places with reinforce.nn: reward waits at the right end only.

    python reinforce.py

After every round of walks, each move gets the reward that came later, less the mean of all moves.
"""

from __future__ import annotations

from pathlib import Path

import nnc
import numpy as np

HERE = Path(__file__).parent
LENGTH, START, MOST, DISCOUNT = 7, 2, 30, 0.9


def walk(model, params, rng) -> tuple[list[int], list[int], float]:
    """Places and moves of one walk by the present policy, and 1 if it came to the right end."""
    places, moves, place = [], [], START
    while 0 < place < LENGTH - 1 and len(moves) < MOST:
        chances = np.exp(model.predict(params, np.eye(LENGTH)[[place]])[0])
        move = int(rng.random() < chances[1])
        places.append(place)
        moves.append(move)
        place += 1 if move else -1
    return places, moves, float(place == LENGTH - 1)


def trained(rounds: int = 60, walks: int = 10, seed: int = 0):
    """The module, its parameters, and the share of walks that arrived in each round."""
    model, rng = nnc.load(HERE / "reinforce.nn"), np.random.default_rng(seed)
    params = model.init_params(seed)
    opt, history = model.init_optimizer(params), []
    for _ in range(rounds):
        rows, taken, returns, arrived = [], [], [], 0.0
        for _ in range(walks):
            places, moves, reward = walk(model, params, rng)
            rows += places
            taken += moves
            returns += [reward * DISCOUNT**later for later in range(len(moves) - 1, -1, -1)]
            arrived += reward / walks
        target = np.zeros((len(rows), 2))
        target[np.arange(len(rows)), taken] = np.array(returns) - np.mean(returns)
        model.train_step(params, np.eye(LENGTH)[rows], target, opt)
        history.append(arrived)
    return model, params, history


def main() -> None:
    """Train, and say what came of it."""
    model, params, history = trained()
    for first in range(0, len(history), 20):
        share = np.mean(history[first : first + 20])
        print(f"rounds {first + 1:2} to {first + 20:2}: {share:.0%} of the walks arrive")
    right = np.exp(model.predict(params, np.eye(LENGTH)[1:-1]))[:, 1]
    print("probability of a step to the right:", *(f"{p:.2f}" for p in right))


if __name__ == "__main__":
    main()
