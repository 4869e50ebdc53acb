"""The view of `step` and of the stream that it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...ir.dims import array_text, symbol
from ...ir.types import TensorType
from ...kinds.stepping.memory import Remembered
from ...passes.pipeline import Function
from ...program.program import Program
from ...stepping.network import Stepping
from .arrays import ArrayView, array_view, shape_text
from .bodies import alone_body, results_view
from .function_views import KernelView
from .names import Names, inner_names


@dataclass(frozen=True, slots=True)
class StreamArrayView:
    """An array of the stream: its name, its shape as text and as in the constant, what it holds.

    `start` is its shape at first, as source."""

    name: str
    text: str
    spec: tuple[str | int, ...]
    start: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class StepView:
    """`step`: its body and results, the arrays that it updates, the positions that layers know.

    `axes` are those of the positions in the rows of whole sequences, by input; None where an input
    has none. `so_far` are the outputs that the whole sequence has once, as text; `uses_t` says that the body
    needs the number of the position."""

    kernel: KernelView
    updates: tuple[tuple[str, str], ...]
    inputs: tuple[ArrayView, ...]
    axes: tuple[int | None, ...]
    outputs: tuple[ArrayView, ...]
    arrays: tuple[StreamArrayView, ...]
    most: tuple[tuple[str, int], ...]
    so_far: str
    uses_t: bool

    @property
    def shapes(self) -> list[tuple[str, tuple[str | int, ...]]]:
        """Return the names and shapes of the arrays, as in the module's constant."""
        return [(a.name, a.spec) for a in self.arrays]

    @property
    def grows(self) -> bool:
        """Return whether an array grows with the number of positions."""
        return any("T" in a.spec for a in self.arrays)

    @property
    def first_position(self) -> str:
        """Return the first position of a batch x of whole sequences, as source."""
        texts = {
            a.name: "" if axis is None else f"[{':, ' * (axis + 1)}0]"
            for a, axis in zip(self.inputs, self.axes, strict=True)
        }
        if len(texts) == 1:
            return f"x{next(iter(texts.values()))}"
        entries = (f'"{name}": x["{name}"]{text}' for name, text in texts.items())
        return "{" + ", ".join(entries) + "}"

    @property
    def inputs_text(self) -> str:
        """Return text such as `x_t (B, 8)`."""
        if len(self.inputs) == 1:
            return shape_text(replace(self.inputs[0], name="x_t"))
        return "x_t, a dict of " + ", ".join(map(shape_text, self.inputs))

    @property
    def outputs_text(self) -> str:
        """Return text such as `y (B, 10)`."""
        return ", ".join(map(shape_text, self.outputs))


def step_view(outer: Names, program: Program, known: dict[str, ArrayView]) -> StepView | None:
    """Return the view of `step`; `known` are the module's views of the inputs, by name."""
    stepping = program.functions.stepping
    if stepping is None:
        return None
    names = inner_names(outer, program, Function.STEP)
    body = alone_body(names)
    outs, kept = names.graph.outputs_for("out"), names.graph.outputs_for("stream")
    updates = tuple((name, body.frame.name(i)) for name, i in kept.items())
    uses_t = any(n.op == "position" for n in names.graph) or bool(stepping.most)
    return StepView(
        results_view(names, body, outs),
        updates,
        _inputs(stepping, known),
        stepping.axes,
        _outputs(stepping),
        tuple(map(_array, stepping.stream)),
        tuple(stepping.most.items()),
        _once(stepping),
        uses_t,
    )


def _inputs(stepping: Stepping, known: dict[str, ArrayView]) -> tuple[ArrayView, ...]:
    layers = [n for n in stepping.typed.graph.layers if n.kind == "input"]
    return tuple(_one(n.name, known[n.name], stepping.typed.types[n.id]) for n in layers)


def _one(name: str, whole: ArrayView, type: TensorType) -> ArrayView:
    view = array_view(name, whole.var, type.shape, whole.kind)
    return ArrayView(
        view.name, view.var, view.sizes, view.spec, view.kind, whole.classes, symbols=view.symbols
    )


def _outputs(stepping: Stepping) -> tuple[ArrayView, ...]:
    typed = stepping.typed
    outputs = typed.graph.outputs
    return tuple(array_view(o.name, o.name, typed.shape_of(o.layer), "float") for o in outputs)


def _array(array: Remembered) -> StreamArrayView:
    sizes: tuple[str | int, ...] = tuple(n if isinstance(n, int) else str(n) for n in array.shape)
    start = tuple(str(n if isinstance(n, int) else array.room) for n in array.shape)
    text = array_text((symbol("B"), *array.shape))
    return StreamArrayView(array.name, text, ("B", *sizes), ("rows", *start), array.what)


def _once(stepping: Stepping) -> str:
    """Return the names of the outputs that the whole sequence has once."""
    names = [o.name for o in stepping.typed.graph.outputs if o.name not in stepping.per_step]
    return ", ".join(names)
