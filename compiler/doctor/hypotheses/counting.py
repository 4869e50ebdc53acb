"""Sums and means over the wrong axis, numbers that are cut off or too large, gradients of zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..anatomy import Anatomy, Product
from ..interpreter import Array
from ..rewriting import Edit
from .loss_value import printed_times, throughout
from .registry import Change, Fitted, Hypothesis, Site, hypothesis
from .scale import data_nodes, gradients, places, scaled


def _wrong_axis(anatomy: Anatomy) -> Iterator[Site]:
    """m is a number of columns: of the input, of the output, of the layer's own a or z."""
    params = list(anatomy.params)
    columns = [anatomy.values[judged.y].shape[-1] for judged in anatomy.judged]
    counts = {"1, the length of a (1, m) row": 1} if 1 in columns else {}
    for product in anatomy.products:
        for id in (product.a, product.dz):
            if id >= 0:
                name = anatomy.name_of(id)
                counts.setdefault(f"the columns of {name}", anatomy.values[id].shape[-1])
    seen: set[int] = {anatomy.rows}
    for text, count in counts.items():
        if count not in seen:
            seen.add(count)
            yield from _divided(anatomy, params, text, count, "len(X)" if count > 1 else "len(Y)")
            yield from _everywhere(anatomy, text, count)
    yield from _own_width(anatomy)


def _divided(
    anatomy: Anatomy, params: list[str], text: str, count: int, wrong: str
) -> Iterator[Site]:
    for layer, names, rank in places(anatomy, params):
        nodes = data_nodes(anatomy, names)
        what = f"{gradients(names)} is divided by {count}, {text}, not by the number of rows"
        alone = 2 if len(names) < len(params) else rank
        change = scaled(nodes, anatomy.rows / count)
        yield Site(
            layer,
            tuple(nodes),
            what,
            f"m = {wrong}",
            "m = the number of rows",
            change,
            rank=alone + 2 * (count == 1),
        )


def _everywhere(anatomy: Anatomy, text: str, count: int) -> Iterator[Site]:
    """In the printed loss alone, and in the loss and its gradient, from where it begins."""
    factor, rank = anatomy.rows / count, 2 * (count == 1)
    right = "m = the number of rows"
    what = f"the printed loss is divided by {count}, {text}, not by the number of rows"
    yield from printed_times(anatomy, factor, what, "loss = Σ l / m", right, rank + 1)
    what = f"m is {count}, {text}, in the loss and in all gradients, not the number of rows"
    yield from throughout(anatomy, factor, what, "m = X.shape[…]", right, rank)
    for judged in anatomy.judged:
        name = anatomy.name_of(judged.gradient)
        what = f"{name} is divided by {count}, {text}, not by the number of rows"
        change = scaled([judged.gradient], factor)
        formulas = ("dz = (y − t) / m", right)
        yield Site(judged.layer, (judged.gradient,), what, *formulas, change, rank=rank)


def _own_width(anatomy: Anatomy) -> Iterator[Site]:
    """Every layer's products divided by the width of its own input, or of its output."""
    for side in ("input", "delta"):
        factors = {}
        for product in anatomy.products:
            weights = [p for p in anatomy.products if _layer(p.param) == _layer(product.param)]
            ids = [p.a for p in weights if p.a >= 0] if side == "input" else [product.dz]
            if ids:
                width = anatomy.values[ids[0]].shape[-1]
                for node in anatomy.of_data(product.param):
                    factors[node] = anatomy.rows / width
        if len(set(factors.values())) > 1:
            what = f"the gradients of every layer are divided by the width of its {side}"
            wrong = "m = A_prev.shape[1]" if side == "input" else "m = dZ.shape[1]"
            change = _each(factors)
            yield Site("", tuple(factors), what, wrong, "m = the number of rows", change)


def _layer(param: str) -> str:
    return param.rpartition(".")[0]


def _each(factors: dict[int, float]) -> Change:
    def change(edit: Edit) -> None:
        for node, factor in factors.items():
            edit.scale(node, factor)

    return change


