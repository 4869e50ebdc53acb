"""The requests that are answered: each file of answers enters its own here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .documents import Document, Documents

Answer = Callable[[Documents, Document, Any], Any]
"""From the buffer that a request is about, and its parameters, to its result."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A request of the protocol. `slow` ones run beside the others, in a thread."""

    method: str
    answer: Answer
    options: Any
    slow: bool


FEATURES: list[Feature] = []


def answers(method: str, options: Any = None, *, slow: bool = False) -> Callable[[Answer], Answer]:
    """Enter a function as the answer to a request about a buffer."""

    def enter(answer: Answer) -> Answer:
        FEATURES.append(Feature(method, answer, options, slow))
        return answer

    return enter
