"""Every layer kind: its shape rule, its refusals, and that lowering returns the promised type."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import nnc.layers
import pytest
from nnc.diagnostics.codes import shapes as codes
from nnc.driver import check
from nnc.ir.dims import BATCH, product, symbol
from nnc.ir.layer_graph import Call, Layer, Parameter
from nnc.ir.op_graph import Origin, Role
from nnc.ir.types import DType, TensorType
from nnc.kinds.layer import Family, Trailing
from nnc.kinds.lower.context import LowerContext
from nnc.kinds.shapes.context import ShapeContext, ShapeFault
from nnc.layers import LAYERS, aliases
from nnc.layers.registry import layer
from nnc.ops.build import Builder
from nnc.ops.source import leaf
from nnc.source import Source

T = symbol("T")
PLACE = Source("layer.nn", "layer").span(0, 5)


def context(kind: str, *shapes: tuple, ragged=False, dtype=DType.FLOAT, tied=(), **args):
    """What a rule sees of a stage of that kind with these arguments."""
    args = {k.removesuffix("_"): v for k, v in args.items()}
    filled = {s.name: args.get(s.name, s.default) for s in LAYERS[kind].args}
    assert args.keys() <= filled.keys()
    made = Layer(0, f"{kind}1", kind, filled, {}, (), PLACE, PLACE)
    types = tuple(TensorType(shape, dtype, ragged) for shape in shapes)
    return ShapeContext(made, filled, types, dict(tied))


def result(kind: str, *shapes: tuple, **args) -> TensorType:
    return LAYERS[kind].shape(context(kind, *shapes, **args))


def fault(kind: str, *shapes: tuple, **args) -> ShapeFault:
    with pytest.raises(ShapeFault) as caught:
        result(kind, *shapes, **args)
    return caught.value


def lowered(c: ShapeContext):
    """The value a layer is lowered to, and its builder."""
    kind = LAYERS[c.layer.kind]
    build = Builder(Origin("test", (), Role.FORWARD))
    inputs = tuple(leaf(build, "input", f"x{i}", t.batched()) for i, t in enumerate(c.inputs))
    params = {
        f"{c.layer.name}.{p.suffix}": leaf(build, "param", p.suffix, TensorType(p.shape))
        for p in kind.params(c)
    }
    params |= {
        f"{c.args.get('tie')}.{k}": leaf(build, "param", k, TensorType(p.shape))
        for k, p in c.tied.items()
    }
    states = {
        f"{c.layer.name}.{s.suffix}": leaf(build, "state", s.suffix, TensorType(s.shape))
        for s in kind.states(c)
    }
    name = c.layer.name
    made = LowerContext(
        build,
        c.args,
        inputs,
        kind.shape(c),
        name,
        name,
        params.__getitem__,
        states.__getitem__,
        types=c.inputs,
        each_lengths=(None,) * len(c.inputs),
    )
    return kind.lower(made), build


ENC = Parameter("enc.W", (784, 64), "weight", Call("he", {}, PLACE), 784, 64, PLACE)
PAIR = ((6,), (6,))

CASES = [
    ("dense", ((784,),), {"units": 30}, (30,)),
    ("dense", ((T, 768),), {"units": 30, "in": 768}, (T, 30)),
    ("dense", ((8, 1000),), {"units": 10, "bias": False}, (8, 10)),
    ("dense", ((64,),), {"units": 784, "tie": "enc", "tied": {"W": ENC}}, (784,)),
    (
        "dense",
        ((T, 64),),
        {"units": 784, "tie": "enc", "bias": False, "tied": {"W": ENC}},
        (T, 784),
    ),
    ("flatten", ((3, 28, 28),), {}, (2352,)),
    ("transpose", ((T, 8),), {}, (8, T)),
    ("permute", ((2, 3, 4),), {"order": (2, 0, 1)}, (4, 2, 3)),
    ("pad", ((2, 3, T),), {"size": (1,)}, (2, 5, T + 2)),
    ("pad", ((2, 3),), {"size": (0,)}, (2, 3)),
    ("crop", ((8, 10),), {"ranges": ((1, 3), (0, 5))}, (2, 5)),
    ("crop", ((T, 10),), {"ranges": ((1, 3),)}, (2, 10)),
    ("repeat", ((T, 8),), {"copies": 12}, (12, T, 8)),
    ("upsample", ((2, 3, T),), {"factor": (2, 3)}, (2, 6, T * 3)),
    ("upsample", ((2, 3),), {"factor": (2,)}, (2, 6)),
    ("sum", ((T, 8),), {"axis": 0}, (8,)),
    ("mean axis", ((T, 8),), {"axis": -1}, (T,)),
    ("max axis", ((2, 3, 4),), {"axis": 1}, (2, 4)),
    ("max axis", ((5,),), {"axis": 0}, (1,)),
    ("flatten", ((T, 8),), {}, (T * 8,)),
    ("flatten", ((5,),), {}, (5,)),
    ("reshape", ((784,),), {"size": (28, 28)}, (28, 28)),
    ("reshape", ((28, 28),), {"size": (784,)}, (784,)),
    ("scale", ((4,),), {"a": 2.0}, (4,)),
    ("scale", ((T, 3),), {"a": (1.0, 2.0, 3.0)}, (T, 3)),
    ("scale", ((3, 8, 8),), {"a": (1.0, 2.0, 3.0)}, (3, 8, 8)),
    ("shift", ((4,),), {"b": -0.5}, (4,)),
    ("shift", ((T, 2),), {"b": (1.0, 2.0)}, (T, 2)),
    ("shift", ((2, 8, 8),), {"b": (1.0, 2.0)}, (2, 8, 8)),
    ("normalize", ((3,),), {"mean": (1.0, 2.0, 3.0), "std": 2.0}, (3,)),
    ("normalize", ((2, 100),), {"mean": (1.0, 2.0), "std": (3.0, 4.0)}, (2, 100)),
    ("normalize", ((3, 8, 8),), {"mean": 0.5, "std": (1.0, 2.0, 3.0)}, (3, 8, 8)),
    ("dropout", ((T, 8),), {"p": 0.5}, (T, 8)),
    ("noise", ((T, 8),), {"std": 0.5}, (T, 8)),
    ("batchnorm", ((6,),), {}, (6,)),
    ("batchnorm", ((6, T),), {"eps": 0.1}, (6, T)),
    ("batchnorm", ((3, 8, 8),), {"momentum": 0.5, "in": 3}, (3, 8, 8)),
    ("layernorm", ((T, 8),), {"in": 8}, (T, 8)),
    ("rmsnorm", ((3, 4, 5),), {}, (3, 4, 5)),
    ("groupnorm", ((6, T, 4),), {"groups": 3}, (6, T, 4)),
    ("attention", ((T, 8),), {"heads": 2}, (T, 8)),
    ("attention", ((5, 8),), {"heads": 8, "causal": True, "bias": False}, (5, 8)),
    ("positional", ((T, 7),), {}, (T, 7)),
    ("positional", ((T, 7),), {"learned": True, "max": 9}, (T, 7)),
    ("positional", ((5, 7),), {"learned": True}, (5, 7)),
    ("poly", ((3,),), {"degree": 4}, (15,)),
    ("poly", ((T, 2),), {"degree": 0}, (T, 2)),
    ("add", (*PAIR, (6,)), {}, (6,)),
    ("sub", PAIR, {}, (6,)),
    ("mul", PAIR, {}, (6,)),
    ("max", (*PAIR, (6,)), {}, (6,)),
    ("mean", (*PAIR, (6,)), {}, (6,)),
    ("sample", PAIR, {}, PAIR[0]),
    ("dot", PAIR, {}, (1,)),
    ("dot", ((T, 8), (T, 8)), {}, (T, 1)),
    ("concat", ((3,), (5,), (1,)), {}, (9,)),
    ("concat", ((3, 8, 8), (5, 8, 8)), {"axis": 0}, (8, 8, 8)),
    ("concat", ((T, 4), (T, 6)), {"axis": -1}, (T, 10)),
    ("concat", ((T, 4), (6, 4)), {"axis": 0}, (T + 6, 4)),
    ("conv", ((3, 32, 32),), {"filters": 16, "kernel": (3,)}, (16, 30, 30)),
    ("conv", ((8, T),), {"filters": 4, "kernel": (3,), "pad": "same"}, (4, T)),
    ("depthwise", ((3, T, 9),), {"kernel": (3, 2), "mult": 2}, (6, T - 2, 8)),
    ("conv_transpose", ((3, T),), {"filters": 2, "kernel": (4,), "stride": (2,)}, (2, 2 * T + 2)),
    ("maxpool", ((3, 9, 8),), {"kernel": (2,)}, (3, 4, 4)),
    ("maxpool", ((3, T),), {"kernel": (3,), "stride": (2,), "pad": (1,)}, (3, (T - 1) // 2 + 1)),
    ("avgpool", ((3, 9, 8),), {"kernel": (3, 2), "stride": (1,)}, (3, 7, 7)),
    ("global_avgpool", ((3, T, 8),), {}, (3,)),
    ("global_maxpool", ((3, T),), {}, (3,)),
    ("weightedpool", ((40, 20, 64),), {"kernel": (2, 4)}, (40, 10, 16)),
    ("local", ((48,),), {"filters": 2, "kernel": (4,), "stride": (4,)}, (12, 2)),
    ("local", ((3, 9),), {"filters": 2, "kernel": (4,), "bias": False}, (2, 6)),
    ("local", ((3, 9, 8),), {"filters": 5, "kernel": (3,), "pad": "same"}, (5, 9, 8)),
    ("sigmoid", ((5,),), {"beta": 2.0}, (5,)),
    ("gelu", ((5,),), {"approx": "tanh"}, (5,)),
    ("embedding", ((T,),), {"count": 9, "size": 4, "dtype": DType.INT}, (T, 4)),
    ("embedding", ((2, 3),), {"count": 9, "size": 4, "dtype": DType.INT}, (2, 3, 4)),
    ("rnn", ((T, 3),), {"units": 5}, (5,)),
    ("rnn", ((6, 3),), {"units": 5, "return": "all", "reverse": True}, (6, 5)),
    ("lstm", ((T, 3),), {"units": 5, "bidirectional": True}, (10,)),
    ("lstm", ((T, 3),), {"units": 5, "bidirectional": True, "return": "all"}, (T, 10)),
    ("gru", ((1, 3),), {"units": 5, "layers": 3, "dropout": 0.5, "in": 3}, (5,)),
    ("gru", ((T, 3),), {"units": 5, "return": "all", "bias": False}, (T, 5)),
    *((name, ((T, 5),), {}, (T, 5)) for name, k in LAYERS.items() if k.is_activation),
]


@pytest.mark.parametrize(("kind", "shapes", "args", "expected"), CASES)
def test_shape_rule_and_lowering_agree(kind, shapes, args, expected):
    c = context(kind, *shapes, **args)
    assert LAYERS[kind].shape(c).shape == expected
    value, build = lowered(c)
    assert value.type.shape == (BATCH, *expected)
    if LAYERS[kind].family is not Family.SHAPE and kind != "id":
        assert build.nodes[value.id].origin.formula


@pytest.mark.parametrize("kind", sorted(LAYERS.keys() - {"input"}))
def test_the_example_is_lowered_to_the_shape_of_the_rule(kind):
    typed = check(Source("example.nn", LAYERS[kind].example)).graph
    own = [one for one in typed.graph.layers if one.kind == kind]
    assert own or LAYERS[kind].is_activation, "the example of a kind shows it"
    for one in own:
        c = ShapeContext(one, one.args, tuple(typed.types[i] for i in one.inputs), {})
        value, _ = lowered(c)
        assert value.type.shape == (BATCH, *LAYERS[kind].shape(c).shape)


def test_every_kind_has_a_file_of_its_name():
    files = {p.stem for p in Path(nnc.layers.__file__).parent.glob("*.py")}
    shared = {"__init__", "registry", "recurrent", "recurrent_step", "reductions"}
    assert files == {name.replace(" ", "_") for name in LAYERS} | shared


@pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
def test_every_kind_is_documented(kind):
    assert kind.summary
    assert kind.formula
    assert kind.torch
    assert kind.keras
    assert kind.word in kind.example
    assert all(spec.doc for spec in kind.args)
    if kind.family in (Family.ACTIVATION, Family.INPUT):
        assert kind.trailing is Trailing.NO


def test_a_kind_is_registered_once():
    with pytest.raises(ValueError, match="registered twice: dense"):
        layer(LAYERS["dense"])


def test_names_users_type_stand_for_kinds():
    known = aliases()
    assert known["linear"] == known["fc"] == known["fully_connected"] == "dense"
    assert known["swish"] == "silu"
    assert not known.keys() & LAYERS.keys()


# --- parameters ---------------------------------------------------------------------------


def specs(kind, *shapes, **args):
    return {p.suffix: p for p in LAYERS[kind].params(context(kind, *shapes, **args))}


def test_dense_owns_weights_and_biases():
    own = specs("dense", (784,), units=30)
    assert {k: (p.shape, p.role) for k, p in own.items()} == {
        "W": ((784, 30), "weight"),
        "b": ((30,), "bias"),
    }
    assert (own["W"].fan_in, own["W"].fan_out, own["W"].init) == (784, 30, None)
    assert own["b"].init.name == "zeros"


def test_dense_may_do_without_bias_and_takes_inits():
    init = Call("normal", {"std": 0.01}, PLACE)
    assert specs("dense", (4,), units=3, bias=False).keys() == {"W"}
    assert specs("dense", (4,), units=3, init=init)["W"].init is init
    assert specs("dense", (4,), units=3, bias_init=init)["b"].init is init


def test_a_tied_dense_owns_its_bias_only():
    assert specs("dense", (64,), units=784, tie="enc").keys() == {"b"}
    assert not specs("dense", (64,), units=784, tie="enc", bias=False)


def test_prelu_owns_one_slope():
    (a,) = specs("prelu", (3, 8, 8)).values()
    assert (a.suffix, a.shape, a.role, a.init.name, a.init.args) == (
        *("a", (1,), "gain", "constant"),
        {"v": 0.25},
    )


# --- cost ---------------------------------------------------------------------------------


def flops(kind, *shapes, **args):
    return LAYERS[kind].flops(context(kind, *shapes, **args))


def test_flops_count_a_multiply_add_as_two():
    assert flops("dense", (784,), units=30) == 2 * 784 * 30 + 30
    assert flops("dense", (784,), units=30, bias=False) == 2 * 784 * 30
    assert flops("dense", (T, 8), units=3) == T * (3 * 17)
    assert flops("relu", (30,)) == 30
    assert flops("add", (5,), (5,), (5,)) == 10
    assert flops("flatten", (3, 4)) == flops("reshape", (12,), size=(3, 4)) == 0


# --- refusals -----------------------------------------------------------------------------


def test_in_is_held_against_what_comes_in():
    found = fault("dense", (20,), units=10, in_=500)
    assert (found.code, found.at, found.replace) == (codes.IN_MISMATCH, "in", "20")
    assert "500" in found.message
    assert "20" in found.message
    assert found.result == TensorType((10,))


@pytest.mark.parametrize(("kind", "args"), [("dense", {"units": 3}), ("poly", {"degree": 2})])
def test_images_are_flattened_first(kind, args):
    found = fault(kind, (3, 28, 28), **args)
    assert (found.code, found.insert) == (codes.NEEDS_FEATURES, "flatten")
    assert "2352" in found.help


@pytest.mark.parametrize("kind", ["add", "sub", "mul", "max", "mean", "dot", "sample"])
def test_entrywise_merges_never_broadcast(kind):
    found = fault(kind, (4,), (1,))
    assert (found.code, found.blame) == (codes.BRANCHES_DIFFER, 1)
    assert "4 and 1" in found.message


@pytest.mark.parametrize("kind", ["sub", "dot", "sample"])
def test_sub_and_dot_take_two(kind):
    assert fault(kind, (4,), (4,), (4,)).code is codes.BRANCH_COUNT


@pytest.mark.parametrize("kind", [n for n, k in LAYERS.items() if k.is_merge])
def test_merges_need_a_fork(kind):
    assert fault(kind, (4,)).code is codes.BRANCH_COUNT


def test_branches_that_differ_are_told_the_shape_of_the_first():
    assert "branch 2 end in 4," in fault("add", (4,), (3,)).help
    assert "branch 3 end in 3x4x5," in fault("add", (3, 4, 5), (3, 4, 5), (3, 4, 6)).help


def test_concat_needs_an_axis_that_exists():
    assert fault("concat", (3, 4), (3, 4)).code is codes.CONCAT_NEEDS_AXIS
    assert fault("concat", (3, 4), (3, 4), axis=2).code is codes.BAD_AXIS
    assert fault("concat", (3, 4), (3, 4), axis=-3).code is codes.BAD_AXIS


def test_concat_proposes_an_axis_along_which_branches_line_up():
    found = fault("concat", (5, 4), (5, 6), axis=0)
    assert found.code is codes.CONCAT_SIZES_DIFFER
    assert "axis=1" in found.help
    assert "flatten" in fault("concat", (5, 4), (5,), axis=0).help
    assert "5x4" in fault("concat", (5, 4), (6, 7), axis=0).help


def test_reshape_counts_entries_and_proposes_a_size():
    found = fault("reshape", (784,), size=(30, 28))
    assert (found.code, found.replace) == (codes.RESHAPE_COUNT, "28x28")
    assert "840" in found.message
    assert "784" in found.message
    assert fault("reshape", (10,), size=(3, 4)).replace == "10"
    assert fault("reshape", (T, 4), size=(3, 4)).replace == ""


@pytest.mark.parametrize(
    ("kind", "shape", "args", "size"),
    [
        ("scale", (4,), {"a": (1.0, 2.0)}, 4),
        ("scale", (3, 4), {"a": (1.0, 2.0)}, 4),
        ("shift", (4, 2, 2), {"b": (1.0, 2.0)}, 4),
        ("normalize", (4, 3), {"mean": (1.0, 2.0), "std": 1.0}, 4),
        ("normalize", (4, 2, 2), {"mean": 0.0, "std": (1.0, 2.0)}, 4),
    ],
)
def test_lists_have_one_number_for_each_feature_or_channel(kind, shape, args, size):
    found = fault(kind, shape, **args)
    assert found.code is codes.LIST_LENGTH
    assert f"list of {size}" in found.help


def test_a_list_for_the_other_axis_is_sent_to_the_layer_that_takes_it():
    assert "`normalize`" in fault("shift", (2, 4), b=(1.0, 2.0)).help
    assert "`scale`" in fault("normalize", (4, 2), mean=(1.0, 2.0), std=1.0).help


def test_tied_sizes_are_those_of_the_owner_the_other_way_round():
    tied = {"W": ENC}
    units = fault("dense", (64,), units=100, tie="enc", tied=tied)
    assert (units.code, units.at, units.replace) == (codes.TIE_MISMATCH, "units", "784")
    size = fault("dense", (32,), units=784, tie="enc", tied=tied)
    assert (size.code, size.at) == (codes.TIE_MISMATCH, "tie")
    assert fault("dense", (32,), units=784, tie="relu1").code is codes.TIE_MISMATCH


TAKES_INTS = {"id", "flatten", "reshape", "input", "embedding", "transpose", "permute", "crop"}


@pytest.mark.parametrize("kind", sorted(LAYERS.keys() - TAKES_INTS))
def test_arithmetic_refuses_whole_numbers(kind):
    """Only `embedding` makes real numbers of them; a kind that moves them leaves them as they are."""
    typed = check(Source("example.nn", LAYERS[kind].example)).graph
    own = [one for one in typed.graph.layers if one.kind == kind]
    args = dict(own[0].args) if own else {}
    shapes = [typed.types[i].shape for i in own[0].inputs] if own else [(6,)]
    with suppress(ShapeFault):
        assert result(kind, *shapes, dtype=DType.INT, **args).dtype is DType.INT
        return
    assert fault(kind, *shapes, dtype=DType.INT, **args).code is codes.INTEGER_INPUT


@pytest.mark.parametrize(
    ("kind", "shapes", "args"),
    [
        ("flatten", ((T, 8),), {}),
        ("reshape", ((T, 8),), {"size": (8, 8)}),
        ("dense", ((T,),), {"units": 2}),
        ("poly", ((T,),), {"degree": 2}),
        ("concat", ((T, 8), (T, 8)), {"axis": 0}),
    ],
)
def test_layers_that_mix_positions_refuse_ragged_rows(kind, shapes, args):
    assert fault(kind, *shapes, ragged=True, **args).code is codes.RAGGED_MIXED


@pytest.mark.parametrize(
    ("kind", "shapes", "args"),
    [
        ("dense", ((T, 8),), {"units": 3}),
        ("softmax", ((T, 8),), {}),
        ("relu", ((T,),), {}),
        ("add", ((T, 8), (T, 8)), {}),
        ("concat", ((T, 8), (T, 8)), {"axis": 1}),
    ],
)
def test_layers_that_work_by_position_stay_ragged(kind, shapes, args):
    assert result(kind, *shapes, ragged=True, **args).ragged


def test_poly_counts_powers_feature_by_feature():
    assert product(result("poly", (3,), degree=11).shape) == 36
