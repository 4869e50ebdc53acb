"""Template views of compiled kernels: plain values, as in view.py."""

from __future__ import annotations

from dataclasses import dataclass

from ..numpy.view import ModuleView
from .arguments import (
    Argument,
    Given,
    given_arguments,
    input_arguments,
    plain,
    room_arguments,
    state_arguments,
)


@dataclass(frozen=True, slots=True)
class Needs:
    """Names in a function's text: sizes, the cast to the model's dtype, arrays with texts."""

    sizes: frozenset[str]
    casts: bool
    arrays: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JitPart:
    """A sequence of statements, compiled or not, and the declarations before it."""

    compiled: bool
    needs: Needs
    body: str


@dataclass(frozen=True, slots=True)
class JitKernel:
    """A kernel: one compiled part, or several with Python calls between them.

    `needs` are those of the function around several parts, `uses` the helper functions of all."""

    parts: tuple[JitPart, ...]
    needs: Needs
    results: tuple[str, ...]
    uses: frozenset[str] = frozenset()

    @property
    def calls(self) -> bool:
        """Whether this is several compiled functions that Python calls in order."""
        return len(self.parts) > 1 or any(not part.compiled for part in self.parts)


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers that a step needs: their name in the cache, their place, how to draw them.

    `text` draws them if `train` is set, `training` unconditionally, as in a step; `uses` are the
    helper functions of both."""

    name: str
    place: str
    text: str
    training: str
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class JitView:
    """The compiled kernels of a training step, and their work arrays with sizes."""

    forward: JitKernel
    loss: JitKernel
    backward: JitKernel
    rooms: tuple[tuple[str, str, str], ...]
    draws: tuple[Draw, ...]
    given: tuple[Given, ...]

    @property
    def calls(self) -> bool:
        """Whether a kernel is several functions, so that the step is a Python function."""
        return self.forward.calls or self.loss.calls or self.backward.calls

    @property
    def room_names(self) -> tuple[str, ...]:
        """The flat work arrays of kernels."""
        return tuple(name for name, _, _ in self.rooms)


@dataclass(frozen=True, slots=True)
class PredictParam:
    """A parameter that predict reads: its name, and the kernel's argument.

    `layout` is the function that converts it to the memory order of the kernel."""

    name: str
    argument: str
    layout: str


@dataclass(frozen=True, slots=True)
class JitPredict:
    """The kernel of predict, its arguments, and the work arrays that it allocates."""

    kernel: JitKernel
    params: tuple[PredictParam, ...]
    given: tuple[Given, ...]
    rooms: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class NumbaView(ModuleView):
    """A module with compiled functions; None marks those that remain NumPy's."""

    jit: JitView | None = None
    jit_update: JitKernel | None = None
    jit_predict: JitPredict | None = None

    @property
    def language(self) -> str:
        """The implementation language, for the module's docstring."""
        return "NumPy, its kernels compiled by Numba"

    @property
    def quiet(self) -> bool:
        """False, since a compiled step gives no warnings."""
        return self.jit is None or self.jit.calls

    @property
    def inputs_args(self) -> list[Argument]:
        """The inputs."""
        return input_arguments([a.var for a in self.inputs])

    @property
    def rooms_args(self) -> list[Argument]:
        """The flat work arrays of kernels."""
        return room_arguments(self.jit.room_names if self.jit else ())

    @property
    def targets_args(self) -> list[Argument]:
        """The targets, and the loss's other arguments about them."""
        rows = {*(a.var for a in self.targets), self.weights}
        return [plain(name, type, name in rows) for name, type in self.target_args]

    @property
    def state_args(self) -> list[Argument]:
        """Parameters, gradients and the flat arrays of the optimizer step."""
        return state_arguments(self.step_arrays)

    @property
    def forward_args(self) -> list[Argument]:
        """The arguments of forward other than parameters."""
        given = given_arguments(self.jit.given if self.jit else ())
        return [*self.inputs_args, *given, *self.rooms_args]

    @property
    def loss_args(self) -> list[Argument]:
        """The arguments of loss and backward other than parameters and gradients."""
        kept = given_arguments([g for g in self.jit.given if g.kept] if self.jit else ())
        return [*self.inputs_args, *kept, *self.targets_args, *self.rooms_args]

    @property
    def step_args(self) -> list[Argument]:
        """The arguments of a step other than parameters, gradients and optimizer slots."""
        given = given_arguments(self.jit.given if self.jit else ())
        return [*self.inputs_args, *given, *self.targets_args, *self.rooms_args]

    @property
    def temporaries(self) -> int:
        """0, since the compiled optimizer step is one pass without temporaries."""
        return 0

    @property
    def clips_alone(self) -> bool:
        """False, since clipping is part of the compiled step."""
        return False
