"""The language page, sentence by sentence: one class for each section.

What a rule refuses, and in which words, is shown by the UI tests; here is what programs mean.
"""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.model import Severity
from nnc.driver import check
from nnc.source import Source

from ..generated import build
from .resolving import edges, error_codes, findings, graph, layer, names


def params(text: str) -> dict[str, tuple[int, ...]]:
    """Parameters and their shapes of a spec without errors."""
    checked = check(Source("main.nn", text))
    assert checked.graph is not None, [d.message for d in checked.report]
    return {p.name: p.shape for p in checked.graph.params}


def shape(text: str) -> str:
    """Shape of a spec's last layer."""
    typed = check(Source("main.nn", text)).graph
    assert typed is not None
    return "x".join(map(str, typed.shape_of(typed.graph.layers[-1].id)))


def codes(text: str) -> list[str]:
    """Codes of the errors of the whole front half."""
    return [
        d.code.id for d in check(Source("main.nn", text)).report if d.severity is Severity.ERROR
    ]


class TestSection2FilesAndLexing:
    @pytest.mark.parametrize(
        "text",
        [
            "input 3 ->\n\n # why\n dense 2\n -> relu",
            "input 3\n# a comment\n\n  -> dense 2 # another\n-> relu",
            "input 3 -> (dense\n  2\n) -> relu",
            "input 3 -> [dense 2,\n dense 2\n, dense 2,] -> add -> relu",
            "input 3 -> dense(2,\n bias=false,\n) -> relu",
            "let n =\n 2\ninput 3 -> dense n -> relu",
            "block f =\n\n dense 2\n -> relu\ninput 3 -> f",
            "input 3 -> (dense 3)\n * 2 -> relu\n as z\noutput z",
            "input 3 -> (dense 3) *\n 2 -> relu",
            "input 3 -> dense 2; ; loss mse;",
        ],
    )
    def test_a_newline_ends_a_statement_unless_something_is_open(self, text):
        assert codes(text) == []

    def test_a_semicolon_ends_a_statement_even_in_brackets(self):
        assert error_codes("input 3 -> (dense 3; loss mse") == ["NN003"]

    def test_a_directive_begins_a_statement_even_in_an_open_bracket(self):
        assert error_codes("input 3 -> (dense 2\nloss mse\noptimizer sgd lr=0.1") == ["NN003"]
        assert error_codes("input 3 -> (dense 2\nloss mze") == ["NN003", "NN105"]

    def test_an_input_does_not(self):
        assert codes("[input 3 as a,\ninput 3 as b] -> add -> dense 2") == []

    def test_symbolic_dimensions_stand_in_input_shapes_only(self):
        for text in ("input T -> dense T", "let s = Tx8\ninput 3", "input 3 -> reshape Tx3"):
            assert "NN131" in error_codes(text)

    @pytest.mark.parametrize(
        "word",
        [
            "B",
            "on",
            "as",
            "use",
            "true",
            "false",
            "int",
            "ragged",
            "let",
            "loss",
            "input",
            "class",
            "lambda",
            "dense2",
            "conv1",
        ],
    )
    def test_reserved_names(self, word):
        assert len(error_codes(f"input 3 -> dense 2 as {word}")) == 1

    def test_one_namespace(self):
        assert error_codes("let a = 2\nblock a = relu\ninput 3 -> dense a") == ["NN114"]
        assert error_codes("let a = 2\ninput 3 -> dense a as a") == ["NN114"]

    def test_lets_and_blocks_are_known_in_the_whole_file_stages_after_their_definition(self):
        assert names("input n -> f\nlet n = 3\nblock f = dense n") == ["f1.dense1"]
        assert error_codes("[a, a] -> add\ninput 3 as a -> dense 3") == ["NN102", "NN102"]

    def test_lets_may_be_called_like_layers_and_parameters_shadow_lets(self):
        assert codes("let dropout = 0.1\ninput 3 -> dense 2 -> dropout dropout -> dense 2") == []
        assert error_codes("let relu = 2\ninput 3 -> dense relu") == ["NN116"]
        assert params("let n = 2\nblock f(n) = dense n\ninput 3 -> f(5)")["f1.dense1.W"] == (3, 5)

    @pytest.mark.parametrize(
        "size",
        [
            "Tx8x(2)",
            "8xTx(2)",
            "(2)xTx4",
            "TxLx(2)x3",
            "3xT1x(2)",
            "(k)x(k+1)",
            "3x(k)xT",
            "(2)x(3)x4xT",
            "TxL",
        ],
    )
    def test_components_of_a_size(self, size):
        assert codes(f"let k = 2\ninput {size} as a -> scale k -> flatten -> scale k") == []

    @pytest.mark.parametrize(
        ("value", "units"),
        [
            ("(2*3+1)", 7), ("(2**3**2)", 512), ("(7//2)", 3), ("(7%4)", 3), ("(10/5)", 2),
            ("(-7//2+5)", 1), ("(2--1)", 3), ("(0.1*30)", 3), ("1e3", 1000), ("16.0", 16),
            ("(16**0.5)", 4), ("((1+2)*3)", 9),
        ],
    )  # fmt: skip
    def test_arithmetic(self, value, units):
        assert layer(f"input 3 -> dense {value}", "dense1").args["units"] == units
        assert layer(f"let n = {value}\ninput 3 -> dense n", "dense1").args["units"] == units
        assert layer(f"input 3 -> dense({value})", "dense1").args["units"] == units

    def test_a_fraction_is_shown_where_an_integer_is_needed(self):
        (found,) = findings("let w = 16\ninput 3 -> dense (w/3)")
        assert "w/3 = 5.33" in found.message
        (found,) = findings("let w = 16/3\ninput 3 -> dense w")
        assert [label.span.text for label in found.labels] == ["16/3"]

    def test_option_words_and_booleans_ignore_case(self):
        text = "block f(b, i=he) = dense 3 bias=b init=i relu\n"
        text += "input 3 -> f(FALSE) -> f(True, HE) -> dense 2 bias=TRUE init=Zeros\nloss mse reduction=SUM"
        assert codes(text) == []
        assert list(params(text))[:2] == ["f1.dense1.W", "f2.dense1.W"]
        assert error_codes("input 3 -> Dense 2") == ["NN101"]
        assert error_codes("input 3 -> dense 2 ReLU") == ["NN102"]

    def test_strings(self):
        assert graph('model "LeNet"\ninput 3 -> dense 2').model == "LeNet"
        assert error_codes('input 3 -> dense "2"') == ["NN110"]


