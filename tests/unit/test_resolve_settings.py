"""Outputs, losses, training settings, and warnings about unused names."""

from __future__ import annotations

import pytest

from .resolving import error_codes, findings, graph, outcome, repaired

HEADS = "input 3 -> dense 4 as trunk -> dense 3 as kind\ntrunk -> dense 1 as size\n"


def outputs(text: str) -> list[str]:
    found = graph(text)
    by_id = {n.id: n.name for n in found.layers}
    return [f"{o.name}={by_id[o.layer]}" for o in found.outputs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 3 -> dense 4", ["y=dense1"]),
        ("input 3 -> dense 4 as a", ["a=a"]),
        ("input 3 -> (dense 4) as a", ["a=a.dense1"]),
        ("input 3 as a -> dense 4\ninput 5", ["y=dense1"]),
        (HEADS, ["size=size"]),
        (HEADS + "output kind, size", ["kind=kind", "size=size"]),
        (HEADS + "output size\noutput kind", ["size=size", "kind=kind"]),
        (HEADS + "loss mse on kind", ["kind=kind", "size=size"]),
        (HEADS + "loss mse on trunk", ["size=size"]),
        ("input 3 as a -> dense 4\noutput a", ["a=a"]),
    ],
)
def test_outputs(text, expected):
    assert outputs(text) == expected


def losses(text: str) -> list[tuple[str, str, float]]:
    found = graph(text)
    return [(n.name, found.layers[n.layer].name, n.weight) for n in found.losses]


def test_losses_are_named_and_weighted():
    assert losses("input 3 -> dense 4; loss mse weight=(1/2)") == [("mse", "dense1", 0.5)]
    both = HEADS + "loss mse on kind weight=0.3\nloss mse on size\nloss mae on trunk"
    assert losses(both) == [
        ("mse_kind", "kind", 0.3),
        ("mse_size", "size", 1.0),
        ("mae", "trunk", 1.0),
    ]
    twice = "input 3 -> dense 4\nloss mse\nloss mse"
    assert [name for name, _, _ in losses(twice)] == ["mse_y", "mse_y_2"]


def test_loss_arguments_are_checked():
    found = graph("input 3 -> dense 4\nloss huber(delta=2) weight=3")
    assert found.losses[0].setting.args["delta"] == 2.0
    assert "weight" not in found.losses[0].setting.args


def test_training_settings():
    found = graph(
        "input 3 -> dense 4\nloss mse\noptimizer sgd 0.1 momentum=0.9 nesterov=true\n"
        "train batch=10 epochs=2 drop_last=true\nmetric accuracy, top_k(3)\nmetric f1\n"
        'regularize l2=1e-4\ndtype float64\nmodel "LeNet"'
    )
    assert found.training.optimizer.kind == "sgd"
    assert found.training.optimizer.args["lr"] == 0.1
    assert found.training.optimizer.args["nesterov"] is True
    assert found.training.train == {"batch": 10, "epochs": 2, "drop_last": True}
    assert [(m.kind, m.args) for m in found.training.metrics] == [
        ("accuracy", {}),
        ("top_k", {"k": 3}),
        ("f1", {}),
    ]
    assert found.regularize.args == {"l1": 0.0, "l2": 1e-4}
    assert (found.dtype, found.model) == ("float64", "LeNet")


def test_lets_in_settings():
    found = graph("let rate = 0.3\ninput 3 -> dense 4\nloss mse\noptimizer sgd lr=rate")
    assert found.training.optimizer.args["lr"] == 0.3


