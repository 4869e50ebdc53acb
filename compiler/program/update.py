"""Places of the values of an optimizer step, which works on one flat array of all parameters.

before  %6 = scale(v, 0.9); %7 = add(%6, g)      -> slot:v
after   %6 and %7 in v itself, as nothing reads the old v any more
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.op_graph import Graph, Node
from .buffers import KernelPlan, stored
from .kernels import Kernel
from .places import Place, Temporary, Updated


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """The kernel of a step, the names of its results, the place of each value, temporaries."""

    kernel: Kernel
    names: dict[int, str]
    plan: KernelPlan
    temporaries: int


def plan_update(graph: Graph, level: int) -> UpdatePlan:
    """Return the step's kernel, and at -O1 its values' places, in as few arrays as possible."""
    results = dict(graph.outputs)
    nodes = tuple(n for n in graph if n.op != "input")
    kernel = Kernel("update", graph, nodes, tuple(results.values()))
    names = {i: n.rpartition(":")[2] if n != "param" else "p" for n, i in results.items()}
    if level == 0:
        return UpdatePlan(kernel, names, KernelPlan(), 0)
    plan, count = _flat_plan(kernel, names)
    return UpdatePlan(kernel, names, plan, count)


def _flat_plan(kernel: Kernel, names: dict[int, str]) -> tuple[KernelPlan, int]:
    plan, count = KernelPlan(), 0
    last = {i: at for at, node in enumerate(kernel.nodes) for i in node.inputs}
    leaves = {n.word("name"): n.id for n in kernel.graph if n.op == "input"}
    early = _early(kernel, names, leaves, last)
    free: list[Place] = []
    for at, node in enumerate(kernel.nodes):
        if not stored(node):
            continue
        dying = [
            i
            for i in dict.fromkeys(node.inputs)
            if isinstance(plan.of.get(i), Temporary) and last.get(i) == at
        ]
        if node.id in kernel.results or node.id in early:
            name = early.get(node.id) or names[node.id]
            plan.of[node.id] = Updated(name)
            own = [i for i in node.inputs if i == leaves[name] or plan.of.get(i) == Updated(name)]
            if own:
                plan.replaces[node.id] = own[0]
            free += [plan.of[i] for i in dying]
            continue
        if dying:
            plan.of[node.id], plan.replaces[node.id] = plan.of[dying[0]], dying[0]
        elif free:
            plan.of[node.id] = free.pop()
        else:
            count += 1
            plan.of[node.id] = Temporary(count)
        free += [plan.of[i] for i in dying[1:]]
    return plan, count


def _early(
    kernel: Kernel, names: dict[int, str], leaves: dict[str, int], last: dict[int, int]
) -> dict[int, str]:
    """Return the partial results, such as β v, that may overwrite the old value at once."""
    found: dict[int, str] = {}
    position = {node.id: at for at, node in enumerate(kernel.nodes)}
    for result in kernel.results:
        if not stored(kernel.graph[result]):
            continue
        leaf = leaves[names[result]]
        for i in kernel.graph[result].inputs:
            node: Node = kernel.graph[i]
            alone = stored(node) and i not in kernel.results and kernel.graph.users[i] == [result]
            if alone and leaf in node.inputs and last[leaf] == position[i]:
                found[i] = names[result]
    return found
