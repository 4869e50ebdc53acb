"""Diagnosis of the characters, numbers, strings and brackets of a statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..diagnostics.codes import limits, syntax
from ..diagnostics.model import Diagnostic, Edit, Fix, Label
from .elsewhere.syntax import module_prefix, quotes
from .faults import spaced_size
from .statements import ARITHMETIC, CLOSING, COMPARING, DIRECTIVES, OPENING, Statement, Token
from .surroundings import EXAMPLES, operand_end, rewrite

MAX_NESTING = 100
"""Most nested brackets and operators; deeper ones would exhaust the stack."""

MAX_UNCLOSED = 3
"""Most unclosed brackets of a statement that are reported; there are rarely two."""

BRACKETS = (syntax.UNCLOSED_BRACKET, syntax.UNMATCHED_BRACKET)
"""The possible bracket errors."""

_PAIRED = CLOSING.union(OPENING)
_NESTING = "".join((*OPENING, *(ARITHMETIC - {"//", "**"})))
"""The first characters of brackets and operators."""

_ADVICE = {
    "^": "a power is written `**`",
    "'": "words such as activations are written without quotes, file names in double quotes",
    "{": "groups stand in `( )`, forks and lists in `[ ]`",
    "}": "groups stand in `( )`, forks and lists in `[ ]`",
    "\\": "a line goes on by itself after `->`, `=`, `,`, `*` or in brackets",
    ">": "the arrow is `->`",
    "|": "the arrow between stages is `->`",
    ".": "names have no dots; numbers are written `0.5`",
    "/": "comments begin with `#`",
}

_OPENED_BY = {"}": "{"}
"""The opening character with which a closing one is reported."""

_NUMBER = re.compile(
    r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?" r"|[0-9]+(?:x(?:[0-9]+|[A-Z][A-Z0-9]*))*"
)


def lexical_fault(statement: Statement) -> Diagnostic | None:
    """Return the diagnostic for a malformed character, number, string or bracket."""
    fault = next(unreadable(statement), None)
    if fault:
        return fault
    brackets = next(iter(unbalanced(statement)), None)
    return _called_directive(statement) or brackets or _too_deep(statement)


def unreadable(statement: Statement) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every malformed character, number and string.

    Adjacent stray characters, a pair of quotes with the text between them, and equal or paired ones
    in one stage are one fault."""
    said: set[str] = set()
    quoted, after = False, -1
    for i, token in enumerate(statement.tokens):
        kind, text = token[:2]
        if kind == "op" or kind == "word":  # nearly all tokens of a long statement
            if said and text == "->":
                said.clear()
            continue
        if kind == "number" and (text.isdigit() or _NUMBER.fullmatch(text)):
            continue
        if text in COMPARING and statement.rule == "fn":
            continue
        found = None if quoted else _unreadable(statement, i)
        quoted ^= token.text == "'" or token.twin == '"'
        if found is None:
            continue
        if token.kind == "other":
            char = _OPENED_BY.get(token.text, token.text)
            known, after = token.start == after or char in said, token.stop
            said.add(char)
            if known:
                continue
        yield found


def _unreadable(statement: Statement, index: int) -> Diagnostic | None:
    token = statement.tokens[index]
    match token.kind:
        case "twin":
            return _look_alike(statement, token)
        case "other":
            return _stray_character(statement, token)
        case "number":
            return _malformed_number(statement, index)
        case "string" if len(token.text) < 2 or not token.text.endswith('"'):
            return syntax.UNTERMINATED_STRING.at(
                statement.span_of(token),
                "the string is not closed on its line",
                help='end it with `"`',
            )
    return None


def _look_alike(statement: Statement, token: Token) -> Diagnostic:
    same = [t for t in statement.tokens if t.twin == '"' and t.start > token.start]
    pair = [token, *same[:1]] if token.twin == '"' else [token]
    edits = tuple(Edit(statement.span_of(quote), quote.twin) for quote in pair)
    plain = f"`{token.twin}`" if token.twin.strip() else "a plain space"
    name = (
        f"`{token.text}`" if token.text.isprintable() else f"the character U+{ord(token.text):04X}"
    )
    return syntax.LOOK_ALIKE.at(
        statement.span_of(token),
        f"{name} only looks like {plain}",
        help=f"write {plain}",
        fixes=(Fix(f"write {plain}", edits, safe=True),),
    )


def _stray_character(statement: Statement, token: Token) -> Diagnostic:
    name = f"`{token.text}`" if token.text.isprintable() else f"character U+{ord(token.text):04X}"
    advice = _ADVICE.get(token.text, "remove it; comments begin with `#`")
    fixes = quotes(statement, token) if token.text == "'" else ()
    prefix = module_prefix(statement, token) if token.text == "." else None
    if prefix is not None:
        advice = f"layers and functions are called by their bare names: leave out `{prefix.text}`"
        fixes = (Fix(advice, (Edit(prefix, ""),), safe=True),)
    if token.text == "." and statement.tokens[0].text == "include":
        advice = f"a file is named in double quotes: `{EXAMPLES['include']}`"
    if token.text.isalnum():
        advice = "names are lower-case ASCII letters, digits and `_`"
    return syntax.UNEXPECTED_CHARACTER.at(
        statement.span_of(token), f"unexpected {name}", help=advice, fixes=fixes
    )


