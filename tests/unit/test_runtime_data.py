from __future__ import annotations

import gzip
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from nnc.runtime.data import DataError, Dataset, load
from nnc.runtime.datasets import digits, digits_split
from nnc.runtime.fit import cast, fit_targets


def module(inputs=None, targets=None, losses=None):
    return SimpleNamespace(
        INPUTS=inputs or {"x": ("B", 2)},
        TARGETS={"y": ("B", 1)} if targets is None else targets,
        LOSSES=losses or {"mse": "mse"},
    )


def refusal(path, mod=None, **keywords):
    with pytest.raises(DataError) as caught:
        load(path, mod or module(), **keywords)
    assert caught.value.__cause__ is None
    return str(caught.value)


# --- datasets -----------------------------------------------------------------------------


def test_a_dataset_wants_equally_many_rows():
    with pytest.raises(DataError, match="number of rows differs: x 3, target 2"):
        Dataset(np.zeros((3, 2)), np.zeros(2))


def test_a_dataset_wants_rows_and_finite_numbers():
    with pytest.raises(DataError, match="no rows"):
        Dataset(np.zeros((0, 2)))
    with pytest.raises(DataError, match="the data: x, row 2, entry 1: nan is not a finite number"):
        Dataset(np.array([[1.0], [np.nan]]))


def test_split_is_seeded_complete_and_keeps_pairs():
    data = Dataset(np.arange(20.0)[:, None], np.arange(20))
    train, test = data.split(0.25, seed=3)
    again, _ = data.split(0.25, seed=3)
    other, _ = data.split(0.25, seed=4)
    assert (len(train), len(test)) == (15, 5)
    assert np.array_equal(train.x, again.x)
    assert not np.array_equal(train.x, other.x)
    assert sorted([*train.target, *test.target]) == list(range(20))
    assert np.array_equal(train.x[:, 0], train.target)


def test_a_stratified_split_takes_a_share_of_every_class():
    ids = np.repeat([0, 1, 2], [80, 15, 5])
    data = Dataset(np.arange(100)[:, None], ids)
    train, test = data.split(0.2, seed=1, stratify=True)
    assert np.bincount(test.target).tolist() == [16, 3, 1]
    assert sorted([*train.x[:, 0], *test.x[:, 0]]) == list(range(100))
    plain = Dataset(np.arange(100)[:, None], np.linspace(0, 1, 100))
    parts = plain.split(0.2, 1), plain.split(0.2, 1, stratify=True)
    assert np.array_equal(parts[0][1].x, parts[1][1].x), "numbers are no classes"


@pytest.mark.parametrize("fraction", [0, 1, -1, 0.01])
def test_split_refuses_to_leave_a_part_empty(fraction):
    with pytest.raises(DataError):
        Dataset(np.zeros((5, 1))).split(fraction)


def test_several_inputs_are_split_together():
    data = Dataset({"a": np.arange(10)[:, None], "b": np.arange(10)[:, None] * 2}, np.arange(10))
    train, _ = data.split(0.5)
    assert np.array_equal(train.x["b"], train.x["a"] * 2)


# --- shipped digits -----------------------------------------------------------------------


def test_digits_are_the_uci_test_set():
    data = digits()
    assert data.x.shape == (1797, 8, 8)
    assert data.x.dtype == np.float32
    assert (data.x.min(), data.x.max()) == (0, 1)
    counts = np.bincount(data.target)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.x.sum(dtype=np.float64) * 16 == 561718


def test_digits_load_by_name_in_the_shape_of_the_model():
    flat = module({"x": ("B", 64)}, {"y": ("B", 10)}, {"crossentropy": "crossentropy"})
    image = module({"x": ("B", 1, 8, 8)}, {"y": ("B", 10)}, {"crossentropy": "crossentropy"})
    assert [d.x.shape for d in load("digits", flat)] == [(1437, 64), (360, 64)]
    assert load("digits", image).train.x.shape == (1437, 1, 8, 8)
    assert "rows of 8x8 do not fit the model's input 2" in refusal("digits")


def test_digits_split_shares_no_row():
    train, test = digits_split()
    rows = {row.tobytes() for row in train.x}
    assert not any(row.tobytes() in rows for row in test.x)


# --- npz ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["y", "target", "labels"])
def test_npz_by_usual_names(tmp_path, key):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.ones((3, 2)), extra=np.ones(7), **{key: np.arange(3)})
    data, test = load(path, module())
    assert test is None
    assert data.x.shape == (3, 2)
    assert data.target.tolist() == [0, 1, 2]


