"""The value of every op, a function of its operands and its attributes, by the op's name.

Ops that only mutants have, which compute what somebody computes by mistake, are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Rule = TypeVar("Rule", bound=Callable[..., Any])

VALUES: dict[str, Callable[..., Any]] = {}
"""Functions of arrays; attributes come by name, their dimensions as plain numbers."""


WRONG: dict[str, Callable[..., Any]] = {}
"""What mistakes do to arrays: ops that no right program has, in the same way."""


def mistake(rule: Rule) -> Rule:
    """Enter a function as the value of an op that only mistakes have."""
    if rule.__name__ in WRONG or rule.__name__ in VALUES:
        raise ValueError(f"op has two values: {rule.__name__}")
    WRONG[rule.__name__] = rule
    return rule


def value(rule: Rule) -> Rule:
    """Enter a function as the value of the op that it is called after."""
    name = rule.__name__.removesuffix("_")
    if name in VALUES:
        raise ValueError(f"op has two values: {name}")
    VALUES[name] = rule
    return rule
