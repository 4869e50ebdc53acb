"""Usual names of a network's arrays: `W1`, `dW_1`, `weights[0]`, `fc1.weight`, `nabla_b2`, `Y`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The meaning of a name, without its layer."""

    WEIGHT = "weights"
    BIAS = "bias"
    Z = "z"
    A = "activation"
    INPUT = "input"
    TARGET = "target"
    OUTPUT = "output"
    Y = "target or output"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Word:
    """A parsed name: its layer (a number, or a word such as `out`), and whether it is a gradient.

    `after`: it is a parameter's value after a step.
    """

    kind: Kind
    gradient: bool = False
    after: bool = False
    index: int | None = None
    place: str = ""


WHOLE = {
    Kind.INPUT: "x xs x_train train_x x_batch inputs input data features images",
    Kind.TARGET: "t ts target targets label labels y_true ytrue true y_train train_y y_batch "
    "onehot one_hot y_onehot y_one_hot y_target ground_truth expected",
    Kind.OUTPUT: "yhat y_hat y_pred ypred yp pred preds prediction predictions output outputs out "
    "probs probabilities al a_out aout",
    Kind.Y: "y ys",
    Kind.LOSS: "loss cost j l total_loss error_value objective",
}
"""Names without a layer, in lower case."""

PARTS = {
    Kind.WEIGHT: "w|weights?|theta|thetas|kernels?|filters?|syn|coefs?",
    Kind.BIAS: "b|bias|biases|intercepts?",
    Kind.Z: "z|zs|net|nets|preactivations?|pre|logits",
    Kind.A: "a|h|activations?|acts?|l|o",
}
"""Names of a layer's arrays."""

DELTA = r"deltas?"

HIDDEN = ("h", "hidden", "hid")
"""Names of the first layer's activation in networks of at most two layers."""

MASKED = ("hidden", "hid")
"""Names whose gradients are often masked in place (`dhidden[hidden <= 0] = 0`), which makes them
gradients with respect to z."""

LAYER = r"(?:dense|fc|linear|lin|layers?|conv|l|h|hidden)"

PLACES = {
    "first": "ih|hidden|hid|h|xh|in|input",
    "last": "ho|output|out|o|hy|last",
}

_ANY = "|".join(f"(?P<{kind.name}>{text})" for kind, text in PARTS.items())
_WHERE = "|".join(f"(?P<{name}>{text})" for name, text in PLACES.items())
_BODY = rf"(?:{_ANY}|(?P<delta>{DELTA}))"
_FORMS = (
    re.compile(rf"{_BODY}_?(?P<index>\d+)?"),
    re.compile(rf"{_BODY}_?(?:{_WHERE})"),
    re.compile(rf"(?:{_WHERE})_{_BODY}"),
    re.compile(rf"{LAYER}?_?(?P<index>\d+)_{_BODY}"),
)
_BEFORE = re.compile(r"(?:self|net|model|params?|parameters|cache)_(?=.)")
_OF_GRADIENTS = re.compile(r"(?:grads?|gradients?|delta_nabla|nabla|g|d[lje]_?d|dloss_?d|d)_?(?=.)")
_GRADIENT_AFTER = re.compile(r"(?<=.)_(?:grads?|gradients?)")
_AFTER = re.compile(
    r"(?:(?:new|after|updated|stepped|next)_)|(?:_(?:new|after|updated|stepped|next))"
)


def read(name: str) -> Word | None:
    """Return the meaning of a name, or None if it is unknown."""
    plain = re.sub(r"[^0-9a-zA-Z]+", "_", name).strip("_").lower()
    plain = _BEFORE.sub("", plain, count=1) if _BEFORE.match(plain) else plain
    known = _plain(plain)
    if known is not None:
        return known
    stepped = _AFTER.sub("", plain, count=1)
    if stepped != plain:
        word = _plain(stepped)
        own = word is not None and word.kind in (Kind.WEIGHT, Kind.BIAS) and not word.gradient
        return Word(word.kind, False, True, word.index, word.place) if word and own else None
    return _gradient(plain)


def _gradient(plain: str) -> Word | None:
    """Parse a name with a gradient prefix."""
    if _GRADIENT_AFTER.search(plain):
        inner = _GRADIENT_AFTER.sub("", plain, count=1)
    elif found := _OF_GRADIENTS.match(plain):
        inner = plain[found.end() :]
    else:
        return None
    if inner in MASKED:
        return None
    word = _plain(inner) or _gradient(inner)
    if word is None or (word.kind in (Kind.LOSS, Kind.TARGET)):
        return None
    return Word(word.kind, True, False, word.index, word.place)


def _plain(name: str) -> Word | None:
    """Parse a name without a gradient prefix; a delta is the gradient with respect to z."""
    for kind, names in WHOLE.items():
        if name in names.split():
            return Word(kind)
    if name in HIDDEN:
        return Word(Kind.A, place="first")
    for form in _FORMS:
        if found := form.fullmatch(name):
            groups = found.groupdict()
            index = int(groups["index"]) if groups.get("index") else None
            place = next((p for p in PLACES if groups.get(p)), "")
            if groups.get("delta"):
                return Word(Kind.Z, True, False, index, place)
            kind = next(k for k in PARTS if groups[k.name])
            return Word(kind, False, False, index, place)
    return None
