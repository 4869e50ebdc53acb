"""Rows of different lengths: padding affects nothing, and lengths and ids are validated.

A network that works position by position must say of padded rows what it says of all their true
positions as one plain batch: that plain network is the oracle for every loss.
"""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from .contract import LEVELS, load

pytestmark = pytest.mark.parametrize("level", LEVELS)

LENGTHS = np.array([3, 5, 1, 4])
STEPS = 5
INSIDE = np.arange(STEPS) < LENGTHS[:, None]
JUNK = np.array([np.nan, np.inf, -np.inf, 1e300])

RECURRENT = [
    "rnn 3",
    "rnn 3 relu reverse=true",
    "lstm 3",
    "lstm 3 bidirectional=true layers=2",
    "gru 3",
    "gru 3 bidirectional=true",
    "gru 3 layers=2 reverse=true",
]


def module(text: str, level: int):
    """A spec's module that also gives the gradient by its input."""
    options = Options(level=level, format=False, emit=("input-gradient",))
    return load(compile_source(Source("ragged.nn", f"{text}\ndtype float64\n"), options).code)


def rows(seed: int = 0, features: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(LENGTHS), STEPS, features))


def with_junk(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """The same rows with other padding: not a number, infinite, huge."""
    dirty = x.copy()
    dirty[~INSIDE] = np.random.default_rng(seed).choice(JUNK, dirty[~INSIDE].shape)
    return dirty


def everything(made, params, x, target, lengths=LENGTHS) -> dict[str, np.ndarray]:
    """All that a module says of some rows, by name."""
    y, cache = made.forward(params, x, lengths=lengths)
    said = {"y": y, "loss": np.array(made.loss(params, cache, target))}
    said["predicted"] = made.predict(params, x, lengths=lengths)
    said |= {f"d_{k}": np.array(g) for k, g in made.backward(params, cache, target).items()}
    said["dx"] = made.input_gradient(params, x, target, lengths=lengths)
    stepped = {k: v.copy() for k, v in params.items()}
    opt = made.init_optimizer(stepped)
    said["step"] = np.array(made.train_step(stepped, x, target, opt, 0.1, lengths=lengths))
    return said | {f"stepped {k}": np.array(v) for k, v in stepped.items()}


def assert_identical(got: dict[str, np.ndarray], want: dict[str, np.ndarray]) -> None:
    """Bit for bit."""
    for name, value in want.items():
        assert np.array_equal(got[name], value), name
        assert np.isfinite(value).all(), name


# --- losses on ragged outputs -------------------------------------------------------------

CLASSES = np.random.default_rng(3).integers(0, 3, INSIDE.shape)
NUMBERS = np.random.default_rng(4).normal(size=(*INSIDE.shape, 3))
SHARES = np.abs(NUMBERS) / np.abs(NUMBERS).sum(axis=-1, keepdims=True)
UNIT = np.random.default_rng(5).uniform(size=NUMBERS.shape)

LOSSES = {
    "crossentropy of ids": ("softmax", "crossentropy", CLASSES),
    "crossentropy of rows": ("softmax", "crossentropy", SHARES),
    "crossentropy on logits": ("", "crossentropy", CLASSES),
    "crossentropy smoothed": ("softmax", "crossentropy smoothing=0.2", CLASSES),
    "crossentropy weighted": ("softmax", "crossentropy weights=[1, 2, 0.5]", CLASSES),
    "mse": ("", "mse", NUMBERS),
    "mae": ("", "mae", NUMBERS),
    "huber": ("", "huber", NUMBERS),
    "bce": ("sigmoid", "bce", UNIT),
    "bce on logits": ("", "bce pos_weight=3", UNIT),
    "kl": ("log_softmax", "kl", SHARES),
    "poisson": ("", "poisson", UNIT),
    "hinge of ids": ("", "hinge", CLASSES),
    "hinge of signs": ("tanh", "hinge", np.sign(NUMBERS)),
}


def junk_target(target: np.ndarray) -> np.ndarray:
    dirty = target.copy()
    dirty[~INSIDE] = 99 if target.dtype.kind == "i" else np.nan
    return dirty


REDUCED = [
    ("crossentropy of ids", "sum"),
    ("mse", "batchmean"),
    ("bce", "sum"),
    ("kl", "batchmean"),
]


@pytest.mark.parametrize(("name", "reduction"), [*((n, "mean") for n in LOSSES), *REDUCED])
def test_losses_take_the_true_positions_only(level, name, reduction):
    end, loss, target = LOSSES[name]
    chain = f"dense 4 tanh -> dense 3 {end}; loss {loss} reduction={reduction}"
    padded, plain = module(f"input Tx3 ragged -> {chain}", level), module(f"input 3 -> {chain}", 0)
    params, x = padded.init_params(1), rows()
    got = everything(padded, params, with_junk(x), junk_target(target))
    assert_identical(got, everything(padded, params, x * INSIDE[..., None], target))
    y, cache = plain.forward(params, x[INSIDE])
    # A plain batch counts every position as a row of its own.
    share = INSIDE.sum() / len(LENGTHS) if reduction == "batchmean" else 1
    np.testing.assert_allclose(got["y"][INSIDE], y, rtol=1e-12)
    np.testing.assert_allclose(
        got["loss"], share * plain.loss(params, cache, target[INSIDE]), rtol=1e-12
    )
    for key, g in plain.backward(params, cache, target[INSIDE]).items():
        np.testing.assert_allclose(got[f"d_{key}"], share * g, rtol=1e-10, atol=1e-14)
    assert not got["y"][~INSIDE].any()
    assert not got["dx"][~INSIDE].any()


@pytest.mark.parametrize("layer", RECURRENT)
@pytest.mark.parametrize("states", ["last", "all"])
def test_padding_changes_nothing_bit_for_bit(level, layer, states):
    made = module(f"input Tx3 ragged -> {layer} return={states} -> dense 3; loss mse", level)
    params, x = made.init_params(2), rows(1)
    target = NUMBERS if states == "all" else NUMBERS[:, 0]
    dirty = junk_target(target) if states == "all" else target
    clean = everything(made, params, x, target)
    for seed in range(3):
        assert_identical(everything(made, params, with_junk(x, seed), dirty), clean)
    assert clean["dx"][INSIDE].any()
    assert not clean["dx"][~INSIDE].any()
    if states == "all":
        assert not clean["y"][~INSIDE].any()


@pytest.mark.parametrize("layer", RECURRENT)
def test_every_row_is_as_if_alone_and_unpadded(level, layer):
    made = module(f"input Tx3 ragged -> {layer} return=all -> dense 2; loss mse", level)
    params, x = made.init_params(3), rows(2)
    y = made.predict(params, with_junk(x), lengths=LENGTHS)
    for row, count in enumerate(LENGTHS):
        alone = made.predict(params, x[row : row + 1, :count], lengths=[count])
        np.testing.assert_allclose(y[row, :count], alone[0], rtol=1e-12, atol=1e-15)


def test_more_padding_changes_nothing(level):
    made = module("input Tx3 ragged -> gru 4 bidirectional=true -> dense 2; loss mse", level)
    params, x, target = made.init_params(3), rows(), NUMBERS[:, 0, :2]
    longer = np.concatenate([x, np.full((4, 6, 3), np.nan)], axis=1)
    want, got = (everything(made, params, a, target) for a in (x, longer))
    got["dx"] = got["dx"][:, :STEPS]
    for name, value in want.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-12, atol=1e-15, err_msg=name)


