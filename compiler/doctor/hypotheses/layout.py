"""Arrays the wrong way round: transposed, exchanged, broadcast against one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .loss import begun, other_target
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import places


def becomes(node: int, op: str, *inputs: int) -> Change:
    """A node computed by another op, whatever shape comes of it."""
    return lambda edit: edit.become(node, edit.apply(node, op, *inputs))


def _turned(nodes: list[int]) -> Change:
    def change(edit: Edit) -> None:
        for node in nodes:
            edit.become(node, edit.apply(node, "turned", edit.original(node)))

    return change


def _transpose(anatomy: Anatomy) -> Iterator[Site]:
    weights = [n for n in anatomy.params if n in anatomy.weights]
    for layer, names, rank in places(anatomy, weights):
        nodes = [anatomy.params[name] for name in names]
        what = f"the gradient of {' and '.join(names)} is transposed"
        change = _turned(nodes)
        yield Site(layer, tuple(nodes), what, "dW = dzᵀ x", "dW = xᵀ dz", change, rank=rank)
    for name in weights:
        yield from _square(anatomy, name)
        yield from _reshaped(anatomy, name)
    for judged in anatomy.judged:
        yield from _turned_target(anatomy, judged)


def _turned_target(anatomy: Anatomy, judged: Judged) -> Iterator[Site]:
    """One-hot rows the wrong way round, where there are as many rows as classes."""
    if len(set(anatomy.values[judged.target].shape)) == 1 and anatomy.rows > 1:
        for where, change in other_target(judged, lambda edit, t: edit.apply(t, "turned", t)):
            what = f"the target is transposed{where}"
            wrong, right = "t = onehot(ids).T", "t = onehot(ids)"
            yield Site(judged.layer, begun(anatomy, judged), what, wrong, right, change)


def _reshaped(anatomy: Anatomy, name: str) -> Iterator[Site]:
    """The gradient goes back through W.reshape where W.T is meant, of W as (in, out) or (out, in)."""
    for node in anatomy.backward_products(name):
        if node.op != "transpose" or node.attr("perm") != (1, 0):
            continue
        for turned in (False, True):

            def change(edit: Edit, node: Node = node, turned: bool = turned) -> None:
                leaf = node.inputs[0]
                edit.become(node.id, edit.apply(node.id, "reshaped_turned", leaf, turned=turned))

            what = f"the gradient goes back through {name} reshaped, which is not its transpose"
            wrong, right = "dx = dz @ W.reshape(n_out, n_in)", "dx = dz Wᵀ"
            layer = name.rpartition(".")[0]
            yield Site(layer, (node.id,), what, wrong, right, change, rank=1)


def _square(anatomy: Anatomy, name: str) -> Iterator[Site]:
    """A square W may be used the wrong way round."""
    layer, leaf = name.rpartition(".")[0], anatomy.reference.tensors[name]
    shape = anatomy.graph[leaf].type.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        return
    for node in anatomy.backward_products(name):
        if node.op == "transpose":
            what = f"the gradient goes back through {name} by W where it should by its transpose"
            change = becomes(node.id, "copied", leaf)
            yield Site(layer, (node.id,), what, "dx = dz W", "dx = dz Wᵀ", change)
    for id in anatomy.graph.users[leaf]:
        node = anatomy.graph[id]
        if node.op == "matmul" and node.origin.role is Role.FORWARD:
            what = f"the forward pass multiplies by the transpose of {name}"
            change = rerouted_turned(id, leaf)
            yield Site(layer, (id,), what, "z = x Wᵀ + b", "z = x W + b", change)


def rerouted_turned(id: int, leaf: int) -> Change:
    """A node that uses the transpose of one of its operands."""
    return lambda edit: edit.reroute(id, leaf, edit.apply(id, "turned", leaf))


# --- values of other layers ---------------------------------------------------------------


def _deltas(anatomy: Anatomy) -> Iterator[Site]:
    yield from _exchanged(anatomy)
    deltas = {p.dz: anatomy.name_of(p.dz) for p in anatomy.products}
    right = "dW = xᵀ dz, both of this layer"
    for product in anatomy.products:
        layer, other = product.param.rpartition(".")[0], "dW of another layer's dz"
        for dz, name in deltas.items():
            if dz != product.dz:
                what = f"d_{product.param} is computed from {name}, the delta of another layer"
                change = _rerouted(product.node, product.dz, dz)
                yield Site(layer, (product.node,), what, other, right, change, rank=1)
    for layer, names in anatomy.layers.items():
        own = [p for p in anatomy.products if p.param in names]
        for dz, name in deltas.items():
            if len(own) > 1 and all(p.dz != dz for p in own):
                what = f"the gradients of {layer} are computed from {name}"
                nodes = tuple(p.node for p in own)
                change = _all_rerouted([(p.node, p.dz) for p in own], dz)
                yield Site(layer, nodes, what, "dW = xᵀ dz of another layer", right, change)


def _rerouted(node: int, old: int, new: int) -> Change:
    return lambda edit: edit.reroute(node, old, new)


def _all_rerouted(uses: list[tuple[int, int]], new: int) -> Change:
    def change(edit: Edit) -> None:
        for node, old in uses:
            edit.reroute(node, old, new)

    return change


def _exchanged(anatomy: Anatomy) -> Iterator[Site]:
    """Gradients handed back in another order."""
    kinds = (anatomy.weights, set(anatomy.params) - anatomy.weights)
    for kind in kinds:
        for one, other in combinations([n for n in anatomy.params if n in kind], 2):
            first, second = anatomy.params[one], anatomy.params[other]

            def change(edit: Edit, first: int = first, second: int = second) -> None:
                kept = edit.original(first)
                edit.become(first, edit.original(second))
                edit.become(second, kept)

            what = f"d_{one} and d_{other} are exchanged"
            wrong, right = "return dW2, dW1", "return dW1, dW2"
            yield Site("", (first, second), what, wrong, right, change)


hypothesis(
    Hypothesis(
        slug="transpose",
        title="an array is used the wrong way round",
        page="With samples in rows, z = x W and dW = xᵀ dz and dx = dz Wᵀ; with samples in columns, "
        "every product is turned round. NumPy complains about a wrong order only where shapes "
        "differ: between layers of the same width it computes something else.",
        wrong="dX = dZ @ W",
        right="dX = dZ @ W.T",
        sites=_transpose,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="deltas-swapped",
        title="values of different layers are put together",
        page="The gradient of a layer's weights is its own input, transposed, times its own delta. "
        "An index that is off by one takes another layer's, and a list of gradients in the wrong "
        "order gives every layer those of another one.",
        wrong="dW1 = X.T @ dZ2",
        right="dW1 = X.T @ dZ1",
        sites=_deltas,
        rank=2,
    )
)
