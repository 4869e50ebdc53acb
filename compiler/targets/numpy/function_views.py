"""Template views of single functions: their bodies, the cache, the optimizer step, constants."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ...program.statements import Assign, Statement


@dataclass(frozen=True, slots=True)
class KernelView:
    """A function's body: cached values it reads, dimensions it needs, statements, results."""

    loads: tuple[str, ...]
    dims: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    results: tuple[tuple[str, str], ...]

    def split_behind(
        self, names: Collection[str]
    ) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """Return the statements up to the last that gives one of the names, and the others."""
        found = self.statements
        made = [i for i, s in enumerate(found) if isinstance(s, Assign) and s.target in names]
        cut = made[-1] + 1 if made else 0
        return found[:cut], found[cut:]


@dataclass(frozen=True, slots=True)
class KeptView:
    """A value of the cache, and the axis of its rows (None: the same for all rows)."""

    name: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class VjpView:
    """A pull-back to the parameters, whose gradients are the kernel's results, and the inputs."""

    kernel: KernelView
    dx: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JacobianView:
    """A pull-back to the inputs: the cached values that it reads, and its gradients by output."""

    kernel: KernelView
    kept: tuple[KeptView, ...]
    upstreams: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BufferView:
    """An array of the cache: its attribute, its shape and dtype as source, and its content."""

    name: str
    shape: str
    dtype: str
    holds: str


@dataclass(frozen=True, slots=True)
class CacheView:
    """The cache: its size symbols, the references it keeps, the arrays it allocates."""

    dims: tuple[tuple[str, str], ...]
    keeps: tuple[str, ...]
    buffers: tuple[BufferView, ...]


@dataclass(frozen=True, slots=True)
class OptimizerView:
    """The step: statements over p, g and slots; `before` are those common to all parameters.

    `starts` are the initial values of slots; `numbers` are scalars with their initial values.
    `decay` is the weight decay where it is for weights only, else None."""

    kind: str
    slots: tuple[str, ...]
    starts: dict[str, float]
    numbers: dict[str, float]
    before: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    work: int
    where: str
    formula: str
    uses_step: bool
    decay: float | None = None


@dataclass(frozen=True, slots=True)
class SolveView:
    """The parts of `solve`; `undo` lists the text before and after the target, layer by layer."""

    features: KernelView
    undo: tuple[tuple[str, str], ...]
    layer: str
    weight: tuple[int, ...]
    bias: bool


@dataclass(frozen=True, slots=True)
class ConstantView:
    """An array constant at module level."""

    name: str
    values: tuple[float, ...]
