"""The mutation tool: the faults that it plants, their positions, and its verdicts."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest

from tests.mutation.judge import Case, Fate, mutated_tree, verdict
from tests.mutation.python_faults import python_mutants
from tests.mutation.reach import Reach
from tests.mutation.sites import ROOT, SHARES, Mutant, all_mutants, draw
from tests.mutation.template_faults import template_mutants
from tests.mutation.worker import TIMED_OUT, Result


@cache
def everything() -> list[Mutant]:
    return all_mutants()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = b < c", "a = b <= c"),
        ("a = (b) - (c)", "a = (b) + (c)"),
        ("a = f(b) and not c", "a = f(b) or not c"),
        ("a = f(b) and not c", "a = f(b) and c"),
        ("a = -b", "a = b"),
        ("a = x[1:]", "a = x[2:]"),
        ("if a:\n    raise ValueError(1)", "if False:\n    raise ValueError(1)"),
        ("a = b if c else d", "a = b if not (c) else d"),
        ("def f():\n    a.append(b)", "def f():\n    pass"),
        ("a = np.dot(x, y)", "a = np.dot(y, x)"),
        ("é = 'é' if a == 2 else b", "é = 'é' if a != 2 else b"),
    ],
)
def test_python_faults(before: str, after: str) -> None:
    assert after in {m.apply(before) for m in python_mutants("a.py", before)}


def test_messages_and_registrations_are_left_alone() -> None:
    text = 'op(OpDef("a"))\nraise ValueError(f"{1 + 2}")\nassert a < 1\nx: tuple[3] = "4"\n'
    assert list(python_mutants("a.py", text)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("z = np.maximum(x, 0)", "z = np.minimum(x, 0)"),
        ("z = x * {{ n }} + 1", "z = x + {{ n }} + 1"),
        ("a += b", "a -= b"),
        ("{% if level == 1 %}", "{% if level != 1 %}"),
        ("{% if level == 1 %}", "{% if level == 2 %}"),
        ("d = (-x)", "d = (x)"),
        ("if n < 2:\n    raise ValueError(n)\n", "if False:\n    raise ValueError(n)\n"),
    ],
)
def test_template_faults(before: str, after: str) -> None:
    assert after in {m.apply(before) for m in template_mutants("a.jinja", before)}


def test_words_of_a_template_are_left_alone() -> None:
    text = '{# 1 + 2 #}\n"""At 1 and 2 - 3."""\nf("a + 1")\n# dx = 2 * x\n'
    assert list(template_mutants("a.jinja", text)) == []


def test_every_mutant_of_the_compiler_is_still_python() -> None:
    in_python = [m for m in everything() if m.path.endswith(".py")]
    for mutant in draw(in_python, 200, seed=0):
        ast.parse(mutant.apply((ROOT / mutant.path).read_text(encoding="utf-8")))


def test_a_draw_is_the_same_again_and_covers_every_folder() -> None:
    mutants = everything()
    assert draw(mutants, 180, seed=3) == draw(mutants, 180, seed=3) != draw(mutants, 180, seed=4)
    shares = Counter(m.folder for m in draw(mutants, 180, seed=3))
    assert shares == {folder: 10 * share for folder, share in SHARES.items()}
    assert len(mutants) > 3000


def test_only_the_file_of_the_mutant_differs_in_its_tree() -> None:
    mutant = next(m for m in everything() if m.path == "compiler/ops/linear.py")
    with mutated_tree(mutant) as tree:
        planted = (tree / "nnc/ops/linear.py").read_text(encoding="utf-8")
        assert planted == mutant.apply((ROOT / mutant.path).read_text(encoding="utf-8"))
        for same in ("ops/conv.py", "version.py", "templates/numpy/erf.jinja"):
            assert (tree / "nnc" / same).samefile(ROOT / _at(same))
    with mutated_tree(next(m for m in everything() if m.path.endswith("erf.jinja"))) as tree:
        assert not (tree / "nnc/templates/numpy/erf.jinja").is_symlink()
        assert (tree / "nnc/templates/numpy/files.jinja").is_symlink()


def _at(path: str) -> str:
    return path if path.startswith("templates") else f"compiler/{path}"


def test_verdicts() -> None:
    mutant = Mutant("a.py", 0, 1, "1", "2", "off by one", 1)
    tested = Case(mutant, ("tests/test_a.py",), 0)
    failed = Result(1, "FAILED tests/test_a.py::test_b - assert 1\n1 failed", 2.0)
    assert verdict(tested, failed).fate is Fate.KILLED
    assert verdict(tested, failed).test == "tests/test_a.py::test_b"
    assert verdict(tested, Result(0, "1 passed", 2.0)).fate is Fate.SURVIVED
    assert verdict(tested, Result(2, "ERROR tests/test_a.py", 2.0)).caught
    assert verdict(tested, Result(TIMED_OUT, "", 2.0)).fate is Fate.HUNG
    assert verdict(Case(mutant, (), 0), Result(5, "", 0.1)).fate is Fate.UNREACHED
    assert not verdict(Case(mutant, (), 0), Result(5, "", 0.1)).caught


def test_the_nearest_line_above_names_the_judges() -> None:
    reach = Reach({"slow": 9.0, "quick": 1.0}, {"a.py": {3: ["slow", "quick"], 7: ["slow"]}})
    lines = {2: [], 3: ["quick", "slow"], 5: ["quick", "slow"], 9: ["slow"]}
    for line, judges in lines.items():
        assert reach.judges(Mutant("a.py", 0, 0, "", "", "", line)) == judges


def test_a_search_of_the_mutated_package_finds_every_file() -> None:
    """Tests that read the compiler's source would otherwise fail without any fault."""
    with mutated_tree(everything()[0]) as tree:
        found = {p.relative_to(tree / "nnc").as_posix() for p in (tree / "nnc").rglob("*.py")}
    own = {p.relative_to(ROOT / "compiler").as_posix() for p in (ROOT / "compiler").rglob("*.py")}
    assert own <= found