class TestSection3Statements:
    def test_sources(self):
        assert edges("[input 3 as a, input 3 as b -> dense 3] -> add")["add1"] == ["a", "dense1"]
        assert error_codes("input 3 as a\n[a, dense 3] -> add") == ["NN119"]

    def test_values_of_lets(self):
        assert (
            codes(
                "let s = 2x3\nlet k = 2\nlet l = [1, k]\ninput s -> flatten -> dense k -> scale l"
            )
            == []
        )
        for value in ("dense 3", "relu", '"text"', "1:3"):
            assert error_codes(f"let a = {value}\ninput 3 -> dense 2") == ["NN110"]

    def test_parameters_of_every_type(self):
        text = (
            "block f(n, s=4x3, b=true, w=he, a=relu, l=[1, 2, 3], st=dense 3 relu, k=n/6) =\n"
            "  dense n bias=b init=w a -> reshape s -> scale l -> flatten -> (st -> dense 12) * k\n"
        )
        assert names(text + "input 3 -> f(12)") == [
            "f1.dense1", "f1.reshape1", "f1.scale1", "f1.flatten1",
            "f1.dense2", "f1.dense3", "f1.dense4", "f1.dense5",
        ]  # fmt: skip
        assert layer(text + "input 3 -> f(12, a=tanh)", "f1.dense1").activation.kind == "tanh"
        assert names(text + "input 3 -> f(12, st=id, k=1)")[-1] == "f1.dense2"
        assert names("block p(b) = b -> add\ninput 3 -> p([dense 3, id, relu -> tanh])") == [
            "p1.dense1", "p1.relu1", "p1.tanh1", "p1.add1",
        ]  # fmt: skip

    def test_defaults_see_earlier_parameters_and_lets(self):
        text = "let w = 2\nblock f(a, b=a*w, c=a+b) = dense a -> dense b -> dense c\ninput 3 -> f(2, b=5)"
        assert [s[1] for n, s in params(text).items() if n.endswith("W")] == [2, 5, 7]
        assert error_codes("block f(a=b, b=2) = dense a -> dense b\ninput 3 -> f") == ["NN102"]

    def test_a_body_sees_no_outer_stage_and_no_parameter_of_its_caller(self):
        assert error_codes("input 3 as a\nblock f = [id, a] -> add\na -> f") == ["NN102"]
        assert error_codes("block f = dense n\nblock g(n) = f -> dense n\ninput 3 -> g(2)") == [
            "NN102"
        ]
        assert error_codes("block f(s) = [id, s] -> add\ninput 3 as a -> f(a)") == ["NN110"]

    def test_blocks_do_not_recur_and_need_no_parentheses(self):
        assert error_codes("block f = g\nblock g = f\ninput 3 -> f") == ["NN118"]
        assert names("block f = relu\ninput 3 -> f -> f()") == ["f1.relu1", "f2.relu1"]

    def test_implied_outputs(self):
        def outputs(text):
            return [o.name for o in graph(text).outputs]

        assert outputs("input 3 as a -> dense 2 as b\na -> dense 2 as c") == ["c"]
        assert outputs(
            "input 3 as a -> dense 2 as b\na -> dense 2 as c\nloss mse on b\nloss mse on c"
        ) == ["b", "c"]
        assert outputs("input 3 -> dense 2 as b -> dense 1 as c\nloss mse on b\nloss mse on c") == [
            "c"
        ]
        assert outputs("input 3 as a -> dense 2 as b\ninput 3 as c") == ["b"]

    def test_losses_are_weighted_and_may_repeat(self):
        text = "input 3 -> dense 2 as b -> dense 1 as c\nloss mse weight=0.3 on b\nloss mae on c"
        assert [(x.setting.kind, x.on, x.weight) for x in graph(text).losses] == [
            ("mse", "b", 0.3), ("mae", "c", 1.0),
        ]  # fmt: skip
        assert error_codes("input 3 -> dense 2 as b -> dense 1 as c\noutput b, c\nloss mse") == [
            "NN129"
        ]

    @pytest.mark.parametrize(
        "line",
        ["optimizer sgd 0.1", "regularize l2=0.1", "train batch=3", "dtype float64", "model a"],
    )
    def test_what_appears_once(self, line):
        assert error_codes(f"{line}\ninput 3 -> dense 2\nloss mse\n{line}") == ["NN130"]

    def test_includes(self):
        files = {
            "lib/b.nn": 'include "../c.nn"\ninclude "d.nn"\nblock f = dense (w*v)',
            "lib/d.nn": 'include "../c.nn"\nlet v = w',
            "c.nn": "let w = 2",
        }
        assert not error_codes('include "lib/b.nn"\ninput 3 -> f', files)
        cycle = {"b.nn": 'include "c.nn"', "c.nn": 'include "./b.nn"'}
        (found,) = findings('include "b.nn"\ninput 3 -> dense 2', cycle)
        assert (found.code.id, found.span.source.name) == ("NN503", "c.nn")
        assert [label.span.source.name for label in found.labels] == ["b.nn"]
        (found,) = findings('include "b.nn"\nlet w = 3\ninput w -> relu', {"b.nn": "let w = 2"})
        assert [label.span.source.name for label in found.labels] == ["b.nn"]

    def test_a_file_without_chains_is_a_library(self):
        checked = check(Source("main.nn", "let w = 2\nblock f = dense w"))
        assert not list(checked.report)
        assert checked.graph is None


