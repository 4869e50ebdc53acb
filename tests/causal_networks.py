"""Random causal networks, and the comparison of their steps with whole sequences.

A network is a chain of stages over TxD or CxL, drawn with its sizes. The module itself is the oracle:
what `predict` gives for a whole sequence, `step` must give position by position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from types import ModuleType

import numpy as np

from tests.generated import imported

ACTIVATIONS = (
    *("relu", "leaky_relu(0.2)", "prelu", "elu", "selu", "gelu", "silu", "mish", "softplus"),
    *(
        "softsign",
        "sigmoid",
        "tanh",
        "hard_sigmoid",
        "hard_tanh",
        "hard_swish",
        "relu(max=1)",
        "gate",
    ),
)
CELLS = ("tanh", "relu", "sigmoid(beta=1.5)", "softsign", "elu(a=0.7)", "hard_tanh")
FORMULAS = """fn gate(z, q=1) = z * sigmoid(q * z)
fn centred(z) = z - mean(z)
fn blend(a, b) = a * sigmoid(b) + 0.5 * b
"""


@dataclass
class Draw:
    """A network being drawn: what is drawn next depends on the layout and the width so far."""

    dice: Random
    length: str
    width: int = 0
    first: bool = True
    """Whether positions are the first axis (TxD), or the last (CxL)."""

    def size(self, low: int = 1, high: int = 6) -> int:
        return self.dice.randint(low, high)

    def activation(self) -> str:
        return self.dice.choice(["", *ACTIVATIONS])

    # --- TxD ------------------------------------------------------------------------------

    def dense(self) -> str:
        self.width = self.size()
        bias = self.dice.choice(["", " bias=false"])
        return f"dense {self.width}{bias} {self.activation()}"

    def norm(self) -> str:
        return self.dice.choice(["layernorm", "rmsnorm", "centred"])

    def entry(self) -> str:
        listed = ", ".join(f"{self.dice.uniform(-2, 2):.2f}" for _ in range(self.width))
        return self.dice.choice(
            [
                "dropout 0.3",
                "noise 0.1",
                "scale 0.7",
                f"scale [{listed}]",
                f"shift [{listed}]",
                "id",
            ]
        )

    def distribution(self) -> str:
        return self.dice.choice(["softmax", "log_softmax"])

    def powers(self) -> str:
        degree = self.size(1, 2)
        self.width *= degree + 1
        return f"poly {degree}"

    def recurrent(self, last: bool = False) -> str:
        kind = self.dice.choice(["rnn", "lstm", "gru"])
        self.width = self.size()
        own = self.dice.choice(CELLS) if kind == "rnn" else ""
        layers = self.dice.choice(["", "", " layers=2", " layers=3 dropout=0.2"])
        bias = self.dice.choice(["", "", " bias=false"])
        return f"{kind} {self.width} {own}{layers}{bias}" + ("" if last else " return=all")

    def attention(self) -> str:
        heads = self.dice.choice([n for n in range(1, self.width + 1) if self.width % n == 0])
        bias = self.dice.choice(["", " bias=false"])
        return f"attention {heads} causal=true{bias}"

    def positional(self) -> str:
        return self.dice.choice(["positional", "positional learned=true max=40"])

    # --- CxL ------------------------------------------------------------------------------

    def conv(self) -> str:
        groups = self.dice.choice([n for n in range(1, self.width + 1) if self.width % n == 0])
        self.width = groups * self.size(1, 3)
        kernel, dilation = self.size(1, 5), self.dice.choice([1, 1, 2, 3, 4])
        bias = self.dice.choice(["", " bias=false"])
        pad = " pad=causal" if kernel > 1 else self.dice.choice(["", " pad=same", " pad=causal"])
        return (
            f"conv {self.width} {kernel}{pad} dilation={dilation} groups={groups}{bias} "
            f"{self.activation()}"
        )

    def depthwise(self) -> str:
        mult = self.size(1, 2)
        self.width *= mult
        dilation = self.dice.choice([1, 2])
        return f"depthwise {self.size(2, 4)} mult={mult} pad=causal dilation={dilation}"

    def channels(self) -> str:
        listed = ", ".join(f"{self.dice.uniform(0.5, 2):.2f}" for _ in range(self.width))
        return self.dice.choice(["batchnorm", f"normalize mean=0.3 std=[{listed}]", "tanh", "gate"])

    def crop(self) -> str:
        start = self.dice.randrange(self.width)
        width, self.width = self.width, self.width - start
        return f"crop {start}:{width}"

    # --- both -----------------------------------------------------------------------------

    def turn(self) -> str:
        self.first = not self.first
        return self.dice.choice(["transpose", "permute 1 0"])

    def residual(self) -> str:
        """Branches of one width, merged; `before` stages do not change it."""
        own = f"dense {self.width}" if self.first else f"conv {self.width} 2 pad=causal"
        other = self.dice.choice([f"{own} tanh", own, "id"])
        merge = self.dice.choice(["add", "sub", "mul", "max", "mean", "blend", "concat", "dot"])
        if merge == "dot" and not self.first:
            merge = "add"
        if merge == "concat":
            merge = f"concat axis={-1 if self.first else 0}"
            self.width *= 2
        if merge == "dot":
            self.width = 1
        return f"[{own} sigmoid, {other}] -> {merge}"

    def group(self) -> str:
        own = f"dense {self.width} tanh" if self.first else f"conv {self.width} 3 pad=causal relu"
        return f"({own} -> dropout 0.1) * {self.size(1, 3)}"

    def stage(self) -> str:
        of_features = (
            *(self.dense, self.norm, self.entry, self.recurrent, self.recurrent, self.attention),
            *(self.positional, self.distribution, self.powers),
        )
        of_channels = (self.conv, self.conv, self.conv, self.depthwise, self.channels, self.crop)
        both = (self.turn, self.residual, self.group)
        own = of_features if self.first else of_channels
        return self.dice.choice([*own, *both])()


def random_network(seed: int) -> str:
    """The spec of a network with positions only along one axis, drawn by a seed."""
    dice = Random(seed)
    draw = Draw(dice, dice.choice(["T", "T", "23"]))
    stages = [_input(draw)]
    stages += [draw.stage() for _ in range(dice.randint(1, 6))]
    if draw.first and dice.random() < 0.3:
        stages += [draw.recurrent(last=True)]
    if dice.random() < 0.3:
        stages += ["[id as one, tanh as two]"]
    chain = " -> ".join(stages)
    return f"{FORMULAS}{chain}\ndtype float64\n"


def _input(draw: Draw) -> str:
    draw.width = draw.size()
    match draw.dice.randrange(4):
        case 0:
            return f"input {draw.length} int -> embedding 7 {draw.width}"
        case 1:
            draw.first = False  # of fixed sizes, the convolution says which axis has the positions
            return f"input {draw.width}x{draw.length} -> {draw.conv()}"
        case 2:
            two = draw.size()
            one, draw.width = draw.width, draw.width + two
            inputs = f"input {draw.length}x{one} as left, input {draw.length}x{two} as right"
            return f"[{inputs}] -> concat axis=-1"
        case _:
            ragged = draw.dice.choice(["", " ragged"]) if draw.length == "T" else ""
            return f"input {draw.length}x{draw.width}{ragged}"


# --- whole sequences and steps ------------------------------------------------------------


def module_of(spec: str, level: int, target: str = "numpy", **options: object) -> ModuleType:
    """The module of a spec with `step`."""
    return imported(spec, level=level, target=target, emit=("step",), **options)


@dataclass(frozen=True)
class Data:
    """Parameters, state, a batch of whole sequences, and along which axis of each its positions are."""

    params: dict[str, np.ndarray]
    words: dict[str, object]
    x: dict[str, np.ndarray]
    axes: dict[str, int | None]
    length: int
    rows: int

    @property
    def whole(self):
        """The sequences as `predict` takes them."""
        return _only(self.x)

    def at(self, t: int):
        """Position t as `step` takes it."""
        return self._taken(t)

    def up_to(self, t: int):
        """The first t positions."""
        return self._taken(range(t))

    def _taken(self, places):
        axes = self.axes
        return _only(
            {
                n: a if axes[n] is None else np.take(a, places, axis=axes[n])
                for n, a in self.x.items()
            }
        )


def drawn_data(
    module: ModuleType,
    seed: int,
    length: int | None = None,
    axes: dict[str, int | None] | None = None,
    ids: int = 7,
) -> Data:
    """Data for a module: its sequences have 1 to 23 positions, or as many as they must have.

    The positions are along `axes` of the inputs, or along those of size T, L or 23.
    """
    rng = np.random.default_rng(seed)
    params = {n: a + rng.normal(0, 0.2, a.shape) for n, a in module.init_params(seed).items()}
    state = {n: rng.uniform(0.5, 2, s) for n, s in module.STATE_SHAPES.items()}
    shapes = module.INPUTS
    axes = axes or {name: _axis(shape) for name, shape in shapes.items()}
    fixed = [s[axes[n]] for n, s in shapes.items() if axes[n] and isinstance(s[axes[n]], int)]
    rows = int(rng.integers(1, 5))
    length = fixed[0] if fixed else length or int(rng.integers(1, 24))
    x = {}
    for name, shape in shapes.items():
        sizes = [rows, *(n if isinstance(n, int) else OTHER for n in shape[1:])]
        if axes[name] is not None:
            sizes[axes[name]] = length
        whole = re.search(r"\binput \w+ int\b", module.SPEC)
        x[name] = rng.integers(0, ids, sizes) if whole else rng.normal(size=sizes)
    return Data(params, {"state": state} if state else {}, x, axes, length, rows)


OTHER = 5
"""The size of an axis that is known only at run time and has no positions."""


def stepped(module: ModuleType, data: Data) -> list[dict[str, np.ndarray]]:
    """The outputs by name of every position, one call after the other."""
    stream = module.init_stream(data.params, data.rows)
    calls = [module.step(data.params, data.at(t), stream, **data.words) for t in range(data.length)]
    return [y if isinstance(y, dict) else {next(iter(module.OUTPUTS)): y} for y in calls]


def disagreement(module: ModuleType, data: Data) -> float:
    """The largest error of any entry of the steps' outputs, relative to the output's largest."""
    words = dict(data.words)
    if getattr(module, "RAGGED", ()):
        words["lengths"] = _only({name: np.full(data.rows, data.length) for name in module.RAGGED})
    whole = module.predict(data.params, data.whole, **words)
    whole = whole if isinstance(whole, dict) else {next(iter(module.OUTPUTS)): whole}
    steps = stepped(module, data)
    return max(_error(y, [found[name] for found in steps]) for name, y in whole.items())


def _error(expected: np.ndarray, parts: list[np.ndarray]) -> float:
    """The error of an output: of one for the whole sequence the last, else all along their axis."""
    if parts[-1].ndim == expected.ndim:
        found = [parts[-1]]
    else:
        found = [np.stack(parts, axis=axis) for axis in range(1, expected.ndim)]
    fitting = [y for y in found if y.shape == expected.shape]
    assert fitting, (expected.shape, parts[-1].shape)
    scale = max(float(np.abs(expected).max()), 1e-3)
    return min(float(np.abs(y - expected).max()) for y in fitting) / scale


def _axis(shape: tuple[str | int, ...]) -> int | None:
    """The axis of the positions in an input; none where it is one value for the whole sequence."""
    return next((i for i, n in enumerate(shape) if n in ("T", "L", 23)), None)


def _only(named: dict[str, np.ndarray]):
    return next(iter(named.values())) if len(named) == 1 else named
