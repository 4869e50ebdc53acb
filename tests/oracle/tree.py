"""A spec as a small tree of its own, with two readings: the `.nn` text and a list of plain steps.

Written from the language reference alone and sharing nothing with the compiler: parameter
names, counting, sharing and shapes are worked out here a second time, so that a test which
compares the two can find a fault in either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Val:
    """A value of the network: the index of the step that makes it, its shape without the batch."""

    id: int
    shape: Shape


@dataclass(frozen=True)
class Step:
    """One operation on earlier values; `params` are full names, by what they are used as."""

    op: str
    inputs: tuple[int, ...] = ()
    attrs: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


# --- stages -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """An activation: its word as written, its kind, and its numbers."""

    text: str
    kind: str
    args: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer as written (without activation and name) and what it means."""

    text: str
    op: str
    attrs: Mapping[str, object] = field(default_factory=dict)
    act: Act | None = None
    name: str | None = None


@dataclass(frozen=True)
class Input:
    """`input 3x4 as a`; `words` are what follows the shape, such as `int ragged`."""

    shape: Shape
    name: str | None = None
    words: str = ""


@dataclass(frozen=True)
class Ref:
    """A name at the beginning of a chain or branch."""

    name: str


@dataclass(frozen=True)
class Use:
    """`use enc as other`."""

    target: str
    name: str | None = None


@dataclass(frozen=True)
class Group:
    """`( … ) * 3 as t`."""

    body: Sequence[Node]
    repeat: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Block:
    """A call such as `residual(4)`, with the body those arguments give."""

    block: str
    text: str
    body: Sequence[Node]
    repeat: int | None = None
    act: Act | None = None
    name: str | None = None


@dataclass(frozen=True)
class Fork:
    """`[a, b] -> add`; without a merge it ends its chain."""

    branches: Sequence[Sequence[Node]]
    merge: Layer | None


Node = Layer | Input | Ref | Use | Group | Block | Fork


# --- text ---------------------------------------------------------------------------------


def chain_text(nodes: Sequence[Node], arrow: str = " -> ") -> str:
    """A chain as a spec writes it; `arrow` may hold the line break."""
    return arrow.join(node_text(node) for node in nodes)


def node_text(node: Node) -> str:
    """One stage as a spec writes it."""
    match node:
        case Layer(text=text, act=act, name=name):
            words = [text, act.text if act else "", _as(name)]
        case Input(shape=shape, name=name):
            words = ["input", "x".join(str(d) for d in shape), node.words, _as(name)]
        case Ref(name=name):
            words = [name]
        case Use(target=target, name=name):
            words = ["use", target, _as(name)]
        case Group(body=body, repeat=repeat, name=name):
            words = [f"({chain_text(body)})", _times(repeat), _as(name)]
        case Block(text=text, repeat=repeat, act=act, name=name):
            words = [text, act.text if act else "", _times(repeat), _as(name)]
        case Fork(branches=branches, merge=merge):
            inner = ", ".join(chain_text(b) for b in branches)
            words = [f"[{inner}]" + (f" -> {node_text(merge)}" if merge else "")]
    return " ".join(word for word in words if word)


def _as(name: str | None) -> str:
    return f"as {name}" if name else ""


def _times(repeat: int | None) -> str:
    return "" if repeat is None else f"* {repeat}"


# --- meaning ------------------------------------------------------------------------------


@dataclass
class Scope:
    """Where names live: a prefix for parameters, a count for each kind, and what is known."""

    prefix: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    known: dict[str, Known] = field(default_factory=dict)
    outer: Scope | None = None

    def inside(self, name: str) -> Scope:
        """The scope of a named group or a block instance."""
        return Scope(prefix=f"{self.prefix}{name}.", outer=self)

    def copy(self) -> Scope:
        """The scope of one copy of an unnamed repeated group: its names are its own."""
        return Scope(prefix=self.prefix, counts=self.counts, outer=self)

    def numbered(self, kind: str) -> str:
        """The next name of a kind: dense1, dense2."""
        self.counts[kind] += 1
        return f"{kind}{self.counts[kind]}"

    def find(self, name: str) -> Known:
        """What a name stands for, looked up from the inside out."""
        if name in self.known:
            return self.known[name]
        assert self.outer is not None, name
        return self.outer.find(name)


@dataclass(frozen=True)
class Known:
    """A named stage: its value, the stage itself, and the names its layers were given."""

    value: Val
    node: Node
    names: tuple[str, ...]


