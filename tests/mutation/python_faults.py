"""Faults in Python source: one operator, number, check or statement changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .sites import Mutant

OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
}
"""Each operator as written, and what a slip makes of it."""

SKIPPED = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)
"""What is said in a message is judged by the tests of messages, not by these."""


def python_mutants(path: str, text: str) -> Iterator[Mutant]:
    """Every fault of one file."""
    return _Finder(path, text).all()


SAMPLES = ("sample", "Sample")
"""Calls that say on what an op is tested: a fault there is none of the compiler."""


def _is_sample(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in SAMPLES


class _Finder:
    """Walks one file's syntax tree and yields mutants at the places it knows."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def all(self) -> Iterator[Mutant]:
        for node in self._walk(ast.parse(self.text)):
            match node:
                case ast.Compare(ops=[op]) if type(op) in OPERATORS:
                    yield from self._between(node.left, node.comparators[0], op, "comparison")
                case ast.BinOp() if type(node.op) in OPERATORS and not _is_text(node):
                    yield from self._between(node.left, node.right, node.op, "arithmetic")
                case ast.BoolOp(values=[first, second, *_]):
                    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                    yield from self._word(first, second, old, new, "connective")
                case ast.UnaryOp(op=ast.Not() | ast.USub()):
                    yield self._make(node, self._of(node.operand), "sign or negation dropped")
                case ast.Constant():
                    yield from self._constant(node)
                case ast.If(test=test, body=[ast.Raise() | ast.Return()], orelse=[]):
                    yield self._make(test, "False", "check dropped")
                case ast.IfExp(test=test):
                    yield self._make(test, f"not ({self._of(test)})", "choice turned round")
                case ast.Expr(value=ast.Call()) if node.col_offset:  # not a registration
                    yield self._make(node, "pass", "statement dropped")
                case ast.Call(args=[first, second, *_]) if _alike(first, second):
                    yield from self._swapped(first, second)

    def _walk(self, node: ast.AST) -> Iterator[ast.AST]:
        """All nodes but those of messages, annotations and decorators."""
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, SKIPPED):
                    if _is_sample(child):
                        continue
                    yield child
                    yield from self._walk(child)

    def _between(self, left: ast.expr, right: ast.expr, op: ast.AST, kind: str) -> Iterator[Mutant]:
        yield from self._word(left, right, *OPERATORS[type(op)], kind)

    def _word(
        self, left: ast.expr, right: ast.expr, old: str, new: str, kind: str
    ) -> Iterator[Mutant]:
        """The operator between two operands; parentheses may stand beside it."""
        begin, end = self._span(left)[1], self._span(right)[0]
        gap = self.text[begin:end]
        if "#" not in gap and (at := gap.find(old)) >= 0:
            yield self._at(begin + at, begin + at + len(old), new, kind)

    def _constant(self, node: ast.Constant) -> Iterator[Mutant]:
        match node.value:
            case bool(value):
                yield self._make(node, str(not value), "truth value")
            case int(value):
                yield self._make(node, str(value + 1), "off by one")
            case float(value):
                yield self._make(node, repr(2 * value if value else 1.0), "number doubled")

    def _swapped(self, first: ast.expr, second: ast.expr) -> Iterator[Mutant]:
        a, b = self._span(first), self._span(second)
        old = [self.text[slice(*span)] for span in (a, b)]
        if old[0] != old[1]:
            gap = self.text[a[1] : b[0]]
            yield self._at(a[0], b[1], old[1] + gap + old[0], "arguments exchanged")

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands, in characters (ast counts UTF-8 bytes in a line)."""
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        before = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(before)

    def _of(self, node: ast.AST) -> str:
        return self.text[slice(*self._span(node))]

    def _make(self, node: ast.AST, new: str, kind: str) -> Mutant:
        return self._at(*self._span(node), new, kind)

    def _at(self, start: int, end: int, new: str, kind: str) -> Mutant:
        line = self.text.count("\n", 0, start) + 1
        return Mutant(self.path, start, end, self.text[start:end], new, kind, line)


def _is_text(node: ast.BinOp) -> bool:
    """Whether strings are joined or formatted."""
    sides = (node.left, node.right)
    return any(
        isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str))
        for s in sides
    )


def _alike(first: ast.expr, second: ast.expr) -> bool:
    """Whether two arguments may be taken for each other; others are a TypeError at once."""
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.UnaryOp)
    numbers = [
        isinstance(n, ast.Constant) and not isinstance(n.value, str) for n in (first, second)
    ]
    return all(numbers) or (isinstance(first, plain) and type(first) is type(second))
