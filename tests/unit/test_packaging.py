"""The wheel contains every file of the tree: setuptools silently drops folders without __init__.py and unlisted data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nnc
from nnc.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "nnc": "compiler",
    "nnc.grammar": "grammar",
    "nnc.templates": "templates",
    "nnc.runtime": "runtime",
}


def shipped_files():
    """Every file of the four folders as the wheel should call it."""
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name[0] != ".":
                inner = path.relative_to(ROOT / folder).as_posix()
                yield f"{package.replace('.', '/')}/{inner}"


def test_every_folder_of_templates_and_code_is_a_package():
    for folder in FOLDERS.values():
        for path in (ROOT / folder).rglob("*"):
            if path.is_dir() and path.name != "__pycache__":
                assert (path / "__init__.py").is_file(), f"{path} has no __init__.py"


def test_the_wheel_holds_every_file(tmp_path):
    script = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    copy = tmp_path / "source"
    copy.mkdir()
    for name in (*FOLDERS.values(), "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        os.symlink(ROOT / name, copy / name)
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=copy, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == set(shipped_files())
    assert wheel.name.startswith(f"nnc-{VERSION}-py3-none-any")


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    assert nnc.__version__ == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_nothing_shipped_needs_torch_and_only_the_estimators_scikit_learn():
    for folder in FOLDERS.values():
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent == ROOT / "compiler" / "sklearn":
                continue
            assert not re.search(
                r"^\s*(import|from) (sklearn|torch)\b", path.read_text("utf-8"), re.M
            )