def test_npz_by_the_models_names(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, left=np.ones((3, 2)), right=np.zeros((3, 2)), kind=np.arange(3), size=np.ones(3))
    mod = module(
        {"left": ("B", 2), "right": ("B", 2)},
        {"kind": ("B", 3), "size": ("B", 1)},
        {"kind": "crossentropy", "size": "mse"},
    )
    data, _ = load(path, mod)
    assert set(data.x) == {"left", "right"}
    fitted = fit_targets(data, mod)
    assert fitted.data.target["kind"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert fitted.data.target["size"].shape == (3, 1)


def test_npz_missing_array_says_what_is_there(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, images=np.ones((3, 2)))
    assert refusal(path).endswith("no array for the input `x`; the file holds `images`")


def test_npz_pickles_are_refused(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.array([{}], dtype=object), y=np.ones(1))
    assert "plain numeric arrays" in refusal(path)


def test_npz_text_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.array(["a"]), y=np.ones(1))
    assert "`x` must be an array of real numbers" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut short", b"not at all"])
def test_npz_damaged(tmp_path, content):
    path = tmp_path / "d.npz"
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_npz_that_is_a_single_array(tmp_path):
    path = tmp_path / "d.npz"
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    assert "single array" in refusal(path)


def test_no_such_file(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "gone.npz")
    (tmp_path / "d.xls").write_text("")
    assert "expected an .npz or .csv file" in refusal(tmp_path / "d.xls")


# --- csv ----------------------------------------------------------------------------------


def csv_file(tmp_path, text, name="d.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n",
        "a,b,y\n1,2,3\n4,5,6",
        "a;b;y\r\n1;2;3\r\n\r\n4;5;6\r\n",
        "\ufeffa\tb\ty\n1\t2\t3\n4\t5\t6\n",
        '"1","2","3"\n4,5,6\n',
    ],
)
def test_csv_last_column_is_the_target(tmp_path, text):
    data, _ = load(csv_file(tmp_path, text), module())
    assert data.x.tolist() == [[1, 2], [4, 5]]
    assert data.target.tolist() == [3, 6]


@pytest.mark.parametrize("target", ["price", "1"])
def test_csv_target_by_name_or_number(tmp_path, target):
    path = csv_file(tmp_path, "price,a,b\n1,2,3\n4,5,6\n")
    data, _ = load(path, module(), target=target)
    assert data.x.tolist() == [[2, 3], [5, 6]]
    assert data.target.tolist() == [1, 4]


def test_csv_several_targets(tmp_path):
    path = csv_file(tmp_path, "1,2,3,4\n5,6,7,8\n")
    data, _ = load(path, module(targets={"y": ("B", 2)}))
    assert data.target.tolist() == [[3, 4], [7, 8]]
    data, _ = load(path, module(targets={"y": ("B", 2)}), target="1,2")
    assert data.x.tolist() == [[3, 4], [7, 8]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1,2,3\n4,x,6\n", "line 2, column 2: `x` is not a number"),
        ("a,b,y\n1,2,3\n4,,6\n", "line 3, column 2 (`b`): the cell is empty"),
        ("a,b,y\n1,2,3\n4,red,6\n", "(`b`): `red` is not a number; words are to be coded"),
        ("a,b,y\n1,2,3\n4,5,red\n", "(`y`): `red` is not a number (classes are numbered 0, 1, 2"),
        ("1;2;3\n4;5,5;6\n", "line 2, column 2: `5,5` has a decimal comma; write 5.5"),
        ("1,5;2,5;3\n4;5;6\n", "line 1, column 1: `1,5` has a decimal comma; write 1.5"),
        ("1_0,2,3\n", "line 1, column 1: `1_0` is not a number"),
        ("1,٢,3\n", "line 1, column 2: `٢` is not a number"),
        ("0,0.1,0.1.1\n1,2,3\n", "column 3: `0.1.1` is not a number (pandas writes so"),
        (
            "1 2 3\n",
            "1 column, but the model reads 2 inputs and 1 target column(s); cells are parted",
        ),
        ("a,b,y\n1,2,3,\n", "line 2: 4 columns where the first line has 3"),
        ("a,b,y\n1,2\n", "line 2: 2 columns where the first line has 3"),
        ("a,b,y\n\n1,2,inf\n", "line 3, column 3 (`y`): inf is not a finite number"),
        ("a,b,y\n1,2,3\n\n1e400,2,3\n", "line 4, column 1 (`a`): 1e400 is not a finite number"),
        ("a,b,a\n1,2,3\n", "column 1 and column 3 are both called `a`"),
        (",a,b,y\n0,1,2,3\n", "a column without name is often the index that pandas writes"),
        ("5.1,NA,0\n1,2,3\n", "line 1, column 2: `NA` is not a number"),
        ("1,2,3\n" + "4" * 200_000 + '"x,5,6\n', "not a table"),
        ("1,2,3\n4,5\n", "line 2: 2 columns where the first line has 3"),
        ("1,2,3,4,5\n", "5 columns, but the model reads 2 inputs and 1 target column(s)"),
        ("1,2,nan\n", "line 1, column 3: nan is not a finite number"),
        ("", "there are no rows"),
        ("a,b,y\n", "there are no rows"),
    ],
)
def test_csv_faults_name_the_place(tmp_path, text, fault):
    assert fault in refusal(csv_file(tmp_path, text))


