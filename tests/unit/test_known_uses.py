"""A module has exactly the helper functions and imports that it uses, as recorded by the templates."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest
from nnc.contents import CannotContain
from nnc.diagnostics.model import SpecError
from nnc.driver import Options, compile_source
from nnc.emitted import EMITTED, CannotEmit
from nnc.source import Source
from nnc.targets.numpy.helpers import STANDARD, helper_functions
from nnc.targets.target import load_target
from nnc.targets.uses import recording, uses

ROOT = Path(__file__).resolve().parents[2]
SPECS = [
    *sorted((ROOT / "examples").glob("*.nn")),
    *sorted((ROOT / "tests/golden/modules").glob("*.nn")),
]
VARIANTS = [(0, "numpy"), (1, "numpy"), (1, "numba"), (1, "torch")]
MAY_SEARCH = {"target.py"}
"""Files beside the targets that read templates, not modules, for the words that values must not take."""


def helper_names() -> set[str]:
    names: set[str] = set()
    for name in ("numpy", "numba", "torch"):
        target = load_target(name)
        for file in target.helper_files:
            names |= set(target.environment.get_template(file).module.ORDER)
    return names


HELPERS = helper_names()


def faults(code: str) -> tuple[set[str], set[str]]:
    """Names that a module does not define, and helper functions and imports that it does not use."""
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    bound = {*dir(builtins)}
    imported: set[str] = set()
    defined: set[str] = set()
    for node in nodes:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                imported |= {(n.asname or n.name).partition(".")[0] for n in names}
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                defined.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.arg(arg=name):
                bound.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    # "scipy" is imported for what Numba finds there, "F" in every file of PyTorch
    unread = (imported - {"annotations", "scipy", "F"} | defined & HELPERS) - read
    return read - bound - imported - defined, unread


def variants(text: str):
    for level, target in VARIANTS:
        for emit in ((), tuple(EMITTED), ("step",)):
            try:
                options = Options(level=level, target=target, emit=emit, format=False)
                yield compile_source(Source("spec.nn", text), options).code
            except (CannotContain, CannotEmit, SpecError):
                continue


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_modules_define_all_that_they_name_and_have_no_helper_that_they_do_not(path):
    for code in variants(path.read_text(encoding="utf-8")):
        undefined, unread = faults(code)
        assert not undefined
        assert not unread


EDITS = (
    r"\|\s*replace\b",
    r"\.(replace|split|partition|startswith|endswith|removeprefix|removesuffix)\(",
    r"\w\([^\"']*\)\[",  # cut from what a macro wrote
)


def test_no_template_edits_generated_text():
    for path in (ROOT / "templates").rglob("*.jinja"):
        tags = re.findall(r"\{[{%].*?[%}]\}", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for tag in tags:
            assert not any(re.search(edit, tag) for edit in EDITS), f"{path.name}: {tag}"


def test_nothing_is_searched_for_in_generated_text():
    for path in (ROOT / "compiler/targets").rglob("*.py"):
        if path.name not in MAY_SEARCH:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            modules = [n.names[0].name for n in ast.walk(tree) if isinstance(n, ast.Import)]
            assert "re" not in modules, path.name


def test_what_is_used_is_recorded_with_the_text_around_it_left_alone():
    with recording() as outer:
        assert uses("sigmoid") == "sigmoid"
        with recording() as inner:
            uses("softmax", "prod")
    assert outer == {"sigmoid"}
    assert inner == {"softmax", "prod"}
    with pytest.raises(LookupError):
        uses("sigmoid")


def test_what_nothing_defines_cannot_be_used():
    with pytest.raises(LookupError, match="sigmund"):
        helper_functions(load_target("numpy"), None, ["sigmund"])
    assert not STANDARD.keys() & HELPERS
