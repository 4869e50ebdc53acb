"""The context of a token in an unreadable statement, and fixes of its text."""

from __future__ import annotations

from ..diagnostics.model import Edit, Fix
from ..source import Span
from .statements import CLOSING, DIRECTIVES, OPENING, Statement

EXAMPLES = {
    "chain": "input 784 -> dense 30 relu",
    "let": "let width = 16",
    "block": "block twice(n) = dense n relu -> dense n relu",
    "fn": "fn swish(z, q=1) = z * sigmoid(q * z)",
    "clip": "clip norm=1",
    "dtype": "dtype float64",
    "include": 'include "blocks.nn"',
    "input": "input 3x28x28",
    "loss": "loss crossentropy smoothing=0.1",
    "metric": "metric accuracy, top_k(5)",
    "model": 'model "LeNet"',
    "optimizer": "optimizer sgd lr=0.1 momentum=0.9",
    "output": "output kind, size",
    "regularize": "regularize l2=1e-4",
    "schedule": "schedule cosine steps=10000",
    "train": "train batch=128 epochs=20",
    "call": "conv(16, 3x3, pad=same)",
    "fork": "[id, dense 30 relu] -> add",
    "list": "[1, 2*width]",
    "group": "(dense 30 -> relu) * 3",
    "parentheses": "dense (2*width)",
}
"""A valid example of each construct, for comparison."""


def operand_end(statement: Statement, index: int, step: int) -> int | None:
    """Return the index of the other end of a value that begins (step -1: ends) at a token."""
    tokens = statement.tokens
    if 0 <= index < len(tokens) and tokens[index].kind in ("number", "word"):
        return index
    if not 0 <= index < len(tokens) or tokens[index].text not in (OPENING if step > 0 else CLOSING):
        return None
    depth = 0
    while 0 <= index < len(tokens):
        depth += (tokens[index].text in OPENING) - (tokens[index].text in CLOSING)
        if depth == 0:
            return index
        index += step
    return None


def openers(statement: Statement, index: int) -> list[int]:
    """Return the indices of the brackets that are open before a token, outermost first."""
    opened: list[int] = []
    for i, token in enumerate(statement.tokens[:index]):
        if token.text in OPENING:
            opened.append(i)
        elif token.text in CLOSING and opened:
            opened.pop()
    return opened


def reading(statement: Statement, index: int) -> str:
    """Return the construct around a token: a key of EXAMPLES."""
    word = statement.tokens[0].text
    what = word if word in EXAMPLES and word in DIRECTIVES else "chain"
    holds_stages = in_chain = statement.rule not in ("let", "directive")
    for opener in openers(statement, index):
        what = inside(statement, opener, in_chain)
        in_chain = holds_stages and what in ("fork", "group")
    return what


def inside(statement: Statement, opener: int, in_chain: bool) -> str:
    """Return what a bracket encloses; `in_chain`: it opens among stages."""
    starts_stage = opener == 0 or statement.tokens[opener - 1].text in ("->", "=", "[", "(", ",")
    if statement.tokens[opener].text == "[":
        return "fork" if starts_stage and in_chain else "list"
    if opener and statement.touches(opener, "(") and statement.tokens[opener - 1].kind == "word":
        return "block" if statement.rule == "block" and opener == 2 else "call"
    return "group" if starts_stage and in_chain else "parentheses"


def rewrite(span: Span, text: str, title: str = "", *, safe: bool = True) -> Fix:
    """Return a fix that replaces the text of a span."""
    return Fix(title or f"write `{text.strip()}`", (Edit(span, text),), safe)
