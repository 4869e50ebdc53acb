"""Limits and resources (NN4xx): what is too large to be meant."""

from __future__ import annotations

from .registry import error, info

NESTING_TOO_DEEP = error("NN401", "nesting-too-deep", "brackets or arithmetic too deep")
TOO_MANY_AXES = error("NN402", "too-many-axes", "a shape beyond what arrays can have")
EXPANSION_TOO_LARGE = error("NN403", "expansion-too-large", "the expanded spec is too large")
PARAMETERS_TOO_LARGE = error("NN404", "parameters-too-large", "the parameters need too much memory")
ACTIVATIONS_TOO_LARGE = error(
    "NN405", "activations-too-large", "the activations need too much memory"
)
TOO_MANY_ERRORS = info("NN406", "too-many-errors", "more errors than are reported")
CANNOT_WRITE = error(
    "NN407", "cannot-write", "the target has no way to write a part of the network"
)