def test_a_loss_in_the_middle_ignores_padding_too(level):
    text = "input Tx3 ragged -> dense 3 tanh as h -> lstm 2 as end\nloss mse on h weight=0.5\nloss mse on end"
    made = module(text, level)
    params, x = made.init_params(3), rows()
    targets = {"h": NUMBERS, "end": NUMBERS[:, 0, :2]}
    clean = everything(made, params, x, targets)
    dirty = {**targets, "h": junk_target(NUMBERS)}
    assert_identical(everything(made, params, with_junk(x), dirty), clean)


def test_sizes_may_change_from_call_to_call(level):
    """Any T and B after any other; nothing of an earlier batch is left over."""
    text = "input Tx3 ragged -> lstm 3 return=all -> dense 2; loss mse"
    made, rng = module(text, level), np.random.default_rng(0)
    params = made.init_params(1)
    opt = made.init_optimizer(params)
    for batch, steps in ((4, 5), (1, 1), (7, 2), (2, 9), (1, 4), (4, 5), (1, 1)):
        x, target = rng.normal(size=(batch, steps, 3)), rng.normal(size=(batch, steps, 2))
        lengths = rng.integers(1, steps + 1, batch)
        fresh = module(text, level)
        want = fresh.forward({k: v.copy() for k, v in params.items()}, x, lengths=lengths)
        got = made.forward(params, x, lengths=lengths)
        np.testing.assert_allclose(got[0], want[0], rtol=1e-12)
        value = pytest.approx(fresh.loss(params, want[1], target), rel=1e-12)
        assert made.train_step(params, x, target, opt, 0.1, lengths=lengths) == value


# --- validation of lengths ----------------------------------------------------------------

SIMPLE = "input Tx3 ragged -> gru 2 -> dense 1; loss mse"


