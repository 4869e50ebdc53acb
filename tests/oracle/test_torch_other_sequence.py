"""Attention written out by hand, with `dot`, `softmax` and `matmul`, against PyTorch row by row.

The queries are positions or one vector; both sequences are ragged or not, with NaN in the padding.
NNC_ORACLE_PROGRAMS=50 tries that many draws instead of 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from .sequence_draws import COUNT, compare, counted, gradients, modules, tensors, two_inputs

D = 3


@dataclass
class Case:
    vector: bool
    turned: bool
    ragged: tuple[bool, bool]
    judged: bool
    itself: bool

    @property
    def spec(self) -> str:
        first, second = (" ragged" if one else "" for one in self.ragged)
        query = f"input {D} as q" if self.vector else f"input Tx{D}{first} as q"
        lines = [query, f"input Lx{D}{second} as m", f"m -> dense {D} tanh as c"]
        memory = "q" if self.itself else "m"
        if self.turned:
            lines.append(f"[q, {memory} -> transpose] -> matmul -> scale 0.6 -> softmax as w")
        else:
            branches = f"{memory}, q" if self.vector and self.judged else f"q, {memory}"
            lines.append(f"[{branches}] -> dot -> scale 0.6 -> softmax as w")
        lines += [f"[w, {'q' if self.itself else 'c'}] -> matmul -> dense 2 as y"]
        lines += ["output y, w, c" if self.judged else "output y, c", "loss mse on y"]
        return "\n".join([*lines, "loss mse on c weight=0.3", "dtype float64\n"])


def drawn(seed: int) -> Case:
    rng = np.random.default_rng([seed, 8])
    flip = lambda p=0.5: bool(rng.random() < p)  # noqa: E731
    vector = flip(0.4)
    itself = not vector and flip(0.3)
    ragged = (not vector and flip(), flip())
    return Case(vector, itself or flip(0.4), ragged, flip(), itself)


def answer(case: Case, params, numbers, target):
    p = tensors(params)
    q, m = (tensors({"v": numbers[k]})["v"] for k in "qm")
    c = torch.tanh(m @ p["c.W"] + p["c.b"])
    loss, kept_y, kept_c = 0.0, [], []
    lead = q.shape[:-1]
    y, w = (
        torch.zeros(*lead, 2).double(),
        torch.zeros(*lead, (q if case.itself else m).shape[1]).double(),
    )
    inside = torch.zeros(*m.shape).double()
    for i in range(len(q)):
        a, b = int(numbers["q lengths"][i]), int(numbers["m lengths"][i])
        asked = q[i][None] if case.vector else q[i, :a]
        keys, held = (asked, asked) if case.itself else (m[i, :b], c[i, :b])
        weights = torch.softmax(0.6 * asked @ keys.T, -1)
        out = weights @ held @ p["y.W"] + p["y.b"]
        kept_y.append((out - torch.tensor(target["y"][i]).reshape(-1, 2)[: len(out)]) ** 2)
        kept_c.append((c[i, :b] - torch.tensor(target["c"][i, :b])) ** 2)
        inside[i, :b] = c[i, :b].detach()
        if case.vector:
            y[i], w[i, : len(keys)] = out[0].detach(), weights[0].detach()
        else:
            y[i, :a], w[i, :a, : len(keys)] = out.detach(), weights.detach()
    loss = torch.cat(kept_y).mean() + 0.3 * torch.cat(kept_c).mean()
    loss.backward()
    outputs = {"y": y.numpy(), "c": inside.numpy()} | ({"w": w.numpy()} if case.judged else {})
    return outputs, loss.item(), gradients(p), gradients({"q": q, "m": m})


@pytest.mark.parametrize("seed", range(COUNT))
def test_attention_by_hand_agrees_with_torch(seed):
    case = drawn(seed)
    made = modules(case.spec, numba=seed == 0)
    shapes = next(iter(made.values())).PARAM_SHAPES
    for batch in range(2):
        rng = np.random.default_rng([seed, batch])
        params = {k: rng.normal(0, 0.7, s) for k, s in shapes.items()}
        rows, steps, more = (int(n) for n in rng.integers(1, 6, 3))
        more += more == steps  # of equal shapes `dot` pairs position with position
        arrays = {"q": rng.normal(size=(rows, D) if case.vector else (rows, steps, D))}
        arrays["m"] = rng.normal(size=(rows, more, D))
        numbers, x, given = two_inputs(rng, arrays, (steps, more), case.ragged)
        target = {"y": rng.normal(size=(*numbers["q"].shape[:-1], 2))}
        target["c"] = rng.normal(size=(rows, more, D))
        want = answer(case, params, numbers, target)
        compare(made, params, x, given, target, want, case.spec)


def test_the_draws_cover_the_arguments():
    seen = counted(drawn, ("vector", "turned", "ragged", "judged", "itself"))
    assert min(seen.values()) >= 5, seen
