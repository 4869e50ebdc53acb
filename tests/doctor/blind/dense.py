"""Programs of dense layers: a base as some author would write it, and mistakes in its lines."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import CORRECT, DOUBLE, SINGLE, Case, patched, seed_of
from .oracle import Arrays, differs, finite_differences, forward, stepped

Size = tuple[list[int], int]


@dataclass(frozen=True, slots=True)
class Base:
    """A right program.

    `layout` has the axes of samples (r rows, c columns), weights (io or oi) and biases (n, n1 or
    1n), and may have mat (np.matrix) and yvec (targets without a features axis).  `ret` lists
    what is returned, as name, name=expression, name:role.  `dz` is the factor of its dz against
    those of the loss: a number, N (rows).
    """

    key: str
    layout: list[str]
    acts: list[str]
    loss: str
    target: str
    ret: str
    sizes: list[Size]
    source: str
    l2: float
    optimizer: tuple[str, float] | None
    dz: float | str
    note: str


@dataclass(frozen=True, slots=True)
class Setting:
    """The size, seed and dtype a program is run with."""

    widths: list[int]
    rows: int
    seed: int
    dtype: str = "float64"


@dataclass(frozen=True, slots=True)
class Mistake:
    lines: tuple[str, ...]
    kind: str
    truth: str
    setting: Setting


BASES: dict[str, Base] = {}
MISTAKES: dict[tuple[str, str], Mistake] = {}


def base(
    key: str,
    layout: str,
    acts: str,
    loss: str,
    target: str,
    ret: str,
    sizes: list[Size],
    source: str,
    *,
    l2: float = 0.0,
    optimizer: tuple[str, float] | None = None,
    dz: float | str = 1,
    note: str = "",
) -> None:
    words = layout.split(), acts.split()
    text = source.lstrip("\n")
    BASES[key] = Base(key, *words, loss, target, ret, sizes, text, l2, optimizer, dz, note)


def mistake(
    key: str,
    name: str,
    kind: str,
    truth: str,
    *lines: str,
    size: Size | None = None,
    ret: str | None = None,
) -> None:
    """A case with one mistake; one in eleven is computed in float32."""
    of, seed = BASES[key], seed_of(f"{key}__{name}")
    before = sum(k == key for k, _ in MISTAKES)
    widths, rows = size or of.sizes[before % len(of.sizes)]
    dtype = "float32" if seed % 11 == 10 else "float64"
    setting = Setting(widths, rows, seed, dtype)
    MISTAKES[key, name] = Mistake(lines, kind, truth, setting)
    SINGLE.append(_case(f"{key}__{name}", of, lines, truth, kind, setting, ret=ret))


def pair(key: str, one: str, other: str, *, size: Size | None = None) -> None:
    """A case with two mistakes."""
    of, (p, q) = BASES[key], (MISTAKES[key, one], MISTAKES[key, other])
    widths, rows = size or (p.setting.widths, p.setting.rows)
    name = f"{key}__{one}__and__{other}"
    setting = Setting(widths, rows, seed_of(name))
    parts = [
        _case(f"{key}__{part}", of, m.lines, m.truth, m.kind, setting)
        for part, m in ((one, p), (other, q))
    ]
    truth, kind = f"(1) {p.truth} (2) {q.truth}", f"{p.kind} + {q.kind}"
    DOUBLE.append(_case(name, of, p.lines + q.lines, truth, kind, setting, parts=tuple(parts)))


def correct(
    key: str,
    *lines: str,
    size: Size | None = None,
    dtype: str = "float64",
    ret: str | None = None,
    note: str = "",
) -> None:
    """A right case, maybe with lines that say the same in other words."""
    of = BASES[key]
    count = sum(c.name.startswith(f"{key}__ok") for c in CORRECT)
    widths, rows = size or of.sizes[count % len(of.sizes)]
    name = f"{key}__ok{count + 1}"
    setting = Setting(widths, rows, seed_of(name), dtype)
    CORRECT.append(_case(name, of, lines, "correct", "correct", setting, ret=ret, note=note))


def _case(
    name: str,
    of: Base,
    lines: tuple[str, ...],
    truth: str,
    kind: str,
    setting: Setting,
    *,
    ret: str | None = None,
    note: str = "",
    parts: tuple[Case, ...] = (),
) -> Case:
    source = patched(of.source, *lines)
    returned = _returned(ret or of.ret)
    return Case(
        name,
        _spec(of, setting),
        lambda: _run(name, of, source, returned, setting),
        truth,
        kind,
        source,
        note or of.note,
        (
            "columns" if of.layout[0] == "c" else "rows",
            {"io": "in-out", "oi": "out-in"}[of.layout[1]],
        ),
        lambda got: _wrong(of, returned, setting, got),
        parts,
    )


def _run(name: str, of: Base, source: str, returned: Any, setting: Setting) -> Arrays:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # np.matrix, as people use it
        space, _ = _data(of, setting)
        space["np"] = np
        exec(compile(source, name, "exec"), space)
        return {name: np.array(eval(expression, space)) for name, expression, _ in returned}


def _data(of: Base, setting: Setting) -> tuple[dict[str, Any], Arrays]:
    """The variables of a program, and the same values as rows of float64."""
    rng = np.random.default_rng(setting.seed)
    rows, weights, biases = of.layout[:3]
    widths, n = setting.widths, setting.rows
    x = rng.normal(size=(n, widths[0]))
    y, labels = _target(of.target, rng, n, widths[-1])
    right = {"X": x.copy(), "Y": y.copy()}
    space = {"X": (x if rows == "r" else x.T).astype(setting.dtype)}
    given = (y if rows == "r" else y.T).astype(setting.dtype)
    if of.target == "int":
        given = labels.copy()
    if "yvec" in of.layout:
        given = given.ravel()
    space["y"] = space["Y"] = given
    for k in range(1, len(widths)):
        w = rng.normal(size=(widths[k - 1], widths[k])) * (1.3 / np.sqrt(widths[k - 1]))
        b = rng.normal(size=widths[k]) * 0.3
        right[f"W{k}"], right[f"b{k}"] = w.copy(), b.copy()
        own = np.ascontiguousarray(w if weights == "io" else w.T)
        space[f"W{k}"] = own.astype(setting.dtype)
        space[f"b{k}"] = _bias(b, biases).astype(setting.dtype)
    if "mat" in of.layout:
        space = {k: np.matrix(v) for k, v in space.items()}
    if setting.dtype == "float32":
        right = {k: v.astype("float32").astype(float) for k, v in right.items()}
    return space, right


def _target(kind: str, rng: np.random.Generator, n: int, width: int) -> tuple[Any, Any]:
    """Targets as rows, and the labels where they are classes."""
    if kind in ("onehot", "int"):
        labels = rng.integers(0, width, size=n)
        return np.eye(width)[labels], labels
    if kind == "binary":
        return (rng.random((n, width)) < 0.5).astype(float), None
    if kind == "unit":
        return rng.random((n, width)), None
    return rng.normal(size=(n, width)), None


def _bias(b: np.ndarray, layout: str) -> np.ndarray:
    return b.reshape({"n": (-1,), "n1": (-1, 1), "1n": (1, -1)}[layout])


def _spec(of: Base, setting: Setting) -> str:
    kinds = ["" if kind == "none" else kind for kind in of.acts]
    layers = [f"dense {n} {k}".strip() for n, k in zip(setting.widths[1:], kinds, strict=True)]
    text = " -> ".join([f"input {setting.widths[0]}", *layers]) + f"\nloss {of.loss}\n"
    if of.l2:  # in a spec, l2=c adds c/2·sum W²
        text += f"regularize l2={2 * of.l2:g}\n"
    if of.optimizer:
        kind, rate = of.optimizer
        more = " momentum=0.9" if kind == "momentum" else ""
        text += f"optimizer {'sgd' if more else kind} lr={rate:g}{more}\n"
    return text + f"dtype {setting.dtype}\n"


def _returned(text: str) -> list[tuple[str, str, str]]:
    """Name, expression and role of what a program returns."""
    found = []
    for word in text.split():
        role = None
        if split := re.match(r"(.*):([A-Za-z]\w*)$", word):
            word, role = split[1], split[2]
        name, _, expression = word.partition("=")
        found.append((name, expression or name, role or _role(name)))
    return found


def _role(name: str) -> str:
    if name in "yY":
        return "Y"
    if name in ("X", "loss"):
        return name
    split = re.match(r"([dD]?)([WwZzAaBb])(\d+)(.*)", name)
    assert split, name
    letter = "W" if split[2] in "Ww" else split[2].lower()
    return split[1].lower() + letter + split[3] + split[4]


def _wrong(of: Base, returned: Any, setting: Setting, got: Arrays) -> list[str]:
    """The names of what differs from the right values (by 1e-4, by 1e-3 in float32)."""
    _, right = _data(of, setting)
    tol = 1e-4 if setting.dtype == "float64" else 1e-3
    own_target = of.target == "int" or "yvec" in of.layout
    wrong = []
    for name, _, role in returned:
        if role == "Y" and own_target:
            continue
        want = _laid(of, role, _right(of, setting, right, role))
        if differs(got[name], want, tol):
            wrong.append(name)
    return wrong


def _right(of: Base, setting: Setting, right: Arrays, role: str) -> Any:
    p = {k: v for k, v in right.items() if k[0] in "Wb"}

    def values() -> Any:
        return forward(p, of.acts, of.loss, of.l2, right["X"], right["Y"])

    def grad(name: str) -> Any:
        if name not in p:
            p[name] = np.zeros_like(values()[name])
        return finite_differences(lambda: values()["loss"], p[name])

    if role.startswith("d"):
        factor = setting.rows if of.dz == "N" else of.dz
        return grad(role[1:]) * (factor if role[1] in "za" else 1)
    if role.endswith("_new"):
        assert of.optimizer
        return stepped(of.optimizer, p[role[:2]], grad(role[:2]))
    return right[role] if role in right else values()[role]


def _laid(of: Base, role: str, value: Any) -> np.ndarray:
    """A value in the layout of the program."""
    rows, weights, biases = of.layout[:3]
    kind, value = role.lstrip("d")[0], np.asarray(value)
    if kind == "W" and weights == "oi":
        return value.T
    if kind in "XYza" and rows == "c":
        return value.T
    return _bias(value, biases) if kind == "b" else value