def uses(made, params, x, target, **given):
    """Every function that takes lengths."""
    opt = made.init_optimizer(params)
    yield lambda: made.forward(params, x, **given)
    yield lambda: made.predict(params, x, **given)
    yield lambda: made.input_gradient(params, x, target, **given)
    yield lambda: made.train_step(params, x, target, opt, 0.1, **given)
    order = np.arange(len(LENGTHS))
    yield lambda: made.train_epoch(params, x, target, opt, batch=4, order=order, lr=0.1, **given)


def test_missing_lengths_are_asked_for(level):
    made = module(SIMPLE, level)
    params = made.init_params()
    for use in uses(made, params, rows(), NUMBERS[:, 0, :1]):
        with pytest.raises(ValueError, match="lengths"):
            use()


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        ([3, 5, 0, 4], r"expected 1 to 5.* 0\.\.5"),
        ([3, 6, 1, 4], r"expected 1 to 5.* 1\.\.6"),
        ([3, -1, 1, 4], r"-1\.\.4"),
        ([3, 5, 1], "expected 4 whole numbers"),
        ([3.0, 5.0, 1.0, 4.0], "whole numbers, found float64"),
        ([[3, 5, 1, 4]], "expected 4 whole numbers"),
        ("abcd", "lengths"),
        ({"x": [3, 5, 1, 4]}, "lengths"),
    ],
)
def test_wrong_lengths_are_refused(level, lengths, says):
    made = module(SIMPLE, level)
    params = made.init_params()
    *uses_once, _ = uses(made, params, rows(), NUMBERS[:, 0, :1], lengths=lengths)
    for use in uses_once:
        with pytest.raises(ValueError, match=says):
            use()


def test_lengths_may_be_any_whole_numbers(level):
    made = module(SIMPLE, level)
    params = made.init_params()
    want = made.predict(params, rows(), lengths=LENGTHS)
    for given in (list(LENGTHS), tuple(LENGTHS), LENGTHS.astype("u1"), LENGTHS.astype(">i2")):
        np.testing.assert_array_equal(made.predict(params, rows(), lengths=given), want)


def test_the_callers_arrays_stay_as_they_are(level):
    made = module(SIMPLE, level)
    params, x, lengths = made.init_params(), with_junk(rows()), LENGTHS.copy()
    before = x.copy()
    everything(made, params, x, NUMBERS[:, 0, :1], lengths)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(lengths, LENGTHS)


def test_several_ragged_inputs_take_a_dict_of_lengths(level):
    text = (
        "input Tx3 ragged as a -> gru 2 as left\n"
        "input Sx3 ragged as b -> lstm 2 as right\n"
        "[left, right] -> mul -> dense 1\nloss mse"
    )
    made = module(text, level)
    params, target = made.init_params(), NUMBERS[:, 0, :1]
    lengths = {"a": LENGTHS, "b": np.array([2, 1, 2, 2])}
    x = {"a": rows(0), "b": rows(1)[:, :2]}
    dirty = {"a": with_junk(rows(0)), "b": x["b"].copy()}
    dirty["b"][1, 1] = np.nan
    y = made.predict(params, x, lengths=lengths)
    np.testing.assert_array_equal(made.predict(params, dirty, lengths=lengths), y)
    swapped = {name: lengths[name] for name in ("b", "a")}
    np.testing.assert_array_equal(made.predict(params, x, lengths=swapped), y)
    for wrong in (None, LENGTHS, {"a": LENGTHS}, {**lengths, "c": LENGTHS}):
        with pytest.raises(ValueError, match="lengths"):
            made.predict(params, x, lengths=wrong)
    with pytest.raises(ValueError, match=r"lengths\['b'\].*1 to 2"):
        made.predict(params, x, lengths={"a": LENGTHS, "b": LENGTHS})
    opt, other = made.init_optimizer(params), {k: v.copy() for k, v in params.items()}
    one = made.train_step(params, dirty, target, opt, 0.1, lengths=lengths)
    epoch = made.train_epoch(
        other,
        dirty,
        target,
        made.init_optimizer(other),
        batch=4,
        order=range(4),
        lr=0.1,
        lengths=lengths,
    )
    assert one == epoch
    for name, value in params.items():
        np.testing.assert_array_equal(other[name], value)


def test_one_ragged_input_beside_a_plain_one(level):
    text = (
        "input Tx3 ragged as words -> gru 2 as read\ninput 2 as facts\n"
        "[read, facts] -> concat -> dense 1\nloss mse"
    )
    made = module(text, level)
    params, facts = made.init_params(), NUMBERS[:, 0, :2]
    y = made.predict(params, {"words": rows(), "facts": facts}, lengths=LENGTHS)
    dirty = {"words": with_junk(rows()), "facts": facts}
    np.testing.assert_array_equal(made.predict(params, dirty, lengths=LENGTHS), y)


