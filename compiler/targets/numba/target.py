"""The Numba target: the NumPy target, with kernels compiled by Numba where possible."""

from __future__ import annotations

from dataclasses import replace

from ...contents import Contents
from ...program.program import Program
from ..numpy.sections import module_text, parts
from .forms import KernelForms
from .module import numba_view


class NumbaTarget(KernelForms):
    """Modules of NumPy calls and compiled kernels."""

    def write(
        self,
        program: Program,
        spec: str,
        file: str,
        contents: Contents = Contents.MODULE,
        *,
        carries: bool = False,
    ) -> str:
        """Return the module's source, unformatted."""
        view = numba_view(program, self, spec, file)
        return module_text(replace(view, carries=carries), self, parts(contents, program.level))
