"""What varies in a sweep: the texts of --grid, and the specs with other values."""

from __future__ import annotations

import math

import pytest
from nnc.driver import check
from nnc.optimizers import OPTIMIZERS
from nnc.source import Source
from nnc.sweeps.axes import Axis, Range, points, read_axes, split_values
from nnc.sweeps.errors import SweepError
from nnc.sweeps.knobs import knobs_of, vary
from nnc.sweeps.points import name_of, seeds_from

BODY = "input 4 -> dense 3 softmax\nloss crossentropy\n"


class TestAxes:
    def test_commas_inside_brackets_separate_nothing(self):
        assert list(split_values("[1, 2],[3],f(4, 5), 6")) == ["[1, 2]", "[3]", "f(4, 5)", "6"]

    def test_equal_values_count_once(self):
        assert read_axes(["a=1,2,1"]) == (Axis("a", ("1", "2")),)

    @pytest.mark.parametrize(
        ("text", "low", "high", "whole", "logarithmic"),
        [
            ("a=1e-4..1e-1", 1e-4, 0.1, False, True),
            ("a=0.1..0.5", 0.1, 0.5, False, False),
            ("a=16..128", 16, 128, True, False),
            ("a=1..100", 1, 100, True, True),
            ("a=-1..1000", -1, 1000, True, False),
            ("a=0.5..5.0", 0.5, 5, False, True),
        ],
    )
    def test_ranges(self, text, low, high, whole, logarithmic):
        (axis,) = read_axes([text])
        assert axis.range == Range(low, high, whole)
        assert axis.range.logarithmic is logarithmic

    def test_the_grid_has_every_combination(self):
        grid = points(read_axes(["a=1,2", "b=x,y,z"]), None, 0)
        assert len(grid) == 6
        assert grid[1] == {"a": "1", "b": "y"}

    def test_too_large_a_grid_is_refused(self):
        axes = [Axis(name, tuple(map(str, range(30)))) for name in "abc"]
        with pytest.raises(SweepError, match="27,000 points"):
            points(axes, None, 0)

    def test_more_random_points_begin_with_the_fewer(self):
        axes = read_axes(["a=1e-4..1e-1", "b=8..64", "c=x,y"])
        many = points(axes, 200, seed=3)
        assert many[:20] == points(axes, 20, seed=3)
        assert many[:20] != points(axes, 20, seed=4)
        rates = sorted(math.log10(float(point["a"])) for point in many)
        assert -4 <= rates[0] < -3.9
        assert -1.1 < rates[-1] <= -1
        assert abs(rates[100] + 2.5) < 0.4, "logarithms are uniform"
        assert {point["c"] for point in many} == {"x", "y"}
        assert all(8 <= int(point["b"]) <= 64 for point in many)

    def test_points_differ_even_where_few_are_possible(self):
        found = points(read_axes(["a=1..3"]), 10, 0)
        assert sorted(point["a"] for point in found) == ["1", "2", "3"]


