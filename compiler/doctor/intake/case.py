"""Interpretation of given arrays by one naming and one layout, as nnc's tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...ir.dims import Sym
from ..interpreter import Array
from ..stepping import AFTER
from .folded import split, without_constant, without_unit
from .layout import Layout, class_ids
from .naming import Naming
from .network import Axes, Network


@dataclass(frozen=True)
class Case:
    """Arrays as used by the doctor, with the user's names.

    `given` and `after` are in nnc's layout by tensor; `names` are the arrays' names by tensor.
    `faults` are required arrays that are missing or do not fit, `misfits` checked arrays of another
    shape, `unused` arrays without a meaning, `unrated` parameters after a step with an unknown
    learning rate, `lengths` those of padded rows by input.
    """

    layout: Layout
    names: Mapping[str, str]
    given: Mapping[str, Array]
    after: Mapping[str, Array]
    originals: Mapping[str, Array]
    faults: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    unrated: tuple[str, ...] = ()
    lengths: Mapping[str, Array] | None = None


@dataclass
class Reading:
    """Makes a case from arrays, by one naming and layout."""

    network: Network
    arrays: Mapping[str, Array]
    naming: Naming
    layout: Layout
    given: dict[str, Array] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def case(self) -> Case:
        """Return the case, including everything that does not fit."""
        for tensor in self.network.inputs:
            self._input(tensor)
        for name, tensor in self.naming.tensors.items():
            if tensor not in self.network.inputs:
                self._take(name, tensor, self._standard(name, tensor))
        after: dict[str, Array] = {}
        for name, tensor in self.naming.after.items():
            parts = self._split(tensor, self._standard(name, tensor))
            after.update(parts)
            for part in parts:
                word = name if len(parts) == 1 else self._part_name(name, part)
                self.names[AFTER + part], self.sources[AFTER + part] = word, name
        self._check()
        misfits = [t for t in self.given if self._is_judged(t) and not self._fits(t)]
        originals = {tensor: self.arrays[name] for tensor, name in self.sources.items()}
        return Case(
            self.layout,
            self.names,
            self.given,
            after,
            originals,
            tuple(self.faults),
            tuple(misfits),
            self.naming.unknown,
        )

    # --- single arrays --------------------------------------------------------------------

    def _input(self, tensor: str) -> None:
        """Read an input, which determines the sizes of the batch and of sequences."""
        name = self.naming.array_of(tensor)
        if not name:
            return
        shape = self.network.reference.node(tensor).type.shape
        array = self.arrays[name]
        array = array[:, None] if array.ndim == 1 == shape[-1] else array
        array = self.layout.standard(array, Axes.ROWS, (0,) * len(shape))
        fold = self.layout.folded
        if (
            fold
            and array.ndim == 2
            and isinstance(shape[-1], int)
            and array.shape[1] == shape[-1] + 1
        ):
            bare = without_constant(array, fold)
            array = array if bare is None else bare
        for dim, size in zip(shape, array.shape, strict=False):
            if isinstance(dim, Sym) and str(dim).isalnum():
                self.sizes.setdefault(str(dim), size)
        self.given[tensor], self.names[tensor], self.sources[tensor] = array, name, name

    def _standard(self, name: str, tensor: str) -> Array:
        """Return an array in nnc's layout; targets may be class ids."""
        array = self.arrays[name]
        shape = self._shape(tensor)
        axes = self.network.axes(tensor)
        if tensor in self.network.targets and len(shape) == 2:
            ids = class_ids(array, len(shape), shape[-1])
            if ids is not None and len(ids) == shape[0]:
                return ids
        return self.layout.standard(array, axes, shape)

    def _shape(self, tensor: str) -> tuple[int, ...]:
        try:
            return self.network.shape(tensor, self.sizes)
        except (KeyError, ValueError):  # there is no input
            return (0,) * self.network.reference.node(tensor).type.rank

    def _take(self, name: str, tensor: str, array: Array) -> None:
        parts = self._split(tensor, array)
        for part, value in parts.items():
            self.given[part], self.sources[part] = value, name
            self.names[part] = name if len(parts) == 1 else self._part_name(name, part)

    def _split(self, tensor: str, array: Array) -> dict[str, Array]:
        """Return the tensors in an array: weights may have biases appended, rows a constant."""
        fold = self.layout.folded
        shape = self._shape(tensor)
        if fold is None or array.ndim != 2 or len(shape) != 2:
            return {tensor: array}
        axes, plain = self.network.axes(tensor), self.network.source(tensor)
        if axes is Axes.WEIGHT and array.shape[0] == shape[0] + 1:
            bias = next((s.bias for s in self.network.stages if s.weight == plain), "")
            if bias and bias not in self.naming.tensors.values():
                weights, biases = split(array, fold)
                return {tensor: weights, tensor.replace(plain, bias): biases}
        if axes is Axes.ROWS and array.shape[1] == shape[1] + 1:
            bare = without_constant(array, fold) if tensor == plain else without_unit(array, fold)
            return {tensor: array if bare is None else bare}
        return {tensor: array}

    def _part_name(self, name: str, tensor: str) -> str:
        """Return the usual notation of a part of an array: `Theta1[:, 0]`."""
        fold = self.layout.folded
        assert fold is not None
        bias = self.network.axes(tensor) is Axes.VECTOR
        index = ("0" if fold.first else "-1") if bias else ("1:" if fold.first else ":-1")
        return f"{name}[:, {index}]" if self.layout.out_in else f"{name}[{index}]"

    # --- what does not fit ----------------------------------------------------------------

    def _check(self) -> None:
        for tensor in self.network.required:
            if tensor not in self.given:
                self.faults.append(f"there is no array for {self.described(tensor)}")
            elif not self._fits(tensor):
                name = self.sources[tensor]
                self.faults.append(
                    f"{name} has the shape {self.arrays[name].shape}, which does not fit "
                    f"{self.described(tensor)}"
                )

    def described(self, tensor: str) -> str:
        """Describe a tensor with its shape: `dense1.W (12, 7)`, `the target (B, 5)`."""
        shape = self.network.reference.node(tensor).type.shape
        text = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        if tensor in self.network.targets:
            return f"the target {'' if tensor == 'target' else tensor + ' '}{text}"
        return f"the input {tensor} {text}" if tensor in self.network.inputs else f"{tensor} {text}"

    def _fits(self, tensor: str) -> bool:
        array, shape = self.given[tensor], self._shape(tensor)
        if tensor in self.network.targets and array.dtype.kind in "iu":
            return array.shape in (shape[:-1], shape)
        return bool(array.shape == shape)

    def _is_judged(self, tensor: str) -> bool:
        return tensor not in self.network.required


def same(one: Case, other: Case) -> bool:
    """Return whether two cases have the same arrays."""
    if one.given.keys() != other.given.keys() or one.after.keys() != other.after.keys():
        return False
    pairs = [(one.given[t], other.given[t]) for t in one.given]
    pairs += [(one.after[t], other.after[t]) for t in one.after]
    return all(a.shape == b.shape and np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def without_step(case: Case) -> Case:
    """Return the case without the parameters after a step."""
    left = tuple(dict.fromkeys(n for t, n in case.names.items() if t.startswith(AFTER)))
    names = {t: n for t, n in case.names.items() if not t.startswith(AFTER)}
    return replace(case, names=names, after={}, unrated=left)
