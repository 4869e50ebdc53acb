"""Generated modules and pass results as files that a person has read.

`pytest --update-golden` rewrites them; read the diff as a student of the generated code would.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from nnc.autodiff.reverse import differentiate
from nnc.driver import Options, check, compile_source
from nnc.ir.printer import graph_text
from nnc.lower.graph import lower
from nnc.passes.pipeline import PASSES, optimise, pass_names
from nnc.source import Source

GOLDEN = Path(__file__).parent / "golden"
MODULES = sorted((GOLDEN / "modules").glob("*.nn"))
PASS_SPECS = sorted((GOLDEN / "passes").glob("*.nn"))


def source(path: Path) -> Source:
    return Source(path.name, path.read_text("utf-8"))


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("spec", MODULES, ids=lambda path: path.stem)
def test_generated_module(spec, level, golden):
    code = compile_source(source(spec), Options(level=level)).code
    golden(spec.with_suffix(f".O{level}.py"), code)


def steps(spec: Path, level: int) -> dict[str, str]:
    """The graph as text after every pass of a level, by the pass's name."""
    typed = check(source(spec)).graph
    build = lower(typed)
    differentiate(build, build.outputs["total"], [p.name for p in typed.params], [])
    found: dict[str, str] = {}
    optimise(build.graph(), level, lambda name, graph: found.update({name: graph_text(graph)}))
    return found


@pytest.mark.parametrize("spec", PASS_SPECS, ids=lambda path: path.stem)
def test_pass(spec, golden):
    """A pass on a small network: the graph it is given and the graph it gives."""
    found = steps(spec, level=1)
    names = list(found)
    before, after = names[names.index(spec.stem) - 1], spec.stem
    assert found[before] != found[after], "this spec does not show what the pass does"
    text = f"# before {after}\n{found[before]}\n# after {after}\n{found[after]}"
    golden(spec.with_suffix(".txt"), text)


def test_every_pass_is_shown():
    runs = {run.__name__.replace("_", "-") for level in PASSES for run in PASSES[level]}
    assert runs == {spec.stem for spec in PASS_SPECS}


def test_dump_after_gives_the_graph_of_that_pass():
    spec = GOLDEN / "passes" / "split-softmax.nn"
    for name in ["lower", *pass_names(1)]:
        dump = compile_source(source(spec), Options(dump_after=name, format=False)).dump
        assert dump == steps(spec, level=1)[name]


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
