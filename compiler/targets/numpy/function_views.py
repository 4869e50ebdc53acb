"""What templates see of single functions: their bodies, the cache, the optimizer's step, constants."""

from __future__ import annotations

from dataclasses import dataclass

from ...program.statements import Statement


@dataclass(frozen=True, slots=True)
class KernelView:
    """A function's body: cached values it reads, dimensions it needs, statements, results."""

    loads: tuple[str, ...]
    dims: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    results: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeptView:
    """A value of the cache, and the axis that has its rows (None: the same for all rows)."""

    name: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class JacobianView:
    """A pull-back to the inputs, what it reads of the cache, its gradients by output."""

    kernel: KernelView
    kept: tuple[KeptView, ...]
    upstreams: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BufferView:
    """An array of the cache: attribute, shape as source, dtype as source, what it holds."""

    name: str
    shape: str
    dtype: str
    holds: str


@dataclass(frozen=True, slots=True)
class CacheView:
    """The cache: symbols of its size, references it keeps, arrays it makes."""

    dims: tuple[tuple[str, str], ...]
    keeps: tuple[str, ...]
    buffers: tuple[BufferView, ...]


@dataclass(frozen=True, slots=True)
class OptimizerView:
    """The step: statements over p, g and slots, `before` those that are the same for every p.

    `starts` are the slots' first values; `numbers` what is kept once, with first values.
    """

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


@dataclass(frozen=True, slots=True)
class SolveView:
    """The parts of `solve`: `undo` are what stands before and behind the target, one after the other."""

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
