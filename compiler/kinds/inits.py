"""The initialisations: names, arguments and standard definitions.

This file has what a spec may specify; the generated `init_params` draws the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import ArgSpec, Num, positional


@dataclass(frozen=True, slots=True)
class InitKind:
    """An initialisation: its arguments and a one-line definition."""

    name: str
    definition: str
    args: tuple[ArgSpec, ...] = ()
    aliases: tuple[str, ...] = ()


_STD = positional("std", Num(low=0.0), "standard deviation")
_BOUND = positional("a", Num(low=0.0), "half the width of the interval")
_VALUE = positional("v", Num(), "the value of every entry")

INITS: dict[str, InitKind] = {
    kind.name: kind
    for kind in (
        InitKind("he", "normal, mean 0, variance 2 / fan_in", aliases=("kaiming",)),
        InitKind("xavier", "uniform on ±sqrt(6 / (fan_in + fan_out))", aliases=("glorot",)),
        InitKind("lecun", "normal, mean 0, variance 1 / fan_in"),
        InitKind("normal", "normal, mean 0, standard deviation std", (_STD,)),
        InitKind("uniform", "uniform on [-a, a]", (_BOUND,)),
        InitKind("orthogonal", "orthonormal rows or columns: Q of a normal matrix's QR"),
        InitKind("constant", "every entry v", (_VALUE,)),
        InitKind("zeros", "every entry 0"),
        InitKind("ones", "every entry 1"),
    )
}
"""Every initialisation by its name."""
