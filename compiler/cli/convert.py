"""`nnc convert`: weights from and to PyTorch and Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .app import Argument, Usage, app
from .memory_option import memory_option
from .messages import fail
from .output import check_output, required_output
from .spec import checked_graph, read_spec
from .values import File, Text, Word

if TYPE_CHECKING:
    from ..convert.layouts import Group
    from ..convert.matching import Pair
    from ..ir.layer_graph import TypedGraph

TORCH_FILES = (".pt", ".pth")
"""Files that only PyTorch writes."""


class Side(StrEnum):
    """Whose weights are written."""

    NNC = "nnc"
    TORCH = "torch"
    KERAS = "keras"


class Channels(StrEnum):
    """Where a Keras model has the channels of images."""

    FIRST = "first"
    LAST = "last"


@app.command()
@click.argument(
    "spec", cls=Argument, metavar="SPEC", type=File("the name of a .nn file"), help="A .nn file."
)
@click.argument(
    "weights",
    cls=Argument,
    metavar="WEIGHTS",
    type=File("the name of a file"),
    help="A state_dict (.pt, .pth, .safetensors), a file of Keras (.keras, .weights.h5), or weights "
    "of the network (.npz, .safetensors).",
)
@click.option(
    "--to",
    "side",
    metavar="nnc|torch|keras",
    type=Word(Side),
    default=Side.NNC.value,
    show_default=True,
    help="Whose weights are written: the network's, a PyTorch state_dict, or Keras's.",
)
@click.option(
    "--map",
    "given",
    metavar="LAYER=MODULE",
    multiple=True,
    type=Text("a pair such as dense1=fc1"),
    help="The module (or Keras layer) of a layer; repeat it for several.",
)
@click.option(
    "--like",
    metavar="FILE",
    type=File("the name of a file"),
    help="With --to keras: the model's own .keras or .weights.h5, whose weights are replaced.",
)
@click.option(
    "--channels",
    metavar="first|last",
    type=Word(Channels),
    help="Where a Keras model has the channels of images; default: as a .keras file says, else last.",
)
@required_output("File to write: .safetensors or .npz; for Keras .weights.h5 or .keras.")
@memory_option
def convert(
    spec: str,
    weights: str,
    side: Side,
    given: tuple[str, ...],
    like: str | None,
    channels: Channels | None,
    output: str,
    max_memory: int,
) -> None:
    """Convert trained weights between PyTorch or Keras and a network.

    A layer takes the module of its own name. Layers and modules that have no name in
    common are paired in their order; each pair must fit. A table shows what went where.
    Transposed matrices and kernels, the order of gates, two biases of a recurrent layer,
    rows behind a flattened image and running statistics are converted.

    Examples:

      nnc convert lenet.nn lenet.pt -o lenet.safetensors

      nnc convert lenet.nn lenet.npz --to torch --map dense1=fc1 -o state_dict.safetensors

      nnc convert lenet.nn lenet.keras -o lenet.safetensors

      nnc convert lenet.nn lenet.npz --to keras --like lenet.keras -o trained.keras
    """
    read = read_spec(spec, None)
    typed = checked_graph(read, max_memory)
    check_output(Path(output), read.files)
    _check_output(side, output, like)
    pairs = dict(_pair(text) for text in given)
    last = None if channels is None else channels is Channels.LAST
    if side is Side.KERAS:
        from .convert_keras import out_to_keras

        lines = out_to_keras(typed, weights, pairs, output, like, last)
    elif side is Side.TORCH:
        lines = _out(typed, weights, pairs, output)
    else:
        lines = _into(typed, weights, pairs, output, last)
    click.echo("\n".join(lines))


def _check_output(side: Side, output: str, like: str | None) -> None:
    """Refuse a file name whose suffix is not of what is written."""
    keras = output.lower().endswith((".keras", ".weights.h5"))
    if side is Side.KERAS and not keras:
        raise Usage("-o: for Keras write .weights.h5 or .keras")
    if like is not None and side is not Side.KERAS:
        raise Usage("--like is for --to keras")
    if side is not Side.KERAS and (keras or Path(output).suffix.lower() in TORCH_FILES):
        raise Usage(
            "-o: write .safetensors or .npz; PyTorch reads the former with safetensors.torch"
        )


def _pair(text: str) -> tuple[str, str]:
    layer, equals, module = text.partition("=")
    if not equals or not layer or not module:
        raise Usage(f"--map: {text!r} is no pair LAYER=MODULE")
    return layer, module


def _into(
    typed: TypedGraph, weights: str, given: Mapping[str, str], output: str, last: bool | None
) -> Iterator[str]:
    """Write a network's weights from a state_dict or a file of Keras; the table."""
    from ..convert.layouts import CannotConvert
    from .weight_arrays import deliver_arrays, empty_arrays

    try:
        found = _matched(typed, weights, given, last)
    except CannotConvert as error:
        fail(f"{weights}: {error}")
    shapes = empty_arrays(typed)
    arrays = {
        f"{pair.layer.name}.{last}": array for pair in found for last, array in pair.arrays.items()
    }
    states = [s.name for s in typed.states]
    exact = {name: arrays[name].astype(like.dtype, order="C") for name, like in shapes.items()}
    deliver_arrays(
        output,
        {n: a for n, a in exact.items() if n not in states},
        {n: exact[n] for n in states},
    )
    return table(found)


def _matched(
    typed: TypedGraph, weights: str, given: Mapping[str, str], last: bool | None
) -> list[Pair]:
    from ..convert.matching import groups_of, matched, modules_of
    from .state_dict import read_state_dict
    from .weight_arrays import empty_arrays

    path = Path(weights)
    if path.suffix.lower() not in TORCH_FILES and _is_keras(path):
        from .convert_keras import from_keras

        return from_keras(typed, path, given, last)
    if last is not None:
        raise Usage("--channels is for files of Keras")
    return matched(groups_of(typed, empty_arrays(typed)), modules_of(read_state_dict(path)), given)


def _is_keras(path: Path) -> bool:
    from .keras_file import is_keras

    try:
        return is_keras(path)
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")


def _out(typed: TypedGraph, weights: str, given: Mapping[str, str], output: str) -> Iterator[str]:
    """Write a state_dict from a network's weights; the table."""
    from ..contents import UnfitWeights
    from ..convert.layouts import CannotConvert
    from ..convert.matching import groups_of, state_dict_of
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


def table(pairs: list[Pair], arrow: str = "<-") -> Iterator[str]:
    """Yield a line for each pair: the layer, what it takes (or gives), and the arrays."""
    width = max((len(pair.layer.name) for pair in pairs), default=0)
    for pair in pairs:
        sizes = ", ".join(f"{n} {'x'.join(map(str, a.shape))}" for n, a in pair.arrays.items())
        kind = pair.layer.layout.module
        yield f"{pair.layer.name:<{width}}  {arrow}  {pair.module}  ({kind}: {sizes})"


def _names(groups: list[Group], given: Mapping[str, str]) -> Iterator[str]:
    width = max((len(group.name) for group in groups), default=0)
    for group in groups:
        names = ", ".join(group.layout.to_theirs(group.arrays))
        module = given.get(group.name, group.name)
        yield f"{group.name:<{width}}  ->  {module}  ({group.layout.module}: {names})"
