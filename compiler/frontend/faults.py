"""Diagnosis of a statement that cannot be parsed, in the terms of the language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..diagnostics.codes import syntax
from ..diagnostics.model import Diagnostic
from ..diagnostics.suggest import closest
from ..source import Span
from .elsewhere import Sort, meaning
from .elsewhere.syntax import percent_fault, tuple_fault
from .statements import ARITHMETIC, DIRECTIVES, Statement, Token
from .surroundings import EXAMPLES, openers, operand_end, reading, rewrite

_ITEMS = {"call": "argument", "fork": "branch", "list": "item", "group": "stage"}
"""The elements that commas separate."""

_PLACES = {
    "chain": "in a chain",
    "call": "in the arguments of a call",
    "fork": "in a fork",
    "list": "in a list",
    "group": "in a group",
    "parentheses": "in parentheses",
}

_WANTED = {
    "=": ("value", "dense 30 in=784"),
    ":": ("end of the range", "crop 1:3"),
    "as": ("name", "dense 30 relu as hidden"),
    **dict.fromkeys(ARITHMETIC, ("value", "dense (2*width)")),
}
"""The element that must follow, with an example."""


def explain(statement: Statement, offset: int) -> Diagnostic:
    """Return why the parser could not continue at an offset (which may be the statement's end)."""
    tokens = statement.tokens
    index = next((i for i, t in enumerate(tokens) if t.start >= offset), len(tokens))
    return (
        percent_fault(statement, index)
        or _doubled_equals(statement, index)
        or _definition(statement, index)
        or _misplaced_x(statement, index)
        or _spaced_call(statement, index)
        or tuple_fault(statement, index)
        or _missing_stage(statement, index)
        or _empty_item(statement, index)
        or _missing_value(statement, index)
        or _bare_arithmetic(statement, index)
        or _before_argument(statement, index)
        or _unexpected(statement, index)
    )


def _definition(statement: Statement, index: int) -> Diagnostic | None:
    """Report `width = 16` and `twice(n) = …`."""
    tokens = statement.tokens
    first = tokens[0]
    if index == len(tokens) or tokens[index].text != "=" or first.kind != "word":
        return None
    if statement.rule in ("let", "block"):
        return None
    if first.text in DIRECTIVES and index == 1:
        example = f"for example `{EXAMPLES.get(first.text, EXAMPLES['chain'])}`"
        sign = statement.span_of(tokens[index])
        message = f"`{first.text}` is written without `=`"
        fixes = [rewrite(sign, " ", "leave it out")] if index + 1 < len(tokens) else []
        return syntax.UNEXPECTED_TOKEN.at(sign, message, help=example, fixes=fixes)
    simple, called = index == 1, statement.touches(1, "(") and tokens[index - 1].text == ")"
    if simple or called:
        word = "block" if called or statement.rule == "chain" else "let"
        if called and _is_formula(statement, index + 1):
            word = "fn"
        where = Span(statement.source, first.start, first.start)
        advice = f"write `{word} {_written(statement, 0, index)} = …`"
        message = f"`{first.text}` is defined without `{word}`"
        fixes = [rewrite(where, f"{word} ", advice, safe=False)]
        if simple and _is_stage(tokens[index + 1 :]):
            message = f"a stage is not named with `=`, as `{first.text}` is here"
            advice = f"the value of a stage is named at its end: `… as {first.text}`"
            if word == "block" and tokens[index + 1].text != "input":
                advice += f"; stages to be used again are a `block {first.text} = …`"
            fixes = []
        elif simple and (found := meaning(first.text, Sort.STATEMENT)):
            advice = f"{found.advice}; a constant begins with `let`"
            fixes = []
        return syntax.MISSING_KEYWORD.at(
            statement.span_of(first),
            message,
            help=advice,
            fixes=fixes,
        )
    close = closest(first.text, ("let", "block"))
    if close:
        return _fault(statement, first, f"unexpected `{first.text}`", f"did you mean `{close}`?")
    return None


def _is_stage(tokens: Sequence[Token]) -> bool:
    """Return whether `dense 30 …` or `input 784 …` begins here, not a value."""
    return len(tokens) > 1 and tokens[0].kind == "word" and tokens[1].kind in ("word", "number")


def _is_formula(statement: Statement, at: int) -> bool:
    """Return whether arithmetic stands here, not stages: `z * (z + 1)`, but not `dense (n * 2)`."""
    rest = statement.tokens[at:]
    apart = [i for i, token in enumerate(rest) if token.text == "(" and rest[i - 1].kind == "word"]
    stages = _is_stage(rest) or not all(statement.touches(at + i, "(") for i in apart if i)
    calculates = any(token.text in ("+", "-", "*", "/", "(") for token in rest)
    return calculates and not stages and not any(token.text in ("->", "[") for token in rest)


def _doubled_equals(statement: Statement, index: int) -> Diagnostic | None:
    """Report `in==3`."""
    if not statement.touches(index, "=") or statement.tokens[index - 1].text != "=":
        return None
    previous, token = statement.tokens[index - 1 : index + 1]
    both = statement.span_of(previous).to(statement.span_of(token))
    message = "`==` compares, and there is nothing to compare"
    return syntax.UNEXPECTED_TOKEN.at(both, message, help="write `=`", fixes=[rewrite(both, "=")])


def _misplaced_x(statement: Statement, index: int) -> Diagnostic | None:
    """Report `(…)x3` and, among items, `3 x 8`."""
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
            fixes=[rewrite(span, f" * {count}")] if count else (),
        )
    first = operand_end(statement, index - 1, -1)
    if first is None or previous.kind == "word":
        return None
    return spaced_size(statement, first, index if count else min(index + 1, len(tokens) - 1))


