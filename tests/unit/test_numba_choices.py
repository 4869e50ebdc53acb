"""Decisions about compiled kernels, as plain data: products, loops, stored values, reads."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from nnc.driver import Options, compile_source
from nnc.ir.dims import BATCH, symbol
from nnc.program.kernels import split
from nnc.program.loops import Index
from nnc.program.names import Namer
from nnc.program.places import Work
from nnc.source import Source
from nnc.targets.numba.arrays import CannotJit, Outside, ParamPlace, Rooms
from nnc.targets.numba.choices import (
    Assignment,
    Entry,
    How,
    Loop,
    LoopNest,
    Matrix,
    Number,
    Product,
    Real,
    Room,
    Start,
    Times,
    Var,
    View,
    turned,
)
from nnc.targets.numba.kernel import kernel_writer
from nnc.targets.numba.products import product_of
from nnc.targets.numba.text import PartText
from nnc.targets.numpy.frame import PlaceName
from nnc.targets.target import load_target
from nnc.targets.uses import recording

from .test_contract_files import EVERYTHING
from .test_target_numba import graph

NUMBA = load_target("numba")
AT_I, AT_J = Index(0), Index(1)
A, X, Y = Var("a"), Var("x"), Var("y")


def written(spec: str, kernel: str, by_columns: bool = True):
    """The decisions on one kernel of a spec, every value in a place of its own (v1, v2, ...)."""
    kernels = split(graph(spec))
    places = {n.id: Work(n.id) for n in kernels.graph}
    names = {place: PlaceName(f"v{i}", f"v{i}") for i, place in places.items()}
    leaves = {n.id: n.op for n in kernels.graph if n.op in ("input", "target")}
    params = {
        n.word("name"): ParamPlace(0, n.type.shape, by_columns and n.type.rank > 1)
        for n in kernels.graph
        if n.op == "param"
    }
    outside = Outside(leaves, places, names, {}, params)
    writer = kernel_writer(NUMBA, getattr(kernels, kernel), Namer(()), outside, Rooms())
    writer.write()
    return writer


def statements(spec: str, kernel: str, by_columns: bool = True) -> list:
    (part,) = written(spec, kernel, by_columns).parts.end()
    return part.statements


def loops(spec: str, kernel: str, by_columns: bool = True) -> list[LoopNest]:
    return [s for s in statements(spec, kernel, by_columns) if isinstance(s, LoopNest)]


# --- products -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "orders", "function"),
    [
        ((BATCH, 4), (4, 3), "CC", "small_times"),
        ((BATCH, 40), (40, 3), "CC", "np.dot"),
        ((BATCH, 40), (40, 3), "CF", "np.dot"),
        ((BATCH, 2**15), (2**15, 2), "CF", "row_dots"),
        ((BATCH, 2), (2, 2**15), "CC", "wide_times"),
        ((BATCH, 2), (2, 2**15), "CF", "np.dot"),
        ((64 * BATCH, 40), (40, 3), "CC", "rows_times"),
        ((64 * BATCH, 400), (400, 300), "CC", "tiled_times"),
        ((64 * BATCH, 400), (400, 300), "CF", "rows_times"),
        ((BATCH * symbol("T"), 40), (40, 3), "CC", "rows_times"),
        ((40, 64 * BATCH), (64 * BATCH, 3), "FC", "sum_times"),
        ((400, 64 * BATCH), (64 * BATCH, 300), "FC", "tiled_sum"),
        ((400, 64 * BATCH), (64 * BATCH, 300), "FF", "np.dot"),
    ],
)
def test_the_function_of_a_product_follows_sizes_and_orders(left, right, orders, function):
    a, b = Matrix(X, orders[0]), Matrix(Y, orders[1])
    assert product_of(a, b, A, (left, right), by_columns=False).function == function


def test_a_product_into_a_matrix_by_columns_is_written_turned():
    a, b = Matrix(turned(X), "F"), Matrix(Y, "C")
    found = product_of(a, b, A, ((784, BATCH), (BATCH, 30)), by_columns=True)
    assert found == Product("np.dot", turned(Y), X, turned(A))


def test_a_sum_of_products_takes_the_left_matrix_as_it_lies():
    a, b = Matrix(turned(X), "F"), Matrix(Y, "C")
    found = product_of(a, b, A, ((40, 64 * BATCH), (64 * BATCH, 3)), by_columns=False)
    assert found == Product("sum_times", X, Y, A)


# --- loops --------------------------------------------------------------------------------

PENALTY = "input 784 -> dense 30 bias=false; loss mse; regularize l2=0.1\n"
TANH = "input 9 -> dense 3 tanh; loss mse\n"


@pytest.mark.parametrize(
    ("by_columns", "order"),
    [(True, [Loop(0, 30), Loop(1, 784)]), (False, [Loop(1, 784), Loop(0, 30)])],
)
def test_the_innermost_loop_runs_along_memory(by_columns, order):
    *_, penalty = loops(PENALTY, "loss", by_columns)  # W is read turned
    (step,) = penalty.steps
    assert [*penalty.rows, step.loop] == order


def test_a_value_that_one_op_reads_is_written_out_there():
    nest = loops(TANH, "backward")[0]
    *_, total = [line.value for line in nest.steps[0].body if line.how is How.SET][:2]
    flushed = total.operands[0]
    one, square = flushed.operands[1].operands
    assert [total.node.op, flushed.node.op, square.node.op] == ["flush_denormals", "mul", "square"]
    assert one == Real(Number(1.0))
    assert square.operands == (Entry(Var("v5"), (AT_I, AT_J)),)


def test_a_named_value_that_nobody_else_reads_gets_a_variable_and_is_not_stored():
    (nest,) = loops("input 9 as a; input 9 as b; [a, b] -> mul -> tanh as y; loss mse\n", "forward")
    assert (nest.before, nest.rows) == ((), (Loop(0, BATCH),))
    (step,) = nest.steps
    product, tanh = step.body
    assert step.loop == Loop(1, 9)
    assert product.target == Var("mul1_at")
    assert (tanh.target, tanh.value.operands) == (Entry(Var("v3"), (AT_I, AT_J)), (product.target,))


def test_what_a_later_step_reads_is_stored_when_all_have_read_their_operands():
    (nest,) = loops("input 9 -> softmax as y; loss mse\n", "forward")
    largest, total, divided = nest.steps
    assert [s.value for s in largest.before] == [Real(Start.LOWEST)]
    assert [s.how for s in largest.body] == [How.LARGEST]
    _, exp, added, stored = total.body
    assert (added.target, added.value, added.how) == (total.before[0].target, exp.target, How.ADD)
    assert (stored.target, stored.value) == (Entry(Var("v3"), (AT_I, AT_J)), exp.target)
    assert divided.body[0].value.operands == (stored.target, added.target)


def test_a_sum_over_rows_is_filled_before_the_loops_and_added_to():
    nest = loops(TANH, "backward")[0]
    (filled,) = nest.before
    assert (filled.value, filled.how) == (Start.ZERO, How.FILL)
    (added,) = (line for line in nest.steps[0].body if line.how is How.ADD)
    assert added.target == Entry(filled.target, (AT_J,))


def test_a_sum_beyond_the_innermost_loop_is_added_up_in_a_variable():
    nest = loops("input 4x9 -> conv 3 2; loss mse\n", "backward")[0]
    (step,) = nest.steps
    (added,) = (line for line in step.body if line.how is How.ADD)
    begun, stored = step.before[-1], step.after[-1]
    assert (begun.value, begun.target) == (Real(Start.ZERO), added.target)
    assert (stored.value, stored.how) == (added.target, How.ADD)
    assert stored.target.array == nest.before[-1].target


def test_a_sum_of_all_entries_is_a_number_and_its_factors_are_multiplied():
    (nest,) = loops("input 9 -> dense 3; loss mse\n", "loss")
    assert nest.before[-1].value is Start.REAL_ZERO
    added = nest.steps[-1].body[-1]
    assert added.target == nest.before[-1].target
    assert isinstance(added.value, Times)


def test_an_op_without_any_form_cannot_be_compiled():
    writer = written("input 9 -> tanh as y; loss mse\n", "forward")
    node = next(n for n in writer.kernel.nodes if n.op == "tanh")
    with pytest.raises(CannotJit):
        writer.scalars._applied(replace(node, op="unheard_of"))


# --- text ---------------------------------------------------------------------------------


def test_a_matrix_twice_turned_is_itself():
    assert turned(turned(X)) == X
    assert PartText(NUMBA).code(turned(X)) == "x.T"


def test_what_a_text_mentions_is_recorded_as_it_is_written():
    text = PartText(NUMBA)
    part = View("part", X, (1, 0, symbol("T")))
    line = Assignment(Entry(A, (AT_I, Index(None))), Real(part), how=How.LARGEST)
    with recording() as used:
        said = text.statements([line]).strip()
    assert said == "a[i, 0] = larger_of(a[i, 0], real(x[:, 0 : T]))"
    assert text.recorder.uses.names == {"a", "x"}
    assert text.recorder.uses.sizes == {"T"}
    assert text.recorder.uses.casts
    assert used == {"larger_of"}


def test_a_turned_matrix_mentions_no_size_called_t():
    text = PartText(NUMBA)
    text.statements([Product("np.dot", turned(X), Y, A)])
    assert text.recorder.uses.sizes == set()


def test_a_declaration_mentions_the_sizes_of_its_place():
    text = PartText(NUMBA)
    room = Room("work", 3 * BATCH, (BATCH, 4), by_columns=True)
    assert text.view(room) == "work[3*B : 7*B].reshape(4, B).T"
    assert text.recorder.uses.sizes == {"B"}


NEEDS = [
    EVERYTHING,
    "input 4xTx2 -> global_avgpool -> dense 2; loss crossentropy weights=[1.5, 0.8]\n",
    "input Tx3 ragged -> attention 1 -> poly 1 -> lstm 2 -> dense 2; loss mse\n",
    "input 2x8x8 -> conv 4 3x3 gelu -> groupnorm 2 -> maxpool 2 -> flatten -> dense 3; loss mse\n",
]


@pytest.mark.parametrize("spec", NEEDS, ids=["everything", "pool", "sequence", "images"])
def test_kernels_declare_the_arrays_and_sizes_that_they_read_and_no_others(spec):
    text = compile_source(Source("m.nn", spec), Options(level=1, target="numba")).code
    checked = 0
    for function in ast.parse(text).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith(
            ("_forward", "_losses", "_backward", "_predict")
        ):
            names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
            read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
            declared = {t.id for s in function.body if isinstance(s, ast.Assign)
                        for t in s.targets if isinstance(t, ast.Name)}  # fmt: skip
            arguments = {a.arg for a in function.args.args}
            sizes = {n for n in read if n.isupper() and len(n) == 1}
            arrays = {n for n in read if n.startswith("work") and n != "work"}
            assert declared - read == set(), function.name
            assert (sizes | arrays) - declared - arguments == set(), function.name
            checked += len(declared)
    assert checked > 10
