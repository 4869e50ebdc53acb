"""Parser of the formulas in comments: `dW = xᵀ dz`, `y[i] = max x[i·s + u] over u`.

The notation is that of layers and ops. Letters are quantities, known words functions, other words
prose. Adjacent factors form a product. A slash without spaces binds tighter than a product (`z/2 (1
+ a)`), one with spaces looser (`x y / n`). `x[i]` is an index, and `dz` the gradient of the loss
with respect to z."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .tokens import Kind, Token, tokens


@dataclass(frozen=True, slots=True)
class Name:
    """A quantity: one letter, or a word such as `rate`."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Prose between the formulas."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """An operator, a relation or punctuation."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A sequence of pieces; `product` if the factors are adjacent."""

    items: tuple[Tree, ...]
    product: bool = False


@dataclass(frozen=True, slots=True)
class Fraction:
    """A numerator over a denominator."""

    over: Tree
    under: Tree


@dataclass(frozen=True, slots=True)
class Scripts:
    """The subscript and superscript of a base; None if absent."""

    base: Tree
    below: Tree | None
    above: Tree | None


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    of: Tree


@dataclass(frozen=True, slots=True)
class Fence:
    """A bracketed expression with any kind of bracket."""

    left: str
    inside: Tree
    right: str


@dataclass(frozen=True, slots=True)
class Hat:
    """A quantity with a hat."""

    base: Tree


@dataclass(frozen=True, slots=True)
class Applied:
    """A function application: `tanh(z)`, `log t`; `sum` for Σ and Π, which take a whole product."""

    function: Tree
    to: Tree
    sum: bool = False


@dataclass(frozen=True, slots=True)
class Slope:
    """The gradient of the loss with respect to a quantity."""

    by: Tree


Tree = (
    Name | Number | Words | Sign | Row | Fraction | Scripts | Root | Fence | Hat | Applied | Slope
)

_PAIRS = {"(": ")", "[": "]", "⌊": "⌋", "|": "|"}
_RELATIONS = ("=", "←", "<", ">", "≤", "≥", "≠", "∈", ",", ";", ":")


class _Unreadable(Exception):
    pass


def read_formula(text: str) -> Tree:
    """Return the tree of a formula; for other text, its words."""
    try:
        reader = _Reader(tokens(text))
        tree = reader.sequence()
        return tree if reader.ended else Words(text)
    except _Unreadable:
        return Words(text)


