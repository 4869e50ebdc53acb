"""A whole module: both graphs optimised, every body written, the templates filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ..autodiff.reverse import differentiate
from ..emitted import CannotEmit
from ..ir.dims import Dim, Shape
from ..ir.layer_graph import Parameter, Setting, TypedGraph
from ..ir.op_graph import Graph, Role
from ..ir.sizes import batch_size
from ..losses import LOSSES
from ..losses.registry import target_kind
from ..lower.graph import lower
from ..lower.losses import target_layers, target_name
from ..ops.source import RANDOM
from ..passes.choose_convolutions import choose_convolutions
from ..passes.inference import inference_graph, standalone_graph
from ..passes.pipeline import LAYOUT, optimise
from ..passes.read_in_order import read_in_order
from ..program.kernels import Kernel
from ..program.layout import stored_by_rows
from ..version import VERSION
from .arrays import ArrayView, ParamView, StateView
from .batches import batch_counts, fresh_state
from .frame import clean
from .helpers import HELPERS_MARK, IMPORTS_MARK, helper_functions, helper_imports
from .jit_predict import jit_predict
from .jit_view import jit_view, update_kernel
from .least_squares import features_graph, solve_parts
from .optimizer import optimizer_view
from .program import (
    Program,
    build_program,
    cache_view,
    constant_views,
    gradient_copies,
    kernel_view,
    predict_view,
)
from .pullback import add_pull_backs, jacobian_view, real_inputs, row_gradients, upstreams, vjp_view
from .rates import clip_view, schedule_view, train_constants
from .sizes import size_views
from .target import Target, load_target
from .view import ModuleView

CONTRACT = 1
"""Version of the module contract that generated modules follow."""

READABLE = "numpy"
"""The target of -O0, whichever is asked for: what is to be read is plain NumPy."""

CHOICE = "choose-convolutions"

Watch = Callable[[str, Graph], None]


def generate(
    typed: TypedGraph,
    spec: str,
    file: str,
    level: int,
    target: str,
    emit: tuple[str, ...],
    watch: Watch,
    without: Collection[str] = (),
) -> str:
    """The module's source, before Black. `spec` is the text it comes from, includes inlined.

    `without` names optimisations to leave out.
    """
    loaded = load_target(target if level else READABLE)
    if loaded.has_whole("conv"):  # loops of its own, for which there is nothing to choose
        without = (*without, CHOICE)
    graphs = build_graphs(typed, level, emit, watch, without)
    view = _view(typed, graphs, spec, file, level, loaded, without)
    text = loaded.render("module.jinja", m=view, helpers=HELPERS_MARK, imports=IMPORTS_MARK)
    helpers = helper_functions(loaded, view, text)
    text = text.replace(IMPORTS_MARK, helper_imports(loaded, helpers))
    return text.replace(HELPERS_MARK, helpers)


@dataclass(frozen=True, slots=True)
class Graphs:
    """The optimised graphs of a module: a training step, predict, and the gradient of the data."""

    training: Graph
    inference: Graph
    data_gradient: Graph | None
    row_gradients: Graph | None = None
    features: Graph | None = None


def build_graphs(
    typed: TypedGraph,
    level: int,
    emit: tuple[str, ...],
    watch: Watch,
    without: Collection[str] = (),
) -> Graphs:
    """Lower, differentiate, optimise."""
    build = lower(typed)
    forward = build.graph()
    inference = inference_graph(forward.only("out"), level)
    if level and CHOICE not in without:
        inference = choose_convolutions(inference, rows=1, planned=False)
    inputs = real_inputs(typed)
    _refuse_emit(typed, emit, inputs)
    if typed.graph.losses:
        wanted = inputs if "input-gradient" in emit else []
        differentiate(build, build.outputs["total"], [p.name for p in typed.params], wanted)
    add_pull_backs(typed, build, emit)
    whole = build.graph()
    training = {n: i for n, i in whole.outputs.items() if not n.startswith("dx:")}
    data = whole.only("dx")
    return Graphs(
        optimise(Graph(whole.nodes, training), level, watch, without),
        inference,
        standalone_graph(data, level) if data.outputs else None,
        standalone_graph(row_gradients(typed), level) if "per-example" in emit else None,
        features_graph(typed, forward, level),
    )


def _refuse_emit(typed: TypedGraph, emit: tuple[str, ...], inputs: list[str]) -> None:
    """Say why a function cannot be generated for this model; raises CannotEmit."""
    if "input-gradient" in emit and not typed.graph.losses:
        raise CannotEmit("cannot emit 'input-gradient': the spec has no loss to differentiate")
    if "per-example" in emit and not typed.graph.losses:
        raise CannotEmit("cannot emit 'per-example': the spec has no loss to differentiate")
    if "per-example" in emit and typed.states:
        layer = typed.states[0].name.rpartition(".")[0]
        raise CannotEmit(f"cannot emit 'per-example': {layer} makes rows depend on each other")
    for name in ("input-gradient", "jacobian"):
        if name in emit and not inputs:
            raise CannotEmit(f"cannot emit '{name}': no input holds real numbers")


def training_program(
    typed: TypedGraph, graph: Graph, level: int, target: Target, without: Collection[str] = ()
) -> Program:
    """The training graph with a layout for every weight, and all names and arrays planned."""
    by_rows = frozenset(p.name for p in typed.params)
    if LAYOUT not in without:
        by_rows = stored_by_rows(graph, batch_size(typed.graph))
    if level:
        graph = read_in_order(graph, by_rows)
    return build_program(graph, level, target, promised_names(typed), by_rows, without)


def _view(
    typed: TypedGraph,
    graphs: Graphs,
    spec: str,
    file: str,
    level: int,
    target: Target,
    without: Collection[str],
) -> ModuleView:
    inference, leaves = graphs.inference, promised_names(typed)
    program = training_program(typed, graphs.training, level, target, without)
    training, by_rows = program.graph, program.by_rows
    kernels, setting = program.kernels, typed.graph.training.optimizer
    forward = kernel_view(program, kernels.forward, training.outputs_for("out"))
    parts, grads = training.outputs_for("loss"), training.outputs_for("grad")
    targets = _targets(typed, program)
    padded = tuple(dict.fromkeys(a.lengths for a in targets if a.lengths))
    loss = kernel_view(program, kernels.loss, parts, padded) if kernels.loss else None
    backward = kernel_view(program, kernels.backward, grads, padded) if kernels.backward else None
    predict = predict_view(program, inference, leaves)
    data = graphs.data_gradient
    input_gradient = predict_view(program, data, leaves) if data else None
    rows = graphs.row_gradients
    per_example = predict_view(program, rows, leaves) if rows else None
    features = predict_view(program, graphs.features, leaves) if graphs.features else None
    return ModuleView(
        title=clean(typed.graph.model or file.removesuffix(".nn")),
        file=clean(file),
        spec=spec,
        sha256=hashlib.sha256(spec.encode()).hexdigest(),
        version=VERSION,
        contract=CONTRACT,
        level=level,
        dtype=typed.graph.dtype,
        inputs=_inputs(typed, program),
        outputs=_outputs(typed),
        ragged_outputs=_ragged_outputs(typed),
        targets=targets,
        losses=tuple((loss.name, loss.setting.kind) for loss in typed.graph.losses),
        params=tuple(_param(p) for p in typed.params),
        by_columns=tuple(p.name for p in typed.params if p.name not in by_rows),
        states=tuple(StateView(s.name, s.shape, s.start) for s in typed.states),
        fresh_state=tuple(fresh_state(training, typed)),
        batch_counts=tuple(batch_counts(program, size_views(typed))),
        sizes=tuple(size_views(typed)),
        constants=constant_views(program),
        train=_train(typed),
        metrics=tuple(metric_label(m) for m in typed.graph.training.metrics),
        random=any(n.op in RANDOM for n in training),
        forward=forward,
        loss=loss,
        backward=backward,
        predict=predict,
        input_gradient=input_gradient,
        per_example=per_example,
        vjp=vjp_view(program),
        upstreams=upstreams(program),
        jacobian=jacobian_view(program, _outputs(typed)),
        gradient_copies=gradient_copies(program, backward) if backward else (),
        cache=cache_view(program),
        optimizer=optimizer_view(setting, level, target) if setting else None,
        schedule=schedule_view(typed.graph.training),
        clip=clip_view(typed.graph.training.clip),
        solve=solve_parts(typed, features) if features else None,
        loss_text=_loss_text(typed),
        penalised=_uses_params(kernels.loss),
        jit=jit_view(program, typed.params) if target.kind.jits else None,
        jit_update=update_kernel(setting, target) if setting and target.kind.jits else None,
        jit_predict=(
            jit_predict(program, inference, leaves, typed.params) if target.kind.jits else None
        ),
        jits=target.kind.jits,
    )


def _ragged_outputs(typed: TypedGraph) -> dict[str, int]:
    """Outputs that hold padding, with the axis of the whole array along which it lies."""
    types = {o.name: typed.types[o.layer] for o in typed.graph.outputs}
    return {name: type.ragged_axis + 1 for name, type in types.items() if type.ragged}


def _loss_text(typed: TypedGraph) -> str:
    """What the loss is, in words and formulas."""
    parts = []
    for loss in typed.graph.losses:
        weight = f"{loss.weight:g} times " if loss.weight != 1 else ""
        parts.append(f"{weight}{loss.name}, {LOSSES[loss.setting.kind].formula_of(loss.setting)}")
    if typed.graph.regularize is not None:
        parts.append("the penalty l1 Σ|w| + l2/2 Σw²")
    return "; plus ".join(parts) + "."


def _uses_params(kernel: Kernel | None) -> bool:
    """Whether the kernel reads parameters, as penalties do."""
    if kernel is None:
        return False
    return any(kernel.graph[i].op == "param" for n in kernel.nodes for i in n.inputs)


def promised_names(typed: TypedGraph) -> dict[str, str]:
    """The identifiers that the module's functions promise: x, y, target, where there is one each."""
    inputs = [n for n in typed.graph.layers if n.kind == "input"]
    granted = {}
    granted["train:train"] = "train"
    ragged = [n.name for n in inputs if typed.types[n.id].ragged]
    if len(ragged) == 1:
        granted[f"lengths:{ragged[0]}"] = "lengths"
    if len(inputs) == 1:
        granted[f"input:{inputs[0].name}"] = "x"
    if len(typed.graph.outputs) == 1:
        granted[f"out:{typed.graph.outputs[0].name}"] = "y"
        granted[f"upstream:{typed.graph.outputs[0].name}"] = "dy"
    if len(target_layers(typed)) == 1:
        granted["target:target"] = "target"
        granted["target:target.weights"] = "class_weights"
    return granted


