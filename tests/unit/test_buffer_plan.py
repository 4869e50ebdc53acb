"""No planned array is written while a value in it is still to be read: every kernel, simulated.

Each array holds at any time the number of the value that was written last. A kernel is run op by op:
what an op reads must still be there, and what the kernel promises must be there at its end. The
simulation takes from the plan only the places, and finds out by itself what looks at what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from nnc.driver import check
from nnc.ir.op_graph import Graph, Node, Origin, Role
from nnc.ir.types import TensorType
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.ops import OPS
from nnc.ops.build import Builder, Value
from nnc.ops.shape import transpose
from nnc.ops.source import leaf
from nnc.program.buffers import Plan, plan_buffers
from nnc.program.functions import build_functions, optimise_functions
from nnc.program.kernels import Kernel, Kernels, single
from nnc.program.places import Place
from nnc.program.program import plan_program
from nnc.source import Source, Span
from nnc.targets.target import load_target

from ..generated import EXAMPLES, spec_text

VIEWS = ("reshape", "transpose", "slice", "broadcast")
"""Ops that the templates write as a look at their operand's memory."""

OUTSIDE = ("input", "param", "target", "state", "lengths", "train", "upstream", "const", "ones")


def specs() -> list[str]:
    names = [p.relative_to(EXAMPLES).with_suffix("") for p in sorted(EXAMPLES.rglob("*.nn"))]
    found = [spec_text(name.as_posix()) for name in names]
    found.append("input 4x4 -> scale 2 -> [id, transpose] -> add -> flatten -> dense 1; loss mse")
    return [*found, *(kind.example for kind in (*LAYERS.values(), *LOSSES.values()))]


def program_of(text: str, without: tuple[str, ...] = ()):
    typed = check(Source("spec.nn", text)).graph
    if typed is None or not typed.graph.losses:
        return None
    functions = optimise_functions(build_functions(typed), 1, without=without)
    return plan_program(functions, 1, load_target("numpy"), without).training


def memory_of(graph: Graph, id: int) -> set[int]:
    """The values whose memory is read where a value is read.

    A view looks through to its operand. A scalar that is no result is written out where it is used.
    """
    node = graph[id]
    if node.op in OUTSIDE or (node.type.rank and node.op not in VIEWS):
        return {id}
    inner = node.inputs[:1] if node.op in VIEWS else node.inputs
    return {below for i in inner for below in memory_of(graph, i)}


class Simulation:
    """What every array holds while the kernels run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.holds: dict[Place, int] = {}
        self.kinds: dict[Place, object] = {}
        self.reads = 0

    def run(self, kernel: Kernel) -> None:
        """The kernel's ops in order, then its results."""
        graph, places = kernel.graph, self.plan.kernels[kernel.name].of
        own = {node.id for node in kernel.nodes}
        for node in kernel.nodes:
            named = node.type.rank > 0 or node.id in kernel.results
            if named and node.op not in VIEWS:
                for i in node.inputs:
                    self._read(node.op, memory_of(graph, i) & own, places)
                    self._apart(node, i, memory_of(graph, i) & own, places)
            if node.id in places:
                key = (node.type.shape, node.type.dtype)
                assert self.kinds.setdefault(places[node.id], key) == key
                self.holds[places[node.id]] = node.id
        for i in kernel.results:
            if graph[i].type.rank:
                self._read("the end", memory_of(graph, i) & own, places)

    def _apart(self, node: Node, operand: int, ids: set[int], places: Mapping[int, Place]) -> None:
        """Only an elementwise op may write over an operand, and not while it reads it by a view."""
        for id in ids & places.keys():
            if places[id] == places.get(node.id):
                assert OPS[node.op].elementwise, f"{node.op} writes over what it reads"
                assert id == operand, f"{node.op} writes over what a view of its looks at"

    def _read(self, reader: str, ids: set[int], places: Mapping[int, Place]) -> None:
        for id in ids & places.keys():
            self.reads += 1
            held = self.holds.get(places[id])
            assert held == id, f"{reader} reads %{id} in {places[id]}, which holds %{held}"


@pytest.mark.parametrize("without", [(), ("in-place",), ("buffer-reuse",)])
def test_no_value_is_overwritten_before_its_last_use(without) -> None:
    reads = 0
    for text in specs():
        program = program_of(text, without)
        if program is None:
            continue
        kernels = program.kernels
        simulation = Simulation(program.plan)
        assert kernels.loss is not None
        assert kernels.backward is not None
        simulation.run(kernels.forward)
        kept = dict(simulation.holds)
        for kernel in (kernels.loss, kernels.backward):
            simulation.run(kernel)
            for place in kept_places(program.plan, kernels):
                assert simulation.holds[place] == kept[place], text
        reads += simulation.reads
    assert reads > 2000


def kept_places(plan: Plan, kernels: Kernels) -> set[Place]:
    """The arrays in which forward keeps values for the other kernels and the caller."""
    places = plan.kernels[kernels.forward.name].of
    wanted = (*kernels.cached, *kernels.forward.results)
    below = {j for i in wanted for j in memory_of(kernels.graph, i)}
    return {places[i] for i in below if i in places}


# --- by hand: what one overlooks --------------------------------------------------------------


def planned(make: Callable[[Builder, Value, Value], Value]) -> Simulation:
    """The only kernel of a graph on two leaves, planned and simulated."""
    place = (Span(Source("test.nn", "input 4"), 0, 5),)
    build = Builder(Origin("test", place, Role.FORWARD))
    x, y = (leaf(build, "input", name, TensorType((3, 3))) for name in "xy")
    build.outputs["out:z"] = make(build, x, y).id
    kernels = single(build.graph())
    simulation = Simulation(plan_buffers(kernels, lambda n, i: True))
    simulation.run(kernels.forward)
    return simulation


def test_a_view_that_is_used_late_keeps_what_it_looks_at() -> None:
    def make(build: Builder, x: Value, y: Value) -> Value:
        looked_at = build.emit("tanh", x)
        view = transpose(looked_at)
        other = build.emit("tanh", y) @ build.emit("exp", y)
        return (other @ other) @ view

    assert planned(make).reads > 4


def test_a_scalar_that_is_used_late_keeps_what_it_is_computed_from() -> None:
    def make(build: Builder, x: Value, y: Value) -> Value:
        whole = build.emit("sum", build.emit("tanh", x), axes=(0, 1), keepdims=False)
        other = build.emit("tanh", y) @ build.emit("exp", y)
        return (other @ other) * whole

    assert planned(make).reads > 4


def test_a_product_does_not_write_over_its_operands() -> None:
    assert len(set(planned(lambda b, x, y: b.emit("tanh", x) @ b.emit("exp", y)).holds)) == 3
    assert len(set(planned(lambda b, x, y: b.emit("tanh", x) * b.emit("exp", y)).holds)) == 2


def test_a_value_is_not_written_over_while_a_view_of_it_is_read() -> None:
    def make(build: Builder, x: Value, y: Value) -> Value:
        value = build.emit("tanh", x)
        return build.emit("exp", value + transpose(value))

    assert planned(make).reads > 2