class _Reader:
    """A recursive descent parser over the tokens; every method parses one level of the grammar."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens, self.at, self.bars = found, 0, 0

    @property
    def ended(self) -> bool:
        return self.at == len(self.tokens)

    @property
    def token(self) -> Token:
        return Token(Kind.END, "", True) if self.ended else self.tokens[self.at]

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def sequence(self, close: str = "") -> Tree:
        """Parse formulas, relations and prose up to a closing bracket, or to the end."""
        items: list[Tree] = []
        while not self.ended and self.token.text != close:
            if self.token.kind is Kind.WORD:
                items.append(self.words())
            elif self.token.text in _RELATIONS:
                items.append(Sign(self.take().text))
            else:
                found = self.sum()
                items += found.items if isinstance(found, Row) and not found.product else (found,)
        return items[0] if len(items) == 1 else Row(tuple(items))

    def words(self) -> Words:
        found = [self.take().text]
        while self.token.kind is Kind.WORD:
            found.append(self.take().text)
        return Words(" ".join(found))

    def sum(self) -> Tree:
        items = [self.signed()]
        while self.token.text in ("+", "−"):
            items += [Sign(self.take().text), self.signed()]
        return items[0] if len(items) == 1 else Row(tuple(items))

    def signed(self) -> Tree:
        if self.token.text in ("−", "+", "→"):
            return Row((Sign(self.take().text), self.term()))
        return self.term()

    def term(self) -> Tree:
        """Parse products with a sign, and quotients with spaces around the slash."""
        left = self.product()
        while self.token.text in ("·", "*", "/"):
            if self.take().text == "/":
                left = Fraction(left, self.product())
            else:
                left = Row((left, Sign("·"), self.product()))
        return left

    def product(self) -> Tree:
        """Parse adjacent factors."""
        if self.token.kind is Kind.WORD:
            return self.words()
        items = [self.factor()]
        while self.begins_factor() and not isinstance(items[-1], Words):
            items.append(self.factor())
        return items[0] if len(items) == 1 else Row(tuple(items), product=True)

    def begins_factor(self) -> bool:
        token = self.token
        if token.text == "|":
            return not self.bars
        return token.kind in (Kind.NAME, Kind.SLOPE, Kind.NUMBER, Kind.FUNCTION, Kind.SUM) or (
            token.text in ("(", "[", "⌊", "√")
        )

    def factor(self) -> Tree:
        left = self.scripted()
        while self.token.text == "/" and not self.token.spaced and not self.followed_by_space():
            self.take()
            left = Fraction(left, self.scripted())
        return left

    def followed_by_space(self) -> bool:
        return self.at + 1 >= len(self.tokens) or self.tokens[self.at + 1].spaced

    def scripted(self) -> Tree:
        base = self.primary()
        return self.scripts(base)

    def scripts(self, base: Tree) -> Tree:
        """Parse subscripts and superscripts: `x₁`, `x[i]`, `xᵀ`, `10^(2i/D)`."""
        below: list[Tree] = []
        above: list[Tree] = []
        while not self.ended:
            token = self.token
            if token.kind is Kind.BELOW:
                below.append(_script(self.take().text))
            elif token.kind is Kind.ABOVE:
                above.append(_script(self.take().text))
            elif token.text == "′":
                above.append(Sign(self.take().text))
            elif token.text == "^":
                self.take()
                exponent = self.primary()
                above.append(exponent.inside if isinstance(exponent, Fence) else exponent)
            elif token.text == "[" and not token.spaced:
                self.take()
                below.append(self.closed("]"))
            else:
                break
        if not below and not above:
            return base
        if isinstance(base, Slope) and below:
            return self._scripted(Slope(self._scripted(base.by, below, [])), [], above)
        return self._scripted(base, below, above)

    @staticmethod
    def _scripted(base: Tree, below: list[Tree], above: list[Tree]) -> Tree:
        parts = [Row(tuple(p)) if len(p) > 1 else p[0] if p else None for p in (below, above)]
        return Scripts(base, *parts) if any(parts) else base

    def closed(self, close: str) -> Tree:
        inside = self.sequence(close)
        if self.ended:
            raise _Unreadable
        self.take()
        return inside

    def primary(self) -> Tree:
        token = self.take()
        if token.kind in _PRIMARIES:
            return _PRIMARIES[token.kind](self, token)
        if token.text == "√":
            return Root(self.scripted()) if self.begins_factor() else Sign("√")
        if token.text in _PAIRS:
            return self.fenced(token.text)
        if token.text == "…":
            return Sign("…")
        raise _Unreadable

    def fenced(self, left: str) -> Tree:
        bars, self.bars = self.bars, left == "|"
        inside = self.closed(_PAIRS[left])
        self.bars = bars
        return Fence(left, inside, _PAIRS[left])

    def name(self, token: Token) -> Tree:
        if self.token.kind is Kind.HAT:
            self.take()
            return Hat(Name(token.text))
        return Name(token.text)

    def function(self, token: Token) -> Tree:
        """Parse a function with the next factor; among words, the name of a function is a word."""
        function = self.scripts(Name(token.text))
        if self.token.kind is Kind.WORD:
            return Words(f"{token.text} {self.words().text}")
        if not self.begins_factor():
            return function
        return Applied(function, self.scripted() if self.token.text == "(" else self.factor())

    def summed(self, token: Token) -> Tree:
        function = self.scripts(Sign({"Σ": "∑", "Π": "∏"}[token.text]))
        left = self.product()
        while self.token.text == "·":
            left = Row((left, Sign(self.take().text), self.product()))
        return Applied(function, left, sum=True)

    def slope(self, token: Token) -> Tree:
        return Slope(Name(token.text[1:]))

    def number(self, token: Token) -> Tree:
        if token.text == "½":
            return Fraction(Number("1"), Number("2"))
        return Number(token.text)


_PRIMARIES: dict[Kind, Callable[[_Reader, Token], Tree]] = {
    Kind.NAME: _Reader.name,
    Kind.FUNCTION: _Reader.function,
    Kind.SUM: _Reader.summed,
    Kind.SLOPE: _Reader.slope,
    Kind.NUMBER: _Reader.number,
    Kind.WORD: lambda reader, token: Words(token.text),
}


def _script(text: str) -> Tree:
    """Parse a subscript or superscript: digits are a number, letters a word, signs are signs."""
    if text.isdigit():
        return Number(text)
    if text.isalpha():
        return Name(text)
    pieces = [Number(c) if c.isdigit() else Sign(c) if c in "+−" else Name(c) for c in text]
    return pieces[0] if len(pieces) == 1 else Row(tuple(pieces))
