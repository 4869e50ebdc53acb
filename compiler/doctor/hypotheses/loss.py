"""Wrong beginnings: what the loss hands to the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...ir.op_graph import Role
from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis


def instead_of_residual(judged: Judged, make: Callable[[Edit], int]) -> Change:
    """Let the way back begin with something else; the loss keeps its value."""

    def change(edit: Edit) -> None:
        edit.redirect(judged.residual, make(edit), Role.BACKWARD)

    return change


def other_target(judged: Judged, make: Callable[[Edit, int], int]) -> list[tuple[str, Change]]:
    """Another target in the loss and its gradient, and in the gradient alone.

    `make` gives its node, from the node of the right one.
    """

    def everywhere(edit: Edit) -> None:
        edit.become(judged.target, make(edit, edit.original(judged.target)))

    def residual(edit: Edit) -> int:
        other = make(edit, judged.target)
        return edit.apply(judged.residual, "sub", judged.y, other)

    return [("", everywhere), (" in the gradient", instead_of_residual(judged, residual))]


def begun(anatomy: Anatomy, judged: Judged) -> tuple[int, ...]:
    """What a target is used in: the loss, and the gradient that it begins."""
    return (*anatomy.graph.users[judged.target], judged.delta)


def _softmaxes(anatomy: Anatomy) -> list[Judged]:
    return [j for j in anatomy.judged if anatomy.graph[j.y].op == "softmax"]


def _one_minus(edit: Edit, y: int, like: int) -> int:
    return edit.emit(like, "sub", edit.number(like, 1.0), y)


def _jacobian(edit: Edit, y: int, g: int, like: int) -> int:
    """y (g − Σ g y): the whole Jacobian of the softmax, times g."""
    last = len(edit.nodes[g].type.shape) - 1
    along = edit.emit(like, "sum", edit.emit(like, "mul", g, y), axes=(last,), keepdims=True)
    return edit.emit(like, "mul", y, edit.emit(like, "sub", g, along))


def _diagonal(anatomy: Anatomy) -> Iterator[Site]:
    """Of crossentropy −t/y · y (1 − y); of other losses behind a softmax da · a (1 − a)."""
    for judged in _softmaxes(anatomy):
        if judged.y in anatomy.gradient_of:
            continue

        def make(edit: Edit, j: Judged = judged) -> int:
            missed = edit.emit(j.delta, "mul", j.target, _one_minus(edit, j.y, j.delta))
            return edit.times(missed, -1.0)

        what = f"only the diagonal of the softmax's Jacobian is used in {anatomy.name_of(judged.delta)}"
        yield Site(
            judged.layer,
            (judged.delta,),
            what,
            "dz = −t/y · y (1 − y) = −t (1 − y)",
            "dz = y − t",
            instead_of_residual(judged, make),
        )
    for softmax in _passed(anatomy):
        yield _through(anatomy, *softmax)


def _passed(anatomy: Anatomy) -> Iterator[tuple[int, int, int]]:
    """The softmaxes that a gradient passes through: a, da, dz."""
    for node in anatomy.graph:
        inner = node.inputs[0] if node.inputs else -1
        if node.op == "softmax" and {node.id, inner} <= anatomy.gradient_of.keys():
            yield node.id, anatomy.gradient_of[node.id], anatomy.gradient_of[inner]


def softmax_passed(anatomy: Anatomy) -> Iterator[Site]:
    """The derivative of such a softmax is missing."""
    for a, da, dz in _passed(anatomy):
        what = (
            f"{anatomy.name_of(dz)} lacks the softmax's derivative: it equals {anatomy.name_of(da)}"
        )
        layer, change = anatomy.graph[a].origin.layer, _copied(dz, da)
        yield Site(layer, (dz,), what, "dz = da", "dz = a · (da − Σ da·a)", change)


def _copied(dz: int, da: int) -> Change:
    return lambda edit: edit.become(dz, da)


def _through(anatomy: Anatomy, a: int, da: int, dz: int) -> Site:
    """A softmax that the gradient passes through."""

    def change(edit: Edit) -> None:
        slope = edit.emit(dz, "mul", a, _one_minus(edit, a, dz))
        edit.become(dz, edit.emit(dz, "mul", da, slope))

    what = f"only the diagonal of the softmax's Jacobian is used in {anatomy.name_of(dz)}"
    layer = anatomy.graph[a].origin.layer
    return Site(layer, (dz,), what, "dz = da · a (1 − a)", "dz = a · (da − Σ da·a)", change)


def _twice(anatomy: Anatomy) -> Iterator[Site]:
    """Of a softmax; of a sigmoid that is `double-derivative`."""
    for judged in _softmaxes(anatomy):
        if judged.through:
            yield from times_derivative_again(anatomy, judged)


def times_derivative_again(anatomy: Anatomy, judged: Judged) -> Iterator[Site]:
    """y − t times y (1 − y), or times the whole Jacobian of a softmax."""

    def diagonal(edit: Edit) -> int:
        slope = edit.emit(judged.delta, "mul", judged.y, _one_minus(edit, judged.y, judged.delta))
        return edit.emit(judged.delta, "mul", edit.original(judged.residual), slope)

    def whole(edit: Edit) -> int:
        return _jacobian(edit, judged.y, edit.original(judged.residual), judged.delta)

    forms = [("y (1 − y)", diagonal)]
    if anatomy.graph[judged.y].op == "softmax":
        forms.append(("the softmax's Jacobian", whole))
    for text, make in forms:
        what = f"y − t is the gradient at z already; it is multiplied by {text} once more"
        formulas = (f"dz = (y − t) · {text}", "dz = y − t")
        change = instead_of_residual(judged, make)
        yield Site(judged.layer, (judged.delta,), what, *formulas, change)


def _missing(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        for text, make in _beginnings(judged):
            what = f"the gradient of the loss begins with {text} where it should begin with y − t"
            yield Site(
                judged.layer,
                (judged.delta,),
                what,
                f"dy = {text}",
                "dy = y − t",
                instead_of_residual(judged, make),
            )


def _not_smoothed(anatomy: Anatomy) -> Iterator[Site]:
    """The target itself where the loss has a smoothed one."""
    for judged in anatomy.judged:
        raw = anatomy.graph[judged.target]
        while raw.op != "target":
            raw = anatomy.graph[raw.inputs[0]]
        if raw.id == judged.target:
            continue

        def make(edit: Edit, j: Judged = judged, raw: int = raw.id) -> int:
            return edit.emit(j.delta, "sub", j.y, raw)

        what = f"{anatomy.name_of(judged.delta)} has the target itself, not the smoothed one"
        formulas = ("dz = y − t", "dz = y − s,  s = (1 − ε) t + ε/C")
        change = instead_of_residual(judged, make)
        yield Site(judged.layer, (judged.delta,), what, *formulas, change)


def _beginnings(judged: Judged) -> Iterator[tuple[str, Callable[[Edit], int]]]:
    """The output alone, the target alone, nothing at all."""
    yield "y", lambda edit: edit.times(judged.y, 1.0)
    yield "t", lambda edit: edit.times(judged.target, 1.0)
    yield "−t", lambda edit: edit.times(judged.target, -1.0)

    def ones(edit: Edit) -> int:
        nothing = edit.times(judged.y, 0.0)
        return edit.emit(judged.delta, "add", nothing, edit.number(judged.delta, 1.0))

    yield "1", ones


hypothesis(
    Hypothesis(
        slug="softmax-diagonal",
        title="only the diagonal of the softmax's Jacobian is used",
        page="Every output of a softmax depends on every z of its row, so its derivative is a "
        "matrix, aᵢ (1 − aᵢ) on the diagonal and −aᵢ aⱼ beside it. Treated entry by entry, as if it "
        "were a sigmoid, the softmax loses what is beside the diagonal. Together with the "
        "crossentropy all of it comes to y − t.",
        wrong="dZ = -T / Y * Y * (1 - Y)",
        right="dZ = Y - T",
        sites=_diagonal,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="softmax-twice",
        title="the softmax's derivative is applied to a gradient that has it already",
        page="y − t is the gradient of a crossentropy at z, the input of the softmax: the derivative "
        "of the softmax is in it already. Multiplying by it again makes gradients "
        "small exactly where the network is sure and wrong.",
        wrong="dZ = (Y - T) * Y * (1 - Y)",
        right="dZ = Y - T",
        sites=_twice,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="missing-residual",
        title="the difference from the target is missing",
        page="The gradient of a squared error or of a crossentropy begins with the residual y − t. "
        "With the output or the target alone, or with neither, the network does not learn the "
        "target.",
        wrong="dZ = Y * Y * (1 - Y)",
        right="dZ = (Y - T) * Y * (1 - Y)",
        sites=_missing,
        rank=4,
    )
)
hypothesis(
    Hypothesis(
        slug="smoothing-missing",
        title="the gradient has the target where the loss has a smoothed one",
        page="With label smoothing the loss is a crossentropy against s = (1 − ε) t + ε/C, so its "
        "gradient at z is y − s. Smoothing in the loss alone changes what is printed, but not what "
        "is learned.",
        wrong="dZ = Y - T",
        right="dZ = Y - ((1 - eps) * T + eps / C)",
        sites=_not_smoothed,
        rank=2,
    )
)
