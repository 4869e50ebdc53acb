"""The derivation of each layer's gradients: formulas beside the lines of the -O0 module."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import dedent

from ..contents import Contents
from ..ir.layer_graph import Layer, TypedGraph
from ..ir.lists import cut_lists
from ..ir.repeats import runs
from ..kinds.layer import Family
from ..layers import LAYERS
from ..optimizers import OPTIMIZERS
from ..program.functions import build_functions, optimise_functions
from ..program.program import plan_program
from ..program.statements import Assign
from ..targets.formatted import black_format
from ..targets.numpy.function_views import KernelView
from ..targets.numpy.module import module_view
from ..targets.numpy.names import module_names
from ..targets.numpy.sections import module_text, parts
from ..targets.target import READABLE, load_target
from .folded import fold
from .picture import FOLDED
from .wording import loss_text, stage_text

MANY = 1000
"""Modules of more layers are not formatted, which would take minutes; their lines are long."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of the module: its lines, the shape of its value, and its formula."""

    code: str
    shape: str
    formula: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """A layer (or loss): its statements in forward and in backward.

    `formulas` are those of its kind without a statement. `last` is the last of the equal layers
    that it represents, `copies` their number."""

    name: str
    stage: str
    formulas: tuple[str, ...]
    forward: tuple[Step, ...]
    backward: tuple[Step, ...]
    last: str = ""
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Derivations:
    """Layers in the order of forward, the losses, and the optimizer's formulas."""

    layers: tuple[Derivation, ...]
    losses: tuple[Derivation, ...]
    optimizer: str
    update: tuple[str, ...]


def derive(typed: TypedGraph, file: str) -> Derivations:
    """Generate the module at -O0, and sort its statements by layer."""
    target = load_target(READABLE)
    program = plan_program(optimise_functions(build_functions(typed), 0), 0, target)
    view = module_view(program, module_names(program, target), "", file)
    text = module_text(view, target, parts(Contents.MODULE, 0))
    written = _lines(text if len(typed.graph.layers) > MANY else black_format(text))
    forward = _steps(view.forward, written["forward"])
    loss = _steps(view.loss, {**written.get("loss", {}), **written.get("losses", {})})
    backward = _steps(view.backward, written.get("backward", {}))
    losses = tuple(
        Derivation(
            made.name,
            loss_text(made.setting),
            (),
            loss.get(made.name, ()),
            backward.get(made.name, ()),
        )
        for made in typed.graph.losses
    )
    optimizer = typed.graph.training.optimizer
    update = OPTIMIZERS[optimizer.kind].formula if optimizer else "p ← p − lr·g"
    layers = tuple(_layers(typed, forward, backward))
    return Derivations(layers, losses, optimizer.kind if optimizer else "", tuple(_parts(update)))


Steps = dict[str, tuple[Step, ...]]

_FUNCTIONS = ("forward", "loss", "losses", "backward")
"""The functions of a module that compute layers; several losses are computed in `losses`."""


def _layers(typed: TypedGraph, forward: Steps, backward: Steps) -> Iterator[Derivation]:
    """Yield the layers that compute something; for repeated ones the first."""
    layers = typed.graph.layers
    folded = fold(runs(typed, FOLDED))
    copies = {at: count for inside, count in folded.frames for at in inside} | folded.alone
    for at, last in folded.shown.items():
        layer = layers[at]
        own = forward.get(layer.name, ()), backward.get(layer.name, ())
        if LAYERS[layer.kind].family is Family.INPUT and not any(own):
            continue
        said = {step.formula for step in own[0]}
        yield Derivation(
            layer.name,
            cut_lists(stage_text(layer)),
            tuple(formula for formula in _kind_formulas(layer) if formula not in said),
            *own,
            layers[last].name if last != at else "",
            copies.get(at, 1),
        )


def _kind_formulas(layer: Layer) -> Iterator[str]:
    if LAYERS[layer.kind].family is not Family.INPUT:
        yield from _parts(LAYERS[layer.kind].formula)
    if layer.activation is not None:
        yield from _parts(LAYERS[layer.activation.kind].formula)


def _parts(formula: str) -> Iterable[str]:
    """Return the formulas of a list with semicolons."""
    depth, start = 0, 0
    for at, character in enumerate(formula):
        depth += (character in "([") - (character in ")]")
        if character == ";" and not depth:
            yield formula[start:at].strip()
            start = at + 1
    yield formula[start:].strip()


def _lines(module: str) -> dict[str, dict[str, str]]:
    """Return the lines of each assignment in the module, by function and variable."""
    found: dict[str, dict[str, str]] = {}
    rows = module.splitlines()
    for function in ast.parse(module).body:
        if isinstance(function, ast.FunctionDef) and function.name in _FUNCTIONS:
            own = found[function.name] = {}
            for node in function.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    text = "\n".join(rows[node.lineno - 1 : node.end_lineno])
                    own[node.targets[0].id] = dedent(_without_comment(text, node))
    return found


def _without_comment(text: str, node: ast.Assign) -> str:
    """Return the lines up to the end of the statement; ast counts bytes."""
    *lines, last = text.split("\n")
    return "\n".join([*lines, last.encode()[: node.end_col_offset].decode()])


def _steps(view: KernelView | None, written: dict[str, str]) -> Steps:
    """Return the statements of a function by layer, in order."""
    steps: dict[str, list[Step]] = {}
    for statement in view.statements if view else ():
        if isinstance(statement, Assign):
            shape = statement.comment.removesuffix(statement.formula).strip()
            code = written[statement.target]
            steps.setdefault(statement.layer, []).append(Step(code, shape, statement.formula))
    return {layer: tuple(found) for layer, found in steps.items()}
