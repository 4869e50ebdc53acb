"""The steps of `nnc train`: loading data, training, and reporting how it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

import click
from nnc.runtime.tables.missing import Missing

from . import terminal
from .app import Usage
from .compile import compiled_spec
from .data_options import DataWanted
from .epochs import telling
from .messages import fail, warn
from .spec import Spec

if TYPE_CHECKING:
    from nnc.runtime.callback import Callback
    from nnc.runtime.dataset import Dataset
    from nnc.runtime.module import Module, Params
    from nnc.runtime.parallel.ranks import Ranks
    from nnc.runtime.tables.encoding import Encoding
    from nnc.runtime.training import TrainResult

    from ..driver import Compiled
    from ..ir.layer_graph import TypedGraph


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of a training, which a run remembers; None leaves the choice to the spec."""

    source: DataWanted
    validation: str | float | None = None
    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    seed: int | None = None
    patience: int | None = None
    allow_divergence: bool = False
    tensorboard: str | None = None
    output: str | None = None
    params: str | None = None

    def options(self) -> dict[str, Any]:
        """Return all options, for run.json."""
        return asdict(self)

    def plan(self) -> dict[str, Any]:
        """Return the arguments of `nnc.runtime.train` that say how to train."""
        names = ("epochs", "batch", "lr", "seed", "patience", "allow_divergence")
        return {name: getattr(self, name) for name in names}

    def sources(self) -> dict[str, str]:
        """Return the data sources by role."""
        source = self.source
        named = {"data": source.data, "test": source.test, "validation": self.validation}
        named["params"] = self.params
        return {role: name for role, name in named.items() if isinstance(name, str)}

    def keep(self, output: Path | None) -> None:
        """Refuse to overwrite the training data with the parameters."""
        self.source.keep(output)
        if output is None or not output.exists():
            return
        if isinstance(self.validation, str) and _is_same(output, self.validation):
            raise Usage(f"-o: {output} is the data that is being read")
        if self.params is not None and _is_same(output, self.params):
            raise Usage(f"-o: {output} is where training begins; name another file")


def _is_same(output: Path, name: str) -> bool:
    return Path(name).exists() and output.samefile(name)


def wanted_from(given: Mapping[str, Any], source: DataWanted) -> Wanted:
    """Return the options of a command line, with paths that do not depend on the current folder."""
    known = {name: value for name, value in given.items() if name in Wanted.__slots__}
    for name in ("output", "tensorboard", "params"):
        known[name] = None if known[name] is None else os.path.abspath(known[name])
    return Wanted(source, **known)


def from_options(options: Mapping[str, Any], places: Mapping[str, str]) -> Wanted:
    """Return the options of a run, with the current paths of its data."""
    known = {name: value for name, value in options.items() if name in Wanted.__slots__}
    own = {role: place for role, place in places.items() if role in ("validation", "params")}
    source = {**known.pop("source"), **{r: p for r, p in places.items() if r not in own}}
    known |= own
    source["missing"] = Missing(source["missing"])
    return Wanted(DataWanted(**source), **known)


@dataclass(frozen=True, slots=True)
class Sets:
    """The data of a training, and how a table was read."""

    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    encoding: Encoding | None


def load_sets(module: Module, wanted: Wanted) -> Sets:
    """Load training, validation and test data, divided by the options or else by the source."""
    seed, chosen = wanted.seed or 0, wanted.validation
    loaded = wanted.source.load(module, seed, warn)
    train, validation = loaded.train, None
    if isinstance(chosen, float):
        train, validation = train.split(chosen, seed, stratify=True)
    elif chosen is not None:
        validation = _read_alike(chosen, module, loaded.encoding)
    return Sets(train, validation, loaded.test, loaded.encoding)


def _read_alike(name: str, module: Module, encoding: Encoding | None) -> Dataset:
    """Read other data; a table is read as the training table was."""
    from nnc.runtime.data import load, load_encoded
    from nnc.runtime.tables.table import is_table

    if encoding is not None and is_table(name):
        return load_encoded(name, encoding, module, tell=warn)
    return load(name, module, tell=warn).train


def warn_of_data(graph: TypedGraph, module: Module, data: Dataset, wanted: Wanted) -> None:
    """Print warnings about data on which training is likely to fail."""
    from nnc.runtime.doubts import doubts
    from nnc.runtime.fit import fit_targets
    from nnc.runtime.scaling import unreachable, unscaled

    from ..optimizers import OPTIMIZERS
    from ..optimizers.registry import WITHOUT
    from ..report.scales import bounded_outputs, raw_inputs

    for sentence in unreachable(fit_targets(data, module).data, bounded_outputs(graph)):
        warn(sentence)
    for sentence in doubts(data, module, wanted.batch):
        warn(sentence)
    if wanted.lr is None and hasattr(module, "solve"):
        return
    rate = wanted.lr or module.TRAIN.get("lr")
    descends = OPTIMIZERS[module.TRAIN.get("optimizer", WITHOUT)].descends
    for sentence in unscaled(data, raw_inputs(graph), rate if descends else None):
        warn(sentence)


