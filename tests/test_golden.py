"""Generated modules and pass results as reviewed golden files.

`pytest --update-golden` rewrites them; read the diff as a student of the generated code would.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from nnc.driver import Options, check, compile_source
from nnc.ir.op_graph import Graph
from nnc.ir.printer import graph_text
from nnc.ops.parse import parse_graph
from nnc.passes.pipeline import PASSES, Function, dump_names, name_of
from nnc.passes.verify import verify
from nnc.program.functions import build_functions, optimise_functions
from nnc.source import Source

GOLDEN = Path(__file__).parent / "golden"
MODULES = sorted((GOLDEN / "modules").glob("*.nn"))
PASS_GRAPHS = sorted((GOLDEN / "passes").glob("*.in.txt"))


def source(path: Path) -> Source:
    return Source(path.name, path.read_text("utf-8"))


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("spec", MODULES, ids=lambda path: path.stem)
def test_generated_module(spec, level, golden):
    code = compile_source(source(spec), Options(level=level)).code
    golden(spec.with_suffix(f".O{level}.py"), code)


FOR_TORCH = [
    *sorted((GOLDEN / "torch").glob("*.nn")),
    *(GOLDEN / "modules" / f"{name}.nn" for name in ("mnist", "sequence", "two_heads")),
]


@pytest.mark.parametrize("spec", FOR_TORCH, ids=lambda path: path.stem)
def test_generated_pytorch_module(spec, golden):
    code = compile_source(source(spec), Options(target="torch")).code
    golden(spec.with_suffix(".torch.py"), code)


ALL_PASSES = {
    name_of(run): run for levels in PASSES.values() for passes in levels.values() for run in passes
}


@pytest.mark.parametrize("before", PASS_GRAPHS, ids=lambda path: path.name.partition(".")[0])
def test_pass(before, golden):
    """One pass, a graph as text to a graph as text: NAME.in.txt is written by hand or printed."""
    name = before.name.partition(".")[0]
    graph = parse_graph(before.read_text("utf-8"))
    assert graph_text(graph) == before.read_text("utf-8")
    after = ALL_PASSES[name](graph)
    verify(after, name)
    assert graph_text(after) != graph_text(graph), "this graph does not show what the pass does"
    golden(before.with_name(f"{name}.out.txt"), graph_text(after))


def test_every_pass_that_is_shown_is_run():
    assert set(ALL_PASSES) >= {path.name.partition(".")[0] for path in PASS_GRAPHS}


def test_dump_after_gives_the_graph_of_that_pass():
    spec = "input 4 -> dense 3 -> dropout 0.5 -> dense 2 softmax; loss crossentropy"
    typed = check(Source("spec.nn", spec)).graph
    seen: dict[str, str] = {}

    def watch(function: Function, name: str, graph: Graph) -> None:
        seen[f"{function.value}:{name}"] = graph_text(graph)

    optimise_functions(build_functions(typed), 1, watch)
    names = dump_names(1)
    assert "simplify-2" in names
    assert "predict:switch-off-noise" in names
    for name in names:
        key = name if ":" in name else f"training:{name}"
        if key in seen:
            options = Options(dump_after=name, format=False)
            assert compile_source(Source("spec.nn", spec), options).dump == seen[key]
    assert {key.partition(":")[0] for key in seen} == {"training", "predict"}


@pytest.mark.parametrize("level", [0, 1])
def test_program(level, golden):
    """The planned program of a network with everything that has a place of its own."""
    spec = source(GOLDEN / "programs" / "program.nn")
    emit = ("input-gradient", "vjp") if level else ()
    options = Options(level=level, emit=emit, dump_program=True, format=False)
    golden(GOLDEN / "programs" / f"program.O{level}.txt", compile_source(spec, options).dump)


def test_the_textbook_form_of_the_first_example_fits_on_a_page():
    spec = Source(
        "model.nn", "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy"
    )
    code = compile_source(spec, Options(level=0)).code
    lines = [
        f for name in ("forward", "loss", "backward", "sgd_step") for f in function(code, name)
    ]
    assert len(lines) <= 60, "\n".join(lines)


def function(code: str, name: str) -> list[str]:
    """The lines of a top-level function, without blank lines behind it."""
    lines = code.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {name}("))
    stop = next(
        i for i in range(start + 1, len(lines)) if lines[i] and not lines[i].startswith((" ", ")"))
    )
    while not lines[stop - 1]:
        stop -= 1
    return lines[start:stop]


def test_the_module_carries_its_spec_and_its_hash():
    spec = source(MODULES[0])
    space: dict[str, object] = {"__name__": "generated"}
    exec(compile(compile_source(spec).code, "generated", "exec"), space)
    assert space["SPEC"] == spec.text
    assert space["SPEC_SHA256"] == hashlib.sha256(spec.text.encode()).hexdigest()
