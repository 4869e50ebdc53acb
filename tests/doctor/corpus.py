"""All planted mistakes and all right programs."""

from __future__ import annotations

from . import counts, layouts, orders, parts, steps, values

FAMILIES = (steps, layouts, counts, orders, values, parts)

PLANTED = [case for family in FAMILIES for case in family.cases()]
RIGHT = [case for family in FAMILIES for case in family.right()]
