"""The context of a layer's shape rule, and the exception for an unsuitable shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...diagnostics.model import Code
from ...ir.layer_graph import ArgValue, Layer, Parameter
from ...ir.types import TensorType
from ...source import Span


class ShapeFault(Exception):
    """A shape rule's error; inference turns it into a diagnostic with both ends and the chain.

    `at` names the argument at fault (its value is underlined, or the stage if it was not
    written). `here` is the text after the carets. `help` is the computed remedy. `replace` is
    new text for the argument (or, if `at` is empty, for the whole stage) and becomes a fix with
    the title `help`; `insert` is a stage to insert before this one, `drop` removes this one.
    `blame` is the index of the input whose producer is shown as the other end; `also` are further
    places with their labels. `result` is the type assumed for the layer's value, so that faults
    in later layers are found in the same run.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        at: str = "",
        here: str = "",
        help: str = "",
        replace: str = "",
        insert: str = "",
        drop: bool = False,
        blame: int = 0,
        notes: tuple[str, ...] = (),
        also: tuple[tuple[Span, str], ...] = (),
        result: TensorType | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.at, self.here = code, message, at, here
        self.help, self.replace, self.insert, self.drop = help, replace, insert, drop
        self.blame, self.notes, self.also, self.result = blame, notes, also, result


@dataclass(frozen=True, slots=True)
class ShapeContext:
    """One layer (or trailing activation) whose type is to be inferred.

    `inputs` are the types of the inputs, without the batch axis. `tied` has the parameters of the
    layer that `tie=` names. `named` is the current kind: the layer's, or its activation's. `feeds`
    are the layers that the inputs come from.
    """

    layer: Layer
    args: Mapping[str, ArgValue]
    inputs: tuple[TensorType, ...]
    tied: Mapping[str, Parameter]
    named: str = ""
    feeds: tuple[Layer | None, ...] = ()

    @property
    def kind(self) -> str:
        """The name of the layer's or activation's kind in messages."""
        return (self.named or self.layer.kind).partition(" ")[0]

    @property
    def input(self) -> TensorType:
        """The input of a layer with a single input."""
        return self.inputs[0]

    def arg(self, name: str) -> Any:
        """Return a checked argument, typed by the kind's schema."""
        return self.args[name]
