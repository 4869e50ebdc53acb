"""The registry of diagnostic codes: unique, in range, emitted, explained, shown in a UI test."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import nnc
import pytest
from nnc.diagnostics import codes as code_modules
from nnc.diagnostics.codes import CODES
from nnc.diagnostics.explain import failing_example, find, fixed_example, page
from nnc.diagnostics.model import Code, Severity
from nnc.source import Source

from tests.asked import findings

COMPILER = Path(nnc.__file__).parent
UI = Path(__file__).parent / "ui"

RANGES = {
    "syntax": "NN0",
    "names": "NN1",
    "shapes": "NN2",
    "lints": "NN3",
    "limits": "NN4",
    "files": "NN5",
}

WITHOUT_EXAMPLE = {
    "NN510": "the spec cannot be read, so there is none to show",
    "NN511": "a page is UTF-8 and cannot show what is not",
    "NN512": "the example would be megabytes long",
}
"""Codes whose page needs no failing and fixed spec, and whose finding no UI test can show."""

each_code = pytest.mark.parametrize("code", sorted(CODES))


def modules() -> list[ModuleType]:
    """The files that define codes, one for each range."""
    names = sorted(m.name for m in iter_modules(code_modules.__path__) if m.name != "registry")
    return [import_module(f"{code_modules.__name__}.{name}") for name in names]


def constants() -> dict[str, tuple[str, str]]:
    """For every code the module and the constant that hold it."""
    return {
        value.id: (module.__name__.rpartition(".")[2], name)
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, Code)
    }


@cache
def source_text() -> str:
    """All of the compiler but the definitions of the codes."""
    files = (p for p in COMPILER.rglob("*.py") if p.parent.name != "codes")
    return "\n".join(p.read_text("utf-8") for p in sorted(files))


def reported(spec: str) -> list[Code]:
    return [d.code for d in findings(Source("example.nn", spec))]


def test_ids_and_names_are_unique_and_well_formed():
    for id, code in CODES.items():
        assert id == code.id
        assert re.fullmatch(r"NN\d{3}", id)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)
        assert code.title
        assert not code.title.endswith(".")
    assert max(Counter(c.name for c in CODES.values()).values()) == 1


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.__name__)
def test_each_file_keeps_to_its_range_and_order(module):
    ids = [value.id for value in vars(module).values() if isinstance(value, Code)]
    prefix = RANGES[module.__name__.rpartition(".")[2]]
    assert all(id.startswith(prefix) for id in ids)
    assert ids == sorted(ids)


@each_code
def test_is_emitted_somewhere(code):
    module, name = constants()[code]
    assert re.search(rf"\b{name}\b", source_text()), f"{module}.{name} is never used"


@each_code
def test_is_explained(code):
    text = page(code)
    assert text.startswith(f"# {code}: ")
    assert "\n## Why\n" in text
    if code not in WITHOUT_EXAMPLE:
        assert failing_example(text)
        assert fixed_example(text)


@each_code
def test_failing_example_fails_and_fixed_one_does_not(code):
    failing, fixed = failing_example(page(code)), fixed_example(page(code))
    if failing is not None:
        assert CODES[code] in reported(failing)
    if fixed is not None:
        after = reported(fixed)
        assert CODES[code] not in after
        assert not [c.id for c in after if c.severity is Severity.ERROR]


@pytest.mark.parametrize("code", sorted(CODES.keys() - WITHOUT_EXAMPLE.keys()))
def test_has_a_ui_test(code):
    assert list(UI.glob(f"{code}*.nn"))


def test_no_page_and_no_ui_test_is_left_over():
    named = {p.stem for p in (COMPILER / "diagnostics" / "pages").glob("*.md")}
    shown = {p.name[:5] for p in UI.glob("*.nn")}
    assert named | shown <= CODES.keys()


@each_code
def test_can_be_found_by_id_and_name_in_any_case(code):
    assert find(code.lower()) == find(CODES[code].name) == code


def test_exceptions_are_still_needed():
    assert WITHOUT_EXAMPLE.keys() <= CODES.keys()
