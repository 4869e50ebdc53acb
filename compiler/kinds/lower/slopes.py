"""The comment beside a loss's gradient: the formula of one entry, with its factors.

slope   dy = 2 (y − t)
shown   dy = 2 (y − t) · 0.3 / (3*B)        of a mean over 3*B entries, with weight=0.3
"""

from __future__ import annotations

import re

from ...ir.dims import Dim

_GROUP = re.compile(r"\([^()]*\)")
_CONDITION = re.compile(r" where |; ")


def slope_text(
    slope: str,
    weight: float,
    over: Dim | str,
    *,
    padded: bool = False,
    by_row: bool = False,
    share: str = "",
) -> str:
    """Return the formula with the loss's weight and the divisor of the reduction.

    Both precede a condition (`dy = −t where …`). `padded` adds the value in padding, `by_row` the
    weight of each row, `share` the share of these rows in the loss of the whole batch.
    """
    cut = _CONDITION.search(slope)
    formula, condition = (
        (slope, "") if cut is None else (slope[: cut.start()], slope[cut.start() :])
    )
    factor = " · weights" if by_row else ""
    factor += f" · {share}" if share else ""
    factor += ("" if weight == 1 else f" · {weight:g}") + ("" if over == 1 else f" / {_atom(over)}")
    name, _, value = formula.partition(" = ")
    if factor and _is_sum(value):
        value = f"({value})"
    return f"{name} = {value}{factor}{condition}{'; 0 in padding' if padded else ''}"


def _is_sum(value: str) -> bool:
    """Return whether a formula is a sum or difference without brackets around it."""
    while _GROUP.search(value):
        value = _GROUP.sub("", value)
    return any(sign in value for sign in (" − ", " + ", " - "))


def _atom(over: Dim | str) -> str:
    """Return a divisor, in brackets if it is a product."""
    text = str(over)
    return f"({text})" if re.search(r"[* ]", text) and not text.startswith("Σ") else text
