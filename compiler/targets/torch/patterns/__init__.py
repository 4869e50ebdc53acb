"""What PyTorch has a call of its own for, found in the op graph of forward and losses.

The ops that patterns make begin with `F_` where they are functions of torch.nn.functional; their
macros are in templates/torch. What no pattern finds is written op by op.
"""

from __future__ import annotations

from collections.abc import Callable

from ....ir.op_graph import Graph
from ....ops.source import LEAVES
from ....patterns.dense import stacked_products
from ....patterns.found import Found, needed
from ....patterns.norms import batch_norms, layer_norms
from .activations import clipped_relus, dropouts, gated
from .attention import attentions
from .losses import means, whole_losses
from .norms import group_norms, rms_norms, training_norms
from .recurrent import recurrent_layers
from .windows import windows, with_biases

PATTERNS: tuple[Callable[[Found], None], ...] = (
    *(stacked_products, attentions, gated, clipped_relus, dropouts),
    *(group_norms, layer_norms, rms_norms, batch_norms, training_norms),
    *(windows, with_biases, recurrent_layers, means, whole_losses),
)
"""The patterns, in the order in which they are looked for."""


def with_patterns(graph: Graph) -> Graph:
    """Return the graph with every pattern found, and without what nothing needs any more."""
    found = Found(graph)
    for pattern in PATTERNS:
        pattern(found)
    return needed(found.graph(), LEAVES)
