"""nnc as a Python library: compile, load, loads, lint, graph, and their errors."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import nnc
import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.source import Source

from ..generated import EXAMPLES, spec_text

SPEC = "input 4 -> dense 3 relu -> dense 2 softmax\nloss crossentropy\noptimizer sgd lr=0.1\n"
FAULTY = "input 4 -> dens 3\nloss mse\n"
DOUBTFUL = "input 4 -> dense 3 relu -> dense 2 sigmoid\nloss crossentropy\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.nn"
    path.write_text(SPEC)
    return path


def test_compile_gives_what_the_command_writes():
    text = spec_text("mnist")
    assert nnc.compile(text, name="mnist.nn") == compile_source(Source("mnist.nn", text)).code
    other = Options(0, "numpy", ("jacobian",), format=False)
    expected = compile_source(Source("mnist.nn", text), other).code
    assert nnc.compile(text, level=0, emit=["jacobian"], format=False, name="mnist.nn") == expected


def test_a_path_is_read_and_a_text_is_not(file):
    assert nnc.compile(file, format=False) == nnc.compile(SPEC, name=str(file), format=False)
    assert nnc.lint(str(file)).errors, "the name of a file is no spec"
    assert list(nnc.graph(file)) == ["x", "dense1", "dense2"]


def test_includes_are_relative_to_the_name(tmp_path):
    (tmp_path / "blocks.nn").write_text("let width = 3\n")
    text = 'include "blocks.nn"\ninput 4 -> dense width; loss mse\n'
    (tmp_path / "net.nn").write_text(text)
    assert nnc.load(tmp_path / "net.nn").OUTPUTS == {"y": ("B", 3)}
    assert nnc.loads(text, name=str(tmp_path / "other.nn")).OUTPUTS == {"y": ("B", 3)}
    with pytest.raises(nnc.CompileError, match=r"blocks\.nn"):
        nnc.loads(text, name=str(tmp_path / "elsewhere" / "net.nn"))


def test_load_gives_a_module_that_trains(file):
    module = nnc.load(file)
    params = module.init_params(seed=0)
    opt, x, target = module.init_optimizer(params), np.eye(4), [0, 1, 0, 1]
    losses = [module.train_step(params, x, target, opt) for _ in range(50)]
    assert losses[-1] < losses[0]
    assert (module.__name__, module.__file__) == ("net", str(file))
    assert module.__name__ not in sys.modules
    assert list(file.parent.iterdir()) == [file], "nothing is written"


def test_loads_takes_text():
    module = nnc.loads(SPEC, name="small.nn", level=0)
    assert module.__name__ == "small"
    assert module.predict(module.init_params(), np.ones((2, 4))).shape == (2, 2)


def test_tracebacks_and_inspect_show_the_generated_source(file):
    first = nnc.load(file)
    second = nnc.load(file, level=0)
    assert "np.maximum" in inspect.getsource(first._forward)
    for module in (first, second):
        with pytest.raises(ValueError) as caught:
            module.predict(module.init_params(), [[1, 2]])
        shown = "".join(traceback.format_tb(caught.value.__traceback__))
        assert (
            'raise ValueError(f"{what}: expected shape ({expected}), found {array.shape}")' in shown
        )
        assert f"{file} (generated" in shown
    assert inspect.getsource(first.predict) != inspect.getsource(second.predict)


def test_lint_gives_findings():
    found = nnc.lint(FAULTY)
    (finding,) = found.errors
    assert (finding.code.id, finding.span.line, finding.span.text) == ("NN101", 1, "dens")
    assert found.warnings == ()
    assert str(finding).splitlines()[0] == "error[NN101]: there is no layer or block `dens`"
    assert str(found) == f"{finding}\n\n1 error in model.nn"
    assert json.loads(found.to_json())[0]["code"] == "NN101"


def test_lint_prints_what_the_command_prints(tmp_path):
    path = tmp_path / "bad.nn"
    path.write_text(FAULTY + "optimizer sgd lr=1e9\n")
    command = [sys.executable, "-m", "nnc", "lint", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"{nnc.lint(path)}\n" == done.stdout


def test_a_spec_without_faults_has_no_findings():
    found = nnc.lint(SPEC)
    assert (len(found), str(found)) == (0, "no findings")
    doubtful = nnc.lint(DOUBTFUL)
    assert (len(doubtful), doubtful.errors, doubtful.warnings) == (1, (), tuple(doubtful))


@pytest.mark.parametrize("use", [nnc.compile, nnc.loads, nnc.graph], ids=lambda f: f.__name__)
def test_errors_carry_their_findings(use):
    with pytest.raises(nnc.CompileError) as caught:
        use(FAULTY)
    assert str(caught.value) == str(nnc.lint(FAULTY)) == str(caught.value.diagnostics)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (nnc.CompileError, str(caught.value))
    assert [d.code.id for d in again.diagnostics] == ["NN101"]


def test_other_ways_to_have_no_module(tmp_path):
    with pytest.raises(nnc.CompileError, match="library of lets and blocks"):
        nnc.compile("let width = 3\n")
    with pytest.raises(nnc.CompileError, match="there is no chain"):
        nnc.graph("let width = 3\n")
    with pytest.raises(nnc.CompileError, match="per-example"):
        nnc.compile("input 4 -> batchnorm -> dense 2; loss mse", emit=["per-example"])
    with pytest.raises(ValueError, match="no target 'gpu'"):
        nnc.compile(SPEC, target="gpu")
    with pytest.raises(TypeError, match="levl"):
        nnc.loads(SPEC, levl=0)
    (tmp_path / "binary.nn").write_bytes(b"input 4 \xff")
    with pytest.raises(nnc.CompileError, match="not UTF-8"):
        nnc.load(tmp_path / "binary.nn")
    assert nnc.lint(tmp_path / "binary.nn").errors


def test_a_file_that_is_not_there(file):
    for use in (nnc.load, nnc.lint, nnc.graph, nnc.compile):
        with pytest.raises(FileNotFoundError, match=r"did you mean .*net\.nn"):
            use(file.with_name("nett.nn"))


def test_warnings_point_to_the_program():
    for use in (nnc.compile, nnc.loads):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            use(DOUBTFUL)
        (warning,) = seen
        assert warning.category is nnc.SpecWarning
        assert Path(warning.filename) == Path(__file__)
        assert str(warning.message) == str(nnc.lint(DOUBTFUL))


def test_graph_has_shapes_parameters_and_places():
    graph = nnc.graph(SPEC)
    node = graph.nodes["dense1"]
    assert (node["shape"], node["parameters"]) == ((3,), {"dense1.W": (4, 3), "dense1.b": (3,)})
    assert (node["span"].line, node["span"].text) == (1, "dense 3 relu")
    assert [data["shape"] for *_, data in graph.edges(data=True)] == [(4,), (3,)]


def test_importing_nnc_imports_nothing_else():
    program = "import sys; had = {*sys.modules}; import nnc; print(*{*sys.modules} - had)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    new = set(done.stdout.split())
    assert {name for name in new if name.startswith("nnc")} == {"nnc", "nnc.version"}
    assert new.isdisjoint({"lark", "networkx", "numpy", "click", "rich", "jinja2", "IPython"})


def test_names_are_there_to_be_found():
    assert {"compile", "load", "lint", "graph", "install_import_hook"} <= set(dir(nnc))
    for name in nnc.__all__:
        assert getattr(nnc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lnit'"):
        nnc.lnit  # noqa: B018


@pytest.mark.parametrize(
    "name", ["compile", "load", "loads", "lint", "graph", "install_import_hook"]
)
def test_every_function_is_documented(name):
    function = getattr(nnc, name)
    assert "Raises" in inspect.getdoc(function)
    assert function.__annotations__["return"]


def test_every_example_loads():
    for path in sorted(EXAMPLES.glob("*.nn")):
        module = nnc.load(path)
        assert nnc.graph(path).number_of_nodes() > 0
        assert module.NUM_PARAMS >= 0
