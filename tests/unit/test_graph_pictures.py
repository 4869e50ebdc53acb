"""Pictures of networks: their content, and that nothing overlaps."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from nnc.driver import Options, check, compile_source
from nnc.report.dot import dot
from nnc.report.folded import Folded
from nnc.report.mermaid import mermaid
from nnc.report.picture import Arrow, Box, Part, Picture, picture
from nnc.report.rects import points
from nnc.report.scopes import scopes
from nnc.report.svg import draw, svg
from nnc.source import Source

CHAIN = "input 784" + " -> dense 30 sigmoid" * 9 + " -> dense 10 softmax; loss crossentropy"

SPECS = {
    "chain": CHAIN,
    "fork": "input 20 -> [dense 8 relu, dense 16 tanh, dense 4, id] -> concat -> dense 3; loss mse",
    "skip": "input 16 -> ([id, dense 32 relu -> dense 16] -> add relu) * 3 -> dense 1; loss mse",
    "siamese": (
        "input 128 as left -> (dense 64 relu -> dense 16) as enc\n"
        "input 128 as right -> use enc as other\n"
        "[enc, other] -> dot -> sigmoid\nloss bce"
    ),
    "two heads": (
        "input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind\n"
        "trunk -> dense 1 as size\noutput kind, size\n"
        "loss crossentropy on kind weight=0.3\nloss mse on size"
    ),
    "twice the same": "input 5 -> [id, id] -> mul -> dense 1; loss mse",
    "wide fork": (
        "input 64x28x28 -> [flatten, flatten, flatten, flatten, flatten, flatten] -> concat -> dense 4"
    ),
    "crossing": (
        "input 1000x10 as a; input 1000x10 as b; input 1000x10 as c\n"
        "[a, b] -> add as ab; [a, c] -> add as ac; [b, c] -> add as bc\n"
        "[ab, ac, bc] -> add -> dense 1"
    ),
    "unused input": "input 3 as spare; input 5 -> dense 4 relu -> dense 1",
    "only an input": "input 5 -> id",
}


def drawn(spec: str) -> Picture:
    typed = check(Source("model.nn", spec)).graph
    assert typed is not None
    return picture(typed, "model")


@pytest.fixture(params=SPECS)
def shown(request):
    return drawn(SPECS[request.param])


def test_nothing_overlaps(shown):
    drawing = draw(shown)
    rects = [*drawing.boxes, *drawing.labels]
    for one, other in combinations(rects, 2):
        assert not one.meets(other)
    for path in drawing.paths:
        assert not any(label.holds(point) for label in drawing.labels for point in points(path))


def test_arrows_lead_down_from_box_to_box_and_through_no_other(shown):
    drawing = draw(shown)
    place = {box.id: rect for box, rect in zip(shown.boxes, drawing.boxes, strict=True)}
    for arrow, path in zip(shown.arrows, drawing.paths, strict=True):
        source, target = place[arrow.source], place[arrow.target]
        assert path[0][1] == source.y + source.height
        assert source.x < path[0][0] < source.x + source.width
        assert path[-1][1] == target.y
        assert target.x < path[-1][0] < target.x + target.width
        assert [y for _, y in path] == sorted(y for _, y in path)
        assert not any(rect.holds(point) for rect in drawing.boxes for point in path)


def test_a_chain_is_straight():
    drawing = draw(drawn(CHAIN))
    assert len({round(x, 6) for path in drawing.paths for x, _ in path}) == 1


def test_unbranched_runs_are_straight_beside_a_skip():
    spec = "input 16 -> [id -> dense 4, dense 3000 relu -> dense 5 relu -> dense 4] -> add"
    drawing = draw(drawn(spec))
    places = {box.lines[0]: r for box, r in zip(drawing.picture.boxes, drawing.boxes, strict=True)}
    run = [places[name] for name in ("dense2", "dense3", "dense4")]
    assert len({round(rect.x + rect.width / 2, 6) for rect in run}) == 1


def test_arrows_that_need_not_cross_do_not():
    boxes = tuple(Box(id, Part.LAYER, (id,)) for id in ("a", "b", "y", "x"))
    arrows = (Arrow("a", "x", "1"), Arrow("b", "y", "2"))
    first, second = draw(Picture("", boxes, arrows)).paths
    assert (first[0][0] < second[0][0]) == (first[-1][0] < second[-1][0])


def test_svg_is_well_formed_and_holds_every_text(shown):
    root = ElementTree.fromstring(svg(shown))
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    wanted = [line for box in shown.boxes for line in box.lines]
    wanted += [frame.text for frame in shown.frames]
    assert sorted(filter(None, texts)) == sorted([*wanted, *(a.label for a in shown.arrows)])
    assert root.attrib["role"] == "img"
    assert svg(shown) == svg(shown)


def test_text_is_escaped():
    tricky = Picture("<&>", (Box("n0", Part.LAYER, ('a<b&"c"#',)),), ())
    assert ElementTree.fromstring(svg(tricky))[0].text == "<&>"
    assert 'n0["a#lt;b&#quot;c#quot;#35;"]' in mermaid(tricky)


def test_mermaid_shows_layers_parameters_and_shapes():
    assert mermaid(drawn("input 784 -> dense 30 sigmoid -> dense 10; loss crossentropy")) == (
        "flowchart TD\n"
        '    n0(["x<br/>input 784"])\n'
        '    n1["dense1<br/>dense 30 sigmoid<br/>23,550 parameters"]\n'
        '    n2["dense2<br/>dense 10<br/>310 parameters"]\n'
        '    out0(["output y<br/>loss crossentropy"])\n'
        '    n0 -->|"784"| n1\n'
        '    n1 -->|"30"| n2\n'
        '    n2 -->|"10"| out0\n'
    )


def test_shared_layers_say_with_whom():
    boxes = [box.lines for box in drawn(SPECS["siamese"]).boxes]
    lines = [line for box in boxes for line in box]
    assert ("other.dense1", "dense 64 relu", "shares enc.dense1") in boxes
    assert lines.count("8,256 parameters") == 1


def test_losses_say_what_is_not_their_default():
    lines = drawn("input 3 -> dense 1; loss huber(delta=2); loss mse weight=2").boxes[-1].lines
    assert lines == ("output y", "loss huber(delta=2)", "loss mse weight=2")


def test_losses_and_outputs_end_the_picture():
    ends = [box.lines for box in drawn(SPECS["two heads"]).boxes if box.part is Part.OUTPUT]
    assert ends == [
        ("output kind", "loss crossentropy weight=0.3"),
        ("output size", "loss mse"),
    ]


def test_lets_appear_with_their_values():
    boxes = drawn("let n = 4; input 9 -> dense (2*n) bias=false tanh -> dropout 0.5").boxes
    assert ("dense1", "dense 8 bias=false tanh", "72 parameters") in [b.lines for b in boxes]


def test_a_thousand_layers_are_drawn_quickly():
    boxes = tuple(Box(f"n{i}", Part.LAYER, (f"dense{i}",)) for i in range(1000))
    arrows = tuple(Arrow(f"n{i}", f"n{i + 1}", "30") for i in range(999))
    assert svg(Picture("deep", boxes, arrows)).count("<rect") == 1000


# --- repeats ------------------------------------------------------------------------------


def lines(spec: str) -> list[tuple[str, ...]]:
    return [box.lines for box in drawn(spec).boxes]


def test_equal_layers_are_one_box():
    found = lines("input 8 -> (dense 8 relu) * 101 -> dense 1; loss mse")
    assert ("dense1 … dense101", "dense 8 relu", "× 101", "72 parameters each") in found
    assert len(found) == 4


def test_equal_stretches_stand_once_in_a_frame():
    shown = drawn("input 8 -> ([id, dense 8 relu -> dense 8] -> add) * 100 -> dense 1; loss mse")
    (frame,) = shown.frames
    assert frame.text == "× 100"
    assert [b.lines[0] for b in shown.boxes if b.id in frame.boxes] == [
        "dense1 … dense199",
        "dense2 … dense200",
        "add1 … add100",
    ]
    assert [a.target for a in shown.arrows].count("n3") == 2
    assert svg(shown).count("× 100") == mermaid(shown).count("× 100") == 1
    assert svg(shown).count("stroke-dasharray") == 1


def test_repeats_within_repeats():
    shown = drawn(
        "input 8 -> ((dense 8 relu) * 7 -> [id, dense 8] -> add) * 6 -> dense 1; loss mse"
    )
    assert [frame.text for frame in shown.frames] == ["× 6"]
    assert shown.boxes[1].lines[:3] == ("dense1 … dense7", "dense 8 relu", "× 7")
    pairs = "(dense 8 relu -> dense 8 tanh) * 6 -> softmax"
    shown = drawn(f"input 8 -> ({pairs}) * 5 -> dense 1; loss mse")
    assert [frame.text for frame in shown.frames] == ["× 5", "× 6"]
    assert set(shown.frames[1].boxes) < set(shown.frames[0].boxes)
    text = mermaid(shown)
    assert text.count("subgraph") == text.count("end\n") == 2


@pytest.mark.parametrize(
    "spec",
    [
        "input 8 -> dense 7 -> dense 6 -> dense 5 -> dense 4 -> dense 3 -> dense 2; loss mse",
        "input 8" + "".join(f" -> dense 8 as {name}" for name in "abcdefg") + "; loss mse",
        "input 8" + "".join(f" -> dropout 0.{i}" for i in range(1, 8)) + " -> dense 1; loss mse",
        "input 8 -> (dense 8 relu) * 4 -> dense 1; loss mse",
        "input 8" + " -> dense 8 relu -> dense 8 gelu init=he -> dense 8 elu" * 2 + "; loss mse",
        "input 8 -> dense 8 as a" + " -> dense 8 -> dense 8 relu" * 2 + " -> use a; loss mse",
    ],
)
def test_what_differs_is_not_folded(spec):
    typed = check(Source("model.nn", spec)).graph
    shown = picture(typed, "model")
    assert len(shown.boxes) == len(typed.graph.layers) + 1
    assert not shown.frames


def test_applied_again_and_again():
    found = lines("input 8 -> dense 8 as a" + " -> use a" * 9 + " -> dense 1; loss mse")
    assert ("use1 … use9", "dense 8", "× 9", "shares a") in found


def test_an_output_within_is_shown():
    spec = "input 8 -> (dense 8) * 9 -> dense 8 as a -> (dense 8) * 9; loss mse on a; output a"
    assert [box.lines[0] for box in drawn(spec).boxes][:4] == [
        "x",
        "dense1 … dense9",
        "a",
        "dense10 … dense18",
    ]


def test_long_lists_are_cut():
    means = ", ".join(["0.5"] * 784)
    found = lines(f"input 784 -> normalize mean=[{means}] std=2 -> dense 2; loss mse")
    assert found[1][1] == "normalize mean=[0.5, 0.5, 0.5, … 784 in all] std=2"
    shown = drawn(f"input {'x'.join(['1'] * 40)}x7 -> flatten -> dense 2; loss mse")
    assert shown.arrows[0].label == "1x1x1x…x7 (41 axes)"
    code = compile_source(
        Source("m.nn", f"input 784 -> normalize mean=[{means}] std=2 -> dense 2; loss mse"),
        Options(format=False),
    ).code
    assert code.partition('"""')[2].partition('"""')[0].count("0.5") == 3


# --- blocks and groups --------------------------------------------------------------------

BLOCKS = (
    "block res(n) = [id, dense n relu -> dense n] -> add\n"
    "block two(n) = res(n) -> res(n)\n"
    "block mlp(n) = dense n -> relu as bent -> dense n\n"
    "input 16 -> two(16) -> (dense 8 relu -> dense 4) as enc -> [res(4), mlp(4)] -> add -> dense 1\n"
    "loss mse"
)
FRAMED = {
    "blocks": BLOCKS,
    "siamese": SPECS["siamese"],
    "block of one layer": "block wide(n) = dense n relu\ninput 3 -> wide(4) -> dense 1; loss mse",
    "two inputs": (
        "block mix(n) = [dense n, dense n, id] -> add\n"
        "input 4 as a; input 4 as b\na -> mix(4) as c\nb -> mix(4) as d\n[c, d] -> concat -> dense 1"
    ),
    "repeats of blocks": (
        "block res(n) = [id, dense n relu -> dense n] -> add\ninput 8 -> res(8) * 12 -> dense 1; loss mse"
    ),
}


@pytest.fixture(params=FRAMED)
def framed(request):
    return drawn(FRAMED[request.param])


def test_blocks_and_named_groups_are_frames():
    shown = drawn(BLOCKS)
    assert [(f.text, len(f.boxes)) for f in shown.frames] == [
        ("two1", 6),
        ("two1.res1", 3),
        ("two1.res2", 3),
        ("enc", 2),
        ("res1", 3),
        ("mlp1", 3),
    ]


def test_a_frame_holds_its_boxes_and_no_others(framed):
    drawing = draw(framed)
    for frame, rect in zip(framed.frames, drawing.frames, strict=True):
        for box, place in zip(framed.boxes, drawing.boxes, strict=True):
            inside = all(
                rect.holds(p) for p in ((place.x, place.y), (place.right, place.y + place.height))
            )
            assert inside if box.id in frame.boxes else not rect.meets(place)
    for (one, first), (other, second) in combinations(
        zip(framed.frames, drawing.frames, strict=True), 2
    ):
        if set(one.boxes).isdisjoint(other.boxes):
            assert not first.meets(second)


def test_nothing_overlaps_in_frames_either(framed):
    test_nothing_overlaps(framed)
    test_arrows_lead_down_from_box_to_box_and_through_no_other(framed)


def test_arrows_of_one_box_do_not_cross_behind_its_frame():
    drawing = draw(
        drawn(
            "block enc(n) = dense n relu -> dense n relu\n"
            "input 8 as x; x -> enc(8) as p; x -> enc(8) as q\n"
            "[p, q] -> add as u; p -> dense 8 relu as v; [u, v] -> concat -> dense 1; loss mse"
        )
    )
    by_source = {}
    for arrow, path in zip(drawing.picture.arrows, drawing.paths, strict=True):
        by_source.setdefault(arrow.source, []).append(path)
    for paths in by_source.values():
        for one, other in combinations(paths, 2):
            (x0, y0), (x1, y1) = (zip(*points(path), strict=True) for path in (one, other))
            apart = np.subtract(x0, np.interp(y0, y1, x1))[1:]
            signs = set(np.sign(np.round(apart, 6))) - {0}
            assert len(signs) < 2


def test_the_frame_of_a_repeated_block_names_the_first_and_the_last():
    (frame,) = drawn(FRAMED["repeats of blocks"]).frames
    assert (frame.text, frame.copies) == ("res1 … res12 × 12", 12)
    assert svg(drawn(FRAMED["repeats of blocks"])).count("stroke-dasharray") == 1
    assert "stroke-dasharray" not in svg(drawn(BLOCKS))


def test_scopes_with_ways_out_and_back_are_no_frames():
    folded = Folded({i: i for i in range(4)}, {i: i for i in range(4)})
    names = ["a.first", "b.first", "b.last", "a.last"]
    assert scopes(names, folded, [(0, 1), (2, 3)]) == []
    assert [s.name for s in scopes(names, folded, [(0, 1), (3, 2)])] == ["a", "b"]


def test_frames_are_clusters_of_mermaid_and_graphviz():
    text = dot(drawn(BLOCKS))
    assert text.count("subgraph cluster_") == text.count("    }\n") == 6
    assert '        subgraph cluster_1 { label="two1.res1"; labeljust=l;\n            n1;\n' in text
    assert '    n0 -> n1 [label="16"];\n' in text
    assert text.startswith('digraph network {\n    label="model"; labelloc=t;\n')
    assert mermaid(drawn(BLOCKS)).count("subgraph") == 6


def test_graphviz_text_is_escaped():
    tricky = Picture('a"b\\N', (Box("n0", Part.LAYER, ('say "\\n"', "<b>")),), ())
    assert 'label="a\\"b\\\\N"' in dot(tricky)
    assert '[label="say \\"\\\\n\\"\\n<b>",' in dot(tricky)
