"""Wrong derivatives of activations: left out, applied twice, of the wrong thing, in the wrong place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..anatomy import Activation, Anatomy
from ..rewriting import Edit
from .loss import softmax_passed
from .one_product import without_output_slope, without_slope
from .output_slope import of_other_function, twice_at_output
from .pooling import ungated
from .registry import Change, Hypothesis, Site, hypothesis

RIGHT: Mapping[str, str] = {
    "sigmoid": "dz = da · a (1 − a)",
    "tanh": "dz = da · (1 − a²)",
    "relu": "dz = da where z > 0, else 0",
}


def right(active: Activation) -> str:
    """The formula of the right derivative."""
    return RIGHT.get(active.op, f"dz = da · {active.op}′(z)")


def swapped(active: Activation, instead: Mapping[int, int]) -> Change:
    """Compute the derivative from other values."""

    def change(edit: Edit) -> None:
        kept = {active.da: active.da}  # which depends on this layer as well
        edit.become(active.dz, edit.clone(edit.original(active.dz), {**instead, **kept}))

    return change


def _site(
    anatomy: Anatomy, active: Activation, what: str, wrong: str, change: Change, rank: int = 0
) -> Site:
    name = anatomy.name_of(active.dz)
    return Site(
        active.layer,
        (active.dz,),
        what.replace("DZ", name),
        wrong,
        right(active),
        change,
        rank=rank,
    )


def _missing(anatomy: Anatomy) -> Iterator[Site]:
    for active in anatomy.activations:

        def change(edit: Edit, active: Activation = active) -> None:
            edit.become(active.dz, active.da)

        what = f"DZ lacks the derivative of {active.op}: it equals {anatomy.name_of(active.da)}"
        yield _site(anatomy, active, what, "dz = da", change)
        yield from without_slope(anatomy, active)
    for judged in anatomy.judged:
        yield from without_output_slope(anatomy, judged)
    yield from softmax_passed(anatomy)
    yield from ungated(anatomy)


def _double(anatomy: Anatomy) -> Iterator[Site]:
    for active in anatomy.activations:

        def change(edit: Edit, active: Activation = active) -> None:
            once = edit.original(active.dz)
            edit.become(active.dz, edit.clone(once, {active.da: once}))

        what = f"DZ has the derivative of {active.op} in it twice"
        yield _site(anatomy, active, what, f"{right(active)}, twice", change)
    yield from twice_at_output(anatomy, "sigmoid")


def _of_preactivation(anatomy: Anatomy) -> Iterator[Site]:
    for active in anatomy.activations:
        what = f"the derivative of {active.op} in DZ is taken from z where its formula wants a"
        wrong = right(active).replace("a (1 − a)", "z (1 − z)").replace("a²", "z²")
        yield _site(anatomy, active, what, wrong, swapped(active, {active.a: active.z}))


def _of_activation(anatomy: Anatomy) -> Iterator[Site]:
    for active in anatomy.activations:

        def change(edit: Edit, active: Activation = active) -> None:
            again = edit.clone(active.a, {active.z: active.a})
            swapped(active, {active.a: again, active.z: active.a})(edit)

        what = f"the derivative of {active.op} in DZ is taken at a where it belongs at z"
        yield _site(anatomy, active, what, f"dz = da · {active.op}′(a)", change)


def _wrong_layer(anatomy: Anatomy) -> Iterator[Site]:
    """The values of another layer that fit: its activation, its z, or both."""
    values = [(a.layer, a.z, a.a) for a in anatomy.activations]
    values += [(anatomy.graph[j.y].origin.layer, j.z, j.y) for j in anatomy.judged]
    for active in anatomy.activations:
        for layer, z, a in dict.fromkeys(values):
            if a != active.a and _fits(anatomy, a, active.a):
                yield from _of_layer(anatomy, active, layer, z, a)


def _fits(anatomy: Anatomy, one: int, other: int) -> bool:
    """Whether NumPy multiplies the two: the same shape, or a single column."""
    shapes = [anatomy.graph[id].type.shape for id in (one, other)]
    return shapes[0] in (shapes[1], (*shapes[1][:-1], 1))


def _of_layer(anatomy: Anatomy, active: Activation, layer: str, z: int, a: int) -> Iterator[Site]:
    """The slope by a formula in a, and by one in z, where that is not the same."""
    what = f"the derivative in DZ is taken at {layer}, not at {active.layer}"
    wrong = f"dz = da · {active.op}′ of {layer}"
    yield _site(anatomy, active, what, wrong, swapped(active, {active.a: a, active.z: z}))

    def by_z(edit: Edit) -> None:
        again = edit.clone(edit.original(active.a), {active.z: z})
        swapped(active, {active.a: again, active.z: z})(edit)

    yield _site(anatomy, active, what, wrong, by_z, rank=1)


# --- derivatives of other functions -------------------------------------------------------

Slope = Callable[[Edit, int, int], int]
"""The derivative as a node, from one that it comes from and the value it is computed from."""


def _sigmoid(edit: Edit, like: int, v: int) -> int:
    return edit.emit(like, "mul", v, edit.emit(like, "sub", edit.number(like, 1.0), v))


def _tanh(edit: Edit, like: int, v: int) -> int:
    square = edit.emit(like, "square", v)
    return edit.emit(like, "sub", edit.number(like, 1.0), square)


def _relu(edit: Edit, like: int, v: int) -> int:
    above = edit.emit(like, "greater", v, edit.number(like, 0.0))
    return edit.emit(like, "as_real", above)


def _itself(edit: Edit, like: int, v: int) -> int:
    return v


SLOPES: Mapping[str, tuple[str, Slope, str]] = {
    "sigmoid": ("a (1 − a)", _sigmoid, "sigmoid"),
    "tanh": ("(1 − a²)", _tanh, "tanh"),
    "relu": ("1 where a > 0", _relu, "relu"),
    "the function itself": ("a", _itself, ""),
}
"""Derivatives by the value: a formula, the node, the op that gives the value from z."""


def _one_minus(edit: Edit, like: int, v: int) -> int:
    return edit.emit(like, "sub", edit.number(like, 1.0), v)


def _one_plus_square(edit: Edit, like: int, v: int) -> int:
    return edit.emit(like, "add", edit.number(like, 1.0), edit.emit(like, "square", v))


def _times_one_plus(edit: Edit, like: int, v: int) -> int:
    return edit.emit(like, "mul", v, edit.emit(like, "add", edit.number(like, 1.0), v))


def _one_minus_squared(edit: Edit, like: int, v: int) -> int:
    return edit.emit(like, "square", _one_minus(edit, like, v))


MISWRITTEN: Mapping[str, Slope] = {
    "(1 − a)": _one_minus,
    "a (1 + a)": _times_one_plus,
    "(1 + a²)": _one_plus_square,
    "(1 − a)²": _one_minus_squared,
}
"""Formulas that are no function's slope, though they look like one."""


