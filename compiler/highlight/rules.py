"""The rules by which a spec is coloured: patterns, each with the names of its parts.

The patterns are written in what Python's `re` and Oniguruma (TextMate) have in common. The first rule that
matches at a place wins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain

from ..frontend.resolve.settings import METRICS
from ..frontend.resolve.vocabulary import OTHER_NAMES, STATEMENTS
from ..ir.formula import FUNCTIONS
from ..kinds.inits import INITS
from ..layers import LAYERS
from ..losses import LOSSES
from ..losses import aliases as loss_aliases
from ..optimizers import OPTIMIZERS
from ..optimizers import aliases as optimizer_aliases
from ..schedules import SCHEDULES
from ..schedules import aliases as schedule_aliases


@dataclass(frozen=True, slots=True)
class Style:
    """What a piece of text is: its TextMate scope and its Pygments token (`Name.Function`)."""

    scope: str
    token: str


COMMENT = Style("comment.line.number-sign.nn", "Comment.Single")
SILENCER = Style("comment.line.directive.nn", "Comment.Special")
STRING = Style("string.quoted.double.nn", "String.Double")
NUMBER = Style("constant.numeric.nn", "Number")
DIMENSION = Style("constant.other.dimension.nn", "Name.Constant")
KEYWORD = Style("keyword.control.nn", "Keyword")
WORD = Style("keyword.other.nn", "Keyword.Pseudo")
DEFINED = Style("entity.name.nn", "Name.Variable")
DEFINED_FUNCTION = Style("entity.name.function.nn", "Name.Function")
LAYER = Style("support.class.layer.nn", "Name.Builtin")
ACTIVATION = Style("support.function.activation.nn", "Name.Builtin.Pseudo")
CHOICE = Style("support.type.choice.nn", "Name.Class")
FUNCTION = Style("support.function.formula.nn", "Name.Function.Magic")
KEY = Style("variable.parameter.nn", "Name.Attribute")
VALUE = Style("constant.language.nn", "Keyword.Constant")
ARROW = Style("keyword.operator.arrow.nn", "Operator.Word")
OPERATOR = Style("keyword.operator.nn", "Operator")
BRACKET = Style("punctuation.section.nn", "Punctuation")
SEPARATOR = Style("punctuation.separator.nn", "Punctuation")
NAME = Style("variable.other.nn", "Name")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose groups, which cover all that it matches, have these styles; None is blank."""

    pattern: str
    styles: tuple[Style | None, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules in order."""
    begin = r"(^[ \t]*|;[ \t]*)"
    name = r"([A-Za-z_]\w*)"
    blank = r"([ \t]+)"
    choices = {
        "loss": [*LOSSES, *loss_aliases()],
        "optimizer": [*OPTIMIZERS, *optimizer_aliases()],
        "schedule": [*SCHEDULES, *schedule_aliases()],
        "metric": [*METRICS],
    }
    return (
        Rule(r"(#[ \t]*nnc:[^\n]*)", (SILENCER,)),
        Rule(r"(#[^\n]*)", (COMMENT,)),
        Rule(r'("[^"\n]*"?)', (STRING,)),
        Rule(f"{begin}(let){blank}{name}", (SEPARATOR, KEYWORD, None, DEFINED)),
        Rule(f"{begin}(block|fn){blank}{name}", (SEPARATOR, KEYWORD, None, DEFINED_FUNCTION)),
        *(
            Rule(rf"{begin}({statement}){blank}{_words(names)}", (SEPARATOR, KEYWORD, None, CHOICE))
            for statement, names in choices.items()
        ),
        Rule(f"{begin}{_words(STATEMENTS)}", (SEPARATOR, KEYWORD)),
        Rule(rf"(\bas){blank}{name}", (WORD, None, DEFINED)),
        Rule(rf"(\b(?:use|on)){blank}{name}", (WORD, None, NAME)),
        Rule(r"(->)", (ARROW,)),
        Rule(r"(\*\*|//|[<>=!]=|[-+*/=<>:])", (OPERATOR,)),
        Rule(r"([()\[\]])", (BRACKET,)),
        Rule(r"([,;])", (SEPARATOR,)),
        Rule(r"\b([A-Za-z_]\w*)(=)(?!=)", (KEY, OPERATOR)),
        Rule(
            r"((?:\b[0-9]+|\b[A-Z][A-Z0-9]*|(?<=\)))(?:x(?:[0-9]+|[A-Z][A-Z0-9]*|(?=\()))+)",
            (NUMBER,),
        ),
        Rule(r"((?:\b[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)", (NUMBER,)),
        Rule(r"\b([A-Z][A-Z0-9]*)\b", (DIMENSION,)),
        Rule(_words(_activations()), (ACTIVATION,)),
        Rule(_words(_layers()), (LAYER,)),
        Rule(_words(FUNCTIONS), (FUNCTION,)),
        Rule(_words(_values()), (VALUE,)),
        Rule(r"\b([A-Za-z_]\w*)", (NAME,)),
        Rule(r"([ \t]+)", (None,)),
    )


def _layers() -> set[str]:
    own = {word for kind in LAYERS.values() for word in (kind.word, *kind.aliases)}
    return {*own, *OTHER_NAMES} - _activations()


def _activations() -> set[str]:
    kinds = [kind for kind in LAYERS.values() if kind.is_activation]
    names = {word for kind in kinds for word in (kind.word, *kind.aliases)}
    return names | {other for other, proper in OTHER_NAMES.items() if proper in names}


def _values() -> set[str]:
    """Return the words that arguments take, and those of inputs."""
    specs = [
        *chain.from_iterable(kind.args for kind in LAYERS.values()),
        *chain.from_iterable(kind.args for kind in LOSSES.values()),
        *chain.from_iterable(kind.args for kind in OPTIMIZERS.values()),
        *chain.from_iterable(kind.args for kind in SCHEDULES.values()),
    ]
    words = {word for spec in specs for word in getattr(spec.type, "words", ())}
    return {*words, *INITS, "true", "false", "none", "int", "ragged", "float32", "float64"}


def _words(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, the longest first, as a whole word."""
    plain = sorted({re.escape(w) for w in words if " " not in w}, key=lambda w: (-len(w), w))
    return rf"\b({'|'.join(plain)})\b"
