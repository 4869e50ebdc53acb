"""per_example_gradients against backward on every row alone, and against torch.func.

The module's own backward is held against PyTorch elsewhere; here each row becomes a batch of
one, so a sum over rows that was not undone, or undone wrongly, shows.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, compile_source
from nnc.emitted import CannotEmit
from nnc.source import Source

from .generated import load

B, T = 4, 5

SPECS = {
    "mlp": "input 6 -> dense 5 tanh -> dense 3 softmax\nloss crossentropy",
    "sums": "input 6 -> dense 5 sigmoid -> dense 3\nloss mse reduction=sum",
    "penalty": "input 6 -> dense 5 tanh -> dense 3\nloss quadratic\nregularize l2=0.3 l1=0.1",
    "positions": "input Tx6 -> dense 5 tanh -> dense 3 softmax\nloss crossentropy",
    "shared": "input 6 -> (dense 6 tanh) as a -> use a -> dense 2\nloss mse",
    "tied": "input 6 -> dense 4 tanh as enc -> dense 6 tie=enc\nloss mae",
    "prelu": "input 6 -> dense 5 prelu -> dense 2\nloss huber",
    "ragged": "input Tx6 ragged -> dense 4 tanh -> dense 2\nloss mse",
    "ragged mean": "input Tx6 ragged -> dense 4 tanh -> mean axis=0 -> dense 2\nloss mse",
    "weights": "input 6 -> dense 3\nloss crossentropy weights=[1, 2, 0.5] smoothing=0.1",
    "two losses": (
        "input 6 -> dense 5 tanh as t -> dense 3 as p\nt -> dense 2 as q\noutput p, q\n"
        "loss mse on p weight=0.3\nloss bce on q"
    ),
    "dead": "input 6 -> dense 5 tanh as t -> dense 3 as p\nt -> dense 2 as q\noutput p, q\nloss mse on p",
    "norms": "input Tx6 -> layernorm -> dense 4 tanh -> rmsnorm -> mean axis=0 -> dense 2\nloss mse",
    "conv": "input 4x6x5 -> conv 6 3x2 groups=2 pad=1 tanh -> groupnorm 2 -> flatten -> dense 2\nloss mse",
    "conv 1-d": "input 3x9 -> conv 4 3 stride=2 tanh -> depthwise 2 -> flatten -> dense 2\nloss mse",
    "transposed": "input 3x4x4 -> conv_transpose 2 3 stride=2 tanh -> flatten -> dense 2\nloss mse",
    "pools": "input 3x6x6 -> weightedpool 2x3 -> maxpool 2 -> flatten -> dense 2\nloss mse",
    "local": "input 3x6x5 -> local 2 3x2 tanh -> flatten -> dense 2\nloss mse",
    "local of features": "input 8 -> local 2 4 stride=2 tanh -> flatten -> dense 2\nloss mse",
    "embedding": "input T int -> embedding 7 4 -> mean axis=0 -> dense 2\nloss mse",
    "lstm": "input Tx6 -> lstm 4 -> dense 2\nloss mse",
    "gru": "input Tx6 ragged -> gru 4 bidirectional=true -> dense 2\nloss mse",
    "rnn": "input Tx6 -> rnn 4 return=all layers=2 -> dense 2\nloss mse",
    "attention": "input Tx6 -> positional learned=true max=9 -> attention 2 causal=true -> dense 2\nloss mse",
}


def case(text: str, level: int):
    options = Options(level=level, emit=("per-example",), format=False)
    return load(compile_source(Source("rows.nn", f"{text}\ndtype float64\n"), options).code)


def data(module, rng):
    """Inputs, targets and keywords for B rows, by the module's own constants."""
    sizes = {"B": B, "T": T}

    def shape(spec):
        return tuple(sizes.get(n, n) for n in spec)

    spec = module.INPUTS["x"]
    ids = "embedding" in module.SPEC
    x = rng.integers(0, 7, shape(spec)) if ids else rng.standard_normal(shape(spec))
    many = len(module.TARGETS) > 1
    target = {}
    for name, spec in module.TARGETS.items():
        value = rng.random(shape(spec))
        kind = "crossentropy" in module.LOSSES.values()
        target[name] = rng.integers(0, spec[-1], shape(spec)[:-1]) if kind else value
    lengths = rng.integers(1, T + 1, B) if "ragged" in module.SPEC else None
    return x, target if many else next(iter(target.values())), lengths


def row(value, b):
    return (
        {k: v[b : b + 1] for k, v in value.items()} if isinstance(value, dict) else value[b : b + 1]
    )


def own_gradients(module, params, x, target, lengths, b):
    """backward of one row as a batch of its own."""
    keywords = {} if lengths is None else {"lengths": row(lengths, b)}
    _, cache = module.forward(params, row(x, b), **keywords)
    return module.backward(params, cache, row(target, b))


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", SPECS)
def test_each_row_has_the_gradient_of_a_batch_of_its_own(name, level):
    module = case(SPECS[name], level)
    plain = case(SPECS[name].split("\nregularize")[0], 0)
    rng = np.random.default_rng(len(name))
    params = {n: rng.standard_normal(s) * 0.5 for n, s in module.PARAM_SHAPES.items()}
    x, target, lengths = data(module, rng)
    keywords = {} if lengths is None else {"lengths": lengths}
    got = module.per_example_gradients(params, x, target, **keywords)
    assert {n: g.shape for n, g in got.items()} == {
        n: (B, *s) for n, s in module.PARAM_SHAPES.items()
    }
    for b in range(B):
        wanted = own_gradients(plain, params, x, target, lengths, b)
        largest = max(float(np.abs(g).max()) for g in wanted.values())
        for parameter, expected in wanted.items():
            scale = max(float(np.abs(expected).max()), 1e-4 * largest)
            apart = float(np.abs(got[parameter][b] - expected).max()) / scale
            assert apart <= 1e-10, (parameter, b, apart)


def test_against_torch_func():
    module = case("input 5 -> dense 4 tanh -> dense 3 softmax\nloss crossentropy", 1)
    rng = np.random.default_rng(0)
    params = {n: rng.standard_normal(s) for n, s in module.PARAM_SHAPES.items()}
    x, ids = rng.standard_normal((B, 5)), rng.integers(0, 3, B)

    def loss(p, row, target):
        z = torch.tanh(row @ p["dense1.W"] + p["dense1.b"]) @ p["dense2.W"] + p["dense2.b"]
        return torch.nn.functional.cross_entropy(z, target)

    known = {n: torch.tensor(a) for n, a in params.items()}
    of_rows = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    wanted = of_rows(known, torch.tensor(x), torch.tensor(ids))
    got = module.per_example_gradients(params, x, ids)
    for name, expected in wanted.items():
        np.testing.assert_allclose(got[name], expected.numpy(), rtol=1e-10, atol=1e-14)


def test_refused_with_batchnorm():
    with pytest.raises(CannotEmit, match="batchnorm1 makes rows depend on each other"):
        case("input 5 -> dense 4 -> batchnorm -> dense 2\nloss mse", 1)
