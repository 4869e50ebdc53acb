"""The parts that programs are made of: layers, every activation, merges, and a set of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .tree import Act, Block, Fork, Layer, Node, chain_text


def dense(n: int, act: Act | None = None, name: str | None = None, **attrs: object) -> Layer:
    """`dense n`, with `bias` and `tie` as given."""
    words = [f"dense {n}"] + [f"{k}={str(v).lower()}" for k, v in attrs.items()]
    return Layer(" ".join(words), "dense", {"n": n, **attrs}, act, name)


def activation(act: Act, name: str | None = None) -> Layer:
    """An activation as a stage of its own."""
    if act.kind == "prelu":
        return Layer(act.text, "prelu", {}, None, name)
    if act.kind == "id":
        return Layer(act.text, "id", {}, None, name)
    return Layer(act.text, "act", {"kind": act.kind, **act.args}, None, name)


def merge(kind: str, act: Act | None = None, name: str | None = None, **attrs: object) -> Layer:
    """A merge; concat takes its axis."""
    words = [kind, *(f"{key}={value}" for key, value in attrs.items())]
    if kind == "concat":
        attrs = {"axis": -1, **attrs}
    return Layer(
        " ".join(words), f"merge {kind}" if kind in _ELEMENTWISE else kind, attrs, act, name
    )


_ELEMENTWISE = ("add", "sub", "mul", "max", "mean")

ACTIVATIONS: tuple[Act, ...] = (
    Act("relu", "relu"),
    Act("leaky_relu", "leaky_relu", {"a": 0.01}),
    Act("leaky_relu(0.2)", "leaky_relu", {"a": 0.2}),
    Act("leaky_relu(a=0.3)", "leaky_relu", {"a": 0.3}),
    Act("prelu", "prelu"),
    Act("elu", "elu", {"a": 1.0}),
    Act("elu(0.7)", "elu", {"a": 0.7}),
    Act("selu", "selu"),
    Act("gelu", "gelu"),
    Act("gelu(approx=tanh)", "gelu tanh"),
    Act("silu", "silu"),
    Act("mish", "mish"),
    Act("softplus", "softplus"),
    Act("softsign", "softsign"),
    Act("sigmoid", "sigmoid", {"beta": 1.0}),
    Act("sigmoid(2)", "sigmoid", {"beta": 2.0}),
    Act("sigmoid(beta=0.5)", "sigmoid", {"beta": 0.5}),
    Act("tanh", "tanh"),
    Act("hard_sigmoid", "hard_sigmoid"),
    Act("hard_tanh", "hard_tanh"),
    Act("relu6", "relu max", {"max": 6.0}),
    Act("relu(max=1.5)", "relu max", {"max": 1.5}),
    Act("hard_swish", "hard_swish"),
    Act("softmax", "softmax"),
    Act("log_softmax", "log_softmax"),
    Act("id", "id"),
)
BY_TEXT: Mapping[str, Act] = {act.text: act for act in ACTIVATIONS}
SMOOTH_BOUNDED = ("tanh", "sigmoid", "softsign", "hard_tanh", "softmax")
MERGES = ("add", "sub", "mul", "max", "mean", "dot", "concat")
LOSSES = (
    *("crossentropy", "bce", "mse", "mae", "quadratic", "huber"),
    *("hinge", "kl", "poisson"),
)
REDUCTIONS = (None, "mean", "batchmean", "sum")


def act(text: str) -> Act:
    """An activation by the way it is written."""
    return BY_TEXT[text]


# --- blocks -------------------------------------------------------------------------------

BLOCKS: Mapping[str, str] = {
    "residual": "block residual(n, act=relu) = [id, dense n act -> dense n] -> add act",
    "bottle": "block bottle(inner, outer) = dense inner tanh -> dense outer",
    "gated": "block gated(n) = [dense n sigmoid as gate, dense n tanh] -> mul",
    "squash": "block squash = scale 0.5 -> tanh",
    "around": "block around(body) = [id, body] -> add",
    "deep": "block deep(n, m=(2*n)) = dense m silu as wide -> residual(m) -> bottle(m, n)",
}
NEEDS = {"deep": ("residual", "bottle")}


def residual(n: int, kind: Act | None = None, **kw: object) -> Block:
    """`[id, dense n act -> dense n] -> add act`."""
    inner = kind or act("relu")
    text = f"residual({n})" if kind is None else f"residual({n}, act={kind.text})"
    body = [Fork([[ID], [dense(n, inner), dense(n)]], merge("add", inner))]
    return Block("residual", text, body, **kw)  # type: ignore[arg-type]


def bottle(inner: int, outer: int, **kw: object) -> Block:
    """`dense inner tanh -> dense outer`."""
    body = [dense(inner, act("tanh")), dense(outer)]
    return Block("bottle", f"bottle({inner}, outer={outer})", body, **kw)  # type: ignore[arg-type]


def gated(n: int, **kw: object) -> Block:
    """`[dense n sigmoid as gate, dense n tanh] -> mul`."""
    gate = dense(n, act("sigmoid"), "gate")
    body = [Fork([[gate], [dense(n, act("tanh"))]], merge("mul"))]
    return Block("gated", f"gated({n})", body, **kw)  # type: ignore[arg-type]


def squash(**kw: object) -> Block:
    """`scale 0.5 -> tanh`."""
    body = [Layer("scale 0.5", "scale", {"by": 0.5}), activation(act("tanh"))]
    return Block("squash", "squash", body, **kw)  # type: ignore[arg-type]


def around(body: Sequence[Node], **kw: object) -> Block:
    """`[id, body] -> add`, where the body is given by the caller."""
    inner = [Fork([[ID], list(body)], merge("add"))]
    return Block("around", f"around({chain_text(body)})", inner, **kw)  # type: ignore[arg-type]


def deep(n: int, **kw: object) -> Block:
    """A block that calls blocks: `dense m silu as wide -> residual(m) -> bottle(m, n)`."""
    m = 2 * n
    body = [dense(m, act("silu"), "wide"), residual(m), bottle(m, n)]
    return Block("deep", f"deep({n})", body, **kw)  # type: ignore[arg-type]


ID = Layer("id", "id")
