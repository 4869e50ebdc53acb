"""Wrong use of the command line: one line in nnc's own words on standard error, exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from nnc.cli import main
from nnc.cli.commands import app
from nnc.cli.values import Value, Whole

SPEC = "input 64 -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1\n"

WRONG = {
    "compile -O7 a.nn": "-O takes 0 or 1, not '7'",
    "compile -O x a.nn": "-O takes 0 or 1, not 'x'",
    "compile -O=1 a.nn": "-O takes 0 or 1, not '=1'",
    "compile --target foo a.nn": "--target takes numba, numpy or torch, not 'foo'",
    "compile --target nunpy a.nn": "--target takes numba, numpy or torch, not 'nunpy', did you mean numpy?",
    "compile --emit jacobi a.nn": "not 'jacobi', did you mean jacobian?",
    "compile --without inplace a.nn": "not 'inplace', did you mean in-place?",
    "compile --dump-after simplfy a.nn": "not 'simplfy', did you mean simplify?",
    "compile --strict=3 a.nn": "--strict takes no value",
    "compile a.nn -o": "-o needs a value, FILE",
    "compile a.nn a.nn": "`nnc compile` takes no further word: 'a.nn'",
    "compile": "give either a SPEC file or the spec's text with -c",
    "compile a.nn -o a.nn": "-o: a.nn is a spec that is being read",
    "compile a.nn -o .": "-o: . is a folder",
    "compile a.nn -o no/where.py": "-o: there is no folder no",
    "compile ''": "SPEC takes the name of a .nn file, not an empty text",
    "compile '  '": "SPEC takes the name of a .nn file, not an empty text",
    "compile -c ''": "--code takes a spec, such as 'input 4 -> dense 3', not an empty text",
    "compile a.nn -o ''": "--output takes the name of a file, not an empty text",
    "lint ''": "SPEC takes the name of a .nn file or of a folder, not an empty text",
    "lint a.nn ' '": "SPEC takes the name of a .nn file or of a folder, not an empty text",
    "fmt ''": "SPEC takes the name of a .nn file or of a folder, not an empty text",
    "lint": "`nnc lint` needs SPEC: the .nn files, or folders of them; `-` reads standard input",
    "lint --format foo a.nn": "--format takes text, concise, json, sarif or github, not 'foo'",
    "lint --format jsn a.nn": "not 'jsn', did you mean json?",
    "lint --strct a.nn": "`nnc lint` has no option --strct, did you mean --strict?",
    "lint -strict a.nn": "`nnc lint` has no option -strict, did you mean --strict?",
    "lint -z a.nn": "`nnc lint` has no option -z; `nnc lint --help` lists all",
    "lint --max-memory x a.nn": "--max-memory: 'x' is no amount of memory: write bytes, 512M or 16GiB",
    "graph --format x a.nn": "--format takes mermaid, dot, svg, graphml or json, not 'x'",
    "summary --format x a.nn": "--format takes text or json, not 'x'",
    "trace --format x a.nn": "--format takes text or json, not 'x'",
    "trace --max-memory x a.nn": "--max-memory: 'x' is no amount of memory",
    "trace a.nn -c 'input 4'": "give either a SPEC file or the spec's text with -c",
    "diff a.nn": "`nnc diff` needs NEW: the spec after",
    "diff - -": "only one of OLD and NEW can be standard input",
    "diff a.nn ''": "NEW takes the name of a .nn file, not an empty text",
    "diff --format markdwn a.nn a.nn": "not 'markdwn', did you mean markdown?",
    "diff --batch 0 a.nn a.nn": "--batch takes a whole number of at least 1, not '0'",
    "diff --max-memory x a.nn a.nn": "--max-memory: 'x' is no amount of memory",
    "lint --watch -": "--watch cannot be used with standard input",
    "lint --watch --fix a.nn": "--watch cannot be used with --fix",
    "summary --batch 0 a.nn": "--batch takes a whole number of at least 1, not '0'",
    "train a.nn --data d --params ''": "--params takes the name of a file, not an empty text",
    "train a.nn": "`nnc train` needs --data DATA: a table (.csv",
    "train a.nn --data digits --epochs x": "--epochs takes a whole number of at least 0, not 'x'",
    "train a.nn --data digits --epochs 1.5": "--epochs takes a whole number of at least 0, not '1.5'",
    "train a.nn --data digits --epochs 1_0": "--epochs takes a whole number of at least 0, not '1_0'",
    "train a.nn --data digits --epochs 99999999999999999999": "takes a whole number of at most",
    "train a.nn --data digits --batch 0": "--batch takes a whole number of at least 1, not '0'",
    "train a.nn --data digits --seed -1": "--seed takes a whole number of at least 0, not '-1'",
    "train a.nn --data digits --lr nan": "--lr takes a number above 0, not 'nan'",
    "train a.nn --data digits --lr inf": "--lr takes a number above 0, not 'inf'",
    "train a.nn --data digits --lr -1": "--lr takes a number above 0, not '-1'",
    "train a.nn --data digits --lr x": "--lr takes a number above 0, not 'x'",
    "train a.nn --data digits --test-fraction 1": "takes a number between 0 and 1, not '1'",
    "train a.nn --data ''": "--data takes data, not an empty text",
    "train a.nn --data digits --target x": "--target: digits is no table with columns",
    "train a.nn --data digits --features x": "--features: digits is no table with columns",
    "train a.nn --data digits --weights x": "--weights: digits is no table with columns",
    "train a.nn --data digits --missing drop": "--missing: digits is no table with columns",
    "train a.nn --data a.csv --missing often": "--missing takes error, drop or mean, not 'often'",
    "train a.nn --data a.csv --features ''": "--features takes names of columns, not an empty text",
    "train a.nn --data a.csv --target ''": "--target takes names of columns, not an empty text",
    "train a.nn --data a.csv --weights ''": "--weights takes the name of a column, not an empty",
    "new": "`nnc new` needs FILE: the spec to write",
    "new ''": "FILE takes the name of a .nn file, not an empty text",
    "new b.nn": "give either --from TABLE or --template NAME",
    "new b.nn --from a.csv --template cnn": "give either --from TABLE or --template NAME",
    "new b.nn --from ''": "--from takes a table, not an empty text",
    "new b.nn --from digits": "--from: digits is no table with columns",
    "new b.nn --from a.csv --target ''": "--target takes names of columns, not an empty text",
    "new b.nn --from a.csv --features ''": "--features takes names of columns, not an empty",
    "new b.nn --from a.csv --seed -1": "--seed takes a whole number of at least 0, not '-1'",
    "new b.nn --from a.csv --test-fraction 1": "--test-fraction takes a number between 0 and 1",
    "new b.nn --template ''": "--template takes the name of a template, not an empty text",
    "new b.nn --template ccn": "--template takes autoencoder, cnn, ",
    "new b.nn --template cnn --target y": "--target, --features and --test-fraction belong to",
    "new a.nn --template cnn": "a.nn exists; nnc new writes over nothing",
    "new no/b.nn --template cnn": "there is no folder no",
    "train a.nn --data digits --every 0": "--every takes a whole number of at least 1, not '0'",
    "train a.nn --data digits --test x --test-fraction 0.1": "give either --test or --test-fraction",
    "train a.nn --data digits --validation 1": "takes data, or a share between 0 and 1, not '1'",
    "train a.nn --data digits --validation ''": "--validation takes data, or a share such as 0.2",
    "train a.nn --data digits --patience 0": "--patience takes a whole number of at least 1",
    "train a.nn --data digits --seeds 0": "--seeds takes a whole number of at least 1, not '0'",
    "train a.nn --data digits --seeds 2 --run r": "--run: several networks have no single place",
    "train a.nn --data digits --run ''": "--run takes the name of a folder, not an empty text",
    "train a.nn --data digits --overwrite": "--overwrite: there is no --run to replace",
    "train a.nn --data digits --backend numpie": "not 'numpie', did you mean numpy?",
    "train a.nn --data digits --tensorboard ''": "--tensorboard takes the name of a folder",
    "train --resume ''": "--resume takes the folder of a run, not an empty text",
    "train --resume r --lr 1": "--lr: a run remembers that; --resume goes on as it was begun",
    "train a.nn --resume r": "SPEC: a run remembers that",
    "summary -c ''": "--code takes a spec",
    "summary --max-memory 1q a.nn": "--max-memory: '1q' is no amount of memory",
    "graph -c ''": "--code takes a spec",
    "graph a.nn -o ''": "--output takes the name of a file",
    "graph --max-memory -5 a.nn": "--max-memory: '-5' is no amount of memory",
    "compile --max-memory 5XB a.nn": "--max-memory: '5XB' is no amount of memory",
    "train -c '' --data digits": "--code takes a spec",
    "train a.nn --data digits --test ''": "--test takes data, not an empty text",
    "train a.nn --data digits -o ''": "--output takes the name of a file",
    "train a.nn --data digits --max-memory x": "--max-memory: 'x' is no amount of memory",
    "eval": "`nnc eval` needs RUN|SPEC: the folder that `nnc train --run` filled",
    "eval ''": "RUN|SPEC takes the folder of a run, or the name of a .nn file, not an empty text",
    "eval a.nn": "`nnc eval` needs --data DATA: data with targets",
    "eval a.nn --data ''": "--data takes data, not an empty text",
    "eval a.nn --data digits": "a.nn is a spec: name its weights with --params",
    "eval a.nn --data d --params ''": "--params takes the name of a file, not an empty text",
    "eval a.nn --data d --target ''": "--target takes names of columns, not an empty text",
    "eval a.nn --data d --features ''": "--features takes names of columns, not an empty text",
    "eval a.nn --data d --format x": "--format takes text or json, not 'x'",
    "eval a.nn --data d --max-memory x": "--max-memory: 'x' is no amount of memory",
    "report": "`nnc report` needs RUN|SPEC: the folder that `nnc train --run` filled",
    "report a.nn --data digits": "--params and --data are given together",
    "report a.nn --data ''": "--data takes data, not an empty text",
    "report a.nn --params ''": "--params takes the name of a file, not an empty text",
    "report a.nn -o ''": "--output takes the name of a file, not an empty text",
    "report a.nn --max-memory x": "--max-memory: 'x' is no amount of memory",
    "plot": "`nnc plot` needs RUN: folders that `nnc train --run` filled",
    "plot a -o a.txt": "-o: a.txt is none of .svg, .png, .pdf",
    "plot a -o ''": "--output takes the name of a file, not an empty text",
    "plot a --score ''": "--score takes the name of a score, such as loss, not an empty text",
    "bench a.nn --batch 0": "--batch takes a whole number of at least 1, not '0'",
    "bench a.nn --size ''": "--size takes a size such as T=100, not an empty text",
    "bench a.nn --seconds 0": "--seconds takes a number between 0 and 3600, not '0'",
    "bench -c ''": "--code takes a spec",
    "bench a.nn --format x": "--format takes text or json, not 'x'",
    "bench a.nn --max-memory x": "--max-memory: 'x' is no amount of memory",
    "predict a.nn": "`nnc predict` needs DATA: a table or an .npz file",
    "predict a.nn d --params ''": "--params takes the name of a file, not an empty text",
    "predict a.nn d --features ''": "--features takes names of columns, not an empty text",
    "predict a.nn d --id ''": "--id takes names of columns, not an empty text",
    "predict a.nn d -o ''": "--output takes the name of a file, not an empty text",
    "predict a.nn d --max-memory x": "--max-memory: 'x' is no amount of memory",
    "layers a.nn --format xml": "--format takes text or json, not 'xml'",
    "sweep a.nn --run r": "`nnc sweep` needs --data DATA: a table (.csv",
    "sweep a.nn --data digits --run r": "`nnc sweep` needs --grid NAME=VALUES: values of a let",
    "sweep a.nn --data digits --grid ''": "--grid takes a name and its values such as lr=1e-3,1e-2",
    "sweep a.nn --data digits --grid lr --run r": "--grid: 'lr' is no NAME=VALUE,VALUE,…",
    "sweep a.nn --data digits --grid lr=1,,2 --run r": "--grid: 'lr=1,,2' has an empty value",
    "sweep a.nn --data digits --grid 'lr=1;loss mse' --run r": "'1;loss mse' is no value",
    "sweep a.nn --data digits --grid lr=1 --grid lr=2 --run r": "--grid: lr is given twice",
    "sweep a.nn --data digits --grid lr=1..2 --run r": "--grid: lr has a range: --random N says",
    "sweep a.nn --data digits --grid lr=2..1 --random 3 --run r": "a range goes from a number",
    "sweep a.nn --data digits --grid lr=a..b --random 3 --run r": "the ends of a range are numbers",
    "sweep a.nn --data digits --grid rl=1,2 --run r": "no let or argument 'rl'; did you mean lr?",
    "sweep a.nn --data digits --grid epochs=1,2 --epochs 3 --run r": "epochs varies: leave out --epo",
    "sweep a.nn --data digits --grid lr=1 --run r --epochs x": "--epochs takes a whole number",
    "sweep a.nn --data digits --grid lr=1 --run r --batch 0": "--batch takes a whole number",
    "sweep a.nn --data digits --grid lr=1 --run r --random 0": "--random takes a whole number of",
    "sweep a.nn --data digits --grid lr=1 --run r --seeds 0": "--seeds takes a whole number of at",
    "sweep a.nn --data digits --grid lr=1 --run r --seed -1": "--seed takes a whole number of at",
    "sweep a.nn --data digits --grid lr=1 --run r --jobs 0": "--jobs takes a whole number of at",
    "sweep a.nn --data digits --grid lr=1 --run r --patience 0": "--patience takes a whole number",
    "sweep a.nn --data digits --grid lr=1 --run ''": "--run takes the name of a folder, not an",
    "sweep a.nn --data digits --grid lr=1 --run r --by ''": "--by takes the name of a score, such",
    "sweep a.nn --data digits --grid lr=1 --run r --dask ''": "--dask takes the address of a sched",
    "sweep a.nn --data digits --grid lr=1 --run r --validation 2": "a share between 0 and 1, not '2'",
    "sweep a.nn --data digits --grid lr=1 --run r --backend nmpy": "not 'nmpy', did you mean numpy?",
    "sweep a.nn --data digits --grid lr=1 --run r --target x": "--target: digits is no table",
    "sweep a.nn --data digits --grid lr=1 --run r --features x": "--features: digits is no table",
    "sweep a.nn --data digits --grid lr=1 --run r --weights x": "--weights: digits is no table",
    "sweep a.nn --data digits --grid lr=1 --run r --missing drop": "--missing: digits is no table",
    "sweep a.nn --data digits --grid lr=1 --run r --test ''": "--test takes data, not an empty text",
    "sweep a.nn --data digits --grid lr=1 --run r --test-fraction 1": "takes a number between 0 and",
    "sweep a.nn --data digits --grid lr=1 --run r --max-memory x": "--max-memory: 'x' is no amount",
    "sweep -c '' --data digits --grid lr=1 --run r": "--code takes a spec",
    "convert a.nn": "`nnc convert` needs WEIGHTS",
    "convert a.nn w --to keros -o b": "--to takes nnc, torch or keras, not 'keros', did you mean",
    "convert a.nn w --to keras -o b": "-o: for Keras write .weights.h5 or .keras",
    "convert a.nn w --like ''": "--like takes the name of a file, not an empty text",
    "convert a.nn w --like n.keras -o b": "--like is for --to keras",
    "convert a.nn w --channels middle -o b": "--channels takes first or last, not 'middle'",
    "convert a.nn w -o b.keras": "-o: write .safetensors or .npz",
    "convert a.nn w --map '' -o b": "--map takes a pair such as dense1=fc1",
    "convert a.nn w --output ''": "--output takes the name of a file, not an empty text",
    "convert a.nn w -o b --max-memory x": "--max-memory: 'x' is no amount of memory",
    "export a.nn": "`nnc export` needs --output FILE",
    "export a.nn -o b --params ''": "--params takes the name of a file, not an empty text",
    "export a.nn -o b --to tflite": "--to takes onnx, not 'tflite'",
    "export a.nn -o b --opset 99": "--opset takes a whole number of at most 23, not '99'",
    "export a.nn --output ''": "--output takes the name of a file, not an empty text",
    "export a.nn -o b --max-memory x": "--max-memory: 'x' is no amount of memory",
    "import m --output ''": "--output takes the name of a file, not an empty text",
    "import m --params ''": "--params takes the name of a file, not an empty text",
    "doctor a.nn d --report ''": "--report takes the name of",
    "doctor a.nn": "`nnc doctor` needs SPEC and FILE",
    "doctor -c '' d": "--code takes a spec",
    "doctor a.nn d --map ''": "--map takes names of arrays and tensors, such as W1=dense1.W",
    "doctor a.nn d --layout ''": "--layout takes words such as columns,out-in",
    "doctor a.nn d --lr 0": "--lr takes a number above 0, not '0'",
    "doctor a.nn d.py --data ''": "--data takes the name of an .npz file, not an empty text",
    "doctor a.nn d --data e": "--data: d holds all arrays itself; --data is for a program",
    "doctor a.nn d --rows 0": "--rows takes a whole number of at least 1, not '0'",
    "doctor a.nn d --seed -1": "--seed takes a whole number of at least 0, not '-1'",
    "doctor a.nn d --seconds 0": "--seconds takes a number between 0 and 86400, not '0'",
    "doctor --log ''": "--log takes the name of a .csv file, not an empty text",
    "doctor --log none.csv": "none.csv: No such file or directory",
    "doctor --infer ''": "--infer takes the name of an .npz file, not an empty text",
    "doctor a.nn --infer d": "--log and --infer are given alone, without SPEC and FILE",
    "doctor a.nn d --format x": "--format takes text or json, not 'x'",
    "doctor a.nn d --max-memory x": "--max-memory: 'x' is no amount of memory",
    "explain NN9999": "there is no code 'NN9999'",
    "layers densee": "there is no layer, loss, optimizer or schedule 'densee', did you mean dense?",
    "completion csh": "SHELL takes bash, zsh or fish, not 'csh'",
    "foo": "there is no command 'foo'; `nnc --help` lists all",
    "complie a.nn": "there is no command 'complie', did you mean compile?",
    "--foo": "`nnc` has no option --foo; `nnc --help` lists all",
    "--verison": "`nnc` has no option --verison, did you mean --version?",
}
"""Command lines, and what is said of them after `error: `."""


def words(line: str) -> list[str]:
    import shlex

    return shlex.split(line)


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.nn").write_text(SPEC)
    return lambda *args: CliRunner().invoke(app, list(args), catch_exceptions=False)


@pytest.mark.parametrize("line", WRONG)
def test_is_told_in_one_line(nnc, line):
    done = nnc(*words(line))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert WRONG[line] in done.stderr


def test_every_option_with_a_kind_of_value_is_tried():
    for name, command in app.commands.items():
        for param in command.params:
            if isinstance(param, click.Option) and isinstance(param.type, Value):
                tried = " ".join(line for line in WRONG if line.startswith(name))
                assert any(option in tried.split() for option in param.opts), (name, param.opts)


def test_the_same_words_do_the_same_without_click(nnc, monkeypatch, capsys):
    """`nnc lint FILE` is answered without importing click, unless there is something to say."""
    for line in ("lint ''", "lint ' ' a.nn", "lint ."):
        monkeypatch.setattr(sys, "argv", ["nnc", *words(line)])
        (Path("a.nn")).unlink(missing_ok=True)
        with pytest.raises(SystemExit) as exit:
            main.run()
        assert exit.value.code == 2
        assert capsys.readouterr().err.startswith("error: ")


def test_no_words_at_all_show_the_help(nnc):
    done = nnc()
    assert done.exit_code == 2
    assert done.stdout.startswith("Usage: nnc ")


def test_words_are_taken_in_any_case(nnc):
    assert nnc("lint", "--format", "JSON", "a.nn").stdout == "[]\n"


@pytest.mark.parametrize("text", ["١٢", "0x10", "1e3", "", "-", "+", "1 2", "9" * 5000])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(click.UsageError):
        Whole(0, 10).convert(text, None, None)


def test_a_dash_is_standard_output(nnc, tmp_path):
    done = nnc("compile", "a.nn", "-o", "-")
    assert "def forward(" in done.stdout
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(nnc, shell):
    done = nnc("completion", shell)
    assert done.exit_code == 0
    assert "_NNC_COMPLETE" in done.stdout


def test_the_shell_is_told_the_options():
    done = subprocess.run(
        [sys.executable, "-m", "nnc"],
        env={"_NNC_COMPLETE": "bash_complete", "COMP_WORDS": "nnc lint --st", "COMP_CWORD": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--strict" in done.stdout


class TestEmpty:
    @pytest.mark.parametrize("text", ["", " \n\n", "# only a comment\n", "\ufeff", ";;\n"])
    def test_a_file_with_nothing_in_it_is_an_error(self, nnc, tmp_path, text):
        (tmp_path / "e.nn").write_text(text, "utf-8")
        for command in ("lint", "compile", "summary"):
            done = nnc(command, "e.nn")
            assert done.exit_code == 1
            assert "error[NN128]: there is nothing in this file" in done.output

    def test_settings_alone_are_an_error(self, nnc, tmp_path):
        (tmp_path / "e.nn").write_text("optimizer adam lr=0.1\ntrain batch=3\n")
        assert "NN128" in nnc("lint", "--format", "concise", "e.nn").stdout

    @pytest.mark.parametrize("text", ["let n = 5\n", "block b = dense 3\n"])
    def test_a_library_is_fine_and_compile_says_what_it_is(self, nnc, tmp_path, text):
        (tmp_path / "lib.nn").write_text(text)
        assert nnc("lint", "--strict", "lib.nn").exit_code == 0
        done = nnc("compile", "lib.nn")
        assert done.exit_code == 1
        assert done.stderr.startswith("lib.nn: a library of lets and blocks")

    def test_a_file_that_only_includes_is_a_library(self, nnc, tmp_path):
        (tmp_path / "lib.nn").write_text("let n = 5\n")
        (tmp_path / "all.nn").write_text('include "lib.nn"\n')
        assert nnc("lint", "--strict", "all.nn").exit_code == 0


class TestImportable:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("class.py", "`class` is a keyword of Python"),
            ("numpy.py", "in place of numpy, which it needs itself"),
            ("json.py", "in place of Python's own module json"),
            ("my-model.py", "but my_model.py can"),
            ("2nd.py", "but _2nd.py can"),
            ("m.onnx", "only from a .py file: -o m.py"),
            ("test.txt", "only from a .py file: -o test.py"),
            ("model", "only from a .py file: -o model.py"),
        ],
    )
    def test_a_name_that_cannot_be_imported_is_warned_of(self, nnc, tmp_path, name, said):
        done = nnc("compile", "a.nn", "-o", name)
        assert done.exit_code == 0
        assert done.stderr.startswith(f"warning: {name} ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert "def forward(" in (tmp_path / name).read_text()
        (tmp_path / name).unlink()
        assert nnc("compile", "--strict", "a.nn", "-o", name).exit_code == 1
        assert not (tmp_path / name).exists()

    @pytest.mark.parametrize("name", ["m.py", "test.py", "numba.py", "über.py", "_x1.py"])
    def test_others_are_not(self, nnc, name):
        assert nnc("compile", "a.nn", "-o", name).output == ""

    def test_devices_are_not(self, nnc):
        assert nnc("compile", "a.nn", "-o", "/dev/null").output == ""

    def test_a_numba_module_may_not_be_called_so(self, nnc):
        done = nnc("compile", "--target", "numba", "a.nn", "-o", "numba.py")
        assert "in place of numba" in done.stderr

    def test_packages_that_are_not_installed_are_told(self, nnc, monkeypatch):
        from nnc.cli import importable

        monkeypatch.setattr(importable, "find_spec", lambda name: None if name == "numba" else 1)
        done = nnc("compile", "--target", "numba", "a.nn", "-o", "m.py")
        assert done.exit_code == 0
        assert done.stderr == (
            "warning: the module needs numba, not installed here: pip install 'nnc[numba]'\n"
        )
        assert nnc("compile", "--target", "numba", "-O0", "a.nn", "-o", "m.py").stderr == ""
