"""Train vae.nn on the digits, then decode codes drawn from a normal distribution: vae.pgm has 64 of them.

python vae.py
"""

from __future__ import annotations

from pathlib import Path

import nnc
import numpy as np
from nnc.runtime.datasets import digits

HERE = Path(__file__).parent
DECODER = "input 8 as code -> (dense 64 relu -> dense 64 sigmoid) as decoder"
"""The second half of vae.nn. Its parameters are called alike, so trained ones fit: `decoder.dense1.W`."""


def trained(epochs: int = 40, seed: int = 0):
    """The module, its trained parameters, and the loss of each epoch by its parts."""
    model = nnc.load(HERE / "vae.nn")
    x = digits().x.reshape(-1, 64)
    params, rng = model.init_params(seed), np.random.default_rng(seed)
    opt, history = model.init_optimizer(params), []
    for _ in range(epochs):
        model.train_epoch(params, x, x, opt, batch=64, order=rng.permutation(len(x)), rng=rng)
        _, cache = model.forward(params, x, train=True, rng=rng)
        history.append(model.losses(params, cache, x))
    return model, params, history


def decoded(params, codes):
    """The pictures of some codes (N, 8): the trained decoder alone."""
    decoder = nnc.loads(DECODER)
    return decoder.predict({name: params[name] for name in decoder.PARAM_SHAPES}, codes)


def write_pictures(path: Path, pictures, columns: int = 8) -> None:
    """Pictures of 8x8 pixels side by side, as a grey image (PGM), larger by 4."""
    rows = [np.hstack(row) for row in pictures.reshape(-1, columns, 8, 8)]
    sheet = np.kron(np.vstack(rows), np.ones((4, 4)))
    grey = (255 * (1 - np.clip(sheet, 0, 1))).astype(np.uint8)
    path.write_bytes(f"P5 {grey.shape[1]} {grey.shape[0]} 255\n".encode() + grey.tobytes())


def main() -> None:
    """Train, and say what came of it."""
    _, params, history = trained()
    for epoch, losses in enumerate(history, 1):
        if epoch % 10 == 0:
            print(f"epoch {epoch:2}  " + "  ".join(f"{n} {v:.2f}" for n, v in losses.items()))
    pictures = decoded(params, np.random.default_rng(1).standard_normal((64, 8)))
    write_pictures(Path("vae.pgm"), pictures)
    print("64 new digits: vae.pgm")


if __name__ == "__main__":
    main()
