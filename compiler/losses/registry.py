"""The losses by name.

A loss is one file in this folder that makes one `LossKind` and passes it to `loss`. Files are
found by themselves; did-you-mean, argument checks and the reference are derived from here.
`on` and `weight`, which every loss takes, are not part of a kind's schema.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..kinds.loss import TARGET_KINDS, LossKind
from ..registry import Registry

LOSSES: Registry[LossKind] = Registry("loss")
"""Every loss by its own name; filled by the files of this folder."""


def _own(name: str) -> LossKind:
    """The kind of a formula that a spec defines."""
    from ..kinds.formula.kind import loss_kind

    return loss_kind(name)


LOSSES.own = _own
loss = LOSSES.enter
aliases = LOSSES.aliases


def target_kind(losses: Iterable[str]) -> str:
    """What the target may be of an output that these losses judge."""
    return min((LOSSES[name].target for name in losses), key=TARGET_KINDS.index)