def _sum_then_mean(anatomy: Anatomy) -> Iterator[Site]:
    """A bias's gradient as one number, or along the wrong axis."""
    for product in (p for p in anatomy.products if p.a < 0):
        layer, id, dz = _layer(product.param), product.node, product.dz
        width = anatomy.values[dz].shape[-1]
        right = "db = Σ dz, over the rows alone"
        if width == 1:
            continue  # of a single unit there is nothing else to add up
        for text, wrong, mean, count in (
            ("the sum of all entries", "db = np.sum(dz)", False, 1),
            ("the mean of all entries", "db = np.mean(dz)", True, 1),
            ("the mean of the sums", "db = np.mean(np.sum(dz, axis=0))", False, width),
        ):
            for filled in (0, width):
                where = "one number" if not filled else "the same number in every place"
                what = f"d_{product.param} is {where}: {text} of {anatomy.name_of(dz)}"

                def change(
                    edit: Edit,
                    id: int = id,
                    dz: int = dz,
                    m: bool = mean,
                    n: int = count,
                    filled: int = filled,
                ) -> None:
                    made = edit.apply(id, "total", dz, mean=m, filled=filled)
                    edit.become(id, edit.times(made, 1 / n))

                if filled != 1:
                    yield Site(layer, (id,), what, wrong, right, change)
        for keep in (False, True):
            what = f"d_{product.param} adds up the units of a row, not the rows of a unit"
            summed = _summed(id, dz, keep)
            yield Site(layer, (id,), what, "db = dz.sum(axis=1)", right, summed)


def _summed(id: int, dz: int, keep: bool) -> Change:
    return lambda edit: edit.become(id, edit.apply(id, "sum", dz, axes=(1,), keepdims=keep))


# --- numbers ------------------------------------------------------------------------------


def _truncation(anatomy: Anatomy) -> Iterator[Site]:
    right = "arrays of floats: dtype=float"
    found = [(f"d_{n}", i, _layer(n)) for n, i in anatomy.params.items()]
    found += [(f"{n} after the step", i, _layer(n)) for n, i in anatomy.after.items()]
    found += [(anatomy.name_of(a.dz), a.dz, a.layer) for a in anatomy.activations]
    found += [(anatomy.name_of(a.a), a.a, a.layer) for a in anatomy.activations]
    found += [(anatomy.name_of(j.delta), j.delta, j.layer) for j in anatomy.judged]
    for name, id, layer in found:
        what = f"{name} is cut off to whole numbers: its array holds integers"
        yield Site(layer, (id,), what, "np.zeros(n, dtype=int)", right, _cut([id]))
    for nodes in (tuple(anatomy.params.values()), tuple(anatomy.after.values())):
        if len(nodes) > 1:
            what = "all of them are cut off to whole numbers: their arrays hold integers"
            yield Site("", nodes, what, "np.zeros(n, dtype=int)", right, _cut(list(nodes)))
    for node in anatomy.graph:
        if node.op == "input" and node.type.dtype.value == "float":
            users = tuple(anatomy.graph.users[node.id])
            what = f"{node.word('name')} is cut off to whole numbers before it is used"
            yield Site("", users, what, "X.astype(int)", right, _cut([node.id]))
    yield from _cut_in_products(anatomy)


def _cut_in_products(anatomy: Anatomy) -> Iterator[Site]:
    """A factor of a weight's gradient is cut off, only there."""
    for product in (p for p in anatomy.products if p.a >= 0):
        for id in (product.a, product.dz):

            def change(edit: Edit, product: Product = product, id: int = id) -> None:
                cut = edit.apply(id, "truncated", id)
                instead = {product.a: product.a, product.dz: product.dz, id: cut}
                edit.become(product.node, edit.clone(edit.original(product.node), instead))

            what = f"{anatomy.name_of(id)} is cut off to whole numbers in d_{product.param}"
            formulas = ("X.astype(int).T @ dz", "X.T @ dz")
            yield Site(_layer(product.param), (product.node,), what, *formulas, change, rank=1)


def _cut(nodes: list[int]) -> Change:
    def change(edit: Edit) -> None:
        for node in nodes:
            edit.become(node, edit.apply(node, "truncated", edit.original(node)))

    return change


def _overflow(anatomy: Anatomy) -> Iterator[Site]:
    """exp z beyond what a number can hold; 0 · log 0."""
    for single, size in ((True, 88.0), (False, 709.0)):
        kind = "float32" if single else "float64"
        for node in anatomy.graph:
            if node.op == "softmax" and float(np.abs(anatomy.values[node.inputs[0]]).max()) > size:
                what = f"exp z in {node.origin.layer} is larger than a {kind} can hold"
                change = _naive(node.id, "naive_softmax", node.inputs[0], single)
                wrong, right = "exp(z) / Σ exp(z)", "exp(z − max z) / Σ exp(z − max z)"
                yield Site(
                    node.origin.layer, (node.id,), what, wrong, right, change, rank=int(single)
                )
        for judged in anatomy.judged:
            loss = anatomy.reference.tensors.get(f"{judged.layer}_loss")
            summed = [
                n
                for n in anatomy.graph
                if n.op == "crossentropy" and n.origin.layer == judged.layer
            ]
            if loss is not None and summed and float(anatomy.values[judged.y].min()) < 1e-30:
                what = f"0 · log 0 is no number: an output of {kind} is exactly 0"
                change = _naive(summed[0].id, "naive_crossentropy", judged.y, single, judged.target)
                wrong, right = "−Σ t log y", "−Σ t (z − log Σ exp z)"
                yield Site(
                    judged.layer, (summed[0].id,), what, wrong, right, change, rank=int(single)
                )


