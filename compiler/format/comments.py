"""Comments: their positions, and the words of a statement to which they belong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .tree import Bracket, Chain, Part, Tree

_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `alone`: only blanks precede it on its line."""

    text: str
    start: int
    alone: bool


def comments_of(text: str) -> list[Comment]:
    """Return the comments of a parsable text, in order; a `#` in a string begins none."""
    found: list[Comment] = []
    for match in _STRING_OR_COMMENT.finditer(text) if "#" in text else ():
        start = match.start()
        if text[start] == "#":
            line = text[text.rfind("\n", 0, start) + 1 : start]
            found.append(Comment(match.group().rstrip(), start, not line.strip()))
    return found


@dataclass(slots=True)
class Placer:
    """Yields the comments of a file in order, so that none is lost or reordered."""

    comments: Sequence[Comment]
    given: int = 0

    def before(self, stop: int) -> bool:
        """Return whether a comment before an offset remains."""
        return self.given < len(self.comments) and self.comments[self.given].start < stop

    def take(self, stop: int) -> list[Comment]:
        """Return the remaining comments before an offset."""
        first = self.given
        while self.before(stop):
            self.given += 1
        return list(self.comments[first : self.given])

    def into(self, tree: Tree) -> None:
        """Place the comments inside a statement where lines may be broken."""
        if tree.head:
            self._brackets(tree.head)
        if tree.body:
            first = tree.body.parts[0]
            if tree.head and not first.begins_with_directive:
                first.leading = self._after(tree.head, first.start)
            self._chain(tree.body)
        elif tree.items and not any(i.parts[0].begins_with_directive for i in tree.items):
            self._items(tree.items)

    def _items(self, items: list[Chain]) -> None:
        items[0].parts[0].leading = [comment.text for comment in self.take(items[0].parts[0].start)]
        for item, following in pairwise(items):
            self._chain(item)
            first = following.parts[0]
            first.leading = self._after(item.parts[-1], first.start)
        self._chain(items[-1])

    def _chain(self, chain: Chain) -> None:
        for part, following in pairwise(chain.parts):
            self._brackets(part)
            following.leading = self._after(part, following.start)
        self._brackets(chain.parts[-1])

    def _brackets(self, part: Part) -> None:
        for node in part.nodes:
            if isinstance(node, Bracket) and node.breakable:
                self._items(node.items)
                node.dangling = self._after(node.items[-1].parts[-1], node.stop)
                node.forced = bool(node.dangling) or any(map(_holds_comments, node.items))

    def _after(self, part: Part, stop: int) -> list[str]:
        """Give a part the comment on its line; return the others, which get separate lines."""
        part.trailing, left = trailing(self.take(stop), part.stop)
        return [comment.text for comment in left]


def forced(chain: Chain) -> bool:
    """Return whether comments inside a chain (not before or after it) prevent a single line."""
    parts = chain.parts
    if len(parts) == 1:
        return forced_inside(parts[0])
    return (
        any(part.leading for part in parts[1:])
        or any(part.trailing for part in parts[:-1])
        or any(map(forced_inside, parts))
    )


def forced_inside(part: Part) -> bool:
    """Return whether comments in the brackets of a part prevent a single line."""
    return any(isinstance(node, Bracket) and node.forced for node in part.nodes)


def _holds_comments(item: Chain) -> bool:
    return bool(item.parts[0].leading or item.parts[-1].trailing) or forced(item)


def trailing(comments: list[Comment], stop: int) -> tuple[str, list[Comment]]:
    """Return the comment on the line that ends at an offset, and the others."""
    if comments and (comments[0].start < stop or not comments[0].alone):
        return comments[0].text, comments[1:]
    return "", comments