@contextmanager
def imported(
    spec: Spec,
    max_memory: int,
    backend: str = "numpy",
    readable: bool = False,
    frozen: tuple[str, ...] = (),
    shares: bool = False,
) -> Iterator[tuple[Module, Compiled]]:
    """Compile a spec and import the module from a file that exists while the context is open.

    `readable` says that the text is kept for people to read; `frozen` names layers not to train;
    with `shares` the module can be trained on several ranks."""
    from nnc.runtime.module import import_module

    from ..driver import Options
    from ..emitted import CannotEmit

    emit = ("shares",) if shares else ()
    options = Options(
        target=backend, format=readable, max_memory=max_memory, frozen=frozen, emit=emit
    )
    try:
        compiled = compiled_spec(spec, options)
    except CannotEmit:
        _no_loss(spec)
    terminal.show_on_stderr(compiled.report)
    with TemporaryDirectory(prefix="nnc-") as folder:
        path = Path(folder) / "model.py"
        path.write_text(compiled.code, encoding="utf-8")
        module = import_module(path)
        if not hasattr(module, "train_step"):
            _no_loss(spec)
        yield module, compiled


def _no_loss(spec: Spec) -> NoReturn:
    fail(f"{spec.source.name} has no loss to train towards; add one, such as `loss mse`")


@contextmanager
def told_faults() -> Iterator[None]:
    """Report errors of data and of runs in one line, and exit."""
    from nnc.runtime.dataset import DataError
    from nnc.runtime.run import RunError

    try:
        yield
    except (DataError, RunError) as error:
        fail(str(error))


@dataclass(frozen=True, slots=True)
class Ended:
    """A training that ended, and the exit code that tells how."""

    result: TrainResult
    code: int


def conduct(
    module: Module,
    loaded: Sets,
    wanted: Wanted,
    every: int | None,
    callbacks: tuple[Callback, ...] = (),
    ranks: Ranks | None = None,
) -> Ended:
    """Train; signals stop training in an orderly way. Of several ranks only the first reports."""
    from nnc.runtime import train
    from nnc.runtime.parallel.ranks import Ranks
    from nnc.runtime.signals import Signals
    from nnc.runtime.training import Ending

    ranks = ranks or Ranks()
    params, state = _start(module, wanted.params)
    if wanted.tensorboard is not None and ranks.leads:
        from nnc.runtime.tensorboard import TensorBoard

        callbacks = (*callbacks, TensorBoard(wanted.tensorboard))
    with ExitStack() as stack:
        told = [stack.enter_context(telling(every))] if ranks.leads else []
        signals = stack.enter_context(Signals())
        result = train(
            module,
            loaded.train,
            validation=loaded.validation,
            test=loaded.test,
            callbacks=[*callbacks, *told, signals],
            tell=warn,
            params=params,
            state=state,
            communicator=ranks,
            **wanted.plan(),
        )
    failed = dict.fromkeys((Ending.DIVERGED, Ending.FAILED), terminal.FAILED)
    codes = {**failed, Ending.INTERRUPTED: 128 + (signals.received or 2)}
    return Ended(result, codes.get(result.ending, terminal.OK))


def _start(module: Module, path: str | None) -> tuple[Params | None, Params | None]:
    """Return the weights in a file, or None without one; exits if they do not fit the network."""
    from nnc.runtime.weights import WeightsError, read_weights

    if path is None:
        return None, None
    try:
        params, state = read_weights(path, module)
    except WeightsError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{shown_path(path)}: {error.strerror or error}")
    return params, state or None


def tell_ending(result: TrainResult) -> None:
    """Print confusion matrices to standard output, and the reason for the end to standard error."""
    from nnc.runtime.scores import confusion_text
    from nnc.runtime.training import Ending

    for name, counts in result.confusion.items():
        click.echo(f"confusion {name}".strip() + ": true classes down, predicted ones across")
        click.echo(confusion_text(counts))
    if result.message:
        failed = result.ending in (Ending.DIVERGED, Ending.FAILED)
        lead = "error: " if failed else ""
        click.echo(f"{lead}{result.message}", err=True)


def save(result: TrainResult, wanted: Wanted, quiet: bool) -> None:
    """Save the parameters if requested, and report it; nothing if there are no good weights."""
    from nnc.runtime.training import Ending
    from nnc.runtime.weights import WeightsError, write_weights

    if wanted.output is None or (not result.epoch and result.ending is Ending.DIVERGED):
        return
    out = shown_path(wanted.output)
    try:
        write_weights(out, result.params, result.state)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror or error}")
    except WeightsError as error:
        fail(str(error))
    if quiet:
        return
    if not result.state:
        click.echo(f"parameters saved to {out}")
        return
    click.echo(f"parameters and state saved to {out}; they belong together, so load both:")
    click.echo("`params, state = load_params(path)`, then `predict(params, x, state=state)`")


def shown_path(path: str) -> str:
    """Return a path as users write it, relative to the current folder if possible."""
    near = os.path.relpath(path)
    return path if near.startswith(os.pardir) else near
