"""The gradients in comments beside a formula, as texts and against finite differences.

Texts are computed here with NumPy as they stand, which shares no code with the compiler.
"""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from nnc.driver import Options, check, compile_source
from nnc.ir.formula import FORMULA
from nnc.kinds.formula.slope import LONGEST, slopes
from nnc.source import Source

FORMULAS = 150
STEP = 1e-6


def formula_of(text: str, values: tuple[str, ...], name: str = "mine"):
    """The formula of that text, resolved."""
    spec = f"fn {name}({', '.join(values)}, q=0.7) = {text}\n"
    branches = ", ".join(["dense 4"] * len(values))
    spec += (
        f"input 4 -> dense 4 -> {name}"
        if len(values) == 1
        else f"input 4 -> [{branches}] -> {name}"
    )
    checked = check(Source("made.nn", spec))
    assert checked.graph is not None, [d.message for d in checked.report.found]
    return next(a for n in checked.graph.graph.layers if (a := n.args.get(FORMULA)) is not None)


def shown(text: str, *values: str, widths=(4, 4), result=4, **how) -> dict[str, str]:
    shapes = [(width,) for width in widths[: len(values)]]
    return slopes(formula_of(text, values), shapes, (result,), **how)


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        ("z * sigmoid(q * z)", "dmine * sigmoid(q * z) * (1 + z * q * (1 - sigmoid(q * z)))"),
        ("tanh(z)", "dmine * (1 - tanh(z)**2)"),
        (
            "where(abs(z) < q, z**2, 2 * q * abs(z))",
            "dmine * where(abs(z) < q, 2 * z, 2 * q * sign(z))",
        ),
        ("max(z, q * z)", "dmine * where(z > q * z, 1, q)"),
        ("relu(z)**3", "3 * dmine * relu(z)**2 * (z > 0)"),
        ("log(1 + exp(z))", "dmine * sigmoid(z)"),
        ("exp(z) / sum(exp(z))", "softmax(z) * (dmine - sum(dmine * softmax(z)))"),
        ("z - mean(z)", "dmine - 0.25 * sum(dmine)"),
        ("z / sum(z)", "dmine / sum(z) - sum(dmine * z) / sum(z)**2"),
        ("2 * stop(z) + z", "dmine"),
        ("z - z", "0"),
        ("-0.5 * (1 + z - exp(z))", "0.5 * dmine * (exp(z) - 1)"),
    ],
)
def test_what_is_shown(text, gradient):
    assert shown(text, "z") == {"z": f"dz = {gradient}"}


def test_a_loss_has_the_gradient_of_one_entry():
    found = shown("-0.5 * sum(1 + b - a**2 - exp(b))", "a", "b", result=1, loss=True)
    assert found == {"a": "da = a", "b": "db = 0.5 * (exp(b) - 1)"}


def test_one_column_gets_a_sum():
    found = shown("a * b", "a", "b", widths=(1, 4))
    assert found == {"a": "da = sum(dmine * b)", "b": "db = dmine * a"}
    assert shown("a + b", "a", "b", widths=(1, 4), loss=True)["a"] == "da = 4"


def test_a_formula_too_long_to_read_is_left_out():
    assert shown(" + ".join(f"sin({i} * z) * exp(z)" for i in range(1, 20)), "z") == {}


def test_other_axes_that_are_broadcast_are_left_out():
    formula = formula_of("a * b", ("a", "b"))
    assert slopes(formula, [(3, 4), (1, 4)], (3, 4)) == {}


# --- compared with differences ------------------------------------------------------------


