"""Pooling and local against PyTorch over random arguments.

`NNC_ORACLE_DRAWS=50` draws as many programs of each layer; the default is fewer. A draw that
PyTorch refuses must be refused here too; such draws are counted apart. Rows of different lengths
must come out as PyTorch computes each of them alone. Half of the data of maxima are small whole
numbers, so that several entries are the largest.
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
POOLS = {
    ("maxpool", 1): F.max_pool1d,
    ("maxpool", 2): F.max_pool2d,
    ("avgpool", 1): F.avg_pool1d,
    ("avgpool", 2): F.avg_pool2d,
}
GLOBAL = {
    ("global_maxpool", 1): F.adaptive_max_pool1d,
    ("global_maxpool", 2): F.adaptive_max_pool2d,
    ("global_avgpool", 1): F.adaptive_avg_pool1d,
    ("global_avgpool", 2): F.adaptive_avg_pool2d,
}
KINDS = ["maxpool", "avgpool", "global_maxpool", "global_avgpool", "weightedpool", "local"]
Params = dict[str, Tensor]


@dataclass
class Drawn:
    """A layer with random arguments; `stride` is None where the spec leaves it out."""

    kind: str
    channels: int
    sizes: list[int]
    kernel: list[int]
    stride: list[int] | None = None
    pad: list[int] | str | None = None
    normalize: str = ""
    filters: int = 1
    bias: bool = False
    vector: bool = False
    batch: int = 2
    symbolic: bool = False
    whole: bool = False
    seen: list[str] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """The layer as a spec writes it."""
        words = [self.kind]
        if self.kind.startswith("global"):
            return self.kind
        if self.kind == "local":
            words.append(str(self.filters))
        words.append(size(self.kernel))
        words += [f"stride={size(self.stride)}"] if self.stride else []
        if self.pad is not None:
            words.append(f"pad={self.pad if isinstance(self.pad, str) else size(self.pad)}")
        words += [f"normalize={self.normalize}"] if self.normalize else []
        words += ["bias=false"] if self.kind == "local" and not self.bias else []
        return " ".join(words)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return tuple(self.sizes) if self.vector else (self.channels, *self.sizes)

    def spec(self, dtype: str) -> str:
        """The program, whose value passes through tanh."""
        names = list("HW" if self.symbolic else map(str, self.sizes))[: len(self.sizes)]
        written = "x".join(names if self.vector else [str(self.channels), *names])
        return f"input {written} -> {self.stage} tanh\nloss mse\ndtype {dtype}\n"

    def pads(self) -> list[tuple[int, int]]:
        """Cells before and after on each axis, for `local`."""
        if self.pad == "same":
            step = self.stride or [1] * len(self.kernel)
            both = [
                max((-(-n // s) - 1) * s + k - n, 0)
                for n, k, s in zip(self.sizes, self.kernel, step, strict=True)
            ]
            return [(b // 2, b - b // 2) for b in both]
        pad = self.pad if isinstance(self.pad, list) else [0] * len(self.kernel)
        return [(p, p) for p in pad]

    def positions(self) -> list[int]:
        """How often the kernel of `local` fits, along each axis."""
        step = self.stride or [1] * len(self.kernel)
        of = zip(self.sizes, self.pads(), self.kernel, step, strict=True)
        return [(n + sum(p) - k) // s + 1 for n, p, k, s in of]

    def params(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Random parameters."""
        if self.kind == "weightedpool":
            return {"weightedpool1.w": rng.standard_normal(self.kernel)}
        if self.kind != "local":
            return {}
        cells = self.channels * int(np.prod(self.kernel))
        made = {"local1.W": rng.standard_normal((*self.positions(), cells, self.filters))}
        if self.bias:
            made["local1.b"] = rng.standard_normal((*self.positions(), self.filters))
        return made

    def reference(self, params: Params, x: Tensor) -> Tensor:
        """The layer's value by PyTorch."""
        axes = len(self.sizes)
        if self.kind.startswith("global"):
            return GLOBAL[self.kind, axes](x, 1).flatten(1)
        if self.kind == "weightedpool":
            return self._weighted(params["weightedpool1.w"], x)
        if self.kind == "local":
            return self._local(params["local1.W"], params.get("local1.b"), x)
        pad = self.pad if isinstance(self.pad, list) else 0
        return POOLS[self.kind, axes](x, self.kernel, self.stride, pad)

    def _weighted(self, w: Tensor, x: Tensor) -> Tensor:
        """A convolution of every channel by itself."""
        if self.normalize != "none":
            w = torch.exp(w) / torch.exp(w).sum()
        call = F.conv2d if len(self.sizes) == 2 else F.conv1d
        step = self.stride or self.kernel
        channels = [call(x[:, i : i + 1], w[None, None], stride=step) for i in range(x.shape[1])]
        return torch.cat(channels, 1)

    def _local(self, w: Tensor, b: Tensor | None, x: Tensor) -> Tensor:
        """unfold, and a product for every position."""
        x = x[:, None] if self.vector else x
        flat = len(self.sizes) == 1
        x = F.pad(x, [n for pair in reversed(self.pads()) for n in pair])
        step, kernel = self.stride or [1] * len(self.sizes), self.kernel
        x, kernel, step = (x[:, :, None], [1, *kernel], [1, *step]) if flat else (x, kernel, step)
        cells = F.unfold(x, kernel, stride=step)
        y = torch.einsum("bkp,pkf->bfp", cells, w.reshape(-1, *w.shape[-2:]))
        y = y if b is None else y + b.reshape(-1, b.shape[-1]).T
        return y.transpose(1, 2) if self.vector else y.reshape(*y.shape[:2], *w.shape[:-2])


