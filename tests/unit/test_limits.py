"""Limits are checked before any work: counted exactly, reported clearly, in bounded time and memory."""

from __future__ import annotations

import re
import tracemalloc
from functools import reduce
from operator import mul

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.diagnostics.model import Diagnostic
from nnc.diagnostics.render import render_text
from nnc.driver import Options, check, compile_source
from nnc.ir.bounds import DEFAULT_MEMORY, MAX_AXES, MAX_LAYERS, MAX_MEMORY, MAX_WHOLE
from nnc.ir.dims import MAX_TERMS, TooManyTerms, symbol, total
from nnc.ir.sizes import entries
from nnc.limits.amounts import at_least, bytes_text, parse_bytes
from nnc.limits.need import need, row_bytes
from nnc.report.summary import summarise
from nnc.source import Source

from ..work import work

QUICK = 5_000_000
"""Lines of Python until a huge network is refused: some hundred for each of 10,000 layers."""

WIDE = "input 784 -> dense 1000000000000 -> dense 10 softmax; loss crossentropy"


def findings(spec: str, limit: int = DEFAULT_MEMORY) -> list[Diagnostic]:
    return list(check(Source("m.nn", spec), max_memory=limit).report)


def codes(spec: str, limit: int = DEFAULT_MEMORY) -> list[str]:
    return [d.code.id for d in findings(spec, limit) if d.severity.value == "error"]


def needed(spec: str):
    graph = check(Source("m.nn", spec)).graph
    assert graph is not None
    return need(graph)


# --- what is counted ----------------------------------------------------------------------


def test_a_small_network_by_hand():
    found = needed("input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy")
    assert list(found.parameters.values()) == [2 * 4 * (784 * 30 + 30), 2 * 4 * (30 * 10 + 10)]
    assert list(found.activations.values()) == [32 * 4 * 784, 32 * 4 * 30, 32 * 4 * 10]


@pytest.mark.parametrize(
    ("rest", "copies"),
    [
        ("", 1),
        ("; loss mse", 2),
        ("; loss mse; optimizer sgd lr=0.1", 2),
        ("; loss mse; optimizer sgd lr=0.1 momentum=0.9", 3),
    ],
)
def test_copies_of_parameters(rest, copies):
    found = needed("input 4 -> dense 3" + rest)
    assert sum(found.parameters.values()) == copies * 4 * 15


def test_float64_batch_and_integers():
    found = needed("input 6 -> dense 3; loss mse; dtype float64; train batch=7")
    assert list(found.activations.values()) == [7 * 8 * 6, 7 * 8 * 3]
    assert sum(found.parameters.values()) == 2 * 8 * 21


def test_shared_parameters_count_once_and_their_values_twice():
    shared = needed("input 4 -> dense 4 as a -> use a; loss mse")
    assert sum(shared.parameters.values()) == 2 * 4 * 20
    assert len(shared.activations) == 3


def test_parameters_of_trailing_activations_are_their_layers():
    found = needed("input 4 -> dense 3 prelu; loss mse")
    assert list(found.parameters.values()) == [2 * 4 * (15 + 1)]


def test_views_are_free():
    found = needed("input 2x6 -> flatten -> reshape 3x4 -> flatten -> dense 1; loss mse")
    assert list(found.activations.values()) == [32 * 4 * 12, 0, 0, 0, 32 * 4]


def test_symbols_count_as_one():
    T = symbol("T")
    assert entries((T, 3)) == 3
    assert entries((T - 5, 3)) == 3
    assert entries((2 * T + 1, 3)) == 9
    assert "T counted as 1" in render_text(findings("input Tx4 -> dense 9; loss mse", 1000)[0])


def test_agrees_with_the_summary():
    spec = "input 8 -> [dense 4 relu, dense 4] -> concat -> reshape 2x4 -> flatten -> dense 3; loss mse"
    graph = check(Source("m.nn", spec)).graph
    assert graph is not None
    shown, counted = summarise(graph, 32), need(graph)
    assert sum(counted.activations.values()) == shown.activation_bytes
    assert sum(counted.parameters.values()) == shown.parameter_bytes + shown.gradient_bytes


