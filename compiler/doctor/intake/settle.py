"""Selection of the naming and layout of given arrays: one that fits, with agreeing numbers.

Shapes are checked first. If several layouts fit, as with square weights, the one with more right
arrays is selected; then one in which mistakes explain everything. Other cases are errors that ask
for options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..comparison import compare
from ..diagnose import diagnose
from ..interpreter import Array
from ..reference import Reference
from .by_shape import by_shape
from .case import Case, Reading, same
from .layout import WORDS, layouts
from .naming import BadArrays, Naming, namings
from .network import Axes, Network
from .row_lengths import take_lengths

MOST = 4
"""Most layouts that are compared by the mistakes found in them."""


def settle(
    reference: Reference,
    arrays: Mapping[str, Array],
    mapping: Mapping[str, str] | None = None,
    layout: tuple[str, ...] = (),
) -> Case:
    """Return the arrays as tensors, by name, by `mapping` (array: tensor) or by shape.

    `layout` are known words of layout.WORDS. Raises BadArrays, with a remedy, if arrays are
    missing, do not fit, or are ambiguous.
    """
    for word in layout:
        if word not in WORDS:
            raise BadArrays(f"a layout is made of {', '.join(WORDS)}, not of {word!r}")
    network = Network(reference)
    lengths, plain = take_lengths(network, {n: np.asarray(a) for n, a in arrays.items()})
    found = [
        replace(case, lengths=lengths or None)
        for case in _cases(network, plain, mapping or {}, layout)
    ]
    _check_lengths(found, lengths)
    fitting = [case for case in found if not case.faults]
    if not fitting:
        best = min(found, key=lambda case: len(case.faults))
        raise BadArrays(_complaint(network, best, plain))
    least = min(len(case.misfits) for case in fitting)
    left = _different([case for case in fitting if len(case.misfits) == least])
    return left[0] if len(left) == 1 else _by_numbers(network, left)


def _check_lengths(cases: list[Case], lengths: Mapping[str, Array]) -> None:
    """Refuse lengths that are of other rows; raises BadArrays."""
    for name, of_rows in lengths.items():
        x = next((case.given[name] for case in cases if name in case.given), None)
        if x is not None and (len(x) != len(of_rows) or of_rows.max() > x.shape[1]):
            raise BadArrays(
                f"{name} has {len(x)} rows of {x.shape[1]} positions, its lengths are {len(of_rows)} "
                f"numbers up to {of_rows.max()}"
            )


def _cases(
    network: Network,
    arrays: Mapping[str, Array],
    mapping: Mapping[str, str],
    said: tuple[str, ...],
) -> list[Case]:
    found = []
    for naming in namings(network, list(arrays), mapping):
        whole = by_shape(network, arrays, naming)
        for layout in layouts(network, _may_be_folded(network, whole), said):
            found.append(Reading(network, arrays, whole, layout).case())
    if not found:
        raise BadArrays(f"no layout is {' and '.join(said)} at once")
    return found


def _may_be_folded(network: Network, naming: Naming) -> bool:
    """Return whether there are weights without their bias."""
    named = set(naming.tensors.values())
    return any(s.weight in named and s.bias and s.bias not in named for s in network.stages)


def _different(cases: list[Case]) -> list[Case]:
    kept: list[Case] = []
    for case in cases:
        if not any(same(case, other) for other in kept):
            kept.append(case)
    return kept


def _by_numbers(network: Network, cases: list[Case]) -> Case:
    """Return the case with more right arrays, else the one in which mistakes explain more."""
    scores = [_right(network, case) for case in cases]
    best = [case for case, score in zip(cases, scores, strict=True) if score == max(scores)]
    if len(best) == 1:
        return best[0]
    open_ = [len(_diagnosed(network, case)) for case in best[:MOST]]
    least = [case for case, count in zip(best, open_, strict=False) if count == min(open_)]
    if len(least) == 1 or _counted_differently(least):
        return least[0]  # that in which a1 belongs to W1, as in most programs
    raise BadArrays(_question(least))


def _counted_differently(cases: list[Case]) -> bool:
    """Whether cases differ only in the layers that the numbers of z, a and delta stand for."""
    return len({case.layout for case in cases}) == 1


def _right(network: Network, case: Case) -> int:
    """Return the number of checked arrays that are right."""
    reference = network.reference
    values = reference.evaluate(
        reference.leaves(
            {p: case.given[p] for p in network.params},
            {n: case.given[n] for n in network.inputs},
            {
                t if t == "target" else t.removesuffix("_target"): case.given[t]
                for t in network.targets
            },
            lengths=case.lengths,
        )
    )
    judged = [t for t in case.given if t not in network.required]
    return sum(compare(case.given[t], values[reference.tensors[t]]).right for t in judged)


def _diagnosed(network: Network, case: Case) -> tuple[str, ...]:
    """Return the arrays that are not explained in a case."""
    found = diagnose(network.reference, case.given, lengths=case.lengths)
    return found.unexplained if found.findings else found.wrong


def _question(cases: list[Case]) -> str:
    words = [case.layout.words() for case in cases]
    if len({case.layout.folded for case in cases}) > 1:
        return (
            "biases are appended to the weights, and no array tells at which end and for an input of "
            "1 or −1: give X with its constant column, or the activations, or the loss"
        )
    ways = " or ".join(f"--layout {word}" for word in dict.fromkeys(words))
    return (
        f"the arrays fit more than one layout, and all of them are wrong in each: say {ways}; "
        "the activations or the loss beside the gradients would settle it too"
    )


def _complaint(network: Network, case: Case, arrays: Mapping[str, Array]) -> str:
    """Describe what is missing or does not fit, in one sentence."""
    text = "; ".join(case.faults[:3]) + ("; and more" if len(case.faults) > 3 else "")
    biases = {s.bias for s in network.stages} | {
        p for p in network.params if network.axes(p) is Axes.VECTOR
    }
    if biases and all(b not in case.given for b in biases):
        text += " (a layer without bias is written `dense 10 bias=false`)"
    shown = ", ".join(f"{name} {arrays[name].shape}" for name in list(arrays)[:12])
    return f"{text}. The arrays are {shown or 'none'}. --map NAME=TENSOR says what an array is"
