"""Build the playground: a folder of static files, in build/playground.

Run from the root of the repository, with the packages of `npm ci` in playground/node_modules:

    python playground/build.py

The page needs nothing from anywhere else. nnc and the packages that it compiles with are one archive of
Python source; Pyodide, which runs it, is the one from npm."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "build" / "playground"

PACKAGES = (
    "lark",
    "jinja2",
    "markupsafe",
    "networkx",
    "black",
    "blib2to3",
    "_black_version",
    "click",
    "pathspec",
    "mypy_extensions",
    "packaging",
    "platformdirs",
    "pytokens",
)
"""What `nnc compile` imports, Black's own packages among them. All of them have Python source for
the parts that are compiled elsewhere."""

UNUSED = ("tests", "__pycache__")
"""Folders that are left out."""

PYODIDE = ("pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")

OURS = {
    "nnc": "compiler",
    "nnc/grammar": "grammar",
    "nnc/templates": "templates",
    "nnc/runtime": "runtime",
}
NOT_COMPILING = ("cli", "doctor", "sklearn", "notebook", "onnx_export", "onnx_import", "convert")
"""Folders of nnc that a page has no use for."""

DATA = (".py", ".md", ".lark", ".jinja", ".nn", ".txt", ".npz")


def main() -> None:
    """Write all files of the page."""
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "pyodide").mkdir(parents=True)
    for name in PYODIDE:
        shutil.copy(HERE / "node_modules" / "pyodide" / name, OUT / "pyodide" / name)
    for name in ("index.html", "style.css"):
        shutil.copy(HERE / name, OUT / name)
    archive(OUT / "nnc.zip")
    (HERE / "src" / "examples.json").write_text(json.dumps(examples()), encoding="utf-8")
    (HERE / "src" / "rules.json").write_text(json.dumps(rules()), encoding="utf-8")
    bundle()
    size = sum(p.stat().st_size for p in OUT.rglob("*") if p.is_file())
    print(f"{OUT.relative_to(ROOT)}/index.html, {size / 1e6:.1f} MB")


def archive(path: Path) -> None:
    """Write the archive of Python source."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.write(HERE / "python" / "session.py", "session.py")
        for name, file in sorted({**dict(_own()), **dict(_others())}.items()):
            made.write(file, name)


def _own() -> Iterator[tuple[str, Path]]:
    for name, folder in OURS.items():
        for file in (ROOT / folder).rglob("*"):
            inner = file.relative_to(ROOT / folder)
            if file.suffix in DATA and inner.parts[0] not in NOT_COMPILING:
                yield f"{name}/{inner.as_posix()}", file


def _others() -> Iterator[tuple[str, Path]]:
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None:
            sys.exit(f"{name} is missing: install nnc with its packages first")
        for place in spec.submodule_search_locations or ():
            for file in Path(place).rglob("*"):
                inner = file.relative_to(place)
                if file.suffix in DATA and not set(inner.parts).intersection(UNUSED):
                    yield f"{name}/{inner.as_posix()}", file
        if spec.submodule_search_locations is None:
            yield f"{name}.py", Path(str(spec.origin)).with_suffix(".py")


def examples() -> dict[str, str]:
    """Return the specs to begin with, by name."""
    return {p.stem: p.read_text("utf-8") for p in sorted((ROOT / "examples").glob("*.nn"))}


STYLES = {
    "comment": "comment",
    "string": "string",
    "constant.numeric": "number",
    "constant.other": "dimension",
    "constant.language": "value",
    "keyword.control": "keyword",
    "keyword.other": "word",
    "keyword.operator": "operator",
    "entity.name": "defined",
    "support.class": "layer",
    "support.function": "activation",
    "support.type": "choice",
    "variable.parameter": "key",
    "variable.other": "name",
}
"""The page's name of each style, by how its scope begins."""


def rules() -> list[dict[str, object]]:
    """Return the rules of colours, for the page's editor."""
    from nnc.highlight.rules import Style
    from nnc.highlight.rules import rules as all_rules

    def called(style: Style | None) -> str | None:
        found = [name for scope, name in STYLES.items() if style and style.scope.startswith(scope)]
        return found[0] if found else None

    return [{"match": r.pattern, "styles": [called(s) for s in r.styles]} for r in all_rules()]


def bundle() -> None:
    """Bundle the scripts; Pyodide's own loader is part of the worker."""
    for name in ("main", "worker"):
        subprocess.run(
            [
                str(HERE / "node_modules" / ".bin" / "esbuild"),
                *(f"src/{name}.ts", "--bundle", "--format=esm", "--target=es2022", "--minify"),
                *("--external:node:*", f"--outfile={OUT / name}.js", "--log-level=warning"),
            ],
            cwd=HERE,
            check=True,
        )


if __name__ == "__main__":
    main()