# --- when it is refused -------------------------------------------------------------------


def test_the_limit_is_exact():
    spec = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy"
    bytes = needed(spec).total
    assert codes(spec, bytes) == []
    assert codes(spec, bytes - 1) != []


def test_both_numbers_the_layer_and_the_way_out():
    (found,) = [d for d in findings(WIDE) if d.code.id == "NN404"]
    text = render_text(found)
    assert "the parameters need 5.65 PiB, more than the limit of 8 GiB" in text
    assert found.span.text == "dense 1000000000000"
    assert "98.7 % of it" in text
    assert "dense2 72.8 TiB (1.3 %)" in text


@pytest.mark.parametrize(
    "spec",
    [
        WIDE,
        "block wide(n) = dense n relu\ninput 784 -> wide(20000) * 6 -> dense 10; loss mse",
        "input 30 -> dense 28000 -> dense 29000; loss mse; train batch=20000",
        "input 1 -> dense 300000000 relu -> dense 5; loss mse",
    ],
)
def test_the_proposed_argument_fits(spec):
    (found,) = findings_of_memory(spec)
    proposed = re.search(r"`units` of at most (\d+) would fit", found.help)
    assert proposed, found.help
    written = re.search(r"\d{5,}", found.span.text if "wide(" not in spec else "20000")
    assert written
    assert codes(spec.replace(written[0], proposed[1])) == []
    more = str(int(proposed[1]) * 11 // 10)
    assert codes(spec.replace(written[0], more)) != []


def findings_of_memory(spec: str) -> list[Diagnostic]:
    return [d for d in findings(spec) if d.code.id in ("NN404", "NN405")]


def test_the_proposed_batch_fits():
    spec = "input 3x512x512 -> flatten -> dense 10 softmax; loss crossentropy; train batch=60000"
    (found,) = findings_of_memory(spec)
    proposed = re.search(r"`train batch=(\d+)` would fit", found.help)
    assert proposed
    assert codes(spec.replace("60000", proposed[1])) == []


def test_the_proposed_limit_is_enough():
    for found in findings_of_memory("input 784 -> dense 3000000 relu -> dense 10; loss mse"):
        proposed = re.search(r"--max-memory (\w+)", found.help)
        assert proposed
        limit = parse_bytes(proposed[1])
        assert codes("input 784 -> dense 3000000 relu -> dense 10; loss mse", limit) == []


def test_what_follows_from_a_wide_value_is_not_a_second_fault():
    spec = "input 4 -> ([id, id] -> concat) * 30 -> dense 100; loss mse"
    assert codes(spec) == ["NN405"]


def test_compiling_is_refused_alike_and_can_be_allowed():
    spec = Source("m.nn", "input 784 -> dense 3000000 relu -> dense 10; loss mse")
    with pytest.raises(Exception, match="NN404"):
        compile_source(spec)
    code = compile_source(spec, Options(level=0, format=False, max_memory=2**36)).code
    assert "3000000" in code


# --- how many layers and axes -------------------------------------------------------------


def test_as_many_layers_as_allowed_and_one_more():
    def chain(n: int) -> str:
        return f"input 2 as x -> (dense 2 relu) * {n}; loss mse"

    assert codes(chain(MAX_LAYERS)) == []
    assert codes(chain(MAX_LAYERS + 1)) == ["NN403"]


def test_shared_layers_count():
    half = MAX_LAYERS // 2
    spec = f"input 2 -> (dense 2 relu) * {half} as a -> use a"
    assert codes(spec + "; loss mse") == []
    assert codes(spec + " -> dense 2; loss mse") == ["NN403"]


def test_repeats_that_make_no_layers_end_too():
    assert codes("input 2 -> ((id) * 9000) * 9000 -> dense 2; loss mse") == ["NN403"]


def test_axes():
    def shape(n: int) -> str:
        return f"input 4 -> reshape {'x'.join(['1'] * (n - 1) + ['4'])} -> flatten -> dense 2; loss mse"

    assert codes(shape(MAX_AXES)) == []
    assert codes(shape(MAX_AXES + 1)) == ["NN402"]
    assert codes(f"input {'x'.join(['A'] * 64)} -> relu; loss mse") == ["NN402"]


def test_sums_of_many_symbols():
    names = [f"n{i}" for i in range(MAX_TERMS + 5)]
    inputs = "\n".join(f"input T{i} as {name}" for i, name in enumerate(names))
    assert codes(f"{inputs}\n[{', '.join(names)}] -> concat\nloss mse") == ["NN402"]


def test_products_of_many_sums():
    sums = [symbol(f"A{i}") + 1 for i in range(40)]
    with pytest.raises(TooManyTerms, match="1,000 terms"):
        reduce(mul, sums)
    assert len(total([symbol(f"A{i}") for i in range(3000)]).terms) == 3000


# --- nothing explodes on the way ----------------------------------------------------------

HUGE = {
    "units": ("input 784 -> dense (10**400)", "NN111"),
    "negative units": ("input 784 -> dense (-10**400)", "NN111"),
    "units by exponent": ("input 784 -> dense 1e300", "NN111"),
    "units no float holds": ("input 784 -> dense 1e999", "NN005"),
    "digits": (f"input 784 -> dense 1{'0' * 5000}", "NN005"),
    "a let": ("let a = 10**400\nlet b = a*a*a\ninput 4 -> dense b", "NN111"),
    "a fraction": ("input 4 -> dense (10**1000/3)", "NN112"),
    "a fraction as a number": ("input 4 -> scale (10**1000/3)", "NN113"),
    "a rate out of bounds": ("input 4 -> dropout (10**1000/3)", "NN111"),
    "a number": ("input 4 -> scale (10**400)", "NN113"),
    "a negative number": ("input 4 -> scale -1e999", "NN005"),
    "a list": ("input 4 -> normalize mean=[10**400, 1, 1, 1] std=2", "NN113"),
    "an input": ("input (10**30)x3 -> flatten -> dense 1", "NN111"),
    "an axis": ("input 4 -> [id, id] -> concat axis=(-10**400)", "NN111"),
    "in": ("input 4 -> dense 4 in=(10**400)", "NN111"),
    "a size": (f"input 4 -> reshape {'x'.join(['(10**1000)'] * 8)}", "NN111"),
    "a size of many": (f"input 4 -> reshape {'x'.join(['9' * 18] * 5000)}", "NN402"),
    "an entry count": (f"input 4 -> reshape {'x'.join([str(MAX_WHOLE)] * 63)}", "NN208"),
    "an input of many": (f"input {'x'.join([str(MAX_WHOLE)] * 63)} -> flatten -> dense 1", "NN405"),
    "a repeat": ("input 4 -> (dense 4) * (10**12)", "NN403"),
    "a longer repeat": ("input 4 -> (dense 4) * (10**400)", "NN111"),
    "a power": ("input 784 -> poly 1000000000", "NN111"),
    "powers of powers": ("input 4 -> (poly 9999) * 5000 -> dense 1", "NN405"),
    "doubling": ("input 4 -> ([id, id] -> concat) * 3000 -> dense 1", "NN405"),
    "doubling of T": ("input TxD -> ([id, id] -> concat axis=1) * 3000", "NN405"),
    "doubling after a fault": ("input 9 -> dense 9 in=4 -> ([id, id] -> concat) * 3000", "NN201"),
    "seed": ("input 4 -> dense 4; loss mse; train seed=(10**400)", "NN111"),
    "epochs": ("input 4 -> dense 4; loss mse; train epochs=(10**400)", "NN111"),
    "batch": ("input 4 -> dense 4; loss mse; train batch=(10**400)", "NN111"),
    "batch of 64 bits": (f"input 4 -> dense 4; loss mse; train batch={MAX_WHOLE}", "NN405"),
    "rate": ("input 4 -> dense 4; loss mse; optimizer sgd lr=(10**400)", "NN113"),
    "weight of a loss": ("input 4 -> dense 4 as a; loss mse on a weight=(10**400)", "NN113"),
    "init": ("input 4 -> dense 4 init=normal(10**400)", "NN113"),
}


@pytest.mark.parametrize(("spec", "code"), HUGE.values(), ids=HUGE.keys())
def test_huge_quantities_are_one_quick_error(spec, code):
    if "loss" not in spec:
        spec += "\nloss mse"
    found: list[Diagnostic] = []
    lines = work(lambda: found.extend(findings(spec)))
    found = [d for d in found if d.severity.value == "error"]
    assert [d.code.id for d in found] == [code]
    assert all(len(line) < 3000 for d in found for line in render_text(d).splitlines())
    assert lines < QUICK


def test_nothing_of_the_network_is_allocated():
    spec = Source("m.nn", "input 100000000 -> poly 9 -> normalize mean=0.5 std=2 -> dense 10000000")
    check(spec)
    tracemalloc.start()
    assert check(spec).report.has_errors
    check(spec, max_memory=MAX_MEMORY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


# --- the option ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "bytes"),
    [
        ("4096", 4096),
        ("4096B", 4096),
        ("16GiB", 2**34),
        ("16G", 2**34),
        ("16g", 2**34),
        ("16GB", 16 * 10**9),
        ("1.5 MiB", 3 * 2**19),
        ("512k", 2**19),
        ("2T", 2**41),
        ("8EiB", MAX_MEMORY),
    ],
)
def test_amounts(text, bytes):
    assert parse_bytes(text) == bytes


BAD_AMOUNTS = ["", "0", "-1", "lots", "16GiBB", "1e9", "16 giga", "9EiB", "1" * 5000, "٣", "0.5"]


@pytest.mark.parametrize("text", BAD_AMOUNTS)
def test_bad_amounts(text):
    with pytest.raises(ValueError, match="is no "):
        parse_bytes(text)


@pytest.mark.parametrize("bytes", [1, 1000, 1024, 10**6 + 1, 2**30, 10**13, 2**60, MAX_MEMORY])
def test_amounts_rounded_up_are_enough(bytes):
    assert bytes <= parse_bytes(at_least(bytes)) <= 2 * bytes


def test_amounts_of_any_size_have_a_text():
    assert bytes_text(1023) == "1023 B"
    assert bytes_text(10**1200) == "about 10**1200 bytes"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "big.nn").write_text("input 784 -> dense 3000000 relu -> dense 10; loss mse\n")

    def run(*words):
        return CliRunner().invoke(app, list(words), catch_exceptions=False)

    return run


