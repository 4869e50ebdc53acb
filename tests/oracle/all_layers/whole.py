"""Whole programs: inputs, chains, outputs, losses and penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..pieces import BY_TEXT
from ..programs import LossSpec
from ..tree import Fork, Input, Layer, Node, Ref
from .branching import BLOCKS
from .dice import Dice
from .drawers import dense
from .generator import Maker, Place
from .kinds import Declared, Type, declared
from .program import Draft, Program

LOSSES = (
    *("crossentropy", "bce", "mse", "mae", "quadratic", "huber"),
    *("hinge", "kl", "poisson"),
)
REDUCTIONS = (None, None, "mean", "batchmean", "sum")
NEVER = frozenset({"crossentropy", "hinge"})


def first_input(dice: Dice) -> tuple[Declared, str]:
    """The shape and the words of an input."""
    n, c = dice.randint(1, 7), dice.randint(1, 4)
    t = dice.randint(1, 6)
    high, wide = dice.randint(2, 6), dice.randint(2, 6)
    choices: Mapping[tuple[Declared, str], int] = {
        ((n,), ""): 20,
        ((t, n), ""): 8,
        (("T", n), ""): 20,
        (("T", n), "ragged"): 14,
        (("T",), "int"): 7,
        (("T",), "int ragged"): 8,
        (("T",), "ragged"): 2,
        (("T", c, n), "ragged"): 2,
        ((t,), "int"): 3,
        ((c, wide), ""): 6,
        ((c, "T"), ""): 5,
        ((c, high, wide), ""): 14,
        ((c, "T", "S"), ""): 5,
        ((c, "T", wide), ""): 2,
        (("T", "S", n), ""): 1,
        ((2, c, high, 2), ""): 1,
    }
    return dice.choices(list(choices), list(choices.values()))[0]


def opening(m: Maker, name: str | None) -> tuple[list[Node], Type]:
    """An input and its type."""
    shape, words = first_input(m.dice)
    t = declared(shape, ragged="ragged" in words, ints="int" in words)
    if name:
        m.known[name] = t
    return [Input(shape, name, words)], t


def settled(m: Maker, nodes: list[Node], t: Type) -> tuple[list[Node], Type]:
    """The chain, with real numbers at its end, and a stage behind its source."""
    if t.ints:
        v, d = m.dice.randint(2, 6), m.dice.randint(1, 5)
        nodes = [*nodes, Layer(f"embedding {v} {d}", "embedding", {"v": v, "d": d})]
        t = Type((*t.axes, t.number(d)), t.ragged)
    if len(nodes) == 1:
        more, t = m.settle(t)
        nodes = [*nodes, *more]
    return nodes, t


# --- heads and losses ---------------------------------------------------------------------


def classes(t: Type) -> int | None:
    """The number of classes of an output, if it can be judged by class ids."""
    size = t.known(t.rank - 1)
    return size if t.ragged != t.rank - 1 and size is not None and size > 1 else None


def head(m: Maker, t: Type, kind: str) -> tuple[list[Node], Type]:
    """The last stages before an output, to suit a loss."""
    dice, nodes = m.dice, []
    size, plain = t.known(t.rank - 1), t.rank <= 2 and t.ragged != t.rank - 1
    if size is not None and plain and (kind in NEVER or dice.chance(0.5)):
        n = dice.randint(2, 5)
        nodes, t = [dense(dice, t, n)], t.with_axes((*t.axes[:-1], t.number(n)))
        if "in" in nodes[0].attrs:  # type: ignore[union-attr]
            nodes = [Layer(f"dense {n}", "dense", {"n": n, "bias": True})]
    ends: Mapping[str, tuple[str, ...]] = {
        "crossentropy": ("softmax", "log_softmax", ""),
        "bce": ("sigmoid", "sigmoid(2)", ""),
        "poisson": ("tanh", "hard_tanh"),
        "kl": ("log_softmax",) if t.ragged != t.rank - 1 else ("tanh",),
        "quadratic": ("", "tanh", "sigmoid"),
    }
    text = dice.choice(ends.get(kind, ("", "", "tanh")))
    if not text:
        return nodes, t
    act = BY_TEXT[text]
    if nodes and dice.chance(0.6):
        return [replace(nodes[-1], act=act)], t  # type: ignore[type-var, list-item]
    return [*nodes, Layer(act.text, "act", {"kind": act.kind, **act.args})], t


def loss(m: Maker, t: Type, kind: str, on: str | None) -> LossSpec:
    """A loss on an output of such a type."""
    dice, args, ids = m.dice, {}, False
    count = classes(t)
    if kind == "crossentropy":
        ids = dice.chance(0.6)
        if dice.chance(0.4):
            args["smoothing"] = dice.number(0.05, 0.5)
        if dice.chance(0.3):
            args["weights"] = [dice.number(0.2, 2) for _ in range(count or 0)]
    elif kind == "hinge":
        ids = count is not None and dice.chance(0.5)
    elif kind == "huber" and dice.chance(0.7):
        args["delta"] = dice.number(0.2, 2)
    elif kind == "bce" and t.known(t.rank - 1) and dice.chance(0.4):
        size = t.known(t.rank - 1) or 1
        one = dice.chance(0.5)
        args["pos_weight"] = (
            dice.number(0.2, 3) if one else [dice.number(0.2, 3) for _ in range(size)]
        )
    weight = dice.number(0.1, 2) if dice.chance(0.3) else None
    return LossSpec(kind, on, weight, dice.choice(REDUCTIONS), args, ids)


def end(m: Maker, nodes: list[Node], t: Type, name: str | None) -> tuple[list[Node], LossSpec]:
    """The chain with its head, called `name`, and a loss on it."""
    kind = m.dice.choice(LOSSES)
    if kind == "crossentropy" and classes(t) is None and not (t.rank <= 2 and _fixed(t)):
        kind = "mse"
    if kind in ("hinge", "kl") and t.ragged == t.rank - 1:  # judged by rows of scores
        kind = "huber"
    more, t = head(m, t, kind)
    if not more and name:
        more = [Layer("scale 1", "scale", {"by": 1})]
    nodes = [*nodes, *more]
    if name:
        nodes[-1] = replace(nodes[-1], name=name)  # type: ignore[type-var]
        m.known[name] = t
    return nodes, loss(m, t, kind, name)


def _fixed(t: Type) -> bool:
    return t.known(t.rank - 1) is not None and t.ragged != t.rank - 1


# --- programs -----------------------------------------------------------------------------


def program(seed: int, wild: float | None = None) -> Program:
    """The random program of a seed; one in five is made without care."""
    dice = Dice(seed)
    careless = (0.25 if dice.chance(0.2) else 0.0) if wild is None else wild
    m = Maker(dice, dice.randint(1, 12), dice.chance(0.4), careless)
    chains, losses, outputs = _chains(m)
    if dice.chance(0.1):
        judged = [n for n, t in m.known.items() if not t.ints and n not in outputs]
        judged = [n for n in judged if not _is_source(chains, n)]
        if judged and outputs:
            losses.append(LossSpec("mse", dice.choice(judged), dice.number(0.1, 1), None, {}))
    before = [BLOCKS[name] for name in m.blocks]
    penalty = dice.chance(0.2)
    l1 = dice.number(0.01, 0.2) if penalty and dice.chance(0.5) else 0.0
    l2 = dice.number(0.01, 0.2) if (penalty and not l1) or (penalty and dice.chance(0.5)) else 0.0
    return Draft(chains, losses, outputs, before, l1, l2, m.reason).read()


def _is_source(chains: Sequence[Sequence[Node]], name: str) -> bool:
    return any(f"as {name}" in str(_inputs(nodes)) for nodes in chains)


def _inputs(nodes: Sequence[Node]) -> list[str]:
    found = []
    for node in nodes:
        if isinstance(node, Input):
            found.append(f"as {node.name}")
        elif isinstance(node, Fork):
            found += [name for b in node.branches for name in _inputs(b)]
    return found


def _chains(m: Maker) -> tuple[list[list[Node]], list[LossSpec], list[str]]:
    """One chain, or several with an output each."""
    dice = m.dice
    count = dice.choices((1, 2, 3), (70, 22, 8))[0]
    named = m.several or count > 1
    chains, losses, outputs = [], [], []
    for i in range(count):
        if i == 0 or (m.several and dice.chance(0.4)) or not m.known:
            nodes, t = opening(m, m.fresh() if named else None)
        else:
            start = dice.choice(list(m.known))
            nodes, t = [Ref(start)], m.known[start]
        while m.left > 0 and dice.chance(0.93 if count == 1 else 0.75):
            more, t = m.stage(t, Place())
            nodes += more
        nodes, t = settled(m, nodes, t)
        name = m.fresh() if count > 1 or dice.chance(0.3) else None
        nodes, term = end(m, nodes, t, name)
        chains.append(nodes)
        outputs += [name] if name else []
        if not losses or dice.chance(0.7):
            losses.append(term)
    if count == 1:
        losses[0].on = outputs[0] if outputs and dice.chance(0.5) else None
    return chains, losses, outputs
