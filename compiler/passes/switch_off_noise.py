"""Switch off the ops that are random in training, for functions that only predict.

    before  %4 = dropout_mask(%3); %5 = mul(%3, %4)
    after   %4 = const(1); %5 = mul(%3, %4)          and simplify makes %5 out of %3

A sum with noise that is off and multiplied by something loses that term: it need not be computed.
Batch statistics are replaced by the running statistics collected in training.
"""

from __future__ import annotations

from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.norm import rescaled, running_stats
from ..ops.source import const
from .rewrite import rewrite


def switch_off_noise(graph: Graph) -> Graph:
    """Replace ops that are random in training by their values in prediction."""
    return rewrite(graph, _rule)


def _rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    match node.op:
        case "dropout_mask":
            return const(build, 1.0)
        case "gaussian_noise":
            return const(build, 0.0)
        case "add":
            return _without_noise(build, node, inputs)
        case "batch_stats":
            return running_stats((inputs[1], inputs[2]), node.real("eps"))
        case "standardized" if len(inputs) == 3:
            return rescaled(inputs[0], inputs[1])
    return None


def _without_noise(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """Return the other term of a sum, if one is a product with zero and adds no axes."""
    for term, other in (inputs, inputs[::-1]):
        factors = [build.nodes[i] for i in build.nodes[term.id].inputs]
        is_product = build.nodes[term.id].op == "mul"
        if is_product and other.type == node.type and any(map(_is_zero, factors)):
            return other
    return None


def _is_zero(node: Node) -> bool:
    return node.op == "const" and node.attr("value") == 0.0 and node.type.rank == 0
