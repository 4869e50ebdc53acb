"""What an optimizer is: schema, update rule and documentation.

An optimizer is one file in this folder that makes one `OptimizerKind` and passes it to
`optimizer`. Files are found by themselves; did-you-mean, argument checks and the reference are
derived from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..layers.registry import ArgSpec
from ..registry import Registry

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.optimizers import UpdateContext


@dataclass(frozen=True, slots=True)
class OptimizerKind:
    """A registry entry; `update` emits one step for a parameter and gives its new value.

    `slots` are the suffixes of the arrays the optimizer keeps for every parameter; they start
    at zero, or at the argument that `starts` names. `numbers` are what it keeps once, each with
    its first value. An update must read the old value of a slot before it stores the new one.
    """

    name: str
    summary: str
    formula: str
    example: str
    update: Callable[[UpdateContext], Value]
    args: tuple[ArgSpec, ...] = ()
    slots: tuple[str, ...] = ()
    starts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""


OPTIMIZERS: Registry[OptimizerKind] = Registry("optimizer")
"""Every optimizer by its own name; filled by the files of this folder."""

optimizer = OPTIMIZERS.enter
aliases = OPTIMIZERS.aliases
