"""Layers that read another array than their input, on the way forward or in their gradient."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis


def _reads(anatomy: Anatomy) -> list[Node]:
    """The products of dense layers on the way forward."""
    return [n for n in anatomy.graph if n.op == "matmul" and n.origin.role is Role.FORWARD]


def _inputs(anatomy: Anatomy) -> list[int]:
    return [n.id for n in anatomy.graph if n.op == "input"]


def _read_instead(anatomy: Anatomy, values: list[int]) -> Iterator[tuple[Node, int, Change]]:
    """Layers that could read one of some values, of the same shape as what they should read."""
    for node in _reads(anatomy):
        for other in dict.fromkeys(values):
            same = anatomy.graph[other].type == anatomy.graph[node.inputs[0]].type
            if other != node.inputs[0] and other < node.id and same:
                yield node, other, _rerouted(node.id, node.inputs[0], other)


def _rerouted(node: int, old: int, new: int) -> Change:
    return lambda edit: edit.reroute(node, old, new)


def _global_input(anatomy: Anatomy) -> Iterator[Site]:
    """A layer reads x, the input of the network."""
    for node, other, change in _read_instead(anatomy, _inputs(anatomy)):
        name = anatomy.name_of(other)
        what = f"{node.origin.layer} reads {name}, which is not what is handed to it"
        wrong, right = f"z = {name} W + b", "z = x W + b, of the layer's argument"
        yield Site(node.origin.layer, (node.id,), what, wrong, right, change)


def _wrong_input(anatomy: Anatomy) -> Iterator[Site]:
    """A layer reads another layer's value, or z in place of a."""
    inputs = _inputs(anatomy)
    values = [i for n in _reads(anatomy) for i in (n.inputs[0],) if i not in inputs]
    values += [active.z for active in anatomy.activations]
    for node, other, change in _read_instead(anatomy, values):
        name, mine = anatomy.name_of(other), anatomy.name_of(node.inputs[0])
        what = f"{node.origin.layer} reads {name} where it should read {mine}"
        wrong, right = f"z = {name} W + b", f"z = {mine} W + b"
        yield Site(node.origin.layer, (node.id,), what, wrong, right, change)


def _gradient_input(anatomy: Anatomy) -> Iterator[Site]:
    """aᵀ dz with an a that is not the layer's input."""
    values = {p.a for p in anatomy.products if p.a >= 0}
    values |= {id for a in anatomy.activations for id in (a.z, a.a)} | {j.y for j in anatomy.judged}
    for product in (p for p in anatomy.products if p.a >= 0):
        layer, mine = product.param.rpartition(".")[0], anatomy.name_of(product.a)
        for a in (a for a in sorted(values - {product.a}) if anatomy.graph[a].type.rank == 2):
            name = anatomy.name_of(a)
            what = f"d_{product.param} is computed from {name}, which is not the layer's input"
            formulas = (f"dW = {name}ᵀ dz", f"dW = {mine}ᵀ dz")
            change = _reading(product.node, a, product.dz)
            yield Site(layer, (product.node,), what, *formulas, change, rank=1)


def _reading(node: int, a: int, dz: int) -> Change:
    """aᵀ dz with another a."""

    def change(edit: Edit) -> None:
        edit.become(node, edit.apply(node, "matmul", edit.apply(node, "turned", a), dz))

    return change


hypothesis(
    Hypothesis(
        slug="global-input",
        title="a layer reads another array than the one that is handed to it",
        page="A function that reads a global X gives the same answer whatever its argument is, and "
        "so does a layer that reads the network's input in place of the layer before it. Use "
        "nothing in a function but its arguments.",
        wrong="def layer2(a): return sigmoid(X @ W2 + b2)",
        right="def layer2(a): return sigmoid(a @ W2 + b2)",
        sites=_global_input,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="wrong-input",
        title="a layer reads the value of another layer than the one before it",
        page="Every layer reads the activation of the layer before it. An index that is off by one "
        "takes that of another layer, and z in place of a leaves the activation out: between "
        "layers of the same width NumPy does not notice.",
        wrong="Z3 = A1 @ W3 + b3",
        right="Z3 = A2 @ W3 + b3",
        sites=_wrong_input,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="gradient-input",
        title="a weight's gradient is computed from what is not the layer's input",
        page="dW = xᵀ dz has the layer's own input x in it: the activation of the layer before, as it "
        "was on the way forward. Its output, its z, or the value of another layer gives a matrix "
        "of the same shape between layers of the same width, but not the gradient.",
        wrong="dW2 = Z1.T @ dZ2",
        right="dW2 = A1.T @ dZ2",
        sites=_gradient_input,
        rank=2,
    )
)
