"""Modelling lints in specs with shape errors: what can still be checked is checked."""

from __future__ import annotations

from nnc.driver import check
from nnc.source import Source


def codes(text: str) -> list[str]:
    return [d.code.id for d in check(Source("model.nn", text)).report]


def test_settings_are_judged_beside_a_shape_error():
    spec = "input 784 -> reshape 30x28 -> flatten -> dense 10 softmax\nloss crossentropy\n"
    assert codes(spec + "optimizer sgd lr=1e3") == ["NN208", "NN311"]


def test_another_chain_is_judged_beside_a_shape_error():
    spec = """
    input 784 int as pixels -> dense 32 relu as look
    input 6 as facts -> dense 40 -> dense 32 relu as told
    [look, told] -> add -> dense 10 softmax
    loss crossentropy
    """
    assert codes(spec) == ["NN213", "NN308"]


def test_what_a_faulty_layer_reads_does_not_seem_unread():
    spec = """
    input 8 -> dense 6 as a -> dense 4 relu as b
    a -> reshape 5x5 -> flatten -> dense 4 as c
    [b, c] -> add -> dense 1
    loss mse
    """
    assert codes(spec) == ["NN208"]  # no NN308: `a` goes into two layers


def test_parameters_behind_a_fault_are_not_said_to_be_unreached():
    spec = """
    input 8 -> dense 6 relu -> reshape 5x5 -> flatten -> dense 4
    loss mse
    """
    assert codes(spec) == ["NN208"]
