"""Shape layers and reductions against PyTorch: values, loss and the gradient of the data.

`NNC_ORACLE_DRAWS=50` draws as many programs of each layer; the default is fewer.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, compile_source
from nnc.source import Source
from torch import Tensor

from .generated import TOLERANCE, load

DRAWS = int(os.environ.get("NNC_ORACLE_DRAWS", "6"))
Draw = tuple[str, tuple[int, ...], Callable[[Tensor, Tensor], Tensor]]


def size(rng: np.random.Generator, low: int = 1) -> int:
    return int(rng.integers(low, 6))


def steps(x: Tensor, lengths: Tensor) -> Tensor:
    """Where x (B, T, …) holds data."""
    return (torch.arange(x.shape[1]) < lengths[:, None]).reshape(*x.shape[:2], *[1] * (x.ndim - 2))


def transposed(rng) -> Draw:
    shape = (size(rng), size(rng))
    return "transpose", shape, lambda x, n: x.transpose(1, 2)


def permuted(rng) -> Draw:
    shape = tuple(size(rng) for _ in range(int(rng.integers(1, 5))))
    order = [int(i) for i in rng.permutation(len(shape))]
    words = " ".join(map(str, order))
    return f"permute {words}", shape, lambda x, n: x.permute(0, *(i + 1 for i in order))


def padded(rng) -> Draw:
    shape = tuple(size(rng) for _ in range(int(rng.integers(2, 4))))
    n = int(rng.integers(0, 3))
    sides = [n, n] * (len(shape) - 1)
    return f"pad {n}", shape, lambda x, _: torch.nn.functional.pad(x, sides)


def cropped(rng) -> Draw:
    shape = tuple(size(rng, 2) for _ in range(int(rng.integers(1, 4))))
    ranges = []
    for n in shape[: int(rng.integers(1, len(shape) + 1))]:
        start = int(rng.integers(0, n))
        ranges.append((start, int(rng.integers(start + 1, n + 1))))
    words = " ".join(f"{a}:{b}" for a, b in ranges)
    cut = (slice(None), *(slice(a, b) for a, b in ranges))
    return f"crop {words}", shape, lambda x, n: x[cut]


def repeated(rng) -> Draw:
    shape = tuple(size(rng) for _ in range(int(rng.integers(1, 4))))
    n = size(rng)
    return f"repeat {n}", shape, lambda x, _: torch.stack([x] * n, 1)


def upsampled(rng) -> Draw:
    shape = tuple(size(rng) for _ in range(int(rng.integers(2, 4))))
    by = [int(rng.integers(1, 4)) for _ in shape[1:]]
    word = "x".join(map(str, by))

    def torch_form(x: Tensor, _: Tensor) -> Tensor:
        for axis, k in enumerate(by):
            x = x.repeat_interleave(k, axis + 2)
        return x

    return f"upsample {word}", shape, torch_form


def reduced(word: str) -> Callable[[np.random.Generator], Draw]:
    def draw(rng) -> Draw:
        shape = tuple(size(rng) for _ in range(int(rng.integers(1, 4))))
        axis = int(rng.integers(-len(shape), len(shape)))
        at = axis % len(shape) + 1

        def torch_form(x: Tensor, _: Tensor) -> Tensor:
            return getattr(x, "amax" if word == "max" else word)(at, keepdim=len(shape) == 1)

        return f"{word} axis={axis}", shape, torch_form

    return draw


def reduced_ragged(word: str) -> Callable[[np.random.Generator], Draw]:
    def draw(rng) -> Draw:
        shape = (size(rng, 2), size(rng))

        def torch_form(x: Tensor, n: Tensor) -> Tensor:
            inside = steps(x, n)
            if word == "max":
                return x.masked_fill(~inside, -torch.inf).amax(1)
            total = x.masked_fill(~inside, 0).sum(1)
            return total / n[:, None] if word == "mean" else total

        return f"{word} axis=0", shape, torch_form

    return draw


def turned_ragged(rng) -> Draw:
    """Padding that moves with its axis, through other layers, to the reduction."""
    shape = (size(rng, 2), size(rng))
    n = size(rng)

    def torch_form(x: Tensor, lengths: Tensor) -> Tensor:
        x = x.masked_fill(~steps(x, lengths), 0)
        return torch.stack([x.transpose(1, 2).sum(2) / lengths[:, None]] * n, 1).amax(1)

    return f"repeat {n} -> permute 0 2 1 -> mean axis=-1 -> max axis=0", shape, torch_form


PLAIN = {
    "transpose": transposed,
    "permute": permuted,
    "pad": padded,
    "crop": cropped,
    "repeat": repeated,
    "upsample": upsampled,
    **{word: reduced(word) for word in ("sum", "mean", "max")},
}
RAGGED = {
    **{f"{word} of ragged rows": reduced_ragged(word) for word in ("sum", "mean", "max")},
    "turned ragged rows": turned_ragged,
}


def compare(draw: Draw, seed: int, dtype: str, *, ragged: bool, symbolic: bool) -> None:
    stages, shape, torch_form = draw
    rng = np.random.default_rng([seed, 3])
    names = iter("TUVW")
    written = [next(names) if symbolic else str(n) for n in shape]
    words = " ragged" if ragged else ""
    spec = f"input {'x'.join(written)}{words} -> {stages}\nloss mse\ndtype {dtype}\n"
    batch = int(rng.integers(1, 5))
    x = rng.standard_normal((batch, *shape))
    lengths = rng.integers(1, shape[0] + 1, batch)
    known = torch.tensor(x, dtype=getattr(torch, dtype), requires_grad=True)
    y = torch_form(known, torch.tensor(lengths))
    target = rng.standard_normal(y.shape)
    loss = torch.nn.functional.mse_loss(y, torch.tensor(target, dtype=y.dtype))
    loss.backward()
    given = x.copy()
    if ragged:
        given[~steps(torch.tensor(x), torch.tensor(lengths)).numpy()[..., 0]] = np.nan
    keywords = {"lengths": lengths} if ragged else {}
    for level in (0, 1):
        options = Options(level=level, emit=("input-gradient",), format=False)
        module = load(compile_source(Source("shapes.nn", spec), options).code)
        got, cache = module.forward({}, given, **keywords)
        near(got, y, dtype, spec)
        near(module.predict({}, given, **keywords), y, dtype, spec)
        near(module.loss({}, cache, target), loss, dtype, spec)
        near(module.input_gradient({}, given, target, **keywords), known.grad, dtype, spec)


def near(got: object, expected: Tensor, dtype: str, spec: str) -> None:
    wanted = expected.detach().numpy()
    assert np.shape(got) == wanted.shape, spec
    scale = max(float(np.abs(wanted).max()), 1e-4)
    assert float(np.abs(got - wanted).max()) <= TOLERANCE[dtype] * scale, spec


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PLAIN)
def test_layer_agrees(name, dtype):
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, len(name)])
        compare(PLAIN[name](rng), seed, dtype, ragged=False, symbolic=seed % 3 == 2)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RAGGED)
def test_padding_takes_no_part(name, dtype):
    for seed in range(DRAWS):
        rng = np.random.default_rng([seed, len(name)])
        compare(RAGGED[name](rng), seed, dtype, ragged=True, symbolic=False)
