"""Names and arguments (NN1xx): what is read but means nothing."""

from __future__ import annotations

from .registry import error, warning

UNKNOWN_KIND = error("NN101", "unknown-kind", "no such layer kind")
UNKNOWN_NAME = error("NN102", "unknown-name", "nothing of that name")
UNKNOWN_DIRECTIVE = error("NN104", "unknown-directive", "no such statement")
UNKNOWN_CHOICE = error("NN105", "unknown-choice", "no such loss, optimizer, metric or option")
UNKNOWN_KEY = error("NN106", "unknown-argument", "no argument of that name")
MISSING_ARGUMENT = error("NN107", "missing-argument", "an argument is missing")
EXTRA_ARGUMENT = error("NN108", "extra-argument", "more arguments than are taken")
REPEATED_ARGUMENT = error("NN109", "repeated-argument", "an argument is given twice")
WRONG_VALUE = error("NN110", "wrong-value", "a value of the wrong kind")
OUT_OF_BOUNDS = error("NN111", "out-of-bounds", "a number out of bounds")
NOT_WHOLE = error("NN112", "not-whole", "a fraction where a whole number is needed")
NOT_COMPUTABLE = error("NN113", "not-computable", "arithmetic without a result")
NAME_TAKEN = error("NN114", "name-taken", "a name is defined twice")
NAME_RESERVED = error("NN115", "name-reserved", "a name the language keeps for itself")
NAME_LIKE_KIND = error("NN116", "name-like-kind", "a name that looks like a layer's")
CYCLIC_LET = error("NN117", "cyclic-let", "a let is defined by itself")
RECURSIVE_BLOCK = error("NN118", "recursive-block", "a block contains itself")
NO_SOURCE = error("NN119", "no-source", "a chain needs a source")
MISPLACED_SOURCE = error("NN120", "misplaced-source", "a source in the middle of a chain")
FORK_WITHOUT_MERGE = error("NN121", "fork-without-merge", "a fork must be followed by a merge")
MERGE_WITHOUT_FORK = error("NN122", "merge-without-fork", "a merge must follow a fork")
DECORATED_FORK = error("NN123", "decorated-fork", "a fork takes no name, repeat or activation")
REPEATED_LAYER = error("NN124", "repeated-layer", "a single layer cannot be repeated")
NOT_A_STAGE = error("NN125", "not-a-stage", "a value where a stage is needed")
NOT_SHAREABLE = error("NN126", "not-shareable", "nothing whose parameters can be shared")
REFUSED_ACTIVATION = error("NN127", "refused-activation", "an activation that cannot stand here")
NO_OUTPUT = error("NN128", "no-output", "the spec computes nothing")
LOSS_NEEDS_ON = error("NN129", "loss-needs-on", "which output a loss judges is not said")
REPEATED_DIRECTIVE = error("NN130", "repeated-directive", "a statement that may appear once only")
MISPLACED_SYMBOL = error("NN131", "misplaced-symbol", "a symbolic dimension outside an input")
FROZEN_CONFLICT = error(
    "NN132", "frozen-conflict", "shared parameters that are frozen in one place"
)

UNUSED_DEFINITION = warning("NN140", "unused-definition", "a let or block nothing uses")
UNUSED_VALUE = warning("NN141", "unused-value", "a value nothing uses")
UNUSED_IGNORE = warning("NN142", "unused-ignore", "an ignore comment that silences nothing")
