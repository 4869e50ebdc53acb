"""What stands behind every orientation of a padded axis, and what becomes of it.

A letter for each orientation of ragged_rows.ORIENTATIONS, in its order: `=` compiles and agrees
with the rows alone, `x` is refused because rows are padded, `-` is refused without padding too.
The first word is for `input Tx4 ragged`, the second for the padded size as a number.
"""

from __future__ import annotations

ELSEWHERE = {"input"}
"""Kinds that stand behind nothing."""

# fmt: off
STAGES: dict[str, dict[str, tuple[str, str]]] = {
    # T, TxD, DxT, NxTxD, TxNxD, NxDxT, DxL
    "add": {
        "[id, tanh] -> add": ("=======", "======="),
    },
    "attention": {
        "attention 2": ("-=-----", "-=x----"),
        "attention 1 causal=true bias=false": ("-=-----", "-=x---x"),
    },
    "attention fork": {
        "[id, tanh] -> attention 2": ("-=-----", "-=x----"),
        "[id, tanh] -> attention 1 causal=true bias=false": ("-=-----", "-=x---x"),
    },
    "matmul": {
        "[id, transpose] -> matmul": ("-x=---=", "-x=---="),
    },
    "maxpool": {
        "maxpool 2": ("--==x==", "-x==x=="),
        "maxpool 3 stride=1 pad=1": ("--==x==", "-x==x=="),
    },
    "avgpool": {
        "avgpool 2": ("--==x==", "-x==x=="),
        "avgpool 3 stride=1 pad=1": ("--==x==", "-x==x=="),
    },
    "batchnorm": {
        "batchnorm": ("--xx-xx", "xxxxxxx"),
    },
    "concat": {
        "[id, tanh] -> concat": ("x------", "x------"),
        "[id, tanh] -> concat axis=0": ("xx==x==", "xx==x=="),
        "[id, tanh] -> concat axis=1": ("-=xx==x", "-=xx==x"),
        "[id, tanh] -> concat axis=-1": ("x=x==xx", "x=x==xx"),
    },
    "conv": {
        "conv 3 2": ("--==-==", "-x==x=="),
        "conv 3 1 pad=1": ("--==-==", "-x==x=="),
        "conv 3 3 pad=same": ("--==-==", "-x==x=="),
        "conv 4 2 stride=2 dilation=2 groups=2 pad=1": ("--==-==", "-x==x=="),
        "conv 3 1 stride=2": ("--==-==", "-x==x=="),
        "conv 3 3 stride=2 pad=same": ("--xx-xx", "-xxxxxx"),
        "conv 3 2x1 pad=1x0": ("---=-=-", "---=x=-"),
    },
    "conv_transpose": {
        "conv_transpose 3 2 stride=2": ("--==-==", "-x==x=="),
        "conv_transpose 2 1 stride=2 output_pad=1": ("--==-==", "-x==x=="),
        "conv_transpose 2 3 pad=1": ("--==-==", "-x==x=="),
        "conv_transpose 2 3 stride=2 pad=same": ("--==-==", "-x==x=="),
    },
    "crop": {
        "crop 0:2": ("xx==x==", "xx==x=="),
        "crop 0:2 0:1": ("-xxxx=x", "-xxxx=x"),
        "crop 0:1 0:2 0:2": ("---xxx-", "---xxx-"),
    },
    "dense": {
        "dense 3": ("-=-----", "x=x---x"),
        "dense 3 softmax": ("-=-----", "x=x---x"),
    },
    "depthwise": {
        "depthwise 2": ("--==-==", "-x==x=="),
        "depthwise 3 pad=same mult=2": ("--==-==", "-x==x=="),
        "depthwise 1 pad=1": ("--==-==", "-x==x=="),
    },
    "dot": {
        "[id, tanh] -> dot": ("=======", "======="),
    },
    "sample": {
        "[id, tanh] -> sample": ("=======", "======="),
    },
    "embedding": {
        "embedding 5 3": ("===", "==="),
    },
    "flatten": {
        "flatten": ("=xxxxxx", "=xxxxxx"),
    },
    "global_avgpool": {
        "global_avgpool": ("--==x==", "-x==x=="),
    },
    "global_maxpool": {
        "global_maxpool": ("--==x==", "-x==x=="),
    },
    "groupnorm": {
        "groupnorm 2": ("--xx-xx", "xxxxxxx"),
    },
    "gru": {
        "gru 3 reverse=true": ("-=-----", "-=x---x"),
        "gru 2 return=all bidirectional=true": ("-=-----", "-=x---x"),
    },
    "layernorm": {
        "layernorm": ("-=-==--", "x=x==xx"),
    },
    "local": {
        "local 2 2": ("-------", "xxxxxxx"),
    },
    "log_softmax": {
        "log_softmax": ("=======", "======="),
    },
    "lstm": {
        "lstm 3 bidirectional=true layers=2": ("-=-----", "-=x---x"),
        "lstm 2 return=all": ("-=-----", "-=x---x"),
    },
    "max": {
        "[id, tanh] -> max": ("=======", "======="),
    },
    "max axis": {
        "max axis=0": ("=======", "======="),
        "max axis=1": ("-======", "-======"),
        "max axis=-1": ("=======", "======="),
    },
    "mean": {
        "[id, tanh] -> mean": ("=======", "======="),
    },
    "mean axis": {
        "mean axis=0": ("=======", "======="),
        "mean axis=1": ("-======", "-======"),
        "mean axis=-1": ("=======", "======="),
    },
    "mul": {
        "[id, tanh] -> mul": ("=======", "======="),
    },
    "normalize": {
        "normalize mean=0.5 std=2": ("=======", "======="),
        "normalize mean=[1, 2] std=[2, 3]": ("---=-=-", "---=-=-"),
    },
    "pad": {
        "pad 1": ("-======", "-======"),
    },
    "permute": {
        "permute 1 0": ("-==---=", "-==---="),
        "permute 2 0 1": ("---===-", "---===-"),
        "permute 1 2 0": ("---===-", "---===-"),
    },
    "poly": {
        "poly 2": ("x=x---x", "x=x---x"),
    },
    "positional": {
        "positional": ("-=-----", "-=x---x"),
        "positional learned=true max=10": ("-=-----", "-=x---x"),
    },
    "repeat": {
        "repeat 2": ("=======", "======="),
    },
    "reshape": {
        "reshape 8x5": ("-------", "-xx----"),
        "reshape 2x20": ("-------", "-xx----"),
    },
    "rmsnorm": {
        "rmsnorm": ("-=-==--", "x=x==xx"),
    },
    "rnn": {
        "rnn 3": ("-=-----", "-=x---x"),
        "rnn 3 relu return=all reverse=true": ("-=-----", "-=x---x"),
    },
    "scale": {
        "scale 0.5": ("=======", "======="),
        "scale [1, 2, 3, 4]": ("-=-----", "-=-----"),
    },
    "shift": {
        "shift 0.5": ("=======", "======="),
        "shift [1, 2, 3, 4]": ("-=-----", "-=-----"),
    },
    "softmax": {
        "softmax": ("=======", "======="),
    },
    "sub": {
        "[id, tanh] -> sub": ("=======", "======="),
    },
    "sum": {
        "sum axis=0": ("=======", "======="),
        "sum axis=1": ("-======", "-======"),
        "sum axis=-1": ("=======", "======="),
    },
    "transpose": {
        "transpose": ("-==---=", "-==---="),
    },
    "upsample": {
        "upsample 2": ("-xxxxxx", "-xxxxxx"),
    },
    "weightedpool": {
        "weightedpool 2": ("--==x==", "-x==x=="),
        "weightedpool 2 stride=1 normalize=none": ("--==x==", "-x==x=="),
    },
}
# fmt: on

