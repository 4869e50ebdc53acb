"""What is wrong with a statement that cannot be read, said in the terms of the language."""

from __future__ import annotations

import re
from difflib import get_close_matches

from ..diagnostics.codes import limits, syntax
from ..diagnostics.model import Code, Diagnostic, Edit, Fix, Label
from ..source import Span
from .statements import DIRECTIVES, Statement, Token

MAX_NESTING = 100
"""Brackets and operators within each other; deeper ones are no specs, but exhaust the stack."""

EXAMPLES = {
    "chain": "input 784 -> dense 30 relu",
    "let": "let width = 16",
    "block": "block twice(n) = dense n relu -> dense n relu",
    "clip": "clip norm=1",
    "dtype": "dtype float64",
    "include": 'include "blocks.nn"',
    "loss": "loss crossentropy smoothing=0.1",
    "metric": "metric accuracy, top_k(5)",
    "model": 'model "LeNet"',
    "optimizer": "optimizer sgd lr=0.1 momentum=0.9",
    "output": "output kind, size",
    "regularize": "regularize l2=1e-4",
    "schedule": "schedule cosine steps=10000",
    "train": "train batch=128 epochs=20",
    "arguments": "dense 30 in=784 relu",
    "call": "conv(16, 3x3, pad=same)",
    "fork": "[id, dense 30 relu] -> add",
    "list": "[1, 2*width]",
    "group": "(dense 30 -> relu) * 3",
    "parentheses": "dense (2*width)",
}
"""For each thing that is read, something valid to compare with."""

_ADVICE = {
    "^": "a power is written `**`",
    "'": 'strings stand in double quotes: `"…"`',
    "{": "groups stand in `( )`, forks and lists in `[ ]`",
    "}": "groups stand in `( )`, forks and lists in `[ ]`",
    "\\": "a line goes on by itself after `->`, `=`, `,`, `*` or in brackets",
    ">": "the arrow is `->`",
    "|": "the arrow between stages is `->`",
    ".": "names have no dots; numbers are written `0.5`",
    "/": "comments begin with `#`",
}

_NUMBER = re.compile(
    r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[0-9]+(?:x(?:[0-9]+|[A-Z][A-Z0-9]*))*(?:x(?=$))?"
)
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_OPENING = {"(": ")", "[": "]"}


# --- faults that are seen before parsing --------------------------------------------------


def lexical_fault(statement: Statement) -> Diagnostic | None:
    """A character, number, string or bracket that nothing can be made of."""
    for i, token in enumerate(statement.tokens):
        match token.kind:
            case "twin":
                return _look_alike(statement, token)
            case "other":
                return _stray_character(statement, token)
            case "number":
                following = statement.tokens[i + 1] if i + 1 < len(statement.tokens) else None
                fault = _malformed_number(statement, token, following)
                if fault:
                    return fault
            case "string" if len(token.text) < 2 or not token.text.endswith('"'):
                return syntax.UNTERMINATED_STRING.at(
                    statement.span_of(token),
                    "the string is not closed on its line",
                    help='end it with `"`',
                )
    return _unbalanced(statement) or _too_deep(statement)


def _look_alike(statement: Statement, first: Token) -> Diagnostic:
    """All look-alikes of a statement are one fault, so that one fix repairs it."""
    edits = tuple(
        Edit(statement.span_of(token), token.twin)
        for token in statement.tokens
        if token.kind == "twin"
    )
    plain = f"`{first.twin}`" if first.twin.strip() else "a plain space"
    name = f"`{first.text}`" if first.text.isprintable() else f"the character U+{ord(first.text):04X}"
    return syntax.LOOK_ALIKE.at(
        statement.span_of(first),
        f"{name} only looks like {plain}",
        help=f"write {plain}",
        fixes=(Fix(f"write {plain}" + (" and the like" if len(edits) > 1 else ""), edits, True),),
    )


def _stray_character(statement: Statement, token: Token) -> Diagnostic:
    name = f"`{token.text}`" if token.text.isprintable() else f"character U+{ord(token.text):04X}"
    advice = _ADVICE.get(token.text, "")
    if token.text.isalnum():
        advice = "names are lower-case ASCII letters, digits and `_`"
    return syntax.UNEXPECTED_CHARACTER.at(
        statement.span_of(token), f"unexpected {name}", help=advice
    )