VARIED = {
    ("let n = 3\n" + BODY, "n", "5"): "let n = 5\n" + BODY,
    ("let n = 2 * 3\n" + BODY, "n", "5"): "let n = 5\n" + BODY,
    ("let k = [1, 2]\n" + BODY, "k", "[3, 4]"): "let k = [3, 4]\n" + BODY,
    (BODY + "optimizer sgd lr=0.1", "lr", "0.2"): BODY + "optimizer sgd lr=0.2",
    (BODY + "optimizer sgd 0.1", "lr", "0.2"): BODY + "optimizer sgd 0.2",
    (BODY + "optimizer sgd(0.1)", "lr", "0.2"): BODY + "optimizer sgd(0.2)",
    (BODY + "optimizer adam(eps=1e-6)", "lr", "0.2"): BODY + "optimizer adam(eps=1e-6, lr=0.2)",
    (BODY + "optimizer adam", "beta1", "0.8"): BODY + "optimizer adam beta1=0.8",
    (BODY, "lr", "0.2"): BODY + "\noptimizer sgd lr=0.2\n",
    (BODY, "optimizer", "adam lr=1"): BODY + "\noptimizer adam lr=1\n",
    (BODY + "optimizer sgd lr=1 # fast", "optimizer", "adam"): BODY + "optimizer adam # fast",
    (BODY + "schedule step every=5", "every", "7"): BODY + "schedule step every=7",
    (BODY + "train epochs=3", "batch", "16"): BODY + "train epochs=3 batch=16",
    (BODY, "train.batch", "16"): BODY + "\ntrain batch=16\n",
    (BODY, "clip.norm", "2"): BODY + "\nclip norm=2\n",
    (BODY + "regularize l2=1", "l2", "0.5"): BODY + "regularize l2=0.5",
    (BODY, "smoothing", "0.1"): BODY.replace("entropy", "entropy smoothing=0.1"),
    (
        "fn own(y, t, q=2) = abs(y - t) ** q\ninput 4 -> dense 1\nloss own",
        "q",
        "3",
    ): "fn own(y, t, q=2) = abs(y - t) ** q\ninput 4 -> dense 1\nloss own q=3",
}


class TestKnobs:
    @pytest.mark.parametrize(("text", "name", "value"), VARIED)
    def test_the_spec_with_another_value(self, text, name, value):
        found = vary(text, {name: value})
        assert found == VARIED[text, name, value]
        assert not check(Source("a.nn", found)).report.has_errors

    def test_a_let_hides_an_argument(self):
        text = f"let lr = 0.1\n{BODY}optimizer sgd lr=lr"
        assert vary(text, {"lr": "0.3"}) == text.replace("= 0.1", "= 0.3")
        assert vary(text, {"optimizer.lr": "0.3"}) == text.replace("lr=lr", "lr=0.3")

    def test_the_statement_comes_before_its_arguments(self):
        found = vary(BODY, {"momentum": "0.9", "lr": "2", "optimizer": "sgd lr=1"})
        assert found == BODY + "\noptimizer sgd lr=2 momentum=0.9\n"

    def test_a_name_of_two_statements_needs_one(self):
        text = f"{BODY}optimizer adam\nschedule exponential decay=0.9 every=10"
        names = knobs_of(text)
        both = {n.partition(".")[2] for n in names if n.startswith("schedule.")}
        shared = both & {n.partition(".")[2] for n in names if n.startswith("optimizer.")}
        for name in shared:
            with pytest.raises(SweepError, match=f"write optimizer.{name} or schedule.{name}"):
                vary(text, {name: "1"})

    def test_two_losses_have_no_arguments(self):
        text = "input 4 -> dense 3 as a -> dense 3 as b\nloss mse on a\nloss mse on b"
        assert not any(name.startswith("loss.") for name in knobs_of(text))

    @pytest.mark.parametrize("kind", sorted(set(OPTIMIZERS) - {"lstsq"}))
    def test_every_argument_of_every_optimizer_can_vary(self, kind):
        text = f"{BODY}optimizer {kind} lr=0.1"
        known = knobs_of(text)
        for spec in OPTIMIZERS[kind].args:
            knob = known[f"optimizer.{spec.name}"]
            value = "0.125" if spec.name == "lr" else None
            if value is None:
                assert text[knob.start : knob.stop] == ""
                continue
            graph = check(Source("a.nn", vary(text, {spec.name: value}))).graph
            assert graph.graph.training.optimizer.args[spec.name] == 0.125

    def test_names_of_results(self):
        assert name_of({"lr": "1e-3", "n": "2"}, 4) == "lr=1e-3,n=2,seed=4"
        odd = name_of({"k": "[1, 2]"}, None)
        assert odd.startswith("k=_1,_2_-")
        assert odd != name_of({"k": "(1, 2)"}, None)
        assert len(name_of({"k": "1" * 500}, None)) <= 80

    def test_seeds(self):
        assert list(seeds_from(None, 1)) == [None]
        assert list(seeds_from(None, 3)) == [0, 1, 2]
        assert list(seeds_from(7, 2)) == [7, 8]
