"""Layout of a statement: one line if it fits, else broken at arrows, then at brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .comments import forced, forced_inside
from .tree import Bracket, Chain, Leaf, Node, Part, Tree

WIDTH = 88
"""Columns of a line; comments do not count."""

INDENT = 2
_SMALL = 16
"""Brackets up to this length stay on one line: breaking `normal(0.01)` would gain nothing."""


def flat(tree: Tree) -> str | None:
    """Return the statement on one line of any length; None if inner comments prevent that."""
    if tree.head is None:
        assert tree.body
        return None if forced(tree.body) else _flat_chain(tree.body)
    if forced_inside(tree.head) or (tree.head is not tree.last and tree.head.trailing):
        return None
    rest = [tree.body] if tree.body else tree.items
    last = rest[-1].parts[-1] if rest else None
    for chain in rest:
        ends = chain.parts[-1]
        if chain.parts[0].leading or forced(chain) or (ends.trailing and ends is not last):
            return None
    head = _flat_nodes(tree.head.nodes)
    if tree.body:
        return f"{head} = {_flat_chain(tree.body)}"
    return " ".join([head, *([", ".join(map(_flat_chain, tree.items))] if tree.items else [])])


def lines(tree: Tree) -> list[str]:
    """Return the lines of a statement, with the comments inside and on its last line."""
    whole = flat(tree) if tree.width <= WIDTH else None
    if whole is not None:
        return [_commented(whole, tree.last.trailing)]
    if tree.head is None:
        assert tree.body
        return _chain(tree.body, "", INDENT)
    if tree.body:
        return _definition(tree.head, tree.body)
    if tree.items:
        return _listing(tree.head, tree.items)
    return _part(tree.head, "", 0)


def _definition(head: Part, body: Chain) -> list[str]:
    """Lay out `let NAME = VALUE` or `block NAME(…) = STAGE -> …`; chains go below the head."""
    first = body.parts[0]
    chained = first.leading or head.trailing or len(body.parts) > 1
    if first.begins_with_directive or not chained:
        *found, opening = _part(head, "", 0, " = ")
        return [*found, *_chain(body, opening, INDENT)]
    found = _part(head, "", 0, " =")
    found += [" " * INDENT + comment for comment in first.leading]
    return found + _chain(body, " " * INDENT, INDENT)


def _listing(head: Part, items: Sequence[Chain]) -> list[str]:
    """Lay out `output a, b` with a line for each name."""
    if any(item.parts[0].begins_with_directive for item in items):
        texts = ", ".join(map(_flat_chain, items))
        return [_commented(f"{_flat_nodes(head.nodes)} {texts}", items[-1].parts[-1].trailing)]
    prefix = _flat_nodes(head.nodes) + " "
    found: list[str] = []
    for item in items:
        found += [" " * INDENT + comment for comment in item.parts[0].leading]
        tail = "" if item is items[-1] else ","
        found += _chain(item, prefix, 2 * INDENT, tail)
        prefix = " " * INDENT
    return found


def _chain(chain: Chain, prefix: str, indent: int, tail: str = "") -> list[str]:
    """Lay out a chain after a prefix; if it is broken, its arrows are at the indent."""
    last = chain.parts[-1]
    if not forced(chain) and len(prefix) + chain.width + len(tail) <= WIDTH:
        return [_commented(prefix + _flat_chain(chain) + tail, last.trailing)]
    if len(chain.parts) == 1:
        return _part(last, prefix, _indent_of(prefix), tail)
    found: list[str] = []
    for part in chain.parts:
        if part is not chain.parts[0]:
            found += [" " * indent + comment for comment in part.leading]
            prefix = " " * indent + "-> "
        found += _part(part, prefix, _indent_of(prefix), tail if part is last else "")
    return found


def _part(part: Part, prefix: str, indent: int, tail: str = "") -> list[str]:
    """Lay out a stage or value; brackets are broken from the left until the rest fits."""
    found: list[str] = []
    line, width = [prefix], len(prefix)
    rest = part.width + len(tail)
    for i, node in enumerate(part.nodes):
        gap = " " if i and node.space else ""
        own = len(gap) + (len(node.text) if isinstance(node, Leaf) else node.width)
        long = width + rest > WIDTH and own > _SMALL
        if isinstance(node, Bracket) and node.breakable and (node.forced or long):
            found.append("".join(line) + gap + node.opening)
            found += _inside(node, indent + INDENT)
            line, width = [" " * indent + node.closing], indent + len(node.closing)
        else:
            line.append(gap + _flat_node(node))
            width += own
        rest -= own
    return [*found, _commented("".join(line) + tail, part.trailing)]


def _inside(bracket: Bracket, indent: int) -> Iterator[str]:
    """Yield the lines between brackets; arrows of a group are below its first stage."""
    blank = " " * indent
    tail = "," if bracket.listed else ""
    arrows = indent + INDENT if bracket.listed else indent
    for item in bracket.items:
        first = item.parts[0]
        if first.leading:
            yield from (blank + comment for comment in first.leading)
        if item.word:
            yield _commented(blank + item.word + tail, first.trailing)
        else:
            yield from _chain(item, blank, arrows, tail)
    yield from (blank + comment for comment in bracket.dangling)


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _commented(line: str, comment: str) -> str:
    return f"{line}  {comment}" if comment else line


def _flat_chain(chain: Chain) -> str:
    return " -> ".join(_flat_nodes(part.nodes) for part in chain.parts)


def _flat_nodes(nodes: Sequence[Node]) -> str:
    if len(nodes) == 1:
        return _flat_node(nodes[0])
    return "".join(
        (" " if i and node.space else "") + _flat_node(node) for i, node in enumerate(nodes)
    )


def _flat_node(node: Node) -> str:
    if isinstance(node, Leaf):
        return node.text
    items = (item.word or _flat_chain(item) for item in node.items)
    return node.opening + ", ".join(items) + node.closing
