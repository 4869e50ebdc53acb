"""`--emit step`: its results, the stream, and refusals; see tests/oracle/test_step.py."""

from __future__ import annotations

import tracemalloc
from functools import cache

import numpy as np
import pytest
from nnc.cli.carried import read_weights
from nnc.contents import Contents
from nnc.diagnostics.model import SpecError
from nnc.kinds.stepping.rules import unsaid
from nnc.layers import LAYERS

from tests.causal_networks import Data, disagreement, drawn_data, module_of, random_network, stepped
from tests.test_docstring_examples import run_inside

LIMIT = 1e-12
LEVELS = pytest.mark.parametrize("level", [0, 1])
WRITER = (
    "input T int -> embedding 9 8 -> positional -> attention 2 causal=true -> gru 6 return=all "
    "-> transpose -> conv 4 3 pad=causal dilation=2 relu -> transpose -> dense 9 softmax\n"
    "loss crossentropy\ndtype float64\n"
)
LAST = "input Tx3 -> lstm 4 layers=2 -> dense 2 softmax\nloss crossentropy\ndtype float64\n"


@cache
def built(spec: str, level: int = 1, **options):
    return module_of(spec, level, **options)


def data_for(module, length: int = 7) -> Data:
    return drawn_data(module, 3, length=length)


def test_every_kind_says_how_it_steps():
    assert not [name for name, kind in LAYERS.items() if kind.step is unsaid]


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_steps_give_what_whole_sequences_give(seed):
    for level in (0, 1):
        module = module_of(random_network(seed), level)
        assert disagreement(module, drawn_data(module, seed)) <= LIMIT


def test_steps_of_a_numba_module():
    pytest.importorskip("numba", reason="--target numba needs numba")
    spec = "input Tx3 -> gru 4 return=all -> transpose -> conv 2 3 pad=causal\ndtype float64\n"
    module, plain = built(spec, target="numba"), built(spec)
    module.predict = plain.predict  # which takes long to compile
    assert disagreement(module, data_for(module)) <= LIMIT


@LEVELS
def test_attention_goes_on_behind_the_room_that_it_has_at_first(level):
    module = built(WRITER, level)
    assert disagreement(module, data_for(module, length=70)) <= LIMIT


@LEVELS
def test_a_last_state_is_that_of_the_sequence_so_far(level):
    module = built(LAST, level)
    data = data_for(module)
    for t, y in enumerate(stepped(module, data), 1):
        assert np.abs(y["y"] - module.predict(data.params, data.up_to(t))).max() <= LIMIT


SHAPES = {
    "sums over features": "input Tx3 -> dense 4 tanh -> sum axis=1",
    "means over features, behind": "input 3x4x9 -> permute 2 0 1 -> mean axis=1 -> gru 2",
    "axes apart and together": "input 9x8 -> dense 8 tanh -> reshape 9x2x4 -> reshape 9x8 -> gru 3",
    "copies": "input Tx3 -> repeat 2 -> permute 1 0 2",
    "fixed channels": "input 2x9 -> conv 3 4 pad=causal dilation=2 tanh -> batchnorm",
    "one number a position": "input 9 int -> embedding 7 2 -> max axis=1",
    "lists": "input 2xL -> normalize mean=[1, 2] std=[2, 0.5] -> transpose -> scale [2, 3]",
    "used twice": "input Tx3 -> (gru 3 return=all) as one -> use one -> dense 1",
    "padded ids": "input T int -> embedding 7 3 pad=0 -> rnn 2 relu return=all",
    "two inputs": "[input Tx2 as p, input Tx2 as q] -> dot -> gru 2 return=all",
}


@pytest.mark.parametrize("name", SHAPES)
def test_axes_of_the_positions(name):
    """Positions elsewhere than in front, and axes that move around them."""
    module = built(SHAPES[name].replace("9", "23") + "\ndtype float64\n", 0)
    assert disagreement(module, drawn_data(module, 1, length=23)) <= LIMIT


