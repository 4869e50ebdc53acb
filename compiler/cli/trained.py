"""The trained network that a command names: the folder of a run, or a spec and a weights file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..source import Source
from .app import Argument, Usage
from .files import SpecFiles
from .messages import fail
from .outputs import output_meanings
from .spec import Spec, checked_graph, read_spec
from .trainings import imported
from .values import File, Text

if TYPE_CHECKING:
    from nnc.runtime.probabilities import Meaning
    from nnc.runtime.run import Run
    from nnc.runtime.trained import Trained

network_argument = click.argument(
    "network",
    cls=Argument,
    metavar="RUN|SPEC",
    type=File("the folder of a run, or the name of a .nn file"),
    help="The folder that `nnc train --run` filled, or a .nn file beside --params.",
)
params_option = click.option(
    "--params",
    metavar="FILE",
    type=File("the name of a file"),
    help="Weights of a spec: .npz or .safetensors. A run has its own.",
)
features_option = click.option(
    "--features",
    metavar="COLUMNS",
    type=Text("names of columns"),
    help="Input columns of a table, with commas between; a run knows its own.",
)


class Network(NamedTuple):
    """A trained network, and the meanings of its outputs."""

    trained: Trained
    meanings: Mapping[str, Meaning]


@contextmanager
def trained_network(network: str, params: str | None, max_memory: int) -> Iterator[Network]:
    """Load the network that the arguments name; exits with a one-line error if it is unusable."""
    from nnc.runtime.dataset import DataError
    from nnc.runtime.run import RunError
    from nnc.runtime.weights import WeightsError

    try:
        if Path(network).is_dir():
            yield _of_run(network, params, max_memory)
        else:
            with _of_spec(network, params, max_memory) as found:
                yield found
    except (DataError, RunError, WeightsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or network}: {error.strerror or error}")


def _of_run(folder: str, params: str | None, max_memory: int) -> Network:
    from nnc.runtime.trained import Trained

    run = opened_run(folder, params)
    graph = checked_graph(spec_of_run(folder, run), max_memory)
    trained = Trained(run.module, run.params(), run.state(), run.encoding)
    return Network(trained, output_meanings(graph))


def opened_run(folder: str, params: str | None) -> Run:
    """Open a run; it has weights, so that others are refused. Raises RunError."""
    from nnc.runtime.run import open_run

    if params is not None:
        raise Usage(f"--params: {folder} is a run, which has its own weights")
    return open_run(folder)


def spec_of_run(folder: str, run: Run) -> Spec:
    """Return the spec that a run was made from; its includes are in it."""
    return Spec(Source(f"{folder}/model.nn", run.spec_text), SpecFiles())


def needed_params(spec: str, params: str | None) -> str:
    """Return the weights file of a spec, which has no weights itself."""
    if params is None:
        raise Usage(
            f"{spec} is a spec: name its weights with --params, or give the folder of a run"
        )
    return params


@contextmanager
def _of_spec(spec: str, params: str | None, max_memory: int) -> Iterator[Network]:
    from nnc.runtime.trained import Trained
    from nnc.runtime.weights import read_weights

    weights = needed_params(spec, params)
    with imported(read_spec(spec, None), max_memory) as (module, compiled):
        yield Network(
            Trained(module, *read_weights(weights, module)), output_meanings(compiled.graph)
        )