def test_an_epoch_takes_each_rows_own_length(level):
    made = module("input Tx3 ragged -> lstm 2 return=all -> dense 3; loss mse", level)
    params, x, target = made.init_params(), with_junk(rows()), junk_target(NUMBERS)
    by_hand = {k: v.copy() for k, v in params.items()}
    order = np.array([2, 0, 3, 1, 1])
    opt = made.init_optimizer(by_hand)
    losses = [
        len(some) * made.train_step(by_hand, x[some], target[some], opt, 0.1, lengths=LENGTHS[some])
        for some in (order[:2], order[2:4], order[4:])
    ]
    mean = made.train_epoch(
        params,
        x,
        target,
        made.init_optimizer(params),
        batch=2,
        order=order,
        lr=0.1,
        lengths=LENGTHS,
    )
    assert mean == pytest.approx(sum(losses) / 5, rel=1e-14)
    for name, value in by_hand.items():
        np.testing.assert_array_equal(params[name], value)


# --- ids ----------------------------------------------------------------------------------

WORDS = "input T int ragged -> embedding 6 3 as emb -> gru 3 return=all -> dense 6 tie=emb; loss crossentropy"


def ids_module(text: str, level: int):
    return load(
        compile_source(
            Source("ids.nn", f"{text}\ndtype float64\n"), Options(level=level, format=False)
        ).code
    )


def test_ids_in_the_padding_may_be_anything(level):
    made = ids_module(WORDS, level)
    params, ids = made.init_params(1), np.random.default_rng(0).integers(0, 6, INSIDE.shape)
    target = np.random.default_rng(1).integers(0, 6, INSIDE.shape)

    def said(x, aim):
        y, cache = made.forward(params, x, lengths=LENGTHS)
        found = {"y": y, "loss": np.array(made.loss(params, cache, aim))}
        found["predicted"] = made.predict(params, x, lengths=LENGTHS)
        return found | {k: np.array(g) for k, g in made.backward(params, cache, aim).items()}

    clean = said(ids, target)
    for junk in (-1, 6, np.iinfo(np.int64).min, np.iinfo(np.int64).max):
        dirty, aim = ids.copy(), target.copy()
        dirty[~INSIDE] = aim[~INSIDE] = junk
        assert_identical(said(dirty, aim), clean)


@pytest.mark.parametrize("wrong", [-1, 6, 10**12])
def test_ids_out_of_range_are_refused(level, wrong):
    made = ids_module(WORDS, level)
    params, ids = made.init_params(1), np.zeros(INSIDE.shape, int)
    ids[1, 4] = wrong  # the last true position of the longest row
    for use in (made.forward, made.predict):
        with pytest.raises(ValueError, match=rf"x: ids must lie in 0\.\.5, found .*{wrong}"):
            use(params, ids, lengths=LENGTHS)


def test_ids_are_whole_numbers(level):
    made = ids_module(WORDS, level)
    params = made.init_params(1)
    with pytest.raises(ValueError, match="x: expected whole numbers, found dtype float64"):
        made.predict(params, np.zeros(INSIDE.shape), lengths=LENGTHS)
    with pytest.raises(ValueError, match="shape"):
        made.predict(params, np.zeros((4, 5, 1), int), lengths=LENGTHS)
    want = made.predict(params, np.ones(INSIDE.shape, int), lengths=LENGTHS)
    for kind in ("u1", "i2", ">i4", "i8"):
        got = made.predict(params, np.ones(INSIDE.shape, kind), lengths=LENGTHS)
        np.testing.assert_array_equal(got, want)


def test_the_smallest_of_two_tables_bounds_the_ids(level):
    text = (
        "input T int as words -> embedding 9 2 as a\nwords -> embedding 4 2 as b\n"
        "[a, b] -> add -> lstm 2 -> dense 1\nloss mse"
    )
    made = ids_module(text, level)
    params = made.init_params()
    assert made.predict(params, [[3, 0]]).shape == (1, 1)
    with pytest.raises(ValueError, match=r"0\.\.3"):
        made.predict(params, [[4, 0]])


def test_repeated_ids_add_their_gradients(level):
    made = ids_module("input 4 int -> embedding 5 2; loss mse reduction=sum", level)
    params = made.init_params(1)
    ids, target = np.array([[1, 1, 4, 1], [0, 4, 1, 1]]), np.zeros((2, 4, 2))
    _, cache = made.forward(params, ids)
    found = made.backward(params, cache, target)["embedding1.W"]
    counts = np.bincount(ids.ravel(), minlength=5)[:, None]
    np.testing.assert_allclose(found, 2 * counts * params["embedding1.W"], rtol=1e-14)
