"""The PyTorch target without PyTorch: what is compiled, what is refused, and that every op has a macro."""

from __future__ import annotations

import ast
import re
import sys

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.contents import CannotContain, Contents
from nnc.diagnostics.model import SpecError
from nnc.driver import Options, compile_source
from nnc.emitted import EMITTED
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.ops import OPS
from nnc.ops.registry import ADJOINT, FROM_PASS
from nnc.ops.source import LEAVES
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES
from nnc.source import Source
from nnc.targets import FRAMEWORKS, backend_names, target_names
from nnc.targets.numpy.helpers import STANDARD
from nnc.targets.requests import INSTEAD
from nnc.targets.target import load_target
from nnc.targets.torch.members import reference

SPEC = "input 4 -> dense 3 softmax; loss crossentropy"
TORCH = load_target("torch")
EXAMPLES = {
    f"{registry[name].__class__.__name__} {name}": registry[name].example
    for registry in (LAYERS, LOSSES, OPTIMIZERS, SCHEDULES)
    for name in registry
    if name != "lstsq"
}


def module(text: str) -> str:
    return compile_source(Source("m.nn", text), Options(target="torch", format=False)).code


@pytest.mark.parametrize("what", EXAMPLES)
def test_every_kind_compiles_and_imports_torch_alone(what):
    tree = ast.parse(module(EXAMPLES[what]))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    outside = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert outside == {"torch", "torch.nn.functional"}


FROM_ELSEWHERE = {
    *("conv_weights", "avg_pool_dx", "weighted_pool_dx"),
    *("weighted_pool_dw", "local_dx", "local_dw", "add_rows", "at_last_step", "turned_kernel"),
    *("count_true", "states_before", "flush_denormals", "ones", "column_sums"),
    *("row_sums", "inner", "grand_sum", "room", "recent", "so_far", "position_code", "row_at"),
    *("batch_stats", "running_stats", "row_stats", "standardized", "rms_scale", "rms_normalized"),
}
"""Ops of gradients, of passes at -O1, of single steps; and the parts of norms, which patterns take whole."""


def test_every_op_of_a_forward_pass_has_a_macro_or_a_helper():
    helpers = {
        n for f in TORCH.helper_files for n in TORCH.environment.get_template(f).module.ORDER
    }
    ops = {n for n, o in OPS.items() if o.gradient not in (ADJOINT, FROM_PASS)} - {*LEAVES}
    without = {n for n in ops if not hasattr(TORCH.expressions, f"{n}_op") and n not in helpers}
    assert without == FROM_ELSEWHERE


def test_every_function_on_request_has_something_in_its_place():
    assert INSTEAD.keys() == EMITTED.keys()


def test_norms_are_written_whole():
    for kind in ("batchnorm", "layernorm", "groupnorm", "rmsnorm"):
        code = module(LAYERS[kind].example)
        assert "F." + kind.replace("norm", "_norm") in code
    frozen = module("input 4 -> dense 3 -> batchnorm frozen=true -> dense 2; loss mse")
    assert "F.batch_norm(" in frozen


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"level": 0}, "one level"),
        ({"emit": ("vjp",)}, "torch.func.vjp"),
        ({"emit": ("step",)}, "NumPy modules have it"),
        ({"contents": Contents.PREDICT}, "torch.export"),
        ({"contents": Contents.BARE}, "plain NumPy"),
        ({"without": ("in-place",)}, "optimisations of -O1"),
        ({"weights": lambda typed: None}, "load_params"),
    ],
)
def test_options_without_a_meaning_are_refused(options, why):
    with pytest.raises(CannotContain, match=why):
        compile_source(Source("m.nn", SPEC), Options(target="torch", **options))


@pytest.mark.parametrize(
    "words", [["-O0"], ["--emit", "jacobian"], ["--only", "predict"], ["--without", "layout"]]
)
def test_the_command_line_says_so_in_one_line(words):
    found = CliRunner().invoke(app, ["compile", "--target", "torch", "-c", SPEC, *words])
    assert found.exit_code == 2
    assert "--target torch" in found.output


