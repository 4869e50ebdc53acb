"""Validation of arguments in the generated module: accepted and refused x and target."""

from __future__ import annotations

import re

import numpy as np
import pytest

from .contract import (
    CLASSIFIER,
    LEVELS,
    REGRESSION,
    SCALAR,
    TWO_HEADS,
    TWO_INPUTS,
    Case,
    copied,
    module,
)

BITS = np.random.default_rng(3).integers(0, 2, (4, 5))


def strided(a):
    wide = np.full((2 * a.shape[0], 3 * a.shape[1]), 9, a.dtype)
    wide[::2, ::3] = a
    return wide[::2, ::3]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


class Convertible:
    """Something that is no array but turns into one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


FORMS = {
    "list": lambda a: a.tolist(),
    "tuples": lambda a: tuple(map(tuple, a.tolist())),
    "list of arrays": lambda a: list(a.astype(float)),
    "bool": lambda a: a.astype(bool),
    "list of bools": lambda a: a.astype(bool).tolist(),
    "int8": lambda a: a.astype(np.int8),
    "uint8": lambda a: a.astype(np.uint8),
    "int64": lambda a: a.astype(np.int64),
    "uint64": lambda a: a.astype(np.uint64),
    "float16": lambda a: a.astype(np.float16),
    "float32": lambda a: a.astype(np.float32),
    "longdouble": lambda a: a.astype(np.longdouble),
    "matrix": lambda a: np.asmatrix(a.astype(float)),
    "integer matrix": lambda a: np.asmatrix(a),
    "strided": lambda a: strided(a.astype(float)),
    "backwards": lambda a: a.astype(float)[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "big-endian float32": lambda a: a.astype(">f4"),
    "big-endian int": lambda a: a.astype(">i4"),
    "read-only": lambda a: read_only(a.astype(float)),
    "Fortran order": lambda a: np.asfortranarray(a.astype(float)),
    "broadcast view": lambda a: np.broadcast_to(a.astype(float), a.shape),
    "convertible": lambda a: Convertible(a.tolist()),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_x_gives_the_same_answer(form, dtype, level):
    case = Case(CLASSIFIER.replace("float64", dtype), level)
    plain, given = BITS.astype(dtype), FORMS[form](BITS)
    want, cache = case.module.forward(case.params, plain)
    want = want.copy()
    grads = copied(case.module.backward(case.params, cache, case.target))
    y, cache = case.module.forward(case.params, given)
    assert type(y) is np.ndarray
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, want)
    again = case.module.backward(case.params, cache, case.target)
    for name, value in grads.items():
        np.testing.assert_array_equal(again[name], value)
    predicted = case.module.predict(case.params, given)
    assert type(predicted) is np.ndarray
    np.testing.assert_allclose(predicted, want, rtol=1e-6)
    one, two = copied(case.params), copied(case.params)
    case.module.train_step(one, plain, case.target, case.module.init_optimizer(one))
    case.module.train_step(two, given, case.target, case.module.init_optimizer(two))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", [f for f in FORMS if f not in ("matrix", "integer matrix")])
def test_every_form_of_target_gives_the_same_loss(form, level):
    bits = BITS[:, :3]
    for text in (REGRESSION, REGRESSION.replace("mse", "mae"), REGRESSION.replace("mse", "bce")):
        case = Case(text, level)
        assert case.loss(target=FORMS[form](bits)) == case.loss(target=bits.astype(float))
    if "float" not in form and form in ("list", "int8", "uint8", "int64", "big-endian int"):
        case = Case(CLASSIFIER, level)
        ids = BITS[:, 0]
        assert case.loss(target=FORMS[form](ids)) == case.loss(target=ids)


@pytest.mark.parametrize("level", LEVELS)
def test_class_ids_and_their_one_hot_rows_are_the_same_target(level):
    case = Case(CLASSIFIER, level)
    ids = np.array([0, 2, 1, 2])
    hot = np.eye(3)[ids]
    assert case.loss(target=hot) == pytest.approx(case.loss(target=ids), rel=1e-13)
    assert case.loss(target=hot.astype(int)) == pytest.approx(case.loss(target=ids), rel=1e-13)


BAD_X = {
    "complex": (np.ones((4, 5), complex), "complex"),
    "complex list": ([[1j] * 5] * 4, "complex"),
    "object": (np.array([[object()] * 5] * 4), "object"),
    "None": (None, ""),
    "strings": (np.array([["a"] * 5] * 4), ""),
    "numeric strings": ([["1"] * 5] * 4, ""),
    "bytes": (np.array([[b"a"] * 5] * 4), ""),
    "dates": (np.zeros((4, 5), "datetime64[s]"), ""),
    "ragged list": ([[1, 2, 3, 4, 5], [1, 2]], ""),
    "one row": (np.ones(5), "(5,)"),
    "a number": (1.0, ""),
    "too wide": (np.ones((4, 6)), "(4, 6)"),
    "too narrow": (np.ones((4, 1)), "(4, 1)"),
    "too many axes": (np.ones((4, 5, 1)), "(4, 5, 1)"),
    "transposed": (np.ones((5, 4)), "(5, 4)"),
    "a dict": ({"x": np.ones((4, 5))}, ""),
}


def entry_points(case: Case):
    """Every function x goes through."""
    module, opt = case.module, case.module.init_optimizer(case.params)
    return {
        "forward": lambda x: module.forward(case.params, x),
        "predict": lambda x: module.predict(case.params, x),
        "train_step": lambda x: module.train_step(case.params, x, case.target, opt),
    }


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", BAD_X)
def test_bad_x_is_refused_by_name(bad, level):
    case = Case(CLASSIFIER, level)
    value, found = BAD_X[bad]
    for name, call in entry_points(case).items():
        with pytest.raises(ValueError) as refused:
            call(value)
        message = str(refused.value)
        assert re.search(r"\bx\b", message), f"{name}: {message}"
        assert found in message, f"{name}: {message}"
        assert "\n" not in message
        if found.startswith("("):
            assert "(B, 5)" in message, message


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_changes_when_x_is_refused(level):
    case = Case(CLASSIFIER, level)
    before, opt = copied(case.params), case.module.init_optimizer(case.params)
    for value, _ in BAD_X.values():
        with pytest.raises(ValueError):
            case.module.train_step(case.params, value, case.target, opt)
    with pytest.raises(ValueError):
        case.module.train_step(case.params, case.x, [0, 1, 2, 3], opt)
    for name, value in before.items():
        np.testing.assert_array_equal(case.params[name], value)


BAD_IDS = {
    "too large": ([0, 1, 2, 3], "3"),
    "negative": ([0, 1, -1, 2], "-1"),
    "fractions": ([0.5, 1, 2, 0], ""),
    "complex": (np.zeros(4, complex), ""),
    "strings": (["a", "b", "c", "a"], ""),
    "too few": ([0, 1, 2], ""),
    "too many": ([0, 1, 2, 0, 1], ""),
    "one": (1, ""),
    "none": (None, ""),
    "rows too wide": (np.ones((4, 4)) / 4, "(4, 4)"),
    "rows too narrow": (np.ones((4, 2)) / 2, "(4, 2)"),
    "one row": (np.ones((1, 3)) / 3, "(1, 3)"),
    "three axes": (np.ones((4, 3, 1)), "(4, 3, 1)"),
    "a dict": ({"y": [0, 1, 2, 0]}, ""),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", BAD_IDS)
def test_bad_class_ids_are_refused(bad, level):
    case = Case(CLASSIFIER, level)
    value, found = BAD_IDS[bad]
    _, cache = case.module.forward(case.params, case.x)
    opt = case.module.init_optimizer(case.params)
    for call in (
        lambda: case.module.loss(case.params, cache, value),
        lambda: case.module.backward(case.params, cache, value),
        lambda: case.module.train_step(case.params, case.x, value, opt),
    ):
        with pytest.raises(ValueError) as refused:
            call()
        message = str(refused.value)
        assert "target" in message
        assert found in message


BAD_ROWS = {
    "one value a row": (np.ones((4, 1)), "(4, 1)"),
    "one row": (np.ones((1, 3)), "(1, 3)"),
    "a vector of the width": (np.ones(3), "(3,)"),
    "a number": (1.0, ""),
    "too few rows": (np.ones((3, 3)), "(3, 3)"),
    "too wide": (np.ones((4, 4)), "(4, 4)"),
    "complex": (np.ones((4, 3), complex), "complex"),
    "strings": (np.full((4, 3), "a"), ""),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["mse", "mae", "quadratic", "huber", "bce"])
@pytest.mark.parametrize("bad", BAD_ROWS)
def test_targets_are_never_broadcast(bad, kind, level):
    case = Case(REGRESSION.replace("mse", kind), level)
    value, found = BAD_ROWS[bad]
    _, cache = case.module.forward(case.params, case.x)
    for call in (case.module.loss, case.module.backward):
        with pytest.raises(ValueError) as refused:
            call(case.params, cache, value)
        message = str(refused.value)
        assert "target" in message
        assert found in message


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["mse", "quadratic", "bce"])
def test_class_ids_where_rows_are_wanted_get_the_hint(kind, level):
    case = Case(REGRESSION.replace("mse", kind), level)
    with pytest.raises(ValueError, match="one-hot"):
        case.loss(target=np.array([0, 1, 2, 0]))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["mse", "mae", "quadratic", "huber", "bce"])
def test_a_flat_target_is_read_as_a_column_where_the_output_is_one_wide(kind, level):
    case = Case(SCALAR.replace("mse", kind), level)
    flat = np.array([0.0, 1.0, 0.5, 1.0])
    assert case.loss(target=flat) == case.loss(target=flat[:, None])
    case.target = flat
    one = copied(case.grads())
    case.target = flat[:, None]
    for name, value in case.grads().items():
        np.testing.assert_array_equal(one[name], value)
    with pytest.raises(ValueError, match="target"):
        case.loss(target=flat[None, :])


@pytest.mark.parametrize("level", LEVELS)
def test_several_inputs_come_in_a_dict(level):
    case = Case(TWO_INPUTS, level)
    good = case.x
    shuffled = dict(reversed(good.items()))
    np.testing.assert_array_equal(
        case.module.predict(case.params, shuffled), case.module.predict(case.params, good)
    )
    bad = {
        "right": {"left": good["left"]},
        "middle": {**good, "middle": good["left"]},
        "left": {**good, "left": np.ones((4, 2))},
    }
    for name, x in bad.items():
        with pytest.raises(ValueError, match=rf"\b{name}\b"):
            case.module.forward(case.params, x)
    for x in (good["left"], [good["left"], good["right"]], None):
        with pytest.raises(ValueError, match="dict"):
            case.module.forward(case.params, x)
    with pytest.raises(ValueError, match=r"left|right"):
        case.module.forward(case.params, {**good, "right": np.ones((5, 2))})


@pytest.mark.parametrize("level", LEVELS)
def test_several_targets_come_in_a_dict(level):
    case = Case(TWO_HEADS, level)
    assert set(case.module.TARGETS) == {"kind", "size"}
    good = case.target
    assert case.loss(target=dict(reversed(good.items()))) == case.loss()
    bad = {
        "size": {"kind": good["kind"]},
        "other": {**good, "other": good["size"]},
        "kind": {**good, "kind": [0, 1, 2, 3]},
    }
    for name, target in bad.items():
        with pytest.raises(ValueError, match=rf"\b{name}\b"):
            case.loss(target=target)
    with pytest.raises(ValueError, match="dict"):
        case.loss(target=good["kind"])
    y, _ = case.module.forward(case.params, case.x)
    assert list(y) == ["kind", "size"]


@pytest.mark.parametrize("level", LEVELS)
def test_one_loss_of_several_outputs_takes_a_bare_target(level):
    text = TWO_HEADS.replace("loss mse on size\n", "")
    case = Case(text, level)
    assert isinstance(case.target, np.ndarray)
    assert case.loss() > 0
    assert not case.grads()["size.W"].any()


@pytest.mark.parametrize("level", LEVELS)
def test_symbolic_dimensions_unify_by_name(level):
    text = "input Tx3 as a\ninput Tx3 as b\n[a, b] -> add -> dense 2\nloss mse\n"
    generated = module(text, level)
    params = generated.init_params()
    for time in (1, 4, 2):
        x = {"a": np.ones((2, time, 3)), "b": np.ones((2, time, 3))}
        assert generated.predict(params, x).shape == (2, time, 2)
    with pytest.raises(ValueError, match=r"\bT\b"):
        generated.forward(params, {"a": np.ones((2, 4, 3)), "b": np.ones((2, 5, 3))})


@pytest.mark.parametrize("level", LEVELS)
def test_one_row(level):
    case = Case(CLASSIFIER, level)
    assert case.module.predict(case.params, np.ones((1, 5))).shape == (1, 3)


# --- images with their channels elsewhere -------------------------------------------------

IMAGES = "input {} as picture -> conv 2 3x3 -> global_avgpool -> dense 3; loss mse\n"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("shape", "found", "hint"),
    [
        ("3x8x9", (2, 8, 9, 3), "np.transpose(picture, (0, 3, 1, 2))"),
        ("3xHxW", (2, 8, 9, 3), "np.transpose(picture, (0, 3, 1, 2))"),
        ("1x8x9", (2, 8, 9), "picture[:, None]"),
        ("3x8x9", (2, 8, 9), ""),
        ("3x8x9", (2, 3, 9, 8), ""),
        ("3x8x9", (8, 9, 3), ""),
        ("3x8x9", (2, 3, 3), ""),
    ],
)
def test_channels_that_come_last_are_told_and_the_hint_helps(shape, found, hint, level):
    made = module(IMAGES.format(shape), level)
    params, picture = made.init_params(0), np.ones(found)
    with pytest.raises(ValueError, match="picture: expected shape") as raised:
        made.predict(params, picture)
    told = str(raised.value).partition("; channels come first: ")[2]
    assert told == hint
    if told == "picture[:, None]":
        assert made.predict(params, picture[:, None]).shape == (2, 3)
    elif told:
        assert made.predict(params, np.transpose(picture, (0, 3, 1, 2))).shape == (2, 3)
