"""A graph under rewriting, node by node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ..ir.op_graph import Attr, Graph, Node, renumbered


class Found:
    """The nodes of a graph; `merge` replaces a node's op, `alias` replaces its value."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = dict(graph.by_id)
        self._users = {id: list(users) for id, users in graph.users.items()}
        self._aliases: dict[int, int] = {}
        self._unused: set[int] = set()

    def __getitem__(self, id: int) -> Node:
        return self._nodes[self._aliases.get(id, id)]

    def nodes(self, *ops: str) -> Iterator[Node]:
        """Return the nodes of these ops, in order."""
        for node in self._graph:
            if self._nodes[node.id].op in ops and node.id not in self._aliases:
                yield self._nodes[node.id]

    def operand(self, node: Node, index: int, *ops: str) -> Node | None:
        """Return an operand if it is one of these ops."""
        found = self[node.inputs[index]]
        return found if found.op in ops else None

    def only_user(self, node: Node, *ops: str) -> Node | None:
        """Return the only user of a value if it is one of these ops."""
        users = [u for u in self._users[node.id] if u not in self._aliases]
        if len(users) != 1 or node.id in self._graph.outputs.values():
            return None
        user = self._nodes[users[0]]
        return user if user.op in ops else None

    def merge(self, node: Node, op: str, inputs: tuple[int, ...], **attrs: Attr) -> None:
        """Give a node another op and operands; its value, name and place are unchanged."""
        if node.id in self._unused:
            return
        given = tuple(sorted(attrs.items()))
        for i in inputs:
            self._users[self._final(i)].append(node.id)
        self._nodes[node.id] = replace(node, op=op, inputs=inputs, attrs=given)
        for i in node.inputs:
            self._release(self._final(i), node.id)

    def _release(self, id: int, user: int) -> None:
        """Take a user off a value, which goes with what it used if nothing is left that needs it."""
        self._users[id].remove(user)
        if not self._users[id] and id not in self._graph.outputs.values():
            self._unused.add(id)
            for i in self._nodes[id].inputs:
                self._release(self._final(i), id)

    def retype(self, node: Node, like: Node) -> None:
        """Give a node the type and the name of another."""
        self._nodes[node.id] = replace(self._nodes[node.id], type=like.type, origin=like.origin)

    def alias(self, node: Node, to: Node) -> None:
        """Replace a node by another one in all its users."""
        self._aliases[node.id] = to.id
        self._users[to.id] = [u for u in self._users[to.id] if u != node.id]
        self._users[to.id] += self._users[node.id]

    def graph(self) -> Graph:
        """Return the rewritten graph."""
        nodes = tuple(
            replace(n, inputs=tuple(self._final(i) for i in n.inputs))
            for n in self._nodes.values()
            if n.id not in self._aliases
        )
        outputs = {name: self._final(id) for name, id in self._graph.outputs.items()}
        return replace(self._graph, nodes=nodes, outputs=outputs)

    def _final(self, id: int) -> int:
        while id in self._aliases:
            id = self._aliases[id]
        return id


def needed(graph: Graph, kept: Collection[str]) -> Graph:
    """Return the nodes that outputs need, in order, and all nodes of the `kept` ops."""
    wanted = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in wanted:
            wanted.update(node.inputs)
    return renumbered(graph, [n for n in graph.nodes if n.id in wanted or n.op in kept])
