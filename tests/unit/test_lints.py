"""The modelling lints: when each reports, and when it must not."""

from __future__ import annotations

import pytest
from nnc.diagnostics.model import Diagnostic, Fix
from nnc.driver import check
from nnc.lints import LINTS, run
from nnc.optimizers import OPTIMIZERS
from nnc.source import Source

from ..work import growth, work

LINES_A_LAYER = 300
"""Lines of Python that all lints together may run for a layer; 142 where this was written."""


def findings(spec: str) -> list[Diagnostic]:
    checked = check(Source("spec.nn", spec))
    assert checked.graph is not None, [d.message for d in checked.report]
    return list(checked.report)


def codes(spec: str) -> list[str]:
    return [d.code.id for d in findings(spec)]


def applied(spec: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: -edit.span.start):
        spec = spec[: edit.span.start] + edit.replacement + spec[edit.span.stop :]
    return spec


TROUBLE = {
    # softmax twice
    "input 4 -> dense 3 sigmoid -> log_softmax; loss crossentropy": ["NN301"],
    "input 4 -> dense 3 softmax -> id -> softmax; loss crossentropy": ["NN301"],
    # logits
    "input 4 -> dense 3 sigmoid -> id; loss crossentropy": ["NN302"],
    "input 4 -> dense 1 hard_sigmoid; loss bce": ["NN303"],
    "input 4 -> dense 3 leaky_relu(0.2); loss crossentropy": ["NN304"],
    "input 4 -> [dense 3, dense 3] -> add relu; loss crossentropy": ["NN304"],
    # scores, log-probabilities and log-rates
    "input 4 -> dense 3 sigmoid; loss hinge": ["NN313"],
    "input 4 -> dense 3 -> softmax -> id; loss hinge": ["NN313"],
    "input 4 -> dense 3; loss kl": ["NN314"],
    "input 4 -> dense 3 sigmoid; loss kl": ["NN314"],
    "input 4 -> dense 3 log_softmax -> scale 2; loss kl": ["NN314"],
    "input 4 -> dense 3 softplus; loss poisson": ["NN315"],
    "input 4 -> dense 3 tanh; loss poisson": ["NN315"],
    # regression
    "input 4 -> dense 1 tanh; loss quadratic; optimizer sgd lr=1": ["NN305"],
    "input 4 -> dense 1 relu; loss huber": ["NN306"],
    # dropout
    "input 4 -> dense 3 -> dropout 0.5 softmax; loss crossentropy": ["NN307"],
    "input 4 -> dense 1 -> dropout 0.5 -> scale 2; loss mse": ["NN307"],
    # two linear layers
    "input 4 -> dense 9 -> id -> dense 3; loss mse": ["NN308"],
    "input 4 -> dense 4 id -> dense 4; loss mse": ["NN308"],
    "input 4 -> dense 9 -> dropout 0 -> dense 3; loss mse": ["NN308"],
    "input Tx4 -> dense 2 -> dense 3; loss mse": ["NN309"],
    # parameters without a loss
    "input 4 -> dense 3 as a -> prelu; loss mse on a": ["NN310"],
    "input 4 -> dense 3 as a\na -> relu -> dense 3 as b\noutput a, b\n"
    "loss mse on a; loss mse on b weight=0": ["NN310"],
    # rates
    "input 4 -> dense 3; loss mse; optimizer sgd 101": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=50": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=11": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=10": [],
    "input 4 -> dense 3; loss mse; optimizer adam 1": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer adadelta 1": [],
    "input 4 -> dense 3; loss mse; optimizer lion 0.1": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer adam; schedule onecycle steps=9 max=1": ["NN311"],
    "input 4 -> dense 3; loss mse; schedule onecycle steps=9 max=1000": ["NN311"],
    "input 4 -> dense 3; loss mse; optimizer adam; schedule cosine steps=9 warmup=5": [],
    # weight decay through the gradient
    "input 4 -> dense 3; loss mse; optimizer adam weight_decay=0.1": ["NN316"],
    "input 4 -> dense 3; loss mse; optimizer nadam weight_decay=0.1": ["NN316"],
    "input 4 -> dense 3; loss mse; optimizer nadam weight_decay=0.1 decoupled=true": [],
    "input 4 -> dense 3; loss mse; optimizer adamw weight_decay=0.1": [],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=0.1 weight_decay=0.1": [],
    # normalisation
    "input 4 -> dense 3 -> batchnorm; loss mse": ["NN318"],
    "input 4 -> dense 3 -> id -> batchnorm -> dense 3 id -> batchnorm; loss mse": ["NN318"] * 2,
    "input 8x4x4 -> conv 3 3x3 -> batchnorm; loss mse": ["NN318"],
    "input 4 -> batchnorm; loss mse; train batch=1": ["NN319"],
    "input 4x1x1 -> batchnorm; loss mse; train batch=1": ["NN319"],
    "input 4 -> dense 1 -> layernorm; loss mse": ["NN320"],
    "input Tx1 -> layernorm; loss mse": ["NN320"],
    "input 4x1 -> groupnorm 4; loss mse": ["NN320"],
    # channels last, in every disguise
    "input 32x32x3 -> conv 4 3; loss mse": ["NN340"],
    "input 64x48x1 -> relu -> pad 1 -> maxpool 2; loss mse": ["NN340"],
    "input HxWx4 -> global_maxpool -> mean axis=0; loss mse": ["NN340"],
    "input 7x7x512 -> global_avgpool; loss mse": ["NN340"],
    "input 100x3 -> conv 4 3; loss mse": ["NN340"],
    "input 128x9 -> maxpool 2; loss mse": ["NN340"],
    "input 3136 -> reshape 7x7x64 -> conv_transpose 4 2 stride=2; loss mse": ["NN340"],
    "input 8192 -> reshape 4x4x512 -> upsample 2 -> conv 4 3; loss mse": ["NN340"],
    "input 28x28 -> conv 4 3; loss mse": ["NN340"],
    "input 32x32x3 as x -> conv 4 3 as a\nx -> conv 4 3 as b\n[a, b] -> add; loss mse": ["NN340"],
    # classes along the width
    "input 3x16x16 -> conv 5 1x1 softmax; loss crossentropy": ["NN341"],
    "input 3x16x16 -> conv 5 1x1 -> log_softmax; loss kl": ["NN341"],
    "input 3xHxW -> conv 5 1x1 -> upsample 2x2; loss crossentropy": ["NN341"],
    "input 3x16 -> conv 5 3; loss hinge": ["NN341"],
    # softmax of one value
    "input 4 -> dense 1 softmax; loss mse": ["NN342"],
    "input 4 -> dense 1 softmax; loss bce": ["NN342"],
    "input Tx4 -> dense 1 -> log_softmax -> scale 2; loss mse": ["NN342"],
    # Keras's momentum
    "input 4 -> batchnorm momentum=0.9; loss mse": ["NN343"],
    "input 4 -> batchnorm momentum=0.999; loss mse": ["NN343"],
    # axes read differently
    "input 5x4 -> dense 3 -> batchnorm; loss mse": ["NN344"],
    "input 5x4 -> gru 3 return=all -> dropout 0.1 -> maxpool 2; loss mse": ["NN344"],
    "input 5 int -> embedding 9 4 -> conv 3 2; loss mse": ["NN344"],
    "input 5x4 -> conv 6 2 relu -> dense 3; loss mse": ["NN344"],
    "input 5x4 -> maxpool 2 -> attention 1; loss mse": ["NN344"],
    # ignored arguments
    "input 4 -> dense 3; loss mse; schedule cosine steps=9": ["NN312"],
    "input 4 -> dense 3; loss mse; optimizer sgd; schedule onecycle steps=9": ["NN312"],
    "input 4 -> dense 3; loss mse; optimizer sgd; schedule onecycle steps=9 max=1": [],
    "input 4 -> dense 3; loss mse; optimizer sgd 1; schedule onecycle steps=9 max=1": ["NN312"],
    "input 4 -> dense 3 bias=FALSE bias_init=ones; loss mse": ["NN312"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=0.1 nesterov=true": ["NN312"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=0.1 dampening=0.5": ["NN312"],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=0.1 momentum=0.9 nesterov=true": [],
    "input 4 -> dense 3; loss mse; optimizer sgd lr=0.1 nesterov=false dampening=0": [],
}

for _metric in ("accuracy", "top_k(1)", "precision", "recall", "f1", "confusion"):
    TROUBLE |= {
        f"input 4 -> dense 2; loss {loss}; metric {_metric}": ["NN331"]
        for loss in ("mse", "quadratic", "mae", "huber", "poisson")
    }
    TROUBLE |= {
        f"input 4 -> dense 2{end}; loss {loss}; metric {_metric}": []
        for loss, end in (
            ("crossentropy", ""),
            ("crossentropy", " softmax"),
            ("hinge", ""),
            ("kl", " log_softmax"),
            ("bce", ""),
            ("bce", " sigmoid"),
            ("mse", " sigmoid"),
            ("mse", " tanh"),
            ("quadratic", " softmax"),
            ("mae", " sigmoid -> id -> dropout 0"),
            ("mse", " softmax -> reshape 1x2"),
        )
    }
for _metric in ("mae", "rmse", "r2"):
    TROUBLE |= {
        f"input 4 -> dense 2{end}; loss {loss}; metric {_metric}": ["NN331"]
        for loss, end in (
            ("crossentropy", " softmax"),
            ("hinge", ""),
            ("kl", " log_softmax"),
            ("poisson", ""),
            ("bce", ""),
        )
    }
    TROUBLE |= {
        f"input 4 -> dense 2{end}; loss {loss}; metric {_metric}": []
        for loss, end in (("mse", ""), ("mse", " sigmoid"), ("bce", " sigmoid"), ("huber", ""))
    }
TROUBLE |= {
    # metrics of one of several outputs, of merges, and of what nothing judges
    "input 4 -> dense 2 softmax as a\ninput 3 -> dense 1 as b\noutput a, b\n"
    "loss crossentropy on a; loss mse on b; metric accuracy, mae": [],
    "input 4 -> [dense 2 softmax, dense 2 softmax] -> mean; loss mse; metric accuracy": [],
    "input 4 -> [dense 2, dense 2 relu] -> add; loss mse; metric accuracy": ["NN331"],
    "input 4 -> dense 2; metric accuracy": ["NN332"],
    # top_k of all classes there are
    "input 4 -> dense 3; loss crossentropy; metric top_k": ["NN332"],
    "input 4 -> dense 5; loss crossentropy; metric top_k": ["NN332"],
    "input 4 -> dense 6; loss crossentropy; metric top_k": [],
    "input 4 -> dense 3; loss crossentropy; metric top_k(3)": ["NN332"],
    "input 4 -> dense 3; loss crossentropy; metric top_k(2)": [],
    "input 4 -> dense 1; loss bce; metric top_k(1)": [],
    "input 4 -> dense 1; loss bce; metric top_k(2)": ["NN332"],
    "input 4 -> dense 9 as a\ninput 3 -> dense 3 as b\noutput a, b\n"
    "loss crossentropy on a; loss crossentropy on b; metric top_k": [],
    # the same again
    "input 4 -> dense 3; loss mse; metric mae; metric r2, mae": ["NN332"],
    "input 4 -> dense 9; loss crossentropy; metric top_k(2), top_k(3)": [],
}

PEACE = [
    # biases that a batchnorm does not take out again, statistics that there are
    "input 4 -> dense 3 tanh -> batchnorm; loss mse",
    "input 4 -> dense 3 as a -> batchnorm as b; output a, b; loss mse on a; loss mse on b",
    "input 4 -> dense 3 as a -> batchnorm as b\n[a, b] -> add; loss mse",
    "input 4 -> dense 4 as a -> tanh -> use a -> batchnorm; loss mse",
    "input 4 -> dense 3 bias=false -> batchnorm; loss mse",
    # channels first, however many, and shapes that nothing slides over
    "input 3x32x32 -> conv 4 3; loss mse",
    "input 1x28x28 -> conv 4 3; loss mse",
    "input 64x8x8 -> conv 4 3; loss mse",
    "input 12x22x768 -> conv 192 3x768 groups=12; loss mse",
    "input 12x22x1 -> conv 4 3x1; loss mse",
    "input 4x4x3 -> conv 4 2; loss mse",
    "input 3x64x3 -> conv 4 3x1; loss mse",
    "input 22x1125 -> conv 4 3; loss mse",
    "input 8x1000 -> maxpool 2; loss mse",
    "input 128x64 -> conv 4 3; loss mse",
    "input 3136 -> reshape 64x7x7 -> conv_transpose 4 2 stride=2; loss mse",
    "input 256 -> reshape 64x4 -> conv_transpose 4 4 stride=2; loss mse",
    "input 32x32x3 -> permute 2 0 1 -> conv 4 3; loss mse",
    "input 32x32x3 -> flatten -> dense 3; loss mse",
    "input 28x28 -> lstm 4 -> dense 3; loss mse",
    "input 28x28 -> transpose -> conv 4 3; loss mse",
    # classes on the last axis, softmax that is not judged, one value with a sigmoid
    "input 3x16x16 -> conv 5 1x1 -> permute 1 2 0 softmax; loss crossentropy",
    "input 3x16 -> conv 5 3 -> transpose -> softmax; loss crossentropy",
    "input 3x16 -> conv 5 3 softmax; loss mse",
    "input Tx8 -> dense 5 softmax; loss crossentropy",
    "input 4 -> dense 2 softmax; loss mse",
    "input Tx4 -> dense 1 -> transpose softmax -> transpose; loss mse",
    # momentum in the sense it has here
    "input 4 -> batchnorm momentum=0.1; loss mse",
    "input 4 -> batchnorm momentum=0.5; loss mse",
    "input 4 -> batchnorm momentum=1; loss mse",
    # axes turned, or read alike
    "input 5x4 -> dense 3 -> transpose -> batchnorm -> transpose -> dense 2; loss mse",
    "input 5x4 -> dense 3 -> layernorm -> dense 3; loss mse",
    "input 5x4 -> conv 3 2 bias=false -> batchnorm relu -> maxpool 2; loss mse",
    "input 5x4 -> conv 3 2 -> transpose -> lstm 3; loss mse",
    "input 5x4 -> conv 3 2 -> flatten -> dense 3; loss mse",
    "input 5x4x4 -> conv 3 2 -> flatten -> dense 3 bias=false -> batchnorm; loss mse",
    "input 4 -> dense 3 -> layernorm; loss mse; train batch=1",
    "input 4 -> batchnorm; loss mse; train batch=2",
    "input 4x5 -> batchnorm; loss mse; train batch=1",
    "input 4xT -> batchnorm; loss mse; train batch=1",
    "input 4x5 -> groupnorm 4; loss mse",
    "input Tx4 -> rmsnorm; loss mse",
    # a softmax may stand anywhere, and softmax of log_softmax is softmax
    "input 4 -> dense 3 softmax -> dense 3 softmax; loss crossentropy",
    "input 4 -> dense 3 log_softmax -> softmax; loss crossentropy",
    "input 4 -> dense 3 softmax -> scale 5 -> softmax; loss crossentropy",
    "input 4 -> dense 3 softmax; loss mse",
    # what belongs together
    "input 4 -> dense 3 log_softmax; loss crossentropy",
    "input 4 -> dense 3; loss crossentropy",
    "input 4 -> dense 3 tanh -> scale 10; loss crossentropy",
    "input 4 -> dense 1 sigmoid(2); loss bce",
    "input 4 -> dense 1 id; loss bce",
    "input 4 -> dense 3 log_softmax; loss kl",
    "input 4 -> dense 3 log_softmax; loss hinge",
    "input 4 -> dense 3 tanh; loss hinge",
    "input 4 -> dense 3 relu; loss hinge",
    "input 4 -> dense 3; loss poisson",
    "input 4 -> dense 3 tanh -> scale 10; loss poisson",
    # regressions that can reach their targets, or go slowly
    "input 4 -> dense 1 sigmoid; loss quadratic; optimizer sgd lr=0.9",
    "input 4 -> dense 1 sigmoid; loss quadratic",
    "input 4 -> dense 9 sigmoid; loss mse; optimizer sgd lr=4",
    "input Tx4 -> dense 1 sigmoid; loss mse; optimizer sgd lr=4",
    "input 4 -> dense 1 softplus; loss mse",
    "input 4 -> dense 3 relu",
    # dropout before weights, of the input, of nothing, or of what no loss judges
    "input 4 -> dropout 0.5 -> dense 3; loss mse",
    "input 4 -> dense 3 relu -> dropout 0; loss mae reduction=sum".replace("relu", "tanh"),
    "input 4 -> dense 3 relu -> dropout 0.5",
    # linear layers that are not only each other's
    "input 4 -> dense 9 tanh -> dense 3; loss mse",
    "input 4 -> dense 9 -> dropout 0.1 -> dense 3; loss mse",
    "input 4 -> dense 9 as a -> dense 3 as b; output a, b; loss mse on a; loss mse on b",
    "input 4 -> dense 9 as a -> [dense 3, dense 3 relu] -> add; loss mse",
    "input 4 -> dense 2 as a -> dense 4 tie=a; loss mse",
    "input 4 -> dense 2 tanh as a -> dense 4 tie=a -> dense 3; loss mse",
    "input 4 -> dense 4 as a -> use a -> use a; loss mse",
    "input 4 -> [id, dense 4 relu -> dense 4] -> add -> dense 4; loss mse",
    # every parameter is reached, if only by way of a shared or tied layer, or there is no loss
    "input 4 -> dense 3",
    "input 4 -> dense 4 as a\na -> use a as b\noutput a, b\nloss mse on a",
    "input 4 -> dense 3 tanh as a -> dense 4 tie=a as b\na -> relu as c\n"
    "output b, c\nloss mse on b",
    "input 4 -> dense 3 bias=false as a\ninput 3 -> dense 4 tie=a as b\noutput a, b\nloss mse on b",
    # rates within bounds, schedules' business where none is given
    "input 4 -> dense 3; loss mse; optimizer sgd 1e-5",
    "input 4 -> dense 3; loss mse; optimizer sgd",
    # arguments that act, or act in another call of the block
    "input 4 -> dense 3 bias=true bias_init=ones; loss mse",
    "input 4 -> dense 3 bias=false; loss mse",
    "block b(bias) = dense 4 bias=bias bias_init=ones -> relu\n"
    "input 4 -> b(false) -> b(true) -> dense 1; loss mse",
]


@pytest.mark.parametrize("spec", TROUBLE)
def test_speaks_of_trouble(spec):
    assert codes(spec) == TROUBLE[spec]


@pytest.mark.parametrize("spec", PEACE)
def test_is_silent_where_all_is_well(spec):
    assert [d.message for d in findings(spec)] == []


@pytest.mark.parametrize(
    ("spec", "repaired"),
    [
        ("input 4 -> dense 3 softmax -> softmax", "input 4 -> dense 3 -> softmax"),
        ("input 4 -> dense 3 -> softmax -> softmax", "input 4 -> dense 3 -> softmax"),
        ("input 4 -> dense 3 sigmoid(2) -> softmax", "input 4 -> dense 3 -> softmax"),
        ("input 4 -> fc 3 logistic -> softmax", "input 4 -> fc 3 -> softmax"),
        ("input 4 -> dense 3 relu; loss mse", "input 4 -> dense 3; loss mse"),
        ("input 4 -> dense 3 -> relu as y; loss mse", None),
        ("input 4 -> dense 1 relu; loss bce", "input 4 -> dense 1 sigmoid; loss bce"),
        ("input 4 -> dense 3 -> dropout 0.5; loss mse", "input 4 -> dense 3; loss mse"),
        (
            "input 4 -> dense 3 sigmoid; loss quadratic; optimizer sgd 2",
            "input 4 -> dense 3 sigmoid; loss bce reduction=batchmean; optimizer sgd 2",
        ),
        (
            "input 4 -> dense(3, bias_init=normal(1), bias=false); loss mse",
            "input 4 -> dense(3, bias=false); loss mse",
        ),
        (
            "input 4 -> dense 3 bias=false bias_init = ones as y; loss mse",
            "input 4 -> dense 3 bias=false as y; loss mse",
        ),
        (
            "input 32x32x3 -> conv 4 3 -> flatten -> dense 1; loss mse",
            "input 3x32x32 -> conv 4 3 -> flatten -> dense 1; loss mse",
        ),
        (
            "input 3136 -> reshape 7x7x64 -> conv_transpose 4 2 stride=2; loss mse",
            "input 3136 -> reshape 64x7x7 -> conv_transpose 4 2 stride=2; loss mse",
        ),
        (
            "input 28x28 as x -> conv 4 3 -> flatten -> dense 1; loss mse",
            "input 1x28x28 as x -> conv 4 3 -> flatten -> dense 1; loss mse",
        ),
        (
            "input 3x16x16 -> conv 5 1x1 softmax as y; loss crossentropy",
            "input 3x16x16 -> conv 5 1x1 -> permute 1 2 0 softmax as y; loss crossentropy",
        ),
        (
            "input 3x16 -> conv 5 3 -> softmax; loss crossentropy",
            "input 3x16 -> conv 5 3 -> transpose -> softmax; loss crossentropy",
        ),
        (
            "input 3x16x16 -> conv 5 1x1; loss crossentropy",
            "input 3x16x16 -> conv 5 1x1 -> permute 1 2 0; loss crossentropy",
        ),
        ("input 3x16x16 -> conv 5 1x1 as y; loss crossentropy", None),
        ("input 4 -> dense 1 softmax; loss bce", "input 4 -> dense 1 sigmoid; loss bce"),
        (
            "input Tx4 -> dense 1 softmax -> scale 2; loss mse",
            "input Tx4 -> dense 1 -> transpose softmax -> transpose -> scale 2; loss mse",
        ),
        (
            "input 4 -> batchnorm momentum=0.99 -> dense 1; loss mse",
            "input 4 -> batchnorm momentum=0.01 -> dense 1; loss mse",
        ),
        (
            "input 4 -> batchnorm(momentum=0.9) -> dense 1; loss mse",
            "input 4 -> batchnorm(momentum=0.1) -> dense 1; loss mse",
        ),
        (
            "input 5x4 -> dense 3 -> batchnorm relu -> dense 2; loss mse",
            "input 5x4 -> dense 3 -> transpose -> batchnorm relu -> transpose -> dense 2; loss mse",
        ),
        (
            "input 5x4 -> conv 6 2 -> gru 3; loss mse",
            "input 5x4 -> conv 6 2 -> transpose -> gru 3; loss mse",
        ),
        (
            "input 5x4 -> conv 6 2 relu -> dense 3; loss mse",
            "input 5x4 -> conv 6 2 relu -> flatten -> dense 3; loss mse",
        ),
        ("input 4 -> dense(bias_init=ones, units=3, bias=false); loss mse", None),
        ("input 4 -> dense( bias_init=ones, units=3, bias=false); loss mse", None),
    ],
)
def test_the_first_fix_repairs_and_lints_clean(spec, repaired):
    fixes = [fix for d in findings(spec) for fix in d.fixes]
    assert (applied(spec, fixes[0]) if fixes else None) == repaired
    if repaired:
        assert codes(repaired) == []


def test_only_what_has_no_effect_is_removed_safely():
    unsafe = "input 4 -> dense 3 softmax -> softmax; loss crossentropy"
    ignored = "input 4 -> dense 3 bias=false bias_init=ones; loss mse"
    assert not any(fix.safe for d in findings(unsafe) for fix in d.fixes)
    assert [fix.safe for d in findings(ignored) for fix in d.fixes] == [True]


@pytest.mark.parametrize("code", ["NN340", "NN341", "NN342", "NN343", "NN344"])
def test_fixes_that_change_the_meaning_are_not_safe(code):
    specs = [spec for spec, found in TROUBLE.items() if code in found]
    fixes = [fix for spec in specs for d in findings(spec) if d.code.id == code for fix in d.fixes]
    assert fixes
    assert not any(fix.safe for fix in fixes)


def test_nothing_is_rewritten_inside_a_block():
    spec = "block end(n) = dense n sigmoid -> softmax\ninput 4 -> end(3); loss crossentropy"
    (found,) = findings(spec)
    assert found.code.id == "NN301"
    assert not found.fixes
    assert [label.text for label in found.labels][-1] == "expanded from here"


def test_a_layer_inside_a_block_is_shown_with_its_call():
    spec = "block b = dense 4 relu -> dense 4\ninput 4 -> b -> dense 4 tanh -> dense 1; loss mse"
    (found,) = findings(spec)
    assert found.span.text == "dense 4 tanh"
    assert [label.span.text for label in found.labels] == ["dense 4", "b"]


def test_a_second_softmax_says_how_far_it_reaches():
    def here(widest: str) -> str:
        return findings(f"input {widest} -> softmax -> softmax")[0].here

    assert here("10") == "no class can get more than 0.23"
    assert here("4xN") == "gives nearly equal probabilities"
    assert codes("input 1 -> softmax -> softmax") == ["NN342", "NN342"]


def test_copies_of_a_repeat_are_one_finding():
    assert codes("input 4 -> (dense 4) * 50 -> relu; loss mae".replace("relu", "tanh")) == ["NN308"]


def test_a_loss_of_weight_zero_moves_nothing():
    spec = "input 4 -> dense 3 as a\na -> dense 2 relu -> dense 1 as b\noutput a, b\nloss mse on a"
    (found,) = [d for d in findings(spec) if d.code.id == "NN310"]
    assert found.message == "no loss reaches dense1.W, dense1.b, b.W and 1 more"
    assert "stay as they start" in found.notes[0]
    (decayed,) = findings(f"{spec}; optimizer sgd lr=0.1 weight_decay=0.1")
    assert "the penalty alone" in decayed.notes[0]


@pytest.mark.parametrize("kind", [k for k in OPTIMIZERS.values() if k.args], ids=lambda k: k.name)
def test_every_optimizer_with_a_rate_says_which_are_usual(kind):
    low, first, high = kind.usual
    assert low < first < high


def test_lints_look_at_each_layer_a_few_times():
    block = "(dense 8 -> dense 8 -> dropout 0.1 -> relu -> sigmoid -> softmax)"

    def lints(copies: int):
        text = f"input 8 -> {block} * {copies} -> dense 1; loss mse"
        graph = check(Source("deep.nn", text)).graph
        assert graph is not None
        return lambda: run(graph, whole=True)

    assert growth(lints, 40) < 2.3
    assert work(lints(40)) < LINES_A_LAYER * 6 * 40
    assert {d.code.id for d in lints(40)()} == {"NN301", "NN308"}


def test_lints_find_themselves():
    assert len(LINTS) == len(set(LINTS)) >= 9


@pytest.mark.parametrize(
    ("stage", "fixed"),
    [
        ("dense 3", "dense 3 bias=false"),
        ("dense(3)", "dense(3, bias=false)"),
        ("dense(3,)", "dense(3, bias=false,)"),
        ("dense (1+2) id", "dense (1+2) bias=false id"),
        ("dense ((1+2)) as a", "dense ((1+2)) bias=false as a"),
        ("dense units=3 init=normal(0.1)", "dense units=3 init=normal(0.1) bias=false"),
        ("dense 3 bias=TRUE", "dense 3 bias=false"),
    ],
)
def test_the_bias_before_a_batchnorm_is_left_out(stage, fixed):
    text = "input 4 -> {} -> batchnorm relu -> dense 1; loss mse"
    (found,) = findings(text.format(stage))
    (fix,) = found.fixes
    assert fix.safe
    assert applied(text.format(stage), fix) == text.format(fixed)
    assert codes(text.format(fixed)) == []


def test_in_a_block_the_bias_is_left_to_its_author():
    block = "block b(n, m=n) = dense n -> batchnorm relu\ninput 4 -> b(3) -> dense 1; loss mse"
    (found,) = [d for d in findings(block) if d.code.id == "NN318"]
    assert not found.fixes
