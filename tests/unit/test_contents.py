"""Modules that only predict, modules with embedded weights, and bare formulas, against whole modules."""

from __future__ import annotations

import ast
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from nnc.cli import carried
from nnc.contents import CannotContain, Contents, UnfitWeights
from nnc.driver import Options, check, compile_source
from nnc.runtime.module import import_module
from nnc.runtime.weights import write_weights
from nnc.source import Source

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("examples", "examples/systems", "tests/golden/modules")
SPECS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.nn"))]
DIGITS = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy"
NORM = "input 6 -> dense 4 -> batchnorm -> relu -> dense 3 softmax; loss crossentropy"
TRAINING = {"forward", "loss", "losses", "backward", "train_step", "train_epoch", "sgd_step"}
TRAINING |= {"init_params", "init_optimizer", "optimizer_step", "save_params", "check"}


def written(text: str, **options) -> str:
    options = {"format": False, **options}
    return compile_source(Source("spec.nn", text), Options(**options)).code


def loaded(folder: Path, name: str, text: str, **options):
    path = folder / f"{name}.py"
    path.write_text(written(text, **options), encoding="utf-8")
    return import_module(path)


def reader(path: Path):
    return lambda typed: carried.read_weights(path, typed)


def sample(module):
    """Rows for a model in its own types, its targets in rows, and lengths."""
    rng = np.random.default_rng(7)
    if hasattr(module, "sample_batch"):
        x, target = module.sample_batch(rng)
    else:
        sizes = {"B": 5, "T": 6}
        drawn = {
            n: rng.standard_normal([sizes.get(s, s) for s in shape])
            for n, shape in module.INPUTS.items()
        }
        x, target = (drawn if len(drawn) > 1 else next(iter(drawn.values()))), None
    words = {"lengths": module.sample_lengths(rng)} if hasattr(module, "sample_lengths") else {}
    return mapped(x, lambda name, a: typed(module, a)), rows(module, target), words


def mapped(arrays, change):
    if isinstance(arrays, dict):
        return {name: change(name, array) for name, array in arrays.items()}
    return change("", arrays)


def typed(module, array):
    return array.astype(np.int64 if array.dtype.kind in "iu" else module.DTYPE)


def rows(module, target):
    def change(name: str, array):
        shape = module.TARGETS[name] if name else next(iter(module.TARGETS.values()))
        if array.ndim == len(shape):
            return array.astype(module.DTYPE)
        ones = np.eye(shape[-1], dtype=module.DTYPE)[array]
        return 2 * ones - 1 if "hinge" in module.LOSSES.values() else ones

    return None if target is None else mapped(target, change)


def saved(folder: Path, module):
    """Parameters that nobody would take for fresh ones, in a file; and the state with them."""
    rng = np.random.default_rng(3)
    params = module.init_params(1)
    for array in params.values():
        array += rng.uniform(-0.1, 0.1, array.shape).astype(array.dtype)
    state = module.init_state() if module.STATE_SHAPES else {}
    for array in state.values():
        array += rng.uniform(0.1, 0.2, array.shape).astype(array.dtype)
    path = folder / "best.safetensors"
    write_weights(path, params, state)
    module.save_params(folder / "best.npz", params, *([state] if state else []))
    return path


def predicted(module, given, x, words) -> list[bytes]:
    params, state = given if module.STATE_SHAPES else (given, None)
    words = {**words, "state": state} if state is not None else words
    y = module.predict(params, x, **words)
    return [a.tobytes() for a in (y.values() if isinstance(y, dict) else [y])]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_modules_that_predict_agree_with_the_whole_one_to_the_last_bit(path, level, tmp_path):
    text = path.read_text(encoding="utf-8")
    whole = loaded(tmp_path, "whole", text, level=level)
    weights = reader(saved(tmp_path, whole))
    x, _, words = sample(whole)
    expected = predicted(whole, whole.load_params(tmp_path / "best.npz"), x, words)
    only = loaded(tmp_path, "only", text, level=level, contents=Contents.PREDICT)
    assert predicted(only, only.load_params(tmp_path / "best.npz"), x, words) == expected
    one_file = loaded(
        tmp_path, "served", text, level=level, contents=Contents.PREDICT, weights=weights
    )
    assert predicted(one_file, one_file.load_params(), x, words) == expected
    carries = loaded(tmp_path, "carries", text, level=level, weights=weights)
    assert predicted(carries, carries.load_params(), x, words) == expected
    assert predicted(carries, carries.load_params(tmp_path / "best.npz"), x, words) == expected


def defined(code: str) -> set[str]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, kinds)}


