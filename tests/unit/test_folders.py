"""`nnc lint .` and `nnc fmt .`: the selection of a folder's files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.cli.folders import found_in

SPEC = "input 4 -> dense 3; loss mse\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Writes files, each a spec unless told otherwise, into a folder that is worked in."""
    monkeypatch.chdir(tmp_path)

    def write(*paths: str, **others: str) -> None:
        for path, text in [*((p, SPEC) for p in paths), *others.items()]:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    return write


def ignore(text: str, folder: str = ".") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / ".gitignore").write_text(text)


def test_every_spec_is_found_in_order(tree):
    tree("b.nn", "a.nn", "sub/c.nn", "sub/deep/d.nn", "sub/readme.md", "a.nn.bak")
    assert found_in(["."]) == ["a.nn", "b.nn", "sub/c.nn", "sub/deep/d.nn"]
    assert found_in(["sub", "a.nn"]) == ["sub/c.nn", "sub/deep/d.nn", "a.nn"]
    assert found_in([str(Path.cwd() / "sub")])[0] == str(Path.cwd() / "sub" / "c.nn")


def test_hidden_folders_and_environments_are_passed_over(tree):
    tree("a.nn", ".cache/b.nn", ".venv/c.nn", "env/lib/d.nn", "env/pyvenv.cfg", ".hidden.nn")
    assert found_in(["."]) == ["a.nn"]
    assert found_in([".cache"]) == [".cache/b.nn"]


def test_what_is_named_twice_is_checked_once(tree):
    tree("a.nn", "sub/b.nn")
    assert found_in([".", "sub", "a.nn"]) == ["sub/b.nn", "a.nn"]
    assert found_in(["a.nn", "a.nn"]) == ["a.nn", "a.nn"]


RULES = {
    "names": ("b.nn\n", ["a.nn", "sub/c.nn"]),
    "at the top only": ("/b.nn\n", ["a.nn", "sub/b.nn", "sub/c.nn"]),
    "folders": ("sub/\n", ["a.nn", "b.nn"]),
    "stars": ("**/c.nn\n[ab].nn\n", []),
    "but not": ("*.nn\n!a.nn\n", ["a.nn"]),
    "nothing below an ignored folder": ("sub/\n!sub/c.nn\n", ["a.nn", "b.nn"]),
    "comments, blanks, nonsense": ("# a.nn\n\n\\#\n!\n   \nb.nn  \n", ["a.nn", "sub/c.nn"]),
}


@pytest.mark.parametrize(("rules", "left"), RULES.values(), ids=RULES)
def test_gitignore_is_obeyed_as_git_does(tree, rules, left):
    tree("a.nn", "b.nn", "sub/b.nn", "sub/c.nn")
    ignore(rules)
    if left:
        assert found_in(["."]) == left
    else:
        with pytest.raises(click.UsageError):
            found_in(["."])
    if shutil.which("git"):
        subprocess.run(["git", "init", "-q"], check=True)
        others = ["git", "ls-files", "--others", "--exclude-standard", "*.nn"]
        said = subprocess.run(others, capture_output=True, text=True, check=True).stdout
        assert sorted(said.split()) == left


def test_a_nearer_file_wins(tree):
    tree("a.nn", "sub/a.nn", "sub/b.nn")
    ignore("a.nn\n")
    ignore("!a.nn\nb.nn\n", "sub")
    assert found_in(["."]) == ["sub/a.nn"]


def test_rules_above_the_folder_hold_within_a_repository(tree):
    tree("one/a.nn", "one/b.nn", "build/c.nn")
    ignore("b.nn\nbuild/\n")
    assert found_in(["one"]) == ["one/a.nn", "one/b.nn"]
    Path(".git/info").mkdir(parents=True)
    assert found_in(["one"]) == ["one/a.nn"]
    assert found_in(["build"]) == ["build/c.nn"]  # asked for by name
    Path(".git/info/exclude").write_text("a.nn\n")
    Path("one/d.nn").write_text(SPEC)
    assert found_in(["one"]) == ["one/d.nn"]


def test_links_do_not_lead_in_circles(tree):
    tree("a.nn", "sub/b.nn")
    Path("sub/up").symlink_to(Path.cwd(), target_is_directory=True)
    Path("same.nn").symlink_to("a.nn")
    assert found_in(["."]) == ["a.nn", "sub/b.nn"]


def test_a_folder_without_specs_is_told(tree):
    tree("sub/readme.md", "a.nn")
    done = CliRunner().invoke(app, ["lint", "a.nn", "sub"])
    assert done.exit_code == 2
    assert done.stderr == "error: there is no .nn file in 'sub' that git does not ignore\n"
    assert CliRunner().invoke(app, ["fmt", "--check", "sub"]).exit_code == 2


def test_lint_and_fmt_take_folders(tree):
    tree("models/a.nn", "models/b.nn")
    Path("models/c.nn").write_text("input 4 -> dens 3\n")
    done = CliRunner().invoke(app, ["lint", "--format", "concise", "models"])
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["models/c.nn"]
    Path("models/c.nn").write_text("input 4->dense 3\n")
    done = CliRunner().invoke(app, ["fmt", "."])
    assert (done.exit_code, done.stderr) == (0, "reformatted models/c.nn\n")


def test_a_folder_is_not_proposed_in_its_own_place(tree):
    tree("models.nn/a.nn")
    done = CliRunner().invoke(app, ["compile", "models.nn"])
    assert done.exit_code == 1
    assert "did you mean" not in done.stderr
