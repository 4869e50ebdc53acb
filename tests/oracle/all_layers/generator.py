"""Random programs over all kinds of layers, one for each seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..pieces import ACTIVATIONS, activation
from ..tree import Act, Group, Layer, Node, Use
from .dice import Dice
from .drawers import DRAWERS, dense
from .kinds import FAR, Declared, Invalid, Type
from .parameters import parameters
from .rules import behind
from .sliding import DRAWERS as SLIDING

MOST_ENTRIES, MOST_AXES, MOST_WIDE = 160, 4, 24
BARE = ("lstm", "gru", "id", *(a.kind.split()[0] for a in ACTIVATIONS))
NARROWING = ("flatten", "sum", "mean axis", "max axis", "global_avgpool", "global_maxpool")


@dataclass(frozen=True)
class Place:
    """Where a stage is made: how deep, whether outer names may be used and given.

    With `keeps` the value's type must stay, but for the size of the axis `but` (None: of none).
    """

    depth: int = 0
    open: bool = True
    keeps: bool = False
    but: int | None = None

    def deeper(self, **changes: object) -> Place:
        """A place inside of this one."""
        return replace(self, depth=self.depth + 1, **changes)  # type: ignore[arg-type]


def small(t: Type) -> bool:
    """Whether a value is one that tests can afford."""
    entries = 1
    for axis in t.axes:
        far = max(a / b["T"] for a, b in zip(axis.at, FAR, strict=True))
        entries *= axis.known if axis.known is not None else max(2, round(5 * min(far, 20)))
    wide = all(n is None or n <= MOST_WIDE for n in t.sizes)
    return wide and entries <= MOST_ENTRIES and 1 <= t.rank <= MOST_AXES


def spelled(t: Type) -> Declared | None:
    """How an input of this type is declared, if it can be."""
    found: list[int | str] = []
    for axis in t.axes:
        names = [n for n in "TS" if axis.at == tuple(f[n] for f in FAR)]
        if axis.known is None and not names:
            return None
        found.append(axis.known if axis.known is not None else names[0])
    return tuple(found) if t.ragged in (None, 0) else None


@dataclass
class Maker:
    """Makes one program; `left` bounds its layers, `wild` is how often arguments are not checked.

    `reason` is why the program made so far is wrong.
    """

    dice: Dice
    left: int
    several: bool
    wild: float = 0.0
    reason: str | None = None
    known: dict[str, Type] = field(default_factory=dict)
    usable: dict[str, tuple[Node, Type, Type]] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self) -> str:
        """A stage name not used before."""
        self.count += 1
        return f"{self.dice.choice(('h', 'z', 'enc', 'mid', 'np', 'out_', 'f'))}_{self.count}"

    def give(self, node: Layer, before: Type, after: Type, place: Place) -> Layer:
        """A layer with a name, sometimes."""
        if not place.open or not self.dice.chance(0.3):
            return node
        name = self.fresh()
        named = replace(node, name=name)
        self.known[name], self.usable[name] = after, (named, before, after)
        if node.op in ("dense", "embedding") and not node.attrs.get("tie"):
            shapes = parameters(node.op, node.attrs, before)
            self.tables[name] = shapes[0].shape  # type: ignore[assignment]
        return named

    def names(self) -> tuple[set[str], str | None]:
        """What is named so far, to come back to with `forget`."""
        return set(self.known), self.reason

    def forget(self, before: tuple[set[str], str | None]) -> None:
        """Drop the names of stages that were given up."""
        names, self.reason = before
        for table in (self.known, self.usable, self.tables):
            for name in set(table) - names:
                del table[name]  # type: ignore[attr-defined]

    # one layer

    def admits(self, before: Type, after: Type, place: Place) -> bool:
        """Whether a value may become another one here."""
        if not place.keeps:
            return small(after)
        if after.rank != before.rank or after.ragged != before.ragged or after.ints:
            return False
        pairs = enumerate(zip(before.axes, after.axes, strict=True))
        return small(after) and all(a == b for i, (a, b) in pairs if i != place.but)

    def trailing(self, node: Layer, after: Type) -> Layer:
        """A layer with an activation, sometimes."""
        if node.op in (*BARE, "act", "rnn") or not self.dice.chance(0.3):
            return node
        act = self.dice.choice([a for a in ACTIVATIONS if a.kind != "id"])
        try:
            behind("act", {"kind": act.kind}, [after])
        except Invalid:
            return node
        return replace(node, act=act)

    def layer(self, t: Type, place: Place) -> tuple[list[Node], Type]:
        """A layer of any kind that fits; in wild programs sometimes one that does not."""
        wild = self.dice.chance(self.wild)
        for _ in range(40):
            node = DRAWERS[self.dice.choice(self.kinds(t))](self.dice, t)
            node = self.tied(node, t, place)
            try:
                after = behind(node.op, node.attrs, [t])
            except Invalid as reason:
                if wild and self.reason is None:
                    self.reason = f"{node.text}: {reason}"
                    return [node], t
                continue
            if wild and self.dice.chance(0.7):
                continue
            if self.admits(t, after, place):
                return [self.give(self.trailing(node, after), t, after, place)], after
        return self.settle(t)

    def kinds(self, t: Type) -> list[str]:
        """The kinds to choose from: what reads ids comes first where ids come in."""
        if t.ints and self.dice.chance(0.9):
            return ["embedding"]
        roll = self.dice.random()
        if roll > 0.85 and any(out == t.sizes[-1] for _, out in self.tables.values()):
            return ["dense"]
        if t.rank == 1 and roll < 0.15:
            return ["reshape", "repeat", "local"]
        if t.rank in (2, 3) and roll < 0.3:
            return list(SLIDING)
        if t.rank == 2 and roll < 0.45:
            return ["rnn", "lstm", "gru", "attention", "positional"]
        fitting = [k for k in DRAWERS if k not in BARE or k in ("lstm", "gru")]
        if roll < 0.8:
            fitting = [k for k in fitting if k not in NARROWING]
        return [*fitting, *self.dice.sample(BARE[2:], 4)]

    def settle(self, t: Type) -> tuple[list[Node], Type]:
        """A stage that always fits."""
        if t.ints:
            return [Layer("id", "id")], t
        return [activation(self.act("tanh", "silu", "sigmoid"))], t

    def act(self, *kinds: str) -> Act:
        """One of some activations."""
        return self.dice.choice([a for a in ACTIVATIONS if a.kind in kinds])

    def tied(self, node: Layer, t: Type, place: Place) -> Layer:
        """A dense layer that uses the transpose of another one, sometimes."""
        fits = [n for n, (_, out) in self.tables.items() if out == t.sizes[-1]]
        if node.op != "dense" or not place.open or not fits or self.dice.chance(0.3):
            return node
        name = self.dice.choice(fits)
        rows, columns = self.tables[name]
        bias = " bias=false" if not node.attrs["bias"] else ""
        attrs = {"n": rows, "tie": name, "tie_shape": (rows, columns), "bias": node.attrs["bias"]}
        return Layer(f"dense {rows} tie={name}{bias}", "dense", {**attrs, "given": ("tie",)})

    # stages and chains

    def use(self, t: Type, place: Place) -> tuple[list[Node], Type]:
        """A named stage once more, if one fits."""
        fits = [(n, after) for n in self.usable if (after := self.again(n, t)) is not None]
        fits = [(n, after) for n, after in fits if self.admits(t, after, place)]
        if not (place.open and fits):
            return self.layer(t, place)
        target, after = self.dice.choice(fits)
        name = self.fresh() if self.dice.chance(0.3) else None
        if name:
            self.known[name] = after
        return [Use(target, name)], after

    def again(self, name: str, t: Type) -> Type | None:
        """The type behind `use name` here."""
        node, before, after = self.usable[name]
        if t == before:
            return after
        if not isinstance(node, Layer) or t.ragged != before.ragged:
            return None
        try:
            found = behind(node.op, node.attrs, [t])
            if node.act is not None and node.op != "rnn":
                behind("act", {"kind": node.act.kind}, [found])
        except Invalid:
            return None
        same = parameters(node.op, node.attrs, t) == parameters(node.op, node.attrs, before)
        return found if same else None

    def group(self, t: Type, place: Place) -> tuple[list[Node], Type]:
        """A group: plain, named, repeated, or both."""
        style = self.dice.choice(("plain", "named", "repeated", "both"))
        if style == "plain":
            body, after = self.chain(t, place.deeper(), 2)
            return [Group(body)], after
        repeats = style != "named"
        keep = {"keeps": True, "but": None} if repeats else {}
        reason = self.reason
        body, after = self.chain(t, place.deeper(open=False, **keep), 2)
        name = self.fresh() if place.open and style != "repeated" else None
        times = self.dice.choice((0, 1, 2, 2, 3)) if repeats else None
        if times == 0:  # what is left out is not judged
            self.reason = reason
        node = Group(body, times, name)
        if name:
            self.known[name] = after
            if times != 0:
                self.usable[name] = (node, t, after)
        return [node], after

    def stage(self, t: Type, place: Place) -> tuple[list[Node], Type]:
        """One stage, sometimes several that belong together."""
        from .branching import block, fork

        if self.left <= 0:
            return self.settle(t)
        self.left -= 1
        roll = self.dice.random()
        if t.ints or place.depth > 2 or roll < 0.72:
            return self.layer(t, place)
        if roll < 0.8:
            return self.use(t, place)
        if roll < 0.85:
            return self.group(t, place)
        return block(self, t, place) if roll < 0.89 else fork(self, t, place)

    def chain(self, t: Type, place: Place, most: int) -> tuple[list[Node], Type]:
        """A few stages."""
        nodes: list[Node] = []
        for _ in range(self.dice.randint(1, most)):
            more, t = self.stage(t, place)
            nodes += more
        return nodes, t

    def _fitting_dense(self, t: Type, size: int) -> Layer:
        """A dense layer whose `in=`, if there is one, is right."""
        while True:
            node = dense(self.dice, t, size)
            if node.attrs.get("in", t.known(t.rank - 1)) == t.known(t.rank - 1):
                return node

    def fit(self, t: Type, target: Type, but: int | None) -> list[Node]:
        """What brings a branch to the size of another one along the axis on which they differ."""
        if t.axes == target.axes:
            return []
        assert but is not None
        size = target.known(but)
        assert size is not None
        if but == t.rank - 1:
            return [self._fitting_dense(t, size)]
        kernel = "x".join("1" * (t.rank - 1))
        attrs: Mapping[str, object] = {
            "filters": size,
            "kernel": [1],
            "stride": [1],
            "dilation": [1],
            "pad": "valid",
            "groups": 1,
            "bias": True,
            "given": (),
        }
        return [Layer(f"conv {size} {kernel}", "conv", attrs)]
