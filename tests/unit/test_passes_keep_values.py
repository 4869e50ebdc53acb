"""Passes preserve the values of a graph: each rule, and random graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnc.doctor.interpreter import Evaluation, Leaves
from nnc.ir.op_graph import Graph, Origin, Role
from nnc.ir.types import TensorType
from nnc.ops.build import Builder, Value
from nnc.ops.elementwise import scale
from nnc.ops.reduction import sum_over
from nnc.ops.shape import broadcast, reshape, transpose
from nnc.ops.source import const, leaf
from nnc.passes.eliminate_dead_code import eliminate_dead_code
from nnc.passes.flush_denormals import flush_denormals
from nnc.passes.fold_constants import fold_constants
from nnc.passes.fuse_sums import fuse_sums
from nnc.passes.pipeline import PASSES as PASSES_OF
from nnc.passes.share_common import share_common
from nnc.passes.simplify import simplify
from nnc.passes.verify import VerifyError, verify
from nnc.source import Source, Span

PASSES = dict.fromkeys(
    run for levels in PASSES_OF.values() for passes in levels.values() for run in passes
)


PLACE = (Span(Source("test.nn", "input 4"), 0, 5),)


def builder() -> Builder:
    return Builder(Origin("test", PLACE, Role.BACKWARD))


def parameter(build: Builder, *shape: int) -> Value:
    """A leaf called by its place in the graph."""
    return leaf(build, "param", f"p{len(build.nodes)}", TensorType(shape))


def leaves_of(graph: Graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(len(graph))
    return {
        str(node.attr("name")): rng.uniform(0.5, 2.0, node.type.shape)
        for node in graph
        if node.op == "param"
    }


def assert_same(before: Graph, after: Graph) -> None:
    verify(after, "test")
    leaves = Leaves(leaves_of(before), {})
    expected, found = (Evaluation(graph, leaves).outputs() for graph in (before, after))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12, err_msg=name)


def finished(build: Builder, *results: Value) -> Graph:
    build.outputs = {f"grad:r{i}": v.id for i, v in enumerate(results)}
    return build.graph()


def ops(graph: Graph) -> list[str]:
    """The ops that the outputs need."""
    return [node.op for node in eliminate_dead_code(graph) if node.op != "param"]


# --- simplify: one rule a case, and what is left of it ---------------------------------------


def _twice_transposed(build: Builder) -> Value:
    return transpose(transpose(parameter(build, 2, 3, 4), (2, 0, 1)), (1, 0, 2))


def _there_and_back(build: Builder) -> Value:
    return transpose(transpose(parameter(build, 2, 3, 4), (2, 0, 1)), (1, 2, 0))


def _product_transposed(build: Builder) -> Value:
    return transpose(parameter(build, 2, 3) @ transpose(parameter(build, 4, 3)))


def _scalings(build: Builder) -> Value:
    return scale(scale(parameter(build, 3), 6.0, 4), 2.0, 5)


def _halved_and_doubled(build: Builder) -> Value:
    return scale(scale(parameter(build, 3), 0.5), 6.0, 3)


def _product_with_scaling(build: Builder) -> Value:
    return scale(parameter(build, 3), 2.0, 7) * parameter(build, 3)


def _mean_gradient(build: Builder) -> Value:
    x = parameter(build, 3, 4)
    return x * broadcast(scale(const(build, 1.0), 1.0, 12), (3, 4))


def _small_beside_large(build: Builder) -> Value:
    return parameter(build, 3, 4) - broadcast(parameter(build, 1, 4), (3, 4))


def _both_spread(build: Builder) -> Value:
    first, second = parameter(build, 1, 4), parameter(build, 3, 1)
    return broadcast(first, (3, 4)) * broadcast(second, (3, 4))


def _zeros_added(build: Builder) -> Value:
    x = parameter(build, 3)
    return build.emit("zeros", shape=(3,)) + (x + const(build, 0.0))


def _reshapes(build: Builder) -> Value:
    return reshape(reshape(parameter(build, 2, 6), (3, 4)), (4, 3))


def _spread_reshaped(build: Builder) -> Value:
    return reshape(broadcast(scale(const(build, 3.0), 1.0, 4), (2, 6)), (4, 3))


@pytest.mark.parametrize(
    ("make", "left"),
    [
        (_twice_transposed, ["transpose"]),
        (_there_and_back, []),
        (_product_transposed, ["transpose", "matmul"]),
        (_scalings, ["scale"]),
        (_halved_and_doubled, []),
        (_product_with_scaling, ["mul", "scale"]),
        (_mean_gradient, ["scale"]),
        (_small_beside_large, ["sub"]),
        (_both_spread, ["broadcast", "broadcast", "mul"]),
        (_zeros_added, []),
        (_reshapes, ["reshape"]),
        (_spread_reshaped, ["const", "scale", "broadcast"]),
    ],
)
def test_a_rule_of_simplify(make, left) -> None:
    build = builder()
    graph = finished(build, make(build))
    after = simplify(graph)
    assert_same(graph, after)
    assert ops(after) == left


def test_named_values_stay_for_the_reader() -> None:
    build = builder()
    named = build.describe(scale(parameter(build, 3), 2.0), hint="twice")
    product = build.describe(parameter(build, 3, 2) @ parameter(build, 2, 3), hint="z")
    graph = finished(build, scale(named, 3.0), named * parameter(build, 3), transpose(product))
    after = simplify(graph)
    assert_same(graph, after)
    assert {node.origin.hint for node in after} >= {"twice", "z"}
    assert ops(after).count("scale") == 2
    assert ops(after).count("transpose") == 1


# --- fuse_sums: what a whole sum may look behind ----------------------------------------------


def _sum_of_sums(build: Builder) -> Value:
    x = parameter(build, 3, 4)
    return sum_over(sum_over(x, (1,)) - sum_over(x * x, (1,)), (0,))


def _sum_of_kept_sums(build: Builder) -> Value:
    return sum_over(sum_over(parameter(build, 3, 4), (1,), keepdims=True), (0, 1))


def _of_a_product(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4) * parameter(build, 3, 4), (0, 1))


def _of_a_broadcast_product(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4) * parameter(build, 4), (0, 1))


def _of_a_product_of_one_size_both_ways(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 1) * parameter(build, 1, 3), (0, 1))


def _of_a_broadcast_difference(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4) - parameter(build, 1, 4), (0, 1))


def _of_a_scaled_square(build: Builder) -> Value:
    return sum_over(scale(build.emit("square", parameter(build, 3, 4)), 3.0, 7), (0, 1))


def _of_a_quotient(build: Builder) -> Value:
    return sum_over(parameter(build, 3) / parameter(build, 3), (0,))


def _columns(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4), (0,))


def _columns_kept(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4), (0,), keepdims=True)


def _rows(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4), (1,))


def _rows_kept(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4), (1,), keepdims=True)


def _whole_kept(build: Builder) -> Value:
    return sum_over(parameter(build, 3, 4), (0, 1), keepdims=True)


def _middle(build: Builder) -> Value:
    return sum_over(parameter(build, 2, 3, 4), (1,))


def _first_of_three(build: Builder) -> Value:
    return sum_over(parameter(build, 2, 3, 4), (0,))


@pytest.mark.parametrize(
    ("make", "left"),
    [
        (_sum_of_sums, ["grand_sum", "inner", "sub"]),
        (_sum_of_kept_sums, ["grand_sum"]),
        (_of_a_product, ["inner"]),
        (_of_a_broadcast_product, ["mul", "grand_sum"]),
        (_of_a_product_of_one_size_both_ways, ["mul", "grand_sum"]),
        (_of_a_broadcast_difference, ["sub", "grand_sum"]),
        (_of_a_scaled_square, ["inner", "scale"]),
        (_of_a_quotient, ["div", "grand_sum"]),
        (_columns, ["ones", "column_sums"]),
        (_columns_kept, ["sum"]),
        (_rows, ["ones", "row_sums", "reshape"]),
        (_rows_kept, ["ones", "row_sums"]),
        (_whole_kept, ["sum"]),
        (_middle, ["sum"]),
        (_first_of_three, ["sum"]),
    ],
)
def test_a_sum(make, left) -> None:
    build = builder()
    graph = finished(build, make(build))
    after = fuse_sums(graph)
    assert_same(graph, after)
    assert ops(after) == left


# --- flush_denormals: the first delta that reaches a product, and only that --------------------


def flushed(graph: Graph) -> list[str]:
    """What is cut, by its name, which goes to the result."""
    return [node.origin.hint for node in graph if node.op == "flush_denormals"]


def test_the_first_delta_is_cut_and_those_behind_a_product_are_not() -> None:
    build = builder()
    weights, x = parameter(build, 4, 4), parameter(build, 3, 4)
    first = build.describe(x - parameter(build, 3, 4), hint="first")
    behind = build.describe(build.emit("tanh", first @ transpose(weights)), hint="behind")
    graph = finished(build, transpose(x) @ first, transpose(x) @ behind)
    assert flushed(flush_denormals(graph)) == ["first"]


def test_a_transposed_delta_is_cut_before_it_is_transposed() -> None:
    build = builder()
    first = build.describe(parameter(build, 3, 4) - parameter(build, 3, 4), hint="first")
    graph = finished(
        build, transpose(first) @ parameter(build, 3, 2), first @ parameter(build, 4, 2)
    )
    assert flushed(flush_denormals(graph)) == ["first"]


def test_forward_values_are_not_cut() -> None:
    build = builder()
    build.origin = Origin("test", PLACE, Role.FORWARD)
    value = build.describe(build.emit("tanh", parameter(build, 3, 4)), hint="forward")
    build.origin = Origin("test", PLACE, Role.BACKWARD)
    delta = build.describe(parameter(build, 3, 2) - parameter(build, 3, 2), hint="delta")
    graph = finished(build, transpose(value) @ delta)
    assert flushed(flush_denormals(graph)) == ["delta"]


# --- random graphs -----------------------------------------------------------------------------


SHAPES = ((4,), (3, 4), (4, 3), (1, 4), (3, 1), (2, 3, 4), (4, 4))


@st.composite
def graphs(draw) -> Graph:
    """Graphs of the ops that the passes rewrite, on values of a few shapes."""
    build = builder()
    values = [parameter(build, *shape) for shape in SHAPES] + [const(build, draw(NUMBERS))]
    for _ in range(draw(st.integers(2, 12))):
        value = _step(draw, build, values)
        if value is not None and draw(st.integers(0, 5)) == 0:
            build.describe(value, hint=f"h{value.id}")
        values += [] if value is None else [value]
    return finished(build, *values[-3:])


NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, 3.0])


def _step(draw, build: Builder, values: list[Value]) -> Value | None:
    recent = st.sampled_from(values[-6:] + values)
    x = draw(recent)
    shape = x.type.shape
    match draw(st.sampled_from(["binary", "scale", "shape", "sum", "unary", "matmul", "spread"])):
        case "binary":
            fits = [v for v in values if v.type.shape in (shape, (), (*shape[:-1], 1), shape[-1:])]
            return build.emit(
                draw(st.sampled_from(["add", "sub", "mul"])), x, draw(st.sampled_from(fits))
            )
        case "scale":
            return scale(x, draw(NUMBERS), draw(st.integers(1, 6)))
        case "unary":
            return build.emit(draw(st.sampled_from(["square", "tanh", "abs"])), x)
        case "sum" if shape:
            axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
            return sum_over(x, tuple(sorted(axes)), draw(st.booleans()))
        case "shape" if len(shape) > 1 and draw(st.booleans()):
            return transpose(x, tuple(draw(st.permutations(range(len(shape))))))
        case "shape" if shape:
            return reshape(x, draw(st.sampled_from([shape[::-1], (int(np.prod(shape)),)])))
        case "matmul" if len(shape) == 2:
            fits = [v for v in values if len(v.type.shape) == 2 and v.type.shape[0] == shape[1]]
            return x @ draw(st.sampled_from(fits)) if fits else None
        case "spread":
            wider = [s for s in SHAPES if np.broadcast_shapes(s, (1,)) == s and _fits(shape, s)]
            return broadcast(x, draw(st.sampled_from(wider))) if wider else None
    return None


def _fits(small, large) -> bool:
    tail = large[len(large) - len(small) :]
    return len(small) <= len(large) and all(a in (1, b) for a, b in zip(small, tail, strict=True))


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_pass_keeps_the_values_of_random_graphs(graph: Graph) -> None:
    for run in PASSES:
        assert_same(graph, run(graph))
    whole = graph
    for run in (simplify, fold_constants, share_common, fuse_sums, simplify, eliminate_dead_code):
        whole = run(whole)
    assert_same(graph, whole)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (Origin("", PLACE, Role.BACKWARD), "an op without origin"),
        (Origin("dense1", (), Role.BACKWARD), "an origin without place"),
    ],
)
def test_an_op_whose_origin_is_lost_is_refused(origin, said):
    good = builder()
    scale(parameter(good, 3), 2.0)
    nodes = [replace(n, origin=origin) if n.op != "param" else n for n in good.nodes]
    with pytest.raises(VerifyError, match=said):
        verify(Graph(tuple(nodes), {}), "test")
