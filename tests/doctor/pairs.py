"""Two mistakes at once: one in the given gradients, and one in the step after them."""

from __future__ import annotations

from collections.abc import Iterator

from ..unit.planted import NETS, hand, numbers
from .cases import diagnose, reference
from .steps import LR, MU

IN_GRADIENTS = (
    *("missing-mean 1", "sum-for-mean 2", "sign 1", "missing-derivative 1", "double-derivative 1"),
    *("softmax-diagonal", "softmax-twice", "derivative-of-preactivation 1", "double-mean 2"),
)
TWO_IN_GRADIENTS = tuple(
    (one, other)
    for one in ("missing-derivative 1", "derivative-of-preactivation 1", "updated-weights 2")
    for other in (
        "missing-mean 2",
        "sum-for-mean 1",
        "sum-for-mean 2",
        "sign 2",
        "softmax-diagonal",
    )
)
IN_STEP = ("ascent", "no-update", "momentum-rate")


def stepped(w, g, wrong: str):
    if wrong == "momentum-rate":
        return w - LR * (LR * g)
    return w + LR * g if wrong == "ascent" else w


def found_pairs() -> Iterator[tuple[tuple[str, str], list[tuple[str, ...]]]]:
    """Both slugs, and what the doctor says."""
    net = NETS["digits"]
    given = numbers(net, 9, seed=2)
    text = f"{net.text}optimizer sgd lr={LR} momentum={MU}\n"
    for wrong in IN_GRADIENTS:
        for step in IN_STEP:
            made = hand(net, given, {wrong})
            after = {n: stepped(given[n], made[f"d_{n}"], step) for n in given if "." in n}
            own = {n: a for n, a in made.items() if "." in n}
            told = diagnose(reference(text), {**given, **own}, after=after)
            yield (wrong.split()[0], step), [f.slugs for f in told.findings]
    for pair in TWO_IN_GRADIENTS:
        made = {n: a for n, a in hand(net, given, set(pair)).items() if "." in n}
        told = diagnose(reference(net.text), {**given, **made})
        first, second = (mistake.split()[0] for mistake in pair)
        yield (first, second), [f.slugs for f in told.findings]
