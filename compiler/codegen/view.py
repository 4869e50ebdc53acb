"""What the module's templates see: plain values, decided; the templates only write them down."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..schedule.statements import Statement


@dataclass(frozen=True, slots=True)
class ArrayView:
    """An input, output or target: its name for users, its variable, its shape without B.

    `sizes` are source text (`784`, `T`), `spec` the same as the module's constants hold it.
    `kind` is float or int; for a target it says what may be given: classes, unit (0 to 1) or
    values.
    """

    name: str
    var: str
    sizes: tuple[str, ...]
    spec: tuple[str | int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class ParamView:
    """A parameter: its name, shape, initialisation macro with arguments, and fans."""

    name: str
    shape: tuple[int, ...]
    init: str
    args: dict[str, object]
    fan_in: int
    fan_out: int

    @property
    def size(self) -> int:
        """Number of entries."""
        total = 1
        for n in self.shape:
            total *= n
        return total


@dataclass(frozen=True, slots=True)
class KernelView:
    """A function's body: cached values it reads, dimensions it needs, statements, results."""

    loads: tuple[str, ...]
    dims: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    results: tuple[tuple[str, str], ...]


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
    """The step: statements over p, g and slots; the spec's rate, if it gives one."""

    kind: str
    slots: tuple[str, ...]
    statements: tuple[Statement, ...]
    work: int
    rate: float | None
    where: str
    formula: str
    uses_step: bool


@dataclass(frozen=True, slots=True)
class ConstantView:
    """An array constant at module level."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModuleView:
    """Everything a generated module is made of."""

    title: str
    file: str
    spec: str
    sha256: str
    version: str
    contract: int
    level: int
    dtype: str
    inputs: tuple[ArrayView, ...]
    outputs: tuple[ArrayView, ...]
    targets: tuple[ArrayView, ...]
    losses: tuple[tuple[str, str], ...]
    params: tuple[ParamView, ...]
    constants: tuple[ConstantView, ...]
    train: dict[str, object]
    metrics: tuple[str, ...]
    random: bool
    forward: KernelView
    loss: KernelView | None
    backward: KernelView | None
    predict: KernelView
    input_gradient: KernelView | None
    gradient_copies: tuple[tuple[str, str], ...]
    cache: CacheView
    optimizer: OptimizerView | None
    loss_text: str
    penalised: bool

    @property
    def slots(self) -> tuple[str, ...]:
        """Suffixes of the arrays the optimizer keeps."""
        return self.optimizer.slots if self.optimizer else ()

    @staticmethod
    def specs(arrays: tuple[ArrayView, ...]) -> dict[str, tuple[str | int, ...]]:
        """Names to shapes, as the module's constants hold them."""
        return {a.name: a.spec for a in arrays}

    @property
    def cache_items(self) -> str:
        """What -O0 keeps for loss and backward, as keyword arguments."""
        return ", ".join(f"{name}={name}" for name in self.cache.keeps)

    @property
    def inputs_text(self) -> str:
        """`x (B, 784)`."""
        return ", ".join(_shape_text(a) for a in self.inputs)

    @property
    def outputs_text(self) -> str:
        """`y (B, 10)`."""
        return ", ".join(_shape_text(a) for a in self.outputs)

    @property
    def target_kinds(self) -> list[str]:
        """The kinds of target there are, each once."""
        return sorted({a.kind for a in self.targets})

    @property
    def free_sizes(self) -> list[str]:
        """The plain symbols among the inputs' sizes, B first."""
        sizes = [n for a in self.inputs for n in a.spec if isinstance(n, str) and n.isalnum()]
        return list(dict.fromkeys(["B", *sizes]))

    @property
    def shared_sizes(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The symbols that several inputs have, with each place to read them off."""
        found = []
        for symbol in self.free_sizes:
            places = [
                (a.name, f"len({a.var})" if axis == 0 else f"{a.var}.shape[{axis}]")
                for a in self.inputs
                for axis, n in enumerate(a.spec)
                if n == symbol
            ]
            if len(places) > 1:
                found.append((symbol, places))
        return found

    @property
    def target_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes of targets, read off a cache called c."""
        used = {s for a in self.targets for n in a.spec for s in re.findall(r"[A-Z]\w*", str(n))}
        return tuple((d, f"c.{d}") for d, _ in self.cache.dims if d in used)

    @property
    def input_gradient_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes that input_gradient needs, read off the inputs."""
        own = dict(self.input_gradient.dims) if self.input_gradient else {}
        return tuple(
            (d, text) for d, text in self.cache.dims if d in own or d == "B" or self.targets
        )

    @property
    def cache_differs(self) -> str:
        """The condition under which a cache was made for other sizes."""
        names = [d for d, _ in self.cache.dims]
        return " or ".join(f"cache.{d} != {d}" for d in names)

    @property
    def single_input(self) -> bool:
        """Whether x is an array rather than a dict."""
        return len(self.inputs) == 1

    @property
    def single_output(self) -> bool:
        """Whether y is an array rather than a dict."""
        return len(self.outputs) == 1

    @property
    def single_target(self) -> bool:
        """Whether target is an array rather than a dict."""
        return len(self.targets) == 1


def _shape_text(array: ArrayView) -> str:
    return (
        f"{array.name} ({', '.join(map(str, array.spec))})"
        if len(array.spec) > 1
        else f"{array.name} (B,)"
    )
