"""Mistakes in the order of right lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..interpreter import Array
from ..rewriting import Edit
from .arithmetic import solved
from .registry import Change, Fitted, Hypothesis, Site, Tuned, hypothesis


def _stepped(anatomy: Anatomy, uses: Sequence[tuple[str, Node]]) -> Tuned:
    """Make backward products use W − lr·dW."""

    def change(edit: Edit, rate: float) -> None:
        for name, node in uses:
            leaf, gradient = anatomy.reference.tensors[name], anatomy.params[name]
            step = edit.emit(node.id, "sub", leaf, edit.times(gradient, rate))
            edit.reroute(node.id, leaf, step)

    return change


def _at(change: Tuned, rate: float) -> Change:
    return lambda edit: change(edit, rate)


def _updated(anatomy: Anatomy) -> Iterator[Site]:
    uses = [
        (name, node)
        for name in anatomy.params
        if name in anatomy.weights
        for node in anatomy.backward_products(name)
    ]
    groups = [[use] for use in uses] + ([uses] if len(uses) > 1 else [])
    for group in groups:
        change = _stepped(anatomy, group)
        names = sorted({name for name, _ in group})
        nodes = tuple(node.id for _, node in group)
        layer = names[0].rpartition(".")[0] if len(names) == 1 else ""
        what = f"{' and '.join(names)} had been stepped already when the gradient went back through"
        right = "dx = dz Wᵀ"
        wrong = "dx = dz (W − lr·dW)ᵀ"
        if anatomy.rate is not None:
            text, fixed = f"{what}, with lr = {anatomy.rate:g}", _at(change, anatomy.rate)
            yield Site(layer, nodes, text, wrong, right, fixed)
        text = f"{what}, with lr = {{}}"
        yield Site(layer, nodes, text, wrong, right, tuned=change, rank=1)


def _stale(anatomy: Anatomy) -> Iterator[Site]:
    """Yield gradients propagated through other weights than W: solved for, given enough rows."""
    for name in anatomy.params:
        uses = anatomy.backward_products(name) if name in anatomy.weights else []
        for node in (n for n in uses if n.op == "transpose"):
            for back in (anatomy.graph[i] for i in anatomy.graph.users[node.id]):
                if back.op == "matmul" and back.inputs[1] == node.id:
                    what = f"the gradient goes back through other weights than {name}: older ones?"
                    fitted = _through_others(anatomy, back)
                    wrong, right = "dx = dz W_oldᵀ", "dx = dz Wᵀ"
                    layer = name.rpartition(".")[0]
                    yield Site(layer, (back.id,), what, wrong, right, None, rank=3, fitted=fitted)


def _through_others(anatomy: Anatomy, back: Node) -> Fitted:
    """da = dz M for a matrix M, which is determined if there are more rows than columns of dz."""

    def fitted(edit: Edit, given: Mapping[str, Array]) -> None:
        dz = anatomy.values[back.inputs[0]]
        da = _given_at(anatomy, back.id, given)
        matrix, _, rank, _ = np.linalg.lstsq(dz, da, rcond=None)
        if rank >= len(dz) or not np.isfinite(da).all():
            raise ValueError("any gradient would fit")
        apart = np.abs(dz @ matrix - da).max()
        if apart > 1e-6 * np.abs(da).max():
            raise ValueError("no weights fit")
        rows = tuple(tuple(row) for row in matrix.tolist())
        other = edit.apply(back.inputs[1], "const", value=rows, shape=matrix.shape)
        edit.reroute(back.id, back.inputs[1], other)

    return fitted


def _given_at(anatomy: Anatomy, id: int, given: Mapping[str, Array]) -> Array:
    """Return the given array of a node, or one solved from its layer's given xᵀ dz."""
    tensors = anatomy.reference.tensors
    names = [n for n in given if tensors[n] == id]
    if names and given[names[0]].shape == anatomy.values[id].shape:
        return np.asarray(given[names[0]], np.float64)
    for active in anatomy.activations:
        if active.da == id:
            dz = _delta(anatomy, active.dz, given)
            slope = _slope(anatomy, active.dz, id)
            if np.abs(slope).min() > 0:
                return np.asarray(dz / slope)
    raise ValueError("nothing tells the gradient there")


