"""The pages on mistakes, as printed by `nnc explain missing-mean`."""

from __future__ import annotations

import re
from textwrap import fill

from .hypotheses import HYPOTHESES


def mistakes() -> dict[str, str]:
    """Return the titles of all mistakes by slug, in alphabetical order."""
    return {slug: HYPOTHESES[slug].title for slug in sorted(HYPOTHESES)}


def slug_of(word: str) -> str | None:
    """Return the slug of a word in any case, with `-`, `_` or blanks as separators."""
    wanted = re.sub(r"[\s_-]+", "-", word.strip().lower())
    return wanted if wanted in HYPOTHESES else None


def page(slug: str) -> str:
    """Return the page of a mistake: explanation, wrong and right code; KeyError if unknown."""
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
    """Put each statement on a separate line."""
    return "\n".join(part.strip() for part in code.split(";"))
