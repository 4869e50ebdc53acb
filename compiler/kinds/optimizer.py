"""The definition of an optimizer: schema, update rule and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ops.build import Value
from .arguments import ArgSpec
from .lower.updates import UpdateContext


@dataclass(frozen=True, slots=True)
class OptimizerKind:
    """A registry entry; `update` emits one step for a parameter and returns its new value.

    `slots` are the suffixes of the arrays kept for every parameter; they are initialised to zero,
    or to the argument that `starts` names. `numbers` are scalars kept once per optimizer, with
    their initial values. `usual` is the lowest learning rate in common use, a good first choice,
    and the highest. `descends`: a step is the gradient times the rate. `decoupled` is the notation
    of decoupled weight decay (another optimizer, or an argument) if the optimizer's own
    weight decay is coupled. An update must read a slot before it stores the new value.
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
