"""embedding, rnn, lstm and gru over random arguments against PyTorch's own layers.

Rows of different lengths go through pack_padded_sequence, unsorted; their padding is NaN (ids:
nonsense) for the module. Compared are the output, predict, the loss, every parameter's gradient
and dx, at -O0 and -O1, in float64 and float32. `NNC_ORACLE_DRAWS=50` draws that many specs a
layer. What PyTorch has no layer for (reading in reverse, other nonlinearities than tanh and relu,
dropout with a known mask) is written step by step over its autograd.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, compile_source
from nnc.source import Source
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .generated import TARGET, TOLERANCE, load

DRAWS = int(os.environ.get("NNC_ORACLE_DRAWS", "13"))
KINDS = ("rnn", "lstm", "gru", "embedding")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
NONLINEARITIES = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu(0.2)": lambda z: torch.nn.functional.leaky_relu(z, 0.2),
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu(0.7)": lambda z: torch.nn.functional.elu(z, 0.7),
    "selu": torch.selu,
    "softplus": torch.nn.functional.softplus,
    "softsign": torch.nn.functional.softsign,
    "sigmoid": torch.sigmoid,
    "sigmoid(1.5)": lambda z: torch.sigmoid(1.5 * z),
    # hardsigmoid's own derivative is 1/6 in single precision, even in float64.
    "hard_sigmoid": lambda z: torch.clamp(z / 6 + 0.5, 0, 1),
    "hard_tanh": torch.nn.functional.hardtanh,
    "id": lambda z: z,
}


@dataclass
class Case:
    """One spec with the arguments it was made of."""

    kind: str
    features: int
    units: int
    every: bool = False
    bidirectional: bool = False
    layers: int = 1
    dropout: float = 0.0
    reverse: bool = False
    bias: bool = True
    ragged: bool = False
    vocabulary: int = 0
    act: str = "tanh"
    tied: bool = False
    loss: str = "mse"
    words: list[str] = field(default_factory=list)

    @property
    def ids(self) -> bool:
        return self.vocabulary > 0

    @property
    def width(self) -> int:
        return self.units * (1 + self.bidirectional)

    def text(self, dtype: str) -> str:
        ragged = " ragged" * self.ragged
        if self.ids:
            start = f"input T int{ragged} -> embedding {self.vocabulary} {self.features} as emb"
        else:
            start = f"input Tx{self.features}{ragged}"
        layer = (
            f"{self.kind} {self.units} {' '.join(self.words)} as r" if self.kind in GATES else ""
        )
        end = f"dense {self.vocabulary} tie=emb as d" if self.tied else "dense 3 as d"
        chain = " -> ".join(part for part in (start, layer, end) if part)
        return f"{chain}\nloss {self.loss}\ndtype {dtype}\n"


def random_case(kind: str, seed: int) -> Case:
    rng = random.Random(f"{kind} {seed}")
    flip = lambda p=0.5: rng.random() < p  # noqa: E731
    made = Case(
        kind,
        rng.randint(1, 5),
        rng.randint(1, 4),
        ragged=flip(),
        loss=rng.choice(["mse", "crossentropy"]),
    )
    if kind == "embedding":
        made.vocabulary, made.every, made.tied = (
            rng.randint(1 if made.loss == "mse" else 2, 7),
            True,
            flip(),
        )
        made.units = made.features
        return made
    made.vocabulary = rng.randint(2, 6) if flip(0.3) else 0
    made.every, made.bidirectional, made.bias = flip(), flip(0.4), flip(0.8)
    made.layers, made.reverse = rng.choice([1, 1, 2, 3]), not made.bidirectional and flip(0.3)
    made.dropout = 0.3 if made.layers > 1 and flip() else 0.0
    if kind == "rnn":
        made.act = list(NONLINEARITIES)[seed % len(NONLINEARITIES)]
    if made.ids and made.width == made.features and flip():
        made.tied = True
    words = {
        "return=all": made.every,
        "bidirectional=true": made.bidirectional,
        "bias=false": not made.bias,
        f"layers={made.layers}": made.layers > 1,
        f"dropout={made.dropout}": made.dropout > 0,
        "reverse=true": made.reverse,
        made.act: made.act != "tanh" or (kind == "rnn" and flip()),
    }
    made.words = [word for word, wanted in words.items() if wanted]
    rng.shuffle(made.words)
    return made


# --- the same in PyTorch ------------------------------------------------------------------


def passes(case: Case):
    """Every layer's passes: prefix of the parameters, and whether the pass runs in reverse."""
    for k in range(1, case.layers + 1):
        stem = f"r.l{k}." if case.layers > 1 else "r."
        if case.bidirectional:
            yield [(stem, False), (f"{stem}reverse.", True)]
        else:
            yield [(stem, case.reverse)]


