"""Wrong ways back through convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...ir.dims import BATCH
from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import gradients
from .sharing import one_example_of

Sizes = tuple[int, ...]


def _weights(anatomy: Anatomy) -> Iterator[tuple[Node, str]]:
    """The nodes that compute the gradients of kernels, and what those are called."""
    for param in anatomy.params:
        for id in anatomy.of_data(param):
            if anatomy.unscaled(id).op == "conv_weights":
                yield anatomy.unscaled(id), f"d_{param}"


def _inputs(anatomy: Anatomy) -> Iterator[tuple[Node, str]]:
    """The nodes that compute the gradients of what goes into convolutions."""
    for node in anatomy.graph:
        if node.op in ("conv", "conv_transpose") and node.origin.role is Role.BACKWARD:
            yield node, anatomy.name_of(
                node.id
            ) or f"the gradient that {node.origin.layer} hands on"


def _through(id: int, op: str, **attrs: Any) -> Change:
    return lambda edit: edit.pass_through(id, op, **attrs)


def _other(id: int, op: str, **attrs: Any) -> Change:
    return lambda edit: edit.computed_by(id, op, **attrs)


def _operand(node: Node, at: int, op: str, **attrs: Any) -> Change:
    """Let a node use what an op of mutants makes of an operand."""

    def change(edit: Edit) -> None:
        old = node.inputs[at]
        edit.reroute(node.id, old, edit.apply(old, op, old, **attrs))

    return change


def _spatial(node: Node) -> Sizes:
    return tuple(range(2, node.type.rank))


def _flips(anatomy: Anatomy) -> Iterator[Site]:
    for node, name in _weights(anatomy):
        what = f"{name} is turned round along its spatial axes"
        formulas = ("dW = (x ∗ dz)[::-1, ::-1]", "dW = x ∗ dz")
        change = _through(node.id, "flipped", axes=_spatial(node))
        yield Site(node.origin.layer, (node.id,), what, *formulas, change)
    for node, name in _inputs(anatomy):
        what = f"the kernel is turned round along its spatial axes in {name}"
        formulas = ("dx[i·s + u] += dz[i] · W[K − 1 − u]", "dx[i·s + u] += dz[i] · W[u]")
        change = _operand(node, 1, "flipped", axes=_spatial(node))
        yield Site(node.origin.layer, (node.id,), what, *formulas, change)
    yield from _flipped_forward(anatomy)


def _flipped_forward(anatomy: Anatomy) -> Iterator[Site]:
    """A convolution as in mathematics on the way forward, and the way back of a correlation."""
    for node in anatomy.graph:
        if node.op == "conv" and node.origin.role is Role.FORWARD:
            what = f"the kernel is turned round on the way forward through {node.origin.layer}"
            formulas = ("y[i] = Σ x[i + u] W[K − 1 − u]", "y[i] = Σ x[i + u] W[u]")
            change = _operand(node, 1, "flipped", axes=_spatial(node))
            yield Site(node.origin.layer, (node.id,), what, *formulas, change)


def _strides(anatomy: Anatomy) -> Iterator[Site]:
    places = [(*pair, "conv_weights") for pair in _weights(anatomy)]
    places += [(*pair, "conv_transpose") for pair in _inputs(anatomy)]
    for node, name, op in places:
        stride = node.wholes("stride")
        if node.op == op and max(stride) > 1:
            what = f"the window moves by 1, not by {max(stride)}, in {name}"
            change = _other(node.id, f"{op}_without_stride")
            formulas = ("x[i : i + k]", "x[i·s : i·s + k]")
            yield Site(node.origin.layer, (node.id,), what, *formulas, change)


def _groups(anatomy: Anatomy) -> Iterator[Site]:
    for node, name in _weights(anatomy):
        groups = node.whole("groups")
        if groups > 1:
            what = f"all filters' gradients in {name} come from the channels of the first group"
            change = _operand(node, 0, "first_group", groups=groups)
            formulas = ("dW[f] = x[: C/g] ∗ dz[f]", "dW[f] = x[group of f] ∗ dz[f]")
            yield Site(node.origin.layer, (node.id,), what, *formulas, change)
    for node, name in _inputs(anatomy):
        groups = node.whole("groups")
        if groups < 2:
            continue
        formulas = ("dx[: C/g] += W[f] dz[f]", "dx[group of f] += W[f] dz[f]")
        for op, what in (
            ("into_first_group", f"{name} has the sum of all groups in the channels of the first"),
            ("in_first_group", f"{name} has the channels of the first group only"),
        ):
            yield Site(
                node.origin.layer, (node.id,), what, *formulas, _through(node.id, op, groups=groups)
            )


def _kernel_uses(anatomy: Anatomy) -> dict[str, list[tuple[int, int]]]:
    """The nodes that compute a convolution's parameters, with the dz that they use."""
    layers = {node.origin.layer for node, _ in _weights(anatomy)}
    found: dict[str, list[tuple[int, int]]] = {}
    for name in anatomy.params:
        for node in map(anatomy.unscaled, anatomy.of_data(name)):
            if node.op in ("conv_weights", "sum") and node.origin.layer in layers:
                found.setdefault(name, []).append((node.id, node.inputs[-1]))
    return found