class TestSection4Stages:
    def test_arguments_in_any_order(self):
        for stage in (
            "dense 30 sigmoid in=3",
            "dense sigmoid in=3 30",
            "dense(units=30, in=3) sigmoid",
        ):
            made = layer(f"input 3 -> {stage}", "dense1")
            assert (made.args["units"], made.args["in"], made.activation.kind) == (30, 3, "sigmoid")

    def test_a_parenthesis_after_a_space_is_an_argument(self):
        assert layer("let k = 2\ninput 3 -> dense (k*2) relu", "dense1").args["units"] == 4

    def test_an_activation_after_a_block_or_group_applies_to_its_output(self):
        text = (
            "block f = dense 3 -> dense 3\ninput 3 -> f relu -> f() tanh * 2 -> (dense 3) selu as g"
        )
        assert names(text) == [
            "f1.dense1", "f1.dense2", "f1.relu1", "f2.dense1", "f2.dense2", "f2.tanh1",
            "f3.dense1", "f3.dense2", "f3.tanh1", "g.dense1", "g.selu1",
        ]  # fmt: skip

    def test_names_and_counts(self):
        text = "input 3 -> dense 4 -> (dense 4) -> [dense 4 as q, dense 4] -> add -> (dense 4 -> dense 5) as enc -> dense 3"
        assert [n for n in params(text) if n.endswith("W")] == [
            "dense1.W", "dense2.W", "q.W", "dense3.W", "enc.dense1.W", "enc.dense2.W", "dense4.W",
        ]  # fmt: skip

    def test_blocks_are_numbered_and_nested_names_are_prefixed(self):
        text = "block g = dense 3 relu\nblock f = g -> g as h\ninput 3 -> f -> f as z -> f"
        assert names(text) == [
            "f1.g1.dense1", "f1.h.dense1", "z.g1.dense1", "z.h.dense1", "f2.g1.dense1", "f2.h.dense1",
        ]  # fmt: skip

    def test_forks(self):
        assert edges("input 3 as a -> dense 3 -> [a -> tanh, id, relu] -> add")["add1"] == [
            "tanh1",
            "dense1",
            "relu1",
        ]
        for tail in (
            "",
            " -> dense 3",
            " -> id -> add",
            " as z -> add",
            " * 2 -> add",
            " relu -> add",
        ):
            assert len(error_codes(f"input 3 -> [dense 3, id]{tail}")) == 1, tail
        assert codes("input 3 -> [id, id, id] -> sub") == ["NN215"]
        assert (
            codes("block m = add\ninput 3 -> ([dense 3, id]) -> m -> ([id, id] -> (mul)) * 2") == []
        )

    def test_repeats(self):
        assert names("input 3 -> (dense 3) * 3 as t") == ["t.1.dense1", "t.2.dense1", "t.3.dense1"]
        assert names("input 3 -> (dense 4) * 0 -> relu") == ["relu1"]
        assert names("block f = dense 3\ninput 3 -> f * 2") == ["f1.dense1", "f2.dense1"]
        assert error_codes("input 3 -> (dense 3 as q) * 2\nq -> relu") == ["NN102"]
        assert codes("input 3 -> (dense 3 as q) -> relu\nq -> dense 2") == []

    def test_what_is_repeated_0_times_is_judged_but_for_that_number(self):
        assert error_codes("input 3 -> (dense 3 bais=true) * 0 -> relu") == ["NN106"]
        assert not error_codes("let n = 0\ninput 3 -> (dense (8//n)) * n -> relu")
        assert names("input 3 -> (dense 3 as q) * 0 -> dense 2") == ["dense1"]

    def test_use_shares_one_array(self):
        text = "input Tx3 as p -> (dense 3 tanh -> dense 2) as enc\ninput Lx3 as q -> use enc as other\noutput enc, other"
        assert params(text) == {
            "enc.dense1.W": (3, 3), "enc.dense1.b": (3,), "enc.dense2.W": (3, 2), "enc.dense2.b": (2,),
        }  # fmt: skip
        assert list(
            params("input 3 -> dense 3 as a -> use a -> (use a) * 2 -> use a as b -> use b")
        ) == ["a.W", "a.b"]

    def test_tie_uses_the_transpose_with_a_bias_of_its_own(self):
        assert params("input 6 -> dense 3 tanh as enc -> dense 6 tie=enc") == {
            "enc.W": (6, 3), "enc.b": (3,), "dense1.b": (6,),
        }  # fmt: skip
        text = "block ae(n) = dense n tanh as enc -> dense 6 tie=enc\ninput 6 -> ae(3) * 2"
        assert [n for n in params(text) if n.endswith("W")] == ["ae1.enc.W", "ae2.enc.W"]
        assert error_codes("input 6 -> relu as r -> dense 6 tie=r") == ["NN126"]


