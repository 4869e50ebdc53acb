"""Every op's gradient rule against finite differences, from the registry, in float64.

The op is put into a graph with a random upstream gradient, differentiated, optimised, written
out by the NumPy target and run; central differences of the same op's value are the oracle for
the rule, and NumPy's own arithmetic (`EXPECTED`) for the value.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from nnc.autodiff.reverse import differentiate
from nnc.ir.op_graph import Origin, Role
from nnc.ops import OPS
from nnc.ops.build import Builder
from nnc.ops.reduction import sum_all
from nnc.ops.registry import ZERO, Sample, Undefined
from nnc.ops.source import LEAVES, leaf
from nnc.passes.pipeline import PASSES, Function, optimise
from nnc.program.buffers import plan_buffers
from nnc.program.kernels import single
from nnc.program.names import Namer
from nnc.source import Source
from nnc.targets.numpy.buffered import buffered
from nnc.targets.numpy.frame import Frame, constant, name_values
from nnc.targets.numpy.helpers import helper_functions
from nnc.targets.numpy.names import Names, name_places
from nnc.targets.numpy.textbook import textbook
from nnc.targets.target import load_target
from nnc.targets.text import Text

SPAN = Source("op.nn", "op").span(0, 2)
CASES = [
    pytest.param(op.name, sample, id=f"{op.name}-{i}")
    for op in OPS.values()
    for i, sample in enumerate(op.samples)
]


def draw(sample: Sample, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arrays = {}
    for i, shape in enumerate(sample.shapes):
        x = rng.uniform(sample.low, sample.high, shape)
        for kink in sample.kinks:
            x = np.where(np.abs(x - kink) < 0.05, kink + 0.1, x)
        if i in sample.rows:
            x = np.abs(x) / np.abs(x).sum(axis=-1, keepdims=True)
        if i in sample.ints:
            x = rng.integers(1, sample.ints[i] + 1, shape)
        if i in sample.flags:
            x = rng.random(shape) < 0.5 if shape else np.array(True)
        arrays[f"x{i}"] = x
    return arrays


def op_graph(name: str, sample: Sample):
    build = Builder(Origin("op", (SPAN,), Role.FORWARD))
    xs = []
    for i, type in enumerate(sample.types()):
        x = leaf(build, "input", f"x{i}", type)
        xs.append(build.describe(x, hint=f"x{i}"))
    composed = OPS[name].composed
    value = composed(tuple(xs), sample.attrs) if composed else build.emit(name, *xs, **sample.attrs)
    value = build.describe(value, hint="value")
    upstream = build.describe(leaf(build, "input", "upstream", value.type), hint="upstream")
    total = sum_all(value * upstream)
    differentiable = [f"x{i}" for i in range(len(xs)) if i not in sample.constant]
    differentiate(build, total.id, [], differentiable)
    build.outputs["out:value"] = value.id
    return build.graph()


def function(graph, level: int):
    """The graph as a Python function of its inputs by name, and the source it was made from."""
    target = load_target("numpy")
    graph = optimise(graph, PASSES[Function.TRAINING][level])
    kernels = single(graph)
    names, namer = {}, Namer(target.words)
    for node in graph:
        if node.op == "input":
            names[node.id] = namer.grant(node.attr("name"))
    name_values((kernels.forward,), names, namer)
    constants = {constant(n): f"K{n.id}" for n in graph if n.op == "const" and n.type.rank}
    frame = Frame(
        target, graph, {i: Text(n) for i, n in names.items() if graph[i].op == "input"}, constants
    )
    space = {
        "np": np,
        "DTYPE": np.dtype(float),
        "ZERO": np.zeros(()),
        "ONE": np.ones(()),
        "TINY": np.full((), 1e-25),
        "LOWEST": np.full((), np.finfo(float).min),
        "Array": np.ndarray,
        "Any": object,
        "prod": math.prod,
        "product": itertools.product,
        "accumulate": itertools.accumulate,
    }
    space |= {name: np.array(values) for values, name in constants.items()}
    if level == 1:
        plan = plan_buffers(kernels, target.may_overwrite)
        found = Names(target, level, kernels, plan, frozenset(), namer, names)
        name_places(found)
        frame.places = found.places
        c = SimpleNamespace()
        for place, buffer in plan.buffers.items():
            setattr(
                c,
                found.places[place].name,
                np.full(buffer.shape, np.nan if buffer.dtype.value == "float" else 1).astype(
                    buffer.dtype.value
                ),
            )
        for node in graph:
            if node.op == "ones":
                setattr(c, f"ones{node.id}", np.ones(node.type.shape))
                frame.texts[node.id] = Text(f"c.ones{node.id}")
        space["c"] = c
        statements = buffered(kernels.forward, frame, names, plan.kernels["forward"])
    else:
        statements = textbook(kernels.forward, frame, names)
    lines = []
    for s in statements:
        kind = type(s).__name__
        if kind == "Assign":
            lines.append(f"    {s.target} {s.op} {s.expression}")
        elif kind == "Call":
            lines.append(f"    {s.text}")
    args = ", ".join(n for i, n in names.items() if graph[i].op == "input")
    results = ", ".join(f"{n!r}: {frame.name(i)}" for n, i in graph.outputs.items())
    source = f"def f({args}):\n" + "\n".join(lines) + f"\n    return {{{results}}}\n"
    words = {name: has(graph, name) for name in ("started", "cells")}
    view = SimpleNamespace(level=level, dtype="float64", by_columns=(), shares_state=False, **words)
    used = {name for s in statements for name in getattr(s, "uses", ())}
    helpers = helper_functions(target, view, used).text
    exec("from __future__ import annotations\n" + helpers, space)
    exec(source, space)
    return space["f"], source


def has(graph, attribute: str) -> bool:
    return any(dict(node.attrs).get(attribute) for node in graph)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(("name", "sample"), CASES)
def test_rule_agrees_with_central_differences(name, sample, level):
    arrays = draw(sample, 1)
    graph = op_graph(name, sample)
    f, source = function(graph, level)
    out_shape = graph[graph.outputs["out:value"]].type.shape
    upstream = np.random.default_rng(2).standard_normal(out_shape)
    result = {k: np.array(v) for k, v in f(**arrays, upstream=upstream).items()}
    value, _ = function(replace_outputs(op_graph(name, sample)), 0)
    plain = value(**arrays, upstream=upstream)["out:value"]
    np.testing.assert_allclose(result["out:value"], plain, rtol=1e-12, atol=1e-14, err_msg=source)

    def total(**moved):
        return float(np.sum(value(**moved, upstream=upstream)["out:value"] * upstream))

    step = 1e-6
    for i in range(len(arrays)):
        if i in sample.constant:
            assert f"dx:x{i}" not in result
            continue
        x = arrays[f"x{i}"]
        numeric = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[index] += step
            down[index] -= step
            numeric[index] = (
                total(**{**arrays, f"x{i}": up}) - total(**{**arrays, f"x{i}": down})
            ) / (2 * step)
        np.testing.assert_allclose(
            result[f"dx:x{i}"], numeric, rtol=1e-6, atol=1e-8, err_msg=source
        )


def replace_outputs(graph):
    return replace(graph, outputs={"out:value": graph.outputs["out:value"]})


def _softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


EXPECTED = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": lambda *xs: np.max(np.stack(xs), 0),
    "matmul": lambda a, b: np.einsum("ij,jk->ik", a, b),
    "exp": np.exp,
    "log": np.log,
    "square": lambda x: x * x,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "erf": np.vectorize(math.erf),
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "softsign": lambda z: z / (1 + abs(z)),
    "softmax": _softmax,
    "log_softmax": lambda z: np.log(_softmax(z)),
    "crossentropy": lambda z, t: -np.sum(t * np.log(_softmax(z)), -1),
    "bce": lambda z, t: -t * np.log(1 / (1 + np.exp(-z))) - (1 - t) * np.log(1 / (1 + np.exp(z))),
    "bounded": lambda x: x,
    "silu": lambda z, _=None: z / (1 + np.exp(-z)),
    "hard_swish": lambda z, _=None: np.where(abs(z) < 3, z * (z + 3) / 6, np.maximum(z, 0)),
    "mish": lambda z, _=None: z * np.tanh(np.log1p(np.exp(z))),
    "gelu": lambda z, _=None: z * (1 + np.vectorize(math.erf)(z / 2**0.5)) / 2,
    "poisson": lambda y, t: np.exp(y) - t * y,
    "prelu": lambda z, a: np.where(z > 0, z, a * z),
    "xlogx": lambda x: x * np.log(x),
    "inner": lambda a, b: np.einsum("ij,ij", a, b),
    "row_sums": lambda x: np.einsum("ij->i", x)[:, None],
    "column_sums": lambda x: np.einsum("ij->j", x),
    "root": np.sqrt,
}


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_value_agrees_with_the_definition(name, level):
    for sample in OPS[name].samples:
        arrays = draw(sample, 3)
        graph = op_graph(name, sample)
        f, source = function(graph, level)
        out_shape = graph[graph.outputs["out:value"]].type.shape
        value = f(**arrays, upstream=np.ones(out_shape))["out:value"]
        np.testing.assert_allclose(
            value, EXPECTED[name](*arrays.values()), rtol=1e-13, atol=1e-14, err_msg=source
        )


MADE = [
    case
    for case in CASES
    if load_target("numpy").makes(SimpleNamespace(op=case.values[0]))
    and case.values[0] != "flush_denormals"  # stands only where -O1 plans arrays
]


@pytest.mark.parametrize(("name", "sample"), MADE)
def test_what_predict_writes_over_is_no_view(name, sample):
    """A value that ops without planned arrays may overwrite shares no memory with an operand."""
    graph, arrays = op_graph(name, sample), draw(sample, 1)
    node = next((n for n in graph if n.op == name), None)
    if node is None or node.type.rank == 0:
        return  # composed of other ops; a number of its own
    operands = [graph[i] for i in node.inputs]
    shapes = [n.type.shape for n in operands]
    if any(n.op != "input" for n in operands):  # the op is part of a composed one
        arrays = {f"x{i}": np.ones(shape) for i, shape in enumerate(shapes)}
    texts = [Text(x) for x in arrays]
    made = load_target("numpy").making(node, texts, shapes)
    space = {"np": np, "DTYPE": np.dtype(float), "Array": np.ndarray, "Any": object}
    space |= {"prod": math.prod, "product": itertools.product, "accumulate": itertools.accumulate}
    space |= {"ONE": np.ones(()), "LOWEST": np.full((), np.finfo(float).min), **arrays}
    view = SimpleNamespace(level=1, dtype="float64", by_columns=(), shares_state=False)
    helpers = helper_functions(load_target("numpy"), view, made.uses).text
    exec("from __future__ import annotations\n" + helpers, space)
    value = eval(made.code, space)
    assert value.flags.writeable
    assert value.dtype == node.type.dtype.value
    assert not any(np.shares_memory(value, x) for x in arrays.values())


def test_every_op_states_its_gradient_and_has_samples_if_there_is_one():
    for op in OPS.values():
        has_rule = op.gradient is not ZERO and not isinstance(op.gradient, Undefined)
        assert bool(op.samples) == has_rule, f"{op.name}: a rule is checked on samples"


def test_every_op_has_its_macros():
    target = load_target("numpy")
    for name in OPS:
        if name in (*LEAVES, "ones"):
            continue
        helpers = {n for f in target.helper_files for n in helper_module(target, f).ORDER}
        written = hasattr(target.expressions, f"{name}_op") or name in helpers
        assert written, f"neither a macro nor a helper function for {name}"


def helper_module(target, file):
    return target.environment.get_template(file).module