def _malformed_number(statement: Statement, index: int) -> Diagnostic | None:
    """Return the diagnostic for a number that is neither a valid number nor a complete size."""
    token = statement.tokens[index]
    text, span = token.text, statement.span_of(token)
    if re.fullmatch(r"[0-9]+x(?:(?:[0-9]+|[A-Z][A-Z0-9]*)x)*", text):
        if statement.touches(index + 1, "("):
            return None
        last = operand_end(statement, index + 1, 1)
        if last is not None:
            return spaced_size(statement, index, last)
    plain = _plain_number(text)
    advice = f"write `{plain}`" if plain else ""
    if text.count(".") > 1:
        advice = "a number has one decimal point"
    elif "x" in text and not plain:
        advice = "the parts of a size are integers, symbolic dimensions or stand in parentheses"
    fixes = [rewrite(span, plain, safe=" " not in plain)] if plain else []
    return syntax.MALFORMED_NUMBER.at(span, f"`{text}` is not a number", help=advice, fixes=fixes)


def _plain_number(text: str) -> str:
    """Return the probable intention: `3x3` for 3X3, `1000` for 1_000, `30 relu` for 30relu."""
    if re.fullmatch(r"[0-9]+(X[0-9]+)+", text):
        return text.lower()
    if re.fullmatch(r"[0-9][0-9_]*", text):
        return text.replace("_", "")
    glued = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z_]{2,}[A-Za-z0-9_]*)", text)
    return f"{glued[1]} {glued[2]}" if glued else ""


def unbalanced(statement: Statement) -> list[Diagnostic]:
    """Return the first unmatched closing bracket, or the outermost unclosed brackets."""
    opened: list[Token] = []
    for token in statement.tokens:
        if token[0] != "op" or token[1] not in _PAIRED:
            continue
        if token.text in OPENING:
            opened.append(token)
        else:
            if opened and OPENING[opened[-1].text] == token.text:
                opened.pop()
                continue
            return [_unmatched(statement, token, opened)]
    if not opened:
        return []
    ended = statement.source.text[statement.stop :].lstrip().startswith(";")
    why = "`;` ends the statement here" if ended else "the statement ends here"
    end = Label(statement.span_of(statement.tokens[-1]), why)
    return [
        syntax.UNCLOSED_BRACKET.at(
            statement.span_of(opener),
            f"`{opener.text}` is never closed",
            labels=[end],
            help=f"add `{OPENING[opener.text]}`",
        )
        for opener in opened[:MAX_UNCLOSED]
    ]


def _unmatched(statement: Statement, token: Token, opened: list[Token]) -> Diagnostic:
    labels: list[Label] = []
    advice = "remove it, or open it where its content begins"
    if opened:
        opener = opened[-1]
        labels = [Label(statement.span_of(opener), f"`{opener.text}` is still open")]
        advice = f"`{opener.text}` is closed by `{OPENING[opener.text]}`"
    message = f"`{token.text}` closes nothing"
    return syntax.UNMATCHED_BRACKET.at(
        statement.span_of(token), message, labels=labels, help=advice
    )


def _too_deep(statement: Statement) -> Diagnostic | None:
    """Limit the depth of the tree: the operators of an expression nest, as brackets do.

    For every open bracket the stack holds the depth since the last separator and the greatest depth
    before it."""
    if len(statement.tokens) < MAX_NESTING or _nest(statement) < MAX_NESTING:
        return None
    stack = [[0, 0]]
    for token in statement.tokens:
        if token.kind != "op":
            continue
        if token.text in OPENING:
            stack.append([0, 0])
        elif token.text in CLOSING:
            inner = max(stack.pop())
            stack[-1][0] += inner + 1
        elif token.text in ARITHMETIC:
            stack[-1][0] += 1
        elif token.text in (",", "->", "="):
            stack[-1] = [0, max(stack[-1])]
        if len(stack) + stack[-1][0] > MAX_NESTING:
            return limits.NESTING_TOO_DEEP.at(
                statement.span_of(token),
                f"brackets and operators are nested more than {MAX_NESTING} deep",
                help="name parts of it with `let` or `block`",
            )
    return None


def _nest(statement: Statement) -> int:
    """Return an upper bound of the nesting depth of brackets and operators, computed in C."""
    text, start, stop = statement.reading, statement.start, statement.stop
    found = sum(text.count(character, start, stop) for character in _NESTING)
    return found - text.count("->", start, stop)


def _called_directive(statement: Statement) -> Diagnostic | None:
    """Report `loss(mse)`."""
    first = statement.tokens[0]
    if first.text not in DIRECTIVES or not statement.touches(1, "("):
        return None
    return syntax.UNEXPECTED_TOKEN.at(
        statement.span_of(statement.tokens[1]),
        f"`{first.text}` is written without parentheses",
        help=f"for example `{EXAMPLES[first.text]}`",
    )