def _inputs(typed: TypedGraph, program: Program) -> tuple[ArrayView, ...]:
    graph, names = program.graph, program.names
    variables = {n.attr("name"): names[n.id] for n in graph if n.op == "input"}
    lengths = {str(n.attr("name")): names[n.id] for n in graph if n.op == "lengths"}
    limits = id_limits(graph)
    views = []
    for n in typed.graph.layers:
        if n.kind == "input":
            type = typed.types[n.id]
            array = _array(n.name, variables[n.name], type.shape, type.dtype.value)
            limit = limits.get(n.name)
            views.append(replace(array, classes=limit, lengths=lengths.get(n.name, "")))
    return tuple(views)


def id_limits(graph: Graph) -> dict[str, int]:
    """For every input of ids the number of rows of the smallest table they pick from."""
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
                name = str(behind.attr("name"))
                limits[name] = min(count, limits.get(name, count))
    return limits


def _outputs(typed: TypedGraph) -> tuple[ArrayView, ...]:
    return tuple(
        _array(o.name, o.name, typed.shape_of(o.layer), "float") for o in typed.graph.outputs
    )


def _targets(typed: TypedGraph, program: Program) -> tuple[ArrayView, ...]:
    variables = {n.attr("name"): program.names[n.id] for n in program.graph if n.op == "target"}
    views = []
    for layer in target_layers(typed):
        name = target_name(typed, layer)
        kinds = {loss.setting.kind for loss in typed.graph.losses if loss.layer == layer}
        array = _array(name, variables[name], typed.shape_of(layer), target_kind(kinds))
        lengths, axis = _target_lengths(program.graph, name)
        if lengths is not None:
            array = replace(array, lengths=program.names[lengths], ragged_axis=axis)
        ids, weights = (variables.get(f"{name}.{what}", "") for what in ("ids", "weights"))
        views.append(replace(array, ids=ids, weights=weights))
    return tuple(views)


