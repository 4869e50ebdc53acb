"""`frozen=true`: no gradient, no step and no optimizer state; which parameters it covers."""

from __future__ import annotations

import importlib.util
import re
from functools import cache

import numpy as np
import pytest
from nnc.contents import Contents
from nnc.driver import Options, check, compile_source
from nnc.ir.repeats import Run, runs
from nnc.report.summary import as_json, summarise
from nnc.runtime.module import import_module
from nnc.source import Source

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
FORMS = [(0, "numpy"), (1, "numpy")]
ALL_FORMS = [*FORMS, pytest.param((1, "numba"), marks=NUMBA)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A spec's module at a level and for a target, made once for this file."""

    @cache
    def make(text: str, form: tuple[int, str] = (1, "numpy"), emit: tuple[str, ...] = ()):
        options = Options(level=form[0], target=form[1], emit=emit, format=False)
        path = tmp_path_factory.mktemp("frozen") / "model.py"
        path.write_text(compile_source(Source("spec.nn", text), options).code, encoding="utf-8")
        return import_module(path)

    return make


def typed_graph(text: str):
    checked = check(Source("spec.nn", text))
    assert checked.graph is not None, [d.message for d in checked.report]
    return checked.graph


def errors(text: str) -> list[tuple[str, str]]:
    return [(d.code.id, d.span.text) for d in check(Source("spec.nn", text)).report]


# --- which parameters ---------------------------------------------------------------------

BLOCK = "block pair(n) = dense n relu -> dense n tanh\n"
CHOSEN = {
    "a layer": ("dense 4 frozen=true relu -> dense 2", ["dense1"]),
    "written as a call": ("dense(4, frozen=true) -> relu -> dense 2", ["dense1"]),
    "false": ("dense 4 frozen=false relu -> dense 2", []),
    "its activation, too": ("dense 4 frozen=true prelu -> dense 2", ["dense1", "prelu1"]),
    "its activation alone": ("dense 4 prelu(frozen=true) -> dense 2", ["prelu1"]),
    "all but its activation": ("dense 4 frozen=true prelu(frozen=false) -> dense 2", ["dense1"]),
    "an activation": ("dense 4 -> prelu frozen=true -> dense 2", ["prelu1"]),
    "a group": ("(dense 4 relu -> dense 3 tanh) frozen=true -> dense 2", ["dense1", "dense2"]),
    "a group with an activation": (
        "(dense 4 relu -> dense 3) prelu frozen=true -> dense 2",
        ["dense1", "dense2", "prelu1"],
    ),
    "a group but for a layer": (
        "(dense 4 relu -> dense 3 tanh frozen=false) frozen=true -> dense 2",
        ["dense1"],
    ),
    "a group but for a layer and its activation": (
        "(dense 4 relu -> dense 3 prelu frozen=false) frozen=true -> dense 2",
        ["dense1"],
    ),
    "a group in a group": (
        "((dense 4 relu -> dense 3 tanh) -> dense 3 tanh) frozen=true -> dense 2",
        ["dense1", "dense2", "dense3"],
    ),
    "a group that is repeated": ("(dense 3 relu) frozen=true * 2 -> dense 2", ["dense1", "dense2"]),
    "a block's call": (
        "pair(3) frozen=true -> pair(3) -> dense 2",
        ["pair1.dense1", "pair1.dense2"],
    ),
    "within its parentheses": (
        "pair(3, frozen=true) * 2 -> dense 2",
        ["pair1.dense1", "pair1.dense2", "pair2.dense1", "pair2.dense2"],
    ),
    "a call without parentheses": ("fixed frozen=true -> fixed -> dense 2", ["fixed1.dense1"]),
    "a parameter of the block": ("held(true) -> held(false) -> dense 2", ["held1.dense1"]),
    "stages handed to a block": (
        "around(dense 3 tanh frozen=true) -> dense 2",
        ["around1.dense1"],
    ),
    "a block around stages handed to it": (
        "around(dense 3 tanh) frozen=true -> dense 2",
        ["around1.dense1", "around1.dense2"],
    ),
    "used again": ("dense 3 tanh frozen=true as e -> use e -> dense 2", ["e"]),
    "branches": (
        "([dense 3, dense 3 frozen=false] -> add -> tanh) frozen=true -> dense 2",
        ["dense1"],
    ),
}
DEFINED = (
    BLOCK
    + "block fixed = dense 3 relu\nblock held(frozen) = dense 3 relu frozen=frozen\n"
    + "block around(inner) = inner -> dense 3 relu\n"
)


@pytest.mark.parametrize("name", CHOSEN)
def test_the_parameters_that_are_frozen(name):
    chain, owners = CHOSEN[name]
    typed = typed_graph(f"{DEFINED}input 3 -> {chain}\nloss mse\n")
    frozen = dict.fromkeys(p.name.rpartition(".")[0] for p in typed.params if p.frozen)
    assert list(frozen) == owners


def test_every_kind_with_parameters_can_be_frozen():
    for chain in (
        "input Tx4 -> positional learned=true max=8 frozen=true -> dense 2 frozen=true",
        "input T int -> embedding 9 4 frozen=true -> lstm 3 layers=2 frozen=true -> dense 2",
        "input 2x6x6 -> conv 3 3x3 frozen=true -> groupnorm 3 frozen=true -> flatten -> dense 2",
        "input Tx4 -> attention 2 frozen=true -> layernorm frozen=true -> gru 3 -> dense 2",
    ):
        typed = typed_graph(f"{chain}\nloss mse\n")
        spans = {p.span.text for p in typed.params if p.frozen}
        assert spans == {p.span.text for p in typed.params if "frozen" in p.span.text}


CONFLICTS = {
    "tie": ("dense 3 tanh as e -> dense 3 tie=e frozen=true", [("NN132", "true")]),
    "tie in a group": (
        "dense 3 tanh as e -> (dense 3 tie=e) frozen=true",
        [("NN132", "dense 3 tie=e")],
    ),
    "use in a group": ("dense 3 tanh as e -> (use e) frozen=true -> dense 2", [("NN132", "use e")]),
    "use": ("dense 3 tanh as e -> use e frozen=true -> dense 2", [("NN132", "frozen=true")]),
    "not frozen by the tie": ("dense 3 tanh frozen=true as e -> dense 3 tie=e", []),
    "both": ("dense 3 tanh frozen=true as e -> dense 3 tie=e frozen=true -> dense 2", []),
    "all in a group": ("(dense 3 tanh as e -> use e -> dense 3 tie=e) frozen=true -> dense 2", []),
    "an activation without parameters": ("dense 3 -> tanh frozen=true", [("NN106", "frozen")]),
    "another value": ("dense 3 frozen=2", [("NN110", "2")]),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_cannot_be_frozen_is_an_error(name):
    chain, found = CONFLICTS[name]
    assert errors(f"input 3 -> {chain}\nloss mse\n") == found


def test_lints_take_it_into_account():
    def codes(text):
        return [code for code, _ in errors(text)]

    linear = "input 3 -> dense 4{} -> dense 2; loss mse"
    assert (codes(linear.format("")), codes(linear.format(" frozen=true"))) == (["NN308"], [])
    normed = "input 3 -> dense 4 -> batchnorm{} -> dense 2; loss mse; train batch=1"
    assert sorted(codes(normed.format(""))) == ["NN318", "NN319"]
    assert codes(normed.format(" frozen=true")) == []
    heads = "input 3 -> dense 4 tanh as t -> dense 2 as a\nt -> dense 2{} as b\noutput a, b\nloss mse on a"
    assert (codes(heads.format("")), codes(heads.format(" frozen=true"))) == (["NN310"], [])
    assert codes("input 3 -> dense 4 frozen=true; loss mse") == ["NN321"]
    assert codes("input 3 -> dense 4 frozen=true") == []
    assert codes("input Tx3 -> positional frozen=true -> dense 4; loss mse") == ["NN312"]
    solved = "input 3 -> dense 4 frozen=true; loss mse; optimizer lstsq"
    assert "NN317" in codes(solved)


# --- the module ---------------------------------------------------------------------------

NETS = {
    "first": ("input 4 -> dense 5 tanh @ -> dense 3", ("dense1",)),
    "middle": ("input 4 -> dense 5 tanh -> dense 5 relu @ -> dense 3", ("dense2",)),
    "last": ("input 4 -> dense 5 tanh -> dense 3 @", ("dense2",)),
    "shared": ("input 4 -> dense 4 tanh @ as e -> use e -> dense 3", ("e",)),
    "tied": ("input 3 -> dense 5 tanh @ as e -> dense 3 tie=e", ("e",)),
    "embedding": ("input T int -> embedding 9 4 @ -> gru 3 -> dense 3", ("embedding1",)),
    "recurrent": ("input Tx4 ragged -> lstm 5 @ -> dense 3", ("lstm1",)),
    "images": (
        "input 2x5x5 -> conv 3 3x3 relu @ -> conv 3 2x2 tanh -> flatten -> dense 3 @",
        ("conv1", "dense1"),
    ),
    "attention": (
        "input Tx4 -> dense 4 -> attention 2 @ -> mean axis=0 -> dense 3",
        ("attention1",),
    ),
}
HOW = {
    "sgd": "optimizer sgd lr=0.1 momentum=0.9 weight_decay=0.1",
    "adamw": "optimizer adamw lr=0.01 weight_decay=0.1",
    "clipped": "optimizer adagrad lr=0.1\nclip norm=0.01",
    "lion": "optimizer lion lr=0.01 weight_decay=0.1",
    "none": "",
}
REST = "\nloss mse\nregularize l2=0.1 l1=0.01\n{}\ndtype float64\n"


def spec(name: str, how: str = "sgd", word: str = "frozen=true") -> str:
    return NETS[name][0].replace("@", word) + REST.format(HOW[how])


def is_frozen(name: str, parameter: str) -> bool:
    return parameter.startswith(tuple(f"{owner}." for owner in NETS[name][1]))


def batch(module, rows: int = 6):
    rng = np.random.default_rng(5)
    (shape,) = module.INPUTS.values()
    sizes = (rows, *(5 if n == "T" else n for n in shape[1:]))
    ids = "T int" in module.SPEC
    x = rng.integers(0, 9, sizes) if ids else rng.normal(size=sizes)
    keywords = {"lengths": np.array([5, 3, 1, 4, 2, 5])} if getattr(module, "RAGGED", ()) else {}
    return x, rng.normal(size=(rows, 3)), keywords


def copied(arrays):
    return {name: np.array(array) for name, array in arrays.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NETS)
def test_gradients_are_those_of_the_parameters_that_are_left(made, name, form):
    module, plain = made(spec(name), form), made(spec(name, word=""), form)
    x, target, keywords = batch(module)
    params = module.init_params(3)
    assert tuple(n for n in module.PARAM_SHAPES if is_frozen(name, n)) == module.FROZEN
    assert list(module.PARAM_SHAPES) == list(plain.PARAM_SHAPES)
    for parameter, array in plain.init_params(3).items():
        np.testing.assert_array_equal(params[parameter], array)
    _, cached = module.forward(params, x, **keywords)
    grads = module.backward(params, cached, target)
    assert list(grads) == [n for n in module.PARAM_SHAPES if n not in module.FROZEN]
    _, other = plain.forward(params, x, **keywords)
    want = plain.backward(params, other, target)
    assert module.losses(params, cached, target)["mse"] == pytest.approx(
        plain.losses(params, other, target)["mse"], rel=1e-13
    )
    for parameter, grad in grads.items():
        np.testing.assert_allclose(grad, want[parameter], rtol=1e-11, atol=1e-13)
    left = [
        n
        for n in params
        if not is_frozen(name, n) and re.search(r"\.W\w*$", n) and "embed" not in n
    ]
    squares = sum(0.05 * np.sum(params[n] ** 2) + 0.01 * np.abs(params[n]).sum() for n in left)
    assert module.losses(params, cached, target).get("regularize", 0) == pytest.approx(squares)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["first", "middle", "images"])
def test_steps_leave_them_as_they_are(made, name, how, form):
    module = made(spec(name, how), form)
    x, target, keywords = batch(module)
    params = module.init_params(3)
    before, opt = copied(params), module.init_optimizer(params)
    losses = [module.train_step(params, x, target, opt, 0.05, **keywords) for _ in range(30)]
    assert losses[-1] < losses[0]
    for parameter, array in before.items():
        assert (params[parameter] == array).all() == is_frozen(name, parameter), parameter
    assert not [key for key in opt if is_frozen(name, key)]
    by_hand, other = copied(before), module.init_optimizer(before)
    for _ in range(30):
        _, cached = module.forward(by_hand, x, **keywords)
        module.optimizer_step(by_hand, dict(module.backward(by_hand, cached, target)), other, 0.05)
    for parameter, array in params.items():
        np.testing.assert_allclose(by_hand[parameter], array, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_the_first_step_is_that_of_the_whole_network_without_them(made, form):
    """Momentum, decay and slots of one parameter do not see the others."""
    for how in ("sgd", "adamw", "lion"):
        module, plain = made(spec("middle", how), form), made(spec("middle", how, ""), form)
        x, target, _ = batch(module)
        params, others = module.init_params(3), plain.init_params(3)
        module.train_step(params, x, target, module.init_optimizer(params))
        plain.train_step(others, x, target, plain.init_optimizer(others))
        for parameter in set(params) - set(module.FROZEN):
            np.testing.assert_allclose(params[parameter], others[parameter], rtol=1e-12)


@pytest.mark.parametrize("name", ["images", "recurrent"])
@pytest.mark.parametrize("form", [pytest.param((1, "numba"), marks=NUMBA)])
def test_compiled_kernels_agree(made, name, form):
    module, textbook = made(spec(name, "adamw"), form), made(spec(name, "adamw"), (0, "numpy"))
    x, target, keywords = batch(module)
    found = []
    for one in (module, textbook):
        params = one.init_params(3)
        opt = one.init_optimizer(params)
        mean = one.train_epoch(params, x, target, opt, batch=2, order=range(6), **keywords)
        _, cached = one.forward(params, x, **keywords)
        one.sgd_step(params, one.backward(params, cached, target), 0.1)
        found.append({"mean": np.array(mean), **params, "y": one.predict(params, x, **keywords)})
    for key, array in found[1].items():
        np.testing.assert_allclose(found[0][key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("form", FORMS)
def test_dicts_of_any_making_are_taken(made, form):
    module = made(spec("images", "adamw"), form)
    x, target, _ = batch(module)
    want = module.init_params(3)
    module.train_step(want, x, target, module.init_optimizer(want))
    makings = {
        "copies": copied(module.init_params(3)),
        "reversed": dict(reversed(list(module.init_params(3).items()))),
        "read-only": copied(module.init_params(3)),
        "lists": {n: a.tolist() for n, a in module.init_params(3).items()},
        "replaced": module.init_params(3),
    }
    for array in makings["read-only"].values():
        array.flags.writeable = False
    makings["replaced"]["conv1.W"] = np.array(makings["replaced"]["conv1.W"])
    for how, params in makings.items():
        module.train_step(params, x, target, module.init_optimizer(params))
        for name, array in want.items():
            np.testing.assert_allclose(params[name], array, rtol=1e-12, err_msg=f"{how} {name}")
    params = module.init_params(3)
    _, cached = module.forward(params, x)
    grads = module.backward(params, cached, target)
    again = module.backward(params, cached, target, grads)
    assert again is grads
    assert list(module.backward(params, cached, target, copied(grads))) == list(grads)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_gradient_of_one_is_refused(made, form):
    module = made(spec("first"), form)
    x, target, _ = batch(module)
    params = module.init_params(3)
    _, cached = module.forward(params, x)
    grads = {**module.backward(params, cached, target), "dense1.W": params["dense1.W"]}
    opt, before = module.init_optimizer(params), copied(params)
    for call in (
        lambda: module.sgd_step(params, grads, 0.1),
        lambda: module.optimizer_step(params, grads, opt),
        lambda: module.sgd_step(params, params, 0.1),
    ):
        with pytest.raises(ValueError, match=r"grads: missing \[\], unknown \['dense1"):
            call()
    assert all((params[n] == a).all() for n, a in before.items())


@pytest.mark.parametrize("form", FORMS)
def test_files_have_them(made, form, tmp_path):
    module = made(spec("first"), form)
    params = module.init_params(3)
    module.save_params(tmp_path / "params.npz", params)
    loaded = module.load_params(tmp_path / "params.npz")
    assert set(loaded) == set(module.PARAM_SHAPES)
    for name, array in params.items():
        np.testing.assert_array_equal(loaded[name], array)


@pytest.mark.parametrize("form", FORMS)
def test_the_modules_own_check_says_so(made, form, capsys):
    module = made(spec("images"), form)
    assert module.check()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("frozen")] == list(module.FROZEN)
    assert sum(line.endswith("ok") for line in lines) == len(module.PARAM_SHAPES) - 4


def test_nothing_is_computed_for_them():
    """Behind the first layer that is trained no gradient goes on, and forward keeps nothing."""
    text = "input 4 -> dense 5 tanh frozen=true -> dense 5 relu frozen=true -> dense 3\nloss mse\n"
    code = compile_source(Source("spec.nn", text), Options(level=0, format=False)).code
    backward = code[code.index("def backward") : code.index("def sgd_step")]
    assert not re.search(r"d_dense[12]", backward)
    assert 'cache["x"]' not in backward
    assert "cache.update(dense2=dense2, y=y)" in code
    assert (
        "FROZEN"
        not in compile_source(
            Source("spec.nn", text.replace("true", "false")), Options(level=0, format=False)
        ).code
    )


def test_a_page_of_formulas_steps_over_them(tmp_path):
    text = "input 4 -> dense 5 tanh frozen=true -> dense 3\nloss mse\ndtype float64\n"
    options = Options(level=0, format=False, contents=Contents.BARE)
    (tmp_path / "page.py").write_text(compile_source(Source("spec.nn", text), options).code)
    page = import_module(tmp_path / "page.py")
    rng = np.random.default_rng(0)
    sizes = {"dense1.W": (4, 5), "dense1.b": (5,), "dense2.W": (5, 3), "dense2.b": (3,)}
    params = {name: rng.normal(size=size) for name, size in sizes.items()}
    before, target = copied(params), rng.normal(size=(6, 3))
    _, cached = page.forward(params, rng.normal(size=(6, 4)))
    page.sgd_step(params, page.backward(params, cached, target), 0.1)
    changed = {name for name, array in before.items() if (params[name] != array).any()}
    assert changed == {"dense2.W", "dense2.b"}


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_network_of_which_nothing_is_trained_only_tells_its_loss(made, form):
    module = made(
        "input 4 -> (dense 5 tanh -> dense 3) frozen=true" + REST.format(HOW["adamw"]), form
    )
    x, target, _ = batch(module)
    params = module.init_params(3)
    before, opt = copied(params), module.init_optimizer(params)
    value = module.train_step(params, x, target, opt)
    _, cached = module.forward(params, x)
    assert module.loss(params, cached, target) == pytest.approx(value)
    assert dict(module.backward(params, cached, target)) == {}
    module.train_epoch(params, x, target, opt, batch=2, order=range(6))
    module.sgd_step(params, {}, 0.1)
    assert module.check()
    assert all((params[n] == a).all() for n, a in before.items())


@pytest.mark.parametrize("form", FORMS)
def test_extra_functions_give_gradients_of_the_others(made, form):
    emit = ("vjp", "per-example", "input-gradient", "jacobian")
    module = made(spec("middle"), form, emit)
    plain = made(spec("middle", word=""), form, emit)
    x, target, _ = batch(module)
    params = module.init_params(3)
    results = []
    for one in (module, plain):
        y, cached = one.forward(params, x)
        grads, dx = one.vjp(params, cached, y)
        rows = one.per_example_gradients(params, x, target)
        more = {
            "dx": dx,
            "input": one.input_gradient(params, x, target),
            "j": one.jacobian(params, x),
        }
        results.append((grads, rows, more))
    for got, want in zip(*results, strict=True):
        assert set(want) - set(got) == (set(module.FROZEN) if "dx" not in want else set())
        for name, array in got.items():
            np.testing.assert_allclose(array, want[name], rtol=1e-12, atol=1e-13)


# --- batchnorm ----------------------------------------------------------------------------

NORMED = "input 4 -> dense 5 -> batchnorm@ tanh -> dense 3" + REST.format(HOW["adamw"])


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_frozen_batchnorm_keeps_and_uses_its_running_statistics(made, form):
    module, plain = made(NORMED.replace("@", " frozen=true"), form), made(NORMED.replace("@", ""))
    x, target, _ = batch(module)
    params, state = module.init_params(3), module.init_state()
    state["batchnorm1.running_mean"][:] = [0.1, -0.2, 0.3, 0, 1]
    state["batchnorm1.running_var"][:] = [1, 2, 0.5, 1, 3]
    before, kept = copied(state), copied(params)
    y, _ = module.forward(params, x, state=state, train=True)
    np.testing.assert_allclose(y, plain.predict(params, x, state=state), rtol=1e-12)
    np.testing.assert_allclose(y, module.predict(params, x, state=state), rtol=1e-12)
    opt = module.init_optimizer(params)
    one = module.train_step(params, x[:1], target[:1], opt, state=state)  # a batch of one row
    assert np.isfinite(one)
    module.train_epoch(params, x, target, opt, batch=4, order=range(5), state=state)
    assert all((state[n] == a).all() for n, a in before.items())
    changed = {n for n, a in kept.items() if (params[n] != a).any()}
    assert changed == set(params) - {"batchnorm1.gamma", "batchnorm1.beta"}


@pytest.mark.parametrize("form", FORMS)
def test_gradients_go_through_a_frozen_batchnorm(made, form):
    module = made(NORMED.replace("@", " frozen=true"), form, ("per-example",))
    assert module.check()
    x, target, _ = batch(module)
    params, state = module.init_params(3), module.init_state()
    rows = module.per_example_gradients(params, x, target, state=state, train=True)
    alone = [
        module.per_example_gradients(params, x[i : i + 1], target[i : i + 1], state=state)
        for i in range(6)
    ]
    for name, array in rows.items():
        np.testing.assert_allclose(array, np.concatenate([one[name] for one in alone]), atol=1e-13)


@pytest.mark.parametrize("form", FORMS)
def test_one_frozen_batchnorm_does_not_stop_another(made, form):
    text = "input 4 -> batchnorm frozen=true -> dense 5 -> batchnorm tanh -> dense 3"
    module = made(text + REST.format(HOW["adamw"]), form)
    x, target, _ = batch(module)
    params, state = module.init_params(3), module.init_state()
    before = copied(state)
    module.train_step(params, x, target, module.init_optimizer(params), state=state)
    moved = {n for n, a in before.items() if (state[n] != a).any()}
    assert moved == {"batchnorm2.running_mean", "batchnorm2.running_var"}


# --- what is said of them -----------------------------------------------------------------


def test_the_summary_counts_them():
    text = "input 4 -> dense 5 relu frozen=true -> dense 5 prelu(frozen=true) -> dense 3\nloss mse\noptimizer adam"
    found = as_json(summarise(typed_graph(text), 8))
    counts = {row["name"]: (row["parameters"], row["frozen"]) for row in found["layers"]}
    assert counts["dense1"] == (25, 25)
    assert counts["dense2"] == (31, 1)
    assert counts["dense3"] == (18, 0)
    assert (found["totals"]["parameters"], found["totals"]["frozen"]) == (74, 26)
    assert found["totals"]["gradient_bytes"] == 4 * 48
    memory = found["training_bytes"]
    assert (memory["parameters"], memory["gradients"]) == (4 * 74, 4 * 48)
    assert memory["optimizer"] % (4 * 48) == 0


def test_equal_layers_of_which_some_are_frozen_are_not_folded():
    text = "input 4 -> (dense 4 relu) * 8 -> (dense 4 relu) frozen=true * 8 -> dense 1\nloss mse\n"
    found = [item.copies for item in runs(typed_graph(text), 5) if isinstance(item, Run)]
    assert found == [8, 8]
