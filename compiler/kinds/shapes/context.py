"""What a layer's shape rule sees, and how it says that a shape does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...diagnostics.model import Code
from ...ir.layer_graph import ArgValue, Layer, Parameter
from ...ir.types import TensorType
from ...source import Span


class ShapeFault(Exception):
    """A shape rule's refusal; inference turns it into a diagnostic with both ends and the chain.

    `at` names the argument at fault (its value is underlined, or the stage if it was not
    written). `here` is written after the carets. `help` is the computed way out. `replace` is
    new text for the argument (or, with `at` empty, for the whole stage) and becomes a fix
    titled with `help`; `insert` is a stage to put before this one, `drop` leaves this one out. `blame` is the index of the
    input whose producer is shown as the other end; `also` are further places and what to say of
    them. `result` is the type the layer would have all the same, so that faults further on are
    found in the same run.
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
    """One layer (or trailing activation) about to be given a type.

    `inputs` are the types of what comes in, without the batch axis. `tied` gives the
    parameters of the layer that `tie=` names. `named` is the kind at work, which is the
    activation's when its turn has come. `feeds` are the layers that the inputs come from.
    """

    layer: Layer
    args: Mapping[str, ArgValue]
    inputs: tuple[TensorType, ...]
    tied: Mapping[str, Parameter]
    named: str = ""
    feeds: tuple[Layer | None, ...] = ()

    @property
    def kind(self) -> str:
        """What to call the layer or activation in messages."""
        return (self.named or self.layer.kind).partition(" ")[0]

    @property
    def input(self) -> TensorType:
        """The only input of a layer that has one."""
        return self.inputs[0]

    def arg(self, name: str) -> Any:
        """A checked argument, as the kind's schema types it."""
        return self.args[name]
