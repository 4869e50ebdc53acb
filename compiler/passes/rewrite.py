"""Rebuilding of a graph node by node, which every pass uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.op_graph import Graph, Node, Origin, Role
from ..ops.build import Builder, Value
from ..ops.source import FREE

Rule = Callable[[Builder, Node, tuple[Value, ...]], Value | None]
"""Returns the replacement of a node, given its new inputs, or None to keep the node."""


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """Apply a rule to every node in order; replacements take over a node's name and origin."""
    build = Builder(Origin("", (), Role.FORWARD))
    new: dict[int, Value] = {}
    for node in graph:
        build.origin = node.origin.wordless()
        inputs = tuple(new[i] for i in node.inputs)
        count = len(build.nodes)
        value = rule(build, node, inputs)
        if value is None:
            build.origin = node.origin
            value = build.append(node.op, tuple(v.id for v in inputs), node.attrs, node.type)
        else:
            _inherit(build, value, node.origin, fresh=value.id >= count)
        new[node.id] = value
    outputs = {name: new[i].id for name, i in graph.outputs.items()}
    return replace(graph, nodes=tuple(build.nodes), outputs=outputs)


def _inherit(build: Builder, value: Value, origin: Origin, *, fresh: bool) -> None:
    """Give a replacement the replaced node's origin; an existing value keeps its own first.

    The note of a gradient is not given to an equal value of the loss, unless that value takes over
    the gradient's name as well."""
    node = build.nodes[value.id]
    if node.op in FREE:
        return  # shared by many layers, and has no comment
    if not fresh and origin.role is not node.origin.role and (node.origin.hint or not origin.hint):
        origin = replace(origin, formula="")
    merged = origin.union(node.origin) if fresh else node.origin.union(origin)
    build.nodes[value.id] = replace(node, origin=merged)
