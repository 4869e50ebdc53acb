"""Trainings that are killed at random, also inside write, fsync and rename, and on a full disk.

`python -m tests.kills --count 200` kills so many times. After every kill what is in the folder must
be loadable, and a training that was killed and resumed, however often, must end with the same bits
as one that never was.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy  # noqa: F401 - once, not in every process
from nnc.runtime import keeper, train
from nnc.runtime.checkpoint import newest_checkpoint
from nnc.runtime.dataset import Dataset
from nnc.runtime.run import create_run, open_run

from .generated import module_code

SPEC = """\
input 6 -> dense 8 relu -> batchnorm -> dropout 0.3 -> dense 3 softmax
loss crossentropy
optimizer adam lr=0.01
schedule cosine steps=100 warmup=5
train batch=5 epochs=5
"""
FAULTS = ("before", "half", "after", "full", "time")
MEMORY = "/dev/shm"
"""Where fsync takes no time; what is left behind by a kill does not depend on the disk."""
PATCHED = ("write", "fsync", "replace", "unlink")


def problem(rows: int, seed: int) -> Dataset:
    x = np.random.default_rng(seed).normal(size=(rows, 6)).astype(np.float32)
    return Dataset(x, x[:, :3].argmax(axis=1))


def attempt(folder: Path) -> None:
    """Begin the training, or go on with it, and end it where nothing is in the way."""
    if not (folder / "run.json").exists():
        code = module_code(SPEC)
        create_run(folder, code, SPEC, options={}, data={}, version="0")
    keeper._SHARE = keeper._SECONDS = 0  # a checkpoint after every batch
    run = open_run(folder)
    kept = keeper.Keeper(run)
    train(run.module, problem(33, 0), validation=problem(12, 1), callbacks=[kept])
    if kept.error is not None:
        raise kept.error


def outcome(folder: Path) -> tuple[bytes, ...]:
    """All that two trainings that went alike have in common."""
    run = open_run(folder)
    moment = newest_checkpoint(folder, run.module, _no_damage)
    assert moment is not None
    arrays = [moment.tensors[name].tobytes() for name in sorted(moment.tensors)]
    facts = {k: v for k, v in moment.facts.items() if k not in ("seconds", "sha256")}
    epochs = [e for e in run.log() if e["event"] == "epoch"]
    timeless = [{k: v for k, v in event.items() if k != "seconds"} for event in epochs]
    told = json.dumps([facts, timeless], sort_keys=True).encode()
    return *arrays, told, (folder / "best.safetensors").read_bytes()


def _no_damage(sentence: str) -> None:
    raise AssertionError(sentence)


def forked(act: Callable[[], None], after: float | None = None) -> bool:
    """Run something in a process of its own, killed after so many seconds; whether it came to its end."""
    child = os.fork()
    if not child:
        try:
            act()
        except OSError as error:
            os._exit(0 if error.errno == errno.ENOSPC else 2)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(2)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return False
    assert os.WEXITSTATUS(status) == 0, "the training failed"
    return True


def with_fault(fault: str, at: int, act: Callable[[], None]) -> None:
    """Do something in which the call of that number to the file system goes wrong."""
    count = 0

    def patched(name: str) -> None:
        whole = getattr(os, name)

        def call(*args, **keywords):
            nonlocal count
            count += 1
            if fault == "full" and name == "write" and at <= count < at + 9:
                whole(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if count != at or fault == "full":
                return whole(*args, **keywords)
            if fault == "half" and name == "write":
                whole(args[0], bytes(args[1])[: len(args[1]) // 2])
            if fault == "after":
                whole(*args, **keywords)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, call)

    for name in PATCHED:
        patched(name)
    act()


def calls_of(folder: Path) -> int:
    """How many calls a whole training makes that can go wrong."""
    reader, writer = os.pipe()

    def counted() -> None:
        count = 0

        def patched(name: str) -> None:
            whole = getattr(os, name)

            def call(*args, **keywords):
                nonlocal count
                count += 1
                return whole(*args, **keywords)

            setattr(os, name, call)

        for name in PATCHED:
            patched(name)
        attempt(folder)
        os.writev(writer, [str(count).encode()])

    assert forked(counted)
    return int(os.read(reader, 20))


def kill_often(
    count: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """Kill so many times; how often by each fault, and how often the disk was full. Raises AssertionError where anything is lost."""
    rng, kills = random.Random(seed), dict.fromkeys(FAULTS, 0)
    module_code(SPEC)  # once, not in every process
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as place:
        first = Path(place) / "whole"
        begin = time.monotonic()
        calls = calls_of(first)
        seconds = time.monotonic() - begin
        expected = outcome(first)
        trainings = 0
        while sum(kills.values()) - kills["full"] < count:
            trainings += 1
            folder = Path(place) / f"run{trainings}"
            for _ in range(rng.randint(1, 6)):
                fault = rng.choice(FAULTS)
                ended = _hurt(folder, fault, rng, calls, seconds)
                kills[fault] += (not ended) or fault == "full"
                assert forked(partial(_loadable, folder)), f"not loadable after {fault}"
            assert forked(partial(attempt, folder))
            assert outcome(folder) == expected, f"training {trainings} ended with other bits"
            say(f"{sum(kills.values())} faults, {trainings} trainings")
    return kills


def _hurt(folder: Path, fault: str, rng: random.Random, calls: int, seconds: float) -> bool:
    """Train with a fault at some time, or in some call; whether training came to its end."""
    if fault == "time":
        return forked(partial(attempt, folder), rng.uniform(0, seconds))
    at = rng.randint(1, calls if rng.random() < 0.5 else 40)
    return forked(partial(with_fault, fault, at, partial(attempt, folder)))


def _loadable(folder: Path) -> None:
    """What is in the folder can be used, if it is a run by now."""
    if not (folder / "run.json").exists():
        return
    run = open_run(folder)
    if (folder / "best.safetensors").exists() or list(folder.glob("checkpoint-*.json")):
        run.weights()
    newest_checkpoint(folder, run.module, _no_damage)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    kills = kill_often(chosen.count, chosen.seed, print)
    print(kills)


if __name__ == "__main__":
    main()
