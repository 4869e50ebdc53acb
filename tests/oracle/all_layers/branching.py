"""Forks with their merges, and calls of blocks."""

from __future__ import annotations

from collections.abc import Callable

from .. import pieces
from ..pieces import ID, act, merge
from ..tree import Act, Block, Fork, Input, Layer, Node, Ref
from .generator import Maker, Place, small, spelled
from .kinds import Invalid, Type
from .rules import MERGES, behind

BLOCKS = {
    **{name: pieces.BLOCKS[name] for name in ("residual", "gated", "squash", "around")},
    "convres": "block convres(ch, k=3) = [id, conv ch (k)x(k) pad=same -> batchnorm relu "
    "-> conv ch (k)x(k) pad=same] -> add silu",
    "encoder": "block encoder(n, heads=1) = [id, layernorm -> attention heads] -> add "
    "-> [id, layernorm -> dense (2*n) gelu -> dense n] -> add",
}


def free_axis(t: Type) -> int | None:
    """The axis whose size a layer with weights can change: features, or else channels."""
    if t.rank <= 2 and t.known(t.rank - 1) is not None and t.ragged != t.rank - 1:
        return t.rank - 1
    channels = t.rank in (2, 3) and t.known(0) is not None and t.ragged != 0
    return 0 if channels else None


def fork(m: Maker, t: Type, place: Place) -> tuple[list[Node], Type]:
    """A fork and its merge, with branches brought to equal shapes where that is needed."""
    but = place.but if place.keeps else free_axis(t)
    kind = m.dice.choice(MERGES)
    ways = 2 if kind in ("sub", "dot", "sample") else m.dice.randint(2, 3)
    inner = place.deeper(keeps=True, but=but)
    before = m.names()
    branches = [branch(m, t, inner) for _ in range(ways)]
    wild = m.dice.chance(m.wild / 2) and m.reason is None
    if not wild and (kind != "concat" or but is None):
        target = m.dice.choice([after for _, after in branches])
        if but is None or target.known(but) is not None:
            branches = [([*b, *m.fit(a, target, but)], target) for b, a in branches]
    axis = m.dice.randint(-t.rank, t.rank - 1) if wild or but is None else but
    attrs = {}
    if kind == "concat" and (t.rank > 1 or m.dice.chance(0.3)):
        attrs = {"axis": axis if m.dice.chance(0.5) else axis - t.rank if axis >= 0 else axis}
    node = merge(kind, None, None, **attrs)
    node = Layer(node.text, kind, {"axis": attrs.get("axis")} if kind == "concat" else {})
    stage = [Fork([b for b, _ in branches], node)]
    try:
        after = behind(kind, node.attrs, [a for _, a in branches])
    except Invalid as reason:
        if not wild or m.reason is not None:
            m.forget(before)
            return m.layer(t, place)
        m.reason = f"{node.text}: {reason}"
        return list(stage), t
    if not m.admits(t, after, place):
        m.forget(before)
        return m.layer(t, place)
    named = m.give(m.trailing(node, after), t, after, place)
    m.usable.pop(named.name or "", None)
    return [Fork([b for b, _ in branches], named)], after


def branch(m: Maker, t: Type, place: Place) -> tuple[list[Node], Type]:
    """`id`, a named value, a new input, or a chain."""
    if m.dice.chance(0.2):
        return [ID], t
    start: list[Node] = []
    fitting = [n for n, s in m.known.items() if m.admits(t, s, place)]
    shape = spelled(t)
    if place.open and fitting and m.dice.chance(0.3):
        name = m.dice.choice(fitting)
        start, t = [Ref(name)], m.known[name]
    elif place.open and m.several and shape and m.dice.chance(0.15):
        name = m.fresh()
        start = [Input(shape, name, "ragged" if t.ragged == 0 else "")]
        m.known[name] = t
    if start and m.dice.chance(0.5):
        return start, t
    rest, after = m.chain(t, place, 2)
    return [*start, *rest], after


