"""vjp, jacobian and input_gradient against torch.func, at both levels and in both widths."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, compile_source
from nnc.source import Source
from torch import Tensor

from .generated import TOLERANCE, load

B = 3


def dense(p, name, x):
    return x @ p[f"{name}.W"] + p[f"{name}.b"]


def plain(p, x):
    return {
        "y": dense(
            p, "dense3", torch.tanh(dense(p, "dense2", torch.tanh(dense(p, "dense1", x["x"]))))
        )
    }


def soft(p, x):
    return {"y": torch.softmax(dense(p, "dense2", torch.sigmoid(dense(p, "dense1", x["x"]))), -1)}


def heads(p, x):
    trunk = torch.tanh(dense(p, "trunk", x["features"]))
    return {"kind": torch.log_softmax(dense(p, "kind", trunk), -1), "size": dense(p, "size", trunk)}


def steps(p, x):
    at_steps = torch.tanh(dense(p, "dense1", x["x"]))
    return {"y": torch.nn.functional.gelu(dense(p, "dense2", at_steps))}


def joined(p, x):
    left, right = dense(p, "left1", x["a"]), torch.sin(x["b"]) * 0 + x["b"]
    return {"y": (left * right).sum(-1, keepdim=True)}


def identity(p, x):
    return {"y": x["x"]}


def convolved(p, x):
    z = torch.nn.functional.conv2d(x["x"], p["conv1.W"], p["conv1.b"], stride=2, padding=1)
    return {"y": dense(p, "dense1", torch.tanh(z).flatten(1))}


CASES = {
    "plain": ("input 1 -> dense 20 tanh -> dense 20 tanh -> dense 4", plain, {"x": (1,)}),
    "softmax": ("input 5 -> dense 4 sigmoid -> dense 3 softmax", soft, {"x": (5,)}),
    "two heads": (
        "input 6 as features -> dense 5 tanh as trunk -> dense 3 log_softmax as kind\n"
        "trunk -> dense 2 as size\noutput kind, size",
        heads,
        {"features": (6,)},
    ),
    "positions": ("input Tx3 -> dense 4 tanh -> dense 2 gelu", steps, {"x": (4, 3)}),
    "two inputs": (
        "input 3 as a -> dense 4 as left1\ninput 4 as b\n[left1, b] -> dot",
        joined,
        {"a": (3,), "b": (4,)},
    ),
    "identity": ("input 3 -> id -> scale 1", identity, {"x": (3,)}),
    "convolution": (
        "input 2x5x6 -> conv 3 3x3 stride=2 pad=1 tanh -> flatten -> dense 2",
        convolved,
        {"x": (2, 5, 6)},
    ),
}


def numbers(shapes, rng, dtype) -> dict[str, np.ndarray]:
    return {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def tensors(arrays) -> dict[str, Tensor]:
    return {name: torch.tensor(a) for name, a in arrays.items()}


def lone(found: dict):
    """A dict of one thing as the module gives it: the thing."""
    return next(iter(found.values())) if len(found) == 1 else found


def near(got, wanted: Tensor, dtype: str) -> None:
    expected = wanted.detach().numpy()
    assert np.shape(got) == expected.shape
    scale = max(float(np.abs(expected).max()), 1e-4)
    assert float(np.abs(np.asarray(got) - expected).max()) <= TOLERANCE[dtype] * scale


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def setting(case, dtype, level):
    text, torch_form, shapes = case
    options = Options(level=level, emit=("vjp", "jacobian"), format=False)
    spec = f"{text}\ndtype {dtype}\n"
    module = load(compile_source(Source("pullback.nn", spec), options).code)
    rng = np.random.default_rng(5)
    params = numbers(module.PARAM_SHAPES, rng, dtype)
    x = numbers({n: (B, *s) for n, s in shapes.items()}, rng, dtype)
    return module, torch_form, params, x


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_vjp(case, dtype, level):
    module, torch_form, params, x = setting(case, dtype, level)
    y, pull = torch.func.vjp(torch_form, tensors(params), tensors(x))
    rng = np.random.default_rng(6)
    dy = {name: rng.standard_normal(v.shape).astype(dtype) for name, v in y.items()}
    d_params, d_x = pull(tensors(dy))
    _, cache = module.forward(params, lone(x))
    for _ in range(2):  # may be repeated: the cache stays as it is
        grads, dx = module.vjp(params, cache, lone(dy))
    assert grads.keys() == d_params.keys()
    for name, wanted in d_params.items():
        near(grads[name], wanted, dtype)
    for name, wanted in d_x.items():
        near(dx[name] if len(d_x) > 1 else dx, wanted, dtype)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_jacobian(case, dtype, level):
    module, torch_form, params, x = setting(case, dtype, level)

    def one_row(row):
        y = torch_form(tensors(params), {n: v[None] for n, v in row.items()})
        return {n: v[0] for n, v in y.items()}

    wanted = torch.vmap(torch.func.jacrev(one_row))(tensors(x))
    got = module.jacobian(params, lone(x))
    single = len(wanted) == 1 and len(x) == 1
    for out, by_input in wanted.items():
        for name, expected in by_input.items():
            near(got if single else got[out][name], expected, dtype)


@pytest.mark.parametrize("level", [0, 1])
def test_results_belong_to_the_caller(case, level):
    module, _, params, x = setting(case, "float64", level)
    y, cache = module.forward(params, lone(x))
    dy = {n: np.ones(v.shape) for n, v in (y.items() if isinstance(y, dict) else [("y", y)])}
    grads, dx = module.vjp(params, cache, lone(dy))
    before = {n: g.copy() for n, g in grads.items()}
    for array in (*grads.values(), *(dx.values() if isinstance(dx, dict) else [dx])):
        array[...] = np.nan
    again, dx = module.vjp(params, cache, lone(dy))
    assert all(np.array_equal(again[n], before[n]) for n in before)
    assert all(np.isfinite(v).all() for v in dy.values())


@pytest.mark.parametrize("level", [0, 1])
def test_a_gradient_of_the_wrong_shape_is_refused(level):
    module, _, params, x = setting(CASES["plain"], "float64", level)
    _, cache = module.forward(params, lone(x))
    with pytest.raises(ValueError, match=r"dy: expected shape \(3, 4\), found \(3, 3\)"):
        module.vjp(params, cache, np.ones((3, 3)))
