"""What `nnc train` costs beside a bare loop over train_step: measuring, logging, looking around.

The command's own part is timed, from the loaded data to the trained weights, with what it prints;
compiling and reading files would be the same for the loop.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
from nnc.cli.data_options import DataWanted
from nnc.cli.trainings import Sets, Wanted, conduct
from nnc.runtime.callback import Callback
from nnc.runtime.dataset import Dataset
from nnc.runtime.keeper import Keeper
from nnc.runtime.run import create_run
from nnc.runtime.tables.missing import Missing

from .generated import digits, module
from .timing import interleave

NETWORKS = {
    "784-30-10, batch 10": (
        "input 784 -> dense 30 relu -> dense 10 softmax\nloss crossentropy\n"
        "optimizer sgd lr=0.1\ntrain batch=10\n"
    ),
    "784-30-10, batch 32": (
        "input 784 -> dense 30 relu -> dense 10 softmax\nloss crossentropy\n"
        "optimizer sgd lr=0.1\ntrain batch=32\n"
    ),
    "784-256-10, adam, batch 64": (
        "input 784 -> dense 256 relu -> dense 10 softmax\nloss crossentropy\n"
        "optimizer adam lr=0.001\ntrain batch=64\n"
    ),
}
ROWS, EPOCHS = 10_000, 5


def main(rounds: int) -> None:
    """Train each network either way, without and with a run's folder, and print the ratios."""
    x, ids = digits(ROWS)
    data = Dataset(x, ids)
    print(f"\nnnc train beside a bare loop over train_step, {EPOCHS} epochs of {ROWS} rows")
    for name, spec in NETWORKS.items():
        made = module(spec)
        with tempfile.TemporaryDirectory() as folder:
            ways = {
                "loop": partial(by_loop, made, data),
                "command": partial(by_command, made, data),
                "run": partial(by_run, made, data, Path(folder) / "run"),
            }
            timings = interleave(ways, rounds=max(5, rounds // 20), calls=1)
        ratios = [timings.ratio(way, "loop") for way in ("command", "run")]
        print(f"  {name:28}{ratios[0]:6.3f} times the loop{ratios[1]:8.3f} with --run")


def by_loop(made: ModuleType, data: Dataset) -> None:
    """What one writes by hand."""
    params = made.init_params(0)
    opt, batch = made.init_optimizer(params), made.TRAIN["batch"]
    rng = np.random.default_rng(0)
    for _ in range(EPOCHS):
        order = rng.permutation(len(data))
        for start in range(0, len(data), batch):
            rows = order[start : start + batch]
            made.train_step(params, data.x[rows], data.target[rows], opt)


def by_command(made: ModuleType, data: Dataset, *callbacks: Callback) -> None:
    """What `nnc train` does once it has the data."""
    source = DataWanted("digits", None, None, None, Missing.ERROR, None, None)
    wanted = Wanted(source, epochs=EPOCHS)
    with contextlib.redirect_stdout(io.StringIO()):
        conduct(made, Sets(data, None, None, None), wanted, 1, callbacks)


def by_run(made: ModuleType, data: Dataset, folder: Path) -> None:
    """The same in a run's folder, which is made anew."""
    run = create_run(folder, "", made.SPEC, options={}, data={}, version="0", overwrite=True)
    run.__dict__["module"] = made
    by_command(made, data, Keeper(run))
