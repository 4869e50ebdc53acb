"""--target numba against --target numpy: compiled kernels give the same numbers.

NUMBA_DISABLE_JIT=1 runs the kernels' text as plain Python, quickly; NNC_NUMBA_PROGRAMS=150 then
tries that many random programs.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba", reason="Numba is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from nnc.driver import Options, compile_source
from nnc.source import Source
from numba.core.errors import NumbaWarning

from .draws import error, worst
from .generated import TOLERANCE
from .random_programs import program

ROOT = Path(__file__).resolve().parents[2]
JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
PROGRAMS = int(os.environ.get("NNC_NUMBA_PROGRAMS", "2" if JIT else "40"))

OPTIMIZERS = (
    "optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=0.01\nclip norm=0.05\n",
    "optimizer adam lr=0.01\nclip value=0.02\n",
    "optimizer adamw lr=0.01\n",
    "optimizer nadam lr=0.01\n",
    "optimizer rmsprop lr=0.01 momentum=0.5\n",
    "",
)
SPECS = {
    "classifier": "input 7 -> dense 5 sigmoid -> dropout 0.3 -> dense 3 softmax\n"
    "loss crossentropy\noptimizer sgd lr=0.1\nschedule cosine steps=20\n",
    "activations": "input 6 as a\na -> dense 4 gelu as b\na -> dense 4 mish -> elu as c\n"
    "[a -> dense 4 silu, b, c] -> max -> softsign -> [id, b] -> mul -> dense 2 prelu\n"
    "loss huber\nregularize l1=0.01 l2=0.02\noptimizer adam lr=0.01\n",
    "helpers between parts": "input 1x9x9 -> conv 2 3x3 relu -> maxpool 2 -> flatten -> dense 3\n"
    "loss mse\noptimizer adamw lr=0.01\n",
    "state": "input 5 -> dense 4 -> batchnorm -> relu -> dense 2\nloss mse\noptimizer sgd lr=0.1\n",
}
GOLDEN = sorted((ROOT / "tests/golden/modules").glob("*.nn"))
EXAMPLES = sorted((ROOT / "examples").glob("*.nn")) + sorted(
    (ROOT / "examples/systems").glob("*.nn")
)
SLOW = {"S02", "S04", "S04_1d", "S07", "resnet", "transformer", "no_loss"}
if not JIT:
    SPECS |= {p.stem: p.read_text("utf-8") for p in GOLDEN + EXAMPLES if p.stem not in SLOW}


def text_of(spec: str, target: str) -> str:
    options = Options(target=target, format=False)
    return compile_source(Source("model.nn", spec), options).code


def load(folder: Path, spec: str, target: str):
    """A module in a file of its own, imported as `import` does."""
    path = folder / f"{target}_model.py"
    path.write_text(text_of(spec, target), encoding="utf-8")
    made = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def in_float64(spec: str) -> str:
    return spec if "dtype" in spec else f"{spec.rstrip()}\ndtype float64\n"


def keywords(module) -> dict[str, object]:
    """What forward needs besides params and x; fresh at every call, so that draws are equal."""
    names = inspect.signature(module.forward).parameters
    found: dict[str, object] = {}
    if "rng" in names and hasattr(module, "check_random"):
        found["rng"] = np.random.default_rng(3)
    if "state" in names and module.STATE_SHAPES:
        found["state"] = module.init_state()
    if hasattr(module, "sample_lengths"):
        found["lengths"] = module.sample_lengths(np.random.default_rng(4))
    return found


def listed(y) -> list[np.ndarray]:
    return [np.array(v) for v in (y.values() if isinstance(y, dict) else [y])]


def said(module, x, target) -> tuple[list[np.ndarray], dict, dict]:
    """Outputs, losses and what training leaves; the gradients; the parameters."""
    rng, known = np.random.default_rng(5), keywords(module)
    params = {n: a + 0.1 * rng.standard_normal(a.shape).astype(a.dtype)
              for n, a in module.init_params(3).items()}  # fmt: skip
    training = {"train": True} if {"rng", "state"} & known.keys() else {}
    y, cache = module.forward(params, x, **known, **training)
    values = [*listed(y), np.array(module.loss(params, cache, target))]
    grads = {n: np.array(g) for n, g in module.backward(params, cache, target).items()}
    opt, known = module.init_optimizer(params), keywords(module)
    rate = {} if "lr" in module.TRAIN else {"lr": 0.05}
    for _ in range(3):
        values.append(np.array(module.train_step(params, x, target, opt, **rate, **known)))
    rows = len(next(iter(x.values())) if isinstance(x, dict) else x)
    epoch = {"batch": 2 if rows % 2 == 0 or not module.STATE_SHAPES else 3, "order": range(rows)}
    for _ in range(2):
        values.append(
            np.array(module.train_epoch(params, x, target, opt, **epoch, **rate, **known))
        )
    assert opt["step"] == 3 + 2 * -(-rows // epoch["batch"])
    known.pop("rng", None)
    values += listed(module.predict(params, x, **known))
    return values, grads, params


def compare(folder: Path, spec: str) -> None:
    """Everything both targets say of one batch is the same."""
    want, got = load(folder, spec, "numpy"), load(folder, spec, "numba")
    x, target = want.sample_batch(np.random.default_rng(1))
    values, grads, params = said(want, x, target)
    if not all(np.isfinite(value).all() for value in values):
        pytest.skip("the training of this program explodes")
    with warnings.catch_warnings():
        warnings.simplefilter("error", NumbaWarning)
        own_values, own_grads, own_params = said(got, x, target)
    tolerance = TOLERANCE[want.DTYPE.name]
    assert len(values) == len(own_values)
    for place, (a, b) in enumerate(zip(own_values, values, strict=True)):
        assert error(a, b, 1e-6) <= tolerance, f"value {place}"
    assert worst(own_grads, grads)[0] <= tolerance, worst(own_grads, grads)[1]
    assert worst(own_params, params)[0] <= tolerance, worst(own_params, params)[1]


@pytest.mark.parametrize("name", SPECS)
def test_agreement(name, tmp_path):
    compare(tmp_path, in_float64(SPECS[name]))


def test_agreement_in_float32(tmp_path):
    spec = SPECS["classifier"]
    compare(tmp_path, spec if "dtype" in spec else f"{spec}dtype float32\n")


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_random_programs(seed, tmp_path):
    more = OPTIMIZERS[seed % len(OPTIMIZERS)]
    compare(tmp_path, program(seed).text("float64", more))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    spec = "input 20 -> dense 9 tanh -> dense 4 softmax; loss crossentropy; optimizer adam\n"
    return load(tmp_path_factory.mktemp("digits"), spec, "numba")


def rows_for(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((count, 20), np.float32), rng.integers(0, 4, count)


def test_any_size_and_form_of_batch_follows_any_other(digits):
    params = digits.init_params(0)
    opt, plain = digits.init_optimizer(params), {n: a.copy() for n, a in params.items()}
    own = dict(digits.init_optimizer(plain))
    for count in (3, 8, 1, 8, 30, 3):
        x, target = rows_for(count, count)
        forms = (x[::-1][::-1], np.asfortranarray(x), x.tolist(), x.astype(">f4"))
        x.flags.writeable = False
        first = digits.train_step(params, x, target, opt)
        assert first == digits.train_step(plain, forms[count % 4], target, own)
        plain = {n: a.copy(order="F") for n, a in plain.items()}
    for name in params:
        np.testing.assert_array_equal(params[name], plain[name])


@pytest.mark.parametrize("rows", [1, 4, 60])
def test_products_below_and_above_a_call_of_the_matrix_library(rows, tmp_path):
    spec = "input 2 -> dense 5 tanh -> dense 3; loss mse; optimizer sgd lr=0.1; dtype float64\n"
    want, got = load(tmp_path, spec, "numpy"), load(tmp_path, spec, "numba")
    assert "small_times(x" in (tmp_path / "numba_model.py").read_text("utf-8")
    rng = np.random.default_rng(rows)
    x, target = rng.standard_normal((rows, 2)), rng.standard_normal((rows, 3))
    own, params = got.init_params(0), want.init_params(0)
    losses = [
        m.train_step(p, x, target, m.init_optimizer(p)) for m, p in ((got, own), (want, params))
    ]
    assert error(*map(np.array, losses), 1e-6) <= 1e-12
    assert worst(own, params)[0] <= 1e-12
    assert error(got.predict(own, x), want.predict(params, x), 1e-6) <= 1e-12


def test_what_predict_gives_belongs_to_the_caller(digits):
    params, (x, _) = digits.init_params(0), rows_for(6)
    first = digits.predict(params, x)
    kept = first.copy()
    others = [{n: np.array(a, order=order) for n, a in params.items()} for order in ("C", "F")] + [
        {n: np.stack([a, a], -1)[..., 0] for n, a in params.items()}
    ]
    for form in (*others, params):
        for a in form.values():
            a.flags.writeable = form is params
        again = digits.predict(form, x[::-1])[::-1]
        np.testing.assert_allclose(again, kept, rtol=1e-6)
        assert not np.shares_memory(again, first)
        again[...] = 0
    np.testing.assert_array_equal(first, kept)
    assert digits.predict(params, x[:1]).shape == (1, 4)


def test_an_epoch_is_its_steps(digits):
    x, target = rows_for(500)
    order = np.random.default_rng(1).permutation(500)[:433]
    one, two = digits.init_params(0), digits.init_params(0)
    opt, own = digits.init_optimizer(one), digits.init_optimizer(two)
    mean = digits.train_epoch(one, x, target, opt, batch=10, order=order)
    total = sum(
        len(rows) * digits.train_step(two, x[rows], target[rows], own)
        for rows in np.split(order, range(10, 433, 10))
    )
    assert mean == pytest.approx(total / 433, rel=1e-5)
    assert opt["step"] == own["step"] == 44
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5, atol=1e-6)


def test_saved_parameters_come_back(digits, tmp_path):
    params = digits.init_params(4)
    digits.save_params(tmp_path / "p.npz", params)
    again = digits.load_params(tmp_path / "p.npz")
    x, target = rows_for(6)
    losses = {digits.train_step(p, x, target, digits.init_optimizer(p)) for p in (params, again)}
    assert len(losses) == 1


def test_threads_do_not_disturb_each_other(digits):
    def run(found: list[float], seed: int) -> None:
        params = digits.init_params(seed)
        opt = digits.init_optimizer(params)
        x, target = rows_for(40, seed)
        for _ in range(200):
            found.append(digits.train_step(params, x[:7], target[:7], opt))

    alone: list[list[float]] = [[], []]
    for seed in (0, 1):
        run(alone[seed], seed)
    together: list[list[float]] = [[], []]
    threads = [threading.Thread(target=run, args=(together[s], s)) for s in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


@pytest.mark.skipif(not JIT, reason="kernels are not compiled")
def test_an_epoch_can_be_interrupted(tmp_path):
    spec = "input 20 -> dense 64 tanh -> dense 4; loss mse\n"
    (tmp_path / "net.py").write_text(text_of(spec, "numba"), "utf-8")
    code = (
        "import net, numpy as np, threading, os, signal\n"
        "x, t = np.zeros((10, 20), 'f4'), np.zeros((10, 4), 'f4')\n"
        "p = net.init_params(); opt = net.init_optimizer(p)\n"
        "net.train_epoch(p, x, t, opt, batch=4, order=range(10), lr=0.1)\n"
        "order = np.zeros(20_000_000, int)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it\n"
        "threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try: net.train_epoch(p, x, t, opt, batch=4, order=order, lr=0.1); print('not stopped')\n"
        "except KeyboardInterrupt: print(opt['step'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 5_000_000, "the interrupt waited for the epoch's end"
    assert list((tmp_path / "__pycache__").glob("net.net._change*.nbc")), "nothing was kept on disk"


@pytest.mark.skipif(not JIT, reason="kernels are not compiled")
def test_a_file_may_go_by_several_names(tmp_path):
    """What is kept of a module as one name serves, or does not disturb, the others."""
    spec = "input 2 -> dense 2; loss mse\n"
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(text_of(spec, "numba"), "utf-8")
    use = "; print(net.predict(net.init_params(), [[1, 2]]).shape, net.ON_DISK)"
    by_path = (
        "import importlib.util\nmade = importlib.util.spec_from_file_location('net', 'nets/net.py')\n"
        "net = importlib.util.module_from_spec(made); made.loader.exec_module(net)"
    )
    by_name = "import sys; sys.path.insert(0, 'nets'); import net"
    by_runtime = "from nnc.runtime.module import import_module; net = import_module('nets/net.py')"
    in_folder = "import nets.net as net"
    for code in (by_path, by_name, in_folder, by_runtime, by_runtime):
        kept = code is not by_path
        command = [sys.executable, "-c", code + use]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert ran.stdout.strip() == f"(1, 2) {kept}", ran.stderr


@pytest.mark.skipif(not JIT, reason="kernels are not compiled")
def test_the_gradient_check_runs_in_float64(tmp_path):
    spec = "input 3 -> dense 4 sigmoid -> dense 2 softmax; loss crossentropy\n"
    (tmp_path / "net.py").write_text(text_of(spec, "numba"), "utf-8")
    command = [sys.executable, "net.py", "--check"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("ok") == 4


def test_compiling_takes_its_time_once(digits):
    x, target = rows_for(5)
    params = digits.init_params(0)
    opt = digits.init_optimizer(params)
    digits.train_step(params, x, target, opt)
    compiled = signatures(digits)
    assert compiled
    for _ in range(20):
        digits.train_step(params, x, target, opt)
    assert signatures(digits) == compiled


def signatures(module) -> dict[str, int]:
    """For how many types of arguments each kernel of a module has been compiled."""
    found = {name: getattr(kernel, "signatures", None) for name, kernel in vars(module).items()}
    return {name: len(known) for name, known in found.items() if isinstance(known, list) and known}