def test_the_optimizer_that_takes_no_steps_is_refused_with_its_place():
    with pytest.raises(SpecError, match="NN407"):
        module("input 4 -> dense 1\nloss mse\noptimizer lstsq\n")


def test_dumps_are_those_of_the_readable_level():
    options = Options(target="torch", dump_after="simplify", format=False)
    assert "crossentropy" in compile_source(Source("m.nn", SPEC), options).dump
    with pytest.raises(ValueError, match="no pass 'choose-convolutions'"):
        compile_source(
            Source("m.nn", SPEC), Options(target="torch", dump_after="choose-convolutions")
        )


def test_nncs_own_tools_run_other_targets():
    assert set(target_names()) - set(backend_names()) == set(FRAMEWORKS)
    assert {name for name in target_names() if load_target(name).derives} == set(FRAMEWORKS)


def test_references_of_parameters():
    assert reference("dense1.W") == "self.dense1.W"
    assert reference("t.1.dense1.W") == "self.t['1'].dense1.W"
    assert reference("half.W") == "self['half'].W"


def test_helpers_are_no_names_of_the_standard_library():
    assert not {n for n in TORCH.words if n in STANDARD and n.startswith("as_")}


def test_frozen_parameters_have_no_gradient():
    code = module("input 4 -> dense 3 frozen=true -> dense 2; loss mse")
    assert "requires_grad=name not in FROZEN" in code
    assert "FROZEN: tuple[str, ...] = ('dense1.W', 'dense1.b')" in code


@pytest.mark.parametrize(
    ("text", "has", "lacks"),
    [
        ("input 4 -> dense 3; loss mse", "F.mse_loss(y, target)", "as_classes"),
        (
            "input 4 -> dense 3; loss mae reduction=sum",
            'F.l1_loss(y, target, reduction="sum")',
            "abs",
        ),
        (
            "input 4 -> dense 3; loss huber(delta=2)",
            "F.huber_loss(y, target, delta=2)",
            "delta=2)  ",
        ),
        (
            f"{SPEC} smoothing=0.2",
            "F.cross_entropy(dense1_z, target, label_smoothing=0.2)",
            "one_hot",
        ),
        (f"{SPEC} ignore=1", "crossentropy(dense1_z, target)", "F.cross_entropy"),
        ("input 4 -> dense 1 sigmoid; loss bce", "F.binary_cross_entropy_with_logits(", "softplus"),
        ("input Tx4 -> dense 3 gelu; loss mse", "F.gelu(", "erf"),
        ("input 4 -> dropout 0.5 -> dense 3; loss mse", "F.dropout(x, 0.5, self.training)", "mask"),
        ("input 2x6 -> conv 3 3 pad=1; loss mse", "self.conv1.b, padding=1)", "reshape(3, 1)"),
        ("input 2x6 -> conv 3 3 pad=causal; loss mse", "F.pad(x, (2, 0))", "padding="),
        ("input Tx8 -> attention 2 causal=true; loss mse", "is_causal=True", "masked_softmax"),
        (
            "input 4 -> dense 3; loss mse; optimizer adam",
            "torch.optim.Adam(groups, lr=rate)",
            "class A",
        ),
        ("input 4 -> dense 3; loss mse; optimizer nadam", "class Nadam(", "torch.optim.NAdam"),
        (
            "input 4 -> dense 3; loss mse; clip value=1",
            "clip_grad_value_(params, 1)",
            "clip_grad_norm_",
        ),
    ],
)
def test_the_calls_are_those_that_people_write(text, has, lacks):
    code = module(text).replace("'sum'", '"sum"')
    assert has in code
    body = code[code.index("class Network") : code.index("# --- using")]
    body = re.sub("#.*", "", body)
    assert lacks not in body.replace(has, "")
