"""Printed op graphs are read back: every graph of every example, and refusals."""

from __future__ import annotations

import re

import pytest
from nnc.driver import check
from nnc.ir.printer import graph_text
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.ops.parse import GraphSyntaxError, parse_graph
from nnc.program.functions import build_functions, optimise_functions
from nnc.source import Source

KINDS = [*LAYERS.values(), *LOSSES.values()]

GRAPH = """\
%0 : (B, 4) = input(dtype='float', name='x', shape=(B, 4))    # forward x a.nn:1 as x
%1 : (B, 2) = slice(%0, axis=1, start=1, stop=3)              # forward cut a.nn:2
out:y = %1
"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_printed_reads_back_as_the_same(kind, level):
    typed = check(Source("model.nn", kind.example)).graph
    graphs = optimise_functions(build_functions(typed), level).graphs.values()
    for graph in graphs:
        text = graph_text(graph)
        read = parse_graph(text)
        assert graph_text(read) == text
        assert [n.key for n in read] == [n.key for n in graph]
        assert [n.type.shape for n in read] == [n.type.shape for n in graph]


def test_places_are_lines_of_the_spec():
    graph = parse_graph(GRAPH)
    assert [n.origin.spans[0].line for n in graph] == [1, 2]
    assert graph[0].origin.spans[0].source is graph[1].origin.spans[0].source


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("slice(%0", "slice(%7"), "line 2: %7 is not computed before"),
        (("slice(", "slices("), "line 2: no op 'slices'"),
        (("(B, 2)", "(B, 3)"), "line 2: %1 is (B, 2), not (B, 3)"),
        (("%1 :", "%2 :"), "line 2: %2 where %1 comes next"),
        (("axis=1", "axis=f(1)"), "line 2: no attribute: f(1)"),
        (("axis=1", "axis="), "line 2: "),
        (("# forward x", "# sideways x"), "line 1: 'sideways' is not a valid Role"),
        (("out:y = %1", "out:y = %2"), "line 3: %2 is not computed before"),
        (("out:y = %1", "what is this"), "line 3: no node and no output: what is this"),
        ((", stop=3", ""), "line 2: "),
    ],
)
def test_what_is_no_graph_is_refused_with_its_line(wrong, said):
    text = GRAPH.replace(*wrong)
    assert text != GRAPH
    with pytest.raises(GraphSyntaxError, match=f"^{re.escape(said)}"):
        parse_graph(text)
