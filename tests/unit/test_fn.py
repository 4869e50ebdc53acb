"""Formulas of a spec (`fn`): reading, names, shapes, losses, layout."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.model import Report
from nnc.driver import check
from nnc.format import format_source
from nnc.source import Source

from ..generated import build

NET = "\ninput 4 -> dense 3 mine -> dense 1\nloss mse"


def found(text: str, **files: str) -> list[tuple[str, str]]:
    """Codes with the text they are said of."""

    def load(path: str, _: Source) -> Source:
        return Source(path, files[path.removesuffix(".nn")])

    report = check(Source("spec.nn", text), load).report
    return [(d.code.id, d.span.text) for d in report]


def value(text: str, x, level: int = 0):
    """The outputs of a network without parameters."""
    module = build(f"{text}\ndtype float64", level)
    return np.asarray(module.forward(module.init_params(0), np.asarray(x, float))[0])


@pytest.mark.parametrize(
    "text",
    [
        "input 4 as fn\nfn -> dense 3\nloss mse",
        "block fn(n) = dense n\ninput 4 -> fn(3)\nloss mse",
        "let fn = 3\ninput 4 -> dense fn\nloss mse",
        "block fn = dense 3\ninput 4 -> [id,\nfn leaky_relu(0.2)] -> concat\nloss mse",
    ],
)
def test_a_spec_may_still_use_fn_as_a_name(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fn mine(x) = y + 1" + NET, [("NN102", "y")]),
        ("fn mine(x) = sigmod(x)" + NET, [("NN102", "sigmod")]),
        ("fn mine(x) = other(x)\nfn other(x) = mine(x)" + NET, [("NN118", "mine")]),
        ("fn mine(x) = x\nfn idle(x) = x" + NET, [("NN140", "idle")]),
        ("fn mine(x, q=1) = x" + NET, [("NN140", "q")]),
        ("fn relu(x) = x", [("NN116", "relu")]),
        ("fn mse(y, t) = y - t", [("NN116", "mse")]),
        ("fn f(exp) = exp", [("NN116", "exp")]),
        ("fn f(x, x) = x", [("NN114", "x")]),
        ("let f = 3\nfn f(x) = x", [("NN114", "f")]),
        ("fn mine(x) = where(x, 1, 2)" + NET, [("NN110", "x")]),
        ("fn mine(x) = exp(x, x)" + NET, [("NN108", "exp(x, x)")]),
        ("fn mine(x) = exp + x" + NET, [("NN110", "exp")]),
        ("fn mine(x) = x // 2" + NET, [("NN002", "//")]),
        ("fn mine(x) = 1 < x < 2" + NET, [("NN002", "<")]),
        ("fn mine(x) = 2x" + NET, [("NN005", "2x")]),
        ("fn mine(x) = (x + 1) x" + NET, [("NN002", "x")]),
        ("fn mine(x) = x +", [("NN009", "")]),
        ("fn mine(x) = exp(x" + NET, [("NN003", "(")]),
        ("fn mine() = 1" + NET, [("NN002", ")")]),
        ("fn mine = 1" + NET, [("NN002", "mine")]),
        ("fn Z(x) = x x", [("NN017", "Z")]),
        ("fn mine(x) = x * (1 / 0)" + NET, [("NN113", "(1 / 0)")]),
        ("fn mine(x) = 1 + 2 * 0 * 3" + NET, [("NN140", "x"), ("NN230", "mine")]),
        ("fn mine(x, t) = x - t" + NET, [("NN127", "mine")]),
        ("fn mine(a, b) = a - b" + NET, [("NN127", "mine")]),
        ("fn f(a, b) = a - b\ninput 4 -> f\nloss mse", [("NN122", "f")]),
        (
            "fn f(a, b) = a\ninput 4 -> [id, id, id] -> f\nloss mse",
            [("NN140", "b"), ("NN215", "f")],
        ),
        ("input 4 as stage\nfn f(x) = x + stage\nstage -> f\nloss mse", [("NN102", "stage")]),
        ("block b(n) = dense n -> f\nfn f(x) = n * x\ninput 4 -> b(2)\nloss mse", [("NN102", "n")]),
        ("fn f(a) = a\ninput 4 -> dense 2\nloss f(q=2)", [("NN106", "q")]),
        ("input 4 -> dense 2 as y\nloss mse\nloss f\nfn f(a, b) = a*b", [("NN129", "f")]),
        ("fn f(y, t, weight=1) = weight * (y - t)\ninput 4 -> dense 2\nloss f", [("NN115", "f")]),
        ("input T ragged -> f\nloss mse\nfn f(x) = sum(x)", [("NN214", "f")]),
    ],
)
def test_faults_are_said_at_the_word_at_fault(text, expected):
    assert found(text) == expected


def test_a_parameter_hides_a_let_and_other_formulas_see_their_own():
    text = "let q = 100\nfn inner(a, q=3) = q * a\nfn f(q, b=2) = inner(q + b, q=b) + inner(q)"
    assert value(f"{text}\nlet used = q\ninput 2 -> f", [[1, 2]]).tolist() == [[9, 14]]


def test_numbers_are_given_by_name_or_place():
    text = "fn f(x, p=1, q=10) = p * x + q\ninput 1 -> [f(q=0), f(3), f 3 q=1] -> concat"
    assert value(text, [[2]]).tolist() == [[2, 16, 7]]


def test_functions_run_over_the_last_axis_and_keep_it():
    text = "fn f(x) = x - mean(x) + max(x) - min(x) + sum(x)\ninput 3 -> f"
    assert value(text, [[1, 2, 6]]).tolist() == [[12, 13, 17]]


@pytest.mark.parametrize("level", [0, 1])
def test_comparisons_are_conditions_and_numbers(level):
    text = "fn f(x) = where(x >= 1, x, -1) + 10 * (x != 2) + where(x < 1, 100, 200)\ninput 3 -> f"
    assert value(text, [[0, 1, 2]], level).tolist() == [[109, 211, 202]]


def test_a_formula_of_a_library_is_included():
    text = 'include "lib.nn"\ninput 4 -> dense 3 mine(q=2) -> dense 1\nloss mse'
    assert found(text, lib="fn mine(x, q=1) = q * helper(x)\nfn helper(x) = abs(x)") == []


@pytest.mark.parametrize("level", [0, 1])
def test_padding_reaches_neither_loss_nor_gradient_of_a_formula(level):
    text = "fn f(x) = log(x) / x\nfn own(y, t) = (y - t) ** 2 / t\ninput Tx2 ragged -> f -> dense 2"
    module = build(f"{text}\nloss own\ndtype float64", level)
    params, x, t = module.init_params(0), np.full((2, 3, 2), 2.0), np.full((2, 3, 2), 3.0)
    lengths = np.array([3, 1])

    def results():
        _, cache = module.forward(params, x, lengths=lengths)
        grads = module.backward(params, cache, t)
        return module.loss(params, cache, t), {n: np.array(g) for n, g in grads.items()}

    loss, grads = results()
    x[1, 1:], t[1, 1:] = np.nan, np.nan
    again, others = results()
    assert np.isfinite(loss)
    assert again == loss
    for name, grad in grads.items():
        assert np.isfinite(grad).all()
        assert np.array_equal(grad, others[name])


def test_layout_is_canonical_and_stays():
    text = "fn  f(x,q=- 2,)=where(x<=q,x>= -x**2,1)+2*(x-1)\ninput 4->f(q=3)->dense 2 as y\n"
    text += "fn k(m,l)=m*l\nloss k on y,y\nloss mse on y\n"
    formatted = format_source(Source("a.nn", text), Report())
    assert formatted is not None
    assert formatted.splitlines()[0] == "fn f(x, q=-2) = where(x <= q, x >= -x**2, 1) + 2 * (x - 1)"
    assert "loss k on y, y" in formatted
    assert format_source(Source("a.nn", formatted), Report()) == formatted


def test_generated_lines_say_the_formula():
    from ..generated import module_code

    code = module_code("fn swish(z, q=1) = z * sigmoid(q * z)\ninput 4 -> swish(q=2)", 0)
    assert "swish = z * sigmoid(q * z), q=2" in code


def test_a_formula_is_bounded_in_its_operations():
    fns = "\n".join(f"fn f{i}x(x) = f{i - 1}x(x) + f{i - 1}x(x)" for i in range(1, 20))
    text = f"fn f0x(x) = x\n{fns}\ninput 4 -> f19x"
    assert [(code, span) for code, span in found(text)] == [("NN403", "f19x")]


def test_training_lets_a_formula_be_negative():
    from nnc.runtime.divergence import NO_LOWER_END

    module = build("fn own(y, t) = y - t\ninput 4 -> dense 2\nloss own")
    assert module.LOSSES == {"own": "fn"}
    assert set(module.LOSSES.values()) <= NO_LOWER_END


def test_deep_parentheses_are_read():
    deep = "(" * 60 + "x" + ")" * 60
    assert found(f"fn mine(x) = {deep}{NET}") == []


def test_a_long_text_of_several_losses_is_wrapped():
    from ..generated import module_code

    text = """fn own(a, b) = (a - b) * (a - b) + abs(a) + abs(b) + exp(a) * exp(b) - 2 * a * b
    input 4 -> [dense 2 as one, dense 2 as two]
    [one, two] -> concat -> dense 1 as y
    loss mse on y
    loss own on one, two"""
    for level in (0, 1):
        code = module_code(text, level)
        assert all(
            len(line) <= 100
            for line in code.splitlines()
            if line.startswith(('    """', "    plus"))
        )
        assert "plus own = (a - b)" in " ".join(code.split())


