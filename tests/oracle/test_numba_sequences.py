"""The compiled loops of networks over sequences against the NumPy helpers of -O0, one by one.

NUMBA_DISABLE_JIT=1 runs the same text as plain Python.
"""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="Numba is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from nnc.targets.target import load_target
from nnc.targets.uses import recording

from .draws import worst
from .test_numba import JIT, compare, in_float64, load

SHAPES = [(3, 5, 4), (1, 1, 1), (2, 7, 3), (5, 1, 6), (1, 4, 17)]
"""Rows, steps and units."""

RUNS = [
    pytest.param(shape, reverse, ragged, id=f"{shape}-{'back' * reverse}{'ragged' * ragged}")
    for shape, reverse, ragged in itertools.product(SHAPES, (False, True), (False, True))
]


def functions(target: str, level: int) -> SimpleNamespace:
    """All helper functions of a target, as a module has them."""
    environment = load_target(target).environment
    view = SimpleNamespace(
        level=level,
        dtype="float64",
        by_columns=(),
        by_rows=(),
        frozen=(),
        started=False,
        cells=False,
        shares_state=False,
    )
    texts = [
        "from __future__ import annotations\nimport hashlib, math, os, sys, time\nfrom typing import Any"
    ]
    with recording():
        texts += [
            str(environment.get_template(name).render(standard=""))
            for name in ("imports.jinja", "compiled.jinja")
        ]
        for file in load_target(target).helper_files:
            macros: Any = environment.get_template(file).module
            texts += [str(getattr(macros, f"{name}_helper")(view)).strip() for name in macros.ORDER]
    names: dict[str, Any] = {"np": np, "DTYPE": np.dtype("float64"), "Array": np.ndarray}
    exec(compile("\n\n\n".join(texts), "helpers.py", "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def plain() -> SimpleNamespace:
    return functions("numpy", 0)


@pytest.fixture(scope="module")
def loops() -> SimpleNamespace:
    return functions("numba", 1)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def lengths_of(rows: int, steps: int, ragged: bool) -> np.ndarray | None:
    return 1 + np.arange(rows) * 3 % steps if ragged else None


def inside(x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """x (B, T, n) with zeros beyond each row's length."""
    if lengths is None:
        return x
    return np.where((np.arange(x.shape[1]) < lengths[:, None])[..., None], x, 0)


def same(got: np.ndarray, want: np.ndarray, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("shape", "reverse", "ragged"), RUNS)
def test_lstm(plain, loops, shape, reverse, ragged):
    rows, steps, units = shape
    x, Wh, d_h = drawn(rows, steps, 4 * units), drawn(units, 4 * units), drawn(*shape, seed=1)
    lengths = lengths_of(rows, steps, ragged)
    d_h = inside(d_h, lengths)
    tape = plain.lstm_tape(x, Wh, lengths, reverse=reverse)
    want = plain.lstm_back(tape, Wh, d_h, lengths, reverse=reverse)
    for weights in (Wh, np.asfortranarray(Wh)):
        own, d_x = np.full_like(tape, np.nan), np.full_like(x, np.nan)
        loops.lstm_steps(x, weights, lengths, reverse, own)
        loops.lstm_steps_back(own, weights, d_h, lengths, reverse, d_x)
        same(loops.tape_part(own, 6 * units, units), tape[..., 6 * units :])
        same(loops.tape_part(own, 5 * units, units), tape[..., 5 * units : 6 * units])
        same(d_x, want)


@pytest.mark.parametrize(("shape", "reverse", "ragged"), RUNS)
def test_gru(plain, loops, shape, reverse, ragged):
    rows, steps, units = shape
    x, Wh, bh = drawn(rows, steps, 3 * units), drawn(units, 3 * units), drawn(3 * units)
    lengths = lengths_of(rows, steps, ragged)
    d_h = inside(drawn(*shape, seed=1), lengths)
    tape = plain.gru_tape(x, Wh, bh, lengths, reverse=reverse)
    want = plain.gru_back(tape, Wh, d_h, lengths, reverse=reverse)
    own, d_x, d_u = np.full_like(tape, np.nan), np.full_like(x, np.nan), np.full_like(x, np.nan)
    loops.gru_steps(x, Wh, bh, lengths, reverse, own)
    loops.gru_steps_back(own, Wh, d_h, lengths, reverse, d_x)
    loops.gru_steps_hidden(d_x, own, d_u)
    same(loops.tape_part(own, 5 * units, units), tape[..., 5 * units :])
    same(loops.tape_part(own, 4 * units, units), tape[..., 4 * units : 5 * units])
    same(d_x, want)
    same(d_u, plain.gru_hidden(want, tape))


@pytest.mark.parametrize(("shape", "reverse", "ragged"), RUNS)
def test_rnn(plain, loops, shape, reverse, ragged):
    rows, steps, units = shape
    x, Wh, lengths = drawn(*shape), drawn(units, units), lengths_of(rows, steps, ragged)
    d_h = inside(drawn(*shape, seed=1), lengths)
    tape = plain.rnn_tape(x, Wh, lengths, act=np.tanh, reverse=reverse)
    want = plain.rnn_back(tape, Wh, d_h, lengths, slope=lambda a: 1 - a * a, reverse=reverse)
    own, d_x = np.full_like(tape, np.nan), np.full_like(x, np.nan)
    loops.rnn_steps(x, Wh, lengths, loops.tanh_of, reverse, own)
    square_of = loops.exactly(lambda a: 1 - a * a)
    loops.rnn_steps_back(own, Wh, d_h, lengths, square_of, reverse, d_x)
    same(loops.tape_part(own, 0, units), tape[..., :units])
    same(loops.tape_part(own, units, units), tape[..., units:])
    same(d_x, want)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_masked_softmax(plain, loops, shape, causal, ragged):
    rows, steps, heads = shape
    z = 9 * drawn(rows, heads, steps, steps)
    lengths = lengths_of(rows, steps, ragged)
    want, own = plain.masked_softmax(z, lengths, causal=causal), np.full_like(z, np.nan)
    loops.softmax_seen(z, lengths, causal, own)
    same(own, want)
    loops.softmax_seen(z, lengths, causal, z)
    same(z, want)


def test_products_of_heads(loops):
    rows, (B, heads, T, size) = drawn(2 * 5, 3 * 12), (2, 3, 5, 4)
    a, b = (
        rows.reshape(B, T, -1, size)[:, :, first : first + heads].transpose(0, 2, 1, 3)
        for first in (0, 3)
    )
    square = drawn(B, heads, T, T)
    for name, left, right, want in (
        ("stack_times", square, b, square @ b),
        ("stack_times_turned", a, b, a @ b.transpose(0, 1, 3, 2)),
        ("stack_turned_times", a, b, a.transpose(0, 1, 3, 2) @ b),
    ):
        own = np.full_like(want, np.nan)
        getattr(loops, name)(left, right, own)
        same(own, want)
    own = np.full((B * T, heads * size), np.nan)
    for x in (a, np.ascontiguousarray(a)):
        loops.beside(x, own)
        same(own, x.transpose(0, 2, 1, 3).reshape(own.shape))


@pytest.mark.parametrize("shape", [(150, 6), (64, 5), (1, 1), (3, 2)])
def test_positions(plain, loops, shape):
    own = np.full(shape, np.nan)
    loops.position_table(own)
    same(own, plain.positions(np.empty((2, *shape))))


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 4), (1, 1, 7), (2, 3, 33)])
def test_norms_of_rows(plain, loops, shape):
    x, dy, last = drawn(*shape), drawn(*shape, seed=1), (len(shape) - 1,)
    rows = (1, math.prod(shape[:-1]), shape[-1])
    stats, own = plain.row_stats(x, 1e-3), np.full((2, *shape[:-1], 1), np.nan)
    loops.row_statistics(x, 1e-3, own)
    same(own, stats)
    y, dx = np.full_like(x, np.nan), np.full_like(x, np.nan)
    loops.standardize(x.reshape(rows), stats, y.reshape(rows))
    same(y, plain.standardized(x, stats))
    loops.standardize_back(dy.reshape(rows), y.reshape(rows), stats, True, dx.reshape(rows))
    same(dx, plain.standardized_dx(dy, y, stats, axes=last))
    scale, own = plain.rms_scale(x, 1e-3), np.full((*shape[:-1], 1), np.nan)
    loops.rms_scales(x, 1e-3, own)
    same(own, scale)
    loops.scale_rows(x, scale, y)
    same(y, plain.rms_normalized(x, scale))
    loops.rms_back(dy, y, scale, dx)
    same(dx, plain.rms_normalized_dx(dy, y, scale))


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (3, 2, 5), (2, 3, 2, 3), (9, 1), (2, 4, 1)])
def test_norms_of_a_batch(plain, loops, shape, train):
    x, dy, axes = drawn(*shape), drawn(*shape, seed=1), (0, *range(2, len(shape)))
    beside = (shape[1], *[1] * (len(shape) - 2))
    blocks = (shape[0], shape[1], math.prod(shape[2:]))
    kept = [drawn(*beside, seed=2), 1 + drawn(*beside, seed=3) ** 2]
    copies = [a.copy() for a in kept]
    stats, own = plain.batch_stats(x, *kept, train, axes, 1e-3, 0.3), np.full((2, *beside), np.nan)
    loops.batch_statistics(x.reshape(blocks), *copies, train, 1e-3, 0.3, own)
    same(own, stats)
    same(np.stack(copies), np.stack(kept))
    y, dx = np.full_like(x, np.nan), np.full_like(x, np.nan)
    loops.standardize(x.reshape(blocks), stats, y.reshape(blocks))
    same(y, plain.standardized(x, stats))
    loops.standardize_back(dy.reshape(blocks), y.reshape(blocks), stats, train, dx.reshape(blocks))
    same(dx, plain.standardized_dx(dy, y, stats, train, axes=axes))