class TestSection5Shapes:
    def test_symbolic_dimensions_unify_by_name(self):
        two = "input {}x8 as a\ninput {}x8 as b\n[a, b] -> add -> dense 2"
        assert codes(two.format("T", "T")) == []
        assert codes(two.format("T", "L")) == ["NN204"]
        assert codes(two.format("T", "5")) == ["NN204"]

    def test_symbolic_dimensions_are_computed_with(self):
        assert shape("input Tx8 as a\ninput Lx8 as b\n[a, b, a] -> concat axis=0") == "L+2*Tx8"
        assert shape("input HxW as a -> flatten") == "H*W"
        assert shape("input Tx4 as a -> poly 2") == "Tx12"

    def test_no_parameter_depends_on_a_symbolic_dimension(self):
        for text in (
            "input T -> dense 3",
            "input 8xT -> dense 3",
            "input Tx8 -> flatten -> dense 3",
        ):
            assert codes(text) == ["NN210"]

    def test_nothing_is_broadcast(self):
        for a, b in (("3x4", "4"), ("4", "1"), ("3x4", "1x4")):
            assert codes(f"input {a} as a\ninput {b} as b\n[a, b] -> mul") == ["NN204"]

    @pytest.mark.parametrize("level", [0, 1])
    def test_symbolic_dimensions_are_checked_at_run_time(self, level):
        two = build("input Tx8 as a\ninput Tx8 as b\n[a, b] -> add", level)
        assert two.predict({}, {"a": np.ones((2, 5, 8)), "b": np.ones((2, 5, 8))}).shape == (
            2,
            5,
            8,
        )
        with pytest.raises(ValueError, match="size T: a has 5, b has 4"):
            two.predict({}, {"a": np.ones((2, 5, 8)), "b": np.ones((2, 4, 8))})
        square = build("input TxT -> scale 2", level)
        assert square.predict({}, np.ones((2, 5, 5))).shape == (2, 5, 5)
        with pytest.raises(ValueError, match="size T: x axis 1 has 5, x axis 2 has 4"):
            square.predict({}, np.ones((2, 5, 4)))

    def test_layers_that_mix_positions_refuse_ragged_rows(self):
        for text in ("8 ragged -> dense 3", "T ragged -> poly 2", "Tx8 ragged -> flatten"):
            assert codes(f"input {text}") == ["NN214"]
        assert codes("input Tx8 ragged -> dense 3 -> softmax") == []

    def test_a_lower_case_dimension_is_answered_in_upper_case(self):
        (found,) = findings("input tx8 -> relu")
        assert found.fixes[0].edits[0].replacement == "Tx8"

    def test_the_batch_axis_is_implicit(self):
        assert error_codes("input Bx3 -> dense 2") == ["NN115"]


