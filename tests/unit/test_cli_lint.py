"""`nnc lint`: the exit codes in every format, and `--fix`."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner
from nnc import driver
from nnc.cli import main
from nnc.cli.commands import app
from nnc.cli.terminal import Format
from nnc.diagnostics.model import Code, Severity

GOOD = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy\n"
FIXABLE = "input 784 → Dense 30 sigmoid\n-> Dense 10 SoftMax\nloss crossentropy\n"
REPAIRED = "input 784 -> dense 30 sigmoid\n-> dense 10 softmax\nloss crossentropy\n"
BAD = "input 784 -> dense 30 in=500 relu -> dense 10 softmax; loss crossentropy\n"
HALF = FIXABLE.replace("784 ", "784 -> dense 7 in=500 tanh ")

every_format = pytest.mark.parametrize("format", list(Format))


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "fixable": FIXABLE, "bad": BAD, "half": HALF}.items():
        (tmp_path / f"{name}.nn").write_bytes(text.encode())

    def run(*words, input=None):
        return CliRunner().invoke(app, ["lint", *words], input=input, catch_exceptions=False)

    return run


@every_format
def test_tells_where_it_stops(nnc, tmp_path, format):
    (tmp_path / "many.nn").write_text("input 3 -> dense 3" + "\nloss mes" * 101)
    (tmp_path / "unused.nn").write_text(
        "input 3 -> dense 3\nloss mse" + "".join(f"\nlet a{i} = 1" for i in range(150))
    )
    assert "there are more than 100 errors" in nnc("many.nn", "--format", format).stdout
    told = "50 more of NN140 not shown" in nnc("unused.nn", "--format", format).stdout
    assert told != format.is_document


@pytest.fixture
def finding(monkeypatch):
    """Lets every spec have one finding of a severity."""

    def every_spec_has(severity: Severity) -> None:
        check = driver.check
        code = Code("NN399", "odd", severity, "odd")

        def checked(source, load, max_memory):
            result = check(source, load, max_memory)
            result.report.add(code.at(source.span(0, 5), "this is odd"))
            return result

        monkeypatch.setattr(driver, "check", checked)

    return every_spec_has


@every_format
@pytest.mark.parametrize(
    ("severity", "plain", "strict"),
    [(None, 0, 0), (Severity.INFO, 0, 0), (Severity.WARNING, 0, 1), (Severity.ERROR, 1, 1)],
)
def test_exit_codes(nnc, finding, format, severity, plain, strict):
    if severity is not None:
        finding(severity)
    for more in ([], ["--fix"]):
        done = nnc("--format", format, *more, "good.nn")
        assert done.exit_code == plain
        assert ("this is odd" in done.stdout) == (severity is not None)
        assert nnc("--strict", "--format", format, *more, "good.nn").exit_code == strict


@every_format
def test_exit_codes_of_files_and_use(nnc, format):
    assert nnc("--format", format, "missing.nn").exit_code == 1
    assert nnc("--format", format, "good.nn", "bad.nn").exit_code == 1
    assert nnc("--format", format, "--nonsense", "good.nn").exit_code == 2
    assert nnc("--format", format).exit_code == 2


@every_format
@pytest.mark.parametrize("more", [[], ["--fix"]])
def test_exit_code_of_a_fault_of_nnc_itself(nnc, monkeypatch, capsys, format, more):
    monkeypatch.setattr(driver, "check", lambda *_: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["nnc", "lint", "--format", format, *more, "good.nn"])
    with pytest.raises(SystemExit) as exit:
        main.run()
    assert exit.value.code == 101
    assert "Please report it" in capsys.readouterr().err


@every_format
def test_a_file_name_that_is_not_utf8(nnc, format):
    done = nnc("--format", format, "caf\udce9.nn")
    assert done.exit_code == 1
    assert "NN510" in done.stdout


@every_format
def test_what_is_printed_is_of_the_format(nnc, format):
    text = nnc("--format", format, "good.nn", "bad.nn", "missing.nn").stdout
    match format:
        case Format.JSON:
            assert [f["code"] for f in json.loads(text)] == ["NN201", "NN510"]
        case Format.SARIF:
            (run,) = json.loads(text)["runs"]
            assert [r["ruleId"] for r in run["results"]] == ["NN201", "NN510"]
        case Format.GITHUB:
            assert [line[:8] for line in text.splitlines()] == ["::error "] * 2
        case Format.CONCISE:
            assert [line.split(":")[0] for line in text.splitlines()] == ["bad.nn", "missing.nn"]
        case Format.TEXT:
            assert text.count("error[") == 2


class TestFix:
    def test_a_file_is_repaired_once_and_for_all(self, nnc, tmp_path):
        done = nnc("--fix", "fixable.nn")
        assert (done.exit_code, done.stdout) == (0, "")
        told = done.stderr.splitlines()
        assert told[0] == "fixed fixable.nn:1:11: NN014: write `->`"
        assert all(line.startswith("fixed fixable.nn:") for line in told)
        assert (tmp_path / "fixable.nn").read_bytes() == REPAIRED.encode()
        again = nnc("--fix", "fixable.nn")
        assert (again.exit_code, again.output) == (0, "")
        assert {p.name for p in tmp_path.iterdir()} == {
            "good.nn",
            "fixable.nn",
            "bad.nn",
            "half.nn",
        }

    def test_a_file_without_fixes_is_not_written(self, nnc, tmp_path):
        before = {p.name: p.stat() for p in tmp_path.iterdir()}
        assert nnc("--fix", "good.nn", "bad.nn").exit_code == 1
        for name in ("good.nn", "bad.nn"):
            now = (tmp_path / name).stat()
            assert (now.st_ino, now.st_mtime_ns) == (before[name].st_ino, before[name].st_mtime_ns)

    def test_what_is_left_is_reported(self, nnc, tmp_path):
        done = nnc("--fix", "--format", "concise", "half.nn")
        assert done.exit_code == 1
        assert [line.split("[")[1][:5] for line in done.stdout.splitlines()] == ["NN201"]
        assert (tmp_path / "half.nn").read_text("utf-8") == HALF.replace("→", "->").replace(
            "Dense", "dense"
        ).replace("SoftMax", "softmax")

    def test_standard_input_is_printed(self, nnc):
        done = nnc("--fix", "-", input=FIXABLE)
        assert (done.exit_code, done.stdout) == (0, REPAIRED)
        assert "fixed <stdin>:1:11" in done.stderr
        done = nnc("--fix", "-", input=BAD)
        assert (done.exit_code, done.stdout) == (1, BAD)
        assert "error[NN201]" in done.stderr

    def test_line_ends_of_windows_stay(self, nnc, tmp_path):
        (tmp_path / "w.nn").write_bytes(FIXABLE.replace("\n", "\r\n").encode())
        assert nnc("--fix", "w.nn").exit_code == 0
        assert (tmp_path / "w.nn").read_bytes() == REPAIRED.replace("\n", "\r\n").encode()

    def test_only_named_files_are_written(self, nnc, tmp_path):
        (tmp_path / "lib.nn").write_text("let n = 5 → 3\n")
        (tmp_path / "a.nn").write_text('include "lib.nn"\ninput 4 → dense 3\nloss mse\n')
        nnc("--fix", "a.nn")
        assert (tmp_path / "lib.nn").read_text() == "let n = 5 → 3\n"
        assert "input 4 -> dense 3" in (tmp_path / "a.nn").read_text()

    def test_a_file_that_includes_itself(self, nnc, tmp_path):
        (tmp_path / "a.nn").write_text('include "a.nn"\ninput 4 → dense 3\nloss mse\n', "utf-8")
        done = nnc("--fix", "--format", "concise", "a.nn")
        assert done.exit_code == 1
        assert [line.split("[")[1][:5] for line in done.stdout.splitlines()] == ["NN503"]

    def test_a_file_that_cannot_be_written(self, nnc, monkeypatch):
        from nnc.cli import fix

        def refuse(*_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(fix, "write_text", refuse)
        done = nnc("--fix", "fixable.nn")
        assert done.exit_code == 1
        assert done.stderr == "error: cannot write fixable.nn: Permission denied\n"

    def test_what_is_left_is_told_with_the_reason(self, nnc, tmp_path):
        (tmp_path / "lib.nn").write_text("block b(n) = dense n → relu\n", "utf-8")
        text = 'include "lib.nn"\ninput 4 => dens 3 => Dense 2 ReLU -> b(3)\nloss mes\n'
        (tmp_path / "a.nn").write_text(text)
        done = nnc("--fix", "--format", "concise", "a.nn")
        assert done.stderr == (
            "fixed a.nn:2:9: NN014: write `->`\n"
            "fixed a.nn:2:19: NN014: write `->`\n"
            "fixed a.nn:2:22: NN101: write `dense 2 relu`\n"
            "left lib.nn:1:22: NN014: write `->` (the file is only included)\n"
            "left a.nn:2:12: NN101: write `dense` (may change the meaning)\n"
            "left a.nn:3:6: NN105: write `mse` (may change the meaning)\n"
            "3 left to decide by hand: `nnc lint a.nn` shows each in its place\n"
        )
        assert (tmp_path / "a.nn").read_text() == (
            'include "lib.nn"\ninput 4 -> dens 3 -> dense 2 relu -> b(3)\nloss mes\n'
        )
        again = nnc("--fix", "--format", "concise", "a.nn")
        assert again.stderr == done.stderr[done.stderr.index("left") :]
        assert (tmp_path / "a.nn").read_text().startswith('include "lib.nn"\ninput 4 -> dens 3')

    def test_a_missing_file_is_a_finding(self, nnc):
        done = nnc("--fix", "missing.nn", "fixable.nn")
        assert done.exit_code == 1
        assert "error[NN510]" in done.stdout
        assert "fixed fixable.nn" in done.stderr