def test_csv_unknown_target(tmp_path):
    message = refusal(csv_file(tmp_path, "a,b,y\n1,2,3\n"), target="z")
    assert message.endswith("no column `z`; the columns are a, b, y")


def test_csv_that_is_not_text(tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(b"\xff\xfe\x00\x01" * 10)
    assert "not a text file in UTF-8" in refusal(path)


# --- idx ----------------------------------------------------------------------------------

FLAT = module({"x": ("B", 4)}, {"y": ("B", 10)}, {"crossentropy": "crossentropy"})


def idx_bytes(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def idx_folder(tmp_path, part, count, suffix=""):
    images = np.arange(count * 4, dtype=np.uint8).reshape(count, 2, 2)
    for name, array in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8))):
        raw = idx_bytes(array)
        path = tmp_path / f"{part}-{name}-ubyte{suffix}"
        path.write_bytes(gzip.compress(raw) if suffix else raw)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_folder(tmp_path, suffix):
    idx_folder(tmp_path, "train", 3, suffix)
    idx_folder(tmp_path, "t10k", 2, suffix)
    train, test = load(tmp_path, FLAT)
    assert train.x.dtype == np.float32
    assert np.allclose(train.x[1] * 255, [4, 5, 6, 7])
    assert train.target.tolist() == [0, 1, 2]
    assert len(test) == 2
    image = module({"x": ("B", 1, 2, 2)}, {"y": ("B",)})
    assert load(tmp_path, image).train.x.shape == (3, 1, 2, 2)


def test_idx_folder_with_one_part(tmp_path):
    idx_folder(tmp_path, "t10k", 2)
    train, test = load(tmp_path, FLAT)
    assert (len(train), test) == (2, None)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("train-images-idx3-ubyte", b"GIF89a", "not an IDX file"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03\0\0", "ends within its header"),
        (
            "train-images-idx3-ubyte",
            idx_bytes(np.zeros((3, 2, 2), np.uint8))[:-1],
            "12 bytes, but 11 follow",
        ),
        (
            "train-images-idx3-ubyte",
            idx_bytes(np.zeros((3, 4), np.uint8)),
            "expected bytes of (images, height, width)",
        ),
        (
            "train-labels-idx1-ubyte",
            idx_bytes(np.zeros(2, np.uint8)),
            "number of rows differs: x 3, target 2",
        ),
    ],
)
def test_idx_faults_name_the_file(tmp_path, name, content, fault):
    idx_folder(tmp_path, "train", 3)
    (tmp_path / name).write_bytes(content)
    assert fault in refusal(tmp_path, FLAT)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, np.nan, 1], "target, row 2: nan is not a finite"),
        ([0, 1, 1e30], "target, row 3: 1e+30 is outside"),
    ],
)
def test_idx_labels_that_are_real_numbers(tmp_path, labels, said):
    idx_folder(tmp_path, "train", 3)
    raw = struct.pack(">HBBI", 0, 14, 1, 3) + np.array(labels, ">f8").tobytes()
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(raw)
    with pytest.raises(DataError) as caught:
        fit_targets(load(tmp_path, FLAT).train, FLAT)
    assert f"train-images-idx3-ubyte: {said}" in str(caught.value)


def test_idx_damaged_gzip(tmp_path):
    idx_folder(tmp_path, "train", 3, ".gz")
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    assert "damaged gzip" in refusal(tmp_path, FLAT)


def test_idx_without_labels_or_images(tmp_path):
    assert "no IDX files here" in refusal(tmp_path, FLAT)
    idx_folder(tmp_path, "train", 3)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert "labels file train-labels-idx1-ubyte is missing" in refusal(tmp_path, FLAT)


# --- fitting targets ----------------------------------------------------------------------


def fitted(target, shape, kind):
    mod = module(targets={"y": shape}, losses={kind: kind})
    return fit_targets(Dataset(np.zeros((len(target), 2)), np.asarray(target)), mod)


