"""The page of every kind of mistake, as `nnc explain missing-mean` prints it."""

from __future__ import annotations

import re
from textwrap import fill

from .hypotheses import HYPOTHESES


def mistakes() -> dict[str, str]:
    """The titles of all mistakes by slug, in the order of the alphabet."""
    return {slug: HYPOTHESES[slug].title for slug in sorted(HYPOTHESES)}


def slug_of(word: str) -> str | None:
    """The slug meant by a word in any case, with any of `-`, `_` and blanks between."""
    wanted = re.sub(r"[\s_-]+", "-", word.strip().lower())
    return wanted if wanted in HYPOTHESES else None


def page(slug: str) -> str:
    """What a mistake is, how it is often written and how it should be; KeyError for another word."""
    entry = HYPOTHESES[slug]
    return "\n\n".join(
        [
            f"# {slug}: {entry.title}",
            fill(entry.page, 96),
            "## Wrong",
            f"```python\n{_lines(entry.wrong)}\n```",
            "## Right",
            f"```python\n{_lines(entry.right)}\n```",
            "Here X has a sample in each row and W is (inputs, outputs); dW is the gradient of the\n"
            "loss by W, A the activation of Z. `nnc doctor` finds the mistake in a program's arrays.\n",
        ]
    )


def _lines(code: str) -> str:
    """Statements on lines of their own."""
    return "\n".join(part.strip() for part in code.split(";"))