def _samples(anatomy: Anatomy) -> Iterator[Site]:
    uses = _kernel_uses(anatomy)
    groups = [[name] for name in uses]
    groups += [names for names in anatomy.layers.values() if len(names) > 1 and {*names} <= {*uses}]
    formulas = ("for i in range(m): dW = …", "for i in range(m): dW += …")
    for names in groups:
        nodes = [use for name in names for use in uses[name]]
        for text, at in (("first", 0), ("last", -1)):
            what = f"only the {text} example of the batch is in {gradients(names)}"
            change = one_example_of(anatomy, nodes, at)
            ids, layer = tuple(n for n, _ in nodes), names[0].rpartition(".")[0]
            yield Site(layer, ids, what, *formulas, change, rank=len(names) - 1)
    for node, name in _inputs(anatomy):
        for text, at in (("first", 0), ("last", -1)):
            what = f"only the {text} example of the batch is written to {name}"
            change = _through(node.id, "one_example", at=at)
            yield Site(node.origin.layer, (node.id,), what, "dx[0] = …", "dx[i] = …", change)


def _pairs(anatomy: Anatomy, node: Node, first: int) -> Iterator[tuple[int, int]]:
    """Axes of the same size, from one on."""
    sizes = [anatomy.values.number(n) for n in node.type.shape]
    for i in range(first, len(sizes)):
        for j in range(i + 1, len(sizes)):
            if sizes[i] == sizes[j] > 1:
                yield i, j


def _axes(anatomy: Anatomy) -> Iterator[Site]:
    words = {0: "filters", 1: "channels", 2: "rows", 3: "columns", 4: "depth"}
    for node, name in _weights(anatomy):
        for pair in _pairs(anatomy, node, 0):
            what = f"{words[pair[0]]} and {words[pair[1]]} are exchanged in {name}"
            formulas = (f"dW.swapaxes{pair}", "dW")
            yield Site(
                node.origin.layer,
                (node.id,),
                what,
                *formulas,
                _through(node.id, "swapped", axes=pair),
            )
        yield from _misread(anatomy, node, 1, name)
    for node, name in _inputs(anatomy):
        for pair in _pairs(anatomy, node, 2):
            what = f"{words[pair[0]]} and {words[pair[1]]} are exchanged in {name}"
            yield Site(
                node.origin.layer, (node.id,), what, f"dx.swapaxes{pair}", "dx",
                _through(node.id, "swapped", axes=pair),
            )  # fmt: skip
        yield from _misread(anatomy, node, 0, name)
    yield from _unflattened(anatomy)


def _misread(anatomy: Anatomy, node: Node, at: int, name: str) -> Iterator[Site]:
    """dz made a matrix of filters by positions without its axes being moved first."""
    space = _spatial(node)
    for perm in ((1, 0, *space), (1, *space, 0)):
        what = f"dz is reshaped to (filters, …) in {name} without its axes being moved first"
        change = _operand(node, at, "misread", perm=perm)
        formulas = ("dz.reshape(F, -1)", "dz.swapaxes(0, 1).reshape(F, -1)")
        yield Site(node.origin.layer, (node.id,), what, *formulas, change, rank=1)


