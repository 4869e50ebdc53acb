"""A module that times each layer: the same statements, with marks between layers.

Before the first statement of a layer there is a call with the number of that layer. The importer of
the module provides the function that is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..contents import Contents
from ..ir.layer_graph import TypedGraph
from ..program.functions import build_functions, optimise_functions
from ..program.program import plan_program
from ..program.statements import Call, Heading, Statement
from ..targets.numpy.function_views import KernelView
from ..targets.numpy.module import id_limits, module_view
from ..targets.numpy.names import module_names
from ..targets.numpy.sections import module_text, parts
from ..targets.target import READABLE, load_target

MARK = "τ"
"""The function that the module calls; a non-ASCII letter, so that no value has this name."""

REST = 0
"""The number for time outside of layers: argument checks, the optimizer, Python itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """A timed item: a layer (or loss) in a function."""

    layer: str
    function: str


@dataclass(frozen=True, slots=True)
class Timed:
    """The module without and with marks, and the meaning of their numbers; 0 is the rest.

    `limits` are the bounds of ids by input name, `random`: steps draw random numbers."""

    plain: str
    marked: str
    places: tuple[Place, ...]
    limits: Mapping[str, int]
    random: bool


def timed_module(typed: TypedGraph, file: str) -> Timed:
    """Return the module of the NumPy target at -O1, without and with marks."""
    target = load_target(READABLE)
    program = plan_program(optimise_functions(build_functions(typed), 1), 1, target)
    view = module_view(program, module_names(program, target), "", file)
    places = [Place("", "")]
    marked = replace(
        view,
        forward=_marked(view.forward, "forward", places),
        loss=view.loss and _marked(view.loss, "loss", places),
        backward=view.backward and _marked(view.backward, "backward", places),
    )
    return Timed(
        module_text(view, target, parts(Contents.MODULE, 1)),
        module_text(marked, target, parts(Contents.MODULE, 1)),
        tuple(places),
        id_limits(program.training.kernels.graph),
        view.random,
    )


def _marked(kernel: KernelView, function: str, places: list[Place]) -> KernelView:
    return replace(kernel, statements=tuple(_marks(kernel.statements, function, places)))


def _marks(
    statements: Sequence[Statement], function: str, places: list[Place]
) -> Iterator[Statement]:
    """Yield the statements with a mark before each new layer, and one for the rest at the end."""
    current = ""
    for statement in statements:
        layer = current if isinstance(statement, Heading) else statement.layer
        if layer != current:
            current = layer
            yield Call(f"{MARK}({len(places)})")
            places.append(Place(layer, function))
        yield statement
    if current:
        yield Call(f"{MARK}({REST})")
