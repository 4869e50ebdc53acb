"""Who may import what: the rules of the house, held by reading the imports of every file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "compiler").rglob("*.py"))

ALLOWED = {
    "lark": ("compiler/frontend/",),
    "jinja2": ("compiler/codegen/",),
    "black": ("compiler/codegen/",),
    "networkx": ("compiler/report/",),
    "rich": ("compiler/cli/",),
    "click": ("compiler/cli/",),
    "pathspec": ("compiler/cli/folders.py",),
    "typer": (),
    "numpy": ("compiler/cli/",),
    "numba": (),
}
"""Packages from outside, and the folders that may import them."""

STAGES = {
    "compiler/diagnostics/": (
        "frontend",
        "layers",
        "ops",
        "lower",
        "passes",
        "codegen",
        "cli",
        "shapes",
    ),
    "compiler/ir/": ("frontend", "lower", "passes", "codegen", "cli", "shapes", "autodiff"),
    "compiler/ops/": (
        "frontend",
        "layers",
        "lower",
        "passes",
        "codegen",
        "cli",
        "shapes",
        "autodiff",
    ),
    "compiler/frontend/": ("lower", "passes", "codegen", "cli", "autodiff", "schedule", "shapes"),
    "compiler/shapes/": ("frontend", "lower", "passes", "codegen", "cli", "autodiff", "schedule"),
    "compiler/passes/": ("frontend", "layers", "lower", "codegen", "cli", "shapes", "autodiff"),
    "compiler/autodiff/": ("frontend", "layers", "lower", "passes", "codegen", "cli", "shapes"),
    "compiler/schedule/": ("frontend", "layers", "lower", "passes", "codegen", "cli", "shapes"),
    "compiler/codegen/": ("frontend", "cli", "shapes", "report"),
}
"""Stages, and those that they may not know."""


def imports(path: Path) -> list[str]:
    """Dotted names that a file imports at run time; relative ones from the package's root."""
    found = []
    for node in runtime_nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(absolute(path, node))
    return found


def runtime_nodes(tree: ast.AST):
    """All nodes but those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from runtime_nodes(node)


def absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*package, node.module or ""])


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_from_outside_stay_in_their_folders(package):
    wrong = [
        name(path)
        for path in FILES
        if any(i == package or i.startswith(f"{package}.") for i in imports(path))
        and not name(path).startswith(ALLOWED[package] or ("nowhere",))
    ]
    assert not wrong


@pytest.mark.parametrize("folder", STAGES)
def test_stages_do_not_know_those_behind_them(folder):
    unknown = tuple(f"compiler.{stage}." for stage in STAGES[folder])
    wrong = [
        (name(path), i)
        for path in FILES
        if name(path).startswith(folder)
        for i in imports(path)
        if f"{i}.".startswith(unknown)
    ]
    assert not wrong


def test_only_the_command_line_touches_files_and_terminal():
    wrong = []
    for path in FILES:
        if name(path).startswith("compiler/cli/"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "open",
                "print",
                "input",
                "eval",
                "exec",
            ):
                wrong.append((name(path), node.lineno, ast.unparse(node.func)))
    assert not wrong


def test_no_file_unpickles():
    words = ("import pickle", "pickle.load", "cache=True")
    wrong = [name(p) for p in FILES for word in words if word in p.read_text("utf-8")]
    assert not wrong
