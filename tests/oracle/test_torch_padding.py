"""Padding in full against PyTorch: both ends apart, `same`, `ceil`, and what the mean of avgpool counts.

Where PyTorch has the same layer its own is taken; Caffe's is written out as its source describes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
import torch.nn.functional as F
from torch import Tensor

from .variants import modules

DRAWS = 50
CONV = {1: F.conv1d, 2: F.conv2d}
MAX, MEAN = {1: F.max_pool1d, 2: F.max_pool2d}, {1: F.avg_pool1d, 2: F.avg_pool2d}
TOLERANCE = {"rtol": 1e-10, "atol": 1e-11}


@dataclass
class Drawn:
    """A window over sizes; `pad` has the cells at both ends of every axis, or is `same`."""

    sizes: list[int]
    kernel: list[int]
    stride: list[int]
    pad: list[tuple[int, int]] | str
    ceil: bool = False
    count: str | None = None

    @property
    def options(self) -> str:
        words = [x_of(self.kernel), f"stride={x_of(self.stride)}", f"pad={self.pad_text}"]
        words += ["ceil=true"] * self.ceil + ([f"count={self.count}"] if self.count else [])
        return " ".join(words)

    @property
    def pad_text(self) -> str:
        if isinstance(self.pad, str):
            return self.pad
        texts = [str(a) if a == b else f"{a}:{b}" for a, b in self.pad]
        return texts[0] if len(texts) == 1 else "x".join(f"({t})" for t in texts)

    @property
    def ends(self) -> list[tuple[int, int]]:
        """The zeros at both ends, those of `same` shared with the odd one behind."""
        if not isinstance(self.pad, str):
            return self.pad
        both = [
            max((-(-n // s) - 1) * s + k - n, 0)
            for n, k, s in zip(self.sizes, self.kernel, self.stride, strict=True)
        ]
        return [(b // 2, b - b // 2) for b in both]

    @property
    def even(self) -> bool:
        return self.pad != "same" and all(a == b for a, b in self.ends)

    def positions(self, axis: int) -> int:
        """PyTorch's formula; a rounded-up window must begin before the padding behind."""
        n, k, s = self.sizes[axis], self.kernel[axis], self.stride[axis]
        before, after = self.ends[axis]
        if not self.ceil:
            return (n + before + after - k) // s + 1
        count = -(-(n + before + after - k) // s) + 1
        return count - ((count - 1) * s >= n + before)

    def windows(self, x: Tensor, value: float) -> Tensor:
        """What every window meets: (B, C, positions…, kernel…)."""
        for axis in range(len(self.sizes)):
            need = (self.positions(axis) - 1) * self.stride[axis] + self.kernel[axis]
            before = self.ends[axis][0]
            behind = max(need - before - x.shape[2 + axis], 0)
            ends = [0, 0] * (len(self.sizes) - 1 - axis) + [before, behind]
            x = F.pad(x, ends, value=value).narrow(2 + axis, 0, need)
        for axis in range(len(self.sizes)):
            x = x.unfold(2 + axis, self.kernel[axis], self.stride[axis])
        return x.flatten(2 + len(self.sizes))


def x_of(numbers: list[int]) -> str:
    return "x".join(map(str, numbers))


def draw(seed: int, axes: int, pool: bool) -> Drawn:
    """A window that fits; of pools no end is padded by more than half of it."""
    rng = np.random.default_rng([seed, axes, pool])
    while True:
        kernel = rng.integers(1, 5, axes).tolist()
        sizes = (rng.integers(1, 5, axes) + rng.integers(0, 5, axes)).tolist()
        stride = rng.integers(1, 4, axes).tolist()
        most = [k // 2 if pool else 2 for k in kernel]
        pad = [(int(rng.integers(0, m + 1)), int(rng.integers(0, m + 1))) for m in most]
        if rng.random() < 0.25:
            pad = "same"
        elif rng.random() < 0.3:
            pad = [(a, a) for a, _ in pad]
        drawn = Drawn(sizes, kernel, stride, pad, pool and bool(rng.random() < 0.5))
        reached = [n + sum(p) for n, p in zip(sizes, drawn.ends, strict=True)]
        if all(r >= k for r, k in zip(reached, kernel, strict=True)):
            return drawn


def checked(text: str, want, x: np.ndarray, params: dict[str, np.ndarray], seed: int) -> None:
    """Values, and the gradients of x and of every parameter, in all modules of a spec."""
    rng = np.random.default_rng(seed)
    given = torch.tensor(x, requires_grad=True)
    tensors = {n: torch.tensor(a, requires_grad=True) for n, a in params.items()}
    y = want(given, tensors)
    dy = rng.normal(size=y.shape)
    y.backward(torch.tensor(dy))
    for what, made in modules(text, "vjp"):
        got, cache = made.forward(params, x)
        np.testing.assert_allclose(got, y.detach(), err_msg=f"{what} {text}", **TOLERANCE)
        np.testing.assert_allclose(made.predict(params, x), y.detach(), **TOLERANCE)
        grads, dx = made.vjp(params, cache, dy)
        np.testing.assert_allclose(dx, given.grad, err_msg=f"{what} {text}", **TOLERANCE)
        for name, tensor in tensors.items():
            np.testing.assert_allclose(
                grads[name], tensor.grad, err_msg=f"{what} {name} {text}", **TOLERANCE
            )


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("kind", ["conv", "depthwise"])
@pytest.mark.parametrize("seed", range(DRAWS // 2))
def test_convolutions(kind, axes, seed):
    drawn, rng = draw(seed, axes, pool=False), np.random.default_rng(seed)
    stage = f"conv 3 {drawn.options}" if kind == "conv" else f"depthwise {drawn.options}"
    text = f"input 2x{x_of(drawn.sizes)} -> {stage} as c\ndtype float64\n"
    filters = 3 if kind == "conv" else 2
    shape = (filters, 2 if kind == "conv" else 1, *drawn.kernel)
    params = {"c.W": rng.normal(size=shape), "c.b": rng.normal(size=filters)}
    ends = [n for pair in reversed(drawn.ends) for n in pair]

    def want(x, p):
        groups = 1 if kind == "conv" else 2
        return CONV[axes](F.pad(x, ends), p["c.W"], p["c.b"], drawn.stride, groups=groups)

    checked(text, want, rng.normal(size=(3, 2, *drawn.sizes)), params, seed)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("seed", range(DRAWS))
def test_maxima(axes, seed):
    drawn, rng = draw(seed, axes, pool=True), np.random.default_rng(seed)
    text = f"input 2x{x_of(drawn.sizes)} -> maxpool {drawn.options}\ndtype float64\n"
    x = (
        rng.integers(0, 3, (2, 2, *drawn.sizes))
        if seed % 2
        else rng.normal(size=(2, 2, *drawn.sizes))
    )

    def want(x, p):
        if not drawn.even:
            windows = drawn.windows(x, -np.inf)
            return windows.gather(-1, windows.argmax(-1, keepdim=True)).squeeze(-1)
        pad = [before for before, _ in drawn.ends]
        return MAX[axes](x, drawn.kernel, drawn.stride, pad, ceil_mode=drawn.ceil)

    checked(text, want, x.astype(float), {}, seed)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("seed", range(DRAWS))
def test_means(axes, seed):
    drawn, rng = draw(seed, axes, pool=True), np.random.default_rng(seed)
    drawn.count = [None, "padded", "data"][seed % 3]
    data = drawn.count == "data" or (drawn.count is None and drawn.pad == "same")
    text = f"input 2x{x_of(drawn.sizes)} -> avgpool {drawn.options}\ndtype float64\n"

    def want(x, p):
        if drawn.even:
            pad = [before for before, _ in drawn.ends]
            more = {"ceil_mode": drawn.ceil, "count_include_pad": not data}
            return MEAN[axes](x, drawn.kernel, drawn.stride, pad, **more)
        counts = torch.ones(1, 1, *drawn.sizes, dtype=x.dtype)
        if data:
            cells = drawn.windows(counts, 0).sum(-1)
        else:
            ends = [n for pair in reversed(drawn.ends) for n in pair]
            padded = Drawn(
                [n + sum(p) for n, p in zip(drawn.sizes, drawn.ends, strict=True)],
                drawn.kernel,
                drawn.stride,
                [(0, 0)] * axes,
                drawn.ceil,
            )
            cells = padded.windows(F.pad(counts, ends, value=1.0), 0).sum(-1)
            cells = cells[(..., *(slice(drawn.positions(i)) for i in range(axes)))]
        return drawn.windows(x, 0).sum(-1) / cells

    checked(text, want, rng.normal(size=(2, 2, *drawn.sizes)), {}, seed)


def caffe_mean(x: np.ndarray, kernel: int, stride: int, pad: int) -> np.ndarray:
    """Caffe's average over images: sizes round up, windows are cut off at the padding's end."""
    height, width = x.shape[2:]
    rows, columns = (int(np.ceil((n + 2 * pad - kernel) / stride)) + 1 for n in (height, width))
    if pad:
        rows -= (rows - 1) * stride >= height + pad
        columns -= (columns - 1) * stride >= width + pad
    y = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride - pad, j * stride - pad
            bottom, right = min(top + kernel, height + pad), min(left + kernel, width + pad)
            area = (bottom - top) * (right - left)
            cells = x[:, :, max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
            y[:, :, i, j] = cells.sum(axis=(2, 3)) / area
    return y


@pytest.mark.parametrize("seed", range(DRAWS))
def test_means_as_caffe_counts(seed):
    rng = np.random.default_rng(seed)
    kernel = int(rng.integers(2, 5))
    stride, pad = int(rng.integers(1, kernel + 1)), int(rng.integers(0, kernel // 2 + 1))
    size = rng.integers(kernel, 10, 2).tolist()
    text = f"input 2x{x_of(size)} -> avgpool {kernel} stride={stride} pad={pad} ceil=true\ndtype float64"
    x = rng.normal(size=(2, 2, *size))
    for what, made in modules(text):
        want = caffe_mean(x, kernel, stride, pad)
        np.testing.assert_allclose(made.predict({}, x), want, err_msg=what, **TOLERANCE)


def test_zeros_around_the_data_by_axis():
    text = "input 2x3x4 -> pad (1:0)x(0:2) -> pad 0:1\ndtype float64"
    x = np.random.default_rng(0).normal(size=(2, 2, 3, 4))
    want = F.pad(F.pad(torch.tensor(x), (0, 2, 1, 0)), (0, 1, 0, 1))
    for what, made in modules(text):
        np.testing.assert_array_equal(made.predict({}, x), want, err_msg=what)


def test_rows_of_different_lengths_are_padded_each_by_itself():
    text = (
        "input Tx2 ragged -> transpose -> conv 3 3 pad=2:1 tanh -> maxpool 3 stride=2 pad=1:0 "
        "-> avgpool 2 stride=1 pad=0:1 -> pad 0:1 -> transpose as y\ndtype float64\n"
    )
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(4, 9, 2)), np.array([9, 4, 6, 3])
    for what, made in modules(text):
        params = {n: rng.normal(size=s) for n, s in made.PARAM_SHAPES.items()}
        y = made.predict(params, x, lengths=lengths)
        for row, n, got in zip(x, lengths, y, strict=True):
            z = torch.tensor(row[None, :n]).transpose(1, 2)
            z = torch.tanh(F.conv1d(F.pad(z, (2, 1)), *map(torch.tensor, params.values())))
            z = F.max_pool1d(F.pad(z, (1, 0), value=-np.inf), 3, 2)
            z = F.pad(F.avg_pool1d(F.pad(z, (0, 1)), 2, 1), (0, 1)).transpose(1, 2)[0]
            np.testing.assert_allclose(got[: len(z)], z, err_msg=what, **TOLERANCE)
            assert not got[len(z) :].any()
