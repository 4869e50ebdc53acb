"""Tables: detection of column names, and matching of the columns of two files."""

from __future__ import annotations

import pytest
from nnc.runtime.data import DataError, load
from nnc.runtime.fit import fit_targets
from nnc.runtime.tables.header import layout_of, read_head

from .test_runtime_data import csv_file, module

PIXELS = ",".join(map(str, range(64)))


def names(tmp_path, text, beside=None):
    """The column names that a file is found to have, and what was told of them."""
    told = []
    head = read_head(csv_file(tmp_path, text))
    other = None if beside is None else read_head(csv_file(tmp_path, beside, "other.csv"))
    return layout_of(head, other, told.append).header, told


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a,b,y\n1,2,3\n", "a,b,y"),
        ("\n  \na, b ,y\n1,2,3\n", "a,b,y"),
        ("largeur;hauteur;âge\n1;2;3\n", "largeur,hauteur,âge"),
        (f"{PIXELS},label\n" + "0.0," * 64 + "3\n", f"{PIXELS},label"),
        (f"label,{PIXELS}\n3" + ",0" * 64 + "\n", f"label,{PIXELS}"),
        ("1,2,target\n5.1,3.5,0\n", "1,2,target"),
        ("0,y\n0.5,1\n", "0,y"),
        ("label,1,2,3\n7,1,2,3\n", "label,1,2,3"),
    ],
)
def test_rows_with_words_are_column_names(tmp_path, text, wanted):
    assert names(tmp_path, text) == (tuple(wanted.split(",")), [])


@pytest.mark.parametrize(
    "text",
    [
        "5.1,red,0\n4.9,1,1\n",
        "5,NA,0\n1,2,3\n",
        "0,NA,1\n1,2,3\n",
        "1,red,2\n3,blue,4\n",
        "?,1,2\n0,1,2\n",
        "1,5;2,5;3\n4;5;6\n",
        "1,5;2,5;3,5\n4;5;6\n",
    ],
)
def test_rows_with_a_stray_word_are_data(tmp_path, text):
    assert names(tmp_path, text) == (None, [])


@pytest.mark.parametrize(
    "text",
    [
        "0,1,2,3,4\n7,7,0,1,1\n",
        "1,2,3\n5.1,3.5,0\n",
        f"{PIXELS},64\n" + "0," * 64 + "3\n",
    ],
)
def test_numbers_that_count_the_columns_are_names_and_said_to_be(tmp_path, text):
    header, told = names(tmp_path, text)
    assert header == tuple(text.split("\n")[0].split(","))
    assert len(told) == 1
    assert "taken for column names" in told[0]


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n",
        "1,2,3,4,5\n2,3,4,5,6\n",
        "0,1\n1,0\n",
        "0,1\n0.5,2.5\n",
        "0,1,2\n1,0,2\n",
        "0,1,2,4,5\n7,7,0,1,1\n",
        "0.0,1.0,2.0,3.0,4.0\n7,7,0,1,1\n",
        "5.1,3.5,0\n4.9,3.0,1\n",
        "1,2,3\n",
    ],
)
def test_other_numbers_are_data(tmp_path, text):
    assert names(tmp_path, text) == (None, [])


def test_whole_numbers_that_two_files_begin_with_are_names(tmp_path):
    years = "1996,1997,1998\n{}\n"
    first, second = years.format("5,6,7"), years.format("8,9,9")
    assert names(tmp_path, first)[0] is None
    assert names(tmp_path, first, second)[0] == ("1996", "1997", "1998")
    assert names(tmp_path, first, first)[0] is None, "a file beside itself shows nothing"
    assert names(tmp_path, "0,1,1\n1,0,1\n", "0,1,1\n0,0,0\n")[0] is None, "names are distinct"
    assert names(tmp_path, "0.1,0.2,3\n1,0,1\n", "0.1,0.2,3\n0,0,0\n")[0] is None


# --- two files ----------------------------------------------------------------------------

TRAIN = "age,height,kind\n1,2,3\n4,5,6\n"


