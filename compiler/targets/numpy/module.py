"""The view of a whole module: all function bodies, for the templates."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from ...contents import Contents
from ...ir.layer_graph import Parameter, Setting, TypedGraph
from ...ir.op_graph import Graph, Role
from ...kinds.lower.losses import ROW_WEIGHTS, SHARE
from ...losses import LOSSES
from ...losses.registry import target_kind
from ...lower.losses import ignored_id, target_layers, target_name
from ...ops.source import RANDOM
from ...passes.pipeline import Function
from ...program.kernels import Kernel
from ...program.program import Program
from ...version import VERSION
from .arrays import ArrayView, ParamView, StateView, array_view
from .batches import batch_counts, fresh_state
from .bodies import alone_view, cache_view, constant_views, gradient_copies, kernel_view
from .frame import clean, file_name
from .least_squares import solve_parts
from .names import Names
from .optimizer import optimizer_view
from .pull_back import jacobian_view, upstreams, vjp_view
from .rates import clip_view, schedule_view, train_constants
from .sizes import size_views
from .stepping import step_view
from .view import ModuleView

CONTRACT = 1
"""Version of the module contract that generated modules follow."""


def module_view(
    program: Program, names: Names, spec: str, file: str, contents: Contents = Contents.MODULE
) -> ModuleView:
    """Return the template view of a program; `spec` is its text with includes inlined."""
    typed, file = program.typed, file_name(file)
    targets, arrays = _targets(typed, names), _arrays(program, names)
    into = "grads" if contents is Contents.BARE else ""
    return ModuleView(
        title=clean(typed.graph.model or file.removesuffix(".nn")),
        file=clean(file),
        spec=spec,
        sha256=hashlib.sha256(spec.encode()).hexdigest(),
        version=VERSION,
        contract=CONTRACT,
        level=program.level,
        dtype=typed.graph.dtype,
        targets=targets,
        weights=_row_weights(names),
        shares=_shares(names),
        shares_state=_has(names, "shared"),
        started=_has(names, "started"),
        cells=_has(names, "cells"),
        **arrays,
        **_training(program, names),
        **_functions(program, names, arrays["inputs"], targets, into),
    )


def _has(names: Names, attribute: str) -> bool:
    """Return whether any op has this attribute."""
    return any(dict(node.attrs).get(attribute) for node in names.graph.nodes)


def _arrays(program: Program, names: Names) -> dict[str, Any]:
    """Return the arrays of the module: inputs, outputs, targets, parameters, state, constants."""
    typed, by_rows = program.typed, program.by_rows
    sizes = tuple(size_views(typed))
    return {
        "inputs": _inputs(typed, names),
        "outputs": _outputs(typed),
        "ragged_outputs": _ragged_outputs(typed),
        "params": tuple(_param(p) for p in typed.params),
        "frozen": tuple(p.name for p in typed.params if p.frozen),
        "weight_arrays": tuple(p.name for p in typed.trained if p.role == "weight"),
        "by_columns": tuple(p.name for p in typed.params if p.name not in by_rows),
        "states": tuple(StateView(s.name, s.shape, s.start) for s in typed.states),
        "fresh_state": tuple(fresh_state(names.graph, typed)),
        "batch_counts": tuple(batch_counts(names, sizes)),
        "sizes": sizes,
        "random": any(n.op in RANDOM for n in names.graph),
    }


def _training(program: Program, names: Names) -> dict[str, Any]:
    """Return the training settings: losses, metrics, optimizer, schedule, clipping."""
    typed, update = program.typed, program.update
    training, setting = typed.graph.training, typed.graph.training.optimizer
    step = None
    if setting is not None and update is not None:
        step = optimizer_view(setting, update, program.level, names.target)
    return {
        "losses": tuple(
            (loss.name, loss.setting.kind.split(" ")[-1].replace("merge", "fn"))
            for loss in typed.graph.losses
        ),
        "loss_text": _loss_text(typed),
        "penalised": _uses_params(names.kernels.loss),
        "train": _train(typed),
        "metrics": tuple(metric_label(m) for m in training.metrics),
        "optimizer": step,
        "schedule": schedule_view(training),
        "clip": clip_view(training.clip),
    }


def _functions(
    program: Program,
    names: Names,
    inputs: tuple[ArrayView, ...],
    targets: tuple[ArrayView, ...],
    into: str,
) -> dict[str, Any]:
    """Return the bodies of the functions, and the constants and the cache that they need.

    `into` is a dict into which backward writes gradients as it computes them."""
    typed, graph, kernels = program.typed, names.graph, names.kernels
    forward = kernel_view(names, kernels.forward, graph.outputs_for("out"))
    parts, grads = graph.outputs_for("loss"), graph.outputs_for("grad")
    padded = tuple(dict.fromkeys(a.lengths for a in targets if a.lengths))
    loss = kernel_view(names, kernels.loss, parts, padded) if kernels.loss else None
    backward = None
    if kernels.backward:
        backward = kernel_view(names, kernels.backward, grads, padded, into)
    predict = alone_view(names, program, Function.PREDICT)
    input_gradient = alone_view(names, program, Function.INPUT_GRADIENT)
    per_example = alone_view(names, program, Function.PER_EXAMPLE)
    features = alone_view(names, program, Function.FEATURES)
    return {
        "forward": forward,
        "loss": loss,
        "backward": backward,
        "predict": predict,
        "input_gradient": input_gradient,
        "counts": alone_view(names, program, Function.COUNTS),
        "per_example": per_example,
        "solve": solve_parts(typed, features) if features else None,
        "step": step_view(names, program, {a.name: a for a in inputs}),
        "vjp": vjp_view(names),
        "upstreams": upstreams(names),
        "jacobian": jacobian_view(names),
        "gradient_copies": gradient_copies(names, backward) if backward else (),
        "constants": constant_views(names),
        "cache": cache_view(names),
    }


def _ragged_outputs(typed: TypedGraph) -> dict[str, int]:
    """Return the outputs with padding, each with the padded axis of the whole array."""
    types = {o.name: typed.types[o.layer] for o in typed.graph.outputs}
    return {name: type.ragged_axis + 1 for name, type in types.items() if type.ragged}


def _loss_text(typed: TypedGraph) -> str:
    """Describe the loss in words and formulas."""
    parts = []
    for loss in typed.graph.losses:
        weight = f"{loss.weight:g} times " if loss.weight != 1 else ""
        formula = LOSSES[loss.setting.kind].formula_of(
            loss.setting, by_row=typed.graph.training.weighs_rows
        )
        own = formula.startswith(f"{loss.name} = ")  # a formula of the spec is called by its name
        parts.append(f"{weight}{formula}" if own else f"{weight}{loss.name}, {formula}")
    if typed.graph.regularize is not None:
        parts.append("the penalty l1 Σ|w| + l2/2 Σw²")
    return "; plus ".join(parts) + "."


def _uses_params(kernel: Kernel | None) -> bool:
    """Return whether the kernel reads parameters, as penalties do."""
    if kernel is None:
        return False
    return any(kernel.graph[i].op == "param" for n in kernel.nodes for i in n.inputs)


def _inputs(typed: TypedGraph, names: Names) -> tuple[ArrayView, ...]:
    graph, known = names.graph, names.names
    variables = {n.attr("name"): known[n.id] for n in graph if n.op == "input"}
    lengths = {n.word("name"): known[n.id] for n in graph if n.op == "lengths"}
    limits = id_limits(graph)
    views = []
    for n in typed.graph.layers:
        if n.kind == "input":
            type = typed.types[n.id]
            array = array_view(n.name, variables[n.name], type.shape, type.dtype.value)
            limit = limits.get(n.name)
            views.append(replace(array, classes=limit, lengths=lengths.get(n.name, "")))
    return tuple(views)


def id_limits(graph: Graph) -> dict[str, int]:
    """Return, for every input of ids, the number of rows of the smallest table that it indexes."""
    limits: dict[str, int] = {}
    for node in graph:
        if node.op != "take_rows":
            continue
        table, ids = node.inputs
        count, todo = graph[table].type.shape[0], [ids]
        while todo:
            behind = graph[todo.pop()]
            todo += behind.inputs
            if behind.op == "input" and isinstance(count, int):
                name = behind.word("name")
                limits[name] = min(count, limits.get(name, count))
    return limits


def _outputs(typed: TypedGraph) -> tuple[ArrayView, ...]:
    return tuple(
        array_view(o.name, o.name, typed.shape_of(o.layer), "float") for o in typed.graph.outputs
    )


def _targets(typed: TypedGraph, names: Names) -> tuple[ArrayView, ...]:
    variables = {n.attr("name"): names.names[n.id] for n in names.graph if n.op == "target"}
    views = []
    for layer in target_layers(typed):
        name = target_name(typed, layer)
        kinds = {loss.setting.kind for loss in typed.graph.losses if loss.layer == layer}
        array = array_view(name, variables[name], typed.shape_of(layer), target_kind(kinds))
        lengths, axis = _target_lengths(names.graph, name)
        if lengths is not None:
            array = replace(array, lengths=names.names[lengths], ragged_axis=axis)
        ids, weights = (variables.get(f"{name}.{what}", "") for what in ("ids", "weights"))
        ignore = ignored_id(typed.graph.losses, layer)
        views.append(replace(array, ids=ids, weights=weights, ignore=ignore))
    return tuple(views)


def _row_weights(names: Names) -> str:
    """Return the variable of the rows' weights, where the loss takes any."""
    found = (n for n in names.graph if n.op == "target" and n.attr("name") == ROW_WEIGHTS)
    return next((names.names[n.id] for n in found), "")


