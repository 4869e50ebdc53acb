"""The value types of options and arguments, and the messages for invalid values."""

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
    _Base = click.ParamType  # not generic in older versions of click


class Value(_Base):
    """A value type; `convert` returns the value, or refuses the text with a one-line message."""

    name = "value"

    def refuse(self, wanted: str, text: object, param: click.Parameter | None) -> NoReturn:
        """Refuse a text with a message that says what is expected."""
        given = repr(text) if str(text).strip() else "an empty text"
        raise Usage(f"{flag(param)} takes {wanted}, not {given}")


class Whole(Value):
    """A whole number from `low` to `high`."""

    name = "number"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that a text denotes."""
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
    """A finite number above `low` and below `high`."""

    name = "number"

    def __init__(self, low: float, high: float = math.inf) -> None:
        self.low, self.high = low, high

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number that a text denotes."""
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
    """A value of an enumeration, in upper or lower case."""

    name = "word"

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> StrEnum:
        """Return the member that a text names."""
        try:
            return self.words(str(value).strip().lower())
        except ValueError:
            names = [str(word.value) for word in self.words]
            near = did_you_mean(str(value), names)
            raise Usage(f"{flag(param)} takes {_either(names)}, not {value!r}{near}") from None


class Parsed(Value):
    """A value that a function parses; the ValueError that it raises gives the message."""

    def __init__(self, parse: Callable[[str], int]) -> None:
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the parsed value."""
        try:
            return value if isinstance(value, int) else self.parse(value)
        except ValueError as error:
            raise Usage(f"{flag(param)}: {error}") from None


class Text(Value):
    """Any text but an empty one; `what` describes it."""

    name = "text"

    def __init__(self, what: str) -> None:
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text unchanged."""
        if not str(value).strip():
            self.refuse(self.what, value, param)
        return str(value)


class File(Text):
    """The path of a file; the shell completes it."""

    name = "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Let the shell complete file names."""
        return [click.shell_completion.CompletionItem(incomplete, type="file")]


class Share(File):
    """A share between 0 and 1, or the path of a file."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the share as a number, or the path."""
        try:
            share = float(value)
        except ValueError:
            return super().convert(value, param, ctx)
        if not 0 < share < 1:
            self.refuse("data, or a share between 0 and 1", value, param)
        return share


def check_known(word: str, names: Iterable[str], flag: str) -> None:
    """Refuse a word that is not among the known names, which are too many for a `Word`."""
    known = list(names)
    if word not in known:
        raise Usage(f"{flag} takes {_either(known)}, not {word!r}{did_you_mean(word, known)}")


def _either(names: Iterable[str]) -> str:
    """Join names as `text, json or sarif`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
