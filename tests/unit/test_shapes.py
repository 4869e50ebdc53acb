"""Shape inference over whole specs: types, parameters, and one error for each fault."""

from __future__ import annotations

import pytest
from nnc.diagnostics.fixing import edited
from nnc.diagnostics.model import Diagnostic
from nnc.driver import check
from nnc.ir.layer_graph import TypedGraph
from nnc.layers import LAYERS
from nnc.shapes.faults import chain_text
from nnc.source import Source

from ..work import growth


def typed(spec: str) -> TypedGraph:
    checked = check(Source("spec.nn", spec))
    assert checked.graph is not None, list(checked.report)
    return checked.graph


def types(spec: str) -> dict[str, str]:
    """The type of every layer by name."""
    graph = typed(spec)
    return {layer.name: str(graph.types[layer.id]) for layer in graph.graph.layers}


def params(spec: str) -> dict[str, tuple[int, ...]]:
    return {p.name: p.shape for p in typed(spec).params}


def inits(spec: str) -> dict[str, str]:
    return {p.name: p.init.name for p in typed(spec).params}


def errors(spec: str) -> list[Diagnostic]:
    """The shape errors of a spec, in order of position."""
    return [d for d in check(Source("spec.nn", spec)).report if d.code.id.startswith("NN2")]


def only_error(spec: str) -> Diagnostic:
    (found,) = errors(spec)
    return found


def fixed(spec: str, diagnostic: Diagnostic) -> str:
    """The spec after the diagnostic's fix."""
    (fix,) = diagnostic.fixes
    return edited(spec, fix.edits)


# --- types and parameters -----------------------------------------------------------------


@pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
def test_the_example_of_every_kind_is_valid(kind):
    checked = check(Source("example.nn", kind.example))
    assert not list(checked.report)


def test_types_follow_the_chain():
    spec = "input 1x28x28 as image -> flatten -> dense 30 sigmoid -> poly 2 -> dense 10; loss mse"
    assert types(spec) == {
        "image": "1x28x28",
        "flatten1": "784",
        "dense1": "30",
        "poly1": "90",
        "dense2": "10",
    }


def test_symbolic_and_ragged_axes_pass_through():
    spec = "input Tx8 ragged as x -> dense 3 relu -> [id, dense 2] -> concat axis=-1; loss mse"
    assert types(spec)["concat1"] == "Tx5 ragged"


def test_parameters_come_in_the_order_of_their_layers():
    spec = "input 4 -> dense 3 prelu -> dense 2 bias=false -> prelu; loss mse"
    assert list(params(spec).items()) == [
        ("dense1.W", (4, 3)),
        ("dense1.b", (3,)),
        ("prelu1.a", (1,)),
        ("dense2.W", (3, 2)),
        ("prelu2.a", (1,)),
    ]


def test_use_makes_no_parameters():
    spec = """
        input 8 as left -> (dense 4 prelu -> dense 3) as enc
        input 8 as right -> use enc as other
        [enc, other] -> sub
        loss mse
    """
    owners = [name.rpartition(".")[0] for name in params(spec)]
    assert list(dict.fromkeys(owners)) == ["enc.dense1", "enc.prelu1", "enc.dense2"]


def test_a_tied_layer_adds_only_its_bias():
    spec = "input 8 -> dense 3 as enc -> dense 8 tie=enc; loss mse"
    assert list(params(spec)) == ["enc.W", "enc.b", "dense1.b"]


def test_a_tie_through_use_ties_to_the_owner():
    spec = "input 8 -> dense 3 as a -> dense 8 -> use a as b -> dense 8 tie=b; loss mse"
    assert list(params(spec)) == ["a.W", "a.b", "dense1.W", "dense1.b", "dense2.b"]
    assert typed(spec).graph.by_name()["dense2"].args["tie"] == "a"