def test_tables_and_padding(plain, loops):
    table, ids = drawn(5, 3), np.array([[0, 4, 4], [2, 0, 4]])
    own, added = np.full((2, 3, 3), np.nan), np.full((5, 3), np.nan)
    loops.pick_rows(table, ids, own)
    same(own, table[ids])
    loops.sum_rows(own, ids, added)
    same(added, plain.add_rows(own, ids, 5))
    x, lengths = drawn(3, 2, 4, 5), np.array([4, 1, 3])
    x[1, :, 1:] = np.nan
    for value in (0.0, -np.inf):
        own = np.empty_like(x)
        loops.fill_beyond(x, lengths, value, own)
        beyond = np.arange(4)[:, None] >= lengths[:, None, None, None]
        same(own, np.where(beyond, value, x))
    h, last = drawn(3, 4, 2), np.empty((3, 2))
    loops.pick_last(h, lengths, last)
    same(last, plain.last_step(h, lengths))
    whole = np.full_like(h, np.nan)
    loops.put_last(last, lengths, whole)
    same(whole, plain.at_last_step(last, lengths, 4))
    columns = np.zeros((4, 7))
    loops.put_columns(drawn(4, 2), 3, columns)
    same(columns[:, 3:5], drawn(4, 2))
    assert not columns[:, [0, 1, 2, 5, 6]].any()


