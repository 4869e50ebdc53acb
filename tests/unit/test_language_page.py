"""Every program of the language's description: no errors, both levels, right gradients."""

from __future__ import annotations

import pytest
from nnc.driver import check
from nnc.source import Source

from ..generated import build

PROGRAMS = {
    "digits": """\
# digits.nn
input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy
""",
    "resnet": """\
# resnet.nn
let width = 16

block residual(ch, k=3) =
    [id, conv ch (k)x(k) pad=same -> batchnorm relu -> conv ch (k)x(k) pad=same -> batchnorm]
    -> add relu

input 3x32x32
  -> conv width 3x3 pad=same relu
  -> residual(width) * 3
  -> global_avgpool
  -> dense 10 softmax

loss crossentropy smoothing=0.1
optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=5e-4
schedule cosine steps=10000 warmup=500
train batch=128 epochs=20
""",
    "siamese": """\
# siamese.nn: one encoder applied to two inputs
input 128 as left  -> (dense 64 relu -> dense 16) as enc
input 128 as right -> use enc as other
[enc, other] -> dot -> sigmoid
loss bce
""",
    "two_heads": """\
# two_heads.nn
input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind
trunk -> dense 1 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size
optimizer adam lr=1e-3
""",
}
FRAGMENTS = {
    "input 20": [
        "dense 30 sigmoid",
        "dense 30 leaky_relu(0.2)",
        "dense 10 in=20 softmax",
        "let w = 3; dense (2*w)",
        "(dense 4) * 3 as t",
        "gelu(approx=tanh)",
        "local 4 5",
    ],
    "input Tx8": ["rnn 5 relu layers=2", "lstm 4", "mean axis=0", "attention 2 causal=true"],
    "input 2x8x8": [
        "conv 16 3x3 pad=SAME",
        "conv(16, 3x3, pad=same) relu",
        "conv 16 5",
        "conv filters=16 kernel=3x3",
        "let k = 3; conv 4 (k)x(k)",
        "permute 2 0 1",
        "upsample 2x2",
        "crop 1:2",
        "crop 0:1 0:5",
        "weightedpool 2x4 normalize=none init=constant(0.125)",
    ],
    "input T int": ["embedding 10 4"],
}
"""Stages that the page quotes, by an input that they fit."""


def small(text):
    """The network over small images, for whose relus a difference seldom meets a kink."""
    return text.replace("3x32x32", "3x5x5").replace("width = 16", "width = 3")


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_no_errors_and_right_gradients(name, level, capsys):
    text = PROGRAMS[name]
    assert not check(Source(f"{name}.nn", text)).report.has_errors
    build(text, level)
    assert build(small(text), level).check()
    assert "WRONG" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "stage"), [(source, stage) for source in FRAGMENTS for stage in FRAGMENTS[source]]
)
def test_quoted_stages_compile(source, stage):
    *lets, stage = stage.split("; ")
    text = "\n".join([*lets, f"{source} -> {stage}", "loss mse"])
    assert not check(Source("stage.nn", text)).report.has_errors
    for level in (0, 1):
        build(text, level)
