"""Lowering of an optimizer's step to ops on one array, which templates apply to all arrays."""

from __future__ import annotations

from ..ir.dims import symbol
from ..ir.layer_graph import Setting
from ..ir.op_graph import Graph, Origin, Role
from ..ir.types import TensorType
from ..kinds.lower.updates import UpdateContext
from ..ops.build import Builder, Value
from ..ops.source import leaf
from ..optimizers import OPTIMIZERS

SIZE = symbol("N")
"""Number of entries of the updated array."""

DECAY = "decay"
"""The name of the weight decay of each entry, where only weights decay."""


def lower_update(setting: Setting) -> Graph:
    """Return the graph of one optimizer step; outputs `param`, `slot:NAME` and `number:NAME`."""
    kind = OPTIMIZERS[setting.kind]
    build = Builder(Origin(setting.kind, (setting.span,), Role.UPDATE))
    array, scalar = TensorType((SIZE,)), TensorType(())

    def named(name: str, type: TensorType) -> Value:
        return build.describe(leaf(build, "input", name, type), hint=name)

    some = setting.args.get("weight_decay") and setting.args.get("decay") == "weights"
    context = UpdateContext(
        build,
        setting.args,
        named("p", array),
        named("g", array),
        named("rate", scalar),
        named("step", scalar),
        {slot: named(slot, array) for slot in kind.slots},
        {name: named(name, scalar) for name in kind.numbers},
        named(DECAY, array) if some else None,
    )
    result = kind.update(context)
    build.outputs["param"] = build.describe(result, hint="p").id
    return build.graph()
