"""-O1: one call per op, which writes into planned arrays, or in place where possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest

from ...ir.op_graph import Node, Origin
from ...ops.source import FREE
from ...program.buffers import KernelPlan, stored
from ...program.kernels import Kernel
from ...program.places import GradientOf, Place
from ...program.statements import Assign, Call, Note, Statement
from ..text import Text
from .frame import Frame, assigned, comment, named_nodes, with_headings


def buffered(
    kernel: Kernel,
    frame: Frame,
    names: Mapping[int, str],
    plan: KernelPlan,
    given: Mapping[int, str] | None = None,
    *,
    planned: bool = True,
) -> list[Statement]:
    """Return the kernel's statements; the names of computed values are added to the frame.

    `given` are names of outside arrays that results may overwrite. Without planned arrays, a value
    that does not overwrite its operand gets a new array."""
    named = named_nodes(kernel)
    local = {**_local_names(kernel, frame, names, plan), **(given or {})}
    used = {i for node in kernel.nodes for i in node.inputs}
    said: set[str] = set()
    items: list[tuple[Origin, Statement]] = []
    for node in kernel.nodes:
        new = [note for note in node.origin.notes if note not in said]
        said.update(new)
        items += [(node.origin, Note(note)) for note in new]
        if node.op == "room":
            frame.texts[node.id] = Text(frame.places[plan.of[node.id]].code)
        elif stored(node):
            final = isinstance(plan.of[node.id], GradientOf) and node.id not in used
            compute = _compute
            if node.id not in plan.replaces:
                compute = _final_gradient if final else _compute if planned else _make
            items += [(node.origin, s) for s in compute(node, frame, local, plan)]
            place = frame.places[plan.of[node.id]].code
            frame.texts[node.id] = Text(place if final else local[node.id])
        elif node.id in named and node.op not in FREE:
            text, note = frame.expression(node), comment(node, node.origin.formula)
            items.append((node.origin, assigned(names[node.id], text, note)))
            frame.texts[node.id] = Text(names[node.id])
    return with_headings(items)


def _local_names(
    kernel: Kernel, frame: Frame, names: Mapping[int, str], plan: KernelPlan
) -> dict[int, str]:
    """Name every stored value: its own name, its successor's in the array, or the array's."""
    local: dict[int, str] = {}
    successor = {before: after for after, before in plan.replaces.items()}
    for node in reversed(kernel.nodes):
        if not stored(node):
            continue
        after = successor.get(node.id)
        if node.origin.hint or node.id in kernel.results:
            local[node.id] = names[node.id]
        elif after is not None and after in local:
            local[node.id] = local[after]
        else:
            local[node.id] = frame.places[plan.of[node.id]].name
    return local


def _compute(
    node: Node, frame: Frame, local: Mapping[int, str], plan: KernelPlan
) -> list[Statement]:
    """Return the statements that compute one value into its array."""
    name, before = local[node.id], plan.replaces.get(node.id)
    formula = "" if node.op == "flush_denormals" else node.origin.formula
    note = comment(node, formula)
    operands = [frame.text(i) for i in node.inputs]
    if before is not None and local[before] == name:
        augmented = _augmented(node, frame, operands, before, name)
        if augmented is not None:
            return [replace(augmented, comment=note)]
    place = plan.of[node.id]
    out = local[before] if before is not None else frame.places[place].code
    if node.op == "matmul" and before is None and _by_columns(place, frame):
        product = _final_gradient(node, frame, local, plan)
        return [Assign(name, out), *product]
    made = frame.target.buffered_call(node, operands, frame.shapes(node), out)
    if made.form == "call":
        call = Call(made.text, note, made.uses)
        return [call] if out == name else [Assign(name, made.text, note, uses=made.uses)]
    statements: list[Statement] = [] if out == name else [Assign(name, out, note)]
    made = frame.target.buffered_call(node, operands, frame.shapes(node), name)
    lines = [line for line in made.text.splitlines() if line.strip()]
    notes = [note] if not statements else []
    calls = (Call(text, c, made.uses) for text, c in zip_longest(lines, notes, fillvalue=""))
    return [*statements, *calls]


def _make(node: Node, frame: Frame, local: Mapping[int, str], plan: KernelPlan) -> list[Statement]:
    """Return the statement that computes one value into a new array."""
    operands = [frame.text(i) for i in node.inputs]
    text = frame.target.making(node, operands, frame.shapes(node))
    return [assigned(local[node.id], text, comment(node, node.origin.formula))]


def _by_columns(place: Place, frame: Frame) -> bool:
    """Return whether an array is a gradient in column-major order, as its parameter is."""
    return isinstance(place, GradientOf) and place.param not in frame.by_rows


def _final_gradient(
    node: Node, frame: Frame, local: Mapping[int, str], plan: KernelPlan
) -> list[Statement]:
    """Return statements that write a gradient without readers directly, without naming it.

    A product is written by rows, so for a column-major array the transposed product is written into
    the transposed array."""
    place, operands = plan.of[node.id], [frame.text(i) for i in node.inputs]
    out = frame.places[place].code
    if node.op == "matmul" and _by_columns(place, frame):
        operands = [_transposed(i, frame) for i in reversed(node.inputs)]
        out = f"{out}.T"
    made = frame.target.buffered_call(node, operands, frame.shapes(node), out)
    if made.form == "fill":
        return _compute(node, frame, local, plan)
    return [Call(made.text, comment(node, node.origin.formula), made.uses)]


def _transposed(id: int, frame: Frame) -> Text:
    """Return the transpose of a matrix; that of an inlined transpose is the matrix itself."""
    node = frame.graph[id]
    if node.op == "transpose" and id not in frame.texts:
        return frame.text(node.inputs[0])
    text = frame.text(id)
    return Text(f"{text.within(100)}.T", uses=text.uses)


def _augmented(
    node: Node, frame: Frame, operands: list[Text], before: int, name: str
) -> Assign | None:
    """Return `a += b` where the value replaces its first operand (or either, if they commute)."""
    operator = frame.target.in_place(node.op)
    if operator is None:
        return None
    first = node.inputs.index(before)
    if first == 1 and node.op not in ("add", "mul"):
        return None
    return assigned(name, operands[1 - first], op=operator)
