"""Arrays the wrong way round: transposed, exchanged, broadcast against one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from ...ir.op_graph import Role
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import places


def _becomes(node: int, op: str, *inputs: int) -> Change:
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


def _square(anatomy: Anatomy, name: str) -> Iterator[Site]:
    """A square W may be used the wrong way round."""
    layer, leaf = name.rpartition(".")[0], anatomy.reference.tensors[name]
    shape = anatomy.graph[leaf].type.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        return
    for node in anatomy.backward_products(name):
        if node.op == "transpose":
            what = f"the gradient goes back through {name} by W where it should by its transpose"
            change = _becomes(node.id, "copied", leaf)
            yield Site(layer, (node.id,), what, "dx = dz W", "dx = dz Wᵀ", change)
    for id in anatomy.graph.users[leaf]:
        node = anatomy.graph[id]
        if node.op == "matmul" and node.origin.role is Role.FORWARD:
            what = f"the forward pass multiplies by the transpose of {name}"
            change = _rerouted_turned(id, leaf)
            yield Site(layer, (id,), what, "z = x Wᵀ + b", "z = x W + b", change)


def _rerouted_turned(id: int, leaf: int) -> Change:
    return lambda edit: edit.reroute(id, leaf, edit.apply(id, "turned", leaf))


# --- values of other layers ---------------------------------------------------------------


def _deltas(anatomy: Anatomy) -> Iterator[Site]:
    yield from _exchanged(anatomy)
    deltas = {p.dz: anatomy.name_of(p.dz) for p in anatomy.products}
    values = {p.a: anatomy.name_of(p.a) for p in anatomy.products if p.a >= 0}
    right = "dW = xᵀ dz, both of this layer"
    for product in anatomy.products:
        layer, other = product.param.rpartition(".")[0], "dW of another layer's dz"
        for dz, name in deltas.items():
            if dz != product.dz:
                what = f"d_{product.param} is computed from {name}, the delta of another layer"
                change = _rerouted(product.node, product.dz, dz)
                yield Site(layer, (product.node,), what, other, right, change, rank=1)
        for a, name in values.items():
            if product.a >= 0 and a != product.a:
                what = f"d_{product.param} is computed from {name}, which is not the layer's input"
                change = _reading(product.node, a, product.dz)
                yield Site(layer, (product.node,), what, "dW = aᵀ dz", right, change, rank=1)
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


def _reading(node: int, a: int, dz: int) -> Change:
    """aᵀ dz with another a."""
    return lambda edit: edit.become(
        node, edit.apply(node, "matmul", edit.apply(node, "turned", a), dz)
    )


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


def _global_input(anatomy: Anatomy) -> Iterator[Site]:
    """A layer reads what is not its input: x, or another layer's value."""
    reads = [n for n in anatomy.graph if n.op == "matmul" and n.origin.role is Role.FORWARD]
    inputs = [n.id for n in anatomy.graph if n.op == "input"]
    values = dict.fromkeys([*inputs, *(n.inputs[0] for n in reads)])
    for node in reads:
        for other in values:
            same = anatomy.graph[other].type == anatomy.graph[node.inputs[0]].type
            if other != node.inputs[0] and other < node.id and same:
                name = anatomy.name_of(other)
                what = f"{node.origin.layer} reads {name}, which is not what is handed to it"
                change = _rerouted(node.id, node.inputs[0], other)
                wrong, right = f"z = {name} W + b", "z = x W + b, of the layer's argument"
                yield Site(node.origin.layer, (node.id,), what, wrong, right, change)


# --- broadcast ----------------------------------------------------------------------------


def _bias(anatomy: Anatomy) -> Iterator[Site]:
    for product in (p for p in anatomy.products if p.a < 0):
        layer, id = product.param.rpartition(".")[0], product.node
        what = f"d_{product.param} has a row for every row of the batch: they are not added up"
        change = _becomes(id, "copied", product.dz)
        yield Site(layer, (id,), what, "db = dz", "db = Σ dz, over the rows", change)
        yield from _grown(anatomy, product.param)
    for node in anatomy.graph:
        bias = anatomy.graph[node.inputs[1]] if node.op == "add" else node
        if bias.op == "param" and node.origin.role is Role.FORWARD:
            what = f"{bias.word('name')} is added along the rows: one of its entries to every row"
            change = _rerouted_turned(node.id, bias.id)
            wrong, right = "z = x W + b[:, None]", "z = x W + b"
            yield Site(node.origin.layer, (node.id,), what, wrong, right, change)