def both(tmp_path, train, test, **keywords):
    told = []
    paths = csv_file(tmp_path, train, "train.csv"), csv_file(tmp_path, test, "test.csv")
    first, second = load(paths[0], module(), test=paths[1], tell=told.append, **keywords)
    return first, second, [line.replace(str(tmp_path) + "/", "") for line in told]


def test_columns_are_matched_by_name(tmp_path):
    test = "kind,height,age\n9,8,7\n"
    _, second, told = both(tmp_path, TRAIN, test)
    assert (second.x.tolist(), second.target.tolist(), told) == ([[7, 8]], [9], [])
    first, second, _ = both(tmp_path, TRAIN, test, target="age")
    assert (first.x[0].tolist(), first.target[0]) == ([2, 3], 1)
    assert (second.x.tolist(), second.target.tolist()) == ([[8, 9]], [7])
    _, second, _ = both(tmp_path, TRAIN, test, target="1")
    assert second.target.tolist() == [7], "a number is that of the first file's column"


def test_swapped_columns_are_put_right_in_messages_too(tmp_path):
    with pytest.raises(DataError, match=r"test\.csv, line 3, column 2 \(`age`\): nan is not"):
        both(tmp_path, TRAIN, "kind,age,height\n1,2,3\n1,nan,3\n")


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("age,kind\n1,2\n", "test.csv misses `height`, compared with"),
        ("age,height,mass,kind\n1,2,3,4\n", "test.csv has `mass` besides, compared with"),
        (
            "age,heigth,kind\n1,2,3\n",
            "misses `height` and has `heigth` besides, compared with train.csv; "
            "is `heigth` what is called `height` there?",
        ),
        ("Age,height,kind\n1,2,3\n", "is `Age` what is called `age` there?"),
        (",age,height,kind\n0,1,2,3\n", "has a column without name besides"),
    ],
)
def test_other_columns_are_refused_by_name(tmp_path, test, said):
    with pytest.raises(DataError) as caught:
        both(tmp_path, TRAIN, test)
    assert said in str(caught.value).replace(str(tmp_path) + "/", "")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_file_without_names_is_taken_by_place_and_that_is_said(tmp_path, swapped):
    bare = "7,8,9\n1,2,3\n"
    files = (bare, TRAIN) if swapped else (TRAIN, bare)
    first, second, told = both(tmp_path, *files)
    assert (second if not swapped else first).x.tolist() == [[7, 8], [1, 2]]
    without, named = ("train.csv", "test.csv") if swapped else ("test.csv", "train.csv")
    assert told == [
        f"{without} has no column names: its columns are taken to stand in the order of {named}"
    ]


def test_files_without_names_must_be_as_wide(tmp_path):
    with pytest.raises(DataError, match=r"test\.csv: 2 columns, but .*train\.csv has 3"):
        both(tmp_path, "7,8,9\n1,3,3\n", "7,8\n4,4\n")


def test_an_unknown_target_gets_a_proposal(tmp_path):
    with pytest.raises(DataError, match="no column `hieght`, did you mean `height`"):
        both(tmp_path, TRAIN, TRAIN, target="hieght")


def test_lines_of_blanks_and_quotes_are_no_hindrance(tmp_path):
    text = '"age, in years",height,kind\r\n   \r\n"1",2,3\r\n4,"5",6\r\n \r\n\r\n'
    first, _ = load(csv_file(tmp_path, text), module())
    assert first.x.tolist() == [[1, 2], [4, 5]]


def test_a_name_may_go_over_two_lines(tmp_path):
    first, _ = load(csv_file(tmp_path, '"age\nin years",height,kind\n1,2,3\n'), module())
    assert first.x.tolist() == [[1, 2]]


def test_places_survive_a_split(tmp_path):
    rows = "".join(f"{i},0,{7 if i == 11 else 1}\n" for i in range(20))
    kinds = module(targets={"y": ("B", 3)}, losses={"crossentropy": "crossentropy"})
    data, _ = load(csv_file(tmp_path, "age,height,kind\n" + rows), kinds)
    for part in data.split(0.5):
        if 11 in part.x[:, 0]:
            with pytest.raises(DataError, match=r"line 13, column 3 \(`kind`\): 7 is outside of"):
                fit_targets(part, kinds)
        else:
            fit_targets(part, kinds)
