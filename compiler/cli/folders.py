"""The specs in folders: every .nn file but what git ignores, hidden folders, virtual environments.

Git's rules hold: those of every `.gitignore` from the top of the repository down, of two the one
nearer to the file, and `.git/info/exclude`. Links to folders are not followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIX = ".nn"
IGNORE_FILE = ".gitignore"
ENVIRONMENT_MARK = "pyvenv.cfg"
"""The file that every virtual environment has."""

Rules = tuple[tuple[Path, "GitIgnoreSpec"], ...]
"""The rules that hold in a folder, each with the folder that they are relative to."""


def found_in(names: Iterable[str]) -> list[str]:
    """The names with every folder replaced by the specs in it; a folder without any is refused.

    Files that are named stay as they are; a file that is found twice is given once.
    """
    names = list(names)
    if not any(map(os.path.isdir, names)):
        return names
    seen = {os.path.realpath(name) for name in names}
    found: list[str] = []
    for name in names:
        if not os.path.isdir(name):
            found.append(name)
            continue
        specs = list(_specs(name))
        if not specs:
            from .app import Usage

            raise Usage(f"there is no {SUFFIX} file in {name!r} that git does not ignore")
        for spec in specs:
            real = os.path.realpath(spec)
            if real not in seen:
                seen.add(real)
                found.append(spec)
    return found


def _specs(name: str) -> Iterator[str]:
    """Paths of the specs below a folder, in order; a folder that cannot be read is given, too."""
    top = Path(os.path.abspath(name))
    rules: dict[Path, Rules] = {top: _rules_above(top)}
    closed: list[str] = []
    for folder, inner, files in os.walk(top, onerror=lambda e: closed.append(str(e.filename))):
        at = Path(folder)
        own = rules.pop(at)
        inner[:] = sorted(d for d in inner if not _passed_over(at / d, own))
        rules.update({at / d: _with_own(at / d, own) for d in inner})
        for file in sorted(files):
            hidden = file.startswith(".") or not file.endswith(SUFFIX)
            if not hidden and not _ignored(at / file, own):
                yield _named(at / file, top, name)
    yield from (_named(Path(folder), top, name) for folder in closed)


def _named(path: Path, top: Path, name: str) -> str:
    """A path as the user would write it, beginning with the folder that was named."""
    return os.path.normpath(os.path.join(name, path.relative_to(top)))


def _passed_over(folder: Path, rules: Rules) -> bool:
    return (
        folder.name.startswith(".")
        or (folder / ENVIRONMENT_MARK).is_file()
        or _ignored(folder, rules, "/")
    )


def _rules_above(top: Path) -> Rules:
    """The rules of the repository a folder is in, none if they ignore the folder itself."""
    above = [top, *top.parents]
    root = next((i for i, folder in enumerate(above) if (folder / ".git").exists()), 0)
    rules: Rules = ()
    exclude = above[root] / ".git" / "info" / "exclude"
    rules += _read(exclude, above[root])
    for folder in reversed(above[: root + 1]):
        if folder != above[root] and _ignored(folder, rules, "/"):
            return _read(top / IGNORE_FILE, top)  # it was asked for by name
        rules = _with_own(folder, rules)
    return rules


def _with_own(folder: Path, rules: Rules) -> Rules:
    return (*rules, *_read(folder / IGNORE_FILE, folder))


def _read(file: Path, relative_to: Path) -> Rules:
    from pathspec import GitIgnoreSpec

    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return ()
    return ((relative_to, GitIgnoreSpec.from_lines(_sound(text.splitlines()))),)


def _sound(lines: Sequence[str]) -> list[str]:
    """The lines without those that are no patterns, which git passes over in silence."""
    from pathspec import GitIgnoreSpec

    sound = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        sound.append(line)
    return sound


def _ignored(path: Path, rules: Rules, end: str = "") -> bool:
    """Whether the last rule that speaks of a path ignores it."""
    for folder, spec in reversed(rules):
        found = spec.check_file(path.relative_to(folder).as_posix() + end).include
        if found is not None:
            return found
    return False