def spaced_size(statement: Statement, first: int, last: int) -> Diagnostic:
    """Report `3 x 8`, given the indices of its first and last token."""
    tokens = statement.tokens[first : last + 1]
    span = statement.span_of(tokens[0]).to(statement.span_of(tokens[-1]))
    joined = "".join(token.text for token in tokens)
    return syntax.SPACED_SIZE.at(
        span, "a size has no spaces", help=f"write `{joined}`", fixes=[rewrite(span, joined)]
    )


def _spaced_call(statement: Statement, index: int) -> Diagnostic | None:
    """Report `conv (16, 3x3)`, also in the head of a block."""
    tokens = statement.tokens
    opener = next(reversed(openers(statement, index)), None)
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
    if name.text == "input":
        return syntax.SPACED_CALL.at(
            gap.to(statement.span_of(bracket)),
            "the shape of an input stands without parentheses",
            help="for example `input 784` or `input 3x28x28`",
        )
    return syntax.SPACED_CALL.at(
        gap.to(statement.span_of(bracket)),
        f"a space separates `{name.text}` from its parenthesis",
        help=f"write `{name.text}(…)`",
        fixes=[rewrite(gap, "", f"write `{name.text}(…)`")],
    )


def _missing_stage(statement: Statement, index: int) -> Diagnostic | None:
    """Report `-> ->`, `[-> relu]`, and an arrow at either end."""
    tokens = statement.tokens
    token = tokens[index].text if index < len(tokens) else ""
    previous = tokens[index - 1].text if index else ""
    if previous == "->" and token in ("", "->", ",", ")", "]"):
        arrow, side, advice = index - 1, "after", "name the next stage, or remove the arrow"
    elif token == "->" and previous in ("", "(", "[", ","):
        arrow, side, advice = index, "before", "a group or branch begins with a stage"
        if not index:
            advice = "a chain begins with its source: `input 784 -> …`, or a name"
    else:
        return None
    message = f"there is no stage {side} this `->`"
    return syntax.MISSING_STAGE.at(statement.span_of(tokens[arrow]), message, help=advice)


def _empty_item(statement: Statement, index: int) -> Diagnostic | None:
    """Report `[a, , b]` and `()`."""
    tokens = statement.tokens
    if not 0 < index < len(tokens) or tokens[index - 1].text not in ("[", ",", "("):
        return None
    before, token = tokens[index - 1], tokens[index]
    if token.text not in (",", ")", "]"):
        return None
    what = reading(statement, index)
    advice = f"for example `{EXAMPLES[what]}`"
    if what == "fork":
        advice = "a branch that passes the value on is `id`: `[id, dense 30]`"
    return syntax.EMPTY_ITEM.at(
        statement.span_of(before).to(statement.span_of(token)),
        f"there is no {_ITEMS.get(what, 'value')} between `{before.text}` and `{token.text}`",
        help=advice,
    )


def _missing_value(statement: Statement, index: int) -> Diagnostic | None:
    """Report `in=`, `2 *`, and statements that end too early."""
    tokens = statement.tokens
    following = tokens[index].text if index < len(tokens) else ""
    if following == "=" and index > 2 and tokens[index - 2].text == "=":
        index, following = index - 1, ","  # the word before is a key, not the value
    previous = tokens[index - 1]
    if index == 0 or following not in ("", "->", ",", ")", "]"):
        return None
    what, example = _WANTED.get(previous.text, ("", ""))
    if previous.text == "=" and statement.rule in ("let", "block"):
        what, example = ("value" if statement.rule == "let" else "stage"), ""
    if not what and following:
        return None
    if statement.rule == "directive":
        example = EXAMPLES.get(tokens[0].text, "")
    message = f"there is no {what}" if what else "the statement ends too early,"
    return syntax.MISSING_VALUE.at(
        statement.span_of(previous),
        f"{message} after `{previous.text}`",
        help=f"for example `{example or EXAMPLES[reading(statement, index)]}`",
    )