def _malformed_number(
    statement: Statement, token: Token, following: Token | None
) -> Diagnostic | None:
    text, span = token.text, statement.span_of(token)
    touches = following is not None and following.start == token.stop
    if text.endswith("x") and re.fullmatch(r"[0-9]+(x[0-9]+)*x", text):
        if touches and following is not None and following.text == "(":
            return None
        if following is not None and following.kind in ("number", "word"):
            return _spaced_size(statement, token, following)
    elif _NUMBER.fullmatch(text):
        return None
    number = re.match(r"[0-9.]+", text)
    digits = number.group() if number else ""
    rest = text[len(digits) :]
    advice, fixes = "", ()
    if re.fullmatch(r"[0-9]+(X[0-9]+)+", text):
        advice = f"write `{text.lower()}`"
        fixes: tuple[Fix, ...] = (_rewrite(span, text.lower()),)
    elif re.fullmatch(r"[0-9][0-9_]*", text):
        advice = f"write `{text.replace('_', '')}`"
        fixes = (_rewrite(span, text.replace("_", "")),)
    elif re.fullmatch(r"[A-Za-z_]{2,}[A-Za-z0-9_]*", rest):
        advice = f"write `{digits} {rest}`, with a space"
        fixes = (_rewrite(span, f"{digits} {rest}", safe=False),)
    elif "x" in text:
        advice = "the parts of a size are integers, symbolic dimensions or stand in parentheses"
    return syntax.MALFORMED_NUMBER.at(
        span, f"`{text}` is not a number", help=advice, fixes=fixes
    )


def _unbalanced(statement: Statement) -> Diagnostic | None:
    opened: list[Token] = []
    for token in statement.tokens:
        if token.text in _OPENING:
            opened.append(token)
        elif token.text in _OPENING.values():
            if opened and _OPENING[opened[-1].text] == token.text:
                opened.pop()
                continue
            return _unmatched(statement, token, opened)
    if not opened:
        return None
    opener = opened[-1]
    return syntax.UNCLOSED_BRACKET.at(
        statement.span_of(opener),
        f"`{opener.text}` is never closed",
        labels=[Label(_after(statement), "the statement ends here")],
        help=f"add `{_OPENING[opener.text]}`",
    )


def _unmatched(statement: Statement, token: Token, opened: list[Token]) -> Diagnostic:
    labels: list[Label] = []
    advice = "remove it, or open it where its content begins"
    if opened:
        opener = opened[-1]
        labels = [Label(statement.span_of(opener), f"`{opener.text}` is still open")]
        advice = f"`{opener.text}` is closed by `{_OPENING[opener.text]}`"
    message = f"`{token.text}` closes nothing"
    return syntax.UNMATCHED_BRACKET.at(
        statement.span_of(token), message, labels=labels, help=advice
    )


def _too_deep(statement: Statement) -> Diagnostic | None:
    """Bound the depth of the tree: operators of one expression nest, as brackets do.

    For every open bracket the stack holds the depth reached since the last separator and the
    greatest depth before it.
    """
    stack = [[0, 0]]
    for token in statement.tokens:
        if token.text in _OPENING:
            stack.append([0, 0])
        elif token.text in _OPENING.values():
            inner = max(stack.pop())
            stack[-1][0] += inner + 1
        elif token.text in _ARITHMETIC:
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


# --- faults that parsing found ------------------------------------------------------------


def explain(statement: Statement, offset: int) -> Diagnostic:
    """Why the parser could not go on at an offset (its statement's end included)."""
    tokens = statement.tokens
    index = next((i for i, t in enumerate(tokens) if t.start >= offset), len(tokens))
    return (
        _called_directive(statement, index)
        or _definition(statement, index)
        or _misplaced_x(statement, index)
        or _spaced_call(statement, index)
        or _missing(statement, index)
        or _bare_arithmetic(statement, index)
        or _unexpected(statement, index)
    )


def _called_directive(statement: Statement, index: int) -> Diagnostic | None:
    """`loss(mse)`."""
    first = statement.tokens[0]
    if index > 1 or first.text not in DIRECTIVES or not _touches(statement, 1, "("):
        return None
    return syntax.UNEXPECTED_TOKEN.at(
        statement.span_of(statement.tokens[1]),
        f"`{first.text}` is written without parentheses",
        help=f"for example `{EXAMPLES[first.text]}`",
    )


def _definition(statement: Statement, index: int) -> Diagnostic | None:
    """`width = 16`, `twice(n) = …`, and `==`."""
    tokens = statement.tokens
    if index == len(tokens) or tokens[index].text != "=":
        return None
    if index and tokens[index - 1].text == "=":
        both = statement.span_of(tokens[index - 1]).to(statement.span_of(tokens[index]))
        return syntax.UNEXPECTED_TOKEN.at(
            both, "`==` compares, but there is nothing to compare", help="write `=`",
            fixes=[_rewrite(both, "=")],
        )  # fmt: skip
    first = tokens[0]
    if statement.rule not in ("chain", "directive") or first.kind != "word":
        return None
    simple, called = index == 1, _touches(statement, 1, "(") and tokens[index - 1].text == ")"
    if simple or called:
        word = "block" if called or statement.rule == "chain" else "let"
        where = Span(statement.source, first.start, first.start)
        return syntax.MISSING_KEYWORD.at(
            statement.span_of(first),
            f"`{first.text}` is defined without `{word}`",
            help=f"write `{word} {_written(statement, 0, index)} = …`",
            fixes=[Fix(f"insert `{word}`", (Edit(where, f"{word} "),))],
        )
    close = get_close_matches(first.text.lower(), ["let", "block"], 1, 0.5)
    if close:
        return _rule_fault(statement, first, f"unexpected `{first.text}`", f"did you mean `{close[0]}`?")
    return None


