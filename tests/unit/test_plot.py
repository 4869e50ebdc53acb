"""`nnc plot`: curves in the terminal and as images."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.report.curves import Series, curves, nice
from nnc.runtime import extras

from ..html_pages import check_alone

PLOTEXT = "plotext is missing: pip install 'nnc[plot]'"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, list(map(str, words)), catch_exceptions=False)


def write_run(folder, epochs=6, **more):
    """A folder with the log of a run, which is all that is read."""
    events = [{"event": "start", "epochs": epochs}]
    for n in range(1, epochs + 1):
        scores = {"loss": 2.0 / n, "metrics": {"accuracy": n / 10}}
        events.append({"event": "epoch", "epoch": n, **scores, "test": scores, **more})
    Path(folder).mkdir(parents=True)
    text = "".join(json.dumps(e) + "\n" for e in [*events, {"event": "end", "reason": "done"}])
    Path(folder, "log.jsonl").write_text(text)


class TestTerminal:
    @pytest.fixture(autouse=True)
    def _needs_plotext(self):
        pytest.importorskip("plotext", reason=PLOTEXT)

    def test_every_score_is_a_plot(self, nnc):
        write_run("r")
        done = nnc("plot", "r")
        assert done.exit_code == 0
        assert done.output.splitlines()[0] == "loss   • training   + test"
        assert "\naccuracy   • training   + test\n" in done.output
        assert done.output.count("┌") == 2
        assert "\x1b" not in done.output
        last = done.output.splitlines()[-2].split()
        assert last == ["1", "2", "3", "4", "5", "6"]

    def test_a_falling_loss_falls(self, nnc):
        write_run("r")
        rows = nnc("plot", "r", "--score", "loss").output.splitlines()[2:-3]
        first = next(i for i, row in enumerate(rows) if row.rstrip("│")[6:7].strip())
        assert first <= 2
        assert rows[-1].rstrip("│").rstrip()[-1:] in "•+"

    def test_several_runs_are_named(self, nnc):
        write_run("a/b")
        write_run("c")
        head = nnc("plot", "a/b", "c", "--score", "accuracy").output.splitlines()[0]
        assert head == "accuracy   • a/b training   + a/b test   x c training   * c test"

    def test_a_single_epoch(self, nnc):
        write_run("r", epochs=1)
        assert nnc("plot", "r").exit_code == 0

    def test_names_cannot_steer_the_terminal(self, nnc):
        write_run("r", metrics={"\x1b[31mred": 0.5})
        assert "\x1b" not in nnc("plot", "r").output


class TestImages:
    @pytest.fixture(autouse=True)
    def _needs_matplotlib(self):
        pytest.importorskip("matplotlib", reason="matplotlib is missing: pip install 'nnc[plot]'")

    @pytest.mark.parametrize(
        ("name", "start"), [("a.png", b"\x89PNG"), ("a.PDF", b"%PDF"), ("a.svg", b"<?xml")]
    )
    def test_by_the_suffix(self, nnc, name, start):
        write_run("r")
        assert nnc("plot", "r", "-o", name).output == ""
        assert Path(name).read_bytes().startswith(start)

    def test_equal_runs_give_equal_bytes(self, nnc):
        write_run("r")
        nnc("plot", "r", "-o", "a.svg")
        nnc("plot", "r", "-o", "b.svg")
        assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()

    @pytest.mark.parametrize("folder", ["$\\frac{", "_under", "<script>alert(1)<:script>", "a & b"])
    def test_names_are_text(self, nnc, folder):
        write_run(folder)
        write_run("other", metrics={"$x^": 0.5})
        assert nnc("plot", folder, "other", "-o", "a.svg").exit_code == 0
        root = ElementTree.parse("a.svg").getroot()
        assert not [e for e in root.iter() if "script" in e.tag]


class TestWrongUse:
    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (("nowhere",), 1, "error: nowhere is no run: it has no log.jsonl"),
            (("empty",), 1, "error: empty has no epochs yet"),
            (("r", "--score", "acuracy"), 2, "not 'acuracy', did you mean accuracy?"),
            (("r", "-o", "a.txt"), 2, "-o: a.txt is none of .svg, .png, .pdf"),
            (("r", "-o", "none/a.svg"), 2, "there is no folder none"),
            ((), 2, "`nnc plot` needs RUN"),
        ],
    )
    def test_one_line(self, nnc, words, code, said):
        write_run("r")
        write_run("empty", epochs=0)
        done = nnc("plot", *words)
        assert done.exit_code == code
        assert said in done.stderr
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("words", [("r",), ("r", "-o", "a.svg")])
    def test_a_missing_extra_is_one_line(self, nnc, words, monkeypatch):
        monkeypatch.setattr(extras, "installed", lambda package: False)
        write_run("r")
        done = nnc("plot", *words)
        assert done.exit_code == 1
        assert done.stderr.endswith("pip install 'nnc[plot]'\n")
        assert done.stderr.count("\n") == 1


# --- the curves of the report, which need no extra ----------------------------------------


def test_round_numbers():
    assert nice(0, 10) == [0, 2, 4, 6, 8, 10]
    assert nice(0.9, 1.0) == pytest.approx([0.9, 0.92, 0.94, 0.96, 0.98, 1.0])
    assert nice(3, 3) == [3]


def paths(drawing):
    root = ElementTree.fromstring(drawing)
    name = "{http://www.w3.org/2000/svg}path"
    return [e.attrib["d"] for e in root.iter(name) if e.attrib.get("stroke-linejoin")]


def test_a_line_goes_through_its_points():
    (way,) = paths(curves("loss", [Series("a", [(1, 3.0), (2, 2.0), (3, 1.0)])]))
    places = [tuple(map(float, pair.split())) for pair in way[1:].split("L")]
    (x0, y0), (x1, y1), (x2, y2) = places
    assert x0 < x1 < x2
    assert y0 < y1 < y2  # a loss that falls goes down the page
    assert (x1, y1) == pytest.approx(((x0 + x2) / 2, (y0 + y2) / 2), abs=0.06)


def test_far_apart_values_are_drawn_by_their_logarithms():
    drawing = curves("loss", [Series("a", [(1, 100.0), (2, 1.0), (3, 0.01)])])
    (way,) = paths(drawing)
    heights = [float(pair.split()[1]) for pair in way[1:].split("L")]
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.06)
    assert ">0.1<" in drawing


def test_single_points_are_seen_and_names_are_text():
    drawing = curves("<b>", [Series("<script>", [(1, 0.5)]), Series("absent", [])], share=True)
    assert "<circle" in drawing
    check_alone(drawing)
    assert "absent" not in drawing
