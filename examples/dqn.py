"""Learn a field of 4x4 with dqn.nn: from the corner 0 to the corner 15, around two holes.

    python dqn.py

Moves are drawn at random at first. What a move is worth is its reward and the value of the next place,
by a copy of the parameters that stays as it is for a while.
"""

from __future__ import annotations

from pathlib import Path

import nnc
import numpy as np

HERE = Path(__file__).parent
SIDE, GOAL, HOLES = 4, 15, (5, 11)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
DISCOUNT = 0.9


def step(place: int, move: int) -> tuple[int, float, bool]:
    """The next place, the reward, and whether it is the end."""
    row, column = place // SIDE + MOVES[move][0], place % SIDE + MOVES[move][1]
    inside = 0 <= row < SIDE and 0 <= column < SIDE
    place = SIDE * row + column if inside else place
    if place in HOLES:
        return place, -1.0, True
    return place, float(place == GOAL), place == GOAL


def trained(steps: int = 3000, rows: int = 32, seed: int = 0):
    """The module and its parameters; learned from 500 remembered moves and more."""
    model, rng = nnc.load(HERE / "dqn.nn"), np.random.default_rng(seed)
    params = model.init_params(seed)
    opt, places = model.init_optimizer(params), np.eye(SIDE * SIDE)
    frozen = {name: array.copy() for name, array in params.items()}
    memory, place = [], 0
    for count in range(steps):
        curious = rng.random() < max(0.1, 1 - count / 1500)
        values = model.predict(params, places[[place]])[0]
        move = int(rng.integers(4)) if curious else int(values.argmax())
        after, reward, end = step(place, move)
        memory.append((place, move, reward, after, end))
        place = 0 if end else after
        if count < 500:
            continue
        chosen = [memory[i] for i in rng.integers(0, len(memory), rows)]
        at, moves, rewards, then, ends = map(np.array, zip(*chosen, strict=True))
        later = model.predict(frozen, places[then]).max(axis=1)
        target = model.predict(params, places[at])  # as it is, but for the moves that were made
        target[np.arange(rows), moves] = rewards + DISCOUNT * later * ~ends
        model.train_step(params, places[at], target, opt)
        if count % 100 == 0:
            frozen = {name: array.copy() for name, array in params.items()}
    return model, params


def best_path(model, params) -> list[int]:
    """The places from the start on, by the most valuable moves; at most 20."""
    path, end = [0], False
    while not end and len(path) < 20:
        move = int(model.predict(params, np.eye(SIDE * SIDE)[[path[-1]]])[0].argmax())
        place, _, end = step(path[-1], move)
        path.append(place)
    return path


def main() -> None:
    """Train, and say what came of it."""
    model, params = trained()
    print("path:", *best_path(model, params))
    values = model.predict(params, np.eye(SIDE * SIDE)).max(axis=1).reshape(SIDE, SIDE)
    print("value of the best move at every place:")
    print("\n".join("  ".join(f"{v:5.2f}" for v in row) for row in values))


if __name__ == "__main__":
    main()
