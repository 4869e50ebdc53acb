"""Pictures of networks: what they say, and that nothing in them lies on anything else."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest
from nnc.driver import check
from nnc.report.mermaid import mermaid
from nnc.report.picture import Arrow, Box, Part, Picture, picture
from nnc.report.svg import draw, points, svg
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
