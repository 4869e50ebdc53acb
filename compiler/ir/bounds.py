"""The bounds themselves. They are the same on every machine, so that lint is reproducible."""

from __future__ import annotations

MAX_LAYERS = 10_000
"""Layers after expansion, inputs not counted."""

MAX_STAGES = 50_000
"""Steps of the expansion: layers, and what makes none (`id`, names, groups, block calls)."""

MAX_WHOLE = 2**63 - 1
"""The largest whole number as an argument or size; no array has more entries along an axis."""

MAX_AXES = 63
"""Axes of a value; NumPy's arrays have up to 64, and one is the batch."""

MAX_MEMORY = 2**63
"""Bytes; more than any machine can address, so no limit may be above it."""

MAX_ADVISED = 2**50
"""Bytes; a limit above it is proposed to nobody."""

DEFAULT_MEMORY = 8 * 2**30
"""Bytes that parameters, their companions and activations may need unless told otherwise."""

DEFAULT_BATCH = 32
"""Rows of a batch where the spec does not say `train batch=`, as in training and summary."""
