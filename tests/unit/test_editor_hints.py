"""Hints: right where the spec is right, still there where something else is wrong."""

from __future__ import annotations

import pytest
from nnc.editor.hints import hints, with_kept

from .editing import BROKEN, EXAMPLES, example, seen


def shown(text: str, found) -> str:
    for hint in sorted(found, key=lambda hint: -hint.stop):
        text = f"{text[: hint.stop]} «{hint.label}»{text[hint.stop :]}"
    return text


@pytest.mark.parametrize(
    "text",
    [
        "input 784 -> dense 30 relu «→ 30 · 23,550» -> dense 10 softmax «→ 10 · 310»",
        "input 3x8x8 -> (conv 3 3x3 pad=same «→ 3x8x8 · 84») * 2 «→ 3x8x8 · 168»",
        "input 4 as a\na «→ 4» -> dense 3 as b «→ 3 · 15» -> [id «→ 3», dense 3 «→ 3 · 12»] -> add «→ 3»",
        "input T int -> embedding 9 4 «→ Tx4 · 36» -> lstm 5 «→ 5 · 200»",
        "input 4 -> dense 4 as e «→ 4 · 20» -> use e «→ 4 · shared»",
        "let n = 2\ninput (n)x4 «→ 2x4» -> prelu «→ 2x4 · 1»",
        "block b(n) = dense n «→ 5 … 6 · 25 … 36»\ninput 4 -> b(5) «→ 5 · 25» -> b(6) «→ 6 · 36»",
        # what is known behind a mistake
        "input 7 -> xx -> dense 4 relu «→ …x4» -> conv 4 3x3 -> (dense 3 «→ …x3») * (2) «→ …x3»",
        "input 7 -> dense 3 «→ 3 · 24» -> dense 4 «→ 4 · 16» -> (",
    ],
)
def test_hints_of(text):
    plain = "".join(
        part.partition("»")[2] if i else part for i, part in enumerate(text.split(" «"))
    )
    assert shown(plain, hints(seen(plain))) == text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_stage_of_an_example_has_its_shape(path):
    study = example(path)
    graph = study.graph
    labels = {hint.stop: hint.label for hint in hints(study)}
    for layer in graph.graph.layers:
        if layer.kind == "input" or layer.calls or layer.span.source is not study.source:
            continue
        fact = study.stages.at(study.source, layer.span.start)
        assert any(copy.shape == str(graph.types[layer.id]) for copy in fact.copies), layer.name
    assert all(label[0] == "→" for label in labels.values())


BREAK = (
    "densee 5",
    "dense $ 5",
    "dense 5 (",
    "dense 5 ]",
    "dense 5 xx=1",
    "dense",
    "conv 8 3x3x3x3",
    "-> dense 5",
)


@pytest.mark.parametrize("fault", BREAK)
@pytest.mark.parametrize("path", EXAMPLES[::4], ids=lambda path: path.stem)
def test_a_mistake_takes_no_hint_from_other_stages(path, fault):
    """One stage of a right spec is broken: what others left is shown, unless they are wrong now."""
    before = example(path)
    old = hints(before)
    text = before.source.text
    single = [f for f in before.stages.own if "->" not in text[f.start : f.stop]]
    fact = single[len(single) // 2]
    broken = f"{text[: fact.start]}{fault}{text[fact.stop :]}"
    after = seen(broken)
    assert after.errors
    places = {h.stop for h in with_kept(after, old, text)}
    for hint in old:
        more = 0 if hint.stop <= fact.start else len(fault) - (fact.stop - fact.start)
        start, stop = hint.start + more, hint.stop + more
        at_fault = any(start <= d.span.start < stop for d in after.errors)
        if not at_fault and (hint.stop <= fact.start or hint.start >= fact.stop):
            assert stop in places, broken[start:stop]


def test_hints_from_before_a_mistake_are_kept():
    text = "input 784 -> dense 30 relu as h -> dense 10 softmax\nh -> dense 2 as q\nloss mse on q"
    old = hints(seen(text))
    after = seen(f"{text[:13]}({text[13:]}")
    kept = with_kept(after, old, text)
    assert shown(after.source.text, kept) == (
        "input 784 -> (dense 30 relu as h «→ 30 · 23,550» -> dense 10 softmax\n"
        "h «→ 30» -> dense 2 as q «→ 2 · 62»\nloss mse on q"
    )
    assert any(hint.kept for hint in kept)
    assert all("from before the error" in hint.tooltip for hint in kept if hint.kept)
    again = f"{after.source.text}\n"
    assert [h.label for h in with_kept(seen(again), kept, after.source.text)] == [
        h.label for h in kept
    ]


def test_a_hint_is_not_kept_where_its_stage_changed_or_is_wrong():
    before = seen("input 8 -> dense 30 -> dense 4 in=30 -> dense 2")
    for text, stage in (
        ("input 8 -> dense 3$ -> dense 4 in=30 -> dense 2", "dense 3"),
        ("input 8 -> dense 30 relux -> dense 4 in=30 -> dense 2", "dense 30 relux"),
        ("input 8 -> dense 30 -> dense 4 in=31 -> dense 2", "dense 4 in=31"),
    ):
        kept = with_kept(seen(text), hints(before), before.source.text)
        start = text.index(stage)
        assert not [h for h in kept if h.kept and start <= h.stop <= start + len(stage)]


@pytest.mark.parametrize("rest", ["", " -> (", "\nlet a = zz"])
def test_nothing_is_kept_in_a_comment_or_without_an_error(rest):
    before = seen("input 8 -> dense 30 -> dense 4")
    after = seen(f"input 8 -> dense 30 # -> dense 4{rest}")
    kept = with_kept(after, hints(before), before.source.text)
    assert [hint.label for hint in kept] == ["→ 30 · 270"]


def test_nothing_is_kept_without_an_error():
    before = seen("block b = dense 4\ninput 8 -> dense 30 -> b")
    after = seen("block b = dense 4\ninput 8 -> dense 30")
    kept = with_kept(after, hints(before), before.source.text)
    assert [hint.label for hint in kept] == ["→ 30 · 270"]


def test_the_other_statements_of_a_broken_spec_have_hints():
    labels = [hint.label for hint in hints(seen(BROKEN))]
    assert labels == ["→ 16 · 12,560", "→ …x3", "→ 16"]