def _misplaced_x(statement: Statement, index: int) -> Diagnostic | None:
    """`(…)x3` and, among items, `3 x 8`."""
    tokens = statement.tokens
    if not 0 < index < len(tokens) or not re.fullmatch(r"x([0-9A-Z]\w*)?", tokens[index].text):
        return None
    token, previous = tokens[index], tokens[index - 1]
    count = token.text[1:]
    if token.start == previous.stop and previous.text in (")", "]"):
        span = statement.span_of(token)
        return syntax.REPEAT_AS_SIZE.at(
            span,
            "a repeat is written with `*`",
            help=f"write `* {count or 'n'}`",
            fixes=[_rewrite(span, f" * {count}")] if count else (),
        )
    if previous.kind == "number" or previous.text == ")":
        following = tokens[index + 1] if index + 1 < len(tokens) and not count else token
        return _spaced_size(statement, previous, following)
    return None


def _spaced_size(statement: Statement, first: Token, last: Token) -> Diagnostic:
    span = statement.span_of(first).to(statement.span_of(last))
    joined = re.sub(r"\s+", "", span.text)
    return syntax.SPACED_SIZE.at(
        span, "a size has no spaces", help=f"write `{joined}`", fixes=[_rewrite(span, joined)]
    )


def _spaced_call(statement: Statement, index: int) -> Diagnostic | None:
    """`conv (16, 3x3)`, and the same in the head of a block."""
    tokens = statement.tokens
    opener = _opener(statement, index)
    if index < len(tokens) and tokens[index].text == "(":
        opener = index if statement.rule == "block" and index == 2 else opener
    elif index == len(tokens) or tokens[index].text not in (",", "=", ")"):
        return None
    if not opener or tokens[opener - 1].kind != "word" or tokens[opener].text != "(":
        return None
    name, bracket = tokens[opener - 1], tokens[opener]
    if name.stop == bracket.start or name.text in DIRECTIVES:
        return None
    gap = Span(statement.source, name.stop, bracket.start)
    return syntax.SPACED_CALL.at(
        gap.to(statement.span_of(bracket)),
        f"a space separates `{name.text}` from its parenthesis",
        help=f"write `{name.text}(…)`",
        fixes=[_rewrite(gap, "", f"write `{name.text}(`")],
    )


def _missing(statement: Statement, index: int) -> Diagnostic | None:
    """A stage, branch, item, value or name that is not there."""
    tokens = statement.tokens
    token = tokens[index] if index < len(tokens) else None
    previous = tokens[index - 1].text if index else ""
    if token is not None and token.text not in ("->", ",", ")", "]", ";"):
        return None
    at = statement.span_of(token) if token else statement.span_of(tokens[-1])
    if previous == "->" or (token and token.text == "->" and previous in ("", "(", "[", ",")):
        side = "after" if previous == "->" else "before"
        arrow = tokens[index - 1] if side == "after" else tokens[index]
        return syntax.MISSING_STAGE.at(
            statement.span_of(arrow),
            f"there is no stage {side} this `->`",
            help=_missing_stage_help(statement, index, side),
        )
    if previous in ("[", ",", "(") and token is not None:
        code = syntax.EMPTY_ITEM
        what = _reading(statement, index)
        thing = {"call": "argument", "fork": "branch", "list": "item", "group": "stage"}.get(what, "value")
        between = f"between `{previous}` and `{token.text}`"
        return code.at(
            statement.span_of(tokens[index - 1]).to(at),
            f"there is no {thing} {between}",
            help=f"for example `{EXAMPLES[what]}`" + (
                "; a branch that passes the value on is `id`" if what == "fork" else ""
            ),
        )  # fmt: skip
    wanted = {"=": "value", ":": "end of the range", "as": "name"} | dict.fromkeys(
        _ARITHMETIC, "value"
    )
    if previous in wanted or token is None:
        after = f"`{tokens[index - 1].text}`"
        what = wanted.get(previous, "more of the statement")
        return syntax.MISSING_VALUE.at(
            statement.span_of(tokens[index - 1]),
            f"there is no {what} after {after}"
            if previous in wanted
            else f"the statement ends too early, after {after}",
            help=f"for example `{EXAMPLES[_reading(statement, index)]}`",
        )
    return None


