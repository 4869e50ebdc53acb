"""Which test files reach which lines, so that a mutant is judged by those that could see it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .sites import ROOT, SHARES, Mutant
from .worker import forked

NOT_PLAIN = ("tests/oracle/", "tests/mutation/")
"""Folders whose tests need more than the plain test command, or would run this again."""


STRONG = (
    "tests/test_ui.py",
    "tests/test_golden.py",
    "tests/test_loss_comments.py",
    "tests/unit/test_passes_keep_values.py",
    "tests/unit/test_contract_init.py",
    "tests/unit/test_cli_contents.py",
    "tests/test_recorded_answers.py",
    "tests/unit/test_op_gradients.py",
)
"""Test files that notice most faults, in the order in which they are asked before the others."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Seconds of each test file, and by source file and line the test files that run it."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def judges(self, mutant: Mutant) -> list[str]:
        """The test files that run the mutant's line: the strong ones, then the quickest first.

        A trace shows the first line of a statement, and of a template's text its first line, so
        the nearest line at or above the mutant's counts.
        """
        lines = self.lines.get(mutant.path, {})
        above = [line for line in lines if line <= mutant.line]
        found = lines[max(above)] if above else []
        return sorted(found, key=lambda test: (_weakness(test), self.seconds[test]))


def _weakness(test: str) -> int:
    return STRONG.index(test) if test in STRONG else len(STRONG)


def plain_test_files(root: Path = ROOT) -> list[str]:
    """The files of the plain test command."""
    files = sorted(p.relative_to(root).as_posix() for p in (root / "tests").rglob("test_*.py"))
    return [f for f in files if not f.startswith(NOT_PLAIN)]


def read_reach(path: Path) -> Reach:
    """The reach as written by `write_reach`."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    lines = {
        source: {int(n): [raw["tests"][i] for i in tests] for n, tests in by_line.items()}
        for source, by_line in raw["lines"].items()
    }
    return Reach(dict(zip(raw["tests"], raw["seconds"], strict=True)), lines)


def write_reach(path: Path, jobs: int) -> Reach:
    """Run each plain test file under coverage in a process of its own, and note what it reached."""
    files = plain_test_files()
    path.parent.mkdir(parents=True, exist_ok=True)
    traced = path.parent / "traced"
    traced.mkdir(exist_ok=True)
    results = forked(lambda f: _trace(f, _traced(traced, f)), files, jobs)
    for index in [
        i for i, result in enumerate(results) if result.code
    ]:  # again, with nothing beside
        (results[index],) = forked(lambda f: _trace(f, _traced(traced, f)), [files[index]], 1)
    lines: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    seconds = []
    for index, test in enumerate(files):
        if results[index].code != 0:
            sys.exit(f"{test} fails before anything is mutated:\n{results[index].tail}")
        seen = json.loads(_traced(traced, test).read_text())
        seconds.append(round(seen["seconds"], 2))
        for source, numbers in seen["lines"].items():
            for number in numbers:
                lines[source][number].append(index)
    path.write_text(json.dumps({"tests": files, "seconds": seconds, "lines": lines}))
    return read_reach(path)


def _traced(folder: Path, test: str) -> Path:
    """Where the trace of a test file is kept."""
    return folder / (test.replace("/", "-") + ".json")


def _trace(test: str, out: Path) -> int:
    """Run one test file under coverage and write what it reached; pytest's exit code."""
    import coverage
    import pytest

    folders = [str(ROOT / folder) for folder in SHARES]
    tracer = coverage.Coverage(data_file=None, source=folders, config_file=False)
    start = time.perf_counter()
    tracer.start()
    code = int(pytest.main([*PYTEST, test]))
    tracer.stop()
    took = time.perf_counter() - start
    data = tracer.get_data()
    lines = {
        os.path.relpath(f, ROOT): sorted(_template_lines(f, data.lines(f) or ()))
        for f in data.measured_files()
    }
    out.write_text(json.dumps({"seconds": took, "lines": lines}))
    return code


PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0")
"""How a test file is run, traced or mutated: in this process, to the first failure."""


def _template_lines(file: str, numbers: Iterable[int]) -> set[int]:
    """Lines of a template from those of the Python it was compiled to; others as they are."""
    if not file.endswith(".jinja"):
        return set(numbers)
    from nnc.targets.target import load_target

    environment = load_target(Path(file).parent.name).environment
    template = environment.get_template(Path(file).name)
    return {template.get_corresponding_lineno(n) for n in numbers}
