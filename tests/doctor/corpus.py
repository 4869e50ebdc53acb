"""All planted mistakes and all right programs."""

from __future__ import annotations

from . import layouts, steps

PLANTED = [*steps.cases(), *layouts.cases()]
RIGHT = [*steps.right(), *layouts.right()]
