"""The modules of one spec: both levels, and the Numba target where Numba is installed.

Kernels run as plain Python, so that a draw costs no compilation; `NNC_ORACLE_JIT=1` compiles them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from nnc.driver import Options, compile_source
from nnc.source import Source

from .generated import load

NUMBA = importlib.util.find_spec("numba") is not None
COMPILED = os.environ.get("NNC_ORACLE_JIT") == "1"
VARIANTS = ((0, "numpy"), (1, "numpy"), *([(1, "numba")] if NUMBA else []))


def modules(text: str, *emit: str) -> Iterator[tuple[str, ModuleType]]:
    """Each module, after what it is: level and target."""
    for level, target in VARIANTS:
        options = Options(level=level, target=target, format=False, emit=emit)
        code = compile_source(Source("program.nn", text), options).code
        with _plain_python(target == "numba" and not COMPILED):
            yield f"-O{level} {target}", load(code)


@contextmanager
def _plain_python(wanted: bool) -> Iterator[None]:
    """Numba's decorators change nothing."""
    if not wanted:
        yield
        return
    from numba import config

    before, config.DISABLE_JIT = config.DISABLE_JIT, 1
    try:
        yield
    finally:
        config.DISABLE_JIT = before
