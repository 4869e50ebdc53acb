"""Wrong gates of rectifiers: of another array, with another slope on the side that is shut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..anatomy import Activation, Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, Tuned, hypothesis

Make = Callable[[Edit, Activation], int]
"""Makes the node of a gradient at z."""

LEAKS = (0.01, 0.1, 0.2, 0.3)
"""Slopes that leaky rectifiers usually have on the side that is shut."""


def _gate(edit: Edit, like: int, value: int) -> int:
    """1 where a value is above 0, else 0."""
    above = edit.emit(like, "greater", value, edit.number(like, 0.0))
    return edit.emit(like, "as_real", above)


def _product(edit: Edit, active: Activation, factor: int) -> int:
    return edit.emit(active.dz, "mul", active.da, factor)


def _of_own_sign(edit: Edit, a: Activation) -> int:
    return _product(edit, a, _gate(edit, a.dz, a.da))


def _guided(edit: Edit, a: Activation) -> int:
    return edit.emit(a.dz, "mul", edit.original(a.dz), _gate(edit, a.dz, a.da))


def _reversed(edit: Edit, a: Activation) -> int:
    return _product(edit, a, _gate(edit, a.dz, edit.times(a.z, -1.0)))


def _signed(edit: Edit, a: Activation) -> int:
    return _product(edit, a, edit.emit(a.dz, "sign", a.z))


def _by_z(edit: Edit, a: Activation) -> int:
    return _product(edit, a, a.z)


def _leaking(edit: Edit, active: Activation, slope: float) -> int:
    """da where z > 0, slope · da elsewhere."""
    kept = _product(edit, active, _gate(edit, active.dz, active.z))
    shut = _product(edit, active, _gate(edit, active.dz, edit.times(active.z, -1.0)))
    return edit.emit(active.dz, "add", kept, edit.times(shut, slope))


GATES: tuple[tuple[str, str, Make, int], ...] = (
    ("looks at the gradient, not at z", "dz = da where da > 0", _of_own_sign, 0),
    ("is open where it should be shut", "dz = da where z < 0", _reversed, 0),
    ("looks at z and at the gradient", "dz = da where da > 0 and z > 0", _guided, 0),
    ("is the sign of z: −1 where it should be 0", "dz = da · sign(z)", _signed, 0),
    ("is z itself", "dz = da · z", _by_z, 1),
)


def _sites(anatomy: Anatomy) -> Iterator[Site]:
    for active in (a for a in anatomy.activations if a.op in ("relu", "leaky_relu")):
        for text, wrong, make, rank in GATES:
            what = f"the gate that the gradient passes {active.layer} through {text}"
            yield _site(active, what, wrong, _becoming(active, make), rank)
        yield from _leaks(active)


def _site(active: Activation, what: str, wrong: str, change: Change, rank: int) -> Site:
    right = "dz = da where z > 0, else 0"
    return Site(active.layer, (active.dz,), what, wrong, right, change, rank=rank)


def _becoming(active: Activation, make: Make) -> Change:
    return lambda edit: edit.become(active.dz, make(edit, active))


def _leaks(active: Activation) -> Iterator[Site]:
    """The slope of another rectifier where z is not positive."""
    right = "dz = da where z > 0, else 0"
    if active.op == "leaky_relu":
        right = "dz = da where z > 0, else slope · da"
        shut = _becoming(active, lambda edit, a: _leaking(edit, a, 0.0))
        what = f"the gradient is 0 where z is negative in {active.layer}: the slope there is lost"
        yield Site(active.layer, (active.dz,), what, "dz = da where z > 0, else 0", right, shut)
    for slope in LEAKS:
        what = f"the gradient is {slope:g} · da where z is negative in {active.layer}"
        wrong = f"dz = da where z > 0, else {slope:g} · da"
        leak = _becoming(active, partial(_leaking, slope=slope))
        yield Site(active.layer, (active.dz,), what, wrong, right, leak, rank=1)
    what = f"the gradient is {{}} · da where z is negative in {active.layer}"
    wrong = "dz = da where z > 0, else c · da"
    yield Site(active.layer, (active.dz,), what, wrong, right, tuned=_any_leak(active), rank=1)


def _any_leak(active: Activation) -> Tuned:
    def change(edit: Edit, slope: float) -> None:
        edit.become(active.dz, _leaking(edit, active, slope))

    return change


hypothesis(
    Hypothesis(
        slug="relu-gate",
        title="a rectifier's gate looks at the wrong array, or leaks",
        page="A relu lets a gradient through where its z was positive on the way forward, whatever "
        "the sign of the gradient is, and is shut elsewhere. A leaky one lets a share through "
        "there: the same share on both ways.",
        wrong="dZ = np.where(dA > 0, dA, 0)",
        right="dZ = np.where(Z > 0, dA, 0)",
        sites=_sites,
        rank=2,
    )
)
