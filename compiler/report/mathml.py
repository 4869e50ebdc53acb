"""Formulas as MathML, which browsers render and read aloud."""

from __future__ import annotations

from html import escape
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, tostring

from .formula import (
    Applied,
    Fence,
    Fraction,
    Hat,
    Name,
    Number,
    Root,
    Row,
    Scripts,
    Sign,
    Slope,
    Tree,
    Words,
    read_formula,
)

_FUNCTION, _TIMES, _SPACE = "\u2061", "\u2062", "\u00a0"
"""Invisible characters for screen readers (function application, product), and a space."""


def formula_html(formula: str) -> str:
    """Convert a formula of the comments to HTML: `math` elements, and prose as text.

    Browsers break lines between words, but not within `math`."""
    tree = read_formula(formula)
    items = tree.items if isinstance(tree, Row) and not tree.product else (tree,)
    parts = []
    for prose, group in groupby(items, lambda item: isinstance(item, Words)):
        pieces = tuple(group)
        if prose:
            parts.append(
                escape(" ".join(piece.text for piece in pieces if isinstance(piece, Words)))
            )
        else:
            parts.append(mathml(pieces[0] if len(pieces) == 1 else Row(pieces)))
    return " ".join(parts)


def mathml(tree: Tree) -> str:
    """Convert a tree to a `math` element."""
    root = Element("math", {"displaystyle": "true"})
    root.append(_element(tree))
    return tostring(root, encoding="unicode", short_empty_elements=False)


def _element(tree: Tree) -> Element:
    match tree:
        case Name(text):
            return _leaf("mi", text) if len(text) == 1 else _leaf("mi", text, mathvariant="normal")
        case Number(text):
            return _leaf("mn", text)
        case Words(text):
            return _leaf("mtext", text)
        case Sign(text):
            return _leaf("mo", text)
        case Fraction(over, under):
            return _around("mfrac", over, under)
        case Root(of):
            return _around("msqrt", of)
        case Slope(by):
            return _slope(by)
        case Hat(base):
            return _hat(base)
        case Fence(left, inside, right):
            return _fence(left, inside, right)
        case Scripts(base, below, above):
            return _scripts(base, below, above)
        case Applied():
            return _applied(tree)
        case Row(items, product):
            return _row(items, product)


def _leaf(tag: str, text: str, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.text = text
    return element


def _around(tag: str, *parts: Tree) -> Element:
    element = Element(tag)
    element.extend(_element(_bare(part)) for part in parts)
    return element


def _bare(tree: Tree) -> Tree:
    """Remove the brackets that are redundant above or below a fraction bar."""
    return tree.inside if isinstance(tree, Fence) and tree.left == "(" else tree


def _row(items: tuple[Tree, ...], product: bool) -> Element:
    row = Element("mrow")
    for at, item in enumerate(items):
        if product and at:
            row.append(_leaf("mo", _TIMES, lspace="0.16em", rspace="0"))
        row.append(_element(item))
        if isinstance(item, Words):
            before = "" if not at or _sets_space(items[at - 1]) else _SPACE
            ends = at + 1 == len(items) or isinstance(items[at + 1], Sign)
            row[-1].text = f"{before}{item.text}{'' if ends else _SPACE}"
    return row


def _sets_space(tree: Tree) -> bool:
    """Return whether a sign has space around it by default, as `=` has and a comma has not."""
    return isinstance(tree, Sign) and tree.text not in ",;:"


def _slope(by: Tree) -> Element:
    """Return ∂L over ∂z."""
    fraction = Element("mfrac")
    for below in (Name("L"), by):
        row = SubElement(fraction, "mrow")
        row.append(_leaf("mo", "∂", lspace="0", rspace="0.05em"))
        row.append(_element(below))
    return fraction


def _hat(base: Tree) -> Element:
    over = Element("mover", accent="true")
    over.append(_element(base))
    over.append(_leaf("mo", "^", stretchy="false"))
    return over


def _fence(left: str, inside: Tree, right: str) -> Element:
    row = Element("mrow")
    row.append(_leaf("mo", left, fence="true", form="prefix"))
    row.append(_element(inside))
    row.append(_leaf("mo", right, fence="true", form="postfix"))
    return row


def _scripts(base: Tree, below: Tree | None, above: Tree | None) -> Element:
    tag = {(True, False): "msub", (False, True): "msup", (True, True): "msubsup"}
    element = Element(tag[below is not None, above is not None])
    element.append(_element(base))
    for script in (below, above):
        if script is not None:
            upright = script == Name("T")
            element.append(_leaf("mi", "T", mathvariant="normal") if upright else _element(script))
    return element


def _applied(tree: Applied) -> Element:
    row = Element("mrow")
    row.append(_element(tree.function))
    if not tree.sum:
        tight = isinstance(tree.to, Fence)
        row.append(_leaf("mo", _FUNCTION, **({} if tight else {"rspace": "0.16em"})))
    row.append(_element(tree.to))
    return row