# In one piece, in parts of equal and unequal size, and where parts would be too thin.
@pytest.mark.parametrize("size", [(7, 5, 3), (420, 50, 60), (1000, 40, 100), (90, 300, 200)])
def test_long_products(loops, size):
    rows, inner, columns = size
    a, b = drawn(rows, inner), drawn(inner, columns)
    for right in (b, np.asfortranarray(b)):
        own = np.full((rows, columns), np.nan)
        loops.rows_times(a, right, own)
        same(own, a @ b)
    own, d = np.full((inner, columns), np.nan), drawn(rows, columns, seed=1)
    loops.sum_times(a, d, own)
    same(own, a.T @ d)


# In tiles of equal and unequal size; too thin for tiles.
@pytest.mark.parametrize(
    "size", [(150, 600, 130), (201, 301, 197), (20, 200, 300), (700, 130, 200)]
)
def test_tiled_products(loops, size):
    rows, inner, columns = size
    a, b, d = (drawn(*s).astype("f4") for s in ((rows, inner), (inner, columns), (rows, columns)))
    own, want = np.full((rows, columns), np.nan, "f4"), a @ b
    loops.tiled_times(a, b, own)
    same(own / np.abs(want).max(), want / np.abs(want).max(), 1e-6)
    own, want = np.full((inner, columns), np.nan, "f4"), a.T @ d
    loops.tiled_sum(a, d, own)
    same(own / np.abs(want).max(), want / np.abs(want).max(), 1e-6)


SCALARS = {
    "exp_of": np.exp,
    "expm1_of": np.expm1,
    "sigmoid_of": lambda z: 1 / (1 + np.exp(-z)),
    "tanh_of": np.tanh,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SCALARS)