@dataclass
class Expansion:
    """Turns trees into steps, and collects parameters, inputs and what was met on the way."""

    steps: list[Step] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    params: dict[str, tuple[int, ...]] = field(default_factory=dict)
    weights: list[str] = field(default_factory=list)
    inputs: dict[str, Shape] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    top: Scope = field(default_factory=Scope)
    _given: list[list[str]] = field(default_factory=list)
    _replay: Iterator[str] | None = None

    def chain(self, nodes: Sequence[Node], x: Val | None, scope: Scope) -> Val:
        """Expand a chain; `x` is what comes in, None for a statement."""
        for node in nodes:
            x = self.node(node, x, scope)
        assert x is not None
        return x

    def node(self, node: Node, x: Val | None, scope: Scope) -> Val:
        """Expand one stage and remember its name."""
        self._given.append([])
        value = self._expand(node, x, scope)
        names = self._given.pop()
        if self._given:
            self._given[-1].extend(names)
        name = getattr(node, "name", None)
        if name and not isinstance(node, Ref):
            stage = scope.find(node.target).node if isinstance(node, Use) else node
            scope.known[name] = Known(value, stage, tuple(names))
        return value

    def _expand(self, node: Node, x: Val | None, scope: Scope) -> Val:
        self.met[type(node).__name__.lower()] += 1
        match node:
            case Input(shape=shape, name=name):
                self.inputs[name or "x"] = shape
                return self.step("input", (), shape, name=name or "x")
            case Ref(name=name):
                return scope.find(name).value
            case Use(target=target):
                return self._use(scope.find(target), x, scope)
            case Layer():
                assert x is not None
                return self._layer(node, [x], scope)
            case Group() | Block():
                return self._copies(node, x, scope)
            case Fork(branches=branches, merge=merge):
                ends = [self.chain(branch, x, scope) for branch in branches]
                if merge is None:
                    return ends[-1]
                value = self._layer(merge, ends, scope)
                if merge.name:
                    scope.known[merge.name] = Known(value, merge, ())
                return value

    def _copies(self, node: Group | Block, x: Val | None, scope: Scope) -> Val:
        for i in range(1 if node.repeat is None else node.repeat):
            x = self.chain(node.body, x, self._inner(node, i, scope))
            if isinstance(node, Block):
                self.met[f"block {node.block}"] += 1
                x = self._activate(node.act, x, scope)
        if node.repeat is not None:
            self.met["repeat"] += 1
        assert x is not None
        return x

    def _inner(self, node: Group | Block, i: int, scope: Scope) -> Scope:
        if node.name:
            return scope.inside(node.name if node.repeat is None else f"{node.name}.{i + 1}")
        if isinstance(node, Block):
            return scope.inside(scope.numbered(node.block))
        return scope if node.repeat is None else scope.copy()

    def _use(self, known: Known, x: Val | None, scope: Scope) -> Val:
        outer, self._replay = self._replay, iter(known.names)
        bare = _nameless(known.node)
        value = self._expand(bare, x, Scope(outer=scope))
        assert next(self._replay, None) is None
        self._replay = outer
        return value

    def _name(self, kind: str, name: str | None, scope: Scope) -> str:
        full = next(self._replay) if self._replay else scope.prefix + (name or scope.numbered(kind))
        self._given[-1].append(full)
        return full

    def _layer(self, layer: Layer, xs: list[Val], scope: Scope) -> Val:
        return self._activate(layer.act, self._plain(layer, xs, scope), scope)

    def _activate(self, act: Act | None, x: Val, scope: Scope) -> Val:
        if act is None:
            return x
        if act.kind != "prelu":
            return self.step("act", (x.id,), x.shape, kind=act.kind, **act.args)
        return self._prelu(x, self._name("prelu", None, scope))

    def _prelu(self, x: Val, name: str) -> Val:
        self.param(f"{name}.a", (1,), weight=False)
        return self.step("prelu", (x.id,), x.shape, params={"a": f"{name}.a"})

    def _plain(self, layer: Layer, xs: list[Val], scope: Scope) -> Val:
        shape, ids = xs[0].shape, tuple(x.id for x in xs)
        attrs = dict(layer.attrs)
        match layer.op:
            case "dense":
                return self._dense(layer, xs[0], scope)
            case "prelu":
                return self._prelu(xs[0], self._name("prelu", layer.name, scope))
            case "id":
                return xs[0]
            case "reshape":
                shape = attrs["to"]  # type: ignore[assignment]
            case "flatten":
                shape = (_product(shape),)
                attrs["to"] = shape
            case "poly":
                shape = (shape[0] * (attrs["n"] + 1),)  # type: ignore[operator]
            case "dot":
                shape = (*shape[:-1], 1)
            case "concat":
                axis = attrs["axis"] % len(shape)  # type: ignore[operator]
                joined = sum(x.shape[axis] for x in xs)  # type: ignore[misc]
                shape = (*shape[:axis], joined, *shape[axis + 1 :])
                attrs["axis"] = axis + 1
        return self.step(layer.op, ids, shape, **attrs)

    def _dense(self, layer: Layer, x: Val, scope: Scope) -> Val:
        full = self._name("dense", layer.name, scope)
        n, fan_in = layer.attrs["n"], x.shape[-1]
        params = {}
        tie = layer.attrs.get("tie")
        if tie:
            params["T"] = f"{scope.find(str(tie)).names[0]}.W"
            self.met["tie"] += 1
        else:
            params["W"] = self.param(f"{full}.W", (fan_in, n), weight=True)
        if layer.attrs.get("bias", True):
            params["b"] = self.param(f"{full}.b", (n,), weight=False)
        return self.step("dense", (x.id,), (*x.shape[:-1], n), params=params)

    def param(self, name: str, shape: Shape, weight: bool) -> str:
        """A parameter; asking again for one that exists shares it."""
        assert self.params.setdefault(name, shape) == shape, name  # type: ignore[arg-type]
        if weight and name not in self.weights:
            self.weights.append(name)
        return name

    def step(
        self,
        op: str,
        inputs: tuple[int, ...],
        shape: Shape,
        params: Mapping[str, str] | None = None,
        **attrs: object,
    ) -> Val:
        """Append a step and give its value."""
        self.met[f"act {attrs['kind']}" if op == "act" else op] += 1
        self.steps.append(Step(op, inputs, attrs, params or {}))
        self.shapes.append(shape)
        return Val(len(self.steps) - 1, shape)


def _nameless(node: Node) -> Node:
    """A stage as `use` applies it again: its own name is not given a second time."""
    match node:
        case Layer(text, op, attrs, act, _):
            return Layer(text, op, attrs, act)
        case Group(body, repeat, _):
            return Group(body, repeat, "again")
        case Block(block, text, body, repeat, act, _):
            return Block(block, text, body, repeat, act, "again")
    raise TypeError(node)


def _product(shape: Shape) -> int:
    total = 1
    for dim in shape:
        assert isinstance(dim, int)
        total *= dim
    return total
