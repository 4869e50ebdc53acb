"""The view of a module with compiled kernels: the NumPy view, and that of the kernels."""

from __future__ import annotations

from dataclasses import fields

from ...program.program import Program
from ..numpy.module import module_view
from ..numpy.names import module_names
from ..numpy.view import ModuleView
from .forms import KernelForms
from .predict import predict_view
from .step import step_view, update_kernel
from .view import NumbaView


def numba_view(program: Program, target: KernelForms, spec: str, file: str) -> NumbaView:
    """Return the template view of a program."""
    names = module_names(program, target)
    plain = module_view(program, names, spec, file)
    known = {f.name: getattr(plain, f.name) for f in fields(ModuleView)}
    step = step_view(names, program.typed.params, target)
    update = update_kernel(program.update, target) if program.update else None
    predict = predict_view(names, program, target)
    return NumbaView(**known, jit=step, jit_update=update, jit_predict=predict)
