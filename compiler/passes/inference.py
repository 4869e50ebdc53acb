"""Graphs that keep nothing for later: predict's, and that of the gradient of the data.

predict runs with everything that is random in training switched off:

    before  %4 = dropout_mask(%3); %5 = mul(%3, %4)
    after   %5 is %3
"""

from __future__ import annotations

from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.norm import rescaled
from ..ops.source import const
from .eliminate_dead_code import eliminate_dead_code
from .rewrite import rewrite
from .share_common import share_common
from .simplify import simplify
from .verify import verify


def inference_graph(graph: Graph, level: int) -> Graph:
    """What the graph's outputs need, as a trained network computes it."""
    return standalone_graph(rewrite(graph, _switch_off), level)


def standalone_graph(graph: Graph, level: int) -> Graph:
    """What the graph's outputs need, and nothing else."""
    result = eliminate_dead_code(simplify(graph))
    if level:
        result = eliminate_dead_code(share_common(result))
    verify(result, "standalone")
    return result


def _switch_off(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    match node.op:
        case "dropout_mask":
            return const(build, 1.0)
        case "gaussian_noise":
            return const(build, 0.0)
        case "batch_stats":
            return build.emit("running_stats", *inputs[1:3], eps=node.attr("eps"))
        case "standardized" if len(inputs) == 3:
            return rescaled(inputs[0], inputs[1])
    return None