_MERGES = {"+": "add", "-": "sub", "*": "mul"}


def _bare_arithmetic(statement: Statement, index: int) -> Diagnostic | None:
    """Report `dense 2+n`, and propose parentheses around the operator and its operands."""
    tokens = statement.tokens
    if not 0 < index < len(tokens) - 1 or tokens[index].text not in ARITHMETIC:
        return None
    left = operand_end(statement, index - 1, -1)
    right = operand_end(statement, index + 1, 1)
    if left is None or right is None or tokens[left].text in DIRECTIVES:
        return None
    sign, head = tokens[index].text, tokens[left].text
    whole = _written(statement, left, right + 1)
    advice = f"write `({whole})`"
    names = tokens[left].kind == tokens[right].kind == "word"
    if sign == "*" and _in_input(statement, index):
        advice = f"axes are joined by `x` without spaces: `{EXAMPLES['input']}`"
    if tokens[0].text in ("output", "metric"):
        advice = f"names are separated by commas: `{EXAMPLES[tokens[0].text]}`"
    if not left and names and sign in _MERGES:
        merged = f"[{head}, {tokens[right].text}] -> {_MERGES[sign]}"
        return syntax.BARE_ARITHMETIC.at(
            statement.span_of(tokens[index]),
            f"values of stages are not joined by `{sign}`",
            help=f"write them as a fork with a merge: `{merged}`",
        )
    if sign in "+-" and (left == 0 or tokens[left - 1].text in ("->", "[", "(", ",")):
        operand = _written(statement, index + 1, right + 1)
        advice = f"write the sign directly before its value: `{head} {sign}{operand}`"
    return syntax.BARE_ARITHMETIC.at(
        statement.span_of(tokens[index]), f"`{sign}` stands outside parentheses", help=advice
    )


def _before_argument(statement: Statement, index: int) -> Diagnostic | None:
    """Report `dense 2*width relu`: an apparent repeat that is followed by an argument."""
    tokens = statement.tokens
    if index < 4 or index >= len(tokens) or tokens[index - 2].text != "*":
        return None
    values = (tokens[index - 3], tokens[index - 1], tokens[index])
    if any(token.kind not in ("number", "word") for token in values):
        return None
    return _bare_arithmetic(statement, index - 2)


def _in_input(statement: Statement, index: int) -> bool:
    """Return whether a token is part of an input's shape: after `input` and numbers only."""
    before = index - 1
    while before > 0 and statement.tokens[before].kind in ("number", "op"):
        before -= 1
    return index > 0 and statement.tokens[before].text == "input"


def _unexpected(statement: Statement, index: int) -> Diagnostic:
    what = reading(statement, index)
    token = statement.tokens[min(index, len(statement.tokens) - 1)]
    advice = f"for example `{EXAMPLES[what]}`"
    following = statement.tokens[index + 1].text if index + 1 < len(statement.tokens) else ""
    if index and statement.tokens[index - 1].text == "->":
        advice = "a stage begins with a word, `(` or `[`"
        if token.kind == "number":
            advice = f"a stage begins with its kind: `dense {token.text}`"
    elif not index and token.kind == "number":
        advice = f"a chain begins with its source: `input {token.text} -> …`"
    elif token.text == "," and following in DIRECTIVES:
        advice = f"`{following}` begins a line of its own, or stands after `;`"
    elif token.text == "," and following.isdigit() and _in_input(statement, index):
        advice = f"axes are joined by `x` without spaces: `{EXAMPLES['input']}`"
    elif (what, token.text) == ("chain", ","):
        advice = "arguments are separated by spaces, stages by `->`"
    elif (what, token.text) == ("chain", ":"):
        advice = "shapes and arguments follow their word after a space, without `:`"
    elif (what, token.text) == ("let", ","):
        advice = "every name has its own: `let a = 1; let b = 2`"
    elif token.text == "//":
        advice = "comments begin with `#`"
    elif index > 1 and statement.tokens[index - 2].text == "as" and token.kind == "word":
        name = statement.tokens[index - 1].text
        advice = f"a stage's name comes last: `{token.text} as {name}`"
    elif index > 1 and statement.tokens[index - 2].text == "*" and token.kind == "word":
        advice = f"make it a stage of its own, `-> {token.text}`, or write it before the `*`"
    where = _PLACES.get(what, f"in `{what}`")
    return _fault(statement, token, f"unexpected `{token.text}` {where}", advice)


def _fault(statement: Statement, token: Token, message: str, advice: str) -> Diagnostic:
    return syntax.UNEXPECTED_TOKEN.at(statement.span_of(token), message, help=advice)


def _written(statement: Statement, first: int, stop: int) -> str:
    tokens = statement.tokens
    return Span(statement.source, tokens[first].start, tokens[stop - 1].stop).text