class Entries(np.ndarray):
    """An array whose comparisons are numbers, as in formulas."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(x) for x in inputs]
        found = getattr(ufunc, method)(*plain, **options)
        return np.asarray(found, float).view(Entries)


def entries(x) -> Entries:
    return np.asarray(x, float).view(Entries)


def over_last(function):
    return lambda x: entries(function(np.asarray(x), axis=-1, keepdims=True))


def one_or_two(whole, pair):
    return lambda *x: over_last(whole)(x[0]) if len(x) == 1 else entries(pair(*map(np.asarray, x)))


def softmax(x):
    powers = np.exp(np.asarray(x))
    return entries(powers / powers.sum(-1, keepdims=True))


def each(function):
    return lambda x: entries(np.vectorize(function, otypes=[float])(np.asarray(x)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {
    "sum": over_last(np.sum),
    "mean": over_last(np.mean),
    "max": one_or_two(np.max, np.maximum),
    "min": one_or_two(np.min, np.minimum),
    "where": lambda c, a, b: entries(np.where(np.asarray(c) > 0.5, np.asarray(a), np.asarray(b))),
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
    "logsumexp": lambda x: np.log(over_last(np.sum)(np.exp(x))),
    "sigmoid": sigmoid,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "relu": lambda x: entries(np.maximum(np.asarray(x), 0)),
    "stop": lambda x: x,
    "erf": each(math.erf),
    **{
        name: getattr(np, name)
        for name in ("exp", "log", "sqrt", "abs", "tanh", "sin", "cos", "sign")
    },
    "π": np.pi,
}
SMOOTH = (
    "sigmoid",
    "erf",
    "tanh",
    "softplus",
    "sin",
    "cos",
    "softmax",
    "relu",
    "abs",
    "sum",
    "mean",
    "max",
    "min",
)


def computed(text: str, **values):
    return eval(
        text, {"__builtins__": {}, **FUNCTIONS, **{n: entries(v) for n, v in values.items()}}
    )


def drawn(rng: random.Random, names, depth: int) -> str:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(names)

    def part() -> str:
        return drawn(rng, names, depth - 1)

    match rng.randrange(9):
        case 0 | 1 | 2:
            return f"{rng.choice(SMOOTH)}({part()})"
        case 3 | 4:
            return f"({part()}) {rng.choice('+-*')} ({part()})"
        case 5:
            return f"where({part()} {rng.choice('<>')} 0.1, {part()}, {part()})"
        case 6:
            return f"({part()}) / (1.5 + ({part()}) ** 2)"
        case 7:
            pair = rng.choice(("max", "min"))
            return f"{pair}({part()}, q * {part()})"
    return rng.choice(
        ("exp(sin({}))", "(1.5 + tanh({})) ** 1.5", "log(sum(exp({})))", "sqrt(0.5 + ({})**2)")
    ).format(part())


def differences(text: str, name: str, values, weights):
    """The gradient of Σ weights · formula, by central differences."""
    found = np.zeros_like(values[name])
    for at in np.ndindex(found.shape):
        sides = []
        for step in (STEP, -STEP):
            moved = values[name].copy()
            moved[at] += step
            sides.append(np.sum(weights * np.asarray(computed(text, **{**values, name: moved}))))
        found[at] = (sides[0] - sides[1]) / (2 * STEP)
    return found


def test_the_texts_are_the_gradients():
    compared, long = 0, 0
    for seed in range(FORMULAS):
        rng, data = random.Random(seed), np.random.default_rng(seed)
        text = drawn(rng, ("a", "b"), rng.randrange(1, 4))
        widths = (rng.choice((1, 3)), 3)
        values = {n: data.uniform(-1.5, 1.5, (2, w)) for n, w in zip("ab", widths, strict=True)}
        given = {**values, "q": np.asarray(0.7)}
        result = np.asarray(computed(text, **given))
        weights = data.normal(size=result.shape)
        shapes, size = [(w,) for w in widths], (result.shape[-1],)
        found = slopes(formula_of(text, ("a", "b")), shapes, size)
        long += 2 - len(found)
        for name, line in found.items():
            gradient = computed(line.partition(" = ")[2], dmine=weights, **given)
            wanted = differences(text, name, given, weights)
            got = np.broadcast_to(np.asarray(gradient), wanted.shape)
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-7, err_msg=f"{text}\n{line}")
            compared += 1
    print(f"\n{compared} gradients as shown, {long} left out for more than {LONGEST} characters")
    assert compared > FORMULAS


# --- in the module ------------------------------------------------------------------------

NETWORK = """\
fn gate(a, b) = a * sigmoid(b) + tanh(a)
fn near(y, u) = (y - u)**2
input 6 -> [dense 4 as one, dense 4 as two] -> gate -> dense 3 as end
loss near on one, two weight=0.5
loss mse on end
"""


@pytest.mark.parametrize("level", [0, 1])
def test_the_module_shows_them_in_the_names_of_the_spec(level):
    code = compile_source(Source("net.nn", NETWORK), Options(level=level)).code
    for line in (
        "da = dgate * (1 + sigmoid(b) - tanh(a)**2), by gate1",
        "db = dgate * a * sigmoid(b) * (1 - sigmoid(b)), by gate1",
        "dy = 2 * (y - u) · 0.5 / (4*B), by near",
    ):
        assert line in " ".join(code.replace("#", "").split()), line
    assert "dz = da · a (1 − a)" not in code
