"""The command line: what each command prints, where, and with which exit code."""

from __future__ import annotations

import json
import re
import sys

import pytest
from click.testing import CliRunner
from nnc import driver
from nnc.cli import main
from nnc.cli.commands import app
from nnc.diagnostics.codes import CODES
from nnc.source import Source
from nnc.version import VERSION

GOOD = "input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy\n"
BAD = "input 784 -> dense 30 in=500 sigmoid -> dense 10 in=20 softmax; loss crossentropy\n"


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    """Runs a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*words, input=None):
        return runner.invoke(app, list(map(str, words)), input=input, catch_exceptions=False)

    return run


@pytest.fixture
def good(tmp_path):
    (tmp_path / "good.nn").write_text(GOOD)
    return "good.nn"


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "bad.nn").write_text(BAD)
    return "bad.nn"


class TestLint:
    def test_a_clean_spec_gives_no_findings(self, nnc, good):
        done = nnc("lint", good)
        assert (done.exit_code, done.output) == (0, "")

    def test_errors_are_counted_and_fail(self, nnc, bad):
        done = nnc("lint", bad)
        assert done.exit_code == 1
        assert done.stdout.count("error[NN201]") == 2
        assert done.stdout.endswith("\n2 errors in bad.nn\n")

    def test_several_files_are_checked(self, nnc, good, bad):
        done = nnc("lint", "--format", "concise", good, bad, bad)
        assert done.exit_code == 1
        assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["bad.nn"] * 4

    def test_json_is_one_array(self, nnc, good, bad):
        findings = json.loads(nnc("lint", "--format", "json", good, bad).stdout)
        assert [f["code"] for f in findings] == ["NN201", "NN201"]
        assert nnc("lint", "--format", "json", good).stdout == "[]\n"

    def test_standard_input(self, nnc):
        done = nnc("lint", "-", input=BAD)
        assert done.exit_code == 1
        assert "--> <stdin>:1:" in done.stdout

    def test_a_missing_file_is_a_finding_with_a_near_name(self, nnc, good):
        done = nnc("lint", "god.nn")
        assert done.exit_code == 1
        assert "error[NN510]: cannot read 'god.nn': no such file or directory" in done.stdout
        assert "did you mean 'good.nn'?" in done.stdout

    def test_text_that_is_not_utf8_is_shown(self, nnc, tmp_path):
        (tmp_path / "latin.nn").write_bytes(b"# fine\ninput 5 # caf\xe9\n")
        done = nnc("lint", "latin.nn")
        assert done.exit_code == 1
        assert "error[NN511]" in done.stdout
        assert " 2 | input 5 # caf\ufffd\n   |              ^ the byte 0xe9" in done.stdout

    def test_utf16_gets_a_hint_and_a_byte_order_mark_none(self, nnc, tmp_path):
        (tmp_path / "wide.nn").write_bytes(GOOD.encode("utf-16"))
        (tmp_path / "mark.nn").write_bytes("dens".encode("utf-8-sig"))
        assert "it looks like UTF-16" in nnc("lint", "wide.nn").stdout
        assert "^^^^" in nnc("lint", "mark.nn").stdout
        assert nnc("lint", "--format", "concise", "mark.nn").stdout.startswith("mark.nn:1:1: ")

    def test_a_huge_file_is_refused(self, nnc, tmp_path):
        (tmp_path / "huge.nn").write_text("#" * (2**20 + 1))
        done = nnc("lint", "huge.nn")
        assert done.exit_code == 1
        assert "error[NN512]" in done.stdout
        (tmp_path / "large.nn").write_text(GOOD + "#" * (2**20 - len(GOOD)))
        assert nnc("lint", "large.nn").exit_code == 0

    def test_line_ends_of_windows(self, nnc, tmp_path):
        (tmp_path / "w.nn").write_bytes(GOOD.replace("; ", "\r\n").replace("\n", "\r\n").encode())
        assert nnc("lint", "w.nn").exit_code == 0

    def test_includes_are_found_beside_the_spec(self, nnc, tmp_path):
        folder = tmp_path / "nets"
        folder.mkdir()
        (folder / "blocks.nn").write_text("block two(n) = dense n relu -> dense n relu\n")
        (folder / "a.nn").write_text(
            'include "blocks.nn"\ninput 5 -> two(4) -> dense 1; loss mse\n'
        )
        assert nnc("lint", "nets/a.nn").output == ""

    def test_wrong_use(self, nnc, good):
        assert nnc("lint").exit_code == 2
        assert nnc("lint", "--format", "xml", good).exit_code == 2

    def test_warnings_fail_only_under_strict(self, nnc, good, monkeypatch):
        monkeypatch.setattr(driver, "check", _with_a_warning(driver.check))
        assert nnc("lint", good).exit_code == 0
        assert "1 warning in good.nn" in nnc("lint", good).stdout
        assert nnc("lint", "--strict", good).exit_code == 1


def _with_a_warning(check):
    from nnc.diagnostics.model import Code, Severity

    code = Code("NN399", "odd", Severity.WARNING, "odd")

    def checked(source, load, max_memory):
        result = check(source, load, max_memory)
        result.report.add(code.at(source.span(0, 5), "this is odd"))
        return result

    return checked


class TestColours:
    def test_a_terminal_gets_colours_and_the_same_text(self, monkeypatch):
        from io import StringIO

        from nnc.cli import terminal

        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

        class Screen(StringIO):
            def isatty(self):
                return True

        source = Source("bad.nn", BAD)
        found = list(driver.check(source).report)
        plain, coloured = StringIO(), Screen()
        for stream in (plain, coloured):
            terminal.show(found, terminal.Format.TEXT, stream)
        assert "\x1b[" not in plain.getvalue()
        assert "\x1b[1;31merror[\x1b[0m" in coloured.getvalue()  # the code itself is a link
        bare = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", coloured.getvalue())
        assert bare == plain.getvalue()


class TestExplain:
    def test_a_page(self, nnc):
        done = nnc("explain", "nn510")
        assert done.exit_code == 0
        assert done.stdout.startswith("# NN510: ")

    def test_by_name(self, nnc):
        assert nnc("explain", "spec-unreadable").stdout == nnc("explain", "NN510").stdout

    def test_the_list(self, nnc):
        lines = nnc("explain").stdout.splitlines()
        codes = [line for line in lines if line.startswith("NN")]
        others = lines[len(codes) :]
        assert lines == sorted(codes) + sorted(others)
        assert "NN510  error    a spec cannot be read" in codes
        assert any(line.startswith("missing-mean") for line in others)

    def test_a_mistake_in_a_gradient(self, nnc):
        done = nnc("explain", "Missing_Mean")
        assert done.exit_code == 0
        assert done.stdout.startswith("# missing-mean: the division by the number of rows")
        assert "```python\ndW = X.T @ dZ\n```" in done.stdout
        assert "did you mean missing-mean?" in nnc("explain", "mising-mean").stderr

    def test_every_mistake_has_a_page(self, nnc):
        from nnc.doctor.hypotheses import HYPOTHESES

        for slug, entry in HYPOTHESES.items():
            text = nnc("explain", slug).stdout
            assert text.startswith(f"# {slug}: {entry.title}\n")
            assert " ".join(entry.page.split()) in " ".join(text.split())

    def test_an_unknown_code(self, nnc):
        done = nnc("explain", "NN5100")
        assert done.exit_code == 2
        assert "did you mean NN510?" in done.stderr


class TestCompile:
    def test_to_standard_output(self, nnc, good):
        done = nnc("compile", good)
        assert done.exit_code == 0
        assert "def backward(" in done.stdout
        compile(done.stdout, "model.py", "exec")

    def test_to_a_file_and_from_text(self, nnc, tmp_path):
        (tmp_path / "model.nn").write_text(GOOD)
        assert nnc("compile", "model.nn", "-o", "model.py").output == ""
        text = (tmp_path / "model.py").read_text()
        assert nnc("compile", "-c", GOOD).stdout == text
        assert nnc("compile", "-", input=GOOD).stdout == text
        assert not list(tmp_path.glob(".*"))

    def test_levels(self, nnc, good):
        textbook, fast = (nnc("compile", level, good).stdout for level in ("-O0", "-O1"))
        assert textbook != fast == nnc("compile", good).stdout
        assert nnc("compile", "-O2", good).exit_code == 2

    def test_errors_leave_the_old_file(self, nnc, bad, tmp_path):
        (tmp_path / "model.py").write_text("old")
        done = nnc("compile", bad, "-o", "model.py")
        assert done.exit_code == 1
        assert done.stdout == ""
        assert "2 errors in bad.nn" in done.stderr
        assert (tmp_path / "model.py").read_text() == "old"

    def test_a_library_has_nothing_to_build(self, nnc, tmp_path):
        (tmp_path / "lib.nn").write_text("let n = 5\n")
        done = nnc("compile", "lib.nn")
        assert done.exit_code == 1
        assert "no chain" in done.stderr

    @pytest.mark.parametrize("output", ["good.nn", "./good.nn", ".", "nowhere/model.py"])
    def test_an_output_that_cannot_be_meant(self, nnc, good, tmp_path, output):
        assert nnc("compile", good, "-o", output).exit_code == 2
        assert (tmp_path / "good.nn").read_text() == GOOD

    def test_included_files_are_not_overwritten(self, nnc, tmp_path):
        (tmp_path / "lib.nn").write_text("let n = 5\n")
        (tmp_path / "a.nn").write_text('include "lib.nn"\ninput n -> dense n; loss mse\n')
        assert nnc("compile", "a.nn", "-o", "lib.nn").exit_code == 2
        assert (tmp_path / "lib.nn").read_text() == "let n = 5\n"

    def test_a_link_is_followed_and_rights_are_kept(self, nnc, good, tmp_path):
        target, link = tmp_path / "real.py", tmp_path / "link.py"
        target.write_text("old")
        target.chmod(0o640)
        link.symlink_to(target)
        assert nnc("compile", good, "-o", "link.py").exit_code == 0
        assert link.is_symlink()
        assert target.stat().st_mode & 0o777 == 0o640
        assert "def forward" in target.read_text()

    def test_dump_after_a_pass(self, nnc, good):
        done = nnc("compile", good, "--dump-after", "eliminate-dead-code")
        assert done.exit_code == 0
        assert "matmul" in done.stdout
        assert "def forward" not in done.stdout

    def test_dump_after_a_pass_of_another_function(self, nnc, good):
        done = nnc("compile", good, "--dump-after", "predict:simplify")
        assert done.exit_code == 0
        assert "out:y" in done.stdout
        assert "grad:" not in done.stdout

    def test_dump_program(self, nnc, good):
        done = nnc("compile", good, "--dump-program")
        assert done.exit_code == 0
        assert "function training" in done.stdout
        assert "function predict" in done.stdout
        assert "def forward" not in done.stdout

    def test_without_an_optimisation(self, nnc, good):
        less = nnc("compile", good, "--without", "in-place", "--without", "layout")
        assert less.exit_code == 0
        assert less.stdout != nnc("compile", good).stdout

    def test_unknown_pass_target_and_function(self, nnc, good):
        for words in (
            ["--dump-after", "x"],
            ["--target", "x"],
            ["--emit", "x"],
            ["--without", "x"],
        ):
            assert nnc("compile", good, *words).exit_code == 2

    def test_neither_or_both_spec_and_text(self, nnc, good):
        assert nnc("compile").exit_code == 2
        assert nnc("compile", good, "-c", GOOD).exit_code == 2


class TestSummary:
    def test_table(self, nnc, good):
        done = nnc("summary", good, "--batch", 10)
        assert done.exit_code == 0
        assert "dense 30 sigmoid" in done.stdout
        assert "parameters   23,860 (95.4 kB in float32)" in done.stdout
        assert "activations  33.0 kB for a batch of 10" in done.stdout

    def test_json(self, nnc, good):
        result = json.loads(nnc("summary", "--format", "json", good).stdout)
        assert [layer["parameters"] for layer in result["layers"]] == [0, 23550, 310]
        assert result["totals"]["parameter_bytes"] == result["totals"]["gradient_bytes"] == 95440
        assert result["totals"]["activation_bytes"] == 32 * 4 * (784 + 30 + 10)
        first = result["layers"][1]["flops_per_row"]
        assert first > 30 * (2 * 784 + 1)
        assert result["totals"]["flops_per_row"] > first

    def test_symbolic_sizes_stay_symbolic(self, nnc):
        spec = "dtype float64; input Tx8 -> dense 4"
        result = json.loads(nnc("summary", "--format", "json", "-c", spec).stdout)
        assert result["totals"]["activation_bytes"] == f"{32 * 8 * 12}*T"
        assert (
            "T*" in nnc("summary", "-c", spec).stdout or "*T" in nnc("summary", "-c", spec).stdout
        )

    def test_shared_parameters_count_once(self, nnc):
        spec = (
            "input 4 as a -> dense 4 as enc; input 4 as b -> use enc as other; [enc, other] -> dot"
        )
        result = json.loads(nnc("summary", "--format", "json", "-c", spec).stdout)
        assert result["totals"]["parameters"] == 20
        assert [la["shares"] for la in result["layers"] if la["shares"]] == ["enc"]

    def test_views_take_no_memory(self, nnc):
        spec = "input 2x3 -> flatten -> dense 1"
        result = json.loads(nnc("summary", "--batch", 1, "--format", "json", "-c", spec).stdout)
        assert result["totals"]["activation_bytes"] == 4 * (6 + 1)


class TestGraph:
    def test_mermaid(self, nnc, good):
        assert nnc("graph", good).stdout.startswith("flowchart TD\n")

    def test_svg_to_a_file(self, nnc, good, tmp_path):
        assert nnc("graph", "--format", "svg", good, "-o", "a.svg").output == ""
        assert (tmp_path / "a.svg").read_text().startswith("<svg ")

    @pytest.mark.parametrize(
        ("format", "start"), [("dot", "digraph"), ("graphml", "<?xml"), ("json", "{")]
    )
    def test_text_for_other_programs(self, nnc, good, format, start):
        assert nnc("graph", "--format", format, good).stdout.startswith(start)

    def test_the_name_of_the_file_is_the_title(self, nnc, tmp_path):
        (tmp_path / 'a<b"\x07.nn').write_text(GOOD)
        assert (
            "<title>a&lt;b&quot;?</title>" in nnc("graph", "--format", "svg", 'a<b"\x07.nn').stdout
        )

    def test_errors(self, nnc, bad):
        assert nnc("graph", bad).exit_code == 1


class TestLayers:
    @pytest.mark.parametrize("word", ["dense", "linear", "relu", "mse", "sgd"])
    def test_an_entry(self, nnc, word):
        assert nnc("layers", word).stdout.startswith("### ")

    def test_facts_of_the_example(self, nnc):
        text = nnc("layers", "dense").stdout
        assert "* shapes: x 784 -> dense1 30 -> dense2 10" in text
        assert "`dense1.W` 784x30" in text
        assert "| `units` | whole number ≥ 1 | required |" in text

    def test_the_list_has_every_kind(self, nnc):
        from nnc.layers import LAYERS
        from nnc.losses import LOSSES
        from nnc.optimizers import OPTIMIZERS

        listed = {line.split()[0] for line in nnc("layers").stdout.splitlines() if line}
        assert {k.word for k in LAYERS.values()} | {*LOSSES, *OPTIMIZERS} <= listed

    def test_a_word_for_two_kinds_shows_both(self, nnc):
        shown = nnc("layers", "mean").stdout
        assert "Takes the mean of all branches" in shown
        assert "Takes the mean along an axis" in shown

    def test_an_unknown_kind(self, nnc):
        done = nnc("layers", "densee")
        assert done.exit_code == 2
        assert "did you mean dense?" in done.output

    def test_inits(self, nnc):
        assert "| `normal(std)` |" in nnc("layers", "kaiming").stdout

    def test_a_schedule_and_an_initialisation_of_one_name(self, nnc):
        shown = nnc("layers", "constant").stdout
        assert "after a warm-up" in shown
        assert "| `constant(v)` |" in shown


class TestTrain:
    SPEC = "input 4 -> dense 8 tanh -> dense 3 softmax; loss crossentropy; optimizer sgd lr=0.1"

    @pytest.fixture
    def data(self, tmp_path):
        import numpy as np

        rng = np.random.default_rng(0)
        x = rng.normal(size=(90, 4))
        np.savez(tmp_path / "data.npz", x=x, y=x[:, :3].argmax(axis=1))
        return "data.npz"

    def test_reports_epochs_and_saves_parameters(self, nnc, data, tmp_path):
        import numpy as np

        words = ["--data", data, "--epochs", 2, "--test-fraction", 0.2, "-o", "p.npz"]
        done = nnc("train", "-c", self.SPEC, *words)
        assert done.exit_code == 0, done.output
        epochs = [line for line in done.stdout.splitlines() if line.startswith("epoch")]
        assert len(epochs) == 2
        assert "test" in epochs[0]
        assert "parameters saved to p.npz" in done.stdout
        assert "dense1.W" in np.load(tmp_path / "p.npz")

    def test_bad_data_is_told_without_a_traceback(self, nnc):
        done = nnc("train", "-c", self.SPEC, "--data", "nowhere.npz")
        assert done.exit_code == 1
        assert done.stderr.startswith("error: nowhere.npz: ")

    def test_a_spec_without_a_loss(self, nnc, data):
        done = nnc("train", "-c", "input 4 -> dense 3", "--data", data)
        assert done.exit_code == 1
        assert "no loss" in done.stderr

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--lr", "-1"], "above 0"),
            (["--lr", "nan"], "above 0"),
            (["--test-fraction", "2"], "between 0 and 1"),
            (["--target", "kind"], "no table"),
            (["-o", "data.npz"], "the data that is being read"),
        ],
    )
    def test_wrong_use(self, nnc, data, tmp_path, words, said):
        before = (tmp_path / data).read_bytes()
        done = nnc("train", "-c", self.SPEC, "--data", data, *words)
        assert done.exit_code == 2
        assert said in done.stderr
        assert (tmp_path / data).read_bytes() == before

    def test_no_learning_rate(self, nnc, data):
        spec = "input 4 -> dense 3 softmax; loss crossentropy"
        done = nnc("train", "-c", spec, "--data", data)
        assert done.exit_code == 1
        assert "--lr 0.1" in done.stderr
        assert nnc("train", "-c", spec, "--data", data, "--lr", 0.1, "--epochs", 1).exit_code == 0

    def test_faults_of_the_test_set_are_named_after_it(self, nnc, data, tmp_path):
        import numpy as np

        np.savez(tmp_path / "narrow.npz", x=np.zeros((5, 3)), y=np.zeros(5, int))
        np.savez(tmp_path / "classes.npz", x=np.zeros((5, 4)), y=np.full(5, 7))
        for name, said in (("narrow", "`x` has rows of shape (3,)"), ("classes", "0..2")):
            done = nnc("train", "-c", self.SPEC, "--data", data, "--test", f"{name}.npz")
            assert done.exit_code == 1
            assert done.stderr.startswith(f"error: {name}.npz: ")
            assert said in done.stderr

    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            ([], ["1", "2", "3", "4", "5"]),
            (["--every", 2], ["2", "4", "5"]),
            (["--every", 5], ["5"]),
            (["--every", 9], ["5"]),
            (["--quiet"], ["5"]),
            (["-q", "--every", 2], ["5"]),
        ],
    )
    def test_epochs_are_told_as_often_as_asked(self, nnc, data, words, numbers):
        done = nnc("train", "-c", self.SPEC, "--data", data, "--epochs", 5, *words)
        assert done.exit_code == 0
        assert [line.split()[1] for line in done.stdout.splitlines()] == numbers
        assert done.stderr == ""

    def test_quiet_says_one_line_and_warnings(self, nnc, data, tmp_path):
        import numpy as np

        arrays = np.load(tmp_path / data)
        np.savez(tmp_path / "large.npz", x=arrays["x"] * 1000, y=arrays["y"])
        words = ["--data", "large.npz", "--epochs", 3, "-o", "p.npz", "-q"]
        done = nnc("train", "-c", self.SPEC.replace("sgd lr=0.1", "adam lr=0.001"), *words)
        assert done.exit_code == 0, done.output
        assert len(done.stdout.splitlines()) == 1
        assert done.stderr.startswith("warning: `x` of large.npz is not scaled")
        assert len(done.stderr.splitlines()) == 1
        assert (tmp_path / "p.npz").exists()

    def test_an_interrupt_tells_the_last_whole_epoch(self, nnc, data, monkeypatch):
        from nnc.runtime.session import Session

        whole = Session.batches

        def batches(session, order):
            if session.position.epoch == 3:
                raise KeyboardInterrupt
            whole(session, order)

        monkeypatch.setattr(Session, "batches", batches)
        done = nnc("train", "-c", self.SPEC, "--data", data, "--every", 2)
        assert done.exit_code == 130
        assert [line.split()[1] for line in done.stdout.splitlines()] == ["2", "3"]

    DIVERGING = "input 4 -> dense 1; loss mse; optimizer sgd lr=1.5"

    @pytest.fixture
    def numbers(self, tmp_path):
        import numpy as np

        x = np.random.default_rng(0).normal(size=(256, 4))
        np.savez(tmp_path / "numbers.npz", x=x, y=x @ [1, 2, -3, 4])
        return "numbers.npz"

    def test_divergence_fails_and_saves_no_bad_weights(self, nnc, numbers, tmp_path):
        words = ["--data", numbers, "--epochs", 8, "-o", "p.npz"]
        done = nnc("train", "-c", self.DIVERGING, *words)
        assert done.exit_code == 1
        assert done.stderr.startswith("error: the loss rose to ")
        assert "training diverged" in done.stderr
        assert "there are no good weights" in done.stderr
        assert "saved" not in done.stdout
        assert not (tmp_path / "p.npz").exists()

    def test_divergence_may_be_allowed(self, nnc, numbers, tmp_path):
        words = ["--data", numbers, "--epochs", 3, "-o", "p.npz", "--allow-divergence"]
        done = nnc("train", "-c", self.DIVERGING, *words)
        assert done.exit_code == 0
        assert len([line for line in done.stdout.splitlines() if line.startswith("epoch")]) == 3
        assert "warning: the loss rose to" in done.stderr
        assert (tmp_path / "p.npz").exists()

    def test_divergence_saves_the_last_good_weights(self, nnc, numbers, tmp_path, monkeypatch):
        import numpy as np
        from nnc.runtime.session import Session

        whole, kept = Session.batches, []

        def batches(session, order):
            whole(session, order)
            kept.append({name: array.copy() for name, array in session.params.items()})
            if len(kept) == 3:
                session.params["dense1.W"] += 1e9
                session.position.total = 1e18 * session.rows

        monkeypatch.setattr(Session, "batches", batches)
        spec = self.DIVERGING.replace("1.5", "0.01")
        done = nnc("train", "-c", spec, "--data", numbers, "--epochs", 9, "-o", "p.npz")
        assert done.exit_code == 1
        assert "The weights of epoch 2 are kept, the last good ones" in done.stderr
        assert np.array_equal(np.load(tmp_path / "p.npz")["dense1.W"], kept[1]["dense1.W"])

    def test_a_test_table_with_swapped_columns_scores_the_same(self, nnc, tmp_path):
        import numpy as np

        rng = np.random.default_rng(0)
        x = rng.normal(size=(120, 4)) * [1, 2, 3, 4]
        y = (x @ [1, -1, 1, -0.5] > 0).astype(int)
        for name, order in (("a", "abcd"), ("b", "dbca")):
            columns = [x[:, "abcd".index(c)] for c in order] + [y]
            lines = [",".join([*order, "kind"])]
            lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
            (tmp_path / f"{name}.csv").write_text("\n".join(lines))
        words = ["--epochs", 30, "--quiet", "--data", "a.csv", "--test"]
        same, swapped = (nnc("train", "-c", self.SPEC, *words, t) for t in ("a.csv", "b.csv"))
        (train,), (test,) = [
            [line.partition("test")[2] for line in done.stdout.splitlines()]
            for done in (same, swapped)
        ]
        assert train == test
        assert swapped.stderr == ""

    def test_targets_out_of_reach_are_warned_of(self, nnc, numbers):
        spec = "input 4 -> dense 1 tanh; loss mse; optimizer sgd lr=0.01"
        done = nnc("train", "-c", spec, "--data", numbers, "--epochs", 1)
        assert done.exit_code == 0
        assert done.stderr.startswith("warning: `target` of numbers.npz goes from -")
        assert "the output ends in tanh, from -1 to 1" in done.stderr

    def test_an_interrupt_keeps_the_weights(self, nnc, data, tmp_path, monkeypatch):
        from nnc.runtime.session import Session

        def interrupted(*args, **keywords):
            raise KeyboardInterrupt

        monkeypatch.setattr(Session, "scores", interrupted)
        done = nnc("train", "-c", self.SPEC, "--data", data, "-o", "p.npz")
        assert done.exit_code == 130
        assert (tmp_path / "p.npz").exists()


class TestMain:
    def test_version(self, nnc):
        assert nnc("version").stdout == nnc("--version").stdout == f"nnc {VERSION}\n"

    def test_help_of_every_command_has_an_example(self, nnc):
        for name in app.commands:
            text = nnc(name, "--help").stdout
            assert name == "version" or f"nnc {name}" in text.partition("Examples")[2]

    def test_codes_and_kinds_in_examples_exist(self, nnc):
        for name in app.commands:
            examples = nnc(name, "--help").stdout
            for words in re.findall(r"nnc ((?:explain|layers) \w+) *$", examples, re.M):
                assert nnc(*words.split()).exit_code == 0, words
            for code in set(re.findall(r"NN\d{3}", examples)):
                assert code in CODES

    def test_examples_that_hold_a_spec_stay_on_one_line(self, nnc):
        shown = [nnc("--help").stdout, nnc("compile", "--help").stdout]
        assert all(re.search(r"-c 'input 4 -> .*; loss crossentropy'", text) for text in shown)

    def test_a_fault_of_nnc_itself_asks_for_a_report(self, good, tmp_path, monkeypatch, capsys):
        def broken(*_):
            raise AssertionError("out of ideas")

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(driver, "check", broken)
        monkeypatch.setattr(sys, "argv", ["nnc", "lint", good])
        with pytest.raises(SystemExit) as exit:
            main.run()
        shown = capsys.readouterr().err
        assert exit.value.code == 101
        assert "internal error: AssertionError: out of ideas" in shown
        assert "Please report it" in shown
        assert "Traceback" not in shown

    def test_the_traceback_is_there_for_those_who_ask(self, good, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(driver, "check", lambda *_: 1 / 0)
        monkeypatch.setattr(sys, "argv", ["nnc", "lint", good])
        monkeypatch.setenv("NNC_TRACEBACK", "1")
        with pytest.raises(SystemExit):
            main.run()
        assert "Traceback" in capsys.readouterr().err


def test_the_reference_in_docs_is_up_to_date(nnc, golden, request):
    path = request.config.rootpath / "docs" / "layers.md"
    golden(path, nnc("layers", "--markdown").stdout)


class TestTables:
    """`nnc train` on tables with words, gaps and weights of rows."""

    SPEC = "input 3 -> dense 3 softmax; loss crossentropy; optimizer adam"
    TABLE = "width,colour,kind,w\n1.5,red,a,1\n,blue,b,1\n3,red,c,2\n4,blue,c,1\n"

    @pytest.fixture(autouse=True)
    def table(self, tmp_path):
        pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
        (tmp_path / "d.csv").write_text(self.TABLE)

    def test_words_gaps_and_columns(self, nnc):
        words = ["--data", "d.csv", "--features", "width,colour", "--target", "kind"]
        done = nnc("train", "-c", self.SPEC, *words, "--missing", "DROP", "--epochs", 1)
        assert done.exit_code == 0, done.output
        assert done.stderr == "warning: d.csv: 1 of 4 rows have gaps and are left out\n"
        assert "accuracy" in done.stdout
        done = nnc("train", "-c", self.SPEC, *words)
        assert done.exit_code == 1
        assert done.stderr.startswith("error: d.csv, line 3, column 1 (`width`): the cell is empty")
        assert done.stderr.count("\n") == 1

    def test_the_suffixes_of_tables_are_those_of_the_runtime(self):
        from nnc.cli.data_options import TABLES
        from nnc.runtime.tables.table import SUFFIXES

        assert TABLES == SUFFIXES
