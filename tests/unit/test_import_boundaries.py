"""The allowed imports of every folder and package, checked by reading the imports of every file."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "compiler").rglob("*.py"))

ALLOWED = {
    "lark": ("compiler/frontend/",),
    "jinja2": ("compiler/targets/", "compiler/report/page.py"),
    "markupsafe": ("compiler/report/page.py",),
    "black": ("compiler/targets/",),
    "networkx": ("compiler/ir/networkx_graph.py", "compiler/report/"),
    "rich": ("compiler/cli/",),
    "click": ("compiler/cli/",),
    "pathspec": ("compiler/cli/folders.py",),
    "typer": (),
    "numpy": (
        "compiler/cli/",
        "compiler/convert/",
        "compiler/doctor/",
        "compiler/onnx_export/",
        "compiler/onnx_import/",
        "compiler/sklearn/",
    ),
    "onnx": ("compiler/onnx_export/", "compiler/onnx_import/"),
    "pygments": ("compiler/highlight/lexer.py",),
    "sklearn": ("compiler/sklearn/",),
    "IPython": ("compiler/notebook/",),
    "pygls": ("compiler/lsp/",),
    "lsprotocol": ("compiler/lsp/",),
    "numba": (),
}
"""Packages from outside, and the folders that may import them."""

ORDER = (
    "version",
    "record",
    "collecting",
    "source",
    "registry",
    "emitted",
    "diagnostics",
    "ir",
    "contents",
    "ops",
    "costs",
    "kinds",
    "layers",
    "losses",
    "optimizers",
    "schedules",
    "frontend",
    "shapes",
    "lower",
    "stepping",
    "limits",
    "lints",
    "freezing",
    "autodiff",
    "passes",
    "patterns",
    "program",
    "targets",
    "driver",
    "format",
    "onnx_export",
    "onnx_import",
    "convert",
    "report",
    "editor",
    "doctor",
    "highlight",
    "gallery",
    "lsp",
    "sweeps",
    "cli",
    "api",
    "notebook",
    "sklearn",
)
"""Folders and single files of compiler/, from the foundations up: each may import those before it."""

OUTSIDE = ("__init__", "__main__")
"""The package's own two files, which any may import and which may import any."""


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


def part(dotted: str) -> str:
    """The folder or single file of compiler/ that a module belongs to."""
    return [*dotted.split("."), ""][1]


def all_imports(path: Path) -> set[str]:
    """The parts of compiler/ that a file imports, be it for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = absolute(path, node).rstrip(".")
            names = [base] if part(base) else [f"{base}.{alias.name}" for alias in node.names]
            found.update(part(dotted) for dotted in names)
    return found


def own_part(path: Path) -> str:
    return path.relative_to(ROOT / "compiler").with_suffix("").parts[0]


def test_every_part_has_its_place_in_the_order():
    parts = {own_part(path) for path in FILES}
    assert parts == {*ORDER, *OUTSIDE}
    assert len(ORDER) == len(set(ORDER))


def test_imports_run_in_one_direction():
    place = {name: at for at, name in enumerate(ORDER)}
    upward = [
        (name(path), part)
        for path in FILES
        if own_part(path) in place
        for part in all_imports(path) - {own_part(path), *OUTSIDE}
        if place[part] >= place[own_part(path)]
    ]
    assert not upward


def runtime_parts(path: Path) -> set[str]:
    """The folders and single files of runtime/ that a file of it imports at run time."""
    found = set()
    for node in runtime_nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = absolute(path, node).rstrip(".")
            names = [base] if part(base) else [f"{base}.{alias.name}" for alias in node.names]
            found.update(part(dotted) for dotted in names)
    return found


def test_folders_and_files_of_runtime_import_in_one_direction():
    graph: dict[str, set[str]] = {}
    for path in sorted((ROOT / "runtime").rglob("*.py")):
        own = path.relative_to(ROOT / "runtime").with_suffix("").parts[0]
        graph.setdefault(own, set()).update(runtime_parts(path) - {own})
    assert graph["data"] >= {"tables", "files"}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


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
