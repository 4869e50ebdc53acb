"""Files of parameters and state: .npz and .safetensors.

An .npz file is what a module's own save_params writes. In a .safetensors file parameters have their
names, and the names of state begin with `state.`; names with a colon are other arrays of a
checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import durable
from .files.npz import npz_bytes
from .module import Array, Module, Params

STATE = "state."
HEADER = "nnc"
"""The entry of a file's header with nnc's facts and checksum; other programs write none."""

Tensors = Mapping[str, Array]


class WeightsError(ValueError):
    """A weights file that cannot be used; the message names the file and the fault."""


def write_weights(path: str | Path, params: Tensors, state: Tensors | None = None) -> None:
    """Write parameters and state in the format of the suffix; raises OSError or WeightsError."""
    path, state = Path(path), state or {}
    for name, array in {**params, **state}.items():
        if not np.isfinite(array).all():
            raise WeightsError(f"{name} has entries that are not finite; {path} is not written")
    if path.suffix.lower() == ".safetensors":
        durable.write_bytes(path, pack(named(params, state), {}))
    else:
        durable.write_bytes(path, npz_bytes({**params, **state}))


def read_weights(path: str | Path, module: Module) -> tuple[Params, Params]:
    """Read a module's parameters and state from a file; raises OSError or WeightsError."""
    path = Path(path)
    if not is_safetensors(path):
        try:
            loaded = module.load_params(path)
        except ValueError as error:
            said = str(error)
            raise WeightsError(said if str(path) in said else f"{path}: {said}") from error
        return loaded if isinstance(loaded, tuple) else (loaded, {})
    tensors, _ = unpack(path)
    return split_named(tensors, module, str(path))


def is_safetensors(path: Path) -> bool:
    """Return whether a file's content, not its name, is that of a .safetensors file.

    Such a file begins with the length of its header in eight bytes; the header is JSON. An .npz
    file is a zip archive. Raises OSError."""
    with open(path, "rb") as file:
        start = file.read(9)
    return start[8:] == b"{" and not start.startswith(b"PK")


def named(params: Tensors, state: Tensors) -> dict[str, Array]:
    """Return parameters and state under the names that they have in a file."""
    return {**params, **{STATE + name: array for name, array in state.items()}}


def split_named(tensors: Tensors, module: Module, what: str) -> tuple[Params, Params]:
    """Return a module's parameters and state from those names; names with a colon are skipped."""
    shapes = {**module.PARAM_SHAPES}
    shapes |= {STATE + name: shape for name, shape in getattr(module, "STATE_SHAPES", {}).items()}
    found = {name: array for name, array in tensors.items() if ":" not in name}
    missing, extra = shapes.keys() - found.keys(), found.keys() - shapes.keys()
    if missing or extra:
        raise WeightsError(f"{what}: {_difference(missing, extra)}: it is of another network")
    for name, shape in shapes.items():
        _check(what, name, found[name], shape)
    params = {name: found[name] for name in module.PARAM_SHAPES}
    state = {n.removeprefix(STATE): found[n] for n in shapes if n not in module.PARAM_SHAPES}
    return params, state


def _difference(missing: set[str], extra: set[str]) -> str:
    """Describe the weights of a module that a file lacks, and those that it has in excess."""
    parts = [("has no", sorted(missing)), ("has", sorted(extra))]
    return " and ".join(f"{lead} {', '.join(names)}" for lead, names in parts if names)


def _check(what: str, name: str, array: Array, shape: tuple[Any, ...]) -> None:
    if array.shape != tuple(shape):
        raise WeightsError(f"{what}: {name} has shape {array.shape}, the network wants {shape}")
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise WeightsError(f"{what}: {name} has entries that are not finite numbers")


def pack(tensors: Tensors, facts: Mapping[str, Any]) -> bytes:
    """Return a .safetensors file with JSON facts in its header, and a checksum of both."""
    from safetensors.numpy import save

    # One entry, since safetensors writes several in an order that varies by process.
    said = {"facts": dict(facts), "sha256": _checksum(tensors, facts)}
    text = json.dumps(said, sort_keys=True, allow_nan=False)
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    return bytes(save(arrays, metadata={HEADER: text}))


def unpack(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read the tensors and facts of a .safetensors file; a checksum is verified if present."""
    from safetensors import SafetensorError, safe_open

    with open(path, "rb"):  # a missing file is an OSError with a reason
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            text = (file.metadata() or {}).get(HEADER)
        said = {"facts": {}} if text is None else json.loads(text)
        facts = dict(said["facts"])
    except (SafetensorError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise WeightsError(f"{path}: damaged, or no .safetensors file of numbers") from error
    if text is not None and said.get("sha256") != _checksum(tensors, facts):
        raise WeightsError(f"{path}: damaged: its checksum does not fit")
    return tensors, facts


def _checksum(tensors: Tensors, facts: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
