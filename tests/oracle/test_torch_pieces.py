"""Every layer, activation, loss and merge by itself against PyTorch, and SGD's variants."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .draws import draw, error, smooth_draw
from .generated import TOLERANCE, disagreements, module
from .pieces import (
    ACTIVATIONS,
    BLOCKS,
    ID,
    LOSSES,
    MERGES,
    REDUCTIONS,
    act,
    activation,
    around,
    bottle,
    deep,
    dense,
    gated,
    merge,
    residual,
    squash,
)
from .programs import LossSpec, Program, build
from .random_programs import program
from .torch_reference import answer, fair_draw, total_loss
from .tree import Fork, Group, Input, Layer, Ref, Use

MSE = [LossSpec("mse")]


def check(made: Program, seed: int = 1) -> None:
    """Compare at both levels and widths."""
    for dtype, tolerance in TOLERANCE.items():
        drawn = fair_draw(made, seed, dtype)
        assert drawn is not None
        want = answer(made, drawn.params, drawn.inputs, drawn.targets)
        for level in (0, 1):
            text = made.text(dtype)
            generated = module(text, level)
            assert list(generated.PARAM_SHAPES) == list(made.params), text
            found = disagreements(
                generated, made, drawn, want.outputs, want.loss, want.grads, tolerance
            )
            assert not found, f"-O{level} {dtype}: {'; '.join(found)}\n{text}"


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda a: a.text)
@pytest.mark.parametrize("shape", [(5,), ("T", 5), (2, 3, 2)], ids=str)
def test_activation_standalone(kind, shape):
    shift = Layer("shift 0.3", "shift", {"by": 0.3})
    start = [activation(act("prelu")), shift] if len(shape) == 3 else [dense(4)]
    check(build([[Input(shape), *start, activation(kind)]], MSE))


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda a: a.text)
@pytest.mark.parametrize("shape", [(5,), ("T", 5)], ids=str)
def test_activation_trailing(kind, shape):
    check(build([[Input(shape), dense(4, kind), dense(3, kind)]], MSE))


@pytest.mark.parametrize("kind", [a for a in ACTIVATIONS if a.text != "id"], ids=lambda a: a.text)
def test_activation_far_from_zero(kind):
    big = Layer("scale 40", "scale", {"by": 40.0})
    made = build([[Input((6,)), dense(6), big, activation(kind), dense(2)]], MSE)
    check(made)


LAYERS = {
    "dense": [dense(4)],
    "dense without bias": [dense(4, bias=False)],
    "dense one wide": [dense(1)],
    "flatten of a vector": [Layer("flatten", "flatten"), dense(2)],
    "reshape": [dense(6), Layer("reshape 2x3", "reshape", {"to": (2, 3)}), dense(4)],
    "reshape and flatten": [
        dense(6),
        Layer("reshape 3x2", "reshape", {"to": (3, 2)}),
        dense(2, act("tanh")),
        Layer("flatten", "flatten"),
        dense(3),
    ],
    "scale": [dense(3), Layer("scale 0.25", "scale", {"by": 0.25})],
    "scale by a list": [dense(3), Layer("scale [1, 2, 0.5]", "scale", {"by": [1, 2, 0.5]})],
    "shift": [dense(3), Layer("shift 0.25", "shift", {"by": 0.25})],
    "shift down": [dense(3), Layer("shift (-2)", "shift", {"by": -2})],
    "shift by a list": [dense(3), Layer("shift [1, -2, 0.5]", "shift", {"by": [1, -2, 0.5]})],
    "normalize": [
        dense(3),
        Layer("normalize mean=0.5 std=2", "normalize", {"mean": 0.5, "std": 2}),
    ],
    "normalize by lists": [
        dense(2),
        Layer(
            "normalize mean=[0.5, -1] std=[2, 0.5]",
            "normalize",
            {"mean": [0.5, -1], "std": [2, 0.5]},
        ),
    ],
    "dropout": [dense(3), Layer("dropout 0.5", "dropout", {"p": 0.5}), dense(2)],
    "poly": [dense(3, act("tanh")), Layer("poly 3", "poly", {"n": 3}), dense(2)],
    "poly 0": [dense(3), Layer("poly 0", "poly", {"n": 0}), dense(2)],
    "poly last": [dense(2, act("tanh")), Layer("poly 4", "poly", {"n": 4})],
    "group": [Group([dense(3, act("tanh")), dense(4)])],
    "named group": [Group([dense(3, act("tanh")), dense(4)], name="enc"), dense(2)],
    "repeat": [dense(3), Group([dense(3, act("tanh"))], 3), dense(2)],
    "named repeat": [dense(3), Group([dense(3, act("tanh"))], 3, "t"), dense(2)],
    "repeat nothing": [dense(3), Group([dense(3)], 0)],
    "use": [dense(5, act("tanh"), "h"), Use("h"), Use("h"), dense(2)],
    "use with prelu": [dense(5, act("prelu"), "h"), Use("h"), dense(2)],
    "use a group": [Group([dense(3, act("silu")), dense(5)], name="g"), Use("g"), dense(2)],
    "use a repeat": [Group([dense(5, act("silu"))], 2, "g"), Use("g"), dense(2)],
    "use of a use": [dense(5, act("tanh"), "h"), Use("h", "again"), Use("again"), dense(2)],
    "tie": [dense(3, act("tanh"), "enc"), dense(5, tie="enc"), dense(2)],
    "use a tie": [
        dense(3, None, "enc"),
        dense(5, act("tanh"), "dec", tie="enc"),
        dense(3),
        Use("dec"),
    ],
    "tie without bias": [dense(3, None, "enc"), dense(5, tie="enc", bias=False)],
    "tie twice": [dense(3, None, "enc"), dense(5, tie="enc"), dense(3), dense(5, tie="enc")],
    "block": [residual(5), dense(2)],
    "block with an activation": [residual(5, act("tanh"), act=act("softsign"))],
    "block repeated": [residual(5, repeat=3)],
    "block repeated and named": [residual(5, repeat=2, name="r"), dense(2)],
    "use a block": [residual(5, name="r"), Use("r"), dense(2)],
    "blocks in a block": [deep(5)],
    "block of stages": [around([dense(5, act("tanh")), dense(5)])],
    "other blocks": [gated(5), bottle(2, 3), squash(), dense(1)],
    "max of equal values": [dense(3), Fork([[ID], [ID]], merge("max"))],
    "max of three with ties": [
        dense(3, None, "h"),
        Fork([[ID], [dense(3)], [Ref("h")]], merge("max")),
    ],
    "id in the middle": [dense(3), ID, dense(2)],
    "nested forks": [
        dense(4),
        Fork(
            [[ID], [Fork([[dense(4)], [dense(4, act("tanh"))]], merge("mul")), dense(4)]],
            merge("add", act("gelu")),
        ),
    ],
    "skip by name": [dense(4, act("tanh"), "h"), dense(4), Fork([[ID], [Ref("h")]], merge("add"))],
    "value used many times": [
        dense(4, act("tanh"), "h"),
        Fork([[ID], [Ref("h")], [Ref("h"), dense(4)]], merge("mul")),
        Fork([[ID], [Ref("h")]], merge("concat")),
    ],
    "softmax in the middle": [dense(4, act("softmax")), dense(3, act("tanh"))],
    "twelve deep": [dense(4, act("tanh")) for _ in range(12)],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    check(build([[Input((5,)), *LAYERS[name]]], MSE, before=list(BLOCKS.values())))


@pytest.mark.parametrize("kind", MERGES)
@pytest.mark.parametrize("shape", [(4,), ("T", 4), (3, 4)], ids=str)
def test_merge(kind, shape):
    attrs = {"axis": -1} if kind == "concat" and len(shape) > 1 else {}
    both = Fork([[dense(4, act("tanh"))], [dense(4)]], merge(kind, None, **attrs))
    check(build([[Input(shape), both, dense(2)]], MSE))


@pytest.mark.parametrize("kind", [k for k in MERGES if k not in ("sub", "dot")])
def test_merge_of_three(kind):
    three = Fork([[dense(4, act("tanh"))], [dense(4)], [ID]], merge(kind, act("relu")))
    check(build([[Input((4,)), three, dense(2)]], MSE))


def test_concat_on_the_first_axis():
    joined = Fork([[dense(4)], [ID]], merge("concat", None, axis=0))
    check(build([[Input((3, 4)), joined, dense(2)]], MSE))


def test_merge_of_inputs():
    joined = [Fork([[Input((3,), "p")], [Input((4,), "q")]], merge("concat"))]
    check(build([[*joined, dense(2)]], MSE))


def test_siamese():
    encoder = Group([dense(4, act("relu")), dense(3)], name="enc")
    left = [Input((6,), "left"), encoder]
    right = [Input((6,), "right"), Use("enc", "other")]
    both = [Fork([[Ref("enc")], [Ref("other")]], merge("dot")), activation(act("sigmoid"))]
    check(build([left, right, both], [LossSpec("bce")]))


def test_output_without_a_loss_has_zero_gradients():
    trunk = [Input((4,)), dense(3, act("tanh"), "trunk"), dense(2, None, "kind")]
    size = [Ref("trunk"), dense(1, None, "size")]
    check(build([trunk, size], [LossSpec("mse", "kind")], outputs=["kind", "size"]))


def test_loss_in_the_middle():
    chain = [Input((4,)), dense(3, act("tanh"), "mid"), dense(2, None, "end")]
    losses = [LossSpec("mse", "mid", weight=0.3), LossSpec("mae", "end")]
    check(build([chain], losses))


def test_two_losses_on_one_value():
    chain = [Input((4,)), dense(3, act("tanh"), "end")]
    losses = [LossSpec("mse", "end", weight=0.3), LossSpec("mae", "end", weight=2)]
    check(build([chain], losses))


def test_fork_as_the_end_of_a_chain():
    ends = Fork([[dense(3, act("softmax"), "kind")], [dense(1, None, "size")]], None)
    losses = [LossSpec("crossentropy", "kind", 0.3, ids=True), LossSpec("mse", "size")]
    check(build([[Input((4,)), dense(3, act("relu")), ends]], losses, outputs=["kind", "size"]))


LOSS_CASES = [
    *((kind, None, {}, False) for kind in LOSSES if kind not in ("crossentropy", "bce", "kl")),
    ("kl", "log_softmax", {}, False),
    ("hinge", None, {}, True),
    ("hinge", "tanh", {}, True),
    *(("crossentropy", end, {}, ids) for end in ("softmax", "log_softmax", None) for ids in (0, 1)),
    *(("bce", end, {}, False) for end in ("sigmoid", "sigmoid(2)", None)),
    ("mse", "softmax", {}, False),
    ("quadratic", "sigmoid", {}, False),
    ("huber", None, {"delta": 0.3}, False),
    ("crossentropy", "softmax", {"smoothing": 0.1}, True),
    ("crossentropy", "softmax", {"smoothing": 0.1}, False),
    ("crossentropy", "softmax", {"weights": [0.5, 2, 1]}, True),
    ("crossentropy", None, {"weights": [0.5, 2, 1]}, False),
    ("crossentropy", None, {"weights": [0.5, 2, 0], "smoothing": 0.2}, True),
    ("crossentropy", "log_softmax", {"weights": [0.5, 2, 1], "smoothing": 0.2}, False),
    ("bce", "sigmoid", {"pos_weight": 2.5}, False),
    ("bce", None, {"pos_weight": [2.5, 0.3, 1]}, False),
    ("bce", "sigmoid(2)", {"pos_weight": [2.5, 0.3, 1]}, False),
]


@pytest.mark.parametrize(("kind", "end", "args", "ids"), LOSS_CASES, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(5,), ("T", 5)], ids=str)
def test_loss(kind, end, args, ids, reduction, shape):
    spec = LossSpec(kind, reduction=reduction, args=args, ids=bool(ids))
    made = build([[Input(shape), dense(3, act(end) if end else None)]], [spec])
    check(made)


FAR = [
    ("crossentropy", "softmax", {}),
    ("crossentropy", "softmax", {"weights": [0.5, 2, 1], "smoothing": 0.1}),
    ("bce", "sigmoid", {}),
    ("bce", "sigmoid", {"pos_weight": [0.5, 2, 1]}),
    ("hinge", "id", {}),
    ("kl", "log_softmax", {}),
]


@pytest.mark.parametrize(("kind", "end", "args"), FAR, ids=str)
def test_stable_loss_far_from_zero(kind, end, args):
    big = Layer("scale 100", "scale", {"by": 100.0})
    chain = [Input((5,)), dense(3), big, activation(act(end))]
    check(build([chain], [LossSpec(kind, args=args, ids=kind in ("crossentropy", "hinge"))]))


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 0), (0, 0.2), (0.01, 0.3)])
def test_regularize(l1, l2):
    chain = [Input((5,)), dense(4, act("prelu"), "h"), dense(5, tie="h"), Use("h"), dense(2)]
    check(build([chain], MSE, l1=l1, l2=l2))


@pytest.mark.parametrize("level", [0, 1])
def test_kinks_follow_torch(level):
    """At the kink itself: the derivative PyTorch takes."""
    kinks = {
        "relu": 0,
        "leaky_relu": 0,
        "elu": 0,
        "selu": 0,
        "prelu": 0,
        "hard_tanh": 1,
        "hard_sigmoid": 3,
    }
    for word, kink in kinks.items():
        made = build([[Input((3,)), dense(3, act(word))]], [LossSpec("mse")])
        drawn = draw(made, 1, batch=1)
        drawn.inputs["x"][:] = [[kink, -kink, 0]]
        drawn.params["dense1.W"][:], drawn.params["dense1.b"][:] = np.eye(3), 0
        want = answer(made, drawn.params, drawn.inputs, drawn.targets)
        generated = module(made.text("float64"), level)
        _, cache = generated.forward(drawn.params, drawn.x)
        grads = generated.backward(drawn.params, cache, drawn.target)
        for name, value in want.grads.items():
            np.testing.assert_allclose(grads[name], value, rtol=1e-12, atol=1e-14, err_msg=word)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", ["mae", "huber"])
def test_loss_kinks_follow_torch(level, kind):
    made = build([[Input((3,)), dense(3, bias=False)]], [LossSpec(kind)])
    drawn = draw(made, 1, batch=1)
    drawn.inputs["x"][:], drawn.params["dense1.W"][:] = [[0, 1, 2]], np.eye(3)
    drawn.targets["y"][:] = [[0, 0, 2]]
    want = answer(made, drawn.params, drawn.inputs, drawn.targets)
    generated = module(made.text("float64"), level)
    _, cache = generated.forward(drawn.params, drawn.x)
    grads = generated.backward(drawn.params, cache, drawn.target)
    np.testing.assert_allclose(grads["dense1.W"], want.grads["dense1.W"], atol=1e-15)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("p", [0.25, 0.5])
def test_dropout_with_the_mask_read_back(level, p):
    """Train mode: the mask is taken from what came out, and the gradient must use the same."""
    text = f"input 8 -> dense 8 as h -> dropout {p} as d -> dense 3 as out\noutput h, d, out\n"
    text += "loss mse on out\ndtype float64\n"
    generated = module(text, level)
    params = generated.init_params(3)
    x = np.random.default_rng(0).normal(size=(50, 8))
    y, cache = generated.forward(params, x, train=True, rng=np.random.default_rng(5))
    mask = y["d"] / y["h"]
    kept = np.isclose(mask, 1 / (1 - p))
    assert (kept | (mask == 0)).all()
    assert abs(kept.mean() - (1 - p)) < 0.1
    target = np.ones((50, 3))
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    h = torch.tensor(x) @ leaves["h.W"] + leaves["h.b"]
    out = (h * torch.tensor(np.where(kept, 1 / (1 - p), 0))) @ leaves["out.W"] + leaves["out.b"]
    loss = ((out - 1) ** 2).mean()
    assert generated.loss(params, cache, target) == pytest.approx(loss.item(), rel=1e-12)
    loss.backward()
    grads = generated.backward(params, cache, target)
    for name, leaf in leaves.items():
        assert error(grads[name], leaf.grad.numpy(), 1e-12) < 1e-10, name


SGD = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "dampening": {"momentum": 0.9, "dampening": 0.3},
    "nesterov": {"momentum": 0.8, "nesterov": True},
    "decay": {"weight_decay": 0.1},
    "everything": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
    "decay and dampening": {"momentum": 0.5, "dampening": 0.5, "weight_decay": 0.05},
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("variant", SGD)
def test_sgd_equals_torch_over_twenty_steps(variant, level, seed):
    made = program(1000 + seed)
    options = SGD[variant]
    words = " ".join(f"{k}={str(v).lower()}" for k, v in options.items())
    generated = module(made.text("float64", f"optimizer sgd lr=0.01 {words}\n"), level)
    drawn = smooth_draw(made, seed, 1e-9)
    assert drawn is not None
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in drawn.params.items()}
    optimizer = torch.optim.SGD(leaves.values(), lr=0.01, **options)
    params = {k: v.copy() for k, v in drawn.params.items()}
    opt = generated.init_optimizer(params)
    for _ in range(20):
        optimizer.zero_grad(set_to_none=False)
        total, _ = total_loss(made, leaves, drawn.inputs, drawn.targets)
        total.backward()
        for leaf in leaves.values():
            leaf.grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        optimizer.step()
        loss = generated.train_step(params, drawn.x, drawn.target, opt)
        assert loss == pytest.approx(total.item(), rel=1e-9, abs=1e-12)
    for name, leaf in leaves.items():
        assert error(params[name], leaf.detach().numpy(), 1e-4) < 1e-10, name


@pytest.mark.parametrize("level", [0, 1])
def test_a_given_rate_replaces_the_specs(level):
    made = build([[Input((4,)), dense(2)]], MSE)
    generated = module(made.text("float64", "optimizer sgd lr=0.5 momentum=0.9\n"), level)
    drawn = draw(made, 0)
    params = {k: v.copy() for k, v in drawn.params.items()}
    _, cache = generated.forward(params, drawn.x)
    grads = generated.backward(params, cache, drawn.target)
    generated.optimizer_step(params, grads, generated.init_optimizer(params), lr=0.1)
    for name, before in drawn.params.items():
        np.testing.assert_allclose(params[name], before - 0.1 * grads[name], rtol=1e-12)