@pytest.mark.parametrize("target", ["numpy", "numba"])
@pytest.mark.parametrize("text", [DIGITS, NORM])
def test_a_module_that_predicts_has_nothing_of_training(text, target):
    code = written(text, target=target, contents=Contents.PREDICT)
    assert not defined(code) & TRAINING
    assert not {"TRAIN", "TARGETS", "LOSSES"} & {
        n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)
    }


def test_how_long_the_first_example_is():
    only = written(DIGITS, contents=Contents.PREDICT, format=True)
    assert len(only.splitlines()) <= 120
    page = written(DIGITS, level=0, contents=Contents.BARE, format=True)
    assert len(page.splitlines()) <= 70
    assert defined(page) >= {"forward", "loss", "backward", "sgd_step"}
    assert not defined(page) & (TRAINING - {"forward", "loss", "backward", "sgd_step"})


def waiting(function):
    """The function, which lets other threads go first."""

    def patient(*args, **words):
        time.sleep(1e-4)
        return function(*args, **words)

    return patient


def in_threads(module, params, batches) -> list[bytes]:
    """What each of eight threads predicts, all in the middle of it at once, 50 times over."""
    begin = threading.Barrier(len(batches))

    def work(x) -> bytes:
        begin.wait()
        return b"".join(module.predict(params, x).tobytes() for _ in range(50))

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(work, batches))


SHARED = ('x.dot(params["dense1.W"])', 'x.dot(params["dense1.W"], out=ROOM)')
"""A fault: predict would work in an array that all threads have."""


@pytest.mark.parametrize("shared", [False, True])
def test_threads_may_predict_at_once_unless_they_share_an_array(shared, tmp_path):
    code = written(DIGITS, contents=Contents.PREDICT, format=True)
    assert SHARED[0] in code
    code = code.replace(*SHARED) + "\nROOM = np.empty((20, 30), DTYPE)\n" if shared else code
    (tmp_path / "served.py").write_text(code, encoding="utf-8")
    module = import_module(tmp_path / "served.py")
    rng = np.random.default_rng(0)
    params = {n: rng.standard_normal(s, np.float32) for n, s in module.PARAM_SHAPES.items()}
    batches = [rng.standard_normal((20, 784), np.float32) for _ in range(8)]
    alone = [50 * module.predict(params, x).tobytes() for x in batches]
    module.sigmoid, module.softmax = waiting(module.sigmoid), waiting(module.softmax)
    assert (in_threads(module, params, batches) != alone) == shared


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.ones((2, 783)), "rows of shape"),
        (np.ones((0, 784)), "rows of shape"),
        (np.ones((2, 784), complex), "expected numbers"),
        ([["a"] * 784], "expected numbers"),
    ],
)
def test_what_is_no_row_is_refused(x, said, tmp_path):
    module = loaded(tmp_path, "only", DIGITS, contents=Contents.PREDICT)
    params = {n: np.zeros(s, module.DTYPE) for n, s in module.PARAM_SHAPES.items()}
    with pytest.raises(ValueError, match=said):
        module.predict(params, x)


def words_of(module, target, x) -> tuple[dict, dict]:
    """Keywords of forward, and of loss and backward, for a training step; state and rng are each call's own."""
    loss = {}
    if hasattr(module, "balanced_weights"):
        given = module.balanced_weights(target)
        loss["class_weights"] = mapped(given, lambda name, a: np.asarray(a, module.DTYPE))
    if module.TRAIN.get("weights") == "rows":
        count = len(next(iter(x.values())) if isinstance(x, dict) else x)
        loss["weights"] = np.linspace(0.5, 2, count).astype(module.DTYPE)
    return {}, loss


