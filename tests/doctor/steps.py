"""Parameters after one step of an optimizer, as people write it, with a mistake or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..unit.planted import NETS, Arrays, hand, numbers
from .cases import Case

Rule = Callable[[str, np.ndarray, np.ndarray, Arrays, int], np.ndarray]
"""A parameter after step t, from its name, itself, its gradient, and what is kept."""

LR, MU, WD, B1, B2, EPS = 0.1, 0.9, 0.02, 0.9, 0.999, 1e-4
ORDER: tuple[str, ...] = ()


def sgd(name, w, g, kept, t, *, wrong=""):
    if wrong == "ascent":
        return w + LR * g
    if wrong == "no-update":
        w_new = w  # the step went to a copy
        copy = w.copy()
        copy -= LR * g
        return w_new
    if wrong == "step-rate":
        return w - g
    if wrong == "step-rate twice":
        return w - LR * (LR * g)
    if wrong == "step-rate odd":
        return w - 0.037 * g
    if wrong == "l2-doubled":
        return w - LR * (g + NETS["decay"].l2 * w * (w.ndim > 1))
    return w - LR * g


def decayed(name, w, g, kept, t, *, wrong=""):
    if wrong == "l2-missing":
        return w - LR * g
    if wrong == "l2-doubled":
        g = g + WD * w
        w = w - LR * WD * w
        return w - LR * g
    if wrong == "l2-scale":
        return w - LR * g - WD * w
    return w - LR * (g + WD * w)


def momentum(name, w, g, kept, t, *, wrong=""):
    v = kept[f"{name}.velocity"]
    if wrong == "momentum-sign":
        return w - LR * (MU * v - g)
    if wrong == "momentum-sign brake":
        return w - LR * (g - MU * v)
    if wrong == "momentum-rate":
        v = MU * v + LR * g
        return w - LR * v
    if wrong == "momentum-rate mean":
        v = MU * v + (1 - MU) * g
        return w - LR * v
    if wrong == "momentum-rate none":
        v = MU * v + g
        return w - v
    if wrong == "ascent":
        v = MU * v + g
        return w + LR * v
    if wrong == "no-update":
        return w
    v = MU * v + g
    return w - LR * v


def adam(name, w, g, kept, t, *, wrong="", decay=""):
    m, v = kept[f"{name}.m"], kept[f"{name}.v"]
    if wrong == "weight-decay-coupled":
        decay = "coupled" if decay == "decoupled" else "decoupled"
    if decay == "coupled":
        g = g + WD * w
    m = B1 * m + (1 - B1) * g
    v = B2 * v + (1 - B2) * g**2
    if wrong == "adam-extra-step":
        t = t + 1
    if wrong == "adam-extra-step arrays":
        t = (t - 1) * len(kept["names"]) + list(kept["names"]).index(name) + 1
    m_hat, v_hat = m / (1 - B1**t), v / (1 - B2**t)
    if wrong == "adam-no-correction":
        m_hat, v_hat = m, v
    if wrong == "adam-no-correction v":
        v_hat = v
    if wrong == "adam-epsilon":
        step = m_hat / np.sqrt(v_hat + EPS)
    elif wrong == "adam-epsilon size":
        step = m_hat / (np.sqrt(v_hat) + 1e-8)
    else:
        step = m_hat / (np.sqrt(v_hat) + EPS)
    if decay == "decoupled":
        w = w - LR * WD * w
    if wrong == "no-update":
        return w if decay != "decoupled" else w / (1 - LR * WD)
    return w + LR * step if wrong == "ascent" else w - LR * step


ADAM = f"lr={LR} eps={EPS}"
OPTIMIZERS: dict[str, tuple[str, Rule, tuple[str, ...], tuple[str, ...]]] = {
    "sgd": (
        f"sgd lr={LR}",
        sgd,
        (),
        ("ascent", "no-update", "step-rate", "step-rate twice", "step-rate odd"),
    ),
    "decayed": (
        f"sgd lr={LR} weight_decay={WD}",
        decayed,
        (),
        ("l2-missing", "l2-doubled", "l2-scale"),
    ),
    "momentum": (
        f"sgd lr={LR} momentum={MU}",
        momentum,
        ("velocity",),
        (
            *("momentum-sign", "momentum-sign brake", "momentum-rate", "momentum-rate mean"),
            *("momentum-rate none", "ascent", "no-update"),
        ),
    ),
    "adam": (
        f"adam {ADAM}",
        adam,
        ("m", "v"),
        (
            *("adam-no-correction", "adam-no-correction v", "adam-epsilon", "adam-epsilon size"),
            *("adam-extra-step", "adam-extra-step arrays", "ascent", "no-update"),
        ),
    ),
    "adam decayed": (
        f"adam {ADAM} weight_decay={WD}",
        partial(adam, decay="coupled"),
        ("m", "v"),
        ("weight-decay-coupled",),
    ),
    "adamw": (
        f"adamw {ADAM} weight_decay={WD}",
        partial(adam, decay="decoupled"),
        ("m", "v"),
        ("weight-decay-coupled", "adam-no-correction", "adam-extra-step"),
    ),
}


def kept_before(names, slots, net: str, t: int) -> dict[str, Any]:
    """What an optimizer has kept when step t begins."""
    rng, given = np.random.default_rng(t), numbers(NETS[net], 3, seed=7)
    found: dict[str, Any] = {}
    for name in names:
        for slot in slots:
            drawn = 0.05 * rng.normal(size=given[name].shape)
            found[f"{name}.{slot}"] = (drawn**2 if slot == "v" else drawn) if t > 1 else 0 * drawn
    return found


def words(optimizer: str, net: str, rows: int, t: int, wrong: str) -> dict[str, Any]:
    _, rule, slots, _ = OPTIMIZERS[optimizer]
    given = numbers(NETS[net], rows, seed=rows)
    gradients = hand(NETS[net], given)
    names = [n for n in given if "." in n]
    kept = kept_before(names, slots, net, t)
    known = {**kept, "names": names}
    options = {"wrong": wrong} if wrong else {}
    after = {n: rule(n, given[n], gradients[f"d_{n}"], known, t, **options) for n in names}
    return {"after": after, "count": t, "memory": kept if slots else None}


def arrays(net: str, rows: int, gradients: bool) -> Arrays:
    given = numbers(NETS[net], rows, seed=rows)
    return {**given, **hand(NETS[net], given)} if gradients else given


def text(optimizer: str, net: str) -> str:
    return f"{NETS[net].text}optimizer {OPTIMIZERS[optimizer][0]}\n"


def case(optimizer: str, net: str, rows: int, t: int, wrong: str, gradients: bool) -> Case:
    label = f"{optimizer} {net} {rows} step {t} {wrong.partition(' ')[2]}".strip()
    if not gradients:
        label += " alone"
    return Case(
        wrong.partition(" ")[0],
        label,
        text(optimizer, net),
        partial(arrays, net, rows, gradients),
        partial(words, optimizer, net, rows, t, wrong),
    )


def cases() -> Iterator[Case]:
    """Every mistake of every optimizer, with gradients and without."""
    for optimizer, (_, _, slots, mistakes) in OPTIMIZERS.items():
        for at, wrong in enumerate(mistakes):
            for net in ("digits", "regression"):
                for gradients in (True, False):
                    t = 5 if slots and ("momentum" in wrong or at % 2) else 1
                    yield case(optimizer, net, 4 + at, t, wrong, gradients)
    for gradients in (True, False):
        yield case("sgd", "decay", 5, 1, "l2-doubled", gradients)


def right() -> Iterator[Case]:
    """Right steps."""
    for optimizer, (_, _, slots, _) in OPTIMIZERS.items():
        for net in NETS:
            for t in (1, 4) if slots else (1,):
                yield case(optimizer, net, 6, t, "", True)
