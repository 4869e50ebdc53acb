"""The formatter's final check: a text with another meaning is never written."""

from __future__ import annotations

import gc

import pytest
from nnc.diagnostics.model import Report
from nnc.format import format_source
from nnc.format import verify as module
from nnc.format.verify import verify
from nnc.format.words import spelling
from nnc.frontend.parser import parse
from nnc.frontend.statements import split
from nnc.source import Source

from ..fuzz.pathological import PATHOLOGICAL


def judge(before: str, after: str) -> None:
    source = Source("spec.nn", before)
    statements = tuple(split(source))
    file = parse(source, Report(), statements)
    assert not file.broken
    verify(statements, file, spelling(file).words, Source("spec.nn", after))


OTHER = [
    ("input 3 -> dense 3", "input 3 -> dense 4"),
    ("input 3 -> dense 3", "input 3\ndense 3"),
    ("input 3; let a = 1", "input 3"),
    ("let a = 1 + 2", "let a = 1 - 2"),
    ("let a = [1, -2]", "let a = [1, - 2, ]x"),
    ("input 3 -> permute 1 -2", "input 3 -> permute 1 - 2"),
    ("input 3 -> permute 1 -2", "input 3 -> permute 1-2"),
    ("input 3 -> dense (3)", "input 3 -> dense(3)"),
    ("input 3 -> dense(3)", "input 3 -> dense (3)"),
    ("let k = 3\ninput (k)x3", "let k = 3\ninput (k) x3"),
    ("let k = 3\ninput 3 -> f (k) x3", "let k = 3\ninput 3 -> f (k)x3"),
    ("let a = [1, 2]", "let a = [1 2]"),
    ("let a = [1, 2]", "let a = [1, 2,,]"),
    ("let a = []", "let a = [,]"),
    ("let a = (1)", "let a = (1,)"),
    ("input 3 -> (dense 2)", "input 3 -> (dense 2,)"),
    ("input Tx(3)", "input Tx(3,)"),
    ("output a b", "output , a b"),
    ("output a b", "output a,, b"),
    ("train lr=1 on=2", "train lr=1 on, =2"),
    ("train lr=1 on=2", "train lr=, 1 on=2"),
    ("input 3 -> dense 2", "input 3 -> dense, 2"),
    ("loss a, 3, x, 8", "loss a 3 x 8"),
    ("input 3 -> dense 3 as fc", "input 3 -> dense 3 as dense"),
    ("train " + "-1, " * 101 + "1", "train " + "-1 " * 101 + "1"),  # signs nest up to a comma
]


@pytest.mark.parametrize(("before", "after"), OTHER)
def test_what_would_mean_something_else_is_refused(before, after):
    with pytest.raises(AssertionError, match="would mean something else"):
        judge(before, after)


SAME = [
    ("input 3 -> dense 3", "input 3\n  -> dense 3\n"),
    ("let a = [1, 2]", "let a = [1, 2,]"),
    ("let a = [1, 2,]", "let a = [1, 2]"),
    ("block b(p, q=1) = dense p", "block b(p, q=1,) = dense p"),
    ("input 3 -> dense(3)", "input 3 -> dense(3,)"),
    ("input 3 -> [id, id] -> add", "input 3 -> [id, id,] -> add"),
    ("output a b", "output a, b"),
    ("metric a, top_k(3), b,", "metric a top_k(3) b"),
    ("let a = 1+2", "let a = 1 + 2"),
    ("let a = -  1", "let a = -1"),
    ("train -1,+2", "train -1 +2"),
    ("input 3->linear 3", "input 3 -> dense 3"),
    ("input 3->linear 3", "input 3 -> linear 3"),
    ("input 3 -> dense 3  # why", "# why\ninput 3 -> dense 3"),
    ("", ""),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_what_is_only_laid_out_otherwise_is_accepted_without_parsing(before, after, monkeypatch):
    def parsed_again(*_):
        raise AssertionError("parsed again")

    monkeypatch.setattr(module, "parse", parsed_again)
    judge(before, after)


DOUBTFUL = [
    ("let a = (shift -1)", "let a = (shift - 1)"),
    ("loss a, 3, x, 8", "loss a, 3, x, 8"),
    ("let k = 3; input 2x(k)", "let k = 3\ninput 2x(k)"),
]


@pytest.mark.parametrize(("before", "after"), DOUBTFUL)
def test_what_is_in_doubt_is_parsed_again(before, after):
    judge(before, after)


@pytest.mark.parametrize("name", sorted(PATHOLOGICAL))
def test_tokens_find_the_same_where_the_trees_are_the_same(name, monkeypatch):
    """What the tokens accept, trees must accept, too."""
    monkeypatch.setattr(module, "_alike", lambda *_: False)
    by_trees = format_source(Source("spec.nn", PATHOLOGICAL[name](1500)), Report())
    monkeypatch.undo()
    assert format_source(Source("spec.nn", PATHOLOGICAL[name](1500)), Report()) == by_trees


@pytest.mark.parametrize("was", [True, False])
def test_the_collector_is_left_as_it_was(was, monkeypatch):
    def fault(*_):
        assert not gc.isenabled()
        raise RuntimeError

    monkeypatch.setattr("nnc.format.formatter.parse", fault)
    (gc.enable if was else gc.disable)()
    try:
        with pytest.raises(RuntimeError):
            format_source(Source("spec.nn", "input 3"), Report())
        assert gc.isenabled() == was
    finally:
        gc.enable()
