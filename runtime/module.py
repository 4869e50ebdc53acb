"""The part of a generated module's contract that the runtime uses, and module import."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = Array | Mapping[str, Array]
"""One array, or arrays by name where a model has several inputs or targets."""

Params = dict[str, Array]
Shape = tuple[int | str, ...]
"""A shape in a module: sizes, and names such as "B" for sizes known only at run time."""


class Module(Protocol):
    """A generated module with a loss, which can be trained."""

    SPEC: str
    INPUTS: Mapping[str, Shape]
    OUTPUTS: Mapping[str, Shape]
    TARGETS: Mapping[str, Shape]
    LOSSES: Mapping[str, str]
    PARAM_SHAPES: Mapping[str, tuple[int, ...]]
    TRAIN: Mapping[str, Any]
    METRICS: Any
    RAGGED_OUTPUTS: Mapping[str, int]

    def init_params(self, seed: int = 0) -> Params:
        """Return initial parameters."""

    def forward(self, params: Params, x: Any, **keywords: Any) -> tuple[Any, Any]:
        """Return the outputs, and the cache for loss and backward."""

    def backward(self, params: Params, cache: Any, target: Any, **keywords: Any) -> Params:
        """Return the gradient of the loss with respect to every parameter."""

    def loss(self, params: Params, cache: Any, target: Any, **keywords: Any) -> float:
        """Return the total loss of one batch."""

    def predict(self, params: Params, x: Any, **keywords: Any) -> Any:
        """Return the outputs, for inference."""

    def init_optimizer(self, params: Params) -> Any:
        """Return the optimizer's state and workspace."""

    def solve(self, x: Any, target: Any) -> Params:
        """Return the exact solution; only where the spec says `optimizer lstsq`."""

    def train_step(self, params: Params, x: Any, target: Any, opt: Any, **keywords: Any) -> float:
        """Take one step on a batch; return the loss before it."""

    def train_epoch(
        self,
        params: Params,
        x: Any,
        target: Any,
        opt: Any,
        *,
        batch: int,
        order: Any,
        **keywords: Any,
    ) -> float:
        """Take steps over the rows in `order`; return their mean loss."""

    def save_params(
        self, path: str | Path, params: Params, state: Mapping[str, Array] | None = None
    ) -> None:
        """Write the parameters, and the state where the model has one, to a file."""

    def load_params(self, path: str | Path) -> Params | tuple[Params, Params]:
        """Read what save_params wrote: the parameters, or `(params, state)` with state."""


def import_module(path: str | Path) -> Module:
    """Import a generated module from its file, wherever that is."""
    path = Path(path)
    name = f"_nnc_module_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    # Numba needs the name in sys.modules to load kernels that an earlier run compiled.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return cast(Module, module)