@pytest.mark.parametrize(
    ("after", "init"),
    [
        *((f" {name}", "he") for name in ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu")),
        *((f" -> {name}", "he") for name in ("relu", "mish")),
        *((word, "lecun") for word in (" selu", " -> selu")),
        *(
            (word, "xavier")
            for word in ("", " tanh", " -> sigmoid", " softmax", " -> dense 2 relu")
        ),
        (" -> dropout 0.5 -> relu", "xavier"),
        (" init=normal(0.1) relu", "normal"),
    ],
)
def test_weights_start_as_the_activation_after_them_asks(after, init):
    assert inits(f"input 4 -> dense 3{after}; loss mse")["dense1.W"] == init


def test_a_value_with_two_readers_has_no_activation_of_its_own():
    spec = "input 4 -> dense 3 as h -> relu -> dense 3 as p\n[h, p] -> add; loss mse"
    assert inits(spec)["h.W"] == "xavier"


# --- one error for each fault -------------------------------------------------------------


def test_both_ends_and_the_chain_are_shown():
    spec = "input 784 -> dense 20 relu -> dense 10 in=500 softmax; loss crossentropy"
    found = only_error(spec)
    assert found.span.text == "500"
    assert [(x.span.text, x.text) for x in found.labels] == [("dense 20 relu", "produces 20")]
    assert found.shapes == "input 784 -> dense1 20 -> dense2 error"
    assert not errors(fixed(spec, found))


def test_the_size_is_shown_where_it_was_made():
    found = only_error("input 9 -> dense 20 -> relu -> dropout 0.5 -> dense 1 in=9; loss mse")
    assert [(x.span.text, x.text) for x in found.labels] == [("dense 20", "produces 20")]


def test_flatten_is_proposed_and_repairs():
    spec = "input 3x28x28 -> dense 10 softmax; loss crossentropy"
    found = only_error(spec)
    assert "`flatten`" in found.help
    assert fixed(spec, found).startswith("input 3x28x28 -> flatten -> dense 10")
    assert not errors(fixed(spec, found))


def test_what_follows_from_a_fault_is_not_reported():
    spec = "input 3x8x8 -> dense 10 -> mean axis=0 -> dense 5 in=10 -> dense 2; loss crossentropy"
    assert only_error(spec).code.name == "needs-features"


def test_a_layer_that_is_refused_does_not_hide_later_faults():
    spec = "input 3x8x8 -> dense 10 -> dense 5 in=7 -> [id, dense 2] -> add; loss crossentropy"
    names = [d.code.name for d in errors(spec)]
    assert names == ["needs-features", "in-mismatch", "branches-differ"]


def test_a_wrong_assertion_does_not_hide_later_faults():
    spec = "input 9 -> dense 5 in=8 relu -> dense 4 in=3 -> dense 3 in=4; loss mse"
    assert [d.span.text for d in errors(spec)] == ["8", "3"]


def test_a_parameter_that_cannot_be_made_does_not_hide_later_faults():
    spec = "input T -> dense 5 -> dense 4 in=3; loss mse"
    assert [d.code.name for d in errors(spec)] == ["symbolic-parameter", "in-mismatch"]


def test_independent_faults_are_all_reported():
    spec = """
        input 3x8x8 as image -> dense 10 as a
        input 6 as extra -> scale [1, 2] -> dense 4 as b
        output a, b
        loss mse on a
        loss mse on b
    """
    assert [d.code.name for d in errors(spec)] == ["needs-features", "list-length"]


def test_users_of_a_faulty_layer_are_passed_over():
    for user in ("use enc", "dense 64 tie=enc"):
        assert len(errors(f"input 2x2x2 -> dense 8 as enc\ninput 8 as u -> {user}; loss mse")) == 1


def test_block_calls_are_shown():
    spec = "block twice(n) = dense n -> dense n in=7\ninput 4 -> twice(3); loss mse"
    found = only_error(spec)
    assert ("twice(3)", "expanded from here") in [(x.span.text, x.text) for x in found.labels]
    assert found.shapes == "input 4 -> twice1.dense1 3 -> twice1.dense2 error"


def test_no_fix_is_offered_for_text_that_serves_several_calls():
    for block in ("one(n, k) = dense n in=k", "one(n, k) = dense n in=5"):
        assert not only_error(f"block {block}\ninput 4 -> one(3, 5); loss mse").fixes


def test_a_repeat_shows_which_copy_produces():
    found = only_error("input 8 -> (dense 4 in=8) * 2; loss mse")
    assert [x.text for x in found.labels] == ["the copy before, dense1, produces 4"]


def test_every_branch_of_a_merge_is_shown():
    found = only_error("input 8 -> [id, dense 4, dense 8] -> add; loss mse")
    assert [(x.span.text, x.text) for x in found.labels] == [
        ("input 8", "this branch is 8"),
        ("dense 4", "this branch is 4"),
        ("dense 8", "this branch is 8"),
    ]
    assert found.shapes.splitlines() == [
        "branch 1: input 8 -> add1 error",
        "branch 2: input 8 -> dense1 4 -> add1 error",
        "branch 3: input 8 -> dense2 8 -> add1 error",
    ]


def test_of_many_branches_the_first_are_shown():
    stages = ", ".join(["dense 4"] * 13 + ["dense 3"])
    found = only_error(f"input 8 -> [{stages}] -> add; loss mse")
    *shown, rest = found.shapes.splitlines()
    assert shown == [f"branch {i}: input 8 -> dense{i} 4 -> add1 error" for i in range(1, 13)]
    assert rest == "… 2 more …"


def test_shared_weights_blame_the_use_and_show_the_definition():
    found = only_error("input 8 -> dense 4 as enc -> use enc; loss mse")
    assert found.span.text == "use enc"
    assert ("dense 4", "enc.W is 8x4 since here") in [(x.span.text, x.text) for x in found.labels]


def test_an_activation_at_fault_is_underlined_alone():
    found = only_error("input 2x3 int -> flatten softmax; loss mse")
    assert found.span.text == "softmax"
    assert ("flatten", "produces 6 int") in [(x.span.text, x.text) for x in found.labels]
    assert found.message.startswith("softmax calculates")
    assert found.shapes == "input 2x3 int -> flatten1 6 int -> softmax error"


def test_tie_shows_both_sizes_and_repairs():
    spec = "input 784 -> dense 64 as enc -> dense 100 tie=enc; loss mse"
    found = only_error(spec)
    assert found.span.text == "100"
    assert "enc.W is 784x64" in [x.text for x in found.labels]
    assert not errors(fixed(spec, found))


@pytest.mark.parametrize(
    ("spec", "way_out"),
    [
        ("input Tx8 -> flatten -> dense 3", "leave out `flatten`"),
        ("input 8xT -> dense 3", "`input Tx8`"),
        ("input T -> dense 3", "write a number for T"),
    ],
)
def test_no_parameter_depends_on_a_symbolic_size(spec, way_out):
    found = only_error(f"{spec}; loss mse")
    assert found.code.name == "symbolic-parameter"
    assert "dense1.W" in found.message
    assert way_out in " ".join([found.help, *(fix.title for fix in found.fixes)])


def test_crossentropy_needs_classes():
    spec = "input 4 -> dense 1; loss crossentropy"
    found = only_error(spec)
    assert found.code.name == "loss-output"
    assert fixed(spec, found).endswith("loss bce")
    soft = "input 4 -> dense 1 softmax; loss crossentropy"
    assert fixed(soft, only_error(soft)) == "input 4 -> dense 1 sigmoid; loss bce"
    assert not only_error(f"{soft} smoothing=0.1").fixes


def test_a_loss_refuses_whole_numbers():
    assert only_error("input 4 int -> flatten; loss mse").code.name == "integer-input"


def test_orthogonal_biases_are_refused_and_matrices_are_not():
    assert only_error("input 4 -> dense 3 bias_init=orthogonal; loss mse").span.text == "orthogonal"
    assert not errors("input 4 -> dense 3 init=orthogonal; loss mse")


def test_long_chains_are_shortened_in_the_middle():
    text = chain_text([f"d{i}" for i in range(30)])
    assert text.startswith("d0 -> d1 -> d2 -> d3 -> … 19 more … -> d23")
    assert text.endswith("d29")
    assert "…" not in chain_text([f"d{i}" for i in range(12)])


def test_inference_grows_linearly():
    from nnc.diagnostics.model import Report
    from nnc.shapes.infer import infer

    def inference(layers: int):
        graph = typed(f"input 8 -> (dense 8 relu) * {layers}; loss mse").graph
        return lambda: infer(graph, Report())

    assert growth(inference, 100) < 2.3


def test_a_fault_in_a_repeat_is_one_error():
    assert len(errors("input 8 -> (dense 8 in=7 relu) * 5; loss mse")) == 1


def test_a_wrong_reshape_is_one_error():
    spec = "input 784 -> reshape 28x30 -> flatten -> dense 10 in=784; loss mse"
    assert only_error(spec).code.name == "reshape-count"