def test_defaults():
    found = graph("input 3 -> dense 4")
    assert (found.dtype, found.model, found.regularize, found.losses) == ("float32", None, None, ())
    assert found.training.optimizer is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("optimiser sgd", "NN104"),
        ("trian batch=3", "NN104"),
        ("nonsense 3", "NN104"),
        ("loss crossentrpy", "NN105"),
        ("loss MSE", "NN105"),
        ("optimizer sdg", "NN105"),
        ("metric acuracy", "NN105"),
        ("dtype float16", "NN105"),
        ("schedule cosin steps=3", "NN105"),
        ("optimizer adm", "NN105"),
        ("schedule cosine", "NN107"),
        ("schedule onecycle steps=3", "NN111"),
        ("clip norm=1 value=2", "NN108"),
        ("loss mse wieght=3", "NN106"),
        ("train bach=3", "NN106"),
        ("metric k=3", "NN106"),
        ("loss mse on", "NN107"),
        ("loss weight=3", "NN107"),
        ("loss mse 3", "NN108"),
        ("train batch=3 batch=4", "NN109"),
        ("loss mse weight=[1, 2]", "NN110"),
        ("loss 3", "NN110"),
        ("output 3", "NN110"),
        ("model 3", "NN110"),
        ("include blocks", "NN110"),
        ("train batch=0", "NN111"),
        ("loss mse weight=-1", "NN111"),
        ("clip norm=0", "NN111"),
        ("schedule step every=0", "NN111"),
        ("train epochs=0.5", "NN112"),
        ("output nothing", "NN102"),
        ("loss mse on nothing", "NN102"),
        ("let k = 3\noutput k", "NN125"),
        ("output a, a", "NN114"),
        ("dtype float32\ndtype float32", "NN130"),
        ("a", "NN104"),
    ],
)
def test_refused_settings(line, code):
    assert error_codes(f"input 3 -> dense 4 as a\n{line}") == [code]


def test_class_weights_are_told_from_the_weight():
    assert "weights=[1, 2]" in repaired("input 3 -> dense 4\nloss mse weight=[1, 2]")


def test_several_outputs_need_on():
    assert error_codes(HEADS + "output kind, size\nloss mse") == ["NN129"]
    assert "loss mse on kind" in repaired(HEADS + "output kind, size\nloss mse")


def test_output_names_are_unique():
    assert error_codes("input 3 -> dense 4 as y\ny -> dense 3\nloss mse on y\noutput y") == []
    assert error_codes("input 3 as a -> dense 4 as y\na -> dense 3\nloss mse on y") == ["NN114"]


def test_nothing_to_compute():
    assert error_codes("input 3") == ["NN128"]
    assert error_codes("loss mse") == ["NN128"]


def test_a_library_has_no_graph():
    found, report = outcome("let k = 3\nblock b(n) = dense n")
    assert found is None
    assert not list(report)


def test_blocks_of_a_library_are_looked_at():
    assert error_codes("block b(n) = [dense n, c] -> sofmax\nblock c = relu as d") == ["NN101"]
    assert error_codes("block b(n, k=nope) = dense n bais=true") == ["NN102", "NN106"]
    assert error_codes("block b(n) = dense (n/3) in=k") == ["NN102"]
    assert error_codes("block b(n) = dense n -> c(1, 2)\nblock c(n) = dense n") == ["NN108"]
    assert error_codes("block b(n) = [id, dense (8//n)] -> add -> c(n)\nblock c(n) = n") == []


def warnings(text: str) -> list[tuple[str, str]]:
    return [(d.code.id, d.span.text) for d in findings(text)]


def test_what_nothing_uses():
    assert warnings("let a = 3\ninput 3 -> dense 3") == [("NN140", "a")]
    assert warnings("let a = 3\nlet b = a\ninput 3 -> dense b") == []
    assert warnings("block b = relu\ninput 3 -> dense 3") == [("NN140", "b")]
    assert warnings("input 3 as a -> dense 3\na -> dense 4") == [("NN141", "dense 3")]
    assert warnings("input 3 as a\ninput 4 -> dense 4") == [("NN141", "input 3")]
    assert warnings("let rate = 3\ninput 3 -> dense 4\nloss mse\noptimizer sgd lr=rate") == []


def test_unused_things_are_not_reported_beside_errors():
    assert warnings("let a = 3\ninput 3 -> dense 3 -> dence a") == [("NN101", "dence")]
    assert warnings("let a = 3\ninput 3 -> dense 3\nblock b = (") == [("NN003", "(")]


def test_a_faulty_output_is_one_error():
    assert error_codes("input 3 -> dense 0 as a\noutput a\nloss mse") == ["NN111"]
    assert error_codes("input 3 -> dense 0 -> dense 3\nloss mse") == ["NN111"]
