"""Random programs of the multilayer-perceptron family, one for each seed.

Nothing here knows the compiler; texts follow the language reference alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .pieces import (
    ACTIVATIONS,
    BLOCKS,
    ID,
    LOSSES,
    MERGES,
    NEEDS,
    REDUCTIONS,
    SMOOTH_BOUNDED,
    act,
    activation,
    around,
    bottle,
    deep,
    gated,
    merge,
    residual,
    squash,
)
from .programs import LossSpec, Program, build, written
from .tree import Act, Block, Fork, Group, Input, Layer, Node, Ref, Shape, Use

MAX_DEPTH = 12


@dataclass(frozen=True)
class Place:
    """Where a stage is being made: how deep, and whether outer names may be used and given."""

    depth: int = 0
    open: bool = True
    keep_rank: bool = False


@dataclass
class Maker:
    """Makes one random program; `left` bounds how many layers it may still get."""

    rng: random.Random
    left: int
    several: bool
    known: dict[str, Shape] = field(default_factory=dict)
    usable: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    denses: dict[str, tuple[int, int]] = field(default_factory=dict)
    lets: dict[str, str] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    count: int = 0

    # names, numbers, words

    def fresh(self) -> str:
        """A stage name not used before."""
        self.count += 1
        return f"{self.rng.choice(('h', 'z', 'enc', 'mid', 'np', 'out_', 'f'))}_{self.count}"

    def number(self, low: float, high: float) -> float:
        """A number with two decimals."""
        return round(self.rng.uniform(low, high), 2)

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.rng.random() < p

    def width(self, n: int) -> str:
        """A number of units as a spec may write it: plain, or by a let."""
        if not self.chance(0.15):
            return str(n)
        name = f"width_{n}"
        self.lets[name] = f"{n}" if self.chance(0.5) else f"{2 * n} // 2"
        return name if self.chance(0.6) else f"({name} + 0)"

    # layers

    def dense(self, shape: Shape, place: Place, n: int | None = None, plain: bool = False) -> Layer:
        """A dense layer with some of its arguments."""
        fan_in = shape[-1]
        assert isinstance(fan_in, int)
        if n is None and place.open and self.chance(0.25):
            tied = [name for name, (_, out) in self.denses.items() if out == fan_in]
            if tied:
                tie = self.rng.choice(tied)
                n = self.denses[tie][0]
                act_ = None if plain else self.some_act()
                return self._named_dense(
                    shape, place, n, f"dense {n} tie={tie}", {"tie": tie}, act_
                )
        n = n or self.rng.randint(1, 8)
        options, attrs = [], {}
        if self.chance(0.25):
            options.append("bias=false")
            attrs["bias"] = False
        if self.chance(0.2):
            options.append(f"in={fan_in}")
        if self.chance(0.2):
            options.append(f"init={self.rng.choice(INITS)}")
        if self.chance(0.1) and "bias" not in attrs:
            options.append("bias_init=normal(0.1)")
        act_ = None if plain else self.some_act()
        if self.chance(0.2):
            text = f"dense({', '.join([self.width(n), *options])})"
        else:
            text = " ".join(["dense", self.width(n), *options])
        return self._named_dense(shape, place, n, text, attrs, act_)

    def _named_dense(
        self,
        shape: Shape,
        place: Place,
        n: int,
        text: str,
        attrs: dict[str, object],
        act_: Act | None,
    ) -> Layer:
        name = self.fresh() if place.open and self.chance(0.35) else None
        if name:
            self.known[name] = (*shape[:-1], n)
            self.usable[name] = (shape, (*shape[:-1], n))
            if "tie" not in attrs:
                self.denses[name] = (shape[-1], n)  # type: ignore[assignment]
        return Layer(text, "dense", {"n": n, **attrs}, act_, name)

    def some_act(self) -> Act | None:
        """A trailing activation, more often than not."""
        return self.rng.choice(ACTIVATIONS) if self.chance(0.6) else None

    def activation(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A standalone activation."""
        return [activation(self.rng.choice(ACTIVATIONS))], shape

    def fixed(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """scale, shift, normalize, dropout."""
        kind = self.rng.choice(("scale", "shift", "normalize", "dropout"))
        lists = len(shape) == 1 and self.chance(0.4)
        size = shape[0] if lists else 1
        assert isinstance(size, int)
        if kind == "dropout":
            p = self.rng.choice((0, 0.1, 0.5))
            return [Layer(f"dropout {p}", "dropout", {"p": p})], shape
        if kind == "normalize":
            mean = [self.number(-1, 1) for _ in range(size)]
            std = [self.number(0.5, 2) for _ in range(size)]
            attrs = {"mean": mean if lists else mean[0], "std": std if lists else std[0]}
            words = " ".join(f"{key}={written(value)}" for key, value in attrs.items())
            return [Layer(f"normalize {words}", "normalize", attrs)], shape
        low = -2.0 if kind == "shift" else 0.3
        values = [self.number(low, 2) for _ in range(size)]
        by = values if lists else values[0]
        return [Layer(f"{kind}({written(by)})", kind, {"by": by})], shape

    def poly(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """Powers of a bounded value."""
        size = shape[0]
        if len(shape) != 1 or not isinstance(size, int) or size > 8:
            return self.activation(shape, place)
        n = self.rng.randint(1, 3)
        bound = act(self.rng.choice(SMOOTH_BOUNDED))
        return [activation(bound), Layer(f"poly {n}", "poly", {"n": n})], (size * (n + 1),)

    def reshape(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """flatten, or a vector folded to two axes."""
        if place.keep_rank or any(isinstance(d, str) for d in shape):
            return self.fixed(shape, place)
        if len(shape) > 1:
            size = _size(shape)
            return [Layer("flatten", "flatten")], (size,)
        size = shape[0]
        assert isinstance(size, int)
        divisors = [d for d in range(2, size) if size % d == 0]
        if not divisors:
            return self.fixed(shape, place)
        d = self.rng.choice(divisors)
        return [Layer(f"reshape {d}x{size // d}", "reshape", {"to": (d, size // d)})], (
            d,
            size // d,
        )

    def use(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A named stage once more, if one fits; else a dense."""
        fits = [name for name, (before, _) in self.usable.items() if before == shape]
        if not (place.open and fits):
            return self.one_dense(shape, place)
        target = self.rng.choice(fits)
        name = self.fresh() if self.chance(0.3) else None
        after = self.usable[target][1]
        if name:
            self.known[name] = after
        return [Use(target, name)], after

    def one_dense(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A dense, or on an image a flatten before it."""
        if len(shape) == 3:
            if place.keep_rank:
                return self.activation(shape, place)
            size = _size(shape)
            layer = self.dense((size,), place)
            return [Layer("flatten", "flatten"), layer], (layer.attrs["n"],)  # type: ignore[return-value]
        layer = self.dense(shape, place)
        return [layer], (*shape[:-1], layer.attrs["n"])  # type: ignore[return-value]

    def group(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A group: plain, named, repeated, or both."""
        style = self.rng.choice(("plain", "named", "repeated", "both"))
        if style == "plain":
            body, after = self.chain(shape, Place(place.depth + 1, place.open, place.keep_rank))
            return [Group(body)], after
        repeats = style != "named"
        inner = Place(place.depth + 1, False, place.keep_rank or repeats)
        body, after = self.chain(shape, inner)
        if repeats and after != shape:
            body = [*body, self.dense(after, inner, shape[-1])] if len(shape) < 3 else [ID]  # type: ignore[arg-type]
            after = shape
        name = self.fresh() if place.open and style != "repeated" else None
        n = self.rng.choice((0, 1, 2, 2, 3)) if repeats else None
        if name:
            self.known[name] = after
            if n != 0:
                self.usable[name] = (shape, after)
        return [Group(body, n, name)], after

    def block(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A call of one of the blocks above."""
        d = shape[-1]
        assert isinstance(d, int)
        kinds = ["squash"] if len(shape) == 3 else list(BLOCKS)
        if d > 6:
            kinds = [k for k in kinds if k != "deep"]
        kind = self.rng.choice(kinds)
        for name in (*NEEDS.get(kind, ()), kind):
            if name not in self.blocks:
                self.blocks.append(name)
        same: dict[str, object] = {}
        if kind != "bottle" and self.chance(0.3):
            same["repeat"] = self.rng.choice((1, 2, 3))
        elif self.chance(0.3):
            same["act"] = self.rng.choice([a for a in ACTIVATIONS if a.kind != "prelu"])
        name = self.fresh() if place.open and self.chance(0.4) else None
        same["name"] = name
        node, after = self._call(kind, shape, d, same, place)
        if name:
            self.known[name] = after
            self.usable[name] = (shape, after)
        return [node], after

    def _call(
        self, kind: str, shape: Shape, d: int, kw: dict[str, object], place: Place
    ) -> tuple[Block, Shape]:
        match kind:
            case "residual":
                inner = self.rng.choice((None, act("tanh"), act("silu"), act("leaky_relu(0.2)")))
                return residual(d, inner, **kw), shape
            case "bottle":
                n = self.rng.randint(1, 6)
                return bottle(self.rng.randint(1, 4), n, **kw), (*shape[:-1], n)
            case "gated":
                return gated(d, **kw), shape
            case "squash":
                return squash(**kw), shape
            case "around":
                inner_place = Place(place.depth + 1, open=False, keep_rank=True)
                body = [self.dense(shape, inner_place, d), activation(self.rng.choice(ACTIVATIONS))]
                return around(body, **kw), shape
        return deep(d, **kw), shape

    # forks

    def fork(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """A fork and its merge, with branches brought to equal shapes where that is needed."""
        if place.depth > 2:
            return self.one_dense(shape, place)
        nested_image = len(shape) == 3 and place.depth > 0
        kind = self.rng.choice(MERGES[:5] if nested_image else MERGES)
        ways = 2 if kind in ("sub", "dot") else self.rng.randint(2, 3)
        inner = Place(place.depth + 1, place.open, keep_rank=True)
        branches = [self.branch(shape, inner) for _ in range(ways)]
        if kind != "concat":
            target = self.rng.choice([after for _, after in branches])
            branches = [(self.fit(b, after, target, inner), target) for b, after in branches]
        shapes = [after for _, after in branches]
        rank = len(shapes[0])
        attrs = {"axis": -1} if kind == "concat" and (rank > 1 or self.chance(0.3)) else {}
        name = self.fresh() if place.open and self.chance(0.2) else None
        last = merge(kind, self.some_act() if self.chance(0.3) else None, name, **attrs)
        after = _merged(kind, shapes)
        if name:
            self.known[name] = after
        return [Fork([b for b, _ in branches], last)], after

    def branch(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """`id`, a named value, a new input, or a chain."""
        if self.chance(0.2):
            return [ID], shape
        image = len(shape) == 3
        fitting = [
            n
            for n, s in self.known.items()
            if (s if image else s[:-1]) == (shape if image else shape[:-1])
        ]
        if place.open and fitting and self.chance(0.3):
            name = self.rng.choice(fitting)
            start, after = [Ref(name)], self.known[name]
        elif place.open and self.several and not image and self.chance(0.15):
            name, after = self.fresh(), (*shape[:-1], self.rng.randint(1, 6))
            self.known[name] = after
            start = [Input(after, name)]
        else:
            return self.chain(shape, place)
        if self.chance(0.5):
            return start, after
        rest, after = self.chain(after, place)
        return [*start, *rest], after

    def fit(self, nodes: list[Node], shape: Shape, target: Shape, place: Place) -> list[Node]:
        """A branch brought to a last axis of the right size."""
        if shape == target:
            return nodes
        assert shape[:-1] == target[:-1], (shape, target)
        assert len(shape) < 3, (shape, target)
        last = target[-1]
        assert isinstance(last, int)
        return [*nodes, self.dense(shape, place, last)]

    # chains

    def chain(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """One to four stages."""
        nodes: list[Node] = []
        for _ in range(self.rng.randint(1, 4 if place.depth == 0 else 2)):
            more, shape = self.stage(shape, place)
            nodes += more
            last = shape[-1]
            if isinstance(last, int) and last > 24 and len(shape) < 3:
                layer = self.dense(shape, place, self.rng.randint(2, 6))
                nodes.append(layer)
                shape = (*shape[:-1], layer.attrs["n"])  # type: ignore[assignment]
        return nodes, shape

    def stage(self, shape: Shape, place: Place) -> tuple[list[Node], Shape]:
        """One stage (sometimes two that belong together)."""
        if self.left <= 0:
            return self.activation(shape, place)
        self.left -= 1
        makers = {
            self.one_dense: 8,
            self.activation: 3,
            self.fixed: 2,
            self.poly: 1,
            self.reshape: 2,
            self.use: 6 if shape in (before for before, _ in self.usable.values()) else 0,
        }
        if place.depth < 3:
            makers |= {self.fork: 4, self.group: 2, self.block: 2}
        make = self.rng.choices(list(makers), list(makers.values()))[0]
        return make(shape, place)


INITS = (
    "he",
    "xavier",
    "lecun",
    "normal(0.5)",
    "uniform(0.3)",
    "orthogonal",
    "constant(0.1)",
    "zeros",
    "ones",
)


def _size(shape: Shape) -> int:
    total = 1
    for dim in shape:
        assert isinstance(dim, int)
        total *= dim
    return total


def _merged(kind: str, shapes: Sequence[Shape]) -> Shape:
    first = shapes[0]
    if kind == "dot":
        return (*first[:-1], 1)
    if kind == "concat":
        return (*first[:-1], sum(s[-1] for s in shapes))  # type: ignore[misc]
    return first


def _input_shape(maker: Maker) -> Shape:
    rng = maker.rng
    d = rng.randint(1, 8)
    style = rng.choice(("D", "D", "D", "TxD", "AxD", "CxHxW"))
    match style:
        case "TxD":
            return ("T", d)
        case "AxD":
            return (rng.randint(1, 4), d)
        case "CxHxW":
            return (rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 3))
    return (d,)


def _head(
    maker: Maker, shape: Shape, name: str | None, on: str | None
) -> tuple[list[Node], Shape, LossSpec]:
    """The last stages of a chain, and a loss that fits them."""
    rng = maker.rng
    kind = rng.choice(LOSSES)
    nodes: list[Node] = []
    if len(shape) == 3:
        nodes, shape = [Layer("flatten", "flatten")], (_size(shape),)
    spec = LossSpec(kind, on, reduction=rng.choice(REDUCTIONS))
    place = Place(open=False)
    if kind in _ENDINGS:
        n = rng.randint(1, 3) if kind in ("bce", "poisson") else rng.randint(2, 5)
        endings = _ENDINGS[kind]
        ending = rng.choice(endings)
        layer = maker.dense(shape, place, n, plain=True)
        trailing = maker.chance(0.5) or ending is None
        nodes += [
            Layer(
                layer.text,
                "dense",
                layer.attrs,
                ending if trailing else None,
                name if trailing else None,
            )
        ]
        nodes += [] if trailing else [activation(ending, name)]
        shape = (*shape[:-1], n)
        spec.ids = kind in ("crossentropy", "hinge") and maker.chance(0.6)
        spec.args = _loss_args(maker, kind, n)
        return nodes, shape, spec
    if kind == "huber" and maker.chance(0.7):
        spec.args = {"delta": maker.number(0.2, 1.5)}
    layer = maker.dense(shape, place)
    constant = layer.attrs["n"] == 1 and layer.act in (act("softmax"), act("log_softmax"))
    nodes.append(Layer(layer.text, "dense", layer.attrs, None if constant else layer.act, name))
    return nodes, (*shape[:-1], layer.attrs["n"]), spec  # type: ignore[return-value]


def _loss_args(maker: Maker, kind: str, n: int) -> dict[str, object]:
    args: dict[str, object] = {}
    if kind == "crossentropy" and maker.chance(0.2):
        args["smoothing"] = 0.1
    if kind == "crossentropy" and maker.chance(0.3):
        args["weights"] = [maker.number(0.2, 3) for _ in range(n)]
    if kind == "bce" and maker.chance(0.3):
        one = maker.chance(0.5)
        args["pos_weight"] = maker.number(0.2, 3) if one else [maker.number(0.2, 3)] * n
    return args


_ENDINGS: Mapping[str, Sequence[Act | None]] = {
    "crossentropy": (act("softmax"), act("softmax"), act("log_softmax"), None),
    "bce": (act("sigmoid"), act("sigmoid(2)"), None),
    "hinge": (act("tanh"), None),
    "kl": (act("log_softmax"),),
    "poisson": (act("tanh"), None),
}


def program(seed: int) -> Program:
    """The random program of a seed; equal seeds give equal programs on every machine."""
    rng = random.Random(f"nnc {seed}")
    maker = Maker(rng, left=rng.randint(1, MAX_DEPTH), several=rng.random() < 0.35)
    shape = _input_shape(maker)
    name = maker.fresh() if maker.several or maker.chance(0.2) else None
    first: list[Node] = [Input(shape, name)]
    if name:
        maker.known[name] = shape
    body, after = maker.chain(shape, Place())
    chains: list[list[Node]] = [[*first, *body]]
    if maker.several and len(shape) < 3:
        chains, after = _second_input(maker, chains, after)
    if maker.chance(0.3):
        return _two_heads(maker, chains, after)
    return _one_head(maker, chains, after)


def _second_input(
    maker: Maker, chains: list[list[Node]], after: Shape
) -> tuple[list[list[Node]], Shape]:
    """A second chain from another input, merged with the first."""
    one = _name_end(maker, chains[0], after)
    name = maker.fresh()
    if len(after) == 3:
        return chains, after
    shape: Shape = (*after[:-1], maker.rng.randint(1, 6))
    twins = [n for n, (before, _) in maker.usable.items() if before[:-1] == after[:-1]]
    again: list[Node] = []
    end = shape
    if twins and maker.chance(0.6):
        twin = maker.rng.choice(twins)
        shape, end = maker.usable[twin]
        again = [Use(twin)]
    maker.known[name] = shape
    other, end = maker.chain(end, Place(keep_rank=True))
    chain: list[Node] = [Input(shape, name), *again, *other]
    two = _name_end(maker, chain, end)
    kind = maker.rng.choice(MERGES)
    if kind != "concat" and end != after:
        chain.append(maker.dense(end, Place(open=False), after[-1]))  # type: ignore[arg-type]
        end = after
        two = _name_end(maker, chain, end)
    attrs = {"axis": -1} if kind == "concat" and len(after) > 1 else {}
    joined = Fork([[Ref(one)], [Ref(two)]], merge(kind, None, **attrs))
    return [*chains, chain, [joined]], _merged(kind, [after, end])


def _name_end(maker: Maker, chain: list[Node], shape: Shape) -> str:
    """Give the chain's end a name by an `id` stage, and say which."""
    name = maker.fresh()
    chain.append(Layer("id", "id", {}, None, name))
    maker.known[name] = shape
    return name


def _one_head(maker: Maker, chains: list[list[Node]], after: Shape) -> Program:
    name = maker.fresh() if maker.chance(0.3) else None
    nodes, _, spec = _head(maker, after, name, None)
    chains[-1] += nodes
    losses = [spec]
    if maker.chance(0.1):
        spec.weight = maker.number(0.3, 2)
    elif name and maker.chance(0.3):
        spec.on = name
        middle = [n for n, s in maker.known.items() if s]
        if middle:
            losses.append(LossSpec("mse", maker.rng.choice(middle), weight=0.3))
    return _finish(maker, chains, losses, ())


def _two_heads(maker: Maker, chains: list[list[Node]], after: Shape) -> Program:
    trunk = _name_end(maker, chains[-1], after)
    names, losses = [], []
    for _ in range(maker.rng.randint(2, 3)):
        name = maker.fresh()
        rest: list[Node] = []
        shape = after
        if maker.chance(0.5):
            rest, shape = maker.chain(after, Place(1))
        nodes, _, spec = _head(maker, shape, name, name)
        spec.weight = maker.number(0.1, 2) if maker.chance(0.6) else None
        chains.append([Ref(trunk), *rest, *nodes])
        names.append(name)
        losses.append(spec)
    if maker.chance(0.2):
        losses.pop()
    return _finish(maker, chains, losses, names)


def _finish(
    maker: Maker, chains: list[list[Node]], losses: list[LossSpec], outputs: Sequence[str]
) -> Program:
    rng = maker.rng
    definitions = [f"let {name} = {value}" for name, value in maker.lets.items()]
    definitions += [BLOCKS[name] for name in maker.blocks]
    rng.shuffle(definitions)
    first = maker.chance(0.7)
    return build(
        chains,
        losses,
        outputs=outputs,
        before=definitions if first else (),
        after=() if first else definitions,
        l1=rng.choice((0, 0, 0, 0.01)),
        l2=rng.choice((0, 0, 0.02)),
        arrow=lambda: rng.choice((" -> ", "\n  -> ", " ->\n    ")),
    )
