"""The lines of the generated module that compute a tensor, for comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...contents import Contents
from ...driver import Load, Options, compile_source, no_includes
from ...source import Source

_ASSIGNED = re.compile(r'^    (?:(\w+)|grads\["([\w.]+)"\]) = (.*)$')


def generated_lines(source: Source, load: Load = no_includes) -> Mapping[str, str]:
    """Return for each tensor its line of `nnc compile -O0 --bare`, with the line number."""
    code = compile_source(source, Options(level=0, contents=Contents.BARE), load).code
    found: dict[str, str] = {}
    for number, line in enumerate(code.splitlines(), 1):
        if assigned := _ASSIGNED.match(line):
            name, param, value = assigned.groups()
            tensor = name or f"d_{param}"
            written = line.strip().partition("  #")[0]
            if not value.endswith("("):
                found.setdefault(tensor, f"{written}   (line {number})")
    return found
