"""Training of one point of a sweep, exactly as `nnc train --run` would train its spec."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..sweeps.errors import SweepError
from ..sweeps.folder import Folder
from ..sweeps.outcome import FAILED, Outcome
from ..sweeps.points import Task

if TYPE_CHECKING:
    from nnc.runtime.module import Module
    from nnc.runtime.training import TrainResult


def run_task(task: Task) -> Outcome:
    """Train a point, and write its result; whatever goes wrong becomes the result."""
    begun = time.perf_counter()
    folder = Folder(Path(task.folder))
    try:
        result = _trained(task, folder)
        told = _told(result)
    except Exception as error:
        told = {"ending": FAILED, "message": _message(error)}
    seconds = time.perf_counter() - begun
    outcome = Outcome(task.key, task.settings, task.seed, seconds=seconds, **told)
    folder.result(task.name).parent.mkdir(exist_ok=True)
    outcome.write(folder.result(task.name))
    return outcome


def _trained(task: Task, folder: Folder) -> TrainResult:
    if task.fault:
        raise SweepError(task.fault)
    from nnc.runtime import train
    from nnc.runtime.keeper import Keeper

    from .train_runs import create
    from .trainings import from_options, load_sets

    wanted = from_options({**task.options, "seed": task.seed}, {})
    with _imported(task) as (module, code):
        sets = load_sets(module, wanted)
        place = folder.run(task.name)
        run = create(place, module, code, sets, wanted, overwrite=True)
        data = {"validation": sets.validation, "test": sets.test}
        keeper = Keeper(run)
        result: TrainResult = train(module, sets.train, callbacks=[keeper], **data, **wanted.plan())
    if keeper.error is not None:
        raise keeper.error
    return result


@contextmanager
def _imported(task: Task) -> Iterator[tuple[Module, str]]:
    """Compile a spec and import its module; raises SpecError, ValueError."""
    from nnc.runtime.module import import_module

    from ..driver import Options, compile_source
    from ..source import Source
    from .spec import UNNAMED

    given = dict(task.compiled)
    options = Options(format=False, **{**given, "frozen": tuple(given["frozen"])})
    code = compile_source(Source(UNNAMED, task.spec), options).code
    with TemporaryDirectory(prefix="nnc-") as folder:
        path = Path(folder) / "model.py"
        path.write_text(code, encoding="utf-8")
        yield import_module(path), code


def _told(result: TrainResult) -> Mapping[str, Any]:
    """Return the ending and the scores of the kept weights."""
    from nnc.runtime.plain import finite

    told = {
        "ending": result.ending.value,
        "message": result.message,
        "epoch": result.epoch,
        "epochs": len(result.history),
    }
    kept = [epoch for epoch in result.history if epoch.number == result.epoch]
    scores = {
        where: {name: finite(value) for name, value in getattr(epoch, where).items()}
        for epoch in kept
        for where in ("train", "validation", "test")
    }
    return {**told, "scores": scores}


def _message(error: Exception) -> str:
    """Return an error as one line; of a spec's findings the first."""
    from ..diagnostics.model import Severity, SpecError

    if isinstance(error, SpecError):
        found = [d for d in error.report if d.severity is Severity.ERROR]
        if found:
            return f"{found[0].code.id}: {found[0].message}"
    text = " ".join(str(error).split())
    expected = isinstance(error, ValueError | OSError) and text
    return text if expected else f"{type(error).__name__}: {text}".rstrip(": ")


def polish(path: Path) -> None:
    """Format the module of a kept run for people to read, as `nnc train --run` does."""
    import json

    from nnc.runtime import durable
    from nnc.runtime.run import FACTS, MODULE, open_run, sha256

    from ..targets.formatted import black_format

    run = open_run(path)
    code = black_format((path / MODULE).read_text("utf-8"))
    durable.write_text(path / MODULE, code)
    facts = {**run.facts, "module_sha256": sha256(code)}
    durable.write_text(path / FACTS, json.dumps(facts, indent=1) + "\n")