def test_in_float32():
    module = built(WRITER.replace("float64", "float32"))
    assert disagreement(module, data_for(module)) <= 1e-5


# --- the stream ---------------------------------------------------------------------------


def test_a_stream_is_a_dict_of_the_arrays_that_the_constant_names():
    module = built(WRITER)
    params = module.init_params()
    stream = module.init_stream(params, 3)
    assert module.STREAM_SHAPES == {
        "attention1.keys": ("B", 2, "T", 4),
        "attention1.values": ("B", 2, "T", 4),
        "gru1.h": ("B", 6),
        "conv1.past": ("B", 6, 4),
    }
    assert stream.keys() == {*module.STREAM_SHAPES, "t"}
    assert stream["conv1.past"].shape == (3, 6, 4)  # (kernel - 1) · dilation, and no more
    assert module.stream_bytes(stream) == sum(a.nbytes for a in stream.values())
    for name in module.STREAM_SHAPES:
        assert name in module.init_stream.__doc__


def test_streams_do_not_touch_each_other_and_copies_go_their_own_ways():
    module = built(WRITER)
    data = data_for(module)
    one, other = (module.init_stream(data.params, data.rows) for _ in range(2))
    whole = module.predict(data.params, data.whole)
    for t in range(4):
        module.step(data.params, data.at(t), one)
    copy = {name: array.copy() for name, array in one.items()}
    for t in range(4, data.length):
        module.step(data.params, 1 - data.at(t) % 2, one)
    for t in range(4, data.length):
        assert np.abs(module.step(data.params, data.at(t), copy) - whole[:, t]).max() <= LIMIT
    assert int(one["t"]) == int(copy["t"]) == data.length
    assert int(other["t"]) == 0
    assert not any(array.any() for array in other.values())


def test_rows_of_a_stream_are_a_stream(tmp_path):
    """Rows may be picked, as a search over several continuations does; and kept in a file."""
    module = built(WRITER)
    data = data_for(module)
    assert data.rows > 1
    whole = module.predict(data.params, data.whole)
    stream = module.init_stream(data.params, data.rows)
    for t in range(4):
        module.step(data.params, data.at(t), stream)
    np.savez(tmp_path / "stream.npz", **stream)
    picked = {n: a if n == "t" else a[[1, 1]] for n, a in np.load(tmp_path / "stream.npz").items()}
    y = module.step(data.params, data.at(4)[[1, 1]], picked)
    assert np.abs(y - whole[[1, 1], 4]).max() <= LIMIT


@LEVELS
def test_results_belong_to_the_caller(level):
    module = built("input Tx3 -> gru 4 return=all\ndtype float64\n", level)
    data = data_for(module)
    stream = module.init_stream(data.params, data.rows)
    whole = module.predict(data.params, data.whole)
    for t in range(data.length):
        y = module.step(data.params, data.at(t), stream)
        assert np.abs(y - whole[:, t]).max() <= LIMIT
        y.fill(np.nan)


def test_numbers_that_are_read_only_and_of_other_kinds_are_read():
    module = built(LAST)
    params, x = module.init_params(), [[1, 2, 3]]
    stream = module.init_stream(params)
    assert module.step(params, x, stream).shape == (1, 2)
    frozen = np.array(x, ">f4")
    frozen.flags.writeable = False
    assert module.step(params, frozen, stream).shape == (1, 2)


@pytest.mark.parametrize("level", [0, 1])
def test_memory_does_not_grow_over_a_thousand_steps(level):
    """The bytes that are allocated before and after 1,000 steps, and at most in one of them."""
    module = built(
        "input Tx3 -> gru 16 return=all -> transpose -> conv 8 3 pad=causal dilation=8 relu "
        "-> transpose -> positional -> lstm 4 return=all\ndtype float64\n",
        level,
    )
    params = module.init_params()
    stream, x = module.init_stream(params, 2), np.ones((2, 3))
    size = module.stream_bytes(stream)

    def peak(steps: int) -> tuple[int, int]:
        tracemalloc.reset_peak()
        for _ in range(steps):
            module.step(params, x, stream)
        return tracemalloc.get_traced_memory()

    tracemalloc.start()
    try:
        peak(10)
        before, most = peak(10)
        after, later = peak(1000)
    finally:
        tracemalloc.stop()
    assert module.stream_bytes(stream) == size
    assert after - before < 1000  # less than one byte a step
    assert later - most < 1000