def size(parts: list[int]) -> str:
    """`3x2`, or `3` where all are the same."""
    return str(parts[0]) if len(set(parts)) == 1 else "x".join(map(str, parts))


def draw(kind: str, rng: np.random.Generator) -> Drawn:
    axes = int(rng.integers(1, 3))

    def each(low: int, high: int) -> list[int]:
        parts = [int(n) for n in rng.integers(low, high + 1, axes)]
        return parts[:1] * axes if rng.random() < 0.3 else parts

    kernel = each(1, 4)
    made = Drawn(
        kind,
        int(rng.integers(1, 4)),
        [max(int(rng.integers(1, 12)), k if rng.random() < 0.9 else 1) for k in kernel],
        kernel,
        batch=int(rng.choice([1, 1, 2, 3, 5])),
        symbolic=kind != "local" and bool(rng.random() < 0.4),
        whole="max" in kind and bool(rng.random() < 0.5),
    )
    if not kind.startswith("global"):
        made.stride = each(1, 4) if rng.random() < 0.6 else None
    if kind in ("maxpool", "avgpool") and rng.random() < 0.6:
        past = 2 * (rng.random() < 0.1)
        made.pad = [int(rng.integers(0, k // 2 + 1 + past)) for k in kernel]
    if kind == "weightedpool":
        made.normalize = str(rng.choice(["", "softmax", "none"]))
    if kind == "local":
        made.pad = [None, "same", "valid", each(0, 2)][int(rng.integers(0, 4))]
        made.filters, made.bias = int(rng.integers(1, 4)), bool(rng.random() < 0.7)
        made.vector = axes == 1 and bool(rng.random() < 0.5)
        made.channels = 1 if made.vector else made.channels
    made.seen = coverage(made)
    return made


def coverage(made: Drawn) -> list[str]:
    """What a draw exercises."""
    step = made.stride or made.kernel
    facts = {
        f"{len(made.sizes)} axes": True,
        "vector": made.vector,
        "stride given": made.stride is not None,
        "windows overlap": any(s < k for s, k in zip(step, made.kernel, strict=True)),
        "windows leave gaps": any(s > k for s, k in zip(step, made.kernel, strict=True)),
        "pad": isinstance(made.pad, list) and max(made.pad) > 0,
        "pad=same": made.pad == "same",
        "unequal on the axes": len(set(made.kernel)) > 1,
        "batch 1": made.batch == 1,
        "size 1": min(made.sizes) == 1,
        "symbolic": made.symbolic,
        "ties": made.whole,
        f"normalize={made.normalize}": bool(made.normalize),
        "no bias": made.kind == "local" and not made.bias,
        "several outputs": made.filters > 1,
    }
    return [fact for fact, holds in facts.items() if holds]


def answer(made: Drawn, params, x, seed: int) -> dict[str, np.ndarray]:
    """Value, loss and gradients by PyTorch in float64; a RuntimeError if it refuses."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    data = torch.tensor(x, requires_grad=True)
    y = torch.tanh(made.reference(leaves, data))
    if not y.numel():
        raise RuntimeError("nothing comes out")
    target = np.random.default_rng(seed).normal(size=tuple(y.shape))
    loss = ((y - torch.tensor(target)) ** 2).mean()
    loss.backward()
    grads = {name: leaf.grad.numpy() for name, leaf in leaves.items()}
    found = {"y": y.detach().numpy(), "loss": np.array(loss.item()), **grads}
    return {**found, "x": data.grad.numpy(), "target": target}


def compiled(text: str, level: int):
    options = Options(level=level, format=False, emit=("input-gradient",))
    return load(compile_source(Source("pools.nn", text), options).code)


def predicted(made: Drawn, x: np.ndarray) -> np.ndarray:
    module = compiled(made.spec("float64"), 0)
    return module.predict(module.init_params(), x)


def given(module, params, x, target, **keywords) -> dict[str, np.ndarray]:
    """The same by a module; predict must agree with forward."""
    y, cache = module.forward(params, x, **keywords)
    y = np.array(y)
    assert error(module.predict(params, x, **keywords), y) < 1e-6
    loss = module.loss(params, cache, target)
    grads = module.backward(params, cache, target)
    dx = module.input_gradient(params, x, target, **keywords)
    return {"y": y, "loss": np.array(loss), **grads, "x": dx}


def compare(text: str, dtype: str, params, x, want, **keywords) -> None:
    target = want["target"]
    wanted = {k: v for k, v in want.items() if k != "target"}
    grads = [g for k, g in wanted.items() if k not in ("y", "loss")]
    floor = 1e-4 * max(float(np.abs(g).max()) for g in grads)
    cast = {k: v.astype(dtype) for k, v in params.items()}
    for level in (0, 1):
        module = compiled(text, level)
        shapes = {k: tuple(s) for k, s in module.PARAM_SHAPES.items()}
        assert shapes == {k: v.shape for k, v in params.items()}
        got = given(module, cast, x, target, **keywords)
        for name, value in wanted.items():
            apart = error(got[name], value, floor)
            assert apart <= TOLERANCE[dtype], f"-O{level} {name}: {apart:.1e}\n{text}"


@pytest.mark.parametrize("kind", KINDS)
def test_layer_equals_torch(kind, capsys):
    seen: Counter[str] = Counter()
    refused = compared = 0
    for seed in range(2 * DRAWS):
        if compared == DRAWS:
            break
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        made = draw(kind, rng)
        x = rng.standard_normal((made.batch, *made.shape))
        x = np.round(x) if made.whole else x
        try:
            params = made.params(rng)
            want = answer(made, params, x, seed)
        except (RuntimeError, ValueError):
            refused += 1
            with pytest.raises((SpecError, ValueError)):
                predicted(made, x)
            continue
        for dtype in TOLERANCE:
            compare(made.spec(dtype), dtype, params, x, want)
        seen.update(made.seen)
        compared += 1
    with capsys.disabled():
        print(f"\n{kind}: {compared} draws agree, {refused} refused by both; {dict(seen)}")
    assert compared == DRAWS
    assert refused <= 0.2 * (compared + refused) or DRAWS < 20


# --- rows of different lengths ------------------------------------------------------------

SIGNAL = [
    Drawn("maxpool", 3, [9], [3], [2], [1]),
    Drawn("maxpool", 3, [9], [2]),
    Drawn("maxpool", 3, [9], [1], [2]),
    Drawn("avgpool", 3, [9], [3], [2], [1]),
    Drawn("avgpool", 3, [9], [2], [1]),
    Drawn("weightedpool", 3, [9], [3], [2]),
    Drawn("global_maxpool", 3, [9], []),
    Drawn("global_avgpool", 3, [9], []),
]
IMAGE = [
    Drawn("maxpool", 2, [9, 3], [3, 2], [2, 1], [1, 1]),
    Drawn("avgpool", 2, [9, 3], [3, 2], [2, 1], [1, 1]),
    Drawn("weightedpool", 2, [9, 3], [2, 3]),
    Drawn("global_maxpool", 2, [9, 3], []),
    Drawn("global_avgpool", 2, [9, 3], []),
]
RAGGED = [(made, "transpose") for made in SIGNAL] + [(made, "repeat 2") for made in IMAGE]


@pytest.mark.parametrize(("made", "way"), RAGGED, ids=lambda v: getattr(v, "stage", v))
@pytest.mark.parametrize("level", [0, 1])
def test_rows_of_different_lengths_are_pooled_as_if_alone(made, way, level):
    """Padding of the batch is NaN, and 3 by the time it comes to the layer: neither has an effect."""
    rng = np.random.default_rng(len(made.stage))
    lengths = np.array([7, 3, 4, 9, 5])
    behind = "" if made.kind.startswith("global") else " -> scale 2"
    begin = f"input Tx3 ragged -> shift 3 -> {way} -> {made.stage} tanh{behind}"
    module = compiled(f"{begin}\nloss mse\ndtype float64\n", level)
    params = made.params(rng)
    x = rng.standard_normal((5, 9, 3)) - 3
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    rows = [torch.tensor(x[i : i + 1, :n], requires_grad=True) for i, n in enumerate(lengths)]
    values = []
    for row in rows:
        shifted = row + 3
        image = shifted.transpose(1, 2) if way == "transpose" else torch.stack([shifted] * 2, 1)
        value = torch.tanh(made.reference(leaves, image))[0]
        values.append(2 * value if behind else value)
    whole = max(values, key=lambda v: v.shape[-1 if v.ndim < 3 else 1] if behind else 0).shape
    target = rng.standard_normal((5, *whole))
    inside = [np.s_[i, :, : v.shape[1]] if behind else np.s_[i] for i, v in enumerate(values)]
    parts = zip(values, inside, strict=True)
    squares = sum(((v - torch.tensor(target[at])) ** 2).sum() for v, at in parts)
    loss = squares / sum(v.numel() for v in values)
    loss.backward()
    y, dx = np.zeros((5, *whole)), np.zeros_like(x)
    for i, (value, row) in enumerate(zip(values, rows, strict=True)):
        y[inside[i]] = value.detach().numpy()
        dx[i, : lengths[i]] = row.grad[0].numpy()
        x[i, lengths[i] :] = np.nan
    want = {"y": y, "loss": np.array(loss.item()), "x": dx}
    want |= {k: v.grad.numpy() for k, v in leaves.items()}
    got = given(module, params, x, target, lengths=lengths)
    for name, value in want.items():
        assert error(got[name], value, 1e-6) < 1e-10, name


@pytest.mark.parametrize("level", [0, 1])
def test_padding_behind_a_maximum_is_finite(level):
    """A dense layer after pooling reads every position: −∞ would make its gradients NaN."""
    text = "input Tx3 ragged -> transpose -> maxpool 2 -> transpose -> dense 4; loss mse"
    module = compiled(text, level)
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((3, 8, 3)), rng.standard_normal((3, 4, 4))
    params = module.init_params()
    _, cache = module.forward(params, x, lengths=[2, 8, 5])
    for grad in module.backward(params, cache, target).values():
        assert np.isfinite(grad).all()


@pytest.mark.parametrize("level", [0, 1])
def test_of_equal_entries_the_first_gets_the_gradient(level):
    module = compiled("input 1x4x4 -> maxpool 2 -> flatten; loss quadratic", level)
    dx = module.input_gradient({}, np.ones((1, 1, 4, 4)), np.zeros((1, 4)))
    assert dx[0, 0].tolist() == [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]
    module = compiled("input 1x2x3 -> global_maxpool; loss quadratic", level)
    dx = module.input_gradient({}, [[[[0, 2, 1], [2, 2, 0]]]], [[0]])
    assert dx[0, 0].tolist() == [[0, 2, 0], [0, 0, 0]]