def _missing_stage_help(statement: Statement, index: int, side: str) -> str:
    if side == "after":
        return "name the next stage, or remove the arrow"
    if index == 0:
        return "a chain begins with its source: `input 784 -> …`, or a name"
    return "a group or branch begins with a stage, without an arrow"


def _bare_arithmetic(statement: Statement, index: int) -> Diagnostic | None:
    """`dense 2+n`: what stands around the operator, in parentheses, is what was meant."""
    tokens = statement.tokens
    if not 0 < index < len(tokens) or tokens[index].text not in _ARITHMETIC:
        return None
    left = _operand_start(statement, index - 1)
    right = index + 1
    is_value = left is not None and tokens[left].text not in DIRECTIVES and right < len(tokens)
    if left is None or not is_value or tokens[right].kind not in ("number", "word"):
        return None
    whole = Span(statement.source, tokens[left].start, tokens[right].stop)
    return syntax.BARE_ARITHMETIC.at(
        statement.span_of(tokens[index]),
        f"`{tokens[index].text}` stands outside parentheses",
        help=f"write `({whole.text})`",
    )


def _operand_start(statement: Statement, index: int) -> int | None:
    tokens = statement.tokens
    if tokens[index].kind in ("number", "word"):
        return index
    if tokens[index].text != ")":
        return None
    depth = 0
    for i in range(index, -1, -1):
        depth += (tokens[i].text == ")") - (tokens[i].text == "(")
        if depth == 0:
            return i
    return None


def _unexpected(statement: Statement, index: int) -> Diagnostic:
    what = _reading(statement, index)
    where = {
        "chain": "in a chain",
        "call": "in the arguments of a call",
        "fork": "in a fork",
        "list": "in a list",
        "group": "in a group",
        "parentheses": "in parentheses",
    }.get(what, f"in `{what}`")
    advice = f"for example `{EXAMPLES[what]}`"
    if index == len(statement.tokens):
        end = statement.span_of(statement.tokens[-1])
        return syntax.MISSING_VALUE.at(end, "the statement ends too early", help=advice)
    token = statement.tokens[index]
    return _rule_fault(statement, token, f"unexpected `{token.text}` {where}", advice)


def _rule_fault(statement: Statement, token: Token, message: str, advice: str) -> Diagnostic:
    return syntax.UNEXPECTED_TOKEN.at(statement.span_of(token), message, help=advice)


# --- what surrounds a token ---------------------------------------------------------------


def _opener(statement: Statement, index: int) -> int | None:
    """Index of the innermost bracket that is open before a token."""
    opened: list[int] = []
    for i, token in enumerate(statement.tokens[:index]):
        if token.text in _OPENING:
            opened.append(i)
        elif token.text in _OPENING.values() and opened:
            opened.pop()
    return opened[-1] if opened else None


def _reading(statement: Statement, index: int) -> str:
    """What was being read at a token: a key of EXAMPLES."""
    opener = _opener(statement, index)
    if opener is None:
        word = statement.tokens[0].text
        return word if word in EXAMPLES and word in DIRECTIVES else "chain"
    starts_stage = opener == 0 or statement.tokens[opener - 1].text in ("->", "=", "[", "(", ",")
    if statement.tokens[opener].text == "[":
        return "fork" if starts_stage and _is_chain(statement, opener) else "list"
    if opener and _touches(statement, opener, "(") and statement.tokens[opener - 1].kind == "word":
        return "block" if statement.rule == "block" and opener == 2 else "call"
    return "group" if starts_stage and _is_chain(statement, opener) else "parentheses"


def _is_chain(statement: Statement, opener: int) -> bool:
    """Whether stages, not values, stand where this bracket opens."""
    if statement.rule in ("let", "directive"):
        return False
    outer = _opener(statement, opener)
    return outer is None or _reading(statement, opener) in ("fork", "group")


def _touches(statement: Statement, index: int, text: str) -> bool:
    """Whether a token is this one, directly after the one before."""
    tokens = statement.tokens
    return (
        0 < index < len(tokens)
        and tokens[index].text == text
        and tokens[index - 1].stop == tokens[index].start
    )


def _after(statement: Statement) -> Span:
    return statement.span_of(statement.tokens[-1])


def _written(statement: Statement, first: int, stop: int) -> str:
    tokens = statement.tokens
    return Span(statement.source, tokens[first].start, tokens[stop - 1].stop).text


def _rewrite(span: Span, text: str, title: str = "", *, safe: bool = True) -> Fix:
    return Fix(title or f"write `{text.strip()}`", (Edit(span, text),), safe)