def torch_layer(case: Case, p: dict, x, lengths):
    """States of every step and the last ones, by PyTorch's own layer with all its options."""
    options = {"nonlinearity": case.act} if case.kind == "rnn" else {}
    made = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[case.kind](
        case.features,
        case.units,
        case.layers,
        bias=case.bias,
        batch_first=True,
        bidirectional=case.bidirectional,
        dtype=x.dtype,
        **options,
    )
    ours = {}
    for k, runs in enumerate(passes(case)):
        for prefix, reverse in runs:
            end = f"_l{k}{'_reverse' * reverse}"
            ours[f"weight_ih{end}"] = p[f"{prefix}Wx"].T
            ours[f"weight_hh{end}"] = p[f"{prefix}Wh"].T
            if case.bias and case.kind == "gru":
                ours[f"bias_ih{end}"], ours[f"bias_hh{end}"] = p[f"{prefix}bx"], p[f"{prefix}bh"]
            elif case.bias:
                ours[f"bias_ih{end}"] = p[f"{prefix}b"]
                ours[f"bias_hh{end}"] = torch.zeros_like(p[f"{prefix}b"])
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states, last = torch.func.functional_call(made, ours, (packed,))
    last = last[0] if case.kind == "lstm" else last
    every, _ = pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])
    ends = last[-2:] if case.bidirectional else last[-1:]
    return every, torch.cat(list(ends), dim=1)


def by_steps(case: Case, p: dict, x, lengths, masks):
    """The same row by row and step by step."""
    rows, steps, _ = x.shape
    for k, runs in enumerate(passes(case)):
        states, ends = [], []
        for prefix, reverse in runs:
            lines, finals = [], []
            for row in range(rows):
                count = int(lengths[row])
                h = c = torch.zeros(case.units, dtype=x.dtype)
                seen = [torch.zeros(case.units, dtype=x.dtype)] * steps
                for t in reversed(range(count)) if reverse else range(count):
                    h, c = one_step(case, p, prefix, x[row, t], h, c)
                    seen[t] = h
                lines.append(torch.stack(seen))
                finals.append(h)
            states.append(torch.stack(lines))
            ends.append(torch.stack(finals))
        x = torch.cat(states, dim=2)
        if k < case.layers - 1 and masks:
            x = x * masks[k]
    return x, torch.cat(ends, dim=1)


def one_step(case, p, prefix, x, h, c):
    u = x @ p[f"{prefix}Wx"]
    v = h @ p[f"{prefix}Wh"]
    if case.bias and case.kind == "gru":
        u, v = u + p[f"{prefix}bx"], v + p[f"{prefix}bh"]
    elif case.bias:
        u = u + p[f"{prefix}b"]
    if case.kind == "rnn":
        return NONLINEARITIES[case.act](u + v), c
    if case.kind == "lstm":
        i, f, g, o = torch.split(u + v, case.units)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    (ur, uz, un), (vr, vz, vn) = torch.split(u, case.units), torch.split(v, case.units)
    z = torch.sigmoid(uz + vz)
    n = torch.tanh(un + torch.sigmoid(ur + vr) * vn)
    return (1 - z) * n + z * h, c


def torch_answer(case: Case, params: dict, x, lengths, target, masks=()):
    """Output, loss, gradients of the parameters and of x."""
    p = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in params.items()}
    steps = x.shape[1]
    inside = torch.arange(steps)[None, :] < torch.tensor(lengths)[:, None]
    leaf = None
    if case.ids:
        value = torch.nn.functional.embedding(torch.tensor(np.where(inside, x, 0)), p["emb.W"])
    else:
        clean = np.where(inside[..., None], x, 0.0)
        value = leaf = torch.tensor(clean, dtype=torch.float64, requires_grad=True)
    if case.kind in GATES:
        plain = case.kind != "rnn" or case.act in ("tanh", "relu")
        if plain and not case.reverse and not masks:
            every, last = torch_layer(case, p, value, torch.tensor(lengths))
        else:
            every, last = by_steps(case, p, value, lengths, masks)
        value = every if case.every else last
    weights = p["emb.W"].T if case.tied else p["d.W"]
    y = value @ weights + p["d.b"]
    if case.every:
        y = torch.where(inside[..., None], y, torch.zeros(()))
        kept, aim = y[inside], torch.tensor(target)[inside]
    else:
        kept, aim = y, torch.tensor(target)
    loss = (
        torch.nn.functional.cross_entropy(kept, aim)
        if case.loss == "crossentropy"
        else torch.nn.functional.mse_loss(kept, aim)
    )
    loss.backward()
    grads = {k: (torch.zeros_like(v) if v.grad is None else v.grad).numpy() for k, v in p.items()}
    return y.detach().numpy(), loss.item(), grads, None if leaf is None else leaf.grad.numpy()


# --- draws --------------------------------------------------------------------------------


@dataclass
class Numbers:
    """Parameters, rows with junk in their padding, lengths and targets."""

    params: dict
    x: np.ndarray
    lengths: np.ndarray
    target: np.ndarray


