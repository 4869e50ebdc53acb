"""The losses by name.

A loss is one file in this folder that makes one `LossKind` and passes it to `loss`. Files are
found automatically; did-you-mean, argument checks and the reference are derived from here.
`on` and `weight`, which every loss takes, are not part of a kind's schema.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..kinds.loss import TARGET_KINDS, LossKind
from ..registry import Registry

LOSSES: Registry[LossKind] = Registry("loss")
"""Every loss by its own name; filled by the files of this folder."""


def _own(name: str) -> LossKind:
    """Return the kind of a formula defined in a spec."""
    from ..kinds.formula.kind import loss_kind

    return loss_kind(name)


LOSSES.own = _own
loss = LOSSES.enter
aliases = LOSSES.aliases


def target_kind(losses: Iterable[str]) -> str:
    """The kind of target that all of these losses of one output accept."""
    return min((LOSSES[name].target for name in losses), key=TARGET_KINDS.index)
