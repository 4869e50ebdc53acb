"""What kind of word each piece of a text is, for an editor's colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..format.comments import comments_of
from ..frontend.resolve.vocabulary import RESERVED, Kinds
from ..frontend.statements import Token, tokens_between
from .names import Mention, Role
from .study import Study


class Colour(Enum):
    """Kinds of words, by the names that editors have for them."""

    COMMENT = "comment"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    OPERATOR = "operator"
    KIND = "class"
    ACTIVATION = "function"
    BLOCK = "macro"
    FN = "method"
    LET = "variable"
    STAGE = "namespace"
    PARAMETER = "parameter"
    KEY = "property"
    OPTION = "enumMember"
    DIMENSION = "typeParameter"


@dataclass(frozen=True, slots=True)
class Coloured:
    """A piece of a text on one line; `defines`: a name is defined here."""

    start: int
    stop: int
    colour: Colour
    defines: bool = False


_ROLES = {
    Role.KIND: Colour.KIND,
    Role.ACTIVATION: Colour.ACTIVATION,
    Role.LET: Colour.LET,
    Role.BLOCK: Colour.BLOCK,
    Role.FN: Colour.FN,
    Role.PARAMETER: Colour.PARAMETER,
    Role.STAGE: Colour.STAGE,
    Role.DIMENSION: Colour.DIMENSION,
    Role.KEY: Colour.KEY,
    Role.OPTION: Colour.OPTION,
    Role.CHOICE: Colour.KIND,
    Role.FUNCTION: Colour.FN,
}
_PLAIN = {"number": Colour.NUMBER, "string": Colour.STRING, "op": Colour.OPERATOR}
_LANGUAGE = (RESERVED | {"fn"}) - {"int", "ragged", "true", "false"}


def coloured(study: Study, start: int = 0, stop: int | None = None) -> tuple[Coloured, ...]:
    """Return the words of a range of the text, in order; statements cannot be too broken for it."""
    text = study.source.text
    stop = len(text) if stop is None else stop
    by_place = {m.span.start: m for m in study.names.of(study.source)}
    kinds = Kinds.current()
    found = [Coloured(c.start, c.start + len(c.text), Colour.COMMENT) for c in comments_of(text)]
    for token in tokens_between(text, 0, len(text)):
        if token.start < stop and token.stop > start:
            found += _token(token, by_place.get(token.start), kinds)
    return tuple(
        sorted((c for c in found if c.start < stop and c.stop > start), key=lambda c: c.start)
    )


def _token(token: Token, mention: Mention | None, kinds: Kinds) -> Iterator[Coloured]:
    colour = _PLAIN.get(token.kind)
    if token.kind == "word":
        colour = _word(token.text, mention, kinds)
    if token.kind == "number" and mention is not None:  # `Tx768` in a size
        colour = _ROLES.get(mention.role, colour)
    if colour is not None:
        defines = mention is not None and mention.defines
        yield Coloured(token.start, token.stop, colour, defines)


def _word(text: str, mention: Mention | None, kinds: Kinds) -> Colour | None:
    """Return the colour of a word by its meaning, or in a broken statement by itself."""
    if text in _LANGUAGE and (mention is None or mention.role in (Role.WORD, Role.KIND)):
        return Colour.KEYWORD
    if mention is not None and mention.role in _ROLES:
        return _ROLES[mention.role]
    if text in ("int", "ragged", "true", "false"):
        return Colour.OPTION
    kind = kinds.find(text)
    if kind is None:
        return None
    return Colour.ACTIVATION if kind.is_activation else Colour.KIND
