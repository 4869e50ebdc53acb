"""conv, depthwise and conv_transpose against PyTorch over random arguments.

`NNC_ORACLE_DRAWS=50` draws as many programs of each layer; the default is fewer. A draw whose
kernel does not fit must be refused by both; such draws are counted apart. Rows of different
lengths must come out as PyTorch computes each of them alone.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, SpecError, compile_source
from nnc.source import Source
from torch import Tensor
from torch.nn import functional as F

from .draws import error
from .generated import TOLERANCE, load

DRAWS = int(os.environ.get("NNC_ORACLE_DRAWS", "7"))
CONV = {1: F.conv1d, 2: F.conv2d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d}


@dataclass
class Drawn:
    """A layer with random arguments; `seen` are words for the coverage."""

    kind: str
    axes: int
    channels: int
    filters: int
    groups: int
    sizes: list[int]
    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    pad: str | list[int]
    output_pad: list[int]
    bias: bool
    batch: int
    symbolic: bool
    seen: list[str] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """The layer as a spec writes it."""
        words = [self.kind]
        if self.kind != "depthwise":
            words.append(str(self.filters))
        words.append(size(self.kernel))
        if self.kind == "depthwise":
            words.append(f"mult={self.filters // self.channels}")
        elif self.groups > 1:
            words.append(f"groups={self.groups}")
        words.append(f"stride={size(self.stride)}")
        words.append(f"pad={self.pad if isinstance(self.pad, str) else size(self.pad)}")
        if self.kind == "conv_transpose":
            words.append(f"output_pad={size(self.output_pad)}")
        else:
            words.append(f"dilation={size(self.dilation)}")
        return " ".join([*words, f"bias={str(self.bias).lower()}"])

    def params(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Random parameters, in PyTorch's shapes."""
        if self.kind == "conv_transpose":
            shape = (self.channels, self.filters // self.groups, *self.kernel)
        else:
            shape = (self.filters, self.channels // self.groups, *self.kernel)
        made = {f"{self.kind}1.W": rng.standard_normal(shape)}
        if self.bias:
            made[f"{self.kind}1.b"] = rng.standard_normal(self.filters)
        return made

    def reference(self, params: dict[str, Tensor], x: Tensor) -> Tensor:
        """The layer's value by PyTorch."""
        w, b = params[f"{self.kind}1.W"], params.get(f"{self.kind}1.b")
        if self.kind == "conv_transpose":
            return self._transposed(w, b, x)
        pads = [(0, 0)] * self.axes
        if self.pad == "same":
            pads = [
                same_upper(*of)
                for of in zip(x.shape[2:], self.kernel, self.stride, self.dilation, strict=True)
            ]
        elif isinstance(self.pad, list):
            pads = [(p, p) for p in self.pad]
        x = F.pad(x, [n for pair in reversed(pads) for n in pair])
        return CONV[self.axes](x, w, b, self.stride, 0, self.dilation, self.groups)

    def _transposed(self, w: Tensor, b: Tensor | None, x: Tensor) -> Tensor:
        call = TRANSPOSED[self.axes]
        if self.pad != "same":
            pad = self.pad if isinstance(self.pad, list) else 0
            return call(x, w, b, self.stride, pad, self.output_pad, self.groups)
        whole = call(x, w, None, self.stride, 0, 0, self.groups)
        for i, (k, s) in enumerate(zip(self.kernel, self.stride, strict=True)):
            n = x.shape[2 + i] * s
            more = [0, 0] * (self.axes - 1 - i) + [0, max(n - whole.shape[2 + i], 0)]
            whole = F.pad(whole, more).narrow(2 + i, max(k - s, 0) // 2, n)
        return whole if b is None else whole + b.reshape(-1, *[1] * self.axes)


def size(parts: list[int]) -> str:
    """`3x2`, or `3` where all are the same."""
    return str(parts[0]) if len(set(parts)) == 1 else "x".join(map(str, parts))


def same_upper(n: int, k: int, s: int, d: int) -> tuple[int, int]:
    both = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
    return both // 2, both - both // 2


def draw(kind: str, rng: np.random.Generator) -> Drawn:
    axes = int(rng.integers(1, 3))

    def each(low: int, high: int) -> list[int]:
        parts = [int(n) for n in rng.integers(low, high + 1, axes)]
        return parts[:1] * axes if rng.random() < 0.3 else parts

    groups = int(rng.choice([1, 1, 2, 3]))
    channels = groups * int(rng.integers(1, 4))
    filters = groups * int(rng.integers(1, 4))
    if kind == "depthwise":
        groups, filters = channels, channels * int(rng.integers(1, 4))
    kernel, stride = each(1, 4), each(1, 3)
    dilation = each(1, 2) if kind != "conv_transpose" else [1] * axes
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    sizes = [max(int(rng.integers(1, 12)), r if rng.random() < 0.85 else 1) for r in reach]
    pad = [each(0, 2), each(0, 2), "same", "same", "valid"][int(rng.integers(0, 5))]
    output_pad = [int(rng.integers(0, s)) for s in stride]
    if kind != "conv_transpose" or pad == "same" or rng.random() < 0.4:
        output_pad = [0] * axes
    made = Drawn(
        *(kind, axes, channels, filters, groups, sizes, kernel, stride, dilation, pad, output_pad),
        bias=bool(rng.random() < 0.7),
        batch=int(rng.choice([1, 1, 2, 3, 5])),
        symbolic=bool(rng.random() < 0.4),
    )
    made.seen = coverage(made, reach)
    return made


def coverage(made: Drawn, reach: list[int]) -> list[str]:
    """What a draw exercises."""
    facts = {
        f"{made.axes} axes": True,
        "groups": made.groups > 1,
        "stride": max(made.stride) > 1,
        "dilation": max(made.dilation) > 1,
        "unequal on the axes": len(set(zip(made.kernel, made.stride, made.dilation, strict=True)))
        > 1,
        "kernel of 1": max(made.kernel) == 1,
        "even kernel": any(k % 2 == 0 for k in made.kernel),
        f"pad={made.pad if isinstance(made.pad, str) else 'number'}": True,
        "output_pad": max(made.output_pad) > 0,
        "no bias": not made.bias,
        "batch 1": made.batch == 1,
        "size 1": min(made.sizes) == 1,
        "symbolic": made.symbolic,
        "stride that does not divide": any(
            (n - r) % s for n, r, s in zip(made.sizes, reach, made.stride, strict=True)
        ),
    }
    return [fact for fact, holds in facts.items() if holds]


def spec(made: Drawn, dtype: str) -> str:
    names = "HW" if made.symbolic else made.sizes
    sizes = "x".join(str(n) for n, _ in zip(names, made.sizes, strict=False))
    return f"input {made.channels}x{sizes} -> {made.stage} tanh\nloss mse\ndtype {dtype}\n"


def target_of(shape, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=tuple(shape))


def answer(made: Drawn, params, x, seed: int) -> dict[str, np.ndarray]:
    """Value, loss and gradients by PyTorch in float64; a RuntimeError if it refuses."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    data = torch.tensor(x, requires_grad=True)
    y = torch.tanh(made.reference(leaves, data))
    if not y.numel():
        raise RuntimeError("nothing comes out")
    goal = torch.tensor(target_of(y.shape, seed))
    loss = ((y - goal) ** 2).mean()
    loss.backward()
    grads = {name: leaf.grad.numpy() for name, leaf in leaves.items()}
    return {"y": y.detach().numpy(), "loss": np.array(loss.item()), **grads, "x": data.grad.numpy()}


def given(module, params, x, target, **keywords) -> dict[str, np.ndarray]:
    """The same by a module; predict must agree with forward."""
    y, cache = module.forward(params, x, **keywords)
    y = np.array(y)
    assert error(module.predict(params, x, **keywords), y) < 1e-6
    loss = module.loss(params, cache, target)
    grads = module.backward(params, cache, target)
    dx = module.input_gradient(params, x, target, **keywords)
    return {"y": y, "loss": np.array(loss), **grads, "x": dx}


def compiled(text: str, level: int):
    options = Options(level=level, format=False, emit=("input-gradient",))
    return load(compile_source(Source("conv.nn", text), options).code)


def compare(text: str, dtype: str, params, x, target, want, **keywords) -> None:
    floor = 1e-4 * max(float(np.abs(g).max()) for k, g in want.items() if k not in ("y", "loss"))
    cast = {k: v.astype(dtype) for k, v in params.items()}
    for level in (0, 1):
        module = compiled(text, level)
        assert {k: tuple(s) for k, s in module.PARAM_SHAPES.items()} == {
            k: v.shape for k, v in params.items()
        }
        got = given(module, cast, x, target, **keywords)
        for name, value in want.items():
            apart = error(got[name], value, floor)
            assert apart <= TOLERANCE[dtype], f"-O{level} {name}: {apart:.1e}\n{text}"


@pytest.mark.parametrize("kind", ["conv", "depthwise", "conv_transpose"])
def test_layer_equals_torch(kind, capsys):
    seen: Counter[str] = Counter()
    refused = compared = 0
    for seed in range(2 * DRAWS):
        if compared == DRAWS:
            break
        rng = np.random.default_rng([seed, len(kind)])
        made = draw(kind, rng)
        params = made.params(rng)
        x = rng.standard_normal((made.batch, made.channels, *made.sizes))
        try:
            want = answer(made, params, x, seed)
        except RuntimeError:
            refused += 1
            with pytest.raises((SpecError, ValueError)):
                compiled(spec(made, "float64"), 0).forward(params, x)
            continue
        target = target_of(want["y"].shape, seed)
        for dtype in TOLERANCE:
            compare(spec(made, dtype), dtype, params, x, target, want)
        seen.update(made.seen)
        compared += 1
    with capsys.disabled():
        print(f"\n{kind}: {compared} draws agree, {refused} refused by both; {dict(seen)}")
    assert compared == DRAWS
    assert refused <= 0.2 * (compared + refused) or DRAWS < 20


# The shift leaves numbers in the padding, which convolution must not see.
RAGGED = {
    "transpose": (
        "input Tx3 ragged -> shift 0.5 -> transpose",
        lambda x: x.transpose(1, 2) + 0.5,
        1,
    ),
    "repeat": (
        "input Tx4 ragged -> shift 0.5 -> repeat 3",
        lambda x: torch.stack([x + 0.5] * 3, 1),
        2,
    ),
}
STAGES = {
    "transpose": (
        *("conv 4 3", "conv 3 2 stride=2 groups=3", "conv 2 3 pad=same dilation=2"),
        *("conv 2 3 pad=2 stride=3", "depthwise 2 mult=2 pad=1", "conv 4 1", "conv 4 1 stride=2"),
        *("conv_transpose 2 3 stride=2", "conv_transpose 2 4 stride=3 pad=1 output_pad=2"),
        *("conv_transpose 2 2 pad=same", "conv_transpose 4 2 stride=3 pad=same"),
    ),
    "repeat": (
        *("conv 6 3x4 groups=3", "conv 2 2x3 stride=2x1 pad=1", "depthwise 3x1 pad=same"),
        *("conv 2 1x2 stride=2x2", "conv_transpose 2 2x3 stride=2x1 pad=0x1"),
    ),
}
ROWS = [(way, stage) for way, stages in STAGES.items() for stage in stages]


@pytest.mark.parametrize(("way", "stage"), ROWS)
def test_rows_of_different_lengths_are_computed_as_if_alone(way, stage):
    """Padding of the batch is NaN; PyTorch sees every row by itself, without any."""
    begin, lead, axes = RAGGED[way]
    rng = np.random.default_rng(len(stage))
    lengths = np.array([7, 3, 4, 9])
    text = f"{begin} -> {stage} tanh\nloss mse\ndtype float64\n"
    module = compiled(text, 0)
    params = {k: rng.standard_normal(s) for k, s in module.PARAM_SHAPES.items()}
    x = rng.standard_normal((4, 9, 3 if way == "transpose" else 4))
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    made = parsed(stage, axes)
    rows = [torch.tensor(x[i : i + 1, :n], requires_grad=True) for i, n in enumerate(lengths)]
    values = [torch.tanh(made.reference(leaves, lead(row)))[0] for row in rows]
    whole = max(values, key=lambda v: v.shape[1]).shape
    target = rng.standard_normal((4, *whole))
    loss = sum(
        ((v - torch.tensor(target[i])[:, : v.shape[1]]) ** 2).sum() for i, v in enumerate(values)
    ) / sum(v.numel() for v in values)
    loss.backward()
    y, dx = np.zeros((4, *whole)), np.zeros_like(x)
    for i, (value, row) in enumerate(zip(values, rows, strict=True)):
        y[i, :, : value.shape[1]] = value.detach().numpy()
        dx[i, : lengths[i]] = row.grad[0].numpy()
    want = {"y": y, "loss": np.array(loss.item()), "x": dx}
    want |= {k: v.grad.numpy() for k, v in leaves.items()}
    for i, n in enumerate(lengths):
        x[i, n:] = np.nan
    compare(text, "float64", params, x, target, want, lengths=lengths)


def parsed(stage: str, axes: int) -> Drawn:
    """The layer that a stage of this file's own writing stands for; three channels come in."""
    kind, *words = stage.split()
    keys = dict(w.split("=") for w in words if "=" in w)
    plain = [w for w in words if "=" not in w]

    def sizes(text: str) -> list[int]:
        parts = [int(n) for n in text.split("x")]
        return parts * axes if len(parts) == 1 else parts

    pad = keys.get("pad", "valid")
    filters = 3 * int(keys.get("mult", 1)) if kind == "depthwise" else int(plain[0])
    return Drawn(
        *(kind, axes, 3, filters, 3 if kind == "depthwise" else int(keys.get("groups", 1)), []),
        *(sizes(plain[-1]), sizes(keys.get("stride", "1")), sizes(keys.get("dilation", "1"))),
        pad if pad.isalpha() else sizes(pad),
        sizes(keys.get("output_pad", "0")),
        bias=True,
        batch=4,
        symbolic=True,
    )
