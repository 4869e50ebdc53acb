"""Arrays in .npy files: which belong together, damaged headers, and memory mapping."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from nnc.runtime import mapped, train
from nnc.runtime.data import DataError, Dataset, load
from nnc.runtime.files import npy
from nnc.runtime.fit import cast

from ..generated import build
from .test_runtime_data import module, refusal

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6)


def saved(folder, **arrays):
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


@pytest.mark.parametrize(
    ("names", "where"),
    [
        (("x", "y"), ""),
        (("x", "target"), "x.npy"),
        (("train_x", "train_y"), "train_x.npy"),
        (("digits", "digits_labels"), "digits.npy"),
    ],
)
def test_arrays_that_belong_together(tmp_path, names, where):
    saved(tmp_path / "d", **dict(zip(names, (X, Y), strict=True)), other=np.ones(3))
    data, test = load(tmp_path / "d" / where, module())
    assert test is None
    assert (data.x.tolist(), data.target.tolist()) == (X.tolist(), Y.tolist())


def test_several_inputs_in_a_folder(tmp_path):
    folder = saved(tmp_path / "d", left=X, right=X + 1, y=Y)
    mod = module({"left": ("B", 2), "right": ("B", 2)})
    assert load(folder, mod).train.x["right"][0].tolist() == [1, 2]
    assert "no array for the input `middle`" in refusal(
        folder, module({"left": ("B", 2), "middle": ("B", 2)})
    )


def test_columns_first_is_as_good(tmp_path):
    folder = saved(tmp_path / "d", x=np.asfortranarray(X), y=Y)
    assert load(folder, module()).train.x.tolist() == X.tolist()


def header(shape, descr="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


DAMAGED = [
    (header((2**40, 2)) + bytes(8), "the header promises 1099511627776x2 elements"),
    (header((4, 2)) + bytes(63), "64 bytes, but 63 follow"),
    (header((4, 2)) + bytes(65), "64 bytes, but 65 follow"),
    (header((-4, 2)) + bytes(64), "promises -4x2"),
    (header((1,), "|O") + b"cos\nsystem\n", "object arrays are refused"),
    (header((2,), "<U4") + bytes(32), "must be an array of real numbers"),
    (header(()) + bytes(8), "must be an array of real numbers with a row axis"),
    (b"\x93NUMPY\x01\x00", "not a readable .npy file"),
    (b"\x93NUMPY\x07\x00" + bytes(99), "not a readable .npy file"),
    (b"", "not a readable .npy file"),
]


@pytest.mark.parametrize(("content", "said"), DAMAGED)
def test_headers_are_judged_before_anything_is_allocated(tmp_path, content, said):
    folder = saved(tmp_path / "d", y=Y)
    (folder / "x.npy").write_bytes(content)
    message = refusal(folder / "x.npy")
    assert said in message
    assert "x.npy" in message
    assert "\n" not in message


@pytest.mark.parametrize(("content", "said"), DAMAGED[:6])
def test_so_are_those_in_archives(tmp_path, content, said):
    path = tmp_path / "d.npz"
    np.savez(path, y=Y)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x.npy", content)
    message = refusal(path)
    assert said in message
    assert "`x`" in message


# --- arrays that stay in their files --------------------------------------------------------

SPEC = "input 3 -> dense 4 tanh -> dense 2 softmax; loss crossentropy; optimizer adam"


@pytest.fixture
def large(monkeypatch):
    """Every array counts as too large to be read at once, and 16 rows as much."""
    monkeypatch.setattr(npy, "MAPPED", 1)
    monkeypatch.setattr(mapped, "RESIDENT", 16 * 24)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    return saved(tmp_path / "d", x=rng.standard_normal((200, 3)), y=rng.integers(0, 2, 200))


def test_they_are_not_copied(folder, large):
    data = load(folder, module({"x": ("B", 3)})).train
    assert mapped.map_of(data.x) is not None
    assert mapped.map_of(cast(data, np.dtype(np.float32)).x) is mapped.map_of(data.x)
    assert mapped.map_of(data.take(slice(3, 9)).x) is not None
    assert not data.x.flags.writeable


def test_rows_are_picked_past_the_map(folder, large):
    data = load(folder, module({"x": ("B", 3)})).train
    plain = np.load(folder / "x.npy")
    rows = np.array([5, 0, -1, 199, 5])
    part = data.take(slice(10, 110))
    for array, same in ((data.x, plain), (part.x, plain[10:110]), (data.x.T, plain.T)):
        chosen = rows[abs(rows) < len(array)]
        assert np.array_equal(mapped.take(array, chosen), same[chosen])
        assert mapped.map_of(mapped.take(array, chosen)) is None
    with pytest.raises(IndexError):
        mapped.take(data.x, np.array([200]))
    odd = np.arange(200) % 2 == 1
    assert np.array_equal(mapped.take(data.x, odd), plain[odd])


def test_training_is_the_same_as_in_memory(folder, monkeypatch):
    built = build(SPEC)
    inside = train(built, load(folder, built).train, epochs=3, batch=7)
    monkeypatch.setattr(npy, "MAPPED", 1)
    monkeypatch.setattr(mapped, "RESIDENT", 16 * 24)
    data = load(folder, built).train
    assert data.rows_at_once(200) == 16
    streamed = train(built, data, epochs=3, batch=7)
    for name, array in inside.params.items():
        assert np.array_equal(array, streamed.params[name]), name
    assert streamed.history[-1].train["loss"] == pytest.approx(inside.history[-1].train["loss"])


@pytest.mark.parametrize("bad", [np.nan, 1e300])
def test_numbers_that_are_none_are_found_in_every_part(folder, large, bad):
    x = np.load(folder / "x.npy")
    x[150, 1] = bad
    np.save(folder / "x.npy", x)
    built = build(SPEC)
    with pytest.raises(DataError, match=r"row 151, entry 2: nan" if np.isnan(bad) else "large"):
        train(built, load(folder, built).train, epochs=1)


def test_a_file_is_judged_once(folder, large, monkeypatch):
    data = load(folder, module({"x": ("B", 3)})).train
    monkeypatch.setattr(Dataset, "_check_numbers", lambda *_: pytest.fail("judged again"))
    data.take(slice(0, 5))


def test_they_are_not_divided_at_random(folder, large):
    data = load(folder, module({"x": ("B", 3)})).train
    with pytest.raises(DataError, match="d: too large to be divided at random"):
        data.split(0.5)