def _wrong(anatomy: Anatomy) -> Iterator[Site]:
    yield from _gates(anatomy)
    slopes = {n: (formula, slope) for n, (formula, slope, op) in SLOPES.items() if op}
    yield from of_other_function(anatomy, slopes)
    yield from _miswritten(anatomy)
    for active in anatomy.activations:
        for name, (formula, slope, op) in SLOPES.items():
            if name == active.op or (name == "relu" and active.op in ("sigmoid", "softplus")):
                continue  # a relu's slope at what is always positive is no slope at all
            yield _of_other(anatomy, active, name, formula, slope, "")
            if op and op != "relu":
                yield _of_other(anatomy, active, name, formula, slope, op)


def _miswritten(anatomy: Anatomy) -> Iterator[Site]:
    for active in (a for a in anatomy.activations if a.op in ("sigmoid", "tanh")):
        for formula, slope in MISWRITTEN.items():

            def change(edit: Edit, active: Activation = active, slope: Slope = slope) -> None:
                made = slope(edit, active.dz, active.a)
                edit.become(active.dz, edit.emit(active.dz, "mul", active.da, made))

            what = f"DZ is multiplied by {formula}, which is not the derivative of {active.op}"
            yield _site(anatomy, active, what, f"dz = da · {formula}", change, rank=1)
        if active.op == "sigmoid":
            yield from _mixed(anatomy, active)


def _mixed(anatomy: Anatomy, active: Activation) -> Iterator[Site]:
    """a (1 − z) and z (1 − a)."""
    for formula, one, other in (
        ("a (1 − z)", active.a, active.z),
        ("z (1 − a)", active.z, active.a),
    ):

        def change(edit: Edit, one: int = one, other: int = other) -> None:
            slope = edit.emit(active.dz, "mul", one, _one_minus(edit, active.dz, other))
            edit.become(active.dz, edit.emit(active.dz, "mul", active.da, slope))

        what = f"DZ is multiplied by {formula}, where z and a are mixed up"
        yield _site(anatomy, active, what, f"dz = da · {formula}", change, rank=1)


