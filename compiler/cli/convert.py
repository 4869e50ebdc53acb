"""`nnc convert`: weights from and to PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Argument, Usage, app
from .memory_option import memory_option
from .messages import fail
from .output import check_output, required_output
from .spec import checked_graph, read_spec
from .values import File, Text, Word

if TYPE_CHECKING:
    from ..convert.matching import Group, Pair
    from ..ir.layer_graph import TypedGraph
    from .weight_arrays import Array

TORCH_FILES = (".pt", ".pth")
"""Files that only PyTorch reads."""


class Side(StrEnum):
    """Whose weights are written."""

    NNC = "nnc"
    TORCH = "torch"


@app.command()
@click.argument(
    "spec", cls=Argument, metavar="SPEC", type=File("the name of a .nn file"), help="A .nn file."
)
@click.argument(
    "weights",
    cls=Argument,
    metavar="WEIGHTS",
    type=File("the name of a file"),
    help="A state_dict (.pt, .pth, .safetensors), or weights of the network (.npz, .safetensors).",
)
@click.option(
    "--to",
    "side",
    metavar="nnc|torch",
    type=Word(Side),
    default=Side.NNC.value,
    show_default=True,
    help="Whose weights are written: the network's, or a PyTorch state_dict.",
)
@click.option(
    "--map",
    "given",
    metavar="LAYER=MODULE",
    multiple=True,
    type=Text("a pair such as dense1=fc1"),
    help="The module of a layer; repeat it for several.",
)
@required_output("File to write: .safetensors or .npz.")
@memory_option
def convert(
    spec: str, weights: str, side: Side, given: tuple[str, ...], output: str, max_memory: int
) -> None:
    """Convert trained weights between PyTorch and a network.

    A layer takes the module of its own name. Layers and modules that have no name in
    common are paired in their order; each pair must fit. A table shows what went where.
    Transposed matrices, the order of gates, PyTorch's two biases of an LSTM and running
    statistics are converted.

    Examples:

      nnc convert lenet.nn lenet.pt -o lenet.safetensors

      nnc convert lenet.nn lenet.npz --to torch --map dense1=fc1 -o state_dict.safetensors
    """
    read = read_spec(spec, None)
    typed = checked_graph(read, max_memory)
    check_output(Path(output), read.files)
    if Path(output).suffix.lower() in TORCH_FILES:
        raise Usage(
            "-o: write .safetensors or .npz; PyTorch reads the former with safetensors.torch"
        )
    pairs = dict(_pair(text) for text in given)
    lines = (
        _into(typed, weights, pairs, output)
        if side is Side.NNC
        else _out(typed, weights, pairs, output)
    )
    click.echo("\n".join(lines))


def _pair(text: str) -> tuple[str, str]:
    layer, equals, module = text.partition("=")
    if not equals or not layer or not module:
        raise Usage(f"--map: {text!r} is no pair LAYER=MODULE")
    return layer, module


def _into(typed: TypedGraph, weights: str, given: Mapping[str, str], output: str) -> Iterator[str]:
    """Write a network's weights from a state_dict; the table."""
    import numpy as np

    from ..convert.matching import CannotConvert, groups_of, matched, modules_of
    from .weight_arrays import deliver_arrays

    shapes = {p.name: np.empty(p.shape) for p in typed.params}
    shapes |= {s.name: np.empty(s.shape) for s in typed.states}
    try:
        found = matched(groups_of(typed, shapes), modules_of(_state_dict(weights)), given)
    except CannotConvert as error:
        fail(f"{weights}: {error}")
    dtype = np.dtype(typed.graph.dtype)
    arrays = {
        f"{pair.layer.name}.{last}": np.ascontiguousarray(array, dtype)
        for pair in found
        for last, array in pair.arrays.items()
    }
    states = [s.name for s in typed.states]
    params = {n: a for n, a in arrays.items() if n not in states}
    deliver_arrays(output, params, {n: arrays[n] for n in states})
    return _table(found)


def _out(typed: TypedGraph, weights: str, given: Mapping[str, str], output: str) -> Iterator[str]:
    """Write a state_dict from a network's weights; the table."""
    from ..contents import UnfitWeights
    from ..convert.matching import CannotConvert, groups_of, state_dict_of
    from .weight_arrays import deliver_arrays, read_arrays

    try:
        groups = groups_of(typed, read_arrays(Path(weights), typed))
        unknown = [name for name in given if name not in {g.name for g in groups}]
        if unknown:
            raise CannotConvert(f"there is no layer {unknown[0]!r}")
        deliver_arrays(output, state_dict_of(groups, given), {})
    except CannotConvert as error:
        fail(f"{weights}: {error}")
    except UnfitWeights as error:
        fail(str(error))
    return _names(groups, given)


def _state_dict(weights: str) -> dict[str, Array]:
    """Read a state_dict: by PyTorch (without pickled objects), or from .safetensors or .npz."""
    from nnc.runtime.extras import installed
    from nnc.runtime.weights import WeightsError

    path = Path(weights)
    try:
        if path.suffix.lower() not in TORCH_FILES:
            return _tensors(path)
        if not installed("torch"):
            fail(
                f"{weights}: reading it needs PyTorch: pip install torch; or save it as .safetensors"
            )
        return _pickled(path)
    except WeightsError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{weights}: {error.strerror or error}")


def _tensors(path: Path) -> dict[str, Array]:
    import numpy as np
    from nnc.runtime.weights import WeightsError, is_safetensors, unpack

    if is_safetensors(path):
        return unpack(path)[0]
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # zipfile, zlib and NumPy each have errors of their own
        raise WeightsError(f"{path}: neither .pt, .safetensors nor .npz, or damaged") from None


def _pickled(path: Path) -> dict[str, Array]:
    """A state_dict by torch.load with weights_only, which runs nothing that the file says."""
    from importlib import import_module

    from nnc.runtime.weights import WeightsError

    torch: Any = import_module("torch")  # nothing that is shipped requires it

    with open(path, "rb"):  # a missing file is an OSError with a reason
        pass
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise WeightsError(
            f"{path}: no state_dict (save model.state_dict(), not the model)"
        ) from None
    found = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise WeightsError(f"{path}: no state_dict (save model.state_dict(), not the model)")
    return {
        str(name): tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
        for name, tensor in found.items()
    }


def _table(pairs: list[Pair]) -> Iterator[str]:
    width = max((len(pair.layer.name) for pair in pairs), default=0)
    for pair in pairs:
        sizes = ", ".join(f"{n} {'x'.join(map(str, a.shape))}" for n, a in pair.arrays.items())
        yield f"{pair.layer.name:<{width}}  <-  {pair.module}  ({pair.layer.layout.module}: {sizes})"


def _names(groups: list[Group], given: Mapping[str, str]) -> Iterator[str]:
    width = max((len(group.name) for group in groups), default=0)
    for group in groups:
        names = ", ".join(group.layout.to_torch(group.arrays))
        module = given.get(group.name, group.name)
        yield f"{group.name:<{width}}  ->  {module}  ({group.layout.module}: {names})"
