"""Handwritten recurrent layers, step by step, with or without mistakes."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from .planted import Arrays, loss_end, sigmoid


def lstm(all_steps: bool) -> Callable[[Arrays, Collection[str]], Arrays]:
    """An LSTM, its last state or the mean of all of them, dense."""

    def gradients(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
        found: Arrays = {}
        x, wx, wh, b = given["x"], given["lstm1.Wx"], given["lstm1.Wh"], given["lstm1.b"]
        n, steps = len(wh), x.shape[1]
        h, c, kept = np.zeros((len(x), n)), np.zeros((len(x), n)), []
        for t in range(steps):
            z = x[:, t] @ wx + h @ wh + b
            i, f, o = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), sigmoid(z[:, 3 * n :])
            g = np.tanh(z[:, 2 * n : 3 * n])
            cell = f * c + i * g
            kept.append((i, f, g, o, h, c, cell))
            c, h = cell, o * np.tanh(cell)
            kept[-1] += (h,)
        top = sum(k[-1] for k in kept) / steps if all_steps else h
        d_top = loss_end(given, "dense1", top, found)
        dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
        dh_next, dc_next = np.zeros_like(h), np.zeros_like(h)
        for t in reversed(range(steps)):
            if "lstm-truncated" in wrong and t < steps - 3 and not all_steps:
                break
            own = d_top / steps if all_steps else d_top * (t == steps - 1)
            dz, dh_next, dc_next = lstm_step_back(kept[t], own + dh_next, dc_next, wh, wrong)
            if "time-sum-missing Wx" in wrong:
                dwx = x[:, t].T @ dz
            else:
                dwx += x[:, t].T @ dz
            dwh += kept[t][4].T @ dz
            db += dz.sum(axis=0)
        for swap, order in (("W", (0, 1, 3, 2)), ("all", (1, 0, 2, 3))):
            if f"lstm-gate-order {swap}" in wrong:
                columns = np.concatenate([np.arange(k * n, (k + 1) * n) for k in order])
                dwx = dwx[:, columns]
                if swap == "all":
                    dwh, db = dwh[:, columns], db[columns]
        return found | {"d_lstm1.Wx": dwx, "d_lstm1.Wh": dwh, "d_lstm1.b": db}

    return gradients


def lstm_step_back(kept, dh, dc, wh, wrong):
    i, f, g, o, _, before, cell, _ = kept
    squeezed = np.tanh(cell)
    slope = 1 - squeezed**2
    if "lstm-derivative cell" in wrong:
        slope = 1 - cell**2
    if "lstm-carry cell" in wrong:
        dc = 0
    dc = dc + dh * o * slope
    di, dg, do = dc * g, dc * i, dh * squeezed
    df = dc * (cell if "lstm-forget past" in wrong else before)
    dg = dg if "lstm-derivative g" in wrong else dg * (1 - g**2)
    parts = [di * i * (1 - i), df * f * (1 - f), dg, do * o * (1 - o)]
    if "lstm-gate-order" in wrong:
        parts = [parts[0], parts[1], parts[3], parts[2]]
    dz = np.hstack(parts)
    dh = np.zeros_like(dh) if "lstm-carry state" in wrong else dz @ wh.T
    return dz, dh, dc if "lstm-forget" in wrong else dc * f


def rnn(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
    """An rnn with tanh, the mean of its states, dense."""
    found: Arrays = {}
    x, wx, wh, b = given["x"], given["rnn1.Wx"], given["rnn1.Wh"], given["rnn1.b"]
    states = [np.zeros((len(x), len(wh)))]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ wx + states[-1] @ wh + b))
    own = loss_end(given, "dense1", sum(states[1:]) / x.shape[1], found) / x.shape[1]
    dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
    carried = np.zeros_like(own)
    for t in reversed(range(x.shape[1])):
        if "lstm-truncated" in wrong and (x.shape[1] - 1 - t) % 2 == 0:
            carried = np.zeros_like(own)
        dz = (own + carried) * (1 - states[t + 1] ** 2)
        dwx, dwh, db = dwx + x[:, t].T @ dz, dwh + states[t].T @ dz, db + dz.sum(axis=0)
        carried = np.zeros_like(own) if "lstm-carry" in wrong else dz @ wh.T
    return found | {"d_rnn1.Wx": dwx, "d_rnn1.Wh": dwh, "d_rnn1.b": db}
