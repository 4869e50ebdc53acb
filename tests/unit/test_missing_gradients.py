"""No gradient is zero without a reason: every op and input without a gradient is listed here.

The lists equal the registry's, so that a new zero is seen and judged. What has no rule at all is
an error of the compiler that names the op, its layer and the line of the spec.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from nnc.autodiff.reverse import MissingGradient, differentiate
from nnc.cli.commands import app
from nnc.driver import Options, compile_source
from nnc.ir.op_graph import Origin, Role
from nnc.ir.types import DType, TensorType
from nnc.ops import OPS
from nnc.ops.build import Builder
from nnc.ops.reduction import sum_all
from nnc.ops.registry import INCLUDED, ZERO, Gradient, Undefined
from nnc.ops.source import leaf
from nnc.source import Source

from .test_op_gradients import SPAN

LEAF = "a value from outside: nothing stands before it"
NUMBER = "a fixed number: nothing stands before it"
STEP = "constant but for steps, where it has no derivative"
LENGTH = "a whole number of positions"
DRAWN = "drawn at random, whatever the entries of x are: of x it takes the shape"

ZEROS = {
    **dict.fromkeys(
        ("input", "param", "target", "state", "lengths", "train", "upstream"),
        LEAF,
    ),
    **dict.fromkeys(
        ("stream", "position"),
        LEAF,
    ),
    **dict.fromkeys(("const", "zeros", "ones"), NUMBER),
    "room": "an array to work in: no value is read from it that was not written before",
    "greater": STEP,
    "equal": STEP,
    "at_least": STEP,
    "stop": "a formula says so: the value is taken for a constant",
    "inside": STEP,
    "sign": STEP,
    "count_true": "a count of what holds",
    "as_real": "its operand is whole or true and false: no gradient comes from there",
    "count_steps": LENGTH,
    "window_lengths": LENGTH,
    "stretched_lengths": LENGTH,
    "equal_lengths": LENGTH,
    "offset_ids": "names rows of a table",
    "positions": "sines of the places along an axis, whatever x holds: of x it takes the shape",
    "dropout_mask": DRAWN,
    "gaussian_noise": DRAWN,
}
"""Ops through which no gradient passes, each with the reason."""

ZERO_INPUTS = {
    ("add_rows", 1): "whole numbers",
    ("at_last_step", 1): LENGTH,
    ("column_sums", 0): "the constant 1: no parameter stands before it",
    ("exclude_steps", 1): LENGTH,
    ("gru_tape", 3): LENGTH,
    ("last_step", 1): LENGTH,
    ("lstm_tape", 2): LENGTH,
    ("mask_steps", 1): LENGTH,
    ("masked_softmax", 1): LENGTH,
    ("rnn_tape", 2): LENGTH,
    ("row_sums", 1): "the constant 1: no parameter stands before it",
    ("select", 0): "true or false",
    ("take_rows", 1): "whole numbers",
}
"""Inputs of ops with a rule into which no gradient passes."""

INCLUDED_INPUTS = {
    ("gelu", 1): "Φ(x)",
    ("gelu_tanh", 1): "x between bounds",
    ("gelu_tanh", 2): "a tanh of x",
    ("gelu_tanh", 3): "Φ(x), nearly",
    ("hard_swish", 1): "x/6 + 1/2 within [0, 1]",
    ("mish", 1): "a tanh of softplus(x)",
    ("rms_normalized", 1): "1/√(mean x² + ε)",
    ("silu", 1): "σ(x)",
    ("standardized", 1): "mean and 1/√(variance + ε) of x, or numbers where not in training",
    ("standardized", 2): "whether this is training, true or false",
}
"""Inputs computed from the first, whose gradient has the way through them in it."""


def test_ops_that_stop_gradients_are_those_listed():
    assert {op.name for op in OPS.values() if op.gradient is ZERO} == {*ZEROS}


def parts(name: str):
    """What the rule of an op gives for its inputs, of every sample."""
    op = OPS[name]
    for sample in op.samples:
        build = Builder(Origin("op", (SPAN,), Role.FORWARD))
        xs = tuple(leaf(build, "input", f"x{i}", t) for i, t in enumerate(sample.types()))
        if op.composed:
            op.composed(xs, sample.attrs)
        else:
            build.emit(name, *xs, **sample.attrs)
        for node in [n for n in build.nodes if n.op == name]:
            inputs, out = tuple(build.value(i) for i in node.inputs), build.value(node.id)
            type = op.tape(tuple(v.type for v in inputs), dict(node.attrs)) if op.tape else out.type
            given = op.gradient(Gradient(node, inputs, out, leaf(build, "upstream", "g", type)))
            yield zip(range(len(inputs)), inputs, given, strict=True)


def test_inputs_that_stop_gradients_are_those_listed():
    zeros, included = set(), set()
    for op in OPS.values():
        for given in parts(op.name):
            for i, _, part in given:
                if part is ZERO:
                    zeros.add((op.name, i))
                if part is INCLUDED:
                    included.add((op.name, i))
    assert zeros == {*ZERO_INPUTS}
    assert included == {*INCLUDED_INPUTS}


def test_an_input_that_stops_gradients_holds_no_real_numbers():
    """But for the ones that a sum is multiplied by."""
    for op in OPS.values():
        for given in parts(op.name):
            for i, x, part in given:
                if part is ZERO and x.type.dtype is DType.FLOAT:
                    assert x.builder.nodes[x.id].op == "ones", (op.name, i)


def test_what_another_input_includes_is_checked_together_with_it():
    """Central differences by the first input then see the way through the others."""
    for name, _ in INCLUDED_INPUTS:
        assert OPS[name].composed, name


def test_ops_without_a_rule_say_why():
    without = [op for op in OPS.values() if isinstance(op.gradient, Undefined)]
    assert without
    assert all(len(op.gradient.why) > 20 for op in without)


@pytest.mark.parametrize(
    "name", [o.name for o in OPS.values() if isinstance(o.gradient, Undefined)]
)
def test_a_gradient_that_arrives_at_an_op_without_a_rule_is_refused(name):
    build = Builder(Origin("deep1", (SPAN,), Role.FORWARD))
    type = TensorType((2, 3))
    x = leaf(build, "input", "x", type)
    total = sum_all(build.append(name, (x.id,), (), type))
    with pytest.raises(MissingGradient, match=f"^op.nn:1: .* op '{name}' of deep1: "):
        differentiate(build, total.id, [], ["x"])


SPEC = """\
# a comment
input 4 -> dense 3 sigmoid
  -> dense 2 softmax
