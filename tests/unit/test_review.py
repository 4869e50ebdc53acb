"""What runs in other people's repositories: the pre-commit hooks and the GitHub action."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nnc.diagnostics.render import render_concise
from nnc.driver import check
from nnc.source import Source

ROOT = Path(__file__).parents[2]
GOOD = "input 4 -> dense 3 softmax\nloss crossentropy\noptimizer sgd lr=0.1\ntrain batch=8\n"
BAD = GOOD.replace("dense", "dens")

yaml = pytest.importorskip("yaml", reason="PyYAML, which pre-commit brings, is missing")
pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is missing")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository on whose path `nnc` is this one."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "nnc").write_text(f'#!/bin/sh\nexec {sys.executable} -m nnc "$@"\n')
    (tools / "nnc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "a")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    place = tmp_path / "repository"
    place.mkdir()
    run("git init --quiet --initial-branch main", place)
    return place


def run(command: str, place: Path, fails: bool = False) -> str:
    done = subprocess.run(
        command.split(" "), cwd=place, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_hooks_check_and_format_what_is_committed(repository):
    """The hooks of the file, but with nnc as it is installed here instead of a new environment."""
    pytest.importorskip("pre_commit", reason="pre-commit is missing")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["language"] for hook in hooks] == ["python", "python"]
    here = [{**hook, "language": "system"} for hook in hooks]
    config = {"repos": [{"repo": "local", "hooks": here}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (repository / "a.nn").write_text(BAD)
    (repository / "notes.txt").write_text("input 4 -> dens 3\n")
    run("git add .", repository)
    hook = f"{sys.executable} -m pre_commit run"
    told = run(hook, repository, fails=True)
    assert "error[NN101]" in told
    assert "notes.txt" not in told
    (repository / "a.nn").write_text(GOOD.replace(" -> ", "->"))
    run("git add .", repository)
    assert "files were modified by this hook" in run(hook, repository, fails=True)
    assert (repository / "a.nn").read_text() == GOOD
    run("git add .", repository)
    assert run(hook, repository).count("Passed") == 2


def test_the_summary_tells_what_each_changed_spec_does(repository):
    for name in ("changed", "gone", "same", "broken"):
        (repository / f"{name} é.nn").write_text(GOOD)
    run("git add .", repository)
    run("git commit --quiet -m first", repository)
    (repository / "changed é.nn").write_text(GOOD.replace("dense 3", "dense 5"))
    (repository / "broken é.nn").write_text(BAD)
    (repository / "gone é.nn").unlink()
    (repository / "new é.nn").write_text(GOOD)
    run("git add .", repository)
    told = run(f"bash {ROOT}/.github/summary.sh HEAD", repository)
    parts = {part.partition("\n")[0]: part for part in told.split("### ")[1:]}
    assert sorted(parts) == [f"`{name} é.nn`" for name in ("broken", "changed", "gone", "new")]
    assert "`dense 3 softmax` → `dense 5 softmax`" in parts["`changed é.nn`"]
    assert "has errors" in parts["`broken é.nn`"]
    assert "removed" in parts["`gone é.nn`"]
    assert "A new spec" in parts["`new é.nn`"]


def test_the_action_names_commands_options_and_files_that_exist(repository):
    """Its steps run as they stand, except for those of other actions and the installation."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (repository / "a.nn").write_text(BAD)
    steps = {step["name"]: step for step in action["runs"]["steps"]}
    inputs = {name: given["default"] for name, given in action["inputs"].items()}
    for step in steps.values():
        assert set(re.findall(r"inputs\.(\w+)", str(step))) <= set(inputs)
    for name in re.findall(r"GITHUB_ACTION_PATH/([\w./-]+)", str(steps)):
        assert (ROOT / name).is_file()
    environment = {**os.environ, "NNC_SPECS": "a.nn", "NNC_STRICT": "false"}

    def step(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", steps[name]["run"]],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    failed = step("Check")
    assert failed.returncode == 1
    assert failed.stdout.startswith("a.nn:1:12: error[NN101]")
    assert step("Write SARIF").returncode == 0
    assert json.loads((repository / "nnc.sarif").read_text())["runs"][0]["results"]
    (repository / "a.nn").write_text(GOOD.replace("train batch=8\n", "let n = 3\n"))
    assert step("Check").returncode == 0
    environment["NNC_STRICT"] = "true"
    assert step("Check").returncode == 1  # an unused let is a warning


@pytest.mark.parametrize("text", [BAD, GOOD + "let n = 3\n", "input 28x28 -> conv 4 3\n"])
def test_the_problem_matcher_reads_concise_findings(text):
    matcher = json.loads((ROOT / ".github" / "nnc-matcher.json").read_text())
    (pattern,) = matcher["problemMatcher"][0]["pattern"]
    found = list(check(Source("models/a b.nn", text)).report)
    assert found
    for diagnostic in found:
        match = re.match(pattern["regexp"], render_concise(diagnostic).rstrip("\n"))
        assert match is not None
        assert match[pattern["file"]] == "models/a b.nn"
        assert int(match[pattern["line"]]) == diagnostic.span.line
        assert match[pattern["severity"]] == diagnostic.code.severity.value
        assert match[pattern["code"]] == diagnostic.code.id
        assert match[pattern["message"]] == diagnostic.message
