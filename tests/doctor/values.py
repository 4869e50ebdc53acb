"""Networks of dense layers with everything that they compute: z, a, the loss, all gradients.

By rows, written by hand. The mistakes are those that show in the loss or in one product alone, in
the output's slope, in the target of the gradient, on the way forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..unit.planted import ACTS, NETS, SLOPES, Arrays, Net, numbers
from .cases import Case

EQUAL = Net((5, 6, 6, 6, 4), ("tanh", "sigmoid", "relu", "softmax"), "crossentropy")
LINE = Net((5, 4, 1), ("tanh", ""), "mse")
WIDE = Net((6, 5, 3), ("relu", ""), "mse")
SOFT = Net((4, 6, 5), ("sigmoid", "softmax"), "crossentropy")
SQUARES = Net((6, 6, 6), ("sigmoid", "sigmoid"), "mse")
DEEP = {"equal": EQUAL, "line": LINE, "wide": WIDE, "soft": SOFT, "squares": SQUARES}
DEEP |= {name: NETS[name] for name in ("digits", "decay", "yes_or_no")}

FORWARD = {
    "abs": np.abs,
    "minus": lambda z: 1 / (1 + np.exp(z)),
    "relu": lambda z: np.maximum(z, 0),
    "leaky": lambda z: np.where(z > 0, z, 0.1 * z),
}


def activation(net: Net, i: int, z, wrong: str):
    word, _, rest = wrong.partition(f" {i} ")
    if word == "wrong-activation" and rest:
        return FORWARD[rest](z)
    if wrong == "softmax-axis" and net.acts[i - 1] == "softmax":
        return np.exp(z) / np.exp(z).sum(axis=0, keepdims=True)
    if wrong == "softmax-axis all" and net.acts[i - 1] == "softmax":
        return np.exp(z) / np.exp(z).sum()
    return ACTS[net.acts[i - 1]](z)


def forward(net: Net, given: Arrays, wrong: str):
    z, a = {}, {0: given["x"]}
    for i in range(1, net.depth + 1):
        at = a[i - 1]
        if wrong == f"wrong-input {i}":
            at = a[i - 2]
        if wrong == f"wrong-input z {i}":
            at = z[i - 1]
        z[i] = at @ given[f"dense{i}.W"]
        if wrong != f"missing-bias {i}":
            z[i] = z[i] + given[f"dense{i}.b"]
        a[i] = activation(net, i, z[i], wrong)
    return z, a


def loss_of(net: Net, y, t, wrong: str) -> float:
    log = np.log10 if wrong == "loss-value log10" else np.log
    if net.loss == "crossentropy":
        each = -np.sum(t * log(y), axis=1)
    elif net.loss == "bce":
        terms = t * log(y), (1 - t) * log(1 - y)
        each = -(terms[0] if wrong == "loss-value term" else sum(terms))
    else:
        each = (y - (t.ravel() if wrong.startswith("cost-broadcast") else t)) ** 2
    factors = {"sign loss": -1, "loss-value half": 0.5, "double-mean loss": 1 / len(y)}
    if wrong in ("missing-mean loss", "missing-mean throughout"):
        factors[wrong] = each.size if net.loss == "mse" else len(y)
    if wrong == "batch-from-wrong-axis throughout":
        factors[wrong] = len(y) / count(net, y, wrong)
    found = np.mean(each) * factors.get(wrong, 1)
    return np.sqrt(found) if wrong == "loss-value root" else found


def count(net: Net, y, wrong: str) -> int:
    return net.widths[0] if wrong == "batch-from-wrong-axis throughout" else len(y)


def penalty(net: Net, given: Arrays, wrong: str) -> float:
    share = {"l2-missing loss": 0.0, "l2-doubled loss": 1.0, "l2-scale loss": 0.25}.get(wrong, 0.5)
    weights = [given[f"dense{i}.W"] for i in range(1, net.depth + 1)]
    return share * net.l2 * sum((w**2).sum() for w in weights)


def residual_of(y, z, t, wrong: str):
    if wrong == "onehot-shift gradient":
        return y - np.roll(t, 1, axis=1)
    if wrong == "shuffled-labels gradient":
        return y - t[np.random.default_rng(3).permutation(len(t))]
    if wrong == "transpose target":
        return y - t.T
    if wrong == "cost-broadcast sum":
        return (y - t.ravel()).sum(axis=1, keepdims=True)
    if wrong == "hard-prediction":
        return (y > 0.5) - t if y.shape[1] == 1 else np.eye(y.shape[1])[y.argmax(axis=1)] - t
    shapes = {"other-loss square": np.square, "other-loss abs": np.abs, "other-loss sign": np.sign}
    if wrong == "other-loss scores":
        return z - t
    if wrong == "other-loss squared rule":
        return 2 * (y - t) * y * (1 - y)
    return shapes.get(wrong, lambda e: e)(y - t)


def first_delta(net: Net, z, y, t, loss: float, wrong: str):
    """dz of the last layer."""
    e = residual_of(y, z, t, wrong)
    if net.loss == "mse":
        e = e if wrong == "constant-factor" else 2 * e
        e = e / t.size
    else:
        e = e / count(net, y, wrong)
    if wrong == "missing-mean throughout":
        e = e * (t.size if net.loss == "mse" else len(t))
    if wrong == "constant-factor odd":
        e = e * len(t) / 32
    if wrong == "residual-as-scalar loss":
        e = np.full_like(y, loss)
    if wrong == "missing-derivative output":
        e = (-t / y if net.loss == "crossentropy" else (y - t) / (y * (1 - y))) / len(y)
    if wrong == "double-derivative output":
        e = e * y * (1 - y)
    if wrong == "wrong-derivative output":
        e = e * (1 - y**2)
    return e * SLOPES[net.acts[-1]](y) if net.loss == "mse" else e


def slope_of(net: Net, i: int, z, a, wrong: str):
    act, rows = net.acts[i - 1], len(a[i])
    forms = {
        "relu-gate sign": lambda: np.sign(z[i]),
        "relu-gate z": lambda: z[i],
        "relu-gate leak": lambda: np.where(z[i] > 0, 1.0, 0.1),
        "relu-gate odd leak": lambda: np.where(z[i] > 0, 1.0, 0.37),
        "wrong-derivative minus": lambda: 1 - a[i],
        "wrong-derivative plus": lambda: a[i] * (1 + a[i]),
        "wrong-derivative mixed": lambda: a[i] * (1 - z[i]),
        "wrong-layer z": lambda: 1 - np.tanh(z[i + 1]) ** 2,
        "wrong-layer column": lambda: SLOPES[act](a[i + 1]),
        "matrix-product inside": lambda: np.asarray(np.matrix(a[i]) * np.matrix(1 - a[i])),
        "fixed-index slope": lambda: np.tile(SLOPES[act](a[i][0]), (rows, 1)),
    }
    for name, form in forms.items():
        if wrong == f"{name} {i}":
            return form()
    return SLOPES[act](a[i])


def back_through(given: Arrays, i: int, wrong: str):
    w = given[f"dense{i}.W"]
    if wrong == f"wrong-weights {i}":
        return given[f"dense{i - 1}.W"].T
    if wrong == f"wrong-weights part {i}":
        return given[f"dense{i - 1}.W"][:, : w.shape[1]].T
    return w.reshape(w.shape[::-1]) if wrong == f"transpose reshaped {i}" else w.T


def weight_gradient(i: int, x, dz, da, z, wrong: str):
    if wrong == f"missing-derivative weight {i}":
        return x.T @ da
    if wrong == f"gradient-input z {i}":
        return z[i - 1].T @ dz
    if wrong == f"integer-truncation product {i}":
        return x.astype(int).T @ dz
    if wrong == f"fixed-index {i}":
        return np.outer(x[0], dz.sum(axis=0))
    return x.T @ dz


def program(net: Net, given: Arrays, wrong: str) -> Arrays:
    z, a = forward(net, given, wrong)
    y, t = a[net.depth], given["target"]
    loss = loss_of(net, y, t, wrong)
    found = {"loss": np.array(loss + penalty(net, given, wrong))}
    dz, da = first_delta(net, z[net.depth], y, t, loss, wrong), None
    for i in range(net.depth, 0, -1):
        found |= {f"dense{i}_z": z[i], f"dense{i}": a[i], f"d_dense{i}_z": dz}
        dw = weight_gradient(i, a[i - 1], dz, da, z, wrong)
        found[f"d_dense{i}.W"] = dw + net.l2 * given[f"dense{i}.W"]
        own = da if wrong == f"missing-derivative bias {i}" else dz
        found[f"d_dense{i}.b"] = own.sum(axis=0)
        if i > 1:
            from_ = da if wrong == f"missing-derivative back {i}" else dz
            da = from_ @ back_through(given, i, wrong)
            dz = da * slope_of(net, i - 1, z, a, wrong)
            dz = dz / len(y) if wrong == f"double-mean way {i - 1}" else dz
            found[f"d_dense{i - 1}"] = da
    return found


MISTAKES = {
    "digits": (
        *("missing-mean loss", "missing-mean throughout", "double-mean loss", "sign loss"),
        *("loss-value half", "loss-value log10", "batch-from-wrong-axis throughout"),
        *("missing-derivative weight 1", "missing-derivative bias 1", "missing-derivative output"),
        *("onehot-shift gradient", "double-mean way 1"),
        *("wrong-derivative minus 1", "wrong-derivative mixed 1", "fixed-index 1", "softmax-axis"),
        *("hard-prediction", "other-loss scores", "other-loss squared rule", "softmax-axis all"),
        *("transpose reshaped 2", "missing-bias 1", "wrong-activation 1 minus"),
    ),
    "decay": (
        *("l2-missing loss", "l2-doubled loss", "l2-scale loss", "missing-derivative back 2"),
        *("gradient-input z 3", "fixed-index slope 2"),
    ),
    "equal": (
        *("wrong-layer z 1", "wrong-input 3", "wrong-input z 2", "wrong-weights 3"),
        *("relu-gate sign 3", "relu-gate leak 3", "relu-gate z 3", "gradient-input z 2"),
        *("wrong-weights part 4", "wrong-activation 1 relu", "missing-derivative back 3"),
    ),
    "yes_or_no": (
        *("double-derivative output", "missing-derivative output", "loss-value term"),
        *("hard-prediction", "relu-gate odd leak 1", "wrong-activation 1 leaky"),
    ),
    "wide": (
        *("constant-factor", "constant-factor odd", "wrong-derivative output", "loss-value root"),
        *("other-loss square", "other-loss abs", "other-loss sign", "residual-as-scalar loss"),
        *("missing-mean throughout", "missing-bias 2", "integer-truncation product 1"),
    ),
    "line": ("cost-broadcast sum", "wrong-layer column 1", "wrong-activation 1 abs"),
}
AS_MANY_ROWS = {"soft": (5, ("transpose target",)), "squares": (6, ("matrix-product inside 1",))}


def arrays(net: str, rows: int, inner: bool, wrong: str) -> Arrays:
    given = numbers(DEEP[net], rows, seed=rows + 2)
    given["x"] = 3 * given["x"] if "integer" in wrong else given["x"]
    made = program(DEEP[net], given, wrong)
    shown = {n: a for n, a in made.items() if inner or n == "loss" or "." in n}
    return {**given, **shown}


def case(net: str, rows: int, inner: bool, wrong: str) -> Case:
    slug, _, rest = wrong.partition(" ")
    label = f"{rest} {net} {rows} {'all' if inner else 'parameters and loss'}".strip()
    return Case(slug, label, DEEP[net].text, partial(arrays, net, rows, inner, wrong))


def cases() -> Iterator[Case]:
    for rows in (6, 7):  # an order is read off where a layer has as many inputs as there are rows
        yield case("digits", rows, False, "shuffled-labels gradient")
    for inner, rows in ((True, 9), (False, 14)):
        for net, names in MISTAKES.items():
            for wrong in names:
                yield case(net, rows, inner, wrong)
        for net, (same, names) in AS_MANY_ROWS.items():
            for wrong in names:
                yield case(net, same, inner, wrong)


def right() -> Iterator[Case]:
    for net in DEEP:
        for rows in (1, 4, 6):
            yield case(net, rows, True, "")