GATED = {"silu": 1, "gelu": 1, "mish": 1, "gelu_tanh": 3}
"""Activations z · gate(z), with the operand that is the gate."""


def _gates(anatomy: Anatomy) -> Iterator[Site]:
    """Of the product rule's two terms the first one only."""
    for active in anatomy.activations:
        node = anatomy.graph[active.a]
        if node.op in GATED:
            gate = node.inputs[GATED[node.op]]

            def change(edit: Edit, active: Activation = active, gate: int = gate) -> None:
                edit.become(active.dz, edit.emit(active.dz, "mul", active.da, gate))

            what = (
                f"DZ has the gate of {active.op} only, not what its slope adds (the product rule)"
            )
            yield _site(anatomy, active, what, "dz = da · gate(z)", change)


def _of_other(
    anatomy: Anatomy, active: Activation, name: str, formula: str, slope: Slope, op: str
) -> Site:
    """The derivative of another function, from this layer's value or from its own of z."""

    def change(edit: Edit) -> None:
        value = edit.emit(active.dz, op, active.z) if op else active.a
        edit.become(
            active.dz, edit.emit(active.dz, "mul", active.da, slope(edit, active.dz, value))
        )

    whose = "" if op or name.startswith("the ") else f", from the value of {active.op}"
    what = f"DZ has the derivative of {name}{whose}, but {active.layer} is a {active.op}"
    if name.startswith("the "):
        what = f"DZ is multiplied by {active.op}(z), not by its derivative"
    return _site(anatomy, active, what, f"dz = da · {formula}", change, rank=1 if op else 0)


hypothesis(
    Hypothesis(
        "missing-derivative",
        "the derivative of an activation is missing",
        "Going back through a = σ(z), the gradient is multiplied by the slope σ′(z), entry by entry. "
        "Without it, the layer passes on the gradient as if it had no activation.",
        "dZ1 = dZ2 @ W2.T",
        "dZ1 = (dZ2 @ W2.T) * A1 * (1 - A1)",
        _missing,
        2,
    )
)
hypothesis(
    Hypothesis(
        "double-derivative",
        "the derivative of an activation is applied twice",
        "The slope belongs into the gradient once. It comes in twice where both the function that "
        "goes back through a layer and the one that goes back through its activation multiply by it, "
        "or where the gradient of the loss has it already.",
        "dZ1 = dA1 * A1 * (1 - A1) * A1 * (1 - A1)",
        "dZ1 = dA1 * A1 * (1 - A1)",
        _double,
        3,
    )
)
hypothesis(
    Hypothesis(
        "derivative-of-preactivation",
        "the derivative's formula is in a, but z is put in",
        "The slope of a sigmoid is a (1 − a), with a its value. A function that computes v (1 − v) must "
        "be given the activation a; given z, it computes z (1 − z), which may even be negative.",
        "dZ1 = dA1 * Z1 * (1 - Z1)",
        "dZ1 = dA1 * A1 * (1 - A1)",
        _of_preactivation,
        2,
    )
)
hypothesis(
    Hypothesis(
        "derivative-of-activation",
        "the derivative is taken at a, but belongs at z",
        "A function that computes σ(v) (1 − σ(v)) wants z. Given the activation, it applies the "
        "sigmoid a second time.",
        "dZ1 = dA1 * sigmoid_prime(A1)",
        "dZ1 = dA1 * sigmoid_prime(Z1)",
        _of_activation,
        2,
    )
)
hypothesis(
    Hypothesis(
        "wrong-derivative",
        "the derivative belongs to another activation",
        "Every activation has a slope of its own: a (1 − a) of a sigmoid, 1 − a² of a tanh, 1 or 0 of "
        "a relu. Where the activation of a layer was changed, its way back has to change as well.",
        "dZ1 = dA1 * A1 * (1 - A1)   # A1 = np.tanh(Z1)",
        "dZ1 = dA1 * (1 - A1**2)",
        _wrong,
        3,
    )
)
hypothesis(
    Hypothesis(
        "wrong-layer",
        "the derivative is taken at another layer's values",
        "The slope of layer l is taken at layer l's own values. Where layers are equally wide, NumPy "
        "does not notice that they come from another one.",
        "dZ1 = (dZ2 @ W2.T) * A2 * (1 - A2)",
        "dZ1 = (dZ2 @ W2.T) * A1 * (1 - A1)",
        _wrong_layer,
        3,
    )
)
