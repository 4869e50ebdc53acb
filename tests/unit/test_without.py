"""`--without NAME`: -O1 without one optimisation gives the same numbers, and names what is omitted."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.ir.op_graph import Origin, Role
from nnc.ops.build import Builder
from nnc.ops.elementwise import scale, unary
from nnc.ops.source import const
from nnc.passes.fold_constants import fold_constants
from nnc.passes.pipeline import OPTIONAL
from nnc.source import Source

SPECS = {
    "classifier": "input 9 -> dense 40 relu -> dense 50 sigmoid -> dense 4 softmax\n"
    "loss crossentropy; dtype float64",
    "logits": "input 9 -> dense 8 tanh -> dense 4; loss crossentropy; dtype float64",
    "sequence": "input 5x3 -> lstm 4 -> dense 3; loss mse; regularize l2=0.1; dtype float64",
    "filters": "input 4x12x12 -> (conv 4 3x3 pad=same relu) * 2 -> global_avgpool -> dense 4\n"
    "loss mse; dtype float64",
    "image": "input 2x6x6 -> conv 3 3x3 -> batchnorm relu -> maxpool 2 -> flatten -> dropout 0.3\n"
    "  -> dense 3 log_softmax; loss mse; optimizer adam; dtype float64",
    "repeats": "input 2x3x3 -> upsample 2 -> conv 2 3x3 -> flatten -> dense 3; loss mse\n"
    "dtype float64",
}

CHANGED = {
    "fold-constants": None,  # no layer makes arithmetic on constants only: see below
    "split-softmax": "logits",
    "share-common": "classifier",
    "eliminate-dead-code": "logits",
    "flush-denormals": "classifier",
    "fuse-sums": "image",
    "hoist-targetless": "logits",
    "choose-convolutions": "filters",
    "store-repeated": "repeats",
    "in-place": "classifier",
    "buffer-reuse": "image",
    "layout": "sequence",
}
"""For every optimisation a spec whose text it changes."""


def text(spec: str, without: tuple[str, ...] = ()) -> str:
    return compile_source(Source("model.nn", spec), Options(format=False, without=without)).code


def trained(code: str) -> list[np.ndarray]:
    """Parameters and losses of three steps."""
    made: dict = {"__name__": "made"}
    exec(compile(code, "made", "exec"), made)
    rng = np.random.default_rng(0)
    shape = [6 if size == "B" else size for size in made["INPUTS"]["x"]]
    classes = made["OUTPUTS"]["y"][-1]
    x, target = rng.standard_normal(shape), rng.standard_normal((6, classes))
    if "crossentropy" in made["LOSSES"].values():
        target = rng.integers(0, classes, 6)
    more = {"state": made["init_state"]()} if made["STATE_SHAPES"] else {}
    more |= {"rng": np.random.default_rng(1)} if "dropout_mask" in code else {}
    params = made["init_params"](0)
    opt = made["init_optimizer"](params)
    losses = [made["train_step"](params, x, target, opt, 0.1, **more) for _ in range(3)]
    return [np.array(losses), *params.values()]


@pytest.mark.parametrize("without", [*[(name,) for name in OPTIONAL], OPTIONAL], ids="+".join)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_results_stay_the_same(spec, without):
    for found, expected in zip(trained(text(spec, without)), trained(text(spec)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CHANGED)
def test_each_changes_the_text_of_some_module(name):
    spec = CHANGED[name]
    changed = [title for title, s in SPECS.items() if text(s, (name,)) != text(s)]
    assert (spec in changed) if spec else not changed


def test_constants_are_folded():
    build = Builder(Origin("x", (Source("m.nn", "x").span(0, 1),), Role.FORWARD))
    nine = unary("square", const(build, 1.0) + const(build, 2.0))
    build.outputs["out:y"] = scale(nine, 2).id
    values = {n.attr("value") for n in fold_constants(build.graph()) if n.op == "const"}
    assert 18.0 in values


@pytest.mark.parametrize("name", ["fuse", "simplify", ""])
def test_what_there_is_not_is_refused(name):
    with pytest.raises(ValueError, match=rf"no optimisation '{name}': there are fold-constants, "):
        text(SPECS["logits"], (name,))
