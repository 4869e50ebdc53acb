"""Template views of a module's arrays: inputs, outputs, targets, parameters, state, sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...ir.dims import Dim, Shape, symbols


@dataclass(frozen=True, slots=True)
class ArrayView:
    """An input, output or target: its public name, its variable, its shape without B.

    `sizes` are source text (`784`, `T`), `spec` the same as in the module's constants. `kind` is
    float or int; for a target it names the accepted values: classes, unit (0 to 1) or values.
    `classes` bounds the whole numbers of an input of ids. `lengths` is the variable of the true
    lengths of its rows where they are padded along axis `ragged_axis`. `symbols` are its sizes that
    are known only at run time. `ids` is the variable that says whether a target was given as class
    ids, where that matters, `weights` that of its class weights where they come from the data. `ignore` is
    the class id of a target that counts for nothing."""

    name: str
    var: str
    sizes: tuple[str, ...]
    spec: tuple[str | int, ...]
    kind: str
    classes: int | None = None
    lengths: str = ""
    ragged_axis: int = 1
    ids: str = ""
    weights: str = ""
    symbols: frozenset[str] = frozenset()
    ignore: int | None = None


@dataclass(frozen=True, slots=True)
class BatchCount:
    """A layer with batch statistics, and the number of values per channel in the batch.

    `count` is that number as source, `last` the same for the last of several batches, whose rows
    are called `last`; `of_rows` says that it is just the number of rows."""

    layer: str
    count: str
    last: str
    of_rows: bool


@dataclass(frozen=True, slots=True)
class StateView:
    """An array of state: its name, shape and initial value."""

    name: str
    shape: tuple[int, ...]
    start: float


@dataclass(frozen=True, slots=True)
class SizeView:
    """A size known at run time: its least and greatest valid value, and one for checks."""

    name: str
    least: int
    most: int | None
    sample: int


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


def size_of(array: ArrayView, axis: int) -> str:
    """Return the expression that reads a size: `len(x)`, `x.shape[1]`."""
    return f"{array.var}.shape[{axis}]" if axis else f"len({array.var})"


def bounds_of(
    sizes: Iterable[SizeView], arrays: Sequence[ArrayView]
) -> list[tuple[str, str, str, int, int | None]]:
    """Return the sizes with bounds: array, symbol, expression, the least and the greatest value."""
    return [
        (a.name, s.name, size_of(a, axis), s.least, s.most)
        for s in sizes
        for a in arrays
        for axis, n in enumerate(a.spec)
        if n == s.name and (s.least > 1 or s.most is not None)
    ]


def places_of(
    symbol: str, arrays: Iterable[ArrayView], read: Callable[[ArrayView, int], str]
) -> list[tuple[str, str]]:
    """Return where a size stands, as `x` or `x axis 1`, with the expressions that `read` it."""
    return [
        (a.name if a.spec.count(symbol) == 1 else f"{a.name} axis {axis}", read(a, axis))
        for a in arrays
        for axis, n in enumerate(a.spec)
        if n == symbol
    ]


def shape_text(array: ArrayView) -> str:
    """Return text such as `x (B, 784)`."""
    return (
        f"{array.name} ({', '.join(map(str, array.spec))})"
        if len(array.spec) > 1
        else f"{array.name} (B,)"
    )


def array_view(name: str, var: str, shape: Shape, kind: str) -> ArrayView:
    """Return the view of an array of that shape, without B."""
    sizes = tuple(str(n) for n in shape)
    free = frozenset({"B"}.union(*map(symbols, shape)))
    return ArrayView(name, var, sizes, ("B", *map(_spec_size, shape)), kind, symbols=free)


def _spec_size(size: Dim) -> str | int:
    return size if isinstance(size, int) else str(size)