loss crossentropy
regularize l1=0.1
"""
USED = {
    "sigmoid": ("dense1", 2),
    "matmul": ("dense2", 3),
    "add": ("loss", 4),
    "crossentropy": ("crossentropy", 4),
    "abs": ("regularize", 5),
}


def delete(monkeypatch, name: str) -> None:
    """Take the rule of an op away."""
    monkeypatch.setitem(OPS, name, replace(OPS[name], gradient=Undefined("it was deleted")))


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("deleted", USED)
def test_compilation_fails_where_a_rule_is_missing(monkeypatch, deleted, level):
    layer, line = USED[deleted]
    options = Options(level=level, format=False)
    spec = Source("model.nn", SPEC)
    compile_source(spec, options)
    delete(monkeypatch, deleted)
    with pytest.raises(MissingGradient) as error:
        compile_source(spec, options)
    assert str(error.value) == (
        f"model.nn:{line}: no gradient passes through op '{deleted}' of {layer}: it was deleted"
    )


def test_the_command_says_it_in_one_line(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.nn").write_text(SPEC)
    delete(monkeypatch, "sigmoid")
    done = CliRunner().invoke(app, ["compile", "model.nn"], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "error: model.nn:2: no gradient passes through op 'sigmoid' of dense1: it was deleted\n"
    )