def numbers(case: Case, shapes: dict, seed: int) -> Numbers:
    rng = np.random.default_rng([seed, 5])
    rows, steps = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    params = {k: rng.normal(0, 0.7, s).astype("f4").astype(float) for k, s in shapes.items()}
    lengths = np.full(rows, steps)
    if case.ragged:
        lengths = rng.integers(1, steps + 1, rows)
    beyond = np.arange(steps) >= lengths[:, None]
    if case.ids:
        x = rng.integers(0, case.vocabulary, (rows, steps))
        x[beyond] = rng.choice([-7, case.vocabulary, 10**9], beyond.sum())
    else:
        x = rng.normal(size=(rows, steps, case.features)).astype("f4").astype(float)
        x[beyond] = np.nan
    width = case.vocabulary if case.tied else 3
    lead = (rows, steps) if case.every else (rows,)
    if case.loss == "crossentropy":
        target = rng.integers(0, width, lead)
    else:
        target = rng.normal(size=(*lead, width)).astype("f4").astype(float)
    return Numbers(params, x, lengths, target)


def compiled(text: str, level: int, ids: bool):
    emit = () if ids else ("input-gradient",)
    options = Options(level=level, format=False, target=TARGET, emit=emit)
    return load(compile_source(Source("recurrent.nn", text), options).code)


def worst_error(got: dict, want: dict, floor: float) -> tuple[float, str]:
    errors = [
        (float(np.abs(got[k] - want[k]).max() / max(np.abs(want[k]).max(), floor)), k) for k in want
    ]
    return max(errors)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(DRAWS))
def test_layer_agrees_with_torch(kind, seed):
    case = random_case(kind, seed)
    for dtype, tolerance in TOLERANCE.items():
        modules = [compiled(case.text(dtype), level, case.ids) for level in (0, 1)]
        for batch in range(2):
            drawn = numbers(case, modules[0].PARAM_SHAPES, 2 * seed + batch)
            y, loss, grads, dx = torch_answer(
                case, drawn.params, drawn.x, drawn.lengths, drawn.target
            )
            floor = 1e-4 * max(float(np.abs(g).max()) for g in grads.values())
            for level, made in enumerate(modules):
                given = {"lengths": drawn.lengths} if case.ragged else {}
                params = {k: v.astype(dtype) for k, v in drawn.params.items()}
                out, cache = made.forward(params, drawn.x, **given)
                got = {"y": out, "predict": made.predict(params, drawn.x, **given)}
                want = {"y": y, "predict": y}
                got["loss"] = np.array(made.loss(params, cache, drawn.target))
                want["loss"] = np.array(loss)
                got |= made.backward(params, cache, drawn.target)
                want |= grads
                if dx is not None:
                    got["dx"] = made.input_gradient(params, drawn.x, drawn.target, **given)
                    want["dx"] = dx
                error, where = worst_error(got, want, floor)
                text = case.text(dtype)
                assert error <= tolerance, f"-O{level} {where}: {error:.1e}\n{text}"


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", GATES)
def test_dropout_between_layers_with_the_mask_known(kind, level):
    """The masks are the generator's next numbers, so that the gradient must use the same."""
    for seed in range(3):
        case = Case(kind, 3, 2, every=bool(seed % 2), layers=3, dropout=0.4, ragged=seed > 0)
        case.bidirectional = seed == 2
        case.words = ["layers=3", "dropout=0.4"] + ["return=all"] * case.every
        case.words += ["bidirectional=true"] * case.bidirectional
        made = compiled(case.text("float64"), level, False)
        drawn = numbers(case, made.PARAM_SHAPES, seed)
        given = {"lengths": drawn.lengths} if case.ragged else {}
        rng, shape = np.random.default_rng(9), (*drawn.x.shape[:2], case.width)
        masks = [torch.tensor((rng.random(shape) >= 0.4) / 0.6) for _ in range(2)]
        y, loss, grads, _ = torch_answer(
            case, drawn.params, drawn.x, drawn.lengths, drawn.target, masks
        )
        out, cache = made.forward(
            drawn.params, drawn.x, train=True, rng=np.random.default_rng(9), **given
        )
        assert made.loss(drawn.params, cache, drawn.target) == pytest.approx(loss, rel=1e-10)
        got = {"y": out, **made.backward(drawn.params, cache, drawn.target)}
        error, where = worst_error(got, {"y": y, **grads}, 1e-6)
        assert error < 1e-10, where


def test_the_draws_cover_the_arguments():
    seen: Counter[str] = Counter()
    for kind in KINDS:
        for seed in range(max(DRAWS, 50)):
            case = random_case(kind, seed)
            for name in (
                "every",
                "bidirectional",
                "layers",
                "dropout",
                "reverse",
                "bias",
                "ragged",
                "ids",
                "tied",
                "loss",
            ):
                seen[f"{kind} {name}={getattr(case, name)}"] += 1
            seen[f"rnn act={case.act}"] += kind == "rnn"
    print("\n".join(f"{n:4} {what}" for what, n in sorted(seen.items())))
    for kind in GATES:
        for name in ("every", "bidirectional", "reverse", "bias", "ragged", "ids"):
            assert seen[f"{kind} {name}=True"] > 3 < seen[f"{kind} {name}=False"], (kind, name)
        assert all(seen[f"{kind} layers={n}"] > 3 for n in (1, 2, 3))
    assert all(seen[f"rnn act={act}"] for act in NONLINEARITIES)
    assert seen["embedding tied=True"] > 3 < seen["embedding tied=False"]
