"""Do all generated modules stay as they are, byte for byte, while the compiler is rebuilt?

    python -m tests.same_modules keep       writes every module into build/same_modules
    python -m tests.same_modules compare    generates them anew; names those that differ, with a diff

Modules of the examples, systems, goldens, recorded programs and of every layer's and loss's own
example, at -O0, at -O1 and for every other target, plain and with all extra functions that the
model can have. Black is left out, as it hides differences of layout and takes most of the time.
"""

from __future__ import annotations

import difflib
import json
import shutil
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from nnc.diagnostics.model import SpecError
from nnc.driver import Options, compile_source, no_includes
from nnc.emitted import EMITTED, CannotEmit
from nnc.source import Source

from .recorded import ANSWERS

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "same_modules"
VARIANTS = (("O0", 0, "numpy"), ("O1", 1, "numpy"), ("numba", 1, "numba"))
DIFF_LINES = 40


def specs() -> Iterator[tuple[str, Source]]:
    """Every spec by a name of its own."""
    for folder in ("examples", "examples/systems", "tests/golden/modules", "tests/golden/passes"):
        for path in sorted((ROOT / folder).glob("*.nn")):
            name = f"{folder}/{path.stem}".replace("/", "-")
            yield name, Source(path.name, path.read_text(encoding="utf-8"))
    for number, program in enumerate(json.loads(ANSWERS.read_text(encoding="utf-8"))):
        yield f"recorded-{number:03}", Source("spec.nn", program["spec"])


def modules(source: Source) -> Iterator[tuple[str, str]]:
    """The variants of a spec's module: what each is called, and its text."""
    for label, level, target in VARIANTS:
        yield label, _compiled(source, level, target, ())
        emit = tuple(name for name in EMITTED if _can_emit(source, name))
        yield f"{label}-emit", _compiled(source, level, target, emit)


def _compiled(source: Source, level: int, target: str, emit: tuple[str, ...]) -> str:
    options = Options(level=level, target=target, emit=emit, format=False)
    return compile_source(source, options, no_includes).code


def _can_emit(source: Source, name: str) -> bool:
    try:
        _compiled(source, 0, "numpy", (name,))
    except (CannotEmit, SpecError):
        return False
    return True


def keep() -> int:
    """Write all modules down."""
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    count = 0
    for name, source in specs():
        for label, text in modules(source):
            (KEPT / f"{name}.{label}.py").write_text(text, encoding="utf-8")
            count += 1
    print(f"{count} modules in {KEPT}")
    return 0


def compare() -> int:
    """Generate all modules anew; the number of those that differ from what was kept, at most 1."""
    same, different = 0, []
    for name, source in specs():
        for label, text in modules(source):
            file = f"{name}.{label}.py"
            before = (KEPT / file).read_text(encoding="utf-8")
            if text == before:
                same += 1
                continue
            different.append(file)
            print(f"differs: {file}", flush=True)
            if len(different) <= 3:
                diff = difflib.unified_diff(before.splitlines(), text.splitlines(), lineterm="")
                print("\n".join(islice(diff, DIFF_LINES)), flush=True)
    print(f"{same} modules are the same, {len(different)} differ")
    return min(len(different), 1)


if __name__ == "__main__":
    sys.exit({"keep": keep, "compare": compare}[sys.argv[1]]())
