"""The Numba target: NumPy's, with kernels that Numba compiles where they can be."""

from __future__ import annotations

from ...program.program import Program
from ..numpy.sections import full, module_text
from .forms import KernelForms
from .module import numba_view


class NumbaTarget(KernelForms):
    """Modules of NumPy calls and compiled kernels."""

    def write(self, program: Program, spec: str, file: str) -> str:
        """The module's source, unformatted."""
        return module_text(numba_view(program, self, spec, file), self, full(program.level))