@pytest.mark.parametrize("ids", [[0, 2, 1], [0.0, 2.0, 1.0], [[0], [2], [1]]])
def test_class_ids_for_crossentropy_are_integers(ids):
    result = fitted(ids, ("B", 3), "crossentropy")
    assert result.data.target.tolist() == [0, 2, 1]
    assert result.data.target.dtype == np.int64
    assert result.classes


@pytest.mark.parametrize("kind", ["mse", "quadratic", "bce"])
def test_class_ids_become_one_hot_where_the_loss_compares_rows(kind):
    result = fitted([0, 2, 1], ("B", 3), kind)
    assert result.data.target.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert result.classes


def test_rows_and_columns_stay_numbers():
    assert fitted([0.5, 2], ("B", 1), "mse").data.target.tolist() == [[0.5], [2]]
    assert not fitted([[0.5, 2]], ("B", 2), "mse").classes
    assert fitted([0, 1], ("B", 1), "bce").classes


def test_class_ids_must_be_whole_and_in_range():
    with pytest.raises(DataError, match=r"row 2: 1\.5 is no class id: these are whole"):
        fitted([0, 1.5], ("B", 3), "crossentropy")
    with pytest.raises(DataError, match=r"row 1: 3 is outside of 0\.\.2"):
        fitted([3, 1], ("B", 3), "mse")


def test_class_ids_from_one_are_told_to_count_from_zero():
    with pytest.raises(DataError, match=r"3 is outside of 0\.\.2, .*from 1: subtract 1"):
        fitted([1, 2, 3], ("B", 3), "crossentropy")
    with pytest.raises(DataError, match=r"-1 is outside of 0\.\.2.*count from 0$"):
        fitted([0, -1, 2], ("B", 3), "crossentropy")


def test_class_ids_of_a_table_are_named_by_line_and_column(tmp_path):
    kinds = module(targets={"y": ("B", 3)}, losses={"mse": "mse"})
    for cell, why in (("1.50", "1.50 is no class id"), ("1e300", "1e300 is outside of 0..2")):
        path = csv_file(tmp_path, f"a,b,kind\n1,2,0\n3,4,{cell}\n")
        with pytest.raises(DataError) as caught:
            fit_targets(load(path, kinds).train, kinds)
        assert f"d.csv, line 3, column 3 (`kind`): {why}" in str(caught.value)


def test_class_ids_of_sequences_are_judged_before_training():
    with pytest.raises(DataError, match=r"target, row 2, entry 3: 5 is outside of 0\.\.3"):
        fitted([[0, 1, 2], [3, 0, 5]], ("B", "T", 4), "crossentropy")
    assert fitted([[0.0], [3.0]], ("B", "T", 4), "crossentropy").data.target.tolist() == [[0], [3]]


@pytest.mark.filterwarnings("error")
def test_numbers_too_large_for_the_models_type_are_named(tmp_path):
    path = csv_file(tmp_path, "a,b,y\n1,2,3\n4,-1e300,6\n")
    data, _ = load(path, module())
    with pytest.raises(DataError) as caught:
        cast(data, np.dtype(np.float32))
    assert "d.csv, line 3, column 2 (`b`): -1e300 is too large for float32" in str(caught.value)
    assert str(caught.value).endswith("`dtype float64` in the spec holds it")
    assert cast(data, np.dtype(np.float64)).x[1, 1] == -1e300


@pytest.mark.filterwarnings("error")
def test_padding_may_be_too_large_for_the_models_type():
    x = np.array([[[1.0], [1e300]], [[2.0], [3.0]]])
    assert np.isinf(cast(Dataset(x, np.zeros(2), lengths=np.array([1, 2])), np.dtype("f4")).x[0, 1])
    with pytest.raises(DataError, match=r"x, row 1, entry 2, 1: 1e\+300 is too large"):
        cast(Dataset(x, np.zeros(2), lengths=np.array([2, 2])), np.dtype("f4"))


def test_whole_numbers_beyond_64_bits_are_refused(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.array([[1, 2], [3, 2**63]], np.uint64), y=np.arange(2))
    assert "x, row 2, entry 2: 9223372036854775808 is beyond" in refusal(path)


def test_bce_is_for_classes_where_its_targets_are():
    assert fitted([[0, 1], [1, 0]], ("B", 2), "bce").classes
    assert not fitted([[0.5, 1], [1, 0]], ("B", 2), "bce").classes, "pixels"
    assert not fitted([[1, 1], [1, 0]], ("B", 2), "bce").classes, "several answers"


def test_training_without_targets_is_refused():
    with pytest.raises(DataError, match="no targets"):
        fit_targets(Dataset(np.zeros((2, 2))), module())
