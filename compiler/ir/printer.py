"""Printing of graphs as stable text, for users, tests and --dump-after."""

from __future__ import annotations

from .op_graph import Attr, Graph, Node


def graph_text(graph: Graph) -> str:
    """Return a line for each node, then a line for each output."""
    lines = [_line(node) for node in graph]
    lines += [f"{name} = %{id}" for name, id in graph.outputs.items()]
    return "\n".join(lines) + "\n"


def node_text(node: Node) -> str:
    """Return a line such as `%5 : (B, 30) = add(%4, %3)`."""
    args = [f"%{i}" for i in node.inputs]
    args += [f"{name}={_attr(value)}" for name, value in node.attrs]
    return f"%{node.id} : {node.type.array()} = {node.op}({', '.join(args)})"


def _line(node: Node) -> str:
    head = node_text(node)
    words = [node.origin.role.value, node.origin.layer]
    words += [f"{s.source.name}:{s.line}" for s in node.origin.spans]
    if node.origin.hint:
        words.append(f"as {node.origin.hint}")
    return f"{head:<60}  # {' '.join(words)}"


def _attr(value: Attr) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_attr(v) for v in value) + ("," if len(value) == 1 else "") + ")"
    return repr(value) if isinstance(value, str) else str(value)
