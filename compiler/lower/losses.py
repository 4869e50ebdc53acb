"""Lowering of losses and penalties: each loss is a scalar, the total their weighted sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..ir.layer_graph import Loss, Setting, TypedGraph
from ..ir.op_graph import Origin, Role
from ..ir.reading import number, whole
from ..ir.types import TensorType
from ..kinds.lower.losses import SHARE, LossContext
from ..losses import LOSSES
from ..ops.build import Builder, Value
from ..ops.elementwise import scale, unary
from ..ops.lengths import lengths_before
from ..ops.reduction import sum_all
from ..ops.source import leaf

PARTIAL_SUM = 16
"""Most penalty terms in one statement; longer formulas would be hard to read."""


def lower_losses(
    typed: TypedGraph,
    build: Builder,
    values: Mapping[int, Value],
    params: Mapping[str, Value],
    lengths: Mapping[int, Value | None],
    *,
    per_row: bool = False,
    shared: bool = False,
) -> None:
    """Emit every loss, the penalty if there is one, and their sum `total`.

    With `per_row` the losses are sums of the losses of single rows, without the penalty. With
    `shared` the rows are a part of a batch: each mean, and the penalty, has a factor known at run
    time. A sum has none: the sums of all parts add up to that of the batch.
    """
    targets: dict[int, Value] = {}
    parts = []
    for loss in typed.graph.losses:
        means = shared and loss.setting.args["reduction"] != "sum"
        part = lower_loss(typed, build, loss, values, targets, lengths, per_row, means)
        build.outputs[f"loss:{loss.name}"] = part.id
        parts.append(part)
    if typed.graph.regularize is not None and not per_row:
        penalty = lower_penalty(typed, build, typed.graph.regularize, params)
        if penalty is not None:
            penalty = _share(build, penalty, "regularize") if shared else penalty
            build.outputs["loss:regularize"] = penalty.id
            parts.append(penalty)
    build.origin = Origin("loss", (typed.graph.losses[0].setting.span,), Role.LOSS)
    total = parts[0]
    for part in parts[1:]:
        total = build.describe(total + part, formula="the total loss")
    build.outputs["total"] = total.id


def lower_loss(
    typed: TypedGraph,
    build: Builder,
    loss: Loss,
    values: Mapping[int, Value],
    targets: dict[int, Value],
    lengths: Mapping[int, Value | None],
    per_row: bool,
    shared: bool = False,
) -> Value:
    """Return one loss as a term of the total, including its weight, and its share if `shared`."""
    span = loss.setting.span
    build.origin = Origin(loss.name, (span,), Role.LOSS)
    output = values[loss.layer]
    if loss.compares and loss.layer not in targets:
        name = target_name(typed, loss.layer)
        target = leaf(build, "target", name, TensorType(output.type.shape))
        targets[loss.layer] = build.describe(
            target, hint="target" if name == "target" else f"{name}_target"
        )
    kind = LOSSES[loss.setting.kind]
    axis = typed.types[loss.layer].ragged_axis + 1
    context = LossContext(
        build,
        loss.name,
        loss.weight,
        loss.setting.args,
        output,
        targets[loss.layer] if loss.compares else None,
        lengths_before(build, (lengths[i] for i in loss.layers)),
        axis,
        per_row,
        kind.mean,
        weighted=typed.graph.training.weighs_rows and not per_row,
        more=tuple(values[i] for i in loss.more),
        shared=shared,
    )
    value = kind.lower(context)
    if loss.weight != 1.0:
        value = scale(value, loss.weight)
    formula = kind.formula_of(loss.setting, loss.weight, by_row=context.weighted)
    value = build.describe(value, formula=formula, hint=f"{loss.name}_loss")
    return _share(build, value, loss.name) if shared else value


def _share(build: Builder, value: Value, name: str) -> Value:
    """Multiply a loss by the share of these rows in that of the whole batch."""
    share = leaf(build, "target", f"{SHARE}{name}", TensorType(()))
    share = build.describe(share, hint=f"{name}_share")
    return build.describe(share * value, formula="the share of these rows", hint=f"{name}_part")


def target_layers(typed: TypedGraph) -> list[int]:
    """Return the layers that losses compare with a target, in order, each once."""
    return list(dict.fromkeys(n.layer for n in typed.graph.losses if n.compares))


def ignored_id(losses: Sequence[Loss], layer: int) -> int | None:
    """The class id of a layer's target that counts for nothing (`ignore=`)."""
    found = (loss.setting.args.get("ignore") for loss in losses if loss.layer == layer)
    return next((whole(i) for i in found if i is not None), None)


def target_name(typed: TypedGraph, layer: int) -> str:
    """Return `target` if there is only one, else the name of the compared output or stage."""
    if len(target_layers(typed)) == 1:
        return "target"
    outputs = {o.layer: o.name for o in typed.graph.outputs}
    return outputs.get(layer) or next(n.on for n in typed.graph.losses if n.layer == layer)


def lower_penalty(
    typed: TypedGraph, build: Builder, setting: Setting, params: Mapping[str, Value]
) -> Value | None:
    """Emit l1·Σ|w| + l2/2·Σw² over all trained weight arrays, each once."""
    l1, l2 = number(setting.args["l1"]), number(setting.args["l2"])
    total: Value | None = None
    weights = [p for p in typed.trained if p.role == "weight"]
    for count, param in enumerate(weights):
        w = params[param.name]
        for factor, term in ((l2 / 2, "square"), (l1, "abs")):
            if factor:
                build.origin = Origin("regularize", (setting.span,), Role.LOSS)
                part = scale(sum_all(unary(term, w)), factor)
                total = part if total is None else total + part
        if total is not None and count % PARTIAL_SUM == PARTIAL_SUM - 1:
            total = build.describe(total, hint="regularize_loss")
    if total is None:
        return None
    return build.describe(total, formula="l1 Σ|w| + l2/2 Σw²", hint="regularize_loss")
