"""Search of folders for specs: .nn files outside ignored and hidden folders and environments.

Files that git ignores are skipped, by the rules of `.git/info/exclude` and of every `.gitignore`
from the top of the repository down; where two rules disagree, the one nearer to the file wins.
Virtual environments are skipped, and links to folders are not followed."""

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
"""A file that every virtual environment has."""

Rules = tuple[tuple[Path, "GitIgnoreSpec"], ...]
"""The ignore rules of a folder, each with the folder that its patterns are relative to."""


def found_in(names: Iterable[str]) -> list[str]:
    """Replace every folder by the specs in it; a folder without specs is refused.

    Named files are kept as they are; duplicates are removed."""
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
    """Yield the sorted paths of the specs below a folder, and of folders that cannot be read."""
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
    """Return a path as the user would write it, beginning with the folder that was named."""
    return os.path.normpath(os.path.join(name, path.relative_to(top)))


def _passed_over(folder: Path, rules: Rules) -> bool:
    return (
        folder.name.startswith(".")
        or (folder / ENVIRONMENT_MARK).is_file()
        or _ignored(folder, rules, "/")
    )


def _rules_above(top: Path) -> Rules:
    """Return the ignore rules of the folder's repository; none if they ignore the folder itself."""
    above = [top, *top.parents]
    root = next((i for i, folder in enumerate(above) if (folder / ".git").exists()), 0)
    rules: Rules = ()
    exclude = above[root] / ".git" / "info" / "exclude"
    rules += _read(exclude, above[root])
    for folder in reversed(above[: root + 1]):
        if folder != above[root] and _ignored(folder, rules, "/"):
            return _read(top / IGNORE_FILE, top)  # the folder was named explicitly
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
    """Return the lines that are valid patterns; git silently skips the others."""
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
    """Return whether the last rule that matches a path ignores it."""
    for folder, spec in reversed(rules):
        found = spec.check_file(path.relative_to(folder).as_posix() + end).include
        if found is not None:
            return found
    return False
