"""What templates see of compiled kernels: plain values, as in view.py."""

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
    """What a function's text mentions: sizes, the cast to the model's dtype, arrays with their texts."""

    sizes: frozenset[str]
    casts: bool
    arrays: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JitPart:
    """A run of statements, compiled or not, and what must be declared before it."""

    compiled: bool
    needs: Needs
    body: str


@dataclass(frozen=True, slots=True)
class JitKernel:
    """A kernel: one compiled part, or several with calls of Python functions between them.

    `needs` are those of the function around several parts, `uses` the helper functions of all.
    """

    parts: tuple[JitPart, ...]
    needs: Needs
    results: tuple[str, ...]
    uses: frozenset[str] = frozenset()

    @property
    def calls(self) -> bool:
        """Whether this is more than one compiled function, called one after the other by Python."""
        return len(self.parts) > 1 or any(not part.compiled for part in self.parts)


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers that a step needs: the cache's name for them, their place, how to draw them.

    `text` draws them as `train` says, `training` as in a step; `uses` are
    the helper functions that do it.
    """

    name: str
    place: str
    text: str
    training: str
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class JitView:
    """The compiled kernels of a training step and the rooms they work in, with their sizes."""

    forward: JitKernel
    loss: JitKernel
    backward: JitKernel
    rooms: tuple[tuple[str, str, str], ...]
    draws: tuple[Draw, ...]
    given: tuple[Given, ...]

    @property
    def calls(self) -> bool:
        """Whether some kernel is more than one function, so that a step is one of Python's."""
        return self.forward.calls or self.loss.calls or self.backward.calls

    @property
    def room_names(self) -> tuple[str, ...]:
        """The flat arrays that kernels work in."""
        return tuple(name for name, _, _ in self.rooms)


@dataclass(frozen=True, slots=True)
class PredictParam:
    """A parameter that predict reads: its name, the kernel's argument.

    `layout` is the function that brings it into an order that the kernel takes.
    """

    name: str
    argument: str
    layout: str


@dataclass(frozen=True, slots=True)
class JitPredict:
    """The kernel of predict, its arguments, and the rooms that it makes for itself."""

    kernel: JitKernel
    params: tuple[PredictParam, ...]
    given: tuple[Given, ...]
    rooms: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class NumbaView(ModuleView):
    """A module some functions of which are compiled; None stands for those that stay NumPy's."""

    jit: JitView | None = None
    jit_update: JitKernel | None = None
    jit_predict: JitPredict | None = None

    @property
    def language(self) -> str:
        """What the module is written in, for its docstring."""
        return "NumPy, its kernels compiled by Numba"

    @property
    def quiet(self) -> bool:
        """A compiled step gives no warnings."""
        return self.jit is None or self.jit.calls

    @property
    def inputs_args(self) -> list[Argument]:
        """The inputs."""
        return input_arguments([a.var for a in self.inputs])

    @property
    def rooms_args(self) -> list[Argument]:
        """The flat arrays that kernels work in."""
        return room_arguments(self.jit.room_names if self.jit else ())

    @property
    def targets_args(self) -> list[Argument]:
        """The targets, and what else the loss is told of them."""
        rows = {*(a.var for a in self.targets), self.weights}
        return [plain(name, type, name in rows) for name, type in self.target_args]

    @property
    def state_args(self) -> list[Argument]:
        """Parameters, gradients and what the optimizer keeps."""
        return state_arguments(self.slots)

    @property
    def forward_args(self) -> list[Argument]:
        """What forward is given besides parameters."""
        given = given_arguments(self.jit.given if self.jit else ())
        return [*self.inputs_args, *given, *self.rooms_args]

    @property
    def loss_args(self) -> list[Argument]:
        """What loss and backward are given besides parameters and gradients."""
        kept = given_arguments([g for g in self.jit.given if g.kept] if self.jit else ())
        return [*self.inputs_args, *kept, *self.targets_args, *self.rooms_args]

    @property
    def step_args(self) -> list[Argument]:
        """What a step is given besides parameters, gradients and what the optimizer keeps."""
        given = given_arguments(self.jit.given if self.jit else ())
        return [*self.inputs_args, *given, *self.targets_args, *self.rooms_args]

    @property
    def temporaries(self) -> int:
        """The compiled step of the optimizer is one pass, which keeps nothing."""
        return 0

    @property
    def clips_alone(self) -> bool:
        """Clipping is a part of the compiled step."""
        return False
