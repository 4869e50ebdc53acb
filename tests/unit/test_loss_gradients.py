"""Every loss's gradient against central differences of its value, from the registry, in float64.

The network is that of the loss's own example, and the same with three outputs; each argument takes
every value that its schema suggests. Three rows of four numbers go into one dense layer, so that
the gradient of W settles the gradient by every output of every row.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from nnc.kinds.arguments import Int, Num, Numbers, Option
from nnc.losses import LOSSES

from ..generated import build

LEVELS = (0, 1)
ROWS, STEPS, LENGTHS = 3, 4, np.array([2, 4, 1])
STEP = 1e-5


def values(type, width: int) -> list[str]:
    """Values of an argument, as a spec writes them."""
    match type:
        case Option(words=words):
            return list(words)
        case Int():  # a class id
            return ["1"]
        case Num(low=low, high=high):
            return [str(0.35 * ((1 if high is None else high) + (low or 0)))]
        case Numbers(single=single, words=words):
            several = str([round(0.5 + 0.7 * i, 1) for i in range(width)])
            return [*(["2.5"] if single else []), several, *words]
    raise AssertionError(f"say which values of {type} are tried")


def arguments(kind, width: int) -> list[str]:
    """None, each argument alone with each of its values, and all of them with every reduction."""
    tried = {arg.name: values(arg.type, width) for arg in kind.args}
    found = ["", "weight=0.3"]
    found += [f"{name}={value}" for name, given in tried.items() for value in given]
    others = " ".join(f"{name}={v[0]}" for name, v in tried.items() if name != "reduction")
    return found + [f"{others} reduction={how}" for how in tried["reduction"] if others]


def cases():
    for kind in LOSSES.values():
        net = kind.example.partition("; loss ")[0]
        [own] = map(int, re.findall(r"dense (\d+)", net))
        for width in {own, 3}:
            sized = net.replace(f"dense {own}", f"dense {width}")
            for given in arguments(kind, width):
                spec = f"{sized}; loss {kind.name} {given}\ndtype float64\n"
                yield pytest.param(kind, spec, width, id=f"{kind.name}-{width}-{given}")


CASES = list(cases())
PADDED = [case for case in CASES if "balanced" not in case.values[1]]  # refused: NN216


def targets(kind, shape: tuple[int, ...], rng) -> list[np.ndarray]:
    """Every form of targets that the loss takes."""
    ids = rng.integers(0, shape[-1], shape[:-1])
    rows = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    return {
        "classes": lambda: [ids, rows],
        "margins": lambda: [rng.choice([-1.0, 1.0], shape), *([ids] if shape[-1] > 1 else [])],
        "probabilities": lambda: [rows],
        "unit": lambda: [rng.random(shape)],
        "counts": lambda: [rng.poisson(2, shape).astype(float)],
        "values": lambda: [rng.normal(size=shape)],
    }[kind.target]()


def differences(loss, params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Central differences of a function of the parameters by each of their entries."""
    found = {name: np.zeros_like(array) for name, array in params.items()}
    for name, array in params.items():
        for index in np.ndindex(array.shape):
            moved = {**params, name: array.copy()}
            sides = []
            for side in (STEP, -STEP):
                moved[name][index] = array[index] + side
                sides.append(loss(moved))
            found[name][index] = (sides[0] - sides[1]) / (2 * STEP)
    return found


def check(spec: str, level: int, x: np.ndarray, target: np.ndarray, **more) -> None:
    module = build(spec, level)
    params = {name: np.array(p) for name, p in module.init_params(1).items()}

    def loss(moved):
        return module.loss(moved, module.forward(moved, x, **more)[1], target)

    want = differences(loss, params)
    grads = module.backward(params, module.forward(params, x, **more)[1], target)
    assert max(np.abs(w).max() for w in want.values()) > 1e-3, "a gradient that can be compared"
    for name, array in want.items():
        np.testing.assert_allclose(grads[name], array, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("kind", "spec", "width"), CASES)
def test_gradients_agree_with_central_differences(kind, spec, width, level):
    rng = np.random.default_rng(0)
    for target in targets(kind, (ROWS, width), rng):
        check(spec, level, rng.normal(size=(ROWS, 4)), target)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("kind", "spec", "width"), PADDED)
def test_gradients_of_padded_rows_agree_with_central_differences(kind, spec, width, level):
    rng = np.random.default_rng(0)
    for target in targets(kind, (ROWS, STEPS, width), rng):
        x = rng.normal(size=(ROWS, STEPS, 4))
        check(spec.replace("input 4", "input Tx4 ragged"), level, x, target, lengths=LENGTHS)


def test_every_loss_and_each_of_its_arguments_is_tried():
    tried = {kind.name: "" for kind in LOSSES.values()}
    for case in PADDED:
        kind, spec, _ = case.values
        tried[kind.name] += spec
    for kind in LOSSES.values():
        assert all(f" {arg.name}=" in tried[kind.name] for arg in kind.args), kind.name
