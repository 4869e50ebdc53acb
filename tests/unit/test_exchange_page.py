"""docs/exchange.md lists the ONNX operators of every kind, as in the export of its example."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from nnc.driver import check
from nnc.layers import LAYERS
from nnc.onnx_export.model import onnx_model
from nnc.source import Source

PAGE = Path(__file__).parents[2] / "docs/exchange.md"
BLOCK = re.compile(r"(<!-- kinds:[^\n]*-->\n).*(<!-- end -->)", re.S)


def operators(kind: str) -> list[str]:
    """The ONNX operators of the layers of that kind in the kind's example."""
    typed = check(Source("m.nn", LAYERS[kind].example)).graph
    arrays = {p.name: np.ones(p.shape, "float32") for p in (*typed.params, *typed.states)}
    of_kind = [
        x.name
        for x in typed.graph.layers
        if x.kind == kind or (x.activation is not None and x.activation.kind == kind)
    ]
    nodes = onnx_model(typed, arrays).graph.node
    found = [n.op_type for n in nodes if n.name.partition("/")[0] in of_kind]
    return list(dict.fromkeys(found))


def table() -> str:
    lines = ["| kind | ONNX | PyTorch | Keras |", "|---|---|---|---|"]
    for kind, entry in sorted(LAYERS.items()):
        if kind != "input":
            cells = [", ".join(operators(kind)) or "—", _code(entry.torch), _code(entry.keras)]
            lines.append(f"| `{kind}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else "—"


def test_the_table_is_what_is_exported(golden):
    page = PAGE.read_text(encoding="utf-8")
    golden(PAGE, BLOCK.sub(lambda m: m[1] + table() + m[2], page))


def test_recurrent_layers_are_onnx_operators():
    assert "LSTM" in operators("lstm")
    assert "GRU" in operators("gru")
    assert "Conv" in operators("conv")