def _naive(id: int, op: str, x: int, single: bool, *more: int) -> Change:
    return lambda edit: edit.become(id, edit.apply(id, op, x, *more, single=single))


def _detached(anatomy: Anatomy) -> Iterator[Site]:
    nodes = tuple(anatomy.params.values())
    starts = [(j.layer, j.delta) for j in anatomy.judged]
    starts += [(a.layer, a.da) for a in anatomy.activations] + [
        (a.layer, a.dz) for a in anatomy.activations
    ]
    wrong, right = "loss = f(y.copy())", "dz = ∂loss/∂z"
    what = "all gradients are zero: the loss does not depend on the parameters any more"
    yield Site("", nodes, what, wrong, right, scaled(nodes, 0.0))
    for layer, id in dict.fromkeys(starts):
        name = anatomy.name_of(id)
        what = f"no gradient comes back beyond {name}: it is zero from there on"
        shared = any(len(anatomy.of_data(p)) > 1 for p in anatomy.layers.get(layer, ()))
        yield Site(layer, (id,), what, wrong, right, scaled([id], 0.0), rank=int(shared))
    for name, id in anatomy.params.items():
        what = f"d_{name} is zero: it is never computed"
        wrong, right = "dW = np.zeros_like(W)", "dW = xᵀ dz"
        fitted = _exact_zero(f"d_{name}", id)
        yield Site(_layer(name), (id,), what, wrong, right, None, fitted=fitted)


def _exact_zero(name: str, id: int) -> Fitted:
    """Zero, if what is given is not only as small as rounding."""

    def fitted(edit: Edit, given: Mapping[str, Array]) -> None:
        if name in given and given[name].any():
            raise ValueError("rounded numbers are no zeros")
        edit.scale(id, 0.0)

    return fitted


hypothesis(
    Hypothesis(
        "batch-from-wrong-axis",
        "the number of rows is taken from another axis",
        "m must be the number of samples. With samples in columns, len(X) is the number of features, "
        "and len(Y) of a (1, m) array is 1; with samples in rows, shape[1] is a number of features.",
        "m = len(X)   # X has a sample in every column",
        "m = X.shape[1]",
        _wrong_axis,
        2,
    )
)
hypothesis(
    Hypothesis(
        "sum-then-mean",
        "a bias's gradient is added up over the wrong axis, or over both",
        "Every unit has a bias of its own, so dZ is added up over the rows of the batch and over nothing "
        "else. np.sum without an axis gives one number, which NumPy then adds to every bias.",
        "db = np.sum(dZ) / m",
        "db = np.sum(dZ, axis=0) / m",
        _sum_then_mean,
        2,
    )
)
hypothesis(
    Hypothesis(
        "integer-truncation",
        "an array holds whole numbers",
        "An array made of integers, such as np.array([1, 2, 3]) or np.zeros(n, dtype=int), cuts off "
        "what is written into it. Gradients between −1 and 1 become 0, and nothing is learned.",
        "dW = np.zeros(W.shape, dtype=int)",
        "dW = np.zeros(W.shape)",
        _truncation,
        3,
    )
)
hypothesis(
    Hypothesis(
        "overflow",
        "exp or log leaves the range of the numbers",
        "exp(89) is too large for a float32 and exp(710) for a float64: the softmax becomes inf/inf, "
        "which is no number, and from there on nothing is. Take the maximum of every row off first, and "
        "take the logarithm of a softmax as z − log Σ exp z.",
        "np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)",
        "e = np.exp(Z - Z.max(axis=1, keepdims=True));  e / e.sum(axis=1, keepdims=True)",
        _overflow,
        1,
    )
)
hypothesis(
    Hypothesis(
        "detached-loss",
        "gradients are zero: the loss is cut off from the parameters",
        "A gradient of exactly zero everywhere means that the loss does not depend on the parameters: a "
        "copy, a rounding or a comparison such as argmax stands between them, or the gradients are "
        "never written.",
        "loss = cost(np.round(Y), T)",
        "loss = cost(Y, T)",
        _detached,
        1,
    )
)
