"""`nnc train --params FILE`: training that starts from trained weights."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from nnc import loads
from nnc.cli.commands import app
from nnc.runtime import train
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.run import open_run

SPEC = """\
input 3 -> dense 5 tanh -> batchnorm -> dense 2
loss mse
optimizer sgd lr=0.05
train epochs=2 batch=8
dtype float64
"""


def data() -> Dataset:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3))
    return Dataset(x, np.stack([x.sum(1), x[:, 0]], axis=1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.nn").write_text(SPEC)
    sets = data()
    np.savez(tmp_path / "data.npz", x=sets.x, y=sets.target)
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(app, ["train", "a.nn", "--data", "data.npz", *words])


def weights(path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("form", ["npz", "safetensors"])
def test_training_goes_on_from_the_weights_of_a_file(folder, form):
    assert run("-o", f"one.{form}").exit_code == 0
    assert run("-o", "one.npz").exit_code == 0
    assert run("--params", f"one.{form}", "--epochs", "0", "-o", "same.npz").exit_code == 0
    one, same = weights("one.npz"), weights("same.npz")
    assert one.keys() == same.keys()
    assert len(one) > 6
    for name, array in one.items():
        np.testing.assert_array_equal(same[name], array)


def test_python_begins_with_copies(folder):
    module, sets = loads(SPEC), data()
    first = train(module, sets)
    kept = {name: array.copy() for name, array in first.params.items()}
    second = train(module, sets, params=first.params, state=first.state)
    assert second.history[0].loss < first.history[1].loss < first.history[0].loss
    for name, array in kept.items():
        np.testing.assert_array_equal(first.params[name], array)


def test_frozen_layers_keep_the_weights_of_the_file(folder):
    run("-o", "one.npz")
    assert run("--params", "one.npz", "--freeze", "dense1", "-o", "two.npz").exit_code == 0
    one, two = weights("one.npz"), weights("two.npz")
    for name in ("dense1.W", "dense1.b"):
        np.testing.assert_array_equal(two[name], one[name])
    assert (two["dense2.W"] != one["dense2.W"]).any()


def test_a_run_remembers_what_it_began_with_until_it_has_a_checkpoint(folder):
    run("-o", "one.npz")
    assert run("--params", "one.npz", "--run", "kept", "--epochs", "4").exit_code == 0
    whole = open_run("kept").params()
    assert run("--params", "one.npz", "--run", "part").exit_code == 0
    (folder / "one.npz").unlink()
    gone_on = CliRunner().invoke(app, ["train", "--resume", "part", "--epochs", "4"])
    assert gone_on.exit_code == 0, gone_on.output
    for name, array in open_run("part").params().items():
        np.testing.assert_array_equal(array, whole[name])


def test_a_run_without_a_checkpoint_needs_the_file_as_it_was(folder):
    run("-o", "one.npz")
    run("--params", "one.npz", "--run", "kept")
    for file in folder.glob("kept/checkpoint-*"):
        file.unlink()
    (folder / "one.npz").unlink()
    refused = CliRunner().invoke(app, ["train", "--resume", "kept"])
    assert refused.exit_code == 1
    assert "one.npz is missing" in refused.output


def test_weights_of_another_network_are_refused(folder):
    run("-o", "one.npz")
    (folder / "a.nn").write_text(SPEC.replace("dense 5", "dense 6"))
    refused = run("--params", "one.npz")
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "one.npz" in refused.output
    assert "expected shape (6,), found (5,)" in refused.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--params", "none.npz"], 1, "none.npz: No such file"),
        (["--params", "data.npz"], 1, "data.npz"),
        (["--params", "one.npz", "-o", "one.npz"], 2, "one.npz is where training begins"),
        (["--params", ""], 2, "--params"),
    ],
)
def test_what_cannot_be_begun_with(folder, words, code, said):
    run("-o", "one.npz")
    before = (folder / "one.npz").read_bytes()
    refused = run(*words)
    assert refused.exit_code == code
    assert said in refused.output
    assert "Traceback" not in refused.output
    assert (folder / "one.npz").read_bytes() == before


def test_python_refuses_a_part_of_what_belongs_together():
    module, sets = loads(SPEC), data()
    params, state = module.init_params(0), module.init_state()
    with pytest.raises(DataError, match="running statistics"):
        train(module, sets, params=params)
    with pytest.raises(DataError, match="give params="):
        train(module, sets, state=state)
    del params["dense2.W"]
    with pytest.raises(DataError, match=r"has no dense2\.W"):
        train(module, sets, params=params, state=state)
