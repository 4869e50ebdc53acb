"""attention behind a fork of two against PyTorch's MultiheadAttention over another sequence.

Both sequences are ragged or not, with NaN in the padding. NNC_ORACLE_PROGRAMS=50 tries that many
draws instead of 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.nn.functional import multi_head_attention_forward

from .sequence_draws import COUNT, compare, counted, gradients, modules, tensors, two_inputs


@dataclass
class Case:
    heads: int
    size: int
    read: int
    bias: bool
    causal: bool
    ragged: tuple[bool, bool]
    symbols: tuple[str, str]

    @property
    def same_sizes(self) -> bool:
        return self.size == self.read

    @property
    def spec(self) -> str:
        first, second = (" ragged" if one else "" for one in self.ragged)
        words = " causal=true" * self.causal + " bias=false" * (not self.bias)
        return (
            f"input {self.symbols[0]}x{self.size}{first} as q\n"
            f"input {self.symbols[1]}x{self.read}{second} as m\n"
            f"[q, m] -> attention {self.heads}{words} as a -> dense 2 as y\n"
            "loss mse\ndtype float64\n"
        )


def drawn(seed: int) -> Case:
    rng = np.random.default_rng([seed, 4])
    flip = lambda p=0.5: bool(rng.random() < p)  # noqa: E731
    heads = int(rng.integers(1, 4))
    size = heads * int(rng.integers(1, 4))
    ragged = (flip(), flip())
    symbols = ("T" if ragged[0] or flip(0.4) else "3", "L" if ragged[1] or flip(0.4) else "4")
    read = size if flip(0.3) else int(rng.integers(1, 6))
    return Case(heads, size, read, flip(0.7), flip(0.3), ragged, symbols)


def answer(case: Case, params, numbers, target):
    p = tensors(params)
    q, m = (tensors({"v": numbers[k]})["v"] for k in "qm")
    zero, d = torch.zeros(case.size, dtype=torch.float64), case.size
    bias = torch.cat([p.get("a.bq", zero), p.get("a.bkv", zero.repeat(2))])
    beyond = torch.tensor(np.arange(m.shape[1]) >= numbers["m lengths"][:, None])
    hidden = torch.ones(q.shape[1], m.shape[1]).tril().logical_not() if case.causal else None
    out, _ = multi_head_attention_forward(
        q.transpose(0, 1), m.transpose(0, 1), m.transpose(0, 1), d, case.heads, None, bias,
        None, None, False, 0.0, p["a.Wo"].T, p.get("a.bo", zero),
        key_padding_mask=beyond, attn_mask=hidden, use_separate_proj_weight=True,
        q_proj_weight=p["a.Wq"].T, k_proj_weight=p["a.Wkv"][:, :d].T,
        v_proj_weight=p["a.Wkv"][:, d:].T,
    )  # fmt: skip
    y = out.transpose(0, 1) @ p["y.W"] + p["y.b"]
    inside = torch.tensor(np.arange(q.shape[1]) < numbers["q lengths"][:, None])
    loss = ((y - torch.tensor(target)) ** 2)[inside].mean()
    loss.backward()
    y = torch.where(inside[..., None], y, 0.0)
    return {"y": y.detach().numpy()}, loss.item(), gradients(p), gradients({"q": q, "m": m})


@pytest.mark.parametrize("seed", range(COUNT))
def test_cross_attention_agrees_with_torch(seed):
    case = drawn(seed)
    made = modules(case.spec, numba=seed == 0)
    shapes = next(iter(made.values())).PARAM_SHAPES
    for batch in range(2):
        rng = np.random.default_rng([seed, batch])
        params = {k: rng.normal(0, 0.7, s) for k, s in shapes.items()}
        rows, *steps = (int(n) for n in rng.integers(1, 6, 3))
        steps = [int(s) if s.isdigit() else n for s, n in zip(case.symbols, steps, strict=True)]
        sizes = {"q": (rows, steps[0], case.size), "m": (rows, steps[1], case.read)}
        arrays = {name: rng.normal(size=size) for name, size in sizes.items()}
        numbers, x, given = two_inputs(rng, arrays, steps, case.ragged)
        target = rng.normal(size=(rows, steps[0], 2))
        want = answer(case, params, numbers, target)
        compare(made, params, x, given, target, want, case.spec)


def test_the_draws_cover_the_arguments():
    seen = counted(drawn, ("heads", "bias", "causal", "ragged", "symbols", "same_sizes"))
    assert min(seen.values()) >= 3, seen
    assert len(seen) == 3 + 2 + 2 + 4 + 4 + 2
