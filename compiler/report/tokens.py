"""Tokens of a formula: quantities, functions, numbers and prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """The kind of a token."""

    NAME = auto()
    SLOPE = auto()
    FUNCTION = auto()
    SUM = auto()
    NUMBER = auto()
    WORD = auto()
    BELOW = auto()
    ABOVE = auto()
    HAT = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and whether a space precedes it."""

    kind: Kind
    text: str
    spaced: bool


FUNCTIONS = frozenset(
    [
        "exp",
        "log",
        "max",
        "min",
        "sin",
        "cos",
        "tanh",
        "cosh",
        "softmax",
        "log_softmax",
        "softplus",
        "sign",
        "mean",
        "concat",
        "elu",
        "relu",
    ]
)
NAMES = frozenset(
    [
        "id",
        "lr",
        "pad",
        "stride",
        "dilation",
        "mult",
        "rate",
        "slope",
        "std",
        "step_size",
        "v_scale",
        "g_rate",
        "m_rate",
        "step_avg",
        "square_avg",
        "lr_decay",
        "steps",
        "decay",
        "momentum",
        "right",
        "wrong",
        "Wx",
        "Wh",
        "Wo",
        "Wqkv",
        "bx",
        "bh",
        "bo",
        "bqkv",
    ]
)
"""Words of several letters that are quantities."""

_LETTER_PAIRS = frozenset(["Wx", "Wh", "Wo", "Wqkv", "bx", "bh", "bo", "bqkv"])
"""Of these all but the first letter is an index."""

_BELOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉₋₊ₙᵢⱼₜₖₓₒ", "0123456789−+nijtkxo")
_ABOVE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀᴺᵏᵗⁿⁱʲ", "0123456789−+TNktnij")
_BELOWS, _ABOVES = ("".join(re.escape(chr(code)) for code in table) for table in (_BELOW, _ABOVE))
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?(?:e[-−]?\d+)?…?|½)"
    r"|(?P<word>[A-Za-z][A-Za-z0-9_]*(?:[-'’][A-Za-z]+)*)|(?P<greek>[Α-Ωα-ωϵ])"
    rf"|(?P<hat>\u0302)|(?P<below>[{_BELOWS}]+)|(?P<above>[{_ABOVES}]+)|(?P<sign>.)",
    re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    """Return all tokens of a formula in order."""
    found: list[Token] = []
    spaced = False
    for match in _TOKEN.finditer(text):
        group, piece = str(match.lastgroup), match[0]
        if group == "space":
            spaced = True
            continue
        found += [
            Token(kind, text, spaced and not i)
            for i, (kind, text) in enumerate(_made(group, piece))
        ]
        spaced = False
    return [_in_prose(found, at) for at in range(len(found))]


def _made(group: str, text: str) -> list[tuple[Kind, str]]:
    match group:
        case "number":
            return [(Kind.NUMBER, text)]
        case "greek":
            return [(Kind.SUM if text in "ΣΠ" else Kind.NAME, text)]
        case "hat":
            return [(Kind.HAT, text)]
        case "below":
            return [(Kind.BELOW, text.translate(_BELOW))]
        case "above":
            return [(Kind.ABOVE, text.translate(_ABOVE))]
        case "word":
            return _word(text)
    return [(Kind.SIGN, text)]


def _word(text: str) -> list[tuple[Kind, str]]:
    if text in FUNCTIONS:
        return [(Kind.FUNCTION, text)]
    if text in _LETTER_PAIRS or re.fullmatch(r"[a-z]_[a-z]+", text):
        return [(Kind.NAME, text[0]), (Kind.BELOW, text[1:].lstrip("_"))]
    if len(text) == 1 or text in NAMES or re.fullmatch(r"[a-z]\d", text):
        return [(Kind.NAME, text)]
    if text[0] == "d" and (len(text) == 2 or text[1:] in _LETTER_PAIRS):
        below = [(Kind.BELOW, text[2:])] if len(text) > 2 else []
        return [(Kind.SLOPE, text[:2]), *below]
    return [(Kind.WORD, text)]


def _in_prose(found: list[Token], at: int) -> Token:
    """Return the token; an `a` before or after a word is an article."""
    token = found[at]
    if token.kind is Kind.NAME and token.text == "a":
        beside = found[at + 1 : at + 2]
        if beside and beside[0].kind is Kind.WORD and beside[0].spaced:
            return Token(Kind.WORD, "a", token.spaced)
    return token