def _grown(anatomy: Anatomy, name: str) -> Iterator[Site]:
    """(n,) against (n, 1) in the step gives (n, n)."""
    if anatomy.step is None:
        return
    leaf, gradient, after = (
        anatomy.reference.tensors[name],
        anatomy.params[name],
        anatomy.after[name],
    )
    made = anatomy.graph[after]
    forms = (("b[:, None] − lr·db", leaf), ("b − lr·db[:, None]", gradient))
    for wrong, column in forms:

        def change(edit: Edit, column: int = column) -> None:
            turned = edit.apply(after, "turned", column)
            kept = {leaf: leaf, gradient: gradient}
            edit.become(after, edit.clone(edit.original(after), {**kept, column: turned}))

        what = f"{name} grows to a square in the step: a column meets a row"
        yield Site(made.origin.layer, (after,), what, wrong, "b − lr·db, both (n,)", change)


def _cost(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.values[judged.y].shape[1:] != (1,):
            continue
        target, like = judged.target, judged.residual

        def spread(edit: Edit, t: int = target, y: int = judged.y, like: int = like) -> int:
            return edit.apply(like, "sub", y, edit.apply(like, "turned", t))

        def mean(edit: Edit, spread: Callable[[Edit], int] = spread, like: int = like) -> int:
            summed = edit.apply(like, "sum", spread(edit), axes=(1,), keepdims=True)
            return edit.times(summed, 1 / anatomy.rows)

        loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
        nodes = (judged.delta, *([loss] if loss is not None else []))
        for text, make, rank in (("their mean by rows", mean, 0), ("all of them", spread, 1)):
            what = f"(B, 1) minus (B,) is (B, B): every output meets every target, {text} are used"
            change = _cost_change(anatomy, judged.residual, make, target, loss)
            yield Site(
                judged.layer,
                nodes,
                what,
                "y (B, 1) − t (B,)",
                "y − t, both (B, 1)",
                change,
                rank=rank,
            )


def _cost_change(
    anatomy: Anatomy, residual: int, make: Callable[[Edit], int], target: int, loss: int | None
) -> Change:
    """The gradient begins with something else, and the loss is the mean over (B, B)."""

    def change(edit: Edit) -> None:
        if loss is not None:
            turned = edit.apply(target, "turned", target)
            spread = edit.clone(edit.original(loss), {target: turned})
            edit.become(loss, edit.times(spread, 1 / anatomy.rows))
        edit.redirect(residual, make(edit), Role.BACKWARD)

    return change


def _class_ids(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        if anatomy.values[judged.y].shape[-1] < 2:
            continue
        for first, turned in ((0, False), (1, False), (0, True)):

            def change(
                edit: Edit, j: Any = judged, first: int = first, turned: bool = turned
            ) -> None:
                ids = edit.apply(j.residual, "class_ids", j.target, first=first)
                ids = edit.apply(j.residual, "turned", ids) if turned else ids
                other = edit.apply(j.residual, "sub", j.y, ids)
                edit.redirect(j.residual, other, Role.BACKWARD)

            text = "a row of all ids" if turned else "the row's id"
            what = f"{text} is subtracted from the outputs where one-hot targets should be"
            wrong, right = "dz = y − ids", "dz = y − onehot(ids)"
            yield Site(judged.layer, (judged.delta,), what, wrong, right, change, rank=first)


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
        slug="bias-broadcast",
        title="a bias is broadcast the wrong way",
        page="NumPy lets (n,) and (n, 1) meet: the result is (n, n). A bias of the shape (n,) needs a "
        "gradient of the shape (n,), added up over the rows of the batch. Print b.shape after a "
        "step: it must be what it was.",
        wrong="b = b - lr * dZ",
        right="b = b - lr * dZ.sum(axis=0)",
        sites=_bias,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="cost-broadcast",
        title="the cost is taken between all outputs and all targets",
        page="An output of the shape (B, 1) minus a target of the shape (B,) is a matrix (B, B): "
        "every output meets every target, so the network learns the mean of all targets. Give both "
        "the same shape.",
        wrong="loss = np.mean((Y - t) ** 2)   # (B, 1) - (B,)",
        right="loss = np.mean((Y - t[:, None]) ** 2)",
        sites=_cost,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="class-ids-broadcast",
        title="class numbers stand where one-hot rows belong",
        page="The gradient y − t wants a row with a single 1 for every sample. A column of class "
        "numbers broadcasts against y without complaint, and class 7 pulls every output towards 7.",
        wrong="dZ = Y - labels[:, None]",
        right="dZ = Y - np.eye(10)[labels]",
        sites=_class_ids,
        rank=1,
    )
)
