"""The shape rules of layers that divide channels or features into equal groups."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from .context import ShapeContext, ShapeFault

MAX_TRIED = 100_000
"""Most numbers tried as divisors; networks have no larger sizes."""


def check_divides(c: ShapeContext, at: str, size: int, what: str) -> None:
    """Refuse an argument that does not divide a size (`16 channels`)."""
    number = c.arg(at)
    if size % number == 0:
        return
    near = nearest_divisors(number, size)
    listed = " or ".join(f"`{at}={n}`" for n in near)
    raise ShapeFault(
        codes.NOT_DIVISIBLE,
        f"{number} {at} cannot share {size} {what} equally: {size} = "
        f"{number}·{size // number} + {size % number}",
        at=at,
        here=f"must divide {size}",
        help=f"{at} must divide {size}; nearest: {listed}",
        replace=str(near[0]),
        result=c.input,
    )


def nearest_divisors(number: int, size: int) -> tuple[int, ...]:
    """Return the divisors of a size nearest to a number from below and above, nearer one first."""
    below = next((n for n in range(min(number, size), 0, -1) if size % n == 0), 1)
    above = next((n for n in range(number, min(size, number + MAX_TRIED) + 1) if size % n == 0), 0)
    if number >= size or not above:
        return (below,)
    return (below, above) if number - below <= above - number else (above, below)
