"""--target numba without Numba: the compiler's decisions, and the module's text."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from nnc.autodiff.reverse import differentiate
from nnc.driver import Options, check, compile_source
from nnc.lower.graph import lower
from nnc.passes.pipeline import optimise
from nnc.program.kernels import split
from nnc.program.loops import Nest, nests, nests_text
from nnc.source import Source

from .test_contract_files import EVERYTHING

DIGITS = "input 9 -> dense 5 sigmoid -> dense 3 softmax; loss crossentropy; optimizer adam\n"
LOCAL = "input 1x6x6 -> local 2 3x3 relu -> flatten -> dense 3; loss mse\n"

CONTRACT = {
    *("init_params", "init_state", "init_optimizer", "forward", "losses", "loss", "backward"),
    *("sgd_step", "optimizer_step", "train_step", "train_epoch", "predict"),
    *("save_params", "load_params"),
}


def code(spec: str, level: int = 1, target: str = "numba", format: bool = False) -> str:
    options = Options(level=level, target=target, format=format)
    return compile_source(Source("model.nn", spec), options).code


def functions(text: str) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}


def compiled(text: str) -> set[str]:
    """The functions that are kernels."""
    found = functions(text).items()
    return {n for n, f in found if any(ast.unparse(d) == "compiled" for d in f.decorator_list)}


def test_the_textbook_level_is_the_same_for_every_target():
    assert code(DIGITS, level=0) == code(DIGITS, level=0, target="numpy")


def test_equal_specs_give_equal_bytes():
    assert code(EVERYTHING, format=True) == code(EVERYTHING, format=True)


def test_the_contract_has_the_same_names():
    for spec in (DIGITS, LOCAL, EVERYTHING):
        own = functions(code(spec))
        for name, function in functions(code(spec, target="numpy")).items():
            if name in CONTRACT:
                assert ast.unparse(own[name].args) == ast.unparse(function.args), name


def test_a_step_is_one_kernel():
    kernels = {"_forward", "_losses", "_backward", "_change", "_step", "_steps"}
    assert compiled(code(DIGITS)) == {*kernels, "_predict", "small_times"}


def test_predict_is_one_kernel_without_a_loss_too():
    spec = "input Tx4 as a; input 3 as b\na -> lstm 5 return=all -> dense 2 tanh as c\n"
    spec += "b -> dense 4 -> batchnorm -> softmax as d\noutput c; output d; output a\n"
    body = ast.unparse(functions(code(spec))["predict"])
    assert "_predict(" in body
    assert {"_predict"} <= compiled(code(spec))


def test_a_predict_that_would_take_long_to_compile_stays_numpy():
    for layers, is_compiled in ((20, True), (70, False)):
        text = code(f"input 9 -> (dense 9 tanh) * {layers}\n")
        assert ("_predict" in compiled(text)) == is_compiled


def test_matrices_are_gone_through_as_they_lie_in_memory():
    text = code("input 784 -> dense 30 sigmoid -> dense 10; loss mse; regularize l1=0.1 l2=0.1\n")
    for name in ("_losses", "_backward"):
        nested = {
            (ast.unparse(outer.iter), ast.unparse(inner.iter))
            for outer in ast.walk(functions(text)[name])
            if isinstance(outer, ast.For)
            for inner in outer.body
            if isinstance(inner, ast.For)
        }
        assert ("range(30)", "range(784)") in nested, name
        assert ("range(784)", "range(30)") not in nested, name


def test_helpers_without_a_loop_stand_between_compiled_parts():
    text = code(LOCAL)
    found = compiled(text)
    assert {"_losses", "_change", "_forward_1", "_backward_1"} <= found
    assert not found & {"_forward", "_backward", "_step"}
    body = ast.unparse(functions(text)["_forward"])
    assert body.index("local(") < body.index("_forward_1(")


@pytest.mark.parametrize("hidden", ["numba", "scipy"])
def test_without_numba_or_scipy_the_module_says_so_in_one_line(hidden, tmp_path):
    (tmp_path / "net.py").write_text(code(DIGITS), "utf-8")
    hide = f"import sys; sys.modules[{hidden!r}] = None; import net"
    ran = subprocess.run([sys.executable, "-c", hide], cwd=tmp_path, capture_output=True, text=True)
    said = ran.stderr.strip().splitlines()
    assert said[-1].startswith("ImportError: this module needs Numba and SciPy: pip install ")
    assert not any("During handling" in line for line in said)


def graph(spec: str):
    typed = check(Source("model.nn", spec)).graph
    build = lower(typed)
    differentiate(build, build.outputs["total"], [p.name for p in typed.params], [])
    return optimise(build.graph())


def test_ops_of_one_shape_share_a_loop():
    kernels = split(graph(DIGITS))
    items = nests(kernels.forward, lambda node: node.op != "matmul", {}.get)
    said = [
        line.split(" = ")[-1].split("(")[0] for line in nests_text(kernels.graph, items).split("\n")
    ]
    assert [word.strip() for word in said] == [
        "matmul", "for", "each entry:", "add", "sigmoid",
        "matmul", "for", "each entry:", "add", "max",
        "each entry:", "sub", "exp", "row_sums", "each entry:", "div",
    ]  # fmt: skip


def test_a_transposed_read_and_a_write_of_its_array_do_not_share_a_loop():
    spec = "input 4x4 as a -> tanh as b -> transpose -> sigmoid as c\n[b, c] -> mul -> dense 2\nloss mse\n"
    kernel = split(graph(spec)).forward
    items = nests(kernel, lambda node: node.op in ("tanh", "sigmoid", "mul"), {}.get)
    found = [[n.op for n in item.nodes] for item in items if isinstance(item, Nest)]
    assert ["tanh", "sigmoid"] not in [ops[:2] for ops in found]


@pytest.mark.parametrize(
    ("kernel", "calls"),
    [("2 3x4", 0), ("64 3x64", 1), ("64 3x63", 0)],
    ids=["small", "wide", "rows"],
)
def test_a_convolution_without_rows_to_run_along_is_left_to_the_other_target(kernel, calls):
    width = 4 if kernel.endswith("x4") else 64
    text = code(f"input 8x20x{width} -> conv {kernel} -> flatten -> dense 2; loss mse\n")
    body = ast.unparse(functions(text)["_forward"])
    assert body.count("conv(") == calls
    assert ("conv_loops(" in text) == (not calls)
