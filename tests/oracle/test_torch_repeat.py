"""`repeat T`, a vector at every position of another input, against PyTorch.

NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .sequence_draws import COUNT, compare, gradients, lengths_of, modules, padded, tensors

SPECS = (
    "[x, v -> repeat T] -> concat axis=-1 -> dense 2 as y",
    "[x, v -> dense 3 tanh -> repeat T] -> add -> dense 2 as y",
    "v -> repeat T -> dense 2 tanh as y",
)


@pytest.mark.parametrize("seed", range(COUNT))
def test_repeat_agrees_with_torch(seed):
    which, ragged = seed % 3, bool(seed // 3 % 2)
    size = 4
    spec = f"input Tx3{' ragged' * ragged} as x\ninput {size} as v\n{SPECS[which]}\n"
    spec += "output y\nloss mse\ndtype float64\n"
    made = modules(spec, numba=seed == 3)
    rng = np.random.default_rng(seed)
    params = {k: rng.normal(size=s) for k, s in next(iter(made.values())).PARAM_SHAPES.items()}
    rows, steps = (int(n) for n in rng.integers(2, 6, 2))
    lengths = lengths_of(rng, rows, steps, ragged)
    x, v = rng.normal(size=(rows, steps, 3)), rng.normal(size=(rows, size))
    target = rng.normal(size=(rows, steps, 2))
    p, leaves = tensors(params), tensors({"x": x, "v": v})
    one = leaves["v"]
    if which == 1:
        one = torch.tanh(one @ p["dense1.W"] + p["dense1.b"])
    copies = one[:, None].expand(-1, steps, -1)
    inner = copies if which == 2 else leaves["x"] + copies if which == 1 else None
    inner = torch.cat([leaves["x"], copies], 2) if inner is None else inner
    y = inner @ p["y.W"] + p["y.b"]
    y = torch.tanh(y) if which == 2 else y
    inside = torch.tensor(np.arange(steps) < lengths[:, None])
    loss = ((y - torch.tensor(target)) ** 2)[inside].mean()
    loss.backward()
    y = torch.where(inside[..., None], y, 0.0).detach().numpy()
    want = ({"y": y}, loss.item(), gradients(p), gradients(leaves))
    given = {"x": padded(x, lengths) if ragged else x, "v": v}
    compare(made, params, given, {"lengths": lengths} if ragged else {}, target, want, spec)