def stepped(module, params, x, target, words, loss_words):
    """What a step of training computes: outputs, loss, gradients, parameters behind it, state."""
    code = Path(module.__file__).read_text(encoding="utf-8")
    forward = next(n for n in ast.parse(code).body if getattr(n, "name", "") == "forward")
    known = {a.arg for a in forward.args.kwonlyargs}
    params = {n: np.array(a) for n, a in params.items()}
    state = {n: np.array(a) for n, a in words.get("state", {}).items()}
    words = {**words, "train": True, "rng": np.random.default_rng(5), "state": state}
    y, cache = module.forward(params, x, **{n: v for n, v in words.items() if n in known})
    found = list(y.values()) if isinstance(y, dict) else [y]
    if target is not None:
        found.append(np.array(module.loss(params, cache, target, **loss_words)))
        grads = module.backward(params, cache, target, **loss_words)
        found += [grads[n] for n in params]
        module.sgd_step(params, grads, 0.1)
    return [*found, *params.values(), *state.values()]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_pages_of_formulas_compute_what_the_whole_module_does(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    whole = loaded(tmp_path, "whole", text, level=0)
    bare = loaded(tmp_path, "bare", text, level=0, contents=Contents.BARE)
    x, target, words = sample(whole)
    if whole.STATE_SHAPES:
        words["state"] = whole.init_state()
    _, loss_words = words_of(whole, target, x) if target is not None else ({}, {})
    params = whole.init_params(2)
    with np.errstate(all="ignore"):
        both = [stepped(m, params, x, target, words, loss_words) for m in (whole, bare)]
    for one, other in zip(*both, strict=True):
        assert np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"contents": Contents.BARE}, "add -O0"),
        ({"contents": Contents.BARE, "level": 0, "target": "numba"}, "--target numba"),
        ({"contents": Contents.BARE, "level": 0, "weights": reader(Path("x"))}, "--params"),
        ({"contents": Contents.BARE, "level": 0, "emit": ("vjp",)}, "--emit vjp"),
        ({"contents": Contents.PREDICT, "emit": ("vjp",)}, "--emit vjp"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(options, said):
    with pytest.raises(CannotContain, match=said) as caught:
        written(DIGITS, **options)
    assert "\n" not in str(caught.value)


SMALL = "input 3 -> dense 2 -> batchnorm; loss mse"


def small_names() -> tuple[list[str], list[str]]:
    graph = check(Source("spec.nn", SMALL)).graph
    return [p.name for p in graph.params], [s.name for s in graph.states]


def weights_file(folder: Path, suffix: str, **changes) -> Path:
    """A file of weights for SMALL, with some of them changed; None leaves one out."""
    module = loaded(folder, "small", SMALL)
    params, state = module.init_params(), module.init_state()
    path = folder / f"w{suffix}"
    everything = {
        **params,
        **{f"state.{n}" if suffix == ".safetensors" else n: a for n, a in state.items()},
    }
    everything.update(changes)
    kept = {n: np.array(a) for n, a in everything.items() if a is not None}
    if suffix == ".safetensors":
        from safetensors.numpy import save_file

        save_file(kept, path)
    else:
        np.savez(path, **kept)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("dense1.W", None, "has no dense1.W"),
        ("other.W", np.ones(2, np.float32), "has other.W"),
        ("dense1.W", np.ones((2, 3), np.float32), r"expected shape \(3, 2\), found \(2, 3\)"),
        ("dense1.W", np.ones((3, 2)), "expected float32, the dtype of the spec, found float64"),
        ("dense1.W", np.ones((3, 2), np.int32), "found int32"),
        ("dense1.W", np.full((3, 2), np.nan, np.float32), "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(suffix, name, value, said, tmp_path):
    path = weights_file(tmp_path, suffix, **{name: value})
    with pytest.raises(UnfitWeights, match=said) as caught:
        written(SMALL, weights=reader(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_damaged_and_missing_files_are_refused(suffix, tmp_path):
    path = weights_file(tmp_path, suffix)
    whole = path.read_bytes()
    for broken in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:-9]):
        path.write_bytes(broken)
        with pytest.raises(UnfitWeights, match=path.name):
            written(SMALL, weights=reader(path))
    path.unlink()
    with pytest.raises(UnfitWeights, match="No such file"):
        written(SMALL, weights=reader(path))


def test_too_many_weights_are_refused_before_the_file_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(carried, "MOST", 2**10)
    with pytest.raises(UnfitWeights, match=r"compile without --params.*load_params\(path\)"):
        written(DIGITS, weights=reader(tmp_path / "none.npz"))


def test_state_is_carried_and_nothing_of_a_checkpoint(tmp_path):
    path = weights_file(tmp_path, ".safetensors", **{"optimizer:step": np.zeros(1, np.float32)})
    module = loaded(tmp_path, "served", SMALL, contents=Contents.PREDICT, weights=reader(path))
    params, state = module.load_params()
    assert (list(params), list(state)) == small_names()
    with pytest.raises(ValueError, match="state: needed"):
        module.predict(params, np.ones((2, 3)))


@pytest.mark.parametrize("text", [DIGITS, NORM])
def test_compiled_modules_only_predict_too(text, tmp_path):
    pytest.importorskip("numba", reason="Numba is not installed")
    whole = loaded(tmp_path, "whole", text, target="numba")
    weights = reader(saved(tmp_path, whole))
    x, _, words = sample(whole)
    expected = predicted(whole, whole.load_params(tmp_path / "best.npz"), x, words)
    options = {"target": "numba", "contents": Contents.PREDICT, "weights": weights}
    only = loaded(tmp_path, "only", text, **options)
    assert predicted(only, only.load_params(), x, words) == expected
