"""What a loss kind is: schema, lowering and documentation.

A loss is one file in this folder that makes one `LossKind` and passes it to `loss`. Files are
found by themselves; did-you-mean, argument checks and the reference are derived from here.
`on` and `weight`, which every loss takes, are not part of a kind's schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..layers.registry import ArgSpec

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


@dataclass(frozen=True, slots=True)
class LossKind:
    """A registry entry; `lower` emits the loss as a scalar, on logits where that is stable."""

    name: str
    summary: str
    formula: str
    example: str
    lower: Callable[[LossContext], Value]
    args: tuple[ArgSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""


LOSSES: dict[str, LossKind] = {}
"""Every loss by its own name; filled by the files of this folder."""


def loss(kind: LossKind) -> LossKind:
    """Enter a loss into the registry; two of one name or alias are refused."""
    taken = {name for k in LOSSES.values() for name in (k.name, *k.aliases)}
    clash = taken & {kind.name, *kind.aliases}
    if clash:
        raise ValueError(f"loss registered twice: {', '.join(sorted(clash))}")
    LOSSES[kind.name] = kind
    return kind


def aliases() -> Mapping[str, str]:
    """Other names users type, each with the loss it stands for."""
    return {alias: kind.name for kind in LOSSES.values() for alias in kind.aliases}