def _shares(names: Names) -> dict[str, str]:
    """Return the losses of which rows may have a share, each with the variable of the share."""
    leaves = (n for n in names.graph if n.op == "target" and n.word("name").startswith(SHARE))
    return {n.word("name").removeprefix(SHARE): names.names[n.id] for n in leaves}


def _target_lengths(graph: Graph, target: str) -> tuple[int | None, int]:
    """Return the lengths that mask a loss's values of a target, and their axis."""
    behind: set[int] = set()
    for node in graph:
        if node.op == "target" and node.attr("name") == target:
            behind.add(node.id)
        elif behind & set(node.inputs) and node.origin.role is Role.LOSS:
            behind.add(node.id)
            if node.op == "mask_steps":
                return node.inputs[1], node.whole("axis")
    return None, 1


def _param(p: Parameter) -> ParamView:
    return ParamView(p.name, tuple(p.shape), p.init.name, dict(p.init.args), p.fan_in, p.fan_out)


def metric_label(metric: Setting) -> str:
    """Return the name of a metric in the module: `f1`, `top_k(3)` where k is given, `f1 on y`."""
    name = f"{metric.kind}({metric.args['k']})" if "k" in metric.given else metric.kind
    return f"{name} on {metric.args['on']}" if "on" in metric.given else name


def _train(typed: TypedGraph) -> dict[str, object]:
    training = typed.graph.training
    found: dict[str, object] = dict(training.train)
    if training.optimizer is not None:
        found["optimizer"] = training.optimizer.kind
        found.update({k: v for k, v in training.optimizer.args.items() if v is not None})
    return {**found, **train_constants(training)}
