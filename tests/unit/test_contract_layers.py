"""The public contract of the generated module, for every family of layers."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import threading
import warnings

import numpy as np
import pytest

from .contract import LEVELS, load
from .families import FAMILIES, Trial, arrays, copies, same, shaped, source

pytestmark = [
    pytest.mark.parametrize("level", LEVELS),
    pytest.mark.parametrize("family", FAMILIES),
]
SIZES = [(4, 2), (2, 0), (5, 4), (3, 1), (4, 2), (2, 5)]
ALONE = [(1, 0), (1, 3)]
NUMPY_SAYS = (
    "broadcast|ufunc|matmul|operands|could not convert|truth value|setting an array|too many values"
)


def sizes(trial: Trial) -> list[tuple[int, int]]:
    """Rows and further steps; where statistics are taken of a batch it has two rows."""
    return SIZES if trial.module.STATE_SHAPES else [*SIZES, *ALONE]


def test_any_size_may_follow_any_other(family, level):
    trial = Trial(family, level, "float64")
    module, cache, grads = trial.module, None, None
    by_hand, params = copies(trial.params), trial.params
    opt, opt_by_hand = module.init_optimizer(params), module.init_optimizer(by_hand)
    state = {"state": module.init_state()} if module.STATE_SHAPES else {}
    state_by_hand = copies(state)
    for i, (rows, extra) in enumerate(sizes(trial)):
        x, target, more = trial.batch(rows, extra, i)
        want = trial.said(by_hand, x, target, **more)
        given = {"cache": cache} if cache else {}
        y, cache = trial.call("forward", by_hand, x, train=True, **state_by_hand, **given, **more)
        same(y, want["y"])
        for _ in range(2):
            same(module.loss(by_hand, cache, target), want["loss"])
            grads = module.backward(by_hand, cache, target, **({"grads": grads} if grads else {}))
            same(grads, want["grads"])
        module.optimizer_step(by_hand, grads, opt_by_hand, **trial.rate)
        loss = trial.call("train_step", params, x, target, opt, **trial.rate, **state, **more)
        assert type(loss) is float
        same(loss, want["loss"])
        same(params, by_hand, 1e-8)
        same(state, state_by_hand)


def altered(a: np.ndarray) -> dict[str, object]:
    """The same numbers in other clothes."""
    wide = np.zeros((2 * len(a), *a.shape[1:]), a.dtype)
    wide[::2] = a
    fixed = a.copy()
    fixed.flags.writeable = False
    other = a.astype(">i2" if a.dtype.kind == "i" else ">f8")
    return {"list": a.tolist(), "strided": wide[::2], "read-only": fixed, "big-endian": other}


def test_float32_stays_float32_and_results_belong_to_the_caller(family, level):
    trial = Trial(family, level, "float32")
    module, (x, target, more) = trial.module, trial.batch(3, 1)
    forms = {name: altered(a) for name, a in (x if isinstance(x, dict) else {"": x}).items()}
    state = {"state": module.init_state()} if module.STATE_SHAPES else {}
    for form in ("list", "strided", "read-only", "big-endian"):
        given = (
            {name: found[form] for name, found in forms.items()}
            if "" not in forms
            else forms[""][form]
        )
        before, params = copies(given), copies(trial.params)
        opt, said = module.init_optimizer(params), trial.said(params, given, target, **more)
        trial.call("train_step", params, given, target, opt, **trial.rate, **state, **more)
        numbers = [v for v in opt.values() if isinstance(v, np.ndarray)]
        _, cache = trial.call("forward", params, given, train=True, **more)
        calls = {
            "predict": lambda p, given=given: trial.call("predict", p, given, **state, **more),
            "input_gradient": lambda p, given=given: trial.call(
                "input_gradient", p, given, target, **state, **more
            ),
            "jacobian": lambda p, given=given: trial.call("jacobian", p, given, **state, **more),
            "per_example_gradients": lambda p, given=given: trial.call(
                "per_example_gradients", p, given, target, **more
            ),
            "vjp": lambda p, cache=cache, said=said: module.vjp(p, cache, said["y"]),
        }
        found = [
            *numbers,
            *arrays(params),
            *arrays(state),
            *arrays({**said, "loss": np.float32(0)}),
        ]
        for name, call in calls.items():
            if not hasattr(module, name):
                continue
            result = call(params)
            found += arrays(copies(result))
            kept = copies(result)
            for array in arrays(result):
                array.fill(np.nan)
            same(call(params), kept, 0)
        assert {a.dtype for a in found} == {np.dtype("float32")}
        np.testing.assert_equal(copies(given), before)


def test_any_dict_of_the_right_arrays_will_do(family, level):
    trial = Trial(family, level, "float64")
    module, (x, target, more) = trial.module, trial.batch(4)
    want, usual = trial.said(trial.params, x, target, **more), copies(trial.params)
    opt = module.init_optimizer(usual)
    plain = {name: np.asfortranarray(a.copy()) for name, a in reversed(trial.params.items())}
    for array in plain.values():
        array.flags.writeable = False
    frozen, before, plain_opt = dict(plain), copies(plain), dict(copies(dict(opt)))
    state = {"state": module.init_state()} if module.STATE_SHAPES else {}
    plain_state = {"state": {n: a.tolist() for n, a in state["state"].items()}} if state else {}
    same(trial.said(plain, x, target, **more), want)
    for _ in range(2):
        trial.call("train_step", usual, x, target, opt, **trial.rate, **state, **more)
        trial.call("train_step", plain, x, target, plain_opt, **trial.rate, **plain_state, **more)
    same({name: plain[name] for name in usual}, usual)
    same(plain_state, state)
    same(frozen, before, 0)
    first = next(iter(usual))
    usual[first] = usual[first] + 0.5
    plain[first] = plain[first] + 0.5
    one = trial.call("train_step", usual, x, target, opt, **trial.rate, **state, **more)
    two = trial.call("train_step", plain, x, target, plain_opt, **trial.rate, **plain_state, **more)
    assert one == pytest.approx(two, rel=1e-10)


def test_threads_with_arrays_of_their_own(family, level):
    trial = Trial(family, level, "float64")

    def work(seed: int, out: dict[int, list]) -> None:
        params = trial.module.init_params(seed)
        opt, found = trial.module.init_optimizer(params), []
        state = {"state": trial.module.init_state()} if trial.module.STATE_SHAPES else {}
        for i in range(4):
            x, target, more = trial.batch(2 + i % 2, i * seed % 3, i + seed)
            found.append(
                trial.call("train_step", params, x, target, opt, **trial.rate, **state, **more)
            )
        out[seed] = [*found, *arrays(copies(params))]

    together, alone = {}, {}
    threads = [threading.Thread(target=work, args=(seed, together)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        work(seed, alone)
        np.testing.assert_equal(together[seed], alone[seed])


def refused(call) -> None:
    """One line that says what is wrong, in the module's own words."""
    with pytest.raises(ValueError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert not re.search(NUMPY_SAYS, message), message


def test_what_is_missing_or_wrong_is_refused_in_one_line(family, level):
    trial = Trial(family, level, "float64")
    module, (x, target, more) = trial.module, trial.batch(4)
    params, before = trial.params, copies(trial.params)
    opt = module.init_optimizer(params)
    for key in ("state", "rng", "lengths"):
        if key not in inspect.signature(module.forward).parameters:
            with pytest.raises(TypeError, match=key):
                module.forward(params, x, **{key: None})
            continue
        for wrong in (None, "abc", 3, [[1.5]]):
            given = {**more, key: wrong}
            refused(lambda given=given: trial.call("forward", params, x, train=True, **given))
            refused(
                lambda given=given: trial.call(
                    "train_step", params, x, target, opt, **trial.rate, **given
                )
            )
    name = next(iter(module.INPUTS))
    for change in (lambda a: a[:0], lambda a: a[..., None], lambda a: a[0], lambda a: a + 0j, str):
        bad = {**x, name: change(x[name])} if isinstance(x, dict) else change(x)
        refused(lambda bad=bad: trial.call("forward", params, bad, train=True, **more))
        refused(lambda bad=bad: trial.call("predict", params, bad, **more))
    state = {"state": module.init_state()} if module.STATE_SHAPES else {}
    fresh = copies(state)
    name = next(iter(module.TARGETS))
    _, cache = trial.call("forward", params, x, train=True, **more)
    for change in (lambda a: a[:-1], lambda a: a[..., None, None], lambda a: a + 0j, str):
        bad = {**target, name: change(target[name])} if isinstance(target, dict) else change(target)
        refused(lambda bad=bad: module.loss(params, cache, bad))
        refused(lambda bad=bad: module.backward(params, cache, bad))
        refused(
            lambda bad=bad: trial.call(
                "train_step", params, x, bad, opt, **trial.rate, **state, **more
            )
        )
    same(params, before, 0)
    same(state, fresh, 0)


def test_the_check_passes_and_can_fail(family, level):
    text = source(family, level, "float64")
    module = load(text)
    with contextlib.redirect_stdout(io.StringIO()) as table:
        assert module.check(), table.getvalue()
    names = list(module.PARAM_SHAPES) or pytest.skip("nothing to learn")
    wrong = names[len(names) // 2]
    if level == 0:
        # the entry of backward's dict, the last place where each name stands before the steps
        head, steps = text.split("\ndef sgd_step", 1)
        start = (
            head.rindex(f"{wrong!r}:".replace("'", '"'))
            if f'"{wrong}":' in head
            else head.rindex(f"'{wrong}':")
        )
        text = head[:start] + head[start:].replace(": ", ": 1.01 * ", 1) + "\ndef sgd_step" + steps
    else:
        text = text.replace(
            "\n@quiet\ndef forward(",
            f"\n_right = _backward\n\n\ndef _backward(*args):\n    _right(*args)\n"
            f"    args[-1][{wrong!r}][...] *= 1.01\n\n\n@quiet\ndef forward(",
        )
    with contextlib.redirect_stdout(io.StringIO()) as table:
        assert not load(text).check()
    assert re.search(rf"^{re.escape(wrong)} .*WRONG$", table.getvalue(), re.MULTILINE)


def pick(value, rows):
    """The picked rows of an array, or of every array of a dict."""
    return {n: a[rows] for n, a in value.items()} if isinstance(value, dict) else value[rows]


def test_epochs_take_every_row_once(family, level):
    trial = Trial(family, level, "float64")
    module, (x, target, more) = trial.module, trial.batch(7)
    order = np.array([5, 0, 3, 6, 1])
    by_hand, params = copies(trial.params), trial.params
    opt, opt_by_hand = module.init_optimizer(params), module.init_optimizer(by_hand)
    state = {"state": module.init_state()} if module.STATE_SHAPES else {}
    kept, total, rng = copies(state), 0.0, np.random.default_rng(5)
    random = {"rng": rng} if "rng" in inspect.signature(module.train_step).parameters else {}
    for rows in (order[:3], order[3:]):
        some = {name: pick(value, rows) for name, value in more.items()}
        parts = (by_hand, pick(x, rows), pick(target, rows), opt_by_hand)
        total += len(rows) * module.train_step(*parts, **trial.rate, **kept, **random, **some)
    mean = trial.call(
        "train_epoch", params, x, target, opt, batch=3, order=order, **trial.rate, **state, **more
    )
    assert mean == pytest.approx(total / 5, rel=1e-12)
    same(params, by_hand)
    same(state, kept)


def test_modules_are_the_same_bytes_and_compile_without_warnings(family, level):
    text = source(family, level, "float32")
    assert source.__wrapped__(family, level, "float32") == text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(text, "model.py", "exec")
    trial = Trial(family, level, "float32")
    x, _, more = trial.batch(3, 1)
    y = trial.call("predict", trial.params, x, **more)
    stated = trial.module.OUTPUTS
    outputs = y if isinstance(y, dict) else {next(iter(stated)): y}
    known = {"B": 3, "T": trial.least + 1, "L": trial.least + 2}
    assert {n: a.shape for n, a in outputs.items()} == {
        n: shaped(s, known) for n, s in stated.items()
    }
    assert {n: a.shape for n, a in trial.params.items()} == trial.module.PARAM_SHAPES
    assert sum(a.size for a in trial.params.values()) == trial.module.NUM_PARAMS