# --- blocks -------------------------------------------------------------------------------

Call = Callable[..., Block]


def convres(ch: int, k: int, **kw: object) -> Block:
    """A residual block of convolutions."""

    def conv() -> Layer:
        attrs = {"filters": ch, "kernel": [k, k], "stride": [1], "dilation": [1], "pad": "same"}
        return Layer("", "conv", {**attrs, "groups": 1, "bias": True})

    norm = Layer("", "batchnorm", {"eps": 1e-5, "momentum": 0.1}, act("relu"))
    body = [Fork([[ID], [conv(), norm, conv()]], Layer("add", "add", {}, act("silu")))]
    return Block("convres", f"convres({ch}, k={k})", body, **kw)  # type: ignore[arg-type]


def encoder(n: int, heads: int, **kw: object) -> Block:
    """A transformer's encoder block, normalised before."""

    def norm() -> Layer:
        return Layer("", "layernorm", {"eps": 1e-5})

    mixes = Layer("", "attention", {"heads": heads, "causal": False, "bias": True})
    wide = [norm(), pieces.dense(2 * n, act("gelu")), pieces.dense(n)]
    add = Layer("add", "add")
    body = [Fork([[ID], [norm(), mixes]], add), Fork([[ID], wide], add)]
    return Block("encoder", f"encoder({n}, heads={heads})", body, **kw)  # type: ignore[arg-type]


def _elementwise(node: Block) -> Block:
    """A block of `pieces` with its merges called as they are here."""
    body: list[Node] = []
    for one in node.body:
        if isinstance(one, Fork) and one.merge:
            kind = one.merge.op.removeprefix("merge ")
            one = Fork(one.branches, Layer(one.merge.text, kind, {}, one.merge.act))
        body.append(one)
    return Block(node.block, node.text, body, node.repeat, node.act, node.name)


def block(m: Maker, t: Type, place: Place) -> tuple[list[Node], Type]:
    """A call of one of the blocks, all of which keep the type."""
    d = t.sizes[-1]
    wide = t.rank <= 2 and d is not None and t.ragged != t.rank - 1 and small(t)
    makes: dict[str, Callable[..., Block]] = {"squash": pieces.squash}
    if wide:
        assert d is not None
        inner = m.dice.choice((None, act("tanh"), act("silu"), act("leaky_relu(0.2)")))
        makes["residual"] = lambda **kw: pieces.residual(d, inner, **kw)
        makes["gated"] = lambda **kw: pieces.gated(d, **kw)
        body = [pieces.dense(d), pieces.activation(m.act("tanh", "relu", "gelu"))]
        makes["around"] = lambda **kw: pieces.around(body, **kw)
    if wide and t.rank == 2 and d is not None and t.ragged != 1:
        heads = m.dice.choice([n for n in range(1, d + 1) if d % n == 0])
        makes["encoder"] = lambda **kw: encoder(d, heads, **kw)
    channels = t.sizes[0]
    if t.rank == 3 and channels is not None and t.ragged is None:
        makes["convres"] = lambda **kw: convres(channels, m.dice.choice((1, 3)), **kw)
    kind = m.dice.choice(list(makes))
    if kind not in m.blocks:
        m.blocks.append(kind)
    kw: dict[str, object] = {}
    if m.dice.chance(0.3):
        kw["repeat"] = m.dice.choice((1, 2, 3))
    elif m.dice.chance(0.3):
        kw["act"] = m.dice.choice([a for a in pieces.ACTIVATIONS if _trails(a, t)])
    kw["name"] = m.fresh() if place.open and m.dice.chance(0.4) else None
    node = _elementwise(makes[kind](**kw))
    if node.name:
        m.known[node.name] = t
        m.usable[node.name] = (node, t, t)
    return [node], t


def _trails(a: Act, t: Type) -> bool:
    return a.kind not in ("id", "prelu") and ("softmax" not in a.kind or t.ragged != t.rank - 1)
