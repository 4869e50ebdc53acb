"""What options and arguments may be, and what is said of those that are something else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .app import Usage, flag
from .terminal import did_you_mean

if TYPE_CHECKING:
    _Base = click.ParamType[Any]
else:
    _Base = click.ParamType  # older ones are not generic


class Value(_Base):
    """A kind of value; `convert` gives it or refuses the text in one line."""

    name = "value"

    def refuse(self, wanted: str, text: object, param: click.Parameter | None) -> NoReturn:
        """Say what is wanted in place of a text."""
        given = repr(text) if str(text).strip() else "an empty text"
        raise Usage(f"{flag(param)} takes {wanted}, not {given}")


class Whole(Value):
    """A whole number from `low` to `high`."""

    name = "number"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that a text says."""
        if isinstance(value, int):
            return value
        readable = re.fullmatch(r"[+-]?[0-9]{1,4000}", str(value).strip())
        number = int(value) if readable else None
        if number is not None and self.low <= number <= self.high:
            return number
        if self.high - self.low == 1:
            self.refuse(f"{self.low} or {self.high}", value, param)
        if number is not None and number > self.high:
            self.refuse(f"a whole number of at most {self.high}", value, param)
        self.refuse(f"a whole number of at least {self.low}", value, param)


class Real(Value):
    """A number above `low` and below `high`, which may be infinite but itself is not meant."""

    name = "number"

    def __init__(self, low: float, high: float = math.inf) -> None:
        self.low, self.high = low, high

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number that a text says."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if self.low < number < self.high:
            return number
        bounds = f"between {self.low:g} and {self.high:g}"
        self.refuse(
            f"a number {bounds if self.high < math.inf else f'above {self.low:g}'}", value, param
        )


class Word(Value):
    """One of an enumeration's words, in any case."""

    name = "word"

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> StrEnum:
        """The member that a text names."""
        try:
            return self.words(str(value).strip().lower())
        except ValueError:
            names = [str(word.value) for word in self.words]
            near = did_you_mean(str(value), names)
            raise Usage(f"{flag(param)} takes {_either(names)}, not {value!r}{near}") from None


class Parsed(Value):
    """What a function makes of a text; the ValueError it raises says what is wrong."""

    def __init__(self, parse: Callable[[str], int]) -> None:
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The parsed value."""
        try:
            return value if isinstance(value, int) else self.parse(value)
        except ValueError as error:
            raise Usage(f"{flag(param)}: {error}") from None


class Text(Value):
    """Any text but an empty one; `what` says what it should be."""

    name = "text"

    def __init__(self, what: str) -> None:
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself."""
        if not str(value).strip():
            self.refuse(self.what, value, param)
        return str(value)


class File(Text):
    """The path of a file; the shell completes it."""

    name = "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Ask the shell for files."""
        return [click.shell_completion.CompletionItem(incomplete, type="file")]


class Share(File):
    """A share between 0 and 1, or the path of a file."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The share as a number, or the path."""
        try:
            share = float(value)
        except ValueError:
            return super().convert(value, param, ctx)
        if not 0 < share < 1:
            self.refuse("data, or a share between 0 and 1", value, param)
        return share


def check_known(word: str, names: Iterable[str], flag: str) -> None:
    """Refuse a word that is none of the names there are, which are too many to be a `Word`."""
    known = list(names)
    if word not in known:
        raise Usage(f"{flag} takes {_either(known)}, not {word!r}{did_you_mean(word, known)}")


def _either(names: Iterable[str]) -> str:
    """`text, json or sarif`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
