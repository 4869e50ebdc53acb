"""The evaluation functions of ops: functions of operands and attributes, by the op's name.

Ops of mutants, which reproduce mistakes, are in a separate table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Rule = TypeVar("Rule", bound=Callable[..., Any])

VALUES: dict[str, Callable[..., Any]] = {}
"""Functions of arrays; attributes are keyword arguments, with dimensions as numbers."""


WRONG: dict[str, Callable[..., Any]] = {}
"""The same for ops of mutants, which no right program has."""


def mistake(rule: Rule) -> Rule:
    """Register a function as the value of the mutants' op of the same name."""
    if rule.__name__ in WRONG or rule.__name__ in VALUES:
        raise ValueError(f"op has two values: {rule.__name__}")
    WRONG[rule.__name__] = rule
    return rule


def value(rule: Rule) -> Rule:
    """Register a function as the value of the op of the same name."""
    name = rule.__name__.removesuffix("_")
    if name in VALUES:
        raise ValueError(f"op has two values: {name}")
    VALUES[name] = rule
    return rule
