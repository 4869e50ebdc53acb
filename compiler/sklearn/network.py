"""The compiled network of an estimator, and the meaning of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..api.modules import SpecLoader, made
from ..api.specs import options_of
from ..ir.layer_graph import TypedGraph
from ..ir.types import DType

Array = npt.NDArray[Any]

_KEPT = 64
"""Most specs whose modules are kept, since a parameter search repeats a few."""

_LINKS = {"softmax", "log_softmax", "sigmoid"}
_OWN_LINK = {"crossentropy": "softmax", "bce": "sigmoid"}


@dataclass(frozen=True, slots=True)
class Network:
    """A spec's module; `link` is the function that makes its outputs probabilities, or `linear`.

    With `logits` the link is applied by the loss and by the estimator, not by the network. `width`
    is the number of outputs of a row, `ids` says whether it reads whole numbers."""

    module: Any
    link: str
    logits: bool
    width: int
    ids: bool

    @property
    def loss(self) -> str:
        """The loss with which the network is trained."""
        (kind,) = self.module.LOSSES.values()
        return str(kind)

    @property
    def probable(self) -> bool:
        """Whether the outputs are probabilities, or become probabilities in the loss."""
        return self.link != "linear"

    def rows(self, x: Array) -> Array:
        """Return rows of the estimator's X in the shape and dtype of the network's input."""
        ((name, shape),) = self.module.INPUTS.items()
        wanted = shape[1:]
        if all(isinstance(n, int) for n in wanted) and prod(wanted) == prod(x.shape[1:]):
            x = x.reshape(len(x), *wanted)
        elif len(wanted) != x.ndim - 1 or not _agree(wanted, x.shape[1:]):
            found = "x".join(map(str, x.shape[1:]))
            raise ValueError(
                f"X has rows of {found}, but the spec's input is {'x'.join(map(str, wanted))}; "
                "`let features = 1` and `input features` in the spec take what the data has"
            )
        if not self.ids:
            return x.astype(self.module.DTYPE, copy=False)
        if (x != np.floor(x)).any():
            raise ValueError(f"X: the spec's input {name} takes ids, which are whole numbers")
        return x.astype(np.int64, copy=False)


def _agree(wanted: tuple[int | str, ...], found: tuple[int, ...]) -> bool:
    return all(isinstance(n, str) or n == m for n, m in zip(wanted, found, strict=True))


@lru_cache(maxsize=_KEPT)
def network(text: str, name: str) -> Network:
    """Compile a spec; raises CompileError, or ValueError if its network is not for a table."""
    loader = SpecLoader(Path(name).stem, text, options_of(), name)
    module = made(loader)
    graph = loader.compiled().graph
    if not hasattr(module, "train_step"):
        raise ValueError(f"{name}: there is no loss to train towards; add one, such as `loss mse`")
    if len(module.INPUTS) > 1 or len(module.LOSSES) > 1 or len(module.OUTPUTS) > 1:
        raise ValueError(f"{name}: an estimator takes one input, one output and one loss")
    if not module.TARGETS:
        raise ValueError(f"{name}: an estimator takes a loss that compares with a target")
    ((_, shape),) = module.OUTPUTS.items()
    if len(shape) != 2 or shape[1:] != next(iter(module.TARGETS.values()))[1:]:
        raise ValueError(f"{name}: an estimator takes an output that is a row of numbers")
    (kind,) = module.LOSSES.values()
    ids = graph.types[graph.graph.layers[0].id].dtype is DType.INT
    last = _last_word(graph)
    link = last if last in _LINKS else _OWN_LINK.get(kind, "linear")
    return Network(module, link, last not in _LINKS, int(shape[1]), ids)


def _last_word(graph: TypedGraph) -> str:
    """Return the activation of the output, or the kind of its layer."""
    (output,) = graph.graph.outputs
    layers = {layer.id: layer for layer in graph.graph.layers}
    last = layers[output.layer]
    return last.activation.kind if last.activation else last.kind
