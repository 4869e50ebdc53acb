"""The pages behind `nnc explain`: what a code means, why, a failing example and a fixed one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from .codes import CODES

_BLOCK = r"^## {heading}\n.*?^```nn\n(.*?)^```"


@cache
def page(code: str) -> str:
    """The Markdown page of a code; KeyError if there is no such code."""
    return (files("nnc.diagnostics.pages") / f"{CODES[code].id}.md").read_text("utf-8")


def summary(page: str) -> str:
    """The paragraph under the title, on one line."""
    return " ".join(page.split("\n\n")[1].split())


def failing_example(page: str) -> str | None:
    """The spec under `## Fails`, if the page has one."""
    return _example(page, "Fails")


def fixed_example(page: str) -> str | None:
    """The spec under `## Fixed`, if the page has one."""
    return _example(page, "Fixed")


def find(word: str) -> str | None:
    """The code meant by its id, number or name, in any case: `nn203`, `203`, `kernel-too-large`."""
    wanted = re.sub(r"[\s_-]+", "-", word.strip(" []").lower())
    number = re.fullmatch(r"(?:nn-?)?(\d{1,3})", wanted)
    id = f"NN{int(number[1]):03}" if number else ""
    return next((c.id for c in CODES.values() if c.id == id or c.name == wanted), None)


def _example(page: str, heading: str) -> str | None:
    found = re.search(_BLOCK.format(heading=heading), page, re.MULTILINE | re.DOTALL)
    return found[1] if found else None
