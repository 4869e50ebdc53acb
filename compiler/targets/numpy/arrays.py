"""What templates see of a module's arrays: inputs, outputs, targets, parameters, state, free sizes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrayView:
    """An input, output or target: its name for users, its variable, its shape without B.

    `sizes` are source text (`784`, `T`), `spec` the same as the module's constants hold it.
    `kind` is float or int; for a target it says what may be given: classes, unit (0 to 1) or
    values. `classes` bounds the whole numbers of an input of ids. `lengths` is the variable that
    holds the true lengths of its rows where they are padded, along axis `ragged_axis`.
    `symbols` are the sizes in it that are known at run time only.
    `ids` is the variable that says whether a target was given as class ids, where that matters,
    `weights` the one that holds the weights of its classes where they come from the data.
    """

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


@dataclass(frozen=True, slots=True)
class BatchCount:
    """A layer that takes statistics over a batch, and how many values of a channel it has there.

    `count` is that as source, `last` the same for the last of several batches, whose rows are
    called `last`; `of_rows` says that it is the number of rows alone.
    """

    layer: str
    count: str
    last: str
    of_rows: bool


@dataclass(frozen=True, slots=True)
class StateView:
    """An array of state: its name, shape and what every entry is at first."""

    name: str
    shape: tuple[int, ...]
    start: float


@dataclass(frozen=True, slots=True)
class SizeView:
    """A size known at run time: the least and most that the model can work on, one for checks."""

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
    """Where to read a size off: `len(x)`, `x.shape[1]`."""
    return f"{array.var}.shape[{axis}]" if axis else f"len({array.var})"


def shape_text(array: ArrayView) -> str:
    """`x (B, 784)`."""
    return (
        f"{array.name} ({', '.join(map(str, array.spec))})"
        if len(array.spec) > 1
        else f"{array.name} (B,)"
    )
