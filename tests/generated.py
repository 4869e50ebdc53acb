"""Compiled specs as modules, and a gradient check that shares no code with the compiler."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime.data import Dataset
from nnc.runtime.files.idx import read_idx_folder
from nnc.runtime.module import import_module
from nnc.source import Source

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


def spec_text(name: str) -> str:
    """The text of an example: `digits` or `systems/S03`."""
    return (EXAMPLES / f"{name}.nn").read_text(encoding="utf-8")


@cache
def module_code(text: str, level: int = 1, emit: tuple[str, ...] = ()) -> str:
    options = Options(level=level, emit=emit, format=False)
    return compile_source(Source("spec.nn", text), options).code


def build(text: str, level: int = 1, emit: tuple[str, ...] = ()):
    """A spec's module, with the functions asked for, imported anew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.py"
        path.write_text(module_code(text, level, emit), encoding="utf-8")
        return import_module(path)


def imported(text: str, **options: object):
    """A spec's module compiled with any options."""
    code = compile_source(Source("spec.nn", text), Options(format=False, **options)).code
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.py"
        path.write_text(code, encoding="utf-8")
        return import_module(path)


def in_float64(text: str) -> str:
    """The same spec in double precision."""
    return text if "\ndtype float64" in text else f"{text}\ndtype float64\n"


def gradient_error(module, params, x, target, *, seed: int = 0, eps: float = 1e-6) -> float:
    """Largest relative error of any parameter's gradient along a random direction.

    Compares <gradient, v> with (L(p + eps v) - L(p - eps v)) / 2 eps for one random v over all
    entries of each parameter; a single wrong entry shows almost surely.
    """
    rng = np.random.default_rng(seed)
    _, cache_ = module.forward(params, x, **keywords_for(module, x))
    grads = {name: np.array(g) for name, g in module.backward(params, cache_, target).items()}
    largest = max(float(np.abs(g).max()) for g in grads.values())
    errors = []
    for name, value in params.items():
        v = rng.standard_normal(value.shape)
        difference = (
            _loss_at(module, params, name, value + eps * v, x, target)
            - _loss_at(module, params, name, value - eps * v, x, target)
        ) / (2 * eps)
        scale = max(abs(difference), 1e-4 * largest)
        errors.append(abs(float((grads[name] * v).sum()) - difference) / scale)
    return max(errors)


def _loss_at(module, params, name, value, x, target) -> float:
    moved = {**{k: np.array(v) for k, v in params.items()}, name: value}
    _, cache_ = module.forward(moved, x, **keywords_for(module, x))
    return module.loss(moved, cache_, target)


def keywords_for(module, x) -> dict[str, object]:
    """What forward needs besides: `lengths=`, unsorted, for padded rows; batchnorm in training."""
    state = {"state": module.init_state(), "train": True} if module.STATE_SHAPES else {}
    names = getattr(module, "RAGGED", ())
    arrays = {name: x[name] if isinstance(x, dict) else x for name in names}
    found = {name: 1 + np.arange(len(a)) * 3 % np.shape(a)[1] for name, a in arrays.items()}
    return state | ({"lengths": _only(found)} if found else {})


@cache
def mnist() -> Dataset:
    """The 10,000 images of mnist10k, flat, or a visible skip where they are missing."""
    folder = Path(os.environ.get("NNC_MNIST") or ROOT.parent / "shared" / "data" / "mnist10k")
    if not folder.is_dir():
        pytest.skip(f"real MNIST is not here: no folder {folder} (set NNC_MNIST)")
    data, _ = read_idx_folder(folder)
    return Dataset(data.x.reshape(len(data), -1), data.target, data.name)


def random_batch(module, rows: int, seed: int = 0, size: int = 6):
    """Inputs and targets that any module accepts: uniform numbers or ids, rows of probabilities.

    Sizes known at run time only are all `size`.
    """
    rng = np.random.default_rng(seed)
    x = {}
    for name, shape in module.INPUTS.items():
        whole = (rows, *_sizes(shape, size))
        x[name] = rng.integers(0, 5, whole) if _is_ids(module) else rng.uniform(-1, 1, whole)
    target = {
        n: _random_target(rng, rows, _sizes(shape, size)) for n, shape in module.TARGETS.items()
    }
    return _only(x), _only(target)


def _sizes(shape, size):
    """The sizes of a row."""
    return [n if isinstance(n, int) else size for n in shape[1:]]


def _is_ids(module) -> bool:
    """Whether the spec's inputs are whole numbers."""
    return re.search(r"^input \w+ int\b", module.SPEC, flags=re.MULTILINE) is not None


def _random_target(rng, rows, shape):
    weights = rng.uniform(0.1, 1, (rows, *shape))
    return weights if shape[-1] == 1 else weights / weights.sum(axis=-1, keepdims=True)


def _only(named):
    """One array where there is one, as modules take it; None where there is none."""
    return next(iter(named.values())) if len(named) == 1 else named or None