class TestSection8Hints:
    @pytest.mark.parametrize(
        ("text", "code", "words"),
        [
            ("input 3 x 8 -> flatten", "NN010", "3x8"),
            ("input 3 -> (dense 3)x3", "NN011", "* 3"),
            ("input 3 -> dense (16, bias=true)", "NN012", "dense(…)"),
            ("input 3 as a -> dense 3 as enc\nenc(a) -> relu", "NN125", "a -> use enc"),
            ("input 3 -> dense 3 [id, dense 3] -> add", "NN013", "->"),
            ("input 3 -> dense(3) * 3", "NN124", "(dense 3) * 3"),
            ("input 3 -> dense 3 softmax\nloss crossentropy weight=[1, 2, 3]", "NN110", "weights="),
            ("input 3 -> dense 3\noptimiser sgd", "NN104", "optimizer"),
            ("input 3 -> dense(units: 3)", "NN108", "units=3"),
            ("input 3,28,28 -> flatten", "NN002", "3x28x28"),
            ("input 3*28*28 -> flatten", "NN016", "3x28x28"),
            ('input 3 -> dense 3 activation="relu"', "NN106", "write `relu`"),
            ("include blocks.nn", "NN001", '"blocks.nn"'),
            ("input 3x8x8 -> conv 16 3x3 same -> relu", "NN108", "pad=same"),
        ],
    )
    def test_slips_are_answered_with_what_was_meant(self, text, code, words):
        found = findings(text)[0]
        assert found.code.id == code, found
        assert words in " ".join([found.here, found.help, *(fix.title for fix in found.fixes)])

    def test_minus_one_is_minus_one(self):
        assert layer("input 3 -> scale -1", "scale1").args["a"] == -1.0
        assert layer("let a = -1\ninput 3 -> scale a", "scale1").args["a"] == -1.0

    def test_sizes_in_parentheses_after_a_word_are_no_second_call(self):
        assert shape("let k = 2\ninput 6 -> reshape (k)x(k+1)") == "2x3"


