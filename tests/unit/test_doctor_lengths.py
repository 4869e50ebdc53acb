"""`nnc doctor` on padded rows: lengths are given with the arrays."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.doctor.python import BadArrays, diagnose

SPEC = "input Tx3 ragged -> mean axis=0 -> dense 2 softmax; loss crossentropy"
LENGTHS = np.array([2, 4, 3, 1])


def arrays(wrong=()):
    """A mean over the true positions by hand, a layer, and its gradients."""
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(4, 4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    target = np.eye(2)[[0, 1, 1, 0]]
    for row, n in zip(x, LENGTHS, strict=True):
        row[n:] = 0
    counted = np.full(4, 4) if "padding counted" in wrong else LENGTHS
    mean = x.sum(axis=1) / counted[:, None]
    scores = mean @ w + b
    y = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    dz = (y - target) / (1 if "mean missing" in wrong else 4)
    return {"X": x, "Y": target, "W1": w, "b1": b, "dW1": mean.T @ dz, "db1": dz.sum(axis=0)}


@pytest.mark.parametrize("name", ["lengths", "seq_lens", "x_lengths", "Lengths"])
def test_right_arrays(name):
    assert diagnose(SPEC, {**arrays(), name: LENGTHS}).ok


def test_lengths_may_be_a_column_or_real_numbers():
    assert diagnose(SPEC, {**arrays(), "lengths": LENGTHS[:, None].astype(float)}).ok


@pytest.mark.parametrize(
    ("wrong", "slug"),
    [("padding counted", "padding-counted"), ("mean missing", "missing-mean")],
)
def test_mistakes_are_named(wrong, slug):
    found = diagnose(SPEC, {**arrays({wrong}), "lengths": LENGTHS})
    assert not found.ok
    assert found.diagnoses[0].slug == slug


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        (None, r"the rows of x are padded \(`ragged`\): give lengths, the true length of each"),
        (np.array([2, 4, 3]), "4 rows of 4 positions, its lengths are 3 numbers up to 4"),
        (np.array([2, 5, 3, 1]), "4 rows of 4 positions, its lengths are 4 numbers up to 5"),
        (np.array([2, 0, 3, 1]), "a length below 1"),
        (np.array([2, 1.5, 3, 1]), "one whole number for each row is needed"),
        (np.ones((2, 2)), "one whole number for each row is needed"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, said):
    more = {} if lengths is None else {"lengths": lengths}
    with pytest.raises(BadArrays, match=said):
        diagnose(SPEC, {**arrays(), **more})


def test_by_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.nn").write_text(SPEC)
    np.savez("mine.npz", **arrays({"padding counted"}), lengths=LENGTHS)
    done = CliRunner().invoke(app, ["doctor", "m.nn", "mine.npz"])
    assert done.exit_code == 1
    assert "padding-counted" in done.output
