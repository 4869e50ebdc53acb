"""The evidence for a finding in plain English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .comparison import Kind
from .diagnosis import Diagnosis, Finding, Tensor


def sentences(diagnosis: Diagnosis, finding: Finding) -> tuple[str, ...]:
    """Return sentences on the observation, the mistake, explained and unexplained arrays."""
    return tuple(map(_capital, _sentences(diagnosis, finding)))


def _capital(sentence: str) -> str:
    """Capitalise a sentence, unless it begins with a name or a formula."""
    first = sentence.split()[0]
    return sentence[0].upper() + sentence[1:] if first.isalpha() and len(first) > 1 else sentence


def _sentences(diagnosis: Diagnosis, finding: Finding) -> Iterator[str]:
    seen = [relation_text(diagnosis.tensors[name]) for name in finding.explained[:1]]
    for text in filter(None, seen):
        yield f"{text}; your batch has {diagnosis.rows} rows."
    for mistake in finding.mistakes:
        yield f"{mistake.what}{_present(diagnosis, finding, mistake.slug)}."
        if mistake.site.wrong:
            yield f"You have {mistake.site.wrong}; right is {mistake.site.right}."
    yield f"{_outcome(finding)} as yours, to {finding.digits} digits."
    if finding.unexplained:
        yield f"nothing here explains {listed(finding.unexplained)}."
    if finding.follow:
        verb = "is" if len(finding.follow) == 1 else "are"
        yield f"{listed(finding.follow)} {verb} right for what you computed before."


def _outcome(finding: Finding) -> str:
    """Return the effect of the mistakes."""
    count = len(finding.explained)
    change = "this one change" if len(finding.mistakes) == 1 else "these changes"
    if finding.unexplained:
        return f"With {change} {listed(finding.explained)} come{'s' * (count == 1)} out"
    return f"With {change} {'the wrong array comes' if count == 1 else _all(count)} out"


def _all(count: int) -> str:
    return "both wrong arrays come" if count == 2 else f"all {count} wrong arrays come"


def _present(diagnosis: Diagnosis, finding: Finding, slug: str) -> str:
    """Return the arrays in which a factor is right, to contrast those in which it is wrong."""
    words = PRESENT.get(slug)
    right = [n for n in diagnosis.parameters if diagnosis.tensors[n].right]
    return f"; {words} in {listed(right)}" if words and right else ""


PRESENT = {
    "missing-mean": "it is present",
    "sum-for-mean": "the division is right",
    "double-mean": "it is right",
}
"""The descriptions of arrays in which a factor is right."""


def relation_text(tensor: Tensor) -> str:
    """Return the relation of a wrong array: `your d_dense1.W is 10.000 times the right one`."""
    relation, name = tensor.relation, f"your {tensor.name}"
    if relation is None:
        return ""
    if relation.of_step:
        name = f"the step to {name}"
    match relation.kind:
        case Kind.NAN:
            return f"{name} has entries that are no numbers"
        case Kind.ZERO:
            return f"{name} is zero everywhere"
        case Kind.SIGN:
            return f"{name} is the right one with the opposite sign, to {relation.digits} digits"
        case Kind.TRANSPOSE:
            return f"{name} is the transpose of the right one"
        case Kind.AXES:
            return f"{name} is the right one with its axes in the order {relation.order}"
        case Kind.BLOCKS:
            count = len(relation.order)
            text = f"with the {count} blocks of its last axis in the order {relation.order}"
            return f"{name} is the right one {text}"
        case Kind.TURNED:
            return f"{name} is the right one turned by 180° along the axes behind the first two"
        case Kind.SHAPE:
            return f"{name} has the shape {tensor.array.shape}, which is not the right one's"
    size = f"{relation.ratio:.3f}" if abs(relation.ratio) >= 0.01 else f"{relation.ratio:.4g}"
    return f"{name} is {size} times the right one, to {relation.digits} digits"


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
