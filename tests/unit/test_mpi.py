"""`mpirun -n 2 nnc train`: real processes, their run, their failures.

That the ranks compute what one process does is tested with threads, in test_parallel_training.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from nnc.runtime.run import open_run

pytest.importorskip("mpi4py", reason="training on several processes needs mpi4py")
pytest.importorskip("mpi4py.MPI", reason="mpi4py finds no MPI", exc_type=RuntimeError)

HANGS = 300
TRAIN = ("train", "net.nn", "--data", "data.npz")
SPEC = """\
input 3 -> dense 4 bias=false -> batchnorm tanh -> dense 2 softmax
loss crossentropy
optimizer sgd lr=0.1
train batch=10 epochs=6
dtype float64
"""


def _mpirun() -> str | None:
    """The mpirun of the MPI that mpi4py uses: beside this Python or that of the packages."""
    import mpi4py

    places = [Path(sys.executable).parent, *Path(mpi4py.__file__).parents]
    found = [place / end for place in places for end in ("mpirun", "bin/mpirun")]
    return next((str(path.resolve()) for path in found if path.is_file()), shutil.which("mpirun"))


MPIRUN = _mpirun()
pytestmark = pytest.mark.skipif(MPIRUN is None, reason="there is no mpirun")

FAULTY = """\
import os, signal, sys
from nnc.runtime import module as modules
own = modules.import_module

def faulty(path):
    made, calls = own(path), [0]
    backward = made.backward
    def function(*words, **more):
        calls[0] += 1
        if os.environ["PMI_RANK"] == "1" and calls[0] == 14:
            {fault}
        return backward(*words, **more)
    made.backward = function
    return made

modules.import_module = faulty
from nnc.cli.main import run
sys.argv[0] = "nnc"
run()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a spec, its data, and the run `whole` of one process."""
    folder = tmp_path_factory.mktemp("mpi")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(47, 3))
    np.savez(folder / "data.npz", x=x, target=(x.sum(axis=1) > 0).astype(int))
    (folder / "net.nn").write_text(SPEC)
    assert alone(*TRAIN, "--run", "whole", cwd=folder).returncode == 0
    return folder


def command(size, *words, program=()):
    return [MPIRUN, "-n", str(size), sys.executable, *(program or ("-m", "nnc")), *map(str, words)]


def mpirun(size, *words, program=(), cwd):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command(size, *words, program=program),
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
        cwd=cwd,
        env=environment,
    )


def alone(*words, cwd):
    done = [sys.executable, "-m", "nnc", *map(str, words)]
    return subprocess.run(done, capture_output=True, text=True, timeout=HANGS, check=False, cwd=cwd)


def apart(one, other):
    """The largest difference of a weight or running statistic of two runs."""
    pairs = zip(open_run(one).weights(), open_run(other).weights(), strict=True)
    return max(float(np.max(np.abs(a[n] - b[n]))) for a, b in pairs for n in a)


def test_a_run_is_that_of_one_process_and_goes_on_with_any_number(folder):
    done = mpirun(2, *TRAIN, "--run", "two", "--epochs", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()[:3]] == ["1", "2", "3"]
    assert done.stdout.count("run kept in two") == 1
    assert alone(*TRAIN, "--run", "one", "--epochs", "3", cwd=folder).returncode == 0
    assert apart(folder / "two", folder / "one") < 1e-12
    more = mpirun(3, "train", "--resume", "one", "--epochs", "6", cwd=folder)
    assert more.returncode == 0, more.stderr
    assert alone("train", "--resume", "two", "--epochs", "6", cwd=folder).returncode == 0
    assert apart(folder / "one", folder / "whole") < 1e-12
    assert apart(folder / "two", folder / "whole") < 1e-12
    log = [json.loads(line) for line in (folder / "one" / "log.jsonl").read_text().splitlines()]
    assert [e["epoch"] for e in log if e["event"] == "epoch"] == [1, 2, 3, 4, 5, 6]


def test_an_error_is_said_once(folder):
    done = mpirun(2, "train", "net.nn", "--data", "nowhere.npz", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.count("error: nowhere.npz") == 1
    (folder / "lossless.nn").write_text("input 3 -> dense 2\n")
    without = mpirun(2, "train", "lossless.nn", "--data", "data.npz", cwd=folder)
    assert without.stderr.splitlines()[-1].startswith("error: lossless.nn has no loss")
    wrong = mpirun(2, *TRAIN, "--overwrite", cwd=folder)
    assert wrong.returncode == 2
    assert wrong.stderr.count("--overwrite") == 1


def test_data_that_one_rank_does_not_find_are_told_before_a_file_is_written(folder):
    (folder / "elsewhere").mkdir()
    train = [sys.executable, "-m", "nnc", "train", str(folder / "net.nn"), "--data", "data.npz"]
    here = [MPIRUN, "-n", "1", *train, "--run", "none"]
    there = [":", "-n", "1", "-wdir", str(folder / "elsewhere"), *train, "--run", "none"]
    done = subprocess.run(
        [*here, *there], capture_output=True, text=True, timeout=HANGS, check=False, cwd=folder
    )
    assert done.returncode == 1
    assert done.stderr.count("error: rank 1 of 2 failed: data.npz: there is no such file") == 1
    assert not (folder / "none").exists()


def test_a_rank_that_fails_ends_the_run_with_a_checkpoint(folder):
    program = ("-c", FAULTY.format(fault="raise MemoryError('no room')"))
    done = mpirun(2, *TRAIN, "--run", "failed", program=program, cwd=folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: rank 1 of 2 failed: MemoryError: no room; the weights of the last step before that "
        "are kept",
        "`nnc train --resume failed` goes on from here",
    ]
    assert open_run(folder / "failed").newest().facts["step"] == 13
    assert mpirun(2, "train", "--resume", "failed", cwd=folder).returncode == 0
    assert apart(folder / "failed", folder / "whole") < 1e-12


def test_a_killed_rank_leaves_a_whole_checkpoint(folder):
    program = ("-c", FAULTY.format(fault="os.kill(os.getpid(), signal.SIGKILL)"))
    done = mpirun(2, *TRAIN, "--run", "killed", program=program, cwd=folder)
    assert done.returncode not in (0, 1)
    assert open_run(folder / "killed").newest().facts["step"] <= 13
    assert mpirun(2, "train", "--resume", "killed", cwd=folder).returncode == 0
    assert apart(folder / "killed", folder / "whole") < 1e-12


def test_a_signal_to_mpirun_stops_all_ranks_after_a_step(folder):
    words = command(2, *TRAIN, "--run", "stopped", "--epochs", "100000")
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=folder
    ) as p:
        log = folder / "stopped" / "log.jsonl"
        deadline = time.monotonic() + HANGS
        while not (log.exists() and log.read_text().count('"epoch"') > 3):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        p.send_signal(signal.SIGINT)
        _, said = p.communicate(timeout=HANGS)
    assert b"goes on from here" in said
    assert open_run(folder / "stopped").newest() is not None