def _unflattened(anatomy: Anatomy) -> Iterator[Site]:
    """The gradient of a flat layer given back its axes in another order."""
    for node in anatomy.graph:
        back = node.origin.role is Role.BACKWARD and node.op == "reshape"
        if back and node.type.rank > 2 and anatomy.graph[node.inputs[0]].type.rank == 2:
            if node.type.shape[0] != BATCH:
                continue
            perm = (0, *range(2, node.type.rank), 1)
            name = anatomy.name_of(node.id) or node.origin.layer
            what = f"{name} is given back its axes with the channels last, but they are first"
            formulas = ("dflat.reshape(m, H, W, C)", "dflat.reshape(m, C, H, W)")
            change = _through(node.id, "misread", perm=perm)
            yield Site(node.origin.layer, (node.id,), what, *formulas, change)


def _overwritten(anatomy: Anatomy) -> Iterator[Site]:
    for node, name in _inputs(anatomy):
        if node.op == "conv_transpose":
            what = f"where windows overlap, the last one replaces the others in {name}"
            formulas = ("dx[i·s : i·s + k] = W dz[i]", "dx[i·s : i·s + k] += W dz[i]")
            change = _other(node.id, "conv_transpose_overwriting")
            yield Site(node.origin.layer, (node.id,), what, *formulas, change)


hypothesis(
    Hypothesis(
        slug="conv-flip",
        title="a kernel is turned round",
        page="What networks call a convolution is a correlation: y[i] = Σ x[i + u] W[u], without "
        "turning the kernel. Its weights' gradient is again a correlation, of x with dz. The input's "
        "gradient adds dz[i] · W[u] to cell i + u; written as a correlation of the padded dz, that "
        "needs the kernel turned by 180°, once.",
        wrong="dX = correlate(pad(dZ), W)",
        right="dX = correlate(pad(dZ), W[..., ::-1, ::-1])",
        sites=_flips,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="conv-stride",
        title="the way back through a convolution ignores the stride",
        page="Window i lies at i·s. On the way back every dz[i] belongs to the same cells as on the "
        "way forward.",
        wrong="dX[..., i : i + k, j : j + k] += W * dZ[..., i, j]",
        right="dX[..., i * s : i * s + k, j * s : j * s + k] += W * dZ[..., i, j]",
        sites=_strides,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="conv-groups",
        title="the way back through a convolution ignores its groups",
        page="With groups, a filter sees the channels of its own group only. Its gradient comes from "
        "these, and goes back to these.",
        wrong="dW[f] = correlate(X[:, : C // g], dZ[:, f])",
        right="dW[f] = correlate(X[:, group_of(f)], dZ[:, f])",
        sites=_groups,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="conv-first-sample",
        title="only one example of the batch goes through a convolution's way back",
        page="The weights' gradient adds up all examples, and every example has its own dX. An index "
        "0 left over from trying with one example, or `=` in the loop where `+=` is needed, leaves "
        "one of them.",
        wrong="for i in range(m): dW = correlate(X[i], dZ[i])",
        right="for i in range(m): dW += correlate(X[i], dZ[i])",
        sites=_samples,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="conv-swapped-axes",
        title="axes are exchanged on the way back through a convolution",
        page="Images are square and reshape fits anything, so NumPy does not notice exchanged axes. "
        "dz of shape (m, F, H, W) becomes a matrix of F rows only after its axes are moved: "
        "reshape alone mixes filters and examples. A flattened gradient must get its axes back in "
        "the order in which they were flattened.",
        wrong="dZ.reshape(F, -1)",
        right="dZ.transpose(1, 0, 2, 3).reshape(F, -1)",
        sites=_axes,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="conv-overwrite",
        title="windows that overlap overwrite each other's gradient",
        page="A cell of the input lies under several windows; its gradient is the sum of what all of "
        "them hand back. With `=` in place of `+=` the last window wins.",
        wrong="dX[..., i : i + k, j : j + k] = W * dZ[..., i, j]",
        right="dX[..., i : i + k, j : j + k] += W * dZ[..., i, j]",
        sites=_overwritten,
        rank=2,
    )
)
