"""`start=NAME` on rnn, lstm and gru against PyTorch, row by row and step by step.

Sources are recurrent layers of one or both directions, stacked or not, or a vector; both ends are
ragged or not, with NaN in the padding. NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .sequence_draws import COUNT, compare, gradients, lengths_of, modules, padded, same, tensors

KINDS = ("rnn", "lstm", "gru")


@dataclass
class Cell:
    """A recurrent layer as it is written."""

    name: str
    kind: str
    units: int
    layers: int = 1
    bidirectional: bool = False
    reverse: bool = False
    bias: bool = True
    every: bool = False
    start: str = ""

    @property
    def text(self) -> str:
        words = [f"{self.kind} {self.units}"]
        words += [f"layers={self.layers}"] * (self.layers > 1)
        for word in ("bidirectional", "reverse"):
            words += [f"{word}=true"] * getattr(self, word)
        words += ["bias=false"] * (not self.bias) + ["return=all"] * self.every
        words += [f"start={self.start}"] * bool(self.start)
        return " ".join([*words, "as", self.name])


@dataclass
class Case:
    source: Cell | None
    cell: Cell
    ragged: tuple[bool, bool]
    judged: bool

    @property
    def spec(self) -> str:
        words = [" ragged" if one else "" for one in self.ragged]
        first = (
            f"input Sx3{words[0]} as s -> {self.source.text}"
            if self.source
            else (f"input 3 as s -> dense {self.cell.units} tanh as memory")
        )
        lines = [first, f"input Tx2{words[1]} as x -> {self.cell.text} -> dense 2 as y"]
        if self.judged:
            lines += ["memory -> dense 1 as side", "output y, side", "loss mse on y"]
            lines += ["loss mse on side weight=0.5"]
        else:
            lines += ["output y", "loss mse"]
        return "\n".join([*lines, "dtype float64\n"])


def drawn(seed: int) -> Case:
    rng = np.random.default_rng([seed, 3])
    flip = lambda p=0.5: bool(rng.random() < p)  # noqa: E731
    units = int(rng.integers(1, 4)) * 2
    cell = Cell("dec", KINDS[int(rng.integers(3))], units, int(rng.integers(1, 3)), start="memory")
    cell.reverse, cell.bias, cell.every = flip(0.4), flip(0.7), flip()
    source = None
    if flip(0.8):
        both = flip(0.3)
        kind = "lstm" if cell.kind == "lstm" and flip(0.7) else KINDS[int(rng.integers(3))]
        source = Cell("memory", kind, units // 2 if both else units, int(rng.integers(1, 3)), both)
        source.reverse, source.bias, source.every = not both and flip(0.3), flip(0.7), flip(0.4)
    ragged = (source is not None and flip(), flip())
    return Case(source, cell, ragged, flip(0.3) and not (source and source.every))


def one_step(kind, p, prefix, x, h, c, units):
    u, v = x @ p[f"{prefix}Wx"], h @ p[f"{prefix}Wh"]
    u = u + p.get(f"{prefix}b", p.get(f"{prefix}bx", 0))
    v = v + p.get(f"{prefix}bh", 0)
    if kind == "rnn":
        return torch.tanh(u + v), c
    if kind == "lstm":
        i, f, g, o = torch.split(u + v, units)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    (ur, uz, un), (vr, vz, vn) = torch.split(u, units), torch.split(v, units)
    z = torch.sigmoid(uz + vz)
    return (1 - z) * torch.tanh(un + torch.sigmoid(ur + vr) * vn) + z * h, c


def run(cell: Cell, p, x, lengths, start):
    """States of the top layer, and (h, c) of every stacked layer after its last step."""
    ends = []
    for k in range(cell.layers):
        stem = f"{cell.name}.l{k + 1}." if cell.layers > 1 else f"{cell.name}."
        runs = (
            [(stem, False), (f"{stem}reverse.", True)]
            if cell.bidirectional
            else [(stem, cell.reverse)]
        )
        states, last = [], []
        for prefix, reverse in runs:
            lines, finals = [], []
            for row, count in enumerate(map(int, lengths)):
                zero = torch.zeros(cell.units, dtype=x.dtype)
                h, c = (zero, zero) if start is None else (v[row] for v in start[k])
                seen = [zero] * x.shape[1]
                for t in reversed(range(count)) if reverse else range(count):
                    h, c = one_step(cell.kind, p, prefix, x[row, t], h, c, cell.units)
                    seen[t] = h
                lines.append(torch.stack(seen))
                finals.append(torch.stack([h, c]))
            states.append(torch.stack(lines))
            last.append(torch.stack(finals, 1))
        x = torch.cat(states, 2)
        ends.append(torch.cat(last, 2))
    return x, ends


def answer(case: Case, params, numbers, target):
    p, (s, x) = tensors(params), (tensors({"v": numbers[k]})["v"] for k in ("s", "x"))
    cell, source = case.cell, case.source
    if source is None:
        memory = torch.tanh(s @ p["memory.W"] + p["memory.b"])
        first = [(memory, torch.zeros_like(memory))] * cell.layers
    else:
        _, ends = run(source, p, s, numbers["s lengths"], None)
        memory = ends[-1][0]
        if cell.kind != "lstm" or source.kind != "lstm":
            ends = [torch.stack([h, torch.zeros_like(h)]) for h, _ in ends]
        first = ends if len(ends) == cell.layers else [ends[-1]] * cell.layers
    states, ends = run(cell, p, x, numbers["x lengths"], first)
    inside = torch.tensor(np.arange(x.shape[1]) < numbers["x lengths"][:, None])
    y = (states if cell.every else ends[-1][0]) @ p["dense1.W" if "dense1.W" in p else "y.W"]
    y = y + p["y.b"]
    kept = inside if cell.every else slice(None)
    main = target["y"] if case.judged else target
    loss = ((y[kept] - torch.tensor(main)[kept]) ** 2).mean()
    outputs = {"y": torch.where(inside[..., None], y, 0.0) if cell.every else y}
    if case.judged:
        outputs["side"] = memory @ p["side.W"] + p["side.b"]
        loss = loss + 0.5 * ((outputs["side"] - torch.tensor(target["side"])) ** 2).mean()
    loss.backward()
    dx = gradients({"s": s, "x": x})
    return {k: v.detach().numpy() for k, v in outputs.items()}, loss.item(), gradients(p), dx


def numbers_of(case: Case, rng):
    rows, steps, more = (int(n) for n in rng.integers(1, 5, 3))
    found = {"x": rng.normal(size=(rows, steps, 2))}
    found["x lengths"] = lengths_of(rng, rows, steps, case.ragged[1])
    found["s"] = rng.normal(size=(rows, more, 3) if case.source else (rows, 3))
    found["s lengths"] = lengths_of(rng, rows, more, case.ragged[0])
    target = rng.normal(size=(rows, steps, 2) if case.cell.every else (rows, 2))
    return found, {"y": target, "side": rng.normal(size=(rows, 1))} if case.judged else target


@pytest.mark.parametrize("seed", range(COUNT))
def test_start_agrees_with_torch(seed):
    case = drawn(seed)
    made = modules(case.spec, numba=seed == 0)
    shapes = next(iter(made.values())).PARAM_SHAPES
    for batch in range(2):
        rng = np.random.default_rng([seed, batch])
        params = {k: rng.normal(0, 0.7, s) for k, s in shapes.items()}
        numbers, target = numbers_of(case, rng)
        want = answer(case, params, numbers, target)
        x = {k: numbers[k] for k in ("s", "x")}
        lengths = {}
        for name, ragged in zip("sx", case.ragged, strict=True):
            if ragged:
                lengths[name] = numbers[f"{name} lengths"]
                x[name] = padded(x[name], lengths[name])
        given = {}
        if lengths:
            given = {"lengths": lengths if len(lengths) > 1 else next(iter(lengths.values()))}
        compare(made, params, x, given, target, want, case.spec)


@pytest.mark.parametrize("kind", KINDS)
def test_start_is_torchs_first_state(kind):
    """The same by PyTorch's own layer, whose first state is given from outside."""
    spec = f"input 4 as s\ninput Tx2 as x -> {kind} 4 start=s return=all as r\nloss mse\n"
    made = modules(spec + "dtype float64")
    rng = np.random.default_rng(0)
    for module in made.values():
        params = {k: rng.normal(size=s) for k, s in module.PARAM_SHAPES.items()}
        x, s = rng.normal(size=(3, 5, 2)), rng.normal(size=(3, 4))
        torchs = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](
            2, 4, batch_first=True, dtype=torch.float64
        )
        p = {k.removeprefix("r."): torch.tensor(v) for k, v in params.items()}
        zero = torch.zeros(len(p["Wh"].T), dtype=torch.float64)
        ours = {"weight_ih_l0": p["Wx"].T, "weight_hh_l0": p["Wh"].T}
        ours |= {"bias_ih_l0": p.get("b", p.get("bx")), "bias_hh_l0": p.get("bh", zero)}
        h = torch.tensor(s)[None]
        first = (h, torch.zeros_like(h)) if kind == "lstm" else h
        want, _ = torch.func.functional_call(torchs, ours, (torch.tensor(x), first))
        same(module.predict(params, {"s": s, "x": x}), want.numpy(), kind)


def test_the_draws_cover_the_arguments():
    seen: Counter[str] = Counter()
    for seed in range(100):
        case = drawn(seed)
        seen[f"from {case.source.kind if case.source else 'vector'} to {case.cell.kind}"] += 1
        for what in ("reverse", "bias", "every"):
            seen[f"{what}={getattr(case.cell, what)}"] += 1
        if case.source:
            seen[f"both={case.source.bidirectional}"] += 1
            seen[f"layers {case.source.layers} {case.cell.layers}"] += 1
        seen[f"ragged {case.ragged}"] += 1
    print("\n".join(f"{n:4} {what}" for what, n in sorted(seen.items())))
    assert len([k for k in seen if k.startswith("from")]) == 12
    assert min(seen.values()) >= 2
