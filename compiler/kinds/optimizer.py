"""What an optimizer is: schema, update rule and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ops.build import Value
from .arguments import ArgSpec
from .lower.updates import UpdateContext


@dataclass(frozen=True, slots=True)
class OptimizerKind:
    """A registry entry; `update` emits one step for a parameter and gives its new value.

    `slots` are the suffixes of the arrays the optimizer keeps for every parameter; they start
    at zero, or at the argument that `starts` names. `numbers` are what it keeps once, each with
    its first value. `usual` are the lowest learning rate in common use, a good first try, and the
    highest; `descends` says that a step is the gradient times the rate. `decoupled` is what is
    written for weight decay apart from the gradient, where the optimizer's own goes by way of it:
    another optimizer, or an argument. An update must read the old value of a slot before it stores the new one.
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
    usual: tuple[float, float, float] | None = None
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""
    descends: bool = False
    decoupled: str = ""