def test_attention_keeps_two_rows_a_position_and_not_more_than_twice_that():
    module = built(WRITER)
    params = module.init_params()
    stream = module.init_stream(params)
    for t in range(100):
        module.step(params, [t % 9], stream)
        kept = stream["attention1.keys"].nbytes
        assert 8 * 8 * (t + 1) <= kept <= max(2 * 8 * 8 * (t + 1), 8 * 8 * 16)


# --- what is refused ----------------------------------------------------------------------


def test_a_table_of_positions_ends():
    module = built("input Tx3 -> positional learned=true max=4 -> dense 2\ndtype float64\n")
    params = module.init_params()
    stream = module.init_stream(params, 1)
    for _ in range(4):
        module.step(params, np.ones((1, 3)), stream)
    with pytest.raises(ValueError, match="positional1 tells 4 positions apart, and all were read"):
        module.step(params, np.ones((1, 3)), stream)
    assert int(stream["t"]) == 4


def test_without_a_table_a_fixed_length_does_not_end_the_steps():
    module = built("input 5x3 -> gru 2 return=all\ndtype float64\n")
    params = module.init_params()
    stream = module.init_stream(params, 1)
    for _ in range(9):
        module.step(params, np.ones((1, 3)), stream)
    assert int(stream["t"]) == 9


def _without(stream):
    del stream["gru1.h"]


def _wider(stream):
    stream["gru1.h"] = np.zeros((2, 7))


def _single(stream):
    stream["gru1.h"] = stream["gru1.h"].astype(np.float32)


def _frozen(stream):
    stream["gru1.h"].flags.writeable = False


