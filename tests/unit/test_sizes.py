"""Files and functions stay within their limits of length."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(p for folder in ("compiler", "runtime") for p in (ROOT / folder).rglob("*.py"))

LINES_OF_FILE, LINES_OF_FUNCTION = 400, 50


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_and_functions_are_short(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LINES_OF_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < LINES_OF_FUNCTION, node.name
