"""No name in a spec can collide with a name in the templates."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from functools import cache

import numpy as np
import pytest
from nnc.driver import Options, check, compile_source
from nnc.source import Source

from ..oracle.draws import error
from .contract import LEVELS, code, load, module
from .test_contract_files import EVERYTHING

PLAIN = ("np", "params", "cache", "lr", "len", "x", "y", "grads", "loss", "forward", "self")
MORE = ("state", "opt", "target", "batch", "order", "rng", "float", "dict", "print", "range")
BUILTINS = ("sum", "max", "type", "list", "zip", "isinstance", "str", "tuple", "object", "b")
STARTS = ("init_params", "backward", "train_step", "predict", "seed", "path", "main", "os", "sys")
MIMICS = ("h_w", "h_b", "dh", "d_h", "grad_h", "h_1", "h1", "h_2", "h_a", "h_out", "h_in", "h_z")


def identifiers() -> list[str]:
    """Every name the generated modules use that a stage may be called."""
    found = set()
    for level in LEVELS:
        text = code(EVERYTHING, level)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                found |= {token.string, token.string.lower().strip("_")}
    return sorted(name for name in found if re.fullmatch("[a-z][a-z0-9_]*", name))


def allowed(names: list[str]) -> list[str]:
    """Those that the language lets a stage be called; most must be."""
    free = []
    for name in names:
        if keyword.iskeyword(name):
            continue
        spec = f"input 3 as quiet -> dense 2 as {name}\nloss mse\n"
        if not check(Source("m.nn", spec)).report.has_errors:
            free.append(name)
    return free


TAILS = {
    "regression": "-> prelu -> gelu -> poly 1 -> dense 2 as {end}\nloss mse\nloss bce on {mid}\n",
    "classes": "-> dropout 0 -> mish -> dense 2 softmax as {end}\nloss crossentropy\n",
    "heads": "-> softplus as {mid}\n{mid} -> dense 2 log_softmax as {end}\noutput {mid}, {end}\n"
    "loss crossentropy on {end}\nloss huber on {mid} weight=0.5\n",
}


def chain(names, tail="regression") -> str:
    """A net whose stages are called so; names serve as input, layers, group and outputs."""
    first, group, *rest, mid, end = names
    layers = " -> ".join(f"dense 3 tanh as {name}" for name in rest)
    text = f"input 3 as {first} -> (dense 3 as inner -> tanh) as {group} -> {layers}"
    text += f" -> [id, {rest[0]}] -> max -> dense 3 sigmoid "
    text += {"regression": f"as {mid} ", "classes": f"as {mid} "}.get(tail, "")
    text += TAILS[tail].format(mid=mid, end=end)
    if tail == "regression":
        text = text.replace("loss mse", f"loss mse on {end}")
    return f"{text}regularize l1=0.01\noptimizer sgd lr=0.1 momentum=0.9\ndtype float64\n"


def answers(text: str, level: int):
    """Everything the module can say, in order and without names."""
    made = module(text, level)
    rng = np.random.default_rng(0)
    params = {n: rng.normal(0, 0.4, shape) for n, shape in made.PARAM_SHAPES.items()}
    x = rng.normal(size=(4, 3))
    ids = "loss crossentropy" in text
    targets = [
        rng.integers(0, 2, 4) if ids and shape[-1] == 2 else rng.random((4, *shape[1:]))
        for shape in made.TARGETS.values()
    ]
    target = dict(zip(made.TARGETS, targets, strict=True)) if len(targets) > 1 else targets[0]
    y, cache = made.forward(params, x)
    grads = made.backward(params, cache, target)
    said = [*listed(y), np.array(made.loss(params, cache, target)), *map(np.array, grads.values())]
    opt = made.init_optimizer(params)
    more = {"rng": np.random.default_rng(0)} if "-> dropout" in text else {}
    losses = [made.train_step(params, x, target, opt, **more) for _ in range(3)]
    return [*said, np.array(losses), *listed(made.predict(params, x)), *params.values()]


def listed(y) -> list[np.ndarray]:
    """One output or several, as copies in a list."""
    return [np.array(value) for value in (y.values() if isinstance(y, dict) else [y])]


def compare(names, level, tail="regression") -> None:
    """The names change nothing but names."""
    harmless = [f"quiet_{'abcdefghijklmnopqrstuvwxyz'[i]}" for i in range(len(names))]
    want = answers(chain(harmless, tail), level)
    try:
        got = answers(chain(names, tail), level)
    except (TypeError, NameError, AttributeError, ValueError) as collision:
        raise AssertionError(f"{names}: {collision}") from collision
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert error(a, b, 1e-3) < 1e-12, names


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("names", [PLAIN, MORE, BUILTINS, STARTS, MIMICS], ids=lambda n: n[0])
def test_names_a_spec_likes_to_use(names, level):
    for tail in TAILS:
        compare(["h", *allowed(list(names))], level, tail)
        compare([*reversed(allowed(list(names))), "h"], level, tail)


@pytest.mark.parametrize("level", LEVELS)
def test_those_names_are_free_to_use(level):
    free = allowed([*PLAIN, *MORE, *BUILTINS, *STARTS, *MIMICS])
    refused = {*PLAIN, *MORE, *BUILTINS, *STARTS, *MIMICS} - set(free)
    assert refused <= {"loss", "sum", "max"}, refused


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("tail", TAILS)
def test_every_identifier_the_templates_use(tail, level):
    names = allowed(identifiers())
    assert len(names) > 60
    for start in range(0, len(names), 24):
        some = names[start : start + 24]
        some += [name for name in names if name not in some][: max(0, 5 - len(some))]
        compare(some, level, tail)


@pytest.mark.parametrize("level", LEVELS)
def test_dots_and_underscores_differ(level):
    sgd = "loss mse\ndtype float64\noptimizer sgd lr=0.1\n"
    text = (
        "input 3 -> (dense 3 tanh as b -> dense 3 as b_c) as a -> dense 3 as a_b\n"
        "  -> (dense 3 as c) as a_b_c -> (dense 3 as b_c) as a_c -> dense 3 as a_b_w\n"
        "  -> (dense 3) * 2 as r -> dense 2 as r_1_dense1\n"
    )
    text += sgd
    made = module(text, level)
    names = ["a.b", "a.b_c", "a_b", "a_b_c.c", "a_c.b_c", "a_b_w"]
    names += ["r.1.dense1", "r.2.dense1", "r_1_dense1"]
    assert [n for n in made.PARAM_SHAPES if n.endswith(".W")] == [f"{n}.W" for n in names]
    straight = "input 3 -> dense 3 tanh" + " -> dense 3" * 7 + " -> dense 2\n"
    want = answers(straight + sgd, level)
    got = answers(text, level)
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert error(a, b, 1e-3) < 1e-12


@pytest.mark.parametrize("level", LEVELS)
def test_lets_and_blocks_may_have_such_names_too(level):
    text = (
        "let np = 3\nlet params = 2\nblock cache(x, grads=np) = dense x tanh -> dense grads\n"
        "input 3 -> cache(np) -> cache(np, grads=3) as y -> dense params\n"
        "loss mse\ndtype float64\noptimizer sgd lr=0.1\n"
    )
    plain = "input 3 -> dense 3 tanh -> dense 3 -> dense 3 tanh -> dense 3 -> dense 2\n"
    want = answers(f"{plain}loss mse\ndtype float64\noptimizer sgd lr=0.1\n", level)
    got = answers(text, level)
    for a, b in zip(got, want, strict=True):
        assert error(a, b, 1e-3) < 1e-12


HOSTILE_TEXTS = {
    "quotes": "# \"\"\" ''' \" '\n",
    "backslashes": "# \\ \\n \\x41 \\N{BULLET} ends with \\\n",
    "template marks": "# {{ x }} {% endraw %} {# #} {0} %s $x\n",
    "other scripts": "# naïve Größe 神经网络 \u202e🙂\n",
    "quotes at the end": '# ends with "\n',
    "code": "# \n# import os\n",
    "long": f"# {'very ' * 60}long\n",
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", HOSTILE_TEXTS)
def test_the_spec_is_quoted_safely(kind, level):
    text = f"{HOSTILE_TEXTS[kind]}input 3 -> dense 2 {HOSTILE_TEXTS[kind]}loss mse\n"
    for whole in (text, text.rstrip("\n"), text.replace("\n", "\r\n"), text + "\n\n"):
        assert whole == module(whole, level).SPEC


LAYERS = {
    "statistics": (
        "input 2x6x6 as {0} -> conv 4 3 pad=same as {1} -> batchnorm relu as {2} -> dropout 0.3 as {3}"
        " -> maxpool 2 as {4} -> [depthwise 3 pad=same as {5}, conv_transpose 4 3 pad=1 as {6}] -> max"
        " -> groupnorm 2 as {7} -> weightedpool 2 stride=1 as {8} -> (local 2 2 tanh as {9}) as {10}"
        " -> pad 1 -> flatten -> layernorm as {11} -> dense 3 leaky_relu(0.1) as {12}"
        " -> dense 3 softmax as {13}\nloss crossentropy on {13}\nloss mse on {12} weight=0.1\n"
        "optimizer adam lr=0.01\nclip norm=1\nschedule cosine steps=9\n"
    ),
    "sequences": (
        "input Tx4 ragged as {0} -> lstm 2 return=all bidirectional=true as {1} -> noise 0.1 as {2}"
        " -> positional as {3} -> attention 2 causal=true as {4} -> rmsnorm as {5} -> max axis=0 as {6}\n"
        "input L int ragged as {7} -> embedding 5 4 as {8} -> rnn 4 relu layers=2 dropout=0.2 as {9}\n"
        "[{6}, {9}] -> sub as {10} -> dense 4 as {11}\n{8} -> gru 4 as {12} -> dense 5 tie={8} as {13}\n"
        "output {11}, {13}\nloss huber on {11}\nloss crossentropy smoothing=0.1 on {13} weight=0.5\n"
        "optimizer rmsprop lr=0.01 momentum=0.5 centered=true\nregularize l2=0.01\n"
    ),
}
"""Specs of all layers with something to collide with: fourteen names each."""

WORDS = (
    "state",
    "train",
    "rng",
    "lengths",
    "lengths_2",
    "tape",
    "conv",
    "c",
    "cache",
    "dy",
    "kept",
)
WORDS += (
    "stats",
    "opt",
    "lr",
    "np",
    "x_lengths",
    "x_data",
    "h",
    "target_ids",
    "found",
    "value",
    "j",
)


def emitted(kind: str) -> tuple[str, ...]:
    """The further functions of a spec: with batchnorm there are no rows on their own."""
    rows = () if kind == "statistics" else ("per-example",)
    return ("input-gradient", "vjp", "jacobian", "shares", *rows)


@cache
def layered(kind: str, names: tuple[str, ...], level: int) -> str:
    """The module of one of LAYERS with its stages called so."""
    text = f"{LAYERS[kind].format(*names)}dtype float64\n"
    options = Options(level=level, format=False, emit=emitted(kind))
    return compile_source(Source("layers.nn", text), options).code


def spoken(kind: str, names: tuple[str, ...], level: int) -> list[np.ndarray]:
    """Everything the module says, in order and without names; of two rows, one shorter."""
    made = load(layered(kind, names, level))
    rng = np.random.default_rng(0)
    params = {n: rng.normal(0, 0.4, shape) for n, shape in made.PARAM_SHAPES.items()}
    sizes = {"B": 3, "T": 4, "L": 2}
    more: dict[str, object] = {}
    if kind == "statistics":
        x, more = rng.normal(size=(3, 2, 6, 6)), {"state": made.init_state()}
    else:
        wide, narrow = made.INPUTS
        x = {wide: rng.normal(size=(3, 4, 4)), narrow: rng.integers(0, 5, (3, 2))}
        more = {"lengths": {wide: np.array([4, 1, 3]), narrow: np.array([1, 2, 2])}}
    target = {}
    for name, shape in made.TARGETS.items():
        rows = rng.random([sizes.get(n, n) for n in shape])
        target[name] = rows / rows.sum(axis=-1, keepdims=True)
    seeded = lambda: {**more, "rng": np.random.default_rng(0)}  # noqa: E731
    y, cache_ = made.forward(params, x, train=True, **seeded())
    said = [*listed(y), np.array(made.loss(params, cache_, target))]
    said += [np.array(g) for g in made.backward(params, cache_, target).values()]
    grads, dx = made.vjp(params, cache_, y)
    said += [*grads.values(), *listed(dx)]
    said += listed(made.input_gradient(params, x, target, train=True, **seeded()))
    if "per-example" in emitted(kind):
        said += made.per_example_gradients(params, x, target, train=True, **seeded()).values()
    for value in listed_deep(made.jacobian(params, x, **more)):
        said.append(value)
    opt = made.init_optimizer(params)
    said += [np.array(made.train_step(params, x, target, opt, **seeded())) for _ in range(2)]
    return [*said, *listed(made.predict(params, x, **more)), *params.values()]


def listed_deep(found) -> list[np.ndarray]:
    """The arrays of dicts of dicts."""
    if isinstance(found, dict):
        return [array for value in found.values() for array in listed_deep(value)]
    return [np.array(found)]


def quiet() -> tuple[str, ...]:
    """Names that nothing else has."""
    return tuple(f"quiet_{letter}" for letter in "abcdefghijklmn")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", LAYERS)
def test_every_identifier_of_the_layers_modules(kind, level):
    code_ = layered(kind, quiet(), level)
    tokens = tokenize.generate_tokens(io.StringIO(code_).readline)
    used = {t.string.lower().strip("_") for t in tokens if t.type == tokenize.NAME}
    used = {n for n in used if re.fullmatch("[a-z][a-z0-9_]*", n) and "quiet" not in n}
    names = allowed(list(dict.fromkeys([*WORDS, *sorted(used - set(identifiers()))])))
    assert set(WORDS) - set(names) <= {"conv", "train"}, "kinds and directives are taken"
    want = spoken(kind, quiet(), level)
    for start in range(0, len(names), 14):
        some = tuple((names[start:] + names)[:14])
        try:
            got = spoken(kind, some, level)
        except (TypeError, NameError, AttributeError, ValueError, SyntaxError) as collision:
            raise AssertionError(f"{some}: {collision}") from collision
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            assert error(a, b, 1e-3) < 1e-12, some
