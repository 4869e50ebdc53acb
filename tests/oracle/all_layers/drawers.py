"""One generator for every kind of layer, with arguments that usually fit the input.

They are likely to fit, no more: whether they do is for `rules` to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..pieces import ACTIVATIONS, activation
from ..tree import Layer
from .dice import Dice, layer
from .kinds import Type
from .parameters import GATES
from .sliding import DRAWERS as SLIDING

Drawer = Callable[[Dice, Type], Layer]

RNN_ACTIVATIONS = (
    *("relu", "leaky_relu", "elu", "selu", "softplus", "softsign", "sigmoid", "tanh"),
    *("hard_sigmoid", "hard_tanh", "id"),
)
INITS = ("he", "xavier", "lecun", "normal(0.5)", "uniform(0.3)", "orthogonal", "zeros", "ones")


def divisor(dice: Dice, size: int | None) -> int:
    """A number that divides a size, most times."""
    if size is None or dice.chance(0.05):
        return dice.randint(1, 4)
    return dice.choice([n for n in range(1, size + 1) if size % n == 0])


def weights(dice: Dice, size: int | None, *, bias: bool = True) -> dict[str, Any]:
    """Options of every layer with weights."""
    options: dict[str, Any] = {}
    if bias and dice.chance(0.3):
        options["bias"] = False
    if size is not None and dice.chance(0.15):
        options["in"] = size + dice.chance(0.03)
    if dice.chance(0.15):
        options["init"] = dice.choice(INITS)
    return options


def meaning(options: dict[str, Any]) -> dict[str, Any]:
    """What of the options matters to values."""
    found = {"bias": options.get("bias", True)}
    return {**found, "in": options["in"]} if "in" in options else found


def dense(dice: Dice, t: Type, n: int | None = None) -> Layer:
    n, options = n or dice.randint(1, 7), weights(dice, t.sizes[-1])
    return layer(dice, "dense", [n], options, {"n": n, **meaning(options)})


def standalone(kind: str) -> Drawer:
    def draw(dice: Dice, t: Type) -> Layer:
        return activation(dice.choice([a for a in ACTIVATIONS if a.kind.split()[0] == kind]))

    return draw


def bare(kind: str) -> Drawer:
    return lambda dice, t: Layer(kind, kind)


def reshape(dice: Dice, t: Type) -> Layer:
    total = 1
    for n in t.sizes:
        total *= n or 6
    first = divisor(dice, total)
    second = divisor(dice, max(total // first, 1)) if dice.chance(0.4) else 0
    to = (first, second, total // first // (second or 1)) if second else (first, total // first)
    to = to if dice.chance(0.9) else (total,)
    return Layer(f"reshape {'x'.join(map(str, to))}", "reshape", {"to": to})


def permute(dice: Dice, t: Type) -> Layer:
    order = list(range(t.rank))
    dice.shuffle(order)
    return Layer(f"permute {' '.join(map(str, order))}", "permute", {"order": order})


def pad(dice: Dice, t: Type) -> Layer:
    ends = dice.ends(max(t.rank - 1, 1), 0, 2)
    return layer(dice, "pad", [ends], {}, {"pad": list(ends)})


def crop(dice: Dice, t: Type) -> Layer:
    ranges = []
    for size in t.sizes[: dice.choice((1, 1, t.rank, t.rank + dice.chance(0.1)))]:
        size = size or 3
        start = dice.randint(0, size - 1)
        ranges.append((start, dice.randint(start + 1, size + dice.chance(0.05))))
    text = " ".join(f"{a}:{b}" for a, b in ranges)
    return Layer(f"crop {text}", "crop", {"ranges": ranges})


def repeat(dice: Dice, t: Type) -> Layer:
    n = dice.randint(1, 3)
    return layer(dice, "repeat", [n], {}, {"n": n})


def upsample(dice: Dice, t: Type) -> Layer:
    by = dice.sizes(max(t.rank - 1, 1), 1, 2)
    return layer(dice, "upsample", [tuple(by)], {}, {"by": by})


def _numbers(dice: Dice, size: int | None, low: float) -> Any:
    count = (size or 3) + dice.chance(0.03)
    if dice.chance(0.4) and count <= 8:
        return [dice.number(low, 2) for _ in range(count)]
    return dice.number(low, 2)


def along_features(kind: str, low: float) -> Drawer:
    def draw(dice: Dice, t: Type) -> Layer:
        by = _numbers(dice, t.sizes[0 if t.rank > 2 else -1], low)
        return layer(dice, kind, [by], {}, {"by": by})

    return draw


def normalize(dice: Dice, t: Type) -> Layer:
    options = {"mean": _numbers(dice, t.sizes[0], -1), "std": _numbers(dice, t.sizes[0], 0.5)}
    return layer(dice, "normalize", [], options, options)


def poly(dice: Dice, t: Type) -> Layer:
    n = dice.randint(0, 3)
    return layer(dice, "poly", [n], {}, {"n": n})


def dropout(dice: Dice, t: Type) -> Layer:
    p = dice.choice((0, 0, 0.1, 0.5))
    return layer(dice, "dropout", [p], {}, {"p": p})


def noise(dice: Dice, t: Type) -> Layer:
    std = dice.choice((0, 0.1, 0.5))
    return layer(dice, "noise", [std], {}, {"p": std})


def norm(kind: str) -> Drawer:
    def draw(dice: Dice, t: Type) -> Layer:
        size = t.sizes[0 if kind in ("batchnorm", "groupnorm") else -1]
        options = {"eps": dice.choice((1e-5, 1e-3, 0.1))} if dice.chance(0.5) else {}
        if kind == "batchnorm" and dice.chance(0.4):
            options["momentum"] = dice.choice((0, 0.1, 0.3, 1))
        options |= {k: v for k, v in weights(dice, size, bias=False).items() if k == "in"}
        attrs = {"eps": 1e-5, "momentum": 0.1, **options}
        if kind != "groupnorm":
            return layer(dice, kind, [], options, attrs)
        groups = divisor(dice, size)
        return layer(dice, kind, [groups], options, {**attrs, "groups": groups})

    return draw


def l2_normalize(dice: Dice, t: Type) -> Layer:
    options = {"eps": dice.choice((1e-12, 0.5, 2.0))} if dice.chance(0.5) else {}
    return layer(dice, "l2_normalize", [], options, {"eps": 1e-12, **options})


def embedding(dice: Dice, t: Type) -> Layer:
    v, d = dice.randint(2, 7), dice.randint(1, 6)
    options = {"pad": dice.randint(0, v - 1)} if dice.chance(0.3) else {}
    return layer(dice, "embedding", [v, d], options, {"v": v, "d": d, **options})


def recurrent(kind: str) -> Drawer:
    def draw(dice: Dice, t: Type) -> Layer:
        n, options = dice.randint(1, 4), weights(dice, t.sizes[-1])
        flags = {"return": "all", "bidirectional": True, "layers": dice.choice((2, 3))}
        options |= {key: value for key, value in flags.items() if dice.chance(0.4)}
        if not options.get("bidirectional") and dice.chance(0.3):
            options["reverse"] = True
        if options.get("layers", 1) > 1 and dice.chance(0.3):
            options["dropout"] = dice.choice((0, 0.3))
        attrs = {
            "n": n,
            "every": options.get("return") == "all",
            "bidirectional": options.get("bidirectional", False),
            "reverse": options.get("reverse", False),
            "layers": options.get("layers", 1),
            "p": options.get("dropout", 0),
            **meaning(options),
        }
        made = layer(dice, kind, [n], options, {**attrs, "act": None})
        if kind != "rnn" or dice.chance(0.3):
            return made
        acts = [a for a in ACTIVATIONS if a.kind in RNN_ACTIVATIONS]
        act = dice.choice(acts)
        return Layer(made.text, "rnn", {**made.attrs, "act": act}, act)

    return draw


def attention(dice: Dice, t: Type) -> Layer:
    heads, options = divisor(dice, t.sizes[-1]), weights(dice, t.sizes[-1])
    if dice.chance(0.5):
        options["causal"] = dice.chance(0.8)
    attrs = {"heads": heads, "causal": options.get("causal", False), **meaning(options)}
    return layer(dice, "attention", [heads], options, attrs)


def positional(dice: Dice, t: Type) -> Layer:
    options: dict[str, Any] = {}
    if dice.chance(0.5):
        options["learned"] = True
        if t.sizes[0] is None or dice.chance(0.3):
            options["max"] = (t.sizes[0] or 9) + dice.randint(0, 2)
    attrs = {"learned": options.get("learned", False), "max": options.get("max")}
    return layer(dice, "positional", [], options, attrs)


def reduction(kind: str) -> Drawer:
    def draw(dice: Dice, t: Type) -> Layer:
        axis = dice.randint(-t.rank, t.rank - 1) if dice.chance(0.97) else t.rank
        word = kind.partition(" ")[0]
        return Layer(f"{word} axis={axis}", kind, {"axis": axis})

    return draw


DRAWERS: dict[str, Drawer] = {
    **{a.kind.split()[0]: standalone(a.kind.split()[0]) for a in ACTIVATIONS},
    **{kind: bare(kind) for kind in ("flatten", "transpose")},
    **{kind: norm(kind) for kind in ("batchnorm", "layernorm", "rmsnorm", "groupnorm")},
    **{kind: recurrent(kind) for kind in GATES},
    **{kind: reduction(kind) for kind in ("sum", "mean axis", "max axis")},
    **SLIDING,
    "l2_normalize": l2_normalize,
    "dense": dense,
    "reshape": reshape,
    "permute": permute,
    "pad": pad,
    "crop": crop,
    "repeat": repeat,
    "upsample": upsample,
    "scale": along_features("scale", 0.3),
    "shift": along_features("shift", -2),
    "normalize": normalize,
    "poly": poly,
    "dropout": dropout,
    "noise": noise,
    "embedding": embedding,
    "attention": attention,
    "positional": positional,
}