WRONG = {
    "one position, not many": (lambda s: [[1, 2], [3, 4]], None, r"x_t: expected shape \(B,\)"),
    "rows": (lambda s: [1], None, "x_t: expected 2 rows, as the stream has, found 1"),
    "fractions": (lambda s: [0.5, 1.0], None, "x_t: expected whole numbers"),
    "ids": (lambda s: [1, 9], None, "x_t: "),
    "no stream": (
        lambda s: [1, 2],
        lambda s: s.clear(),
        "stream: expected the dict that init_stream",
    ),
    "an array missing": (lambda s: [1, 2], _without, "stream: expected the dict that init_stream"),
    "an array too wide": (lambda s: [1, 2], _wider, r"stream\['gru1.h'\]: expected shape"),
    "read only": (lambda s: [1, 2], _frozen, "can be written to"),
    "no count": (
        lambda s: [1, 2],
        lambda s: s.update(t=np.array([3, 3])),
        r"stream\['t'\]: expected",
    ),
    "another precision": (lambda s: [1, 2], _single, r"stream\['gru1.h'\]: expected an array"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused_and_leave_the_stream_alone(name):
    given, spoil, message = WRONG[name]
    module = built(WRITER)
    params = module.init_params()
    stream = module.init_stream(params, 2)
    if spoil:
        spoil(stream)
    before = {n: a.copy() for n, a in stream.items()}
    with pytest.raises(ValueError, match=message):
        module.step(params, given(stream), stream)
    assert stream.keys() == before.keys()
    assert all(np.array_equal(stream[n], before[n]) for n in before)


@pytest.mark.parametrize("rows", [0, -1, 1.5, True, "2"])
def test_a_stream_has_a_whole_number_of_rows(rows):
    module = built(WRITER)
    with pytest.raises(ValueError, match="rows: expected a whole number from 1"):
        module.init_stream(module.init_params(), rows)


def test_statistics_are_needed():
    module = built("input 2xL -> batchnorm -> conv 3 2 pad=causal\ndtype float64\n")
    params = module.init_params()
    stream = module.init_stream(params)
    with pytest.raises(ValueError, match="state: needed"):
        module.step(params, [[1, 2]], stream)
    assert module.step(params, [[1, 2]], stream, state=module.init_state()).shape == (1, 3)


LOOK_AHEAD = {
    "input Tx4 -> gru 8 return=all as a -> gru 8 return=all start=a -> dense 2": "gru1",
    "input Tx4 as a; [a, a -> transpose] -> matmul -> softmax": "matmul1",
    "input Tx4 as a; [a, a] -> attention 2 -> dense 1": "attention1",
    "input Tx3 -> gru 4 return=all reverse=true": "gru1 ",
    "input Tx4 -> attention 2": "attention1 ",
    "input 2xL -> depthwise 3 pad=1": "depthwise1 ",
    "input 2xL -> conv 2 1 pad=1": "conv1 ",
    "input 2xL -> maxpool 2": "maxpool1 ",
    "input 2xL -> global_avgpool": "global_avgpool1 ",
    "input 2xL -> groupnorm 2": "groupnorm1 ",
    "input 6x4 -> crop 1:3 -> gru 2": "crop1 ",
    "input Tx4 -> crop 1:3 -> gru 2": "crop1 ",
    "input 2xL -> upsample 2": "upsample1 ",
    "input 2xL -> pad 1": "pad1 ",
    "input 2xL -> conv_transpose 2 3": "conv_transpose1 ",
    "input 2x9 -> local 2 3": "local1 ",
    "input 6x4 -> gru 2 -> repeat 6 as p; input 6x2 as q\n[p, q] -> add": "no position|add1 ",
    "input 6x4 -> reshape 4x6 -> gru 2": "reshape1 ",
}


@pytest.mark.parametrize("spec", LOOK_AHEAD)
def test_layers_that_look_ahead_are_named(spec):
    with pytest.raises(SpecError, match=f"NN240: ({LOOK_AHEAD[spec]})"):
        module_of(f"{spec}\n", 0)


# --- modules that only predict ------------------------------------------------------------


BARE = {
    "all that looks back": WRITER,
    "a last state": LAST,
    "two inputs": "[input Tx2 as p, input Tx2 as q] -> dot -> gru 2 return=all\ndtype float64\n",
    "statistics": "input 2xL -> conv 3 2 pad=causal groups=1 -> batchnorm\ndtype float64\n",
}


@pytest.mark.parametrize("name", BARE)
def test_a_page_of_formulas_steps_as_well(name):
    whole = built(BARE[name], 0)
    data = data_for(whole)
    page = built(BARE[name], 0, contents=Contents.BARE)
    page.OUTPUTS = whole.OUTPUTS
    for expected, found in zip(stepped(whole, data), stepped(page, data), strict=True):
        assert all(np.array_equal(expected[n], found[n]) for n in expected)


@LEVELS
@pytest.mark.parametrize("name", BARE)
def test_the_example_in_the_docstring_runs(name, level, tmp_path):
    names = run_inside(built(BARE[name], level), tmp_path)
    assert len(names["y_t"]) == names["B"]
    assert int(names["stream"]["t"]) == 1


def test_a_module_with_its_weights_writes_alone(tmp_path):
    whole = built(WRITER)
    data = data_for(whole)
    whole.save_params(tmp_path / "weights.npz", data.params)
    module = module_of(
        WRITER,
        1,
        contents=Contents.PREDICT,
        weights=lambda typed: read_weights(tmp_path / "weights.npz", typed),
    )
    params = module.load_params()
    stream = module.init_stream(params, data.rows)
    for expected in stepped(whole, data):
        t = int(stream["t"])
        assert np.abs(module.step(params, data.at(t), stream) - expected["y"]).max() <= LIMIT


@LEVELS
def test_a_module_that_only_predicts_steps_as_well(level):
    whole = built(WRITER, level)
    data = data_for(whole)
    module = built(WRITER, level, contents=Contents.PREDICT)
    assert not hasattr(module, "train_step")
    assert disagreement(module, data) <= LIMIT
