"""The limits, equal on every machine, so that lint is reproducible."""

from __future__ import annotations

MAX_LAYERS = 10_000
"""Most layers after expansion, without inputs."""

MAX_STAGES = 50_000
"""Most steps of the expansion, including stages without layers (`id`, names, groups, calls)."""

MAX_WHOLE = 2**63 - 1
"""The largest integer as an argument or size; no array has more entries along an axis."""

MAX_AXES = 63
"""Most axes of a value; NumPy's arrays have up to 64, one of which is the batch."""

MAX_MEMORY = 2**63
"""Bytes; more than any machine can address, so the upper bound of limits."""

MAX_ADVISED = 2**50
"""Bytes; the largest limit that a message proposes."""

DEFAULT_MEMORY = 8 * 2**30
"""Default limit in bytes of parameters, gradients, slots and activations."""

DEFAULT_BATCH = 32
"""Rows of a batch in training and summaries if the spec has no `train batch=`."""