@pytest.mark.parametrize(
    "wrong",
    [
        "fn mine(y, t) = (y - t)^2",
        "mine(y, t) = (y - t)**2",
        "fn mine(y, T) = (y - T)**2",
        "fn mine(y, t) = ((y - t)**2",
    ],
)
def test_a_loss_by_an_unreadable_formula_is_no_second_fault(wrong):
    report = check(Source("a.nn", f"{wrong}\ninput 4 -> dense 3\nloss mine\n")).report
    assert [d.span.line for d in report] == [1]


def test_what_a_faulty_formula_is_given_is_checked():
    text = "fn mine(y, t, d=1) = huh(y - t) * d\ninput 4 -> dense 3\nloss mine e=2\n"
    found = [(d.code.id, d.span.line) for d in check(Source("a.nn", text)).report]
    assert found == [("NN102", 1), ("NN106", 3)]


def test_a_loss_of_one_value_on_several():
    text = "input 4 -> [dense 3 as a, dense 3 as b]\noutput a, b\nloss mse on a, b\n"
    (found,) = check(Source("a.nn", text)).report
    assert (found.code.id, found.message) == ("NN108", "`mse` judges one value, and 2 are named")
    assert found.span.text == "b"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("f(z) = z * sigmoid(z)", "fn"),
        ("f(z) = z * (z + 1)", "fn"),
        ("f(n) = dense n relu -> dense n", "block"),
        ("f(n) = dense (n * 2) relu", "block"),
        ("f(n) = conv n 3x3 pad=1 relu", "block"),
    ],
)
def test_a_definition_without_its_word(text, word):
    found, *_ = check(Source("a.nn", f"{text}\ninput 4 -> dense 3\n")).report
    assert found.message == f"`f` is defined without `{word}`"
