"""Two modules train each other: gan_generator.nn makes points, gan_critic.nn tells them from real ones.

    python gan.py

The real points lie on a circle. The critic's gradient by the points goes into the generator with `vjp`.
"""

from __future__ import annotations

from pathlib import Path

import nnc
import numpy as np

HERE = Path(__file__).parent


def circle(rng, rows: int):
    """Points at a distance of about 1 from the origin, in all directions."""
    angle = rng.uniform(0, 2 * np.pi, rows)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.05 * rng.standard_normal((rows, 2))


def trained(steps: int = 3000, rows: int = 64, seed: int = 0):
    """The generator's module and its parameters after so many steps of both."""
    generator = nnc.load(HERE / "gan_generator.nn", emit=["vjp"])
    critic = nnc.load(HERE / "gan_critic.nn", emit=["input-gradient"])
    rng = np.random.default_rng(seed)
    g, c = generator.init_params(seed), critic.init_params(seed + 1)
    g_opt, c_opt = generator.init_optimizer(g), critic.init_optimizer(c)
    is_real, all_real = np.repeat([1.0, 0.0], rows), np.ones(rows)
    for _ in range(steps):
        points, cache = generator.forward(g, rng.standard_normal((rows, 4)))
        both = np.concatenate([circle(rng, rows), points])
        critic.train_step(c, both, is_real, c_opt)
        # how every made point should move so that the critic takes it for real
        d_points = critic.input_gradient(c, points, all_real)
        grads, _ = generator.vjp(g, cache, d_points)
        generator.optimizer_step(g, grads, g_opt)
    return generator, g


def main() -> None:
    """Train, and say what came of it."""
    generator, params = trained()
    points = generator.predict(params, np.random.default_rng(1).standard_normal((1000, 4)))
    radius = np.hypot(*points.T)
    print(
        f"1000 points: distance from the origin {radius.mean():.2f} ± {radius.std():.2f}, should be 1.00 ± 0.05"
    )
    directions, _ = np.histogram(
        np.arctan2(points[:, 1], points[:, 0]), bins=8, range=(-np.pi, np.pi)
    )
    print("points in each eighth of the circle:", *directions)


if __name__ == "__main__":
    main()
