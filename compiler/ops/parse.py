"""Parsing of printed op graphs: the inverse of `graph_text`, for tests and edits by hand.

    %3 : (B, 3) = matmul(%2, %0)                    # forward dense1 model.nn:1 as dense1_z
    out:y = %3

Formulas and notes are not printed, and are empty in the parsed graph. Spans refer to lines of
specs whose text is unknown.
"""

from __future__ import annotations

import ast
import re
from operator import add, floordiv, mul, sub

from ..ir.dims import Dim, Sym, symbol
from ..ir.op_graph import Attr, Graph, Node, Origin, Role
from ..source import Source, Span
from .registry import OPS

NODE = re.compile(
    r"%(\d+) : (\(.*?\)) = (\w+)\((.*)\)\s+# (\w+) (\S+)((?: \S+:\d+)*)(?: as (\S+))?"
)
VALUE = re.compile(r"%(\d+)")
PLACE = re.compile(r" (\S+):(\d+)")
OUTPUT = re.compile(r"(\S+) = %(\d+)")
WORDS = {"inf": float("inf"), "nan": float("nan")}
ARITHMETIC = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.FloorDiv: floordiv}


class GraphSyntaxError(ValueError):
    """A line that is neither a node nor an output of a graph, or an invalid op."""


def parse_graph(text: str) -> Graph:
    """Parse a graph; blank lines and lines that begin with `#` are skipped.

    Raises GraphSyntaxError with the line number. Types are inferred from the ops; a different
    written shape is an error.
    """
    nodes: list[Node] = []
    outputs: dict[str, int] = {}
    sources = _sources(text)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if line.startswith("%"):
                nodes.append(_node(line, nodes, sources))
            else:
                name, id = _match(OUTPUT, line).groups()
                outputs[name] = _earlier(int(id), nodes).id
        except (ValueError, KeyError, SyntaxError) as error:
            raise GraphSyntaxError(f"line {number}: {error}") from None
    return Graph(tuple(nodes), outputs)


def _match(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    found = pattern.fullmatch(line.rstrip())
    if found is None:
        raise ValueError(f"no node and no output: {line.strip()}")
    return found


def _node(line: str, before: list[Node], sources: dict[str, Source]) -> Node:
    id, shape, op, written, role, layer, places, hint = _match(NODE, line).groups()
    if int(id) != len(before):
        raise ValueError(f"%{id} where %{len(before)} comes next")
    if op not in OPS:
        raise ValueError(f"no op '{op}'")
    inputs, attrs = _arguments(written)
    operands = tuple(_earlier(i, before) for i in inputs)
    type = OPS[op].infer(tuple(node.type for node in operands), attrs)
    if type.array() != shape:
        raise ValueError(f"%{id} is {type.array()}, not {shape}")
    spans = tuple(_place(place, sources) for place in places.split())
    origin = Origin(layer, spans, Role(role), hint=hint or "")
    return Node(int(id), op, inputs, tuple(sorted(attrs.items())), type, origin)


def _earlier(id: int, nodes: list[Node]) -> Node:
    if id >= len(nodes):
        raise ValueError(f"%{id} is not computed before")
    return nodes[id]


def _arguments(written: str) -> tuple[tuple[int, ...], dict[str, Attr]]:
    """Parse `%4, %3, axes=(1,)` into operands and attributes."""
    named = VALUE.sub(r"_\1", written)  # parsed as a Python call, never executed
    call = ast.parse(f"f({named})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(f"these are no operands: {written}")
    inputs = [int(arg.id[1:]) for arg in call.args if isinstance(arg, ast.Name)]
    return tuple(inputs), {str(k.arg): _value(k.value) for k in call.keywords}


def _value(tree: ast.expr) -> Attr:
    """Parse an attribute: a number, a string, a dimension, or a tuple of these."""
    match tree:
        case ast.Constant(value=int() | float() | str() | None as value):
            return value
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.Name(id=word):
            return WORDS[word] if word in WORDS else symbol(word)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            positive = _value(inner)
            return -positive if isinstance(positive, float) else 0 - _dim(positive)
        case ast.BinOp(left=left, op=op, right=right):
            result: Dim = ARITHMETIC[type(op)](_dim(_value(left)), _dim(_value(right)))
            return result
    raise ValueError(f"no attribute: {ast.unparse(tree)}")


def _dim(value: Attr) -> Dim:
    if not isinstance(value, int | Sym):
        raise ValueError(f"no dimension: {value}")
    return value


def _sources(text: str) -> dict[str, Source]:
    """The named specs, each with as many empty lines as the largest line number requires."""
    lines: dict[str, int] = {}
    for name, line in PLACE.findall(text):
        lines[name] = max(int(line), lines.get(name, 1))
    return {name: Source(name, "\n" * count) for name, count in lines.items()}


def _place(text: str, sources: dict[str, Source]) -> Span:
    """Parse `model.nn:3` into a span on that line."""
    name, _, line = text.rpartition(":")
    return sources[name].span(int(line) - 1, int(line) - 1)