def _delta(anatomy: Anatomy, dz: int, given: Mapping[str, Array]) -> Array:
    """Return dz as given, or from dW = xᵀ dz if x has as many columns as rows."""
    tensors = anatomy.reference.tensors
    for name, array in given.items():
        if tensors[name] == dz and array.shape == anatomy.values[dz].shape:
            return np.asarray(array, np.float64)
    for product in anatomy.products:
        made = given.get(f"d_{product.param}")
        if product.dz == dz and product.a >= 0 and made is not None:
            return np.asarray(solved(anatomy.values[product.a], np.asarray(made, np.float64)))
    raise ValueError("nothing tells the gradient there")


def _slope(anatomy: Anatomy, dz: int, da: int) -> Array:
    """Return the derivative of the activation between da and dz."""
    edit = Edit.of(anatomy.graph)
    one = edit.apply(da, "add", edit.times(edit.original(da), 0.0), edit.number(da, 1.0))
    edit.become(da, one)
    return anatomy.values.of(edit.graph(anatomy.graph))[dz]


# --- dropout ------------------------------------------------------------------------------


def _new_mask(anatomy: Anatomy) -> Iterator[Site]:
    """Yield sites where the backward pass drops other entries than the forward pass."""
    for mask in (n for n in anatomy.graph if n.op == "dropout_mask"):
        for id in anatomy.graph.users[mask.id]:
            node = anatomy.graph[id]
            if node.op == "mul" and node.origin.role is Role.BACKWARD:
                name = anatomy.name_of(id)
                what = f"{name} is masked by another draw than the way forward was"
                wrong, right = "mask drawn again, da · new mask", "da · mask of the way forward"
                fitted = _mask_read_off(anatomy, node, mask)
                yield Site(node.origin.layer, (id,), what, wrong, right, None, fitted=fitted)


def _mask_read_off(anatomy: Anatomy, node: Node, mask: Node) -> Fitted:
    rate = mask.real("rate")

    def fitted(edit: Edit, given: Mapping[str, Array]) -> None:
        before = next(i for i in node.inputs if i != mask.id)
        whole, found = anatomy.values[before], _given_at_open(anatomy, node.id, given)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(np.isnan(found), 0.0, found / whole)
        kept = np.abs(ratio - 1 / (1 - rate)) < 1e-4
        if not (kept | (np.abs(ratio) < 1e-4)).all():
            raise ValueError("no mask of this rate fits")
        rows = tuple(tuple(row) for row in (kept / (1 - rate)).tolist())
        other = edit.apply(mask.id, "const", value=rows, shape=kept.shape)
        edit.reroute(node.id, mask.id, other)

    return fitted


def _given_at_open(anatomy: Anatomy, id: int, given: Mapping[str, Array]) -> Array:
    """Return the given array, with NaN where the activation's derivative is zero."""
    for active in anatomy.activations:
        if active.da == id and not any(anatomy.reference.tensors[n] == id for n in given):
            slope = _slope(anatomy, active.dz, id)
            delta = _delta(anatomy, active.dz, given)
            return np.where(slope, delta / np.where(slope, slope, 1.0), np.nan)
    return _given_at(anatomy, id, given)


hypothesis(
    Hypothesis(
        slug="stale-weights",
        title="the gradient goes back through other weights than those of the forward pass",
        page="dX = dZ @ W.T wants the W that the forward pass used. A transposed copy that was made "
        "once, or weights kept from the step before, lead the gradient back through a network that "
        "does not exist any more.",
        wrong="dA1 = dZ2 @ W2_T   # W2_T = W2.T.copy(), made before training",
        right="dA1 = dZ2 @ W2.T",
        sites=_stale,
        rank=6,
    )
)
hypothesis(
    Hypothesis(
        slug="new-dropout-mask",
        title="the way back has a dropout mask of its own",
        page="Dropout drops the same entries on the way back as on the way forward: what was not there "
        "has no gradient. Keep the mask of the forward pass, and do not draw a new one.",
        wrong="dA = dA * (np.random.rand(*A.shape) < keep) / keep",
        right="dA = dA * mask   # of the forward pass",
        sites=_new_mask,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="updated-weights",
        title="weights are stepped before the gradient has gone back through them",
        page="The gradient of a layer's input is dZ @ W.T, with the weights of the forward pass. "
        "If W is updated as soon as dW is known, the layers in front get the gradient of a network "
        "that was never run. Compute all gradients first, then take all steps.",
        wrong="W2 -= lr * dW2;  dA1 = dZ2 @ W2.T",
        right="dA1 = dZ2 @ W2.T;  W2 -= lr * dW2",
        sites=_updated,
        rank=3,
    )
)
