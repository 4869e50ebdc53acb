"""Shapes (NN2xx): what means something but does not fit."""

from __future__ import annotations

from .registry import error

IN_MISMATCH = error("NN201", "in-mismatch", "`in=` differs from the size that comes in")
NEEDS_FEATURES = error("NN202", "needs-features", "the layer needs features, not an image")
KERNEL_TOO_LARGE = error("NN203", "kernel-too-large", "the kernel is larger than its input")
BRANCHES_DIFFER = error("NN204", "branches-differ", "the branches of a merge differ in shape")
CONCAT_SIZES_DIFFER = error("NN205", "concat-sizes-differ", "concat's branches do not line up")
CONCAT_NEEDS_AXIS = error("NN206", "concat-needs-axis", "concat must be told its axis")
BAD_AXIS = error("NN207", "bad-axis", "there is no such axis")
RESHAPE_COUNT = error("NN208", "reshape-count", "reshape changes the number of entries")
LIST_LENGTH = error("NN209", "list-length", "a list has the wrong number of entries")
SYMBOLIC_PARAMETER = error(
    "NN210", "symbolic-parameter", "a parameter's size would depend on the data"
)
TIE_MISMATCH = error("NN211", "tie-mismatch", "tied weights do not fit")
SHARED_MISMATCH = error("NN212", "shared-mismatch", "shared weights do not fit this input")
INTEGER_INPUT = error("NN213", "integer-input", "whole numbers where real numbers are needed")
RAGGED_MIXED = error("NN214", "ragged-mixed", "a layer would mix rows of different lengths")
BRANCH_COUNT = error("NN215", "branch-count", "a merge has too few or too many branches")
LOSS_OUTPUT = error("NN216", "loss-output", "the loss cannot judge an output of this shape")
INIT_NEEDS_MATRIX = error("NN217", "init-needs-matrix", "an initialisation needs a matrix")
NOT_DIVISIBLE = error("NN218", "not-divisible", "groups or heads do not divide the channels")
NEEDS_POSITIONS = error("NN219", "needs-positions", "the layer needs a sequence of positions")
AXIS_COUNT = error("NN221", "axis-count", "the layer needs another number of axes")
CROP_RANGE = error("NN222", "crop-range", "a range reaches beyond its axis")
TOO_MANY_POSITIONS = error("NN223", "too-many-positions", "more positions than are learned")
NEEDS_IDS = error("NN224", "needs-ids", "an embedding needs whole numbers")
CELL_NONLINEARITY = error("NN225", "cell-nonlinearity", "an activation cannot be a cell's own")
POOL_PADDING = error("NN226", "pool-padding", "padding beyond half of a pooling window")
PAD_ID = error("NN229", "pad-id", "the id of padding is none of an embedding's ids")
FORMULA_SHAPES = error("NN230", "formula-shapes", "the values of a formula differ in shape")
START_MISMATCH = error("NN231", "start-mismatch", "a first state does not fit its recurrent layer")
IGNORE_SHARED = error("NN232", "ignore-shared", "another loss judges the rows that one ignores")
MATMUL_SIZES = error("NN233", "matmul-sizes", "the branches of matmul cannot be multiplied")
OPEN_PADDING = error(
    "NN239", "open-padding", "padding would depend on a size known only at run time"
)
LOOKS_AHEAD = error("NN240", "looks-ahead", "a layer cannot be computed one position at a time")
