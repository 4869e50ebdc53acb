"""Networks over two sequences: each row alone gives what it gives in a padded batch of NaN.

With `reduction=sum` the loss and every gradient of a batch are the sums over its rows.
"""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

SPECS = {
    "start": (
        "input Sx3 ragged as s -> lstm 4 layers=2 as memory\n"
        "input Tx2 ragged as x -> lstm 4 layers=2 return=all start=memory -> dense 3 as y\n"
    ),
    "start in reverse": (
        "input Sx3 ragged as s -> gru 2 bidirectional=true as memory\n"
        "input Tx2 ragged as x -> [gru 4 reverse=true start=memory, rnn 4 start=memory] -> concat "
        "-> dense 3 as y\n"
    ),
    "cross attention": (
        "input Sx3 ragged as s\ninput Tx2 ragged as x -> dense 4 tanh as asked\n"
        "[asked, s] -> attention 2 -> dense 3 as y\n"
    ),
    "attention by hand": (
        "input Sx3 ragged as s -> dense 4 tanh as keys\n"
        "input Tx2 ragged as x -> dense 4 tanh as asked\n"
        "[asked, keys] -> dot -> scale 0.5 -> dropout 0.5 -> softmax as seen\n"
        "[seen, keys] -> matmul -> dense 3 as y\n"
    ),
    "one query": (
        "input Sx3 ragged as s -> dense 4 tanh as keys\n"
        "input Tx2 ragged as x -> gru 4 as asked\n"
        "[asked, keys] -> dot -> softmax as seen\n"
        "[seen, keys] -> matmul -> dense 3 as y\n"
    ),
    "scores of itself": (
        "input Sx3 ragged as s -> gru 2 as first\ninput Tx2 ragged as x -> dense 2 as keys\n"
        "[keys, keys -> transpose] -> matmul -> softmax as seen\n"
        "[seen, x] -> matmul -> rnn 2 start=first return=all -> dense 3 as y\n"
    ),
}
LOSSES = ("mse", "crossentropy ignore=1")
ROWS, SIZES = 4, {"s": (5, 3), "x": (6, 2)}


def numbers(rng, every: bool, ids: bool):
    x, lengths = {}, {}
    for name, (steps, size) in SIZES.items():
        x[name] = rng.normal(size=(ROWS, steps, size))
        lengths[name] = rng.integers(1, steps + 1, ROWS)
        lengths[name][rng.integers(ROWS)] = steps
    shape = (ROWS, SIZES["x"][0]) if every else (ROWS,)
    target = rng.integers(0, 3, shape) if ids else rng.normal(size=(*shape, 3))
    return x, lengths, target


def padded(array, lengths, value):
    array = np.array(array)
    array[np.arange(array.shape[1]) >= lengths[:, None]] = value
    return array


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", SPECS)
def test_padding_reaches_nothing(name, level, loss):
    text = f"{SPECS[name]}output y\nloss {loss} reduction=sum\ndtype float64\n"
    module = build(text, level, emit=("input-gradient",))
    every, ids = len(module.OUTPUTS["y"]) == 3, "crossentropy" in loss
    rng = np.random.default_rng(len(name))
    params = {k: rng.normal(0, 0.5, s) for k, s in module.PARAM_SHAPES.items()}
    x, lengths, target = numbers(rng, every, ids)
    given = {k: padded(v, lengths[k], np.nan) for k, v in x.items()}
    judged = padded(target, lengths["x"], 99 if ids else np.nan) if every else target
    y, cache = module.forward(params, given, lengths=lengths)
    total = module.loss(params, cache, judged)
    grads = {k: np.array(v) for k, v in module.backward(params, cache, judged).items()}
    dx = module.input_gradient(params, given, judged, lengths=lengths)
    for i in range(ROWS):
        ends = {k: int(n[i]) for k, n in lengths.items()}
        alone = {k: v[i : i + 1, : ends[k]] for k, v in x.items()}
        own = {k: np.array([n]) for k, n in ends.items()}
        aim = target[i : i + 1, : ends["x"]] if every else target[i : i + 1]
        one, cache = module.forward(params, alone, lengths=own)
        total -= module.loss(params, cache, aim)
        for k, g in module.backward(params, cache, aim).items():
            grads[k] -= g
        np.testing.assert_allclose(y[i : i + 1, : ends["x"]] if every else y[i : i + 1], one)
        if every:
            np.testing.assert_array_equal(y[i, ends["x"] :], 0)
        found = module.input_gradient(params, alone, aim, lengths=own)
        for k, g in found.items():
            np.testing.assert_allclose(dx[k][i, : ends[k]], g[0], rtol=1e-9, atol=1e-12)
            np.testing.assert_array_equal(dx[k][i, ends[k] :], 0)
    assert abs(total) < 1e-10
    for k, g in grads.items():
        np.testing.assert_allclose(g, 0, atol=1e-10, err_msg=k)