class TestOneFaultOneError:
    """diagnostics.md: what follows from a fault is suppressed, what does not is reported."""

    @pytest.mark.parametrize(
        "text",
        [
            "let w = 2.5\ninput 3 -> dense w relu -> dense w relu -> dense w",
            "let w = -3\ninput 3 -> dense w relu -> dense w",
            "let w = 3/0\nlet v = w\ninput 3 -> dense v relu -> dense w",
            "input 3 -> dense xyz relu -> dense xyz relu -> dense (2*xyz)",
            "block f(n) = dense n bais=true\ninput 3 -> f(3) -> f(4) -> f(5) * 3",
            "block f(n=2.5) = dense n relu\ninput 3 -> f -> f -> f",
            "block f(n) = [id, dense n] -> add\ninput 3 -> f(3) -> f(4) -> f(5)",
            "input 3 as a\n[a, a -> dense 4] -> add as s -> dense 3 as q\n[q, s, a -> dense 3] -> mul",
            "input 3 -> dens 3 as q -> dense 2\nq -> dense 5 as s\noutput s, q\nloss mse on q",
            "xyz -> dense 3\nxyz -> dense 4 as b\noutput b\nloss mse on b",
            "input 3 -> [dense 3, id] -> dense 4 -> [dense 4, id] -> add -> dense 3 as a\noutput a",
            'include "missing.nn"\ninput 3 -> f(3) -> dense w',
            "input 3 -> [dense 3 -> relu] * 2 -> dense 2",
            "let a = [1; 2]\ninput 2 -> scale a",
            "input 3 -> dense 3 -> [id; dense 3] -> add",
        ],
    )
    def test_what_follows_is_suppressed(self, text):
        assert len(codes(text)) == 1

    def test_independent_faults_are_reported_in_order_of_position(self):
        text = (
            "input 3 -> dense 3 bais=true -> dense 3 @ relu -> densse 3\n"
            "loss mze\noptimiser sgd\nlet w = )\ninput 4 as a -> f(2.5)\n"
            "block f(n) = dense n relu -> Dense 3\noutput zzz\n"
        )
        found = findings(text)
        assert [d.span.start for d in found] == sorted(d.span.start for d in found)
        assert [d.code.id for d in found] == [
            "NN106", "NN001", "NN101", "NN105", "NN104", "NN004", "NN112", "NN101", "NN102",
        ]  # fmt: skip
