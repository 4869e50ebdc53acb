"""New inputs from old ones: edits of whole tokens, statements and single characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

TOKENS = re.compile(r"\s+|#[^\n]*|[A-Za-z_][A-Za-z0-9_]*|[0-9.]+|->|\*\*|//|.", re.DOTALL)
EXTREMES = (
    *("0", "-1", "1", "2", "3", "64", "1000", "9999999", "99999999999999999999", "1" * 21),
    *("1e308", "1e999", "1e-320", "0.5", ".5", "5.", "1.2.3", "07", "3X3", "3x", "x3", "0x0"),
    *("9**9**9", "2**4096", "(-1)**0.5", "1/0", "1%0", "0**-1", "1/3", "1e300*1e300", "(1)x(1/2)"),
)
PIECES = (
    *("->", "- >", "→", "(", ")", "[", "]", ",", ";", "\n", "=", "*", "**", "//", "%", "+", "-"),
    *(":", '"', "#", "\t", "\r", "\r\n", "\0", "\x1b[31m", "\u00a0", "é", "漢", "😀", "\u202e"),
    *("\u0301", "x", "as", "as a", "use a", "on", "let", "let a = a", "block b = b", "input", "id"),
    *(
        "T",
        "B",
        "Tx3",
        "true",
        "relu",
        "ReLU",
        "lambda",
        " * 0",
        " * 3",
        "[id, id]",
        "[a, b]",
        "()",
    ),
    *("[]", "nnc:", "# nnc: ignore[NN141]", "# nnc: ignore[", "# nnc: ignore[NN306, nn99]"),
    *('include "blocks.nn"', 'include "self.nn"', 'include "back.nn"', 'include "bad.nn"'),
    *('include "ends.nn"', 'include "latin.nn"', 'include ""', 'include "\0"', "forks", "none"),
    *("loss mse", "loss mse on a weight=0", "output a, a", "optimizer sgd 0.1", "train batch=1"),
)
LONGEST = 2000
"""Inputs grow no longer than this by mutation."""


class Mutator:
    """Draws mutated texts; the same seeds and generator give the same texts."""

    def __init__(self, seeds: Sequence[str], random: Random) -> None:
        self.random = random
        self.seeds = [TOKENS.findall(seed) for seed in seeds]
        self.edits: tuple[Callable[[list[str]], list[str]], ...] = (
            *(self._delete, self._insert, self._replace, self._copy, self._swap, self._wrap),
            *(self._splice, self._splice, self._statement, self._character, self._extreme),
            self._typo,
        )

    def text(self) -> str:
        """A seed after a few edits."""
        return self.mutated("".join(self._seed()))

    def mutated(self, text: str) -> str:
        """A text after a few edits."""
        tokens = TOKENS.findall(text)
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5, 9))):
            tokens = self.random.choice(self.edits)(tokens)
        return "".join(tokens)[:LONGEST]

    def _seed(self) -> list[str]:
        return self.random.choice(self.seeds)

    def _range(self, tokens: list[str], most: int = 8) -> tuple[int, int]:
        start = self.random.randint(0, len(tokens))
        return start, min(len(tokens), start + self.random.randint(1, most))

    def _token(self) -> str:
        seed = self._seed()
        return self.random.choice(seed) if seed and self.random.random() < 0.5 else self._piece()

    def _piece(self) -> str:
        return self.random.choice(PIECES)

    def _delete(self, tokens: list[str]) -> list[str]:
        start, stop = self._range(tokens)
        return tokens[:start] + tokens[stop:]

    def _insert(self, tokens: list[str]) -> list[str]:
        at, space = self.random.randint(0, len(tokens)), self.random.choice(("", " ", " ", "\n"))
        return [*tokens[:at], space, self._token(), space, *tokens[at:]]

    def _replace(self, tokens: list[str]) -> list[str]:
        start, stop = self._range(tokens, 2)
        return [*tokens[:start], self._token(), *tokens[stop:]]

    def _copy(self, tokens: list[str]) -> list[str]:
        start, stop = self._range(tokens, 20)
        at = self.random.randint(0, len(tokens))
        times = self.random.choice((1, 1, 2, 30))
        return tokens[:at] + tokens[start:stop] * times + tokens[at:]

    def _swap(self, tokens: list[str]) -> list[str]:
        start, stop = self._range(tokens)
        middle = self.random.randint(start, stop)
        return tokens[:start] + tokens[middle:stop] + tokens[start:middle] + tokens[stop:]

    def _wrap(self, tokens: list[str]) -> list[str]:
        start, stop = self._range(tokens, 20)
        left, right = self.random.choice((("(", ")"), ("[", "]"), ("(", ") * 2"), ("f(", ")")))
        times = self.random.choice((1, 1, 1, 2, 40))
        inside = tokens[start:stop]
        return [*tokens[:start], *[left] * times, *inside, *[right] * times, *tokens[stop:]]

    def _splice(self, tokens: list[str]) -> list[str]:
        other = self._seed()
        start, stop = self._range(other, 30)
        at = self.random.randint(0, len(tokens))
        return tokens[:at] + other[start:stop] + tokens[at + self.random.randint(0, 10) :]

    def _statement(self, tokens: list[str]) -> list[str]:
        """Put a whole statement of another seed between two of this one."""
        lines = "".join(self._seed()).split("\n")
        places = [i for i, token in enumerate(tokens) if "\n" in token] or [0]
        at = self.random.choice(places)
        return [*tokens[:at], "\n", self.random.choice(lines), *tokens[at:]]

    def _character(self, tokens: list[str]) -> list[str]:
        char = chr(self.random.choice((self.random.randrange(128), self.random.randrange(0xD800))))
        at = self.random.randint(0, len(tokens))
        return [*tokens[:at], char, *tokens[at:]]

    def _extreme(self, tokens: list[str]) -> list[str]:
        places = [i for i, token in enumerate(tokens) if token[:1].isdigit()]
        if not places:
            return self._insert(tokens)
        at = self.random.choice(places)
        return [*tokens[:at], self.random.choice(EXTREMES), *tokens[at + 1 :]]

    def _typo(self, tokens: list[str]) -> list[str]:
        places = [i for i, token in enumerate(tokens) if token[:1].isalpha()]
        if not places:
            return self._insert(tokens)
        at = self.random.choice(places)
        word, char = tokens[at], self.random.randrange(len(tokens[at]))
        letter = self.random.choice(("", "a", "_", "1", word[char].upper(), word[char] * 2))
        return [*tokens[:at], word[:char] + letter + word[char + 1 :], *tokens[at + 1 :]]
