"""Typical words of other libraries, with the specs that the proposals lead to, as text."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from nnc.diagnostics.fixing import edited
from nnc.diagnostics.model import Severity
from nnc.driver import check
from nnc.frontend.elsewhere import Sort, statements
from nnc.frontend.elsewhere import meaning as meaning_of
from nnc.source import Source

from ..generated import build
from .following import errors, followed, meaning

CONV = "input 1x28x28 -> {} -> flatten -> dense 10 softmax; loss crossentropy"
SEQUENCE = "input 10x4 -> {} -> flatten -> dense 2; loss mse"
DENSE = "input 784 -> {} -> dense 2; loss mse"


@pytest.mark.parametrize(
    ("spec", "wrong", "right"),
    [
        (CONV, "conv 32 3x3 padding=same", "conv 32 3x3 pad=same"),
        (CONV, "conv 32 3x3 padding='SAME'", "conv 32 3x3 pad=same"),
        (CONV, 'conv 32 3x3 padding="valid"', "conv 32 3x3 pad=valid"),
        (CONV, "conv 32 3x3 padding=1", "conv 32 3x3 pad=1"),
        (CONV, "conv 32 3x3 pads=[1, 1, 1, 1]", "conv 32 3x3 pad=1"),
        (CONV, "conv 32 3x3 auto_pad=SAME_UPPER", "conv 32 3x3 pad=same"),
        (CONV, "conv 32 kernel_size=3", "conv 32 kernel=3"),
        (CONV, "conv 32 kernel_size=(3, 3)", "conv 32 kernel=3x3"),
        (CONV, "conv 32 3 strides=2", "conv 32 3 stride=2"),
        (CONV, "conv 32 3 strides=(2, 2)", "conv 32 3 stride=2x2"),
        (
            CONV,
            'Conv2D(32, (3,3), activation="relu", padding="same")',
            "conv(32, 3x3, pad=same) relu",
        ),
        (CONV, "nn.Conv2d(1, 16, 3, padding=1)", "conv(16, 3, pad=1)"),
        (CONV, "torch.nn.Conv2d(1, 16, kernel_size=3)", "conv(16, kernel=3)"),
        (CONV, "conv 32 3 bias_term=false", "conv 32 3 bias=false"),
        (CONV, "MaxPooling2D(pool_size=(2, 2))", "maxpool(2x2)"),
        (CONV, "nn.MaxPool2d(2, 2)", "maxpool(2, stride=2)"),
        (CONV, "conv 32 3x3 data_format='channels_first'", "conv 32 3x3"),
        (SEQUENCE, "lstm 5 return_sequences=true", "lstm 5 return=all"),
        (SEQUENCE, "LSTM(5, return_sequences=False)", "lstm(5, return=last)"),
        (SEQUENCE, "nn.LSTM(4, 20, 2)", "lstm(20, layers=2)"),
        (SEQUENCE, "bilstm 4", "lstm 4 bidirectional=true"),
        (SEQUENCE, "lstm 5 direction=reverse", "lstm 5 reverse=true"),
        (SEQUENCE, "MultiHeadAttention(num_heads=2)", "attention(2)"),
        (DENSE, "nn.Linear(784, 30)", "dense(30)"),
        (DENSE, "nn.Linear(784, 30, bias=False)", "dense(30, bias=False)"),
        (DENSE, "Dense(units=30)", "dense(units=30)"),
        (DENSE, 'dense 30 activation="relu"', "dense 30 relu"),
        (DENSE, "dense 30 activation='linear'", "dense 30"),
        (DENSE, "dense 30 linear", "dense 30"),
        (DENSE, 'Dense(30, activation="relu", name="first")', "dense(30) relu as first"),
        (DENSE, "dense 30 use_bias=false", "dense 30 bias=false"),
        (DENSE, "dense 30 no_bias=true", "dense 30 bias=false"),
        (DENSE, "dense 30 input_shape=784", "dense 30 in=784"),
        (DENSE, "dense 30 input_shape=(784,)", "dense 30 in=784"),
        (DENSE, 'dense 30 kernel_initializer="glorot_uniform"', "dense 30 init=xavier"),
        (DENSE, "dropout rate=0.5", "dropout 0.5"),
        (DENSE, "dropout 50%", "dropout 0.5"),
        (DENSE, "dropout(12.5%)", "dropout(0.125)"),
        (DENSE, "Dropout(keep_prob=0.8)", "dropout(0.2)"),
        (DENSE, "BatchNormalization", "batchnorm"),
        (DENSE, "BatchNormalization()", "batchnorm"),
        (DENSE, "nn.BatchNorm1d(784)", "batchnorm"),
        (DENSE, "LeakyReLU(alpha=0.2)", "leaky_relu(0.2)"),
        (DENSE, "LeakyReLU", "leaky_relu"),
        (DENSE, "dense 30 LeakyReLU(0.2)", "dense 30 leaky_relu(0.2)"),
        (DENSE, "nn.ReLU(inplace=True)", "relu"),
        (DENSE, "nn.Softmax(dim=-1)", "softmax"),
        (DENSE, "gelu approximate=true", "gelu approx=tanh"),
        (DENSE, "prelu(0.25)", "prelu"),
        (DENSE, "dense 30 prelu(0.25)", "dense 30 prelu"),
        (DENSE, "relu(6)", "relu(max=6)"),
        (DENSE, "dense 30 relu(6)", "dense 30 relu(max=6)"),
        (DENSE, "dense(30, relu(6))", "dense(30, relu(max=6))"),
        (DENSE, "relu(3)", "relu(max=3)"),
        (DENSE, "relu max_value=6", "relu max=6"),
        (DENSE, 'Activation("relu")', "relu"),
        (DENSE, "Activation('LeakyReLU')", "leaky_relu"),
        (SEQUENCE, "Bidirectional(LSTM(5))", "lstm(5, bidirectional=true)"),
        (
            SEQUENCE,
            "Bidirectional(GRU(5, return_sequences=true))",
            "gru(5, return=all, bidirectional=true)",
        ),
        (SEQUENCE, "TimeDistributed(Dense(3))", "dense(3)"),
        (SEQUENCE, "[id, Identity()] -> Add()", "[id, id] -> add"),
        ("{} -> dense 2; loss mse", "Input(shape=(784,))", "input(784)"),
        (
            "{} -> dense 2; loss mse",
            "Input(shape=(1, 28, 28)) -> Flatten()",
            "input(1x28x28) -> flatten",
        ),
        ("input T {} -> embedding 50 8 -> mean axis=0; loss mse", "int64", "int"),
        ("input 4 -> dense 1; loss {}", "'MSELoss'", "mse"),
        (
            "input 4 -> dense 3 softmax; loss {}",
            "'categorical_crossentropy'",
            "categorical_crossentropy",
        ),
        ("input 4 -> dense 1; loss{}", '="mse"', " mse"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "adm", "adam"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "Adam(learning_rate=0.1)", "adam(lr=0.1)"),
        (
            "input 4 -> dense 1; loss mse; optimizer adam {}",
            "betas=(0.9, 0.99)",
            "beta1=0.9 beta2=0.99",
        ),
        (
            "input 4 -> dense 1; loss mse; schedule {}",
            "CosineAnnealingLR T_max=100 eta_min=0.1",
            "cosine steps=100 min=0.1",
        ),
        ("input 4 -> dense 1; loss mse; dtype {}", "double", "float64"),
        ("input 4 -> dense 3; loss crossentropy; metric {}", "top_1", "top_k(1)"),
    ],
)
def test_named_cases(spec, wrong, right):
    after = followed(spec.format(wrong))
    assert meaning(after) == meaning(spec.format(right))
    assert re.sub(r"\s+", " ", after) == spec.format(right)
    assert not [d for d in check(Source("a.nn", after)).report if d.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("spec", "word", "said"),
    [
        (SEQUENCE, "gan", "an adversarial pair is two programs"),
        (SEQUENCE, "gax", "`nnc layers` lists the layers"),
        (SEQUENCE, "dpe", "`nnc layers` lists the layers"),
        (CONV, "conv3d 8 3", "no three-dimensional layers"),
        (SEQUENCE, "cross_attention 2", "`attention HEADS` is self-attention"),
        (CONV, "lrn", "no local response normalisation"),
        (CONV, "AdaptiveAvgPool2d(7)", "`global_avgpool`"),
        (DENSE, "prelu(0.1)", "`leaky_relu(0.1)`"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "sgd lr=0.1 decay=1e-4", "a schedule"),
        ("input 4 -> dense 1; loss mse; schedule {}", "piecewise", "no list of rates"),
        ("input 4 -> dense 1; loss mse; dtype {}", "float16", "float32 and float64"),
        ("input 4 -> dense 1; loss mse; {}", "early_stopping 5", "no callbacks"),
        (DENSE, "dense 3 dtype=float64", "`dtype float64`"),
        (DENSE, "dense 3 kernel_regularizer=l2", "`regularize l2=…`"),
        (CONV, "conv 3 3 data_format=channels_last", "channels come first"),
    ],
)
def test_what_changes_the_meaning_is_no_fix(spec, word, said):
    (found,) = errors(spec.format(word))
    assert said in found.help
    assert (found.fixes, found.here) == ((), "")


def test_embedding_bag_is_a_mean_of_an_embedding():
    spec = "input T int -> embedding_bag 100 8 -> dense 2; loss mse"
    right = "input T int -> embedding 100 8 -> mean axis=0 -> dense 2; loss mse"
    assert followed(spec) == right


def test_words_that_mean_the_same_are_safe_and_others_are_not():
    safe = ["padding=same", "kernel_size=3", "use_bias=false"]
    for text in safe:
        (found,) = errors(CONV.format(f"conv 3 {'' if 'kernel' in text else '3'} {text}"))
        assert found.fixes[0].safe
    for text in ("BatchNormalization", "LeakyReLU", "Linear(3, 4)", "Permute(2, 1)"):
        (found,) = errors(DENSE.format(text))
        assert not found.fixes or not found.fixes[0].safe, text


def test_own_blocks_go_before_words_of_other_libraries():
    spec = "block cnn(n) = dense n\ninput 4 -> cnn(3); loss mse"
    assert not errors(spec)
    assert followed("block my_cnn(n) = dense n\ninput 4 -> MyCNN(3); loss mse").endswith(
        "input 4 -> my_cnn(3); loss mse"
    )


def test_statements_that_are_called_otherwise_get_advice():
    for word, statement in statements.STATEMENTS.items():
        (found,) = errors(f"input 4 -> dense 1; loss mse; {word} 3")
        assert (found.code.id, statement in found.help) == ("NN104", True), word


def test_a_spec_without_faults_reads_no_tables():
    program = (
        "import sys; from nnc.driver import check; from nnc.source import Source;"
        "r = check(Source('a.nn', 'input 4 -> dense 3 relu -> dense 1; loss mse')).report;"
        "tables = [m for m in sys.modules if m.startswith('nnc.frontend.elsewhere.')];"
        "print(len(list(r)), sorted(tables))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "0 ['nnc.frontend.elsewhere.syntax']"


def test_british_spellings_are_known():
    assert meaning_of("BatchNormalisation", Sort.KIND) == meaning_of(
        "BatchNormalization", Sort.KIND
    )


# --- what a replacement computes ------------------------------------------------------------

Z = np.linspace(-8, 8, 33).reshape(-1, 1)


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("ReLU6()", np.clip(Z, 0, 6)),
        ("relu(6)", np.clip(Z, 0, 6)),
        ("relu(3)", np.clip(Z, 0, 3)),
        ("relu 1", np.clip(Z, 0, 1)),
        ("Hardswish()", Z * np.clip(Z + 3, 0, 6) / 6),
        ("logsigmoid", -np.log1p(np.exp(-Z))),
        ("tanhshrink", Z - np.tanh(Z)),
        ("AbsVal", np.abs(Z)),
        ("Square", Z**2),
        ("Neg", -Z),
        ("BNLL", np.log1p(np.exp(Z))),
    ],
)
def test_stages_that_stand_for_one_elsewhere_compute_it(word, right):
    spec = followed(f"input 1 -> {word}")
    module = build(f"{spec}; dtype float64")
    np.testing.assert_allclose(module.predict({}, Z), right, rtol=1e-12, atol=1e-12)


def test_softmin_is_a_softmax_of_the_negative():
    module = build(followed("input 3 -> softmin") + "; dtype float64")
    x = np.array([[0.0, 1.0, 3.0]])
    e = np.exp(-x)
    np.testing.assert_allclose(module.predict({}, x), e / e.sum(), rtol=1e-12)


# --- help of shapes and cells ---------------------------------------------------------------


def repaired(text: str, choice: int = 0) -> str:
    """The spec after one of the fixes of its first error, which must leave none."""
    found = [d for d in check(Source("a.nn", text)).report if d.severity is Severity.ERROR]
    after = edited(text, found[0].fixes[choice].edits)
    left = [d for d in check(Source("a.nn", after)).report if d.severity is Severity.ERROR]
    assert not left, (after, left[0].message)
    return after


@pytest.mark.parametrize(
    ("stage", "stages"),
    [
        ("dense 5", "embedding 1000 32 -> dense 5"),
        ("conv 5 3", "embedding 1000 32 -> transpose -> conv 5 3"),
        ("global_avgpool", "embedding 1000 32 -> transpose -> global_avgpool"),
        ("batchnorm", "embedding 1000 32 -> transpose -> batchnorm"),
        ("attention 4", "embedding 1000 32 -> attention 4"),
        ("lstm 5", "embedding 1000 32 -> lstm 5"),
        ("gru 5", "embedding 1000 32 -> gru 5"),
        ("rnn 5 relu", "embedding 1000 32 -> rnn 5 relu"),
        ("layernorm", "embedding 1000 32 -> layernorm"),
        ("positional", "embedding 1000 32 -> positional"),
        ("mean axis=0", "embedding 1000 32 -> mean axis=0"),
        ("softmax", "embedding 1000 32 -> softmax"),
    ],
)
def test_ids_go_through_an_embedding(stage, stages):
    spec = "input T int -> {}; loss mse"
    assert repaired(spec.format(stage)) == spec.format(stages)


def test_integers_of_known_number_have_two_readings():
    (found,) = check(Source("a.nn", "input 10 int -> dense 2; loss mse")).report
    assert "leave `int` out" in found.help
    assert "for ids put `embedding 1000 32` before it" in found.help
    assert not any(fix.safe for fix in found.fixes)


def test_a_pool_of_one_position_is_left_out():
    spec = "input 1x4x4 -> maxpool 2 -> maxpool 2 -> {}flatten -> dense 2; loss mse"
    assert repaired(spec.format("maxpool 2 -> ")) == spec.format("")
    assert repaired(spec.format("avgpool 2 -> ")) == spec.format("")
    (found,) = check(Source("a.nn", spec.format("maxpool 2 -> "))).report
    assert found.labels[0].span.text == "maxpool 2"
    assert "1x1x1" in found.labels[0].text


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_gated_cell_with_an_activation_has_three_readings(cell):
    spec = "input 10x4 -> {} -> dense 2; loss mse"
    wrong = spec.format(f"{cell} 50 relu")
    assert repaired(wrong, 0) == spec.format(f"{cell} 50")
    assert repaired(wrong, 1) == spec.format("rnn 50 relu")
    assert repaired(wrong, 2) == spec.format(f"{cell} 50 -> relu")
    assert repaired(spec.format(f"{cell}(50) tanh"), 0) == spec.format(f"{cell}(50)")


def test_a_code_is_found_by_number_and_name():
    from nnc.diagnostics.explain import find

    for word in ("201", "nn201", "NN201", " nn-201 ", "[NN201]", "nn 201", "in-mismatch"):
        assert find(word) == "NN201", word
    assert find("1") == find("NN001") == "NN001"
    assert find("Kernel_Too Large") == "NN203"
    for word in ("", "NN", "999", "2010", "kernel"):
        assert find(word) is None, word
