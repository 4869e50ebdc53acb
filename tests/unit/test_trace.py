"""`nnc trace`: the shapes before and after every stage, also of specs with errors."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app


def traced(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["trace", *words])
    return result.exit_code, result.stdout, result.stderr


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[2:]]


def test_one_line_a_stage():
    spec = "input 3x32x32 -> conv 16 3x3 pad=1 -> relu -> maxpool 2\n-> flatten -> dense 10"
    code, out, err = traced("-c", spec)
    assert (code, err) == (0, "")
    assert out == (
        "line  name      in        stage              out       parameters\n"
        "──────────────────────────────────────────────────────────────────\n"
        "   1  x                   input 3x32x32      3x32x32            0\n"
        "   1  conv1     3x32x32   conv 16 3x3 pad=1  16x32x32         448\n"
        "   1  relu1     16x32x32  relu               16x32x32           0\n"
        "   1  maxpool1  16x32x32  maxpool 2          16x16x16           0\n"
        "   2  flatten1  16x16x16  flatten            4096               0\n"
        "   2  dense1    4096      dense 10           10            40,970\n"
    )


def test_merges_show_each_input_and_shared_parameters_their_owner():
    code, out, _ = traced(
        "-c",
        "input 4 as a; a -> [dense 3 as d, dense 3] -> add as both; a -> use d as again; output both, again",
        "--format",
        "json",
    )
    assert code == 0
    by_name = {row["name"]: row for row in json.loads(out)}
    assert by_name["both"]["in"] == ["3", "3"]
    assert by_name["again"]["shares"] == "d"
    assert by_name["d"]["parameters"] == 15


def test_sizes_may_be_symbolic():
    _, out, _ = traced("-c", "input 8xT -> conv 4 3 -> global_avgpool -> dense 2")
    assert ["1", "conv1", "8xT", "conv", "4", "3", "4x(T-2)", "100"] in rows(out)


def test_behind_a_fault_shapes_are_unknown_and_the_error_is_told():
    code, out, err = traced("-c", "input 3x32x32 -> conv 16 3x3 -> maxpol 2 -> flatten -> dense 10")
    assert code == 1
    assert ["1", "conv1", "3x32x32", "conv", "16", "3x3", "16x30x30", "448"] in rows(out)
    assert ["1", "flatten1", "?", "flatten", "?", "0"] in rows(out)
    assert "error[NN101]" in err


def test_a_wrong_shape_leaves_what_is_in_front_of_it():
    code, out, err = traced("-c", "input 8 -> dense 4 -> maxpool 2 -> dense 3")
    assert code == 1
    assert ["1", "dense1", "8", "dense", "4", "4", "36"] in rows(out)
    assert ["1", "maxpool1", "4", "maxpool", "2", "?", "0"] in rows(out)
    assert "error[NN2" in err


def test_included_stages_name_their_file(tmp_path):
    (tmp_path / "parts.nn").write_text("block two(n) =\n  dense n -> relu\n")
    (tmp_path / "net.nn").write_text('include "parts.nn"\ninput 4 -> two(3)\n')
    code, out, err = traced(str(tmp_path / "net.nn"))
    assert code == 0, err
    assert any(row[0] == f"{tmp_path}/parts.nn:2" for row in rows(out)), out


@pytest.mark.parametrize("spec", ["let n = 3", "input 4 ->", "-> ->", ""])
def test_where_there_is_no_chain_nothing_is_traced(spec, tmp_path):
    path = tmp_path / "a.nn"
    path.write_text(spec)
    code, out, err = traced(str(path))
    assert code == 1
    assert "Traceback" not in out + err
    assert err