ALIKE: dict[str, str] = {
    # kinds that do the same to every entry, for which three orientations are enough
    "dropout": "dropout 0.5",
    "elu": "elu 1.3",
    "gelu": "gelu",
    "hard_sigmoid": "hard_sigmoid",
    "hard_swish": "hard_swish",
    "hard_tanh": "hard_tanh",
    "id": "id",
    "leaky_relu": "leaky_relu 0.1",
    "mish": "mish",
    "noise": "noise 0.5",
    "prelu": "prelu",
    "relu": "relu",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "softplus": "softplus",
    "softsign": "softsign",
    "tanh": "tanh",
}
FEW = ("T", "DxT", "NxTxD")

# fmt: off
LOSS_STAGES: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    # the last stage, its loss, the targets, what a row counts by, a letter for each orientation
    "bce": (
        ("sigmoid", "bce", "unit", "size", "======="),
        ("id", "bce reduction=batchmean", "unit", "row", "======="),
        ("id", "bce pos_weight=3", "unit", "size", "======="),
    ),
    "crossentropy": (
        ("softmax", "crossentropy", "probabilities", "size", "x=x==xx"),
        ("id", "crossentropy smoothing=0.1", "ids", "size", "x=x==xx"),
        ("log_softmax", "crossentropy reduction=sum", "ids", "full", "x=x==xx"),
        ("id", "crossentropy weights=[1, 2, 3, 4]", "ids", "class", "-=-==--"),
        ("id", "crossentropy weights=[1, 2, 3, 4] reduction=batchmean", "probabilities", "row", "-=-==--"),
    ),
    "hinge": (
        ("id", "hinge", "ids", "size", "x=x==xx"),
        ("id", "hinge", "signs", "size", "x=x==xx"),
        ("id", "hinge reduction=batchmean", "ids", "row", "x=x==xx"),
    ),
    "huber": (
        ("id", "huber", "any", "size", "======="),
    ),
    "kl": (
        ("log_softmax", "kl reduction=batchmean", "probabilities", "row", "x=x==xx"),
        ("log_softmax", "kl", "probabilities", "size", "x=x==xx"),
    ),
    "mae": (
        ("id", "mae", "any", "size", "======="),
        ("id", "mae reduction=sum", "any", "full", "======="),
    ),
    "mse": (
        ("id", "mse reduction=sum", "any", "full", "======="),
        ("softmax", "mse reduction=batchmean", "any", "row", "======="),
    ),
    "poisson": (
        ("id", "poisson", "counts", "size", "======="),
    ),
    "quadratic": (
        ("id", "quadratic", "any", "row", "======="),
    ),
}
# fmt: on