def one_hot_shapes(typed: TypedGraph, program: Program) -> list[Shape]:
    """The shapes of the arrays that take class ids as one-hot rows."""
    shapes = (n.type.shape for n in program.graph if n.op == "target")
    classes = {a.name for a in _targets(typed, program) if a.kind == "classes"}
    names = (n.attr("name") for n in program.graph if n.op == "target")
    return [shape for name, shape in zip(names, shapes, strict=True) if name in classes]


def _target_lengths(graph: Graph, target: str) -> tuple[int | None, int]:
    """The lengths that mask what a loss makes of a target, and the axis they run along."""
    behind: set[int] = set()
    for node in graph:
        if node.op == "target" and node.attr("name") == target:
            behind.add(node.id)
        elif behind & set(node.inputs) and node.origin.role is Role.LOSS:
            behind.add(node.id)
            if node.op == "mask_steps":
                return node.inputs[1], int(str(node.attr("axis")))
    return None, 1


def _array(name: str, var: str, shape: Shape, kind: str) -> ArrayView:
    sizes = tuple(str(n) for n in shape)
    return ArrayView(name, var, sizes, ("B", *map(_spec_size, shape)), kind)


def _spec_size(size: Dim) -> str | int:
    return size if isinstance(size, int) else str(size)


def _param(p: Parameter) -> ParamView:
    return ParamView(p.name, tuple(p.shape), p.init.name, dict(p.init.args), p.fan_in, p.fan_out)


def metric_label(metric: Setting) -> str:
    """A metric as the module names it: `f1`, and `top_k(3)` where k is given."""
    return f"{metric.kind}({metric.args['k']})" if "k" in metric.given else metric.kind


def _train(typed: TypedGraph) -> dict[str, object]:
    training = typed.graph.training
    found: dict[str, object] = dict(training.train)
    if training.optimizer is not None:
        found["optimizer"] = training.optimizer.kind
        found.update({k: v for k, v in training.optimizer.args.items() if v is not None})
    return {**found, **train_constants(training)}