def test_exponentials(loops, name, dtype):
    """To a few last digits everywhere, also at the ends of the range and where there is no number."""
    real, digits = np.dtype(dtype).type, np.finfo(dtype)
    top = float(np.log(digits.max))
    z = np.concatenate([
        np.linspace(-25, 25, 61), np.geomspace(1e-9, 1, 9), -np.geomspace(1e-9, 1, 9),
        [0, top - 1e-4 * top, top + 1, 2 * top, -top - 30, np.inf, -np.inf, np.nan],
    ]).astype(dtype)  # fmt: skip
    with np.errstate(all="ignore"):
        got = np.array([real(getattr(loops, name)(v)) for v in z])
        want = SCALARS[name](z.astype(np.longdouble)).astype(dtype)
    near_overflow = (z > top - 0.4) & (z < top)
    rtol = np.where(near_overflow, 50, 6) * digits.eps
    close = np.abs(got - want) <= rtol * np.abs(want) + 4 * digits.tiny
    assert np.all(close | (got == want) | (np.isnan(got) & np.isnan(want))), z[~close]


SPECS = {
    "lstm": "input Tx3 ragged -> lstm 4 return=all bidirectional=true -> dropout 0.2 -> lstm 3\n"
    "  -> dense 2 softmax\nloss crossentropy\noptimizer adam lr=0.01\n",
    "rnn": "input 4x3 -> rnn 4 return=all leaky_relu(0.2) -> rnn 3 return=all sigmoid -> rnn 3 reverse=true\n"
    "  -> dense 2\nloss mse\noptimizer sgd lr=0.1\n",
    "gru": "input Tx3 ragged -> gru 4 -> dense 2\nloss mse\noptimizer sgd lr=0.1\n",
    "attention": "input T int ragged -> embedding 5 6 -> positional -> attention 2 causal=true -> layernorm\n"
    "  -> gru 3 -> dense 3 softmax\nloss crossentropy\noptimizer sgd lr=0.1\n",
    "long": "block b = [id, rmsnorm -> dense 8 gelu -> dense 4] -> add\ninput 6x4 -> b * 6 -> flatten\n"
    "  -> dense 2\nloss mse\noptimizer sgd lr=0.01\n",
    "norms": "input 4x6 -> groupnorm 2 -> [id, batchnorm] -> add -> flatten -> dense 3\nloss mse\n"
    "optimizer sgd lr=0.1\n",
}


@pytest.mark.parametrize("name", ["attention", "rnn"] if JIT else SPECS)
def test_networks_over_sequences(name, tmp_path):
    compare(tmp_path, in_float64(SPECS[name]))


@pytest.mark.skipif(not JIT, reason="kernels are not compiled")
def test_networks_in_float32(tmp_path):
    compare(tmp_path, SPECS["lstm"] + "dtype float32\n")


@pytest.mark.skipif(JIT, reason="the text is the same, and takes its time to compile")
def test_the_bias_of_keys_is_rounding_alone(tmp_path):
    """What Adam makes of a gradient of zero may differ between targets; all else agrees.

    A bias of the keys adds the same q·b to all scores of a query, and softmax does not see it: its
    gradient is zero, and computed as a few 1e-18. Adam divides it by its own size plus 1e-8, so a
    step is the rate times up to 1e-9 of either sign: rounding, which no order of sums repeats.
    """
    spec = (
        "block b = [id, layernorm -> attention 2 causal=true] -> add\n"
        "input 6 int -> embedding 5 8 -> positional -> b * 2 -> dense 5 softmax\n"
        "loss crossentropy\noptimizer adam lr=0.01\n"
    )
    modules = [load(tmp_path, in_float64(spec), target) for target in ("numpy", "numba")]
    x, target = modules[0].sample_batch(np.random.default_rng(1))
    found = []
    for module in modules:
        params = module.init_params(3)
        opt = module.init_optimizer(params)
        for _ in range(30):
            module.train_step(params, x, target, opt)
        keys = np.concatenate([params[f"b{k}.attention1.bqkv"][8:16] for k in (1, 2)])
        assert 0 < np.abs(keys).max() < 30 * 0.01 * 1e-9
        found.append(
            {n: np.delete(a, range(8, 16)) if "bqkv" in n else a for n, a in params.items()}
        )
    assert worst(*found)[0] < 1e-10, worst(*found)[1]
