"""What a module of a library that differentiates by itself cannot be asked for."""

from __future__ import annotations

from collections.abc import Collection

from ..contents import CannotContain, Contents
from . import FRAMEWORKS

INSTEAD = {
    "input-gradient": "ask autograd: x.requires_grad_()",
    "vjp": "torch.func.vjp",
    "jacobian": "torch.func.jacrev",
    "per-example": "torch.func.vmap over torch.func.grad",
    "step": "NumPy modules have it",
    "shares": "DistributedDataParallel",
}
"""For each function that --emit adds to other modules, what a user of PyTorch takes."""


def level_of(target: str, level: int) -> int:
    """Return the level whose passes run: modules of libraries have one level, the readable one."""
    return 0 if target in FRAMEWORKS else level


def check_request(
    target: str,
    level: int,
    emit: Collection[str],
    contents: Contents,
    without: Collection[str],
    *,
    carries: bool,
) -> None:
    """Refuse options that have no meaning for a target; raises CannotContain."""
    if target not in FRAMEWORKS:
        return
    to = f"--target {target}"
    if level == 0:
        raise CannotContain(f"-O0 is plain NumPy; modules of {to} have one level: leave out -O0")
    if without:
        raise CannotContain(f"--without turns off optimisations of -O1, which {to} has not")
    if emit:
        name = next(iter(emit))
        raise CannotContain(f"--emit {name}: not with {to}; in its place: {INSTEAD[name]}")
    if contents is Contents.PREDICT:
        raise CannotContain(
            f"--only predict: not with {to}; torch.export writes what deployment needs"
        )
    if carries:
        raise CannotContain(
            f"--params: not with {to}, whose load_params(path, network) reads the file"
        )
