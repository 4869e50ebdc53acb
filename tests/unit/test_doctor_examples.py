"""The doctor finds no mistake in generated modules, and finds changes made to their results."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.diagnose import diagnose
from nnc.doctor.reference import Reference
from nnc.source import Source

from ..generated import EXAMPLES, build, keywords_for, random_batch

NAMES = [p.relative_to(EXAMPLES).with_suffix("").as_posix() for p in sorted(EXAMPLES.rglob("*.nn"))]


@cache
def arrays(name: str):
    """The reference, what a module takes and what it computes, and in which way."""
    text = (EXAMPLES / f"{name}.nn").read_text("utf-8")
    module = build(text)
    x, target = random_batch(module, 4)
    words = keywords_for(module, x)
    rng = np.random.default_rng(3)
    start = module.init_params(0)
    params = {n: (v + 0.1 * rng.normal(size=v.shape)).astype(v.dtype) for n, v in start.items()}
    y, cache_ = module.forward(params, x, **words)
    made = {f"d_{n}": np.array(g) for n, g in module.backward(params, cache_, target).items()}
    made["loss"] = np.array(module.loss(params, cache_, target), module.DTYPE)
    made |= {n: np.array(v) for n, v in (y if isinstance(y, dict) else {"y": y}).items()}
    targets = named(target, module.TARGETS)
    targets = {n if n == "target" else f"{n}_target": v for n, v in targets.items()}
    given = {**params, **named(x, module.INPUTS), **targets}
    more = {"train": "train" in words, "lengths": words.get("lengths")}
    return Reference.of(Source("spec.nn", text)), given, made, more


def named(value, names):
    return value if isinstance(value, dict) else {next(iter(names)): value}


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_right(name):
    reference, given, made, more = arrays(name)
    made = {n: a for n, a in made.items() if n in reference.tensors}
    found = diagnose(reference, {**given, **made}, **more)
    assert found.wrong == ()
    assert found.findings == ()
    assert set(found.tensors) == set(made)


@pytest.mark.parametrize("name", ["lenet", "lstm", "transformer", "residual_mlp", "two_heads"])
def test_a_gradient_of_any_layer_may_lack_the_mean(name):
    reference, given, made, more = arrays(name)
    weights = [p.name for p in reference.typed.params if p.role == "weight"]
    for weight in (weights[0], weights[-1]):
        wrong = {**made, f"d_{weight}": 4 * made[f"d_{weight}"]}
        found = diagnose(reference, {**given, **wrong}, **more)
        assert found.wrong == (f"d_{weight}",)
        assert found.findings[0].slugs == ("missing-mean",)


def test_names_that_are_not_there_are_refused():
    reference, given, made, more = arrays("mnist")
    with pytest.raises(KeyError, match="no tensor is called 'dW1'"):
        diagnose(reference, {**given, **made, "dW1": made["d_dense1.W"]}, **more)
    with pytest.raises(KeyError, match=r"dense1\.b"):
        diagnose(reference, {n: a for n, a in given.items() if n != "dense1.b"}, **more)


def test_a_spec_without_loss_has_no_reference():
    with pytest.raises(ValueError, match="no loss"):
        Reference.of(Source("spec.nn", "input 4 -> dense 3"))


def test_forward_values_are_judged():
    reference, given, made, more = arrays("mnist")
    found = diagnose(reference, {**given, **made, "y": made["y"][:, ::-1]}, **more)
    assert found.wrong == ("y",)
    assert found.unexplained == ("y",)
