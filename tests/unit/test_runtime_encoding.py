"""Tables with words, gaps, weights and lists: the encoding of one, applied to another."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nnc.runtime import extras
from nnc.runtime.data import DataError, load, load_encoded
from nnc.runtime.tables.encoding_json import read as from_json
from nnc.runtime.tables.encoding_json import written

from ..generated import build
from .test_runtime_data import csv_file, module

polars = pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")

KINDS = module({"x": ("B", 3)}, {"y": ("B", 3)}, {"crossentropy": "crossentropy"})
IRIS = "width,colour,kind\n1.5,red,setosa\n2,blue,virginica\n3,red,versicolor\n"


def read(tmp_path, text, mod=KINDS, name="d.csv", **keywords):
    told = []
    loaded = load(csv_file(tmp_path, text, name), mod, tell=told.append, **keywords)
    return loaded, [line.replace(f"{tmp_path}/", "") for line in told]


def refused(call, *words, **keywords):
    with pytest.raises(DataError) as caught:
        call(*words, **keywords)
    assert caught.value.__cause__ is None
    return str(caught.value)


# --- words ----------------------------------------------------------------------------------


def test_words_become_one_hot_columns_and_class_ids(tmp_path):
    loaded, told = read(tmp_path, IRIS)
    assert loaded.train.x.tolist() == [[1.5, 0, 1], [2, 1, 0], [3, 0, 1]]
    assert loaded.train.target.tolist() == [0, 2, 1]
    assert loaded.encoding.classes == ("setosa", "versicolor", "virginica")
    assert told == []


def test_words_become_ids_where_the_input_reads_whole_numbers(tmp_path):
    built = build("input 2 int -> embedding 9 4 -> flatten -> dense 2 softmax; loss crossentropy")
    text = "colour,size,kind\nred,small,a\nblue,large,b\nred,large,b\n"
    loaded, _ = read(tmp_path, text, built)
    assert loaded.train.x.tolist() == [[1, 3], [0, 2], [1, 2]], "no id stands for two words"
    assert loaded.train.x.dtype == np.int64
    params = built.init_params()
    assert np.isfinite(built.predict(params, loaded.train.x)).all()


def test_numbers_are_ids_where_they_are_whole(tmp_path):
    built = build("input 2 int -> embedding 9 4 -> flatten -> dense 2 softmax; loss crossentropy")
    assert read(tmp_path, "a,b,y\n1,2,0\n3,4,1\n", built)[0].train.x.tolist() == [[1, 2], [3, 4]]
    said = refused(read, tmp_path, "a,b,y\n1,2,0\n3,4.5,1\n", built)
    assert "line 3, column 2 (`b`): 4.5 is no id" in said


def test_a_few_words_among_numbers_are_faults_and_a_few_numbers_among_words_are_not(tmp_path):
    mixed = "a,b,y\n1,2,3\n4,x,6\n"
    assert "line 3, column 2 (`b`): `x` is not a number" in refused(read, tmp_path, mixed, module())
    wide = module({"x": ("B", 4)})
    loaded, _ = read(tmp_path, "a,y\nA1,1\n2,2\nB,3\n18-25,4\n", wide)
    assert loaded.encoding.inputs[0].fields[0].words == ("18-25", "2", "A1", "B")


def test_the_number_of_inputs_counts_each_word(tmp_path):
    said = refused(read, tmp_path, IRIS, module())
    assert "3 columns, but the model reads 2 inputs and 1 target column(s)" in said
    assert "words are an input each (`colour` 2)" in said


def test_too_many_classes_are_named(tmp_path):
    one = module({"x": ("B", 3)})
    said = refused(read, tmp_path, IRIS, one)
    assert "column 3 (`kind`): 3 classes (setosa, versicolor, virginica)" in said
    assert "`y` tells 2 apart" in said


def test_two_classes_of_an_output_one_wide_are_0_and_1(tmp_path):
    loaded, _ = read(tmp_path, "a,b,y\n1,2,yes\n3,4,no\n5,6,yes\n", module())
    assert loaded.train.target.tolist() == [1, 0, 1]


def test_without_the_extra_words_are_refused_with_what_it_adds(tmp_path, monkeypatch):
    monkeypatch.setattr("nnc.runtime.tables.table.installed", lambda package: False)
    said = refused(read, tmp_path, IRIS)
    assert "line 2, column 2 (`colour`): `red` is not a number" in said
    assert said.endswith("`pip install 'nnc[tables]'` reads words")
    assert said.count("\n") == 0
    loaded, _ = read(tmp_path, "a,b,y\n1,2,3\n4,,6\n", module(), missing="mean")
    assert loaded.train.x.tolist() == [[1, 2], [4, 2]]


def test_a_missing_extra_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    path = csv_file(tmp_path, "", "d.parquet")
    assert refused(load, path, module()) == (
        f"{path}: Parquet files are read by polars: pip install 'nnc[tables]'"
    )


# --- which columns --------------------------------------------------------------------------

WIDE = "id,a,b,w,y,z\n7,1,2,1,0.5,5\n8,3,4,0,1.5,6\n"


def test_features_target_and_weights_by_name(tmp_path):
    chosen = {"features": "b, a", "target": "y", "weights": "w"}
    data = read(tmp_path, WIDE, module(), **chosen)[0].train
    assert data.x.tolist() == [[2, 1], [4, 3]]
    assert data.target.tolist() == [0.5, 1.5]
    assert data.weights.tolist() == [1, 0]
    assert data.take(slice(1, 2)).weights.tolist() == [0]


def test_features_alone_leave_the_last_column_as_target(tmp_path):
    data = read(tmp_path, WIDE, module(), features="a,b")[0].train
    assert data.target.tolist() == [5, 6]
    two = module(targets={"y": ("B", 2)})
    data = read(tmp_path, WIDE, two, features="a,b", target="z,y")[0].train
    assert data.target.tolist() == [[5, 0.5], [6, 1.5]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"features": "a,c"}, "no column `c`"),
        ({"features": "a,wieght", "weights": "w"}, "no column `wieght`"),
        ({"features": "a,b", "target": "b"}, "column 3 (`b`) is named twice"),
        ({"features": "a", "target": "y"}, "1 column left beside the target, the model reads 2"),
        ({"target": "y", "weights": "id"}, "4 columns left beside the target"),
    ],
)
def test_columns_that_cannot_be_are_named(tmp_path, words, said):
    assert said in refused(read, tmp_path, WIDE, module(), **words)


def test_bad_weights_are_named(tmp_path):
    text = "a,b,y,w\n1,2,3,1\n1,2,3,-1\n"
    said = refused(read, tmp_path, text, module(), weights="w")
    assert "line 3, column 4 (`w`): -1 is negative" in said
    assert "every row has the weight 0" in refused(
        read, tmp_path, "a,b,y,w\n1,2,3,0\n", module(), weights="w"
    )


def test_columns_that_are_not_used_may_hold_anything(tmp_path):
    text = "when,a,b,y\n,1,2,3\n?,4,5,6\n"
    assert read(tmp_path, text, module(), features="a,b")[0].train.x.tolist() == [[1, 2], [4, 5]]


def test_several_inputs_take_columns_by_name_else_in_order(tmp_path):
    pair = module({"left": ("B", 2), "right": ("B", 1)})
    named = "right,left_a,left_b,y\n1,2,3,4\n"
    data = read(tmp_path, named, pair)[0].train
    assert {name: rows.tolist() for name, rows in data.x.items()} == {
        "left": [[2, 3]],
        "right": [[1]],
    }
    data = read(tmp_path, "a,b,c,y\n1,2,3,4\n", pair)[0].train
    assert (data.x["left"].tolist(), data.x["right"].tolist()) == ([[1, 2]], [[3]])
    said = refused(read, tmp_path, "a,b,c,y\n1,2,inf,4\n", pair)
    assert "line 2, column 3 (`c`): inf is not a finite number" in said


def test_several_targets_take_a_column_each(tmp_path):
    heads = module(
        targets={"kind": ("B", 2), "size": ("B", 1)},
        losses={"kind": "crossentropy", "size": "mse"},
    )
    text = "a,b,size,kind\n1,2,0.5,cat\n3,4,1.5,dog\n"
    data = read(tmp_path, text, heads)[0].train
    assert data.target["kind"].tolist() == [[0], [1]]
    assert data.target["size"].tolist() == [[0.5], [1.5]]


# --- gaps -----------------------------------------------------------------------------------

GAPS = "a,colour,y\n1,red,yes\n,blue,no\n5,?,no\n9,red,yes\nNA,red,yes\n"


def test_gaps_are_refused_by_place(tmp_path):
    said = refused(read, tmp_path, GAPS)
    assert "d.csv, line 3, column 1 (`a`): the cell is empty" in said
    assert "`--missing drop`" in said
    assert "`--missing mean`" in said


def test_gaps_are_filled_with_what_is_usual(tmp_path):
    loaded, _ = read(tmp_path, GAPS, missing="mean")
    assert loaded.train.x.tolist() == [[1, 0, 1], [5, 1, 0], [5, 0, 1], [9, 0, 1], [5, 0, 1]]
    assert [field.fill for field in loaded.encoding.inputs[0].fields] == [5.0, "red"]


def test_rows_with_gaps_are_left_out_and_that_is_said(tmp_path):
    loaded, told = read(tmp_path, GAPS, missing="drop")
    assert loaded.train.x.tolist() == [[1, 0, 1], [9, 0, 1]]
    assert told == ["d.csv: 3 of 5 rows have gaps and are left out"]
    assert "none is left" in refused(
        read, tmp_path, "a,b,y\n,1,1\n2,,1\n", module(), missing="drop"
    )


def test_places_are_right_after_rows_were_left_out(tmp_path):
    text = "a,b,y\n,1,1\n1,2,3\n1,inf,3\n"
    said = refused(read, tmp_path, text, module(), missing="drop")
    assert "line 4, column 2 (`b`): inf is not a finite number" in said


def test_targets_are_never_filled(tmp_path):
    said = refused(read, tmp_path, "a,b,y\n1,2,\n3,4,5\n", module(), missing="mean")
    assert "line 2, column 3 (`y`): the cell is empty" in said
    assert "mean" not in said


def test_short_rows_are_no_gaps(tmp_path):
    text = "a,b,y\n1,2,3\n4,5\n"
    said = refused(read, tmp_path, text, module(), missing="mean")
    assert "line 3: 2 columns where the first line has 3" in said


# --- a new table ----------------------------------------------------------------------------


@pytest.fixture
def encoding(tmp_path):
    made = read(tmp_path, IRIS, name="train.csv", weights=None)[0].encoding
    return from_json(json.loads(json.dumps(written(made))))


def test_an_encoding_survives_its_file(tmp_path):
    built = build(
        "input 2 int as a; input 1 as b\n"
        "a -> embedding 9 2 -> flatten as e\n[e, b] -> concat -> dense 2 softmax; loss crossentropy"
    )
    text = "p,q,r,kind,w\nu,v,1,k,1\nu2,v,,l,2\n"
    made = read(tmp_path, text, built, missing="mean", weights="w")[0].encoding
    assert [part.ids for part in made.inputs] == [True, False]
    assert from_json(json.loads(json.dumps(written(made)))) == made


def test_a_new_table_is_read_alike(tmp_path, encoding):
    path = csv_file(tmp_path, "id,colour,width\n1,red,5\n2,red,6\n", "new.csv")
    data = load_encoded(path, encoding, KINDS, need_target=False)
    assert data.x.tolist() == [[5, 0, 1], [6, 0, 1]]
    assert data.target is None
    path = csv_file(tmp_path, "kind,colour,width\nversicolor,red,5\n", "new.csv")
    assert load_encoded(path, encoding, KINDS).target.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour,kind\nred,setosa\n", "new.csv misses `width`, compared with train.csv"),
        ("colour,Width,kind\nred,1,setosa\n", "is `Width` what is called `width` there?"),
        ("colour,width\nred,1\n", "new.csv misses `kind`"),
        (
            "colour,width,kind\nred,1,setosa\nred,wide,setosa\n",
            "new.csv, line 3, column 2 (`width`): `wide` is not a number",
        ),
        (
            "colour,width,kind\nred,1,setosa\n3,2,setosa\n",
            "line 3, column 1 (`colour`): `3` did not occur in training; known are blue, red",
        ),
        ("colour,width,kind\nred,1,rose\n", "line 2, column 3 (`kind`): `rose` did not occur"),
        ("colour,width,kind\n,1,setosa\n", "line 2, column 1 (`colour`): the cell is empty"),
    ],
)
def test_a_new_table_that_differs_is_refused_by_name(tmp_path, encoding, text, said):
    path = csv_file(tmp_path, text, "new.csv")
    message = refused(load_encoded, path, encoding, KINDS).replace(f"{tmp_path}/", "")
    assert said in message


def test_gaps_of_a_new_table_get_the_mean_of_the_training_table(tmp_path):
    made = read(tmp_path, GAPS, missing="mean")[0].encoding
    path = csv_file(tmp_path, "a,colour\n,\n", "new.csv")
    data = load_encoded(path, made, KINDS, need_target=False)
    assert data.x.tolist() == [[5, 0, 1]]


def test_a_new_table_without_names_is_taken_by_place(tmp_path):
    made = read(tmp_path, "1,2,3\n4,5,6\n", module())[0].encoding
    path = csv_file(tmp_path, "7,8\n9,9\n", "new.csv")
    assert load_encoded(path, made, module(), need_target=False).x.tolist() == [[7, 8], [9, 9]]
    assert "2 columns, but d.csv has 3" in refused(load_encoded, path, made, module())


@pytest.mark.parametrize(
    "damage",
    [
        [],
        {"version": 9},
        {"inputs": 3},
        {"inputs": [{"name": "x", "ids": False, "columns": [{"name": "a"}]}]},
        {"missing": "often"},
        {"width": True},
    ],
)
def test_a_damaged_encoding_is_refused(tmp_path, damage):
    raw = written(read(tmp_path, IRIS)[0].encoding)
    raw = raw | damage if isinstance(damage, dict) else damage
    assert refused(from_json, raw).startswith("encoding")


# --- Parquet and JSON lines -----------------------------------------------------------------


def frame_file(tmp_path, name, **columns):
    path, frame = tmp_path / name, polars.DataFrame(columns)
    frame.write_parquet(path) if name.endswith("parquet") else frame.write_ndjson(path)
    return path


@pytest.mark.parametrize("name", ["d.parquet", "d.jsonl"])
def test_typed_tables_are_read_as_text_is(tmp_path, name):
    columns = {"width": [1.5, 2, 3], "colour": ["red", "blue", "red"]}
    columns["kind"] = ["setosa", "virginica", "versicolor"]
    loaded = load(frame_file(tmp_path, name, **columns), KINDS)
    same = read(tmp_path, IRIS)[0]
    assert loaded.train.x.tolist() == same.train.x.tolist()
    assert loaded.train.target.tolist() == same.train.target.tolist()
    assert loaded.encoding.inputs == same.encoding.inputs
    path = frame_file(tmp_path, f"new.{name}", width=[1, None], colour=["red", "red"])
    said = refused(load_encoded, path, loaded.encoding, KINDS, need_target=False)
    assert f"new.{name}, row 2, column 1 (`width`): the cell is empty" in said


def test_truth_values_are_two_words(tmp_path):
    mod = module({"x": ("B", 2)})
    loaded = load(frame_file(tmp_path, "d.parquet", a=[True, False], y=[1.0, 2.0]), mod)
    assert loaded.train.x.tolist() == [[0, 1], [1, 0]]
    assert read(tmp_path, "a,y\ntrue,1\nfalse,2\n", mod)[0].encoding.inputs == (
        loaded.encoding.inputs
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.parquet", b"abc", "not a readable file of Parquet"),
        ("d.jsonl", b'{"a":1}\n\n{"a":\n', "d.jsonl, line 3: no JSON"),
        ("d.jsonl", b'{"a":1}\n[2]\n', "d.jsonl, line 2: expected an object of columns"),
    ],
)
def test_damaged_typed_tables(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refused(load, path, module()).replace(f"{tmp_path}/", "")


def test_columns_of_another_kind_are_refused(tmp_path):
    from datetime import date

    path = frame_file(tmp_path, "d.parquet", a=[date(2020, 1, 1)], b=[1], y=[1])
    assert "column 1 (`a`): `Date` is no kind of column" in refused(load, path, module())
    made = load(frame_file(tmp_path, "e.parquet", a=[1], b=[2], y=[3]), module()).encoding
    path = frame_file(tmp_path, "f.parquet", a=[[1]], b=[2], y=[3])
    assert "f.parquet, column 1 (`a`): lists, where number are" in refused(
        load_encoded, path, made, module()
    )


# --- sequences ------------------------------------------------------------------------------

TEXTS = "input T int ragged -> embedding 9 4 -> lstm 3 -> dense 2 softmax; loss crossentropy"


@pytest.mark.parametrize("name", ["d.parquet", "d.jsonl"])
def test_lists_are_padded_rows_with_lengths(tmp_path, name):
    built = build(TEXTS)
    path = frame_file(tmp_path, name, words=[[1, 2, 3], [4], [5, 6]], kind=["a", "b", "a"])
    data = load(path, built).train
    assert data.x.tolist() == [[1, 2, 3], [4, 0, 0], [5, 6, 0]]
    assert (data.lengths.tolist(), data.target.tolist()) == ([3, 1, 2], [0, 1, 0])
    y = built.predict(built.init_params(), data.x, lengths=data.lengths)
    assert y.shape == (3, 2)


def test_lists_of_words_are_ids_that_new_tables_share(tmp_path):
    built = build(TEXTS)
    path = frame_file(tmp_path, "d.parquet", words=[["b", "a"], ["c"]], kind=[0, 1])
    loaded = load(path, built)
    assert loaded.train.x.tolist() == [[1, 0], [2, 0]]
    path = frame_file(tmp_path, "new.parquet", words=[["c"], ["c", "a"]])
    data = load_encoded(path, loaded.encoding, built, need_target=False)
    assert data.x.tolist() == [[2, 0], [2, 0]]
    assert data.lengths.tolist() == [1, 2]
    path = frame_file(tmp_path, "new.parquet", words=[["c", "a"], ["c", "z"]])
    said = refused(load_encoded, path, loaded.encoding, built, need_target=False)
    assert "row 2, column 1 (`words`): `z` did not occur" in said


def test_lists_of_vectors_and_of_targets(tmp_path):
    built = build("input Tx2 ragged -> lstm 3 return=all -> dense 2 softmax; loss crossentropy")
    path = frame_file(
        tmp_path, "d.parquet", steps=[[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], kinds=[[1], [0, 1]]
    )
    data = load(path, built).train
    assert data.x.tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]
    assert data.target.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([[1], []], "row 2, column 1 (`words`): an empty list"),
        ([[1], [2, None]], "row 2, column 1 (`words`): an entry of the list is missing"),
        ([[1], [-2, 1]], "row 2, column 1 (`words`): this is no id"),
        ([[1], None], "row 2, column 1 (`words`): the cell is empty"),
    ],
)
def test_faults_in_lists_are_named(tmp_path, words, said):
    path = frame_file(tmp_path, "d.parquet", words=words, kind=[0, 1])
    assert said in refused(load, path, build(TEXTS))


def test_lists_of_unlike_length_need_an_input_that_is_ragged(tmp_path):
    built = build(TEXTS.replace(" ragged", ""))
    path = frame_file(tmp_path, "d.parquet", words=[[1, 2], [3, 4]], kind=[0, 1])
    assert load(path, built).train.x.tolist() == [[1, 2], [3, 4]]
    path = frame_file(tmp_path, "d.parquet", words=[[1, 2], [3, 4], [5]], kind=[0, 1, 1])
    assert "row 3, column 1 (`words`): 1 entries where" in refused(load, path, built)
