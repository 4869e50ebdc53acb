"""Causal convolutions and padding ids against PyTorch; with Numba for one draw of each.

NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
import torch.nn.functional as F
from nnc.driver import Options, compile_source
from nnc.runtime.module import import_module
from nnc.source import Source

COUNT = min(int(os.environ.get("NNC_ORACLE_PROGRAMS", "6")), 50)
PLAIN = ((0, "numpy"), (1, "numpy"))
IDS, PAD = 5, 2


def modules(spec: str, folder, *more: tuple[int, str]):
    """The module of each level, and of more targets."""
    for level, target in (*PLAIN, *more):
        if target == "numba":
            pytest.importorskip("numba")
        path = folder / f"{target}{level}.py"
        options = Options(level=level, target=target, format=False)
        path.write_text(compile_source(Source("spec.nn", spec), options).code, encoding="utf-8")
        yield import_module(path)


def compared(spec: str, folder, reference, seed, x, target) -> list[dict[str, np.ndarray]]:
    """Output and gradients of every module against PyTorch's; the gradients of each."""
    found = []
    params, rng = None, np.random.default_rng(seed)
    for made in modules(spec, folder, *([] if seed else [(1, "numba")])):
        params = params or {k: rng.normal(size=s) for k, s in made.PARAM_SHAPES.items()}
        given = {k: torch.from_numpy(v).requires_grad_() for k, v in params.items()}
        y = reference(given, torch.from_numpy(x))
        F.mse_loss(y, torch.from_numpy(target)).backward()
        got, cache = made.forward(params, x)
        np.testing.assert_allclose(got, y.detach().numpy(), rtol=1e-10, atol=1e-10)
        found.append({k: np.array(g) for k, g in made.backward(params, cache, target).items()})
        for name, g in found[-1].items():
            want = given[name].grad.numpy()
            np.testing.assert_allclose(g, want, rtol=1e-9, atol=1e-10, err_msg=name)
    return found


@pytest.mark.parametrize("seed", range(COUNT))
def test_causal_convolutions(seed, tmp_path):
    rng = np.random.default_rng(seed)
    kernel, dilation, stride, mult, length = (int(n) for n in rng.integers(1, [5, 4, 3, 3, 10]))
    window = f"{kernel} dilation={dilation} stride={stride} pad=causal"
    spec = (
        f"input 2x{length} -> conv 4 {window} groups=2 tanh -> depthwise {kernel} mult={mult} "
        "pad=causal\nloss mse\ndtype float64\n"
    )

    def reference(p, x):
        z = F.pad(x, (dilation * (kernel - 1), 0))
        z = F.conv1d(z, p["conv1.W"], p["conv1.b"], stride, 0, dilation, 2)
        z = F.pad(torch.tanh(z), (kernel - 1, 0))
        return F.conv1d(z, p["depthwise1.W"], p["depthwise1.b"], groups=4)

    x = rng.normal(size=(3, 2, length))
    target = rng.normal(size=(3, 4 * mult, -(-length // stride)))
    compared(spec, tmp_path, reference, seed, x, target)


@pytest.mark.parametrize("seed", range(COUNT))
def test_ids_of_padding_have_no_vector_and_no_gradient(seed, tmp_path):
    rng = np.random.default_rng(seed)
    spec = f"input 6 int -> embedding {IDS} 3 pad={PAD} -> dense 2\nloss mse\ndtype float64\n"
    ids = rng.integers(0, IDS, (4, 6))
    ids[0, 0] = PAD

    def reference(p, x):
        table = p["embedding1.W"] * (torch.arange(IDS) != PAD)[:, None]
        return F.embedding(x, table, padding_idx=PAD) @ p["dense1.W"] + p["dense1.b"]

    for grads in compared(spec, tmp_path, reference, seed, ids, rng.normal(size=(4, 6, 2))):
        np.testing.assert_array_equal(grads["embedding1.W"][PAD], 0)
        assert np.abs(grads["embedding1.W"]).max() > 0


def test_no_position_sees_a_later_one(tmp_path):
    spec = "input 2xL -> conv 3 3 dilation=2 pad=causal -> depthwise 2 pad=causal; dtype float64"
    x = np.random.default_rng(0).normal(size=(2, 2, 9))
    for made in modules(spec, tmp_path):
        params = made.init_params(0)
        whole = made.predict(params, x)
        assert whole.shape == (2, 3, 9)
        for t in range(1, 9):
            part = made.predict(params, np.ascontiguousarray(x[:, :, :t]))
            np.testing.assert_allclose(part, whole[:, :, :t], rtol=1e-12, atol=1e-12)
