"""How each op of the op graph is written in ONNX: a function that adds nodes, by the op's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir.op_graph import Node
from ..registry import rules_for

if TYPE_CHECKING:
    from .emitter import Emitter

OPSETS = range(18, 24)
"""The versions of ONNX's operators that models can be written in."""

OPSET = 21
"""The version without another wish; its models have version 10 of the file format."""

Rule = Callable[["Emitter", Node], str]
"""Adds the nodes of one op and returns the name of its value."""

RULES: dict[str, Rule] = {}
"""The rules, by the name of an op of the op graph or of a pattern."""


class CannotExport(ValueError):
    """A network without an ONNX counterpart; the message names the layer and the reason."""


rule = rules_for(RULES, "op")
"""Enters a function as the rule of these ops."""


def simple(name: str, onnx_name: str) -> None:
    """Register an op that is one ONNX node with the same operands and no attributes."""
    rule(name)(lambda e, n: e.add(onnx_name, *e.operands(n)))
