"""All planted mistakes and all right programs."""

from __future__ import annotations

from . import steps

PLANTED = [*steps.cases()]
RIGHT = [*steps.right()]
