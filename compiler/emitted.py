"""Functions that are generated only when asked for: `nnc compile --emit vjp`."""

from __future__ import annotations

EMITTED = {
    "input-gradient": "the gradient of the loss by the input",
    "vjp": "pulls a gradient of the output from outside back to parameters and input",
    "jacobian": "the derivatives of every output by every input entry",
    "per-example": "the gradient of each row's own loss",
    "shares": "losses and gradients of a part of a batch, to be added up over several processes",
    "step": "the output at one position of a sequence after the other, for generation",
}
"""Every such function, and what it computes."""


class CannotEmit(ValueError):
    """A function that was asked for and that this model cannot have; says why."""


def check_emit(names: tuple[str, ...]) -> None:
    """Refuse functions that there are not; raises CannotEmit."""
    for name in names:
        if name not in EMITTED:
            raise CannotEmit(f"cannot emit '{name}': there are {', '.join(EMITTED)}")