COMMANDS = {
    "lint": ["lint", "big.nn"],
    "lint --fix": ["lint", "--fix", "big.nn"],
    "compile": ["compile", "--no-format", "-O0", "big.nn"],
    "summary": ["summary", "big.nn"],
    "graph": ["graph", "big.nn"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_take_the_limit(nnc, words):
    refused, allowed = nnc(*words), nnc(*words, "--max-memory", "20GiB")
    assert (refused.exit_code, allowed.exit_code) == (1, 0)
    assert "error[NN404]" in refused.output
    assert nnc(*words, "--max-memory", "lots").exit_code == 2


def test_training_takes_the_limit(nnc):
    words = ["train", "--data", "nowhere.npz", "big.nn"]
    assert "error[NN404]" in nnc(*words).output
    allowed = nnc(*words, "--max-memory", "20GiB")
    assert "error[NN404]" not in allowed.output
    assert "nowhere.npz" in allowed.output
    assert nnc(*words, "--max-memory", "lots").exit_code == 2


@pytest.mark.parametrize("words", [["summary", "--batch"], ["train", "--data", "digits", "--seed"]])
def test_numbers_of_the_command_line_are_limited(nnc, words):
    assert nnc(*words, "9" * 400, "-c", "input 64 -> dense 10; loss mse").exit_code == 2


@pytest.mark.parametrize(("kind", "parts"), [("rnn", 2), ("lstm", 7), ("gru", 6)])
def test_what_recurrent_steps_leave_for_the_way_back_is_counted(kind, parts):
    text = f"input 10x3 -> {kind} 5 layers=2 bidirectional=true -> dense 1\nloss mse\n"
    typed = check(Source("m.nn", text)).graph
    layer = next(n for n in typed.graph.layers if n.kind == kind)
    assert row_bytes(typed, layer) == 4 * (10 + 10 * 2 * 2 * parts * 5)
