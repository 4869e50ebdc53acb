"""`--freeze NAME`: parameters frozen by the command, or from Python, and not by the spec."""

from __future__ import annotations

import re

import nnc
import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import Options, check, compile_source
from nnc.freezing import CannotFreeze, freeze
from nnc.runtime.module import import_module
from nnc.runtime.run import open_run
from nnc.source import Source

SPEC = """\
block pair(n) = dense n relu -> dense n
input 4 -> dense 5 prelu -> pair(4) * 2 -> (dense 3 tanh -> dense 3 relu) as enc
  -> batchnorm -> dropout 0.1 -> dense 4 frozen=true as head -> dense 4 tanh as e -> use e as again
  -> dense 2
loss mse
optimizer adam
"""
ALWAYS = {"head.W", "head.b"}
NAMES = {
    "dense1": {"dense1.W", "dense1.b", "prelu1.a"},
    "dense1.W": {"dense1.W"},
    "prelu1": {"prelu1.a"},
    "enc": {"enc.dense1.W", "enc.dense1.b", "enc.dense2.W", "enc.dense2.b"},
    "enc.dense2": {"enc.dense2.W", "enc.dense2.b"},
    "pair1": {"pair1.dense1.W", "pair1.dense1.b", "pair1.dense2.W", "pair1.dense2.b"},
    "batchnorm1": {"batchnorm1.gamma", "batchnorm1.beta"},
    "e": {"e.W", "e.b"},
    "head": set(),
}


def typed_graph(text: str):
    checked = check(Source("spec.nn", text))
    assert checked.graph is not None, [d.message for d in checked.report]
    return checked.graph


def frozen_of(typed) -> set[str]:
    return {p.name for p in typed.params if p.frozen}


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_a_group_or_a_parameter_can_be_named(name):
    assert frozen_of(freeze(typed_graph(SPEC), [name])) == NAMES[name] | ALWAYS


def test_several_names_are_frozen_besides_the_specs_own():
    typed = typed_graph(SPEC)
    assert frozen_of(freeze(typed, ["e", "enc", "e.W"])) == NAMES["e"] | NAMES["enc"] | ALWAYS
    assert freeze(typed, []) is typed


WRONG = {
    "dens1": "there is no layer or parameter 'dens1'; did you mean 'dense1'?",
    "enc.dense1.w": "there is no layer or parameter 'enc.dense1.w'; did you mean 'enc.dense1.W'?",
    "end": "there is no layer or parameter 'end'; did you mean 'enc'?",
    "trunk": "there is no layer or parameter 'trunk'; there are `dense1`, `pair1.dense1`, ",
    "dropout1": "'dropout1' has no parameters",
    "x": "'x' has no parameters",
    "again": "'again' uses the parameters of 'e'; freeze that",
    "": "there is no layer or parameter ''; there are ",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_name_without_parameters_of_its_own_is_refused(name):
    with pytest.raises(CannotFreeze, match=re.escape(WRONG[name])):
        freeze(typed_graph(SPEC), ["dense1", name])


def test_something_must_be_left_to_train():
    typed = typed_graph("input 4 -> dense 3 tanh -> dense 2; loss mse")
    with pytest.raises(CannotFreeze, match="no parameter would be left to train"):
        freeze(typed, ["dense1", "dense2"])
    assert freeze(typed, ["dense1", "dense2.W"]).trained[0].name == "dense2.b"
    without_loss = typed_graph("input 4 -> dense 3")
    assert frozen_of(freeze(without_loss, ["dense1"])) == {"dense1.W", "dense1.b"}
    solved = typed_graph("input 4 -> dense 3; loss mse; optimizer lstsq")
    with pytest.raises(CannotFreeze, match="lstsq solves for all parameters"):
        freeze(solved, ["dense1.b"])


def code(text: str, level: int = 1, **options) -> str:
    made = compile_source(Source("spec.nn", text), Options(level=level, format=False, **options))
    return re.sub(r"(?s)SPEC = .*?\nSPEC_SHA256 = \S+", "", made.code.split('"""', 2)[2])


@pytest.mark.parametrize("level", [0, 1])
def test_the_module_is_the_one_of_a_spec_that_says_it(level):
    said = "input 4 -> dense 3 tanh{} -> batchnorm{} -> dense 2\nloss mse\noptimizer adam\n"
    by_option = code(said.format("", ""), level, frozen=("dense1", "batchnorm1"))
    by_spec = code(said.format(" frozen=true", " frozen=true"), level)
    assert by_option == by_spec.replace(" frozen=true", "")


def test_one_parameter_of_a_batchnorm_does_not_freeze_its_statistics():
    text = "input 4 -> batchnorm -> dense 2; loss mse"
    assert "batch_stats" in code(text, frozen=("batchnorm1.gamma",))
    assert "batch_stats" not in code(text, frozen=("batchnorm1",))


def test_python_takes_it_too():
    module = nnc.loads("input 4 -> dense 3 tanh -> dense 2; loss mse", freeze=["dense1"])
    assert module.FROZEN == ("dense1.W", "dense1.b")
    with pytest.raises(ValueError, match="did you mean 'dense1'"):
        nnc.compile("input 4 -> dense 3 tanh -> dense 2; loss mse", freeze=["denze1"])


# --- the commands -------------------------------------------------------------------------

DIGITS = "input 64 -> dense 8 relu -> dense 10 softmax; loss crossentropy; optimizer adam\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command line in a folder of its own, which has a spec."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits.nn").write_text(DIGITS)
    return lambda *words: CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_compile_writes_the_module(run, tmp_path):
    assert run("compile", "digits.nn", "--freeze", "dense1", "-o", "made.py").exit_code == 0
    assert import_module(tmp_path / "made.py").FROZEN == ("dense1.W", "dense1.b")


@pytest.mark.parametrize("command", [["compile"], ["train", "--data", "digits"]])
def test_an_unknown_name_is_one_line(run, command):
    done = run(*command, "digits.nn", "--freeze", "dense11")
    assert (done.exit_code, done.stdout) == (2, "")
    said = "error: --freeze: there is no layer or parameter 'dense11'; did you mean 'dense1'?"
    assert done.stderr.splitlines()[0] == said


def test_train_leaves_what_is_named(run, tmp_path):
    words = ("train", "digits.nn", "--data", "digits", "--freeze", "dense1", "--seed", "3")
    assert run(*words, "--epochs", "1", "-o", "learned.npz").exit_code == 0
    run("compile", "digits.nn", "-o", "made.py")
    module = import_module(tmp_path / "made.py")
    fresh, learned = module.init_params(3), module.load_params(tmp_path / "learned.npz")
    same = {name for name, array in fresh.items() if (array == learned[name]).all()}
    assert same == {"dense1.W", "dense1.b"}


def test_a_run_remembers_it(run):
    words = ("train", "digits.nn", "--data", "digits", "--freeze", "dense1", "--epochs", "1")
    assert run(*words, "--run", "kept").exit_code == 0
    before = open_run("kept").params()
    assert run("train", "--resume", "kept", "--epochs", "2").exit_code == 0
    kept = open_run("kept")
    assert kept.module.FROZEN == ("dense1.W", "dense1.b")
    after = kept.params()
    np.testing.assert_array_equal(after["dense1.W"], before["dense1.W"])
    assert (after["dense2.W"] != before["dense2.W"]).any()
    refused = run("train", "--resume", "kept", "--freeze", "dense2")
    assert refused.exit_code == 2
    assert "--freeze" in refused.stderr
