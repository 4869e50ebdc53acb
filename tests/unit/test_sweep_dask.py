"""`nnc sweep --dask`: the same results by joblib on a dask cluster."""

from __future__ import annotations

import json
from pathlib import Path

import nnc
import pytest
from nnc.runtime.dataset import DataError
from nnc.sweeps import cluster

SPEC = (
    "input 2 -> dense 4 tanh -> dense 2 softmax; loss crossentropy; optimizer sgd; train epochs=1"
)


def results(folder):
    points = json.loads(Path(folder, "results.json").read_bytes())["points"]
    return [(p["settings"], [(t["ending"], t["scores"]) for t in p["trainings"]]) for p in points]


def test_the_results_are_those_of_this_machine(tmp_path, monkeypatch):
    pytest.importorskip("joblib", reason="joblib brings the trainings to dask")
    distributed = pytest.importorskip("distributed", reason="this is what is tested")
    monkeypatch.chdir(tmp_path)
    grid = {"lr": [0.1, 1, 1e30]}
    nnc.sweep(SPEC, "moons", grid, "here", jobs=1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as machines:
        found = nnc.sweep(SPEC, "moons", grid, "there", dask=machines.scheduler_address)
    assert found.best["lr"] == "1"
    assert [dict(s) for s, _ in results("there")] == [dict(s) for s, _ in results("here")]
    for (_, ours), (_, theirs) in zip(results("there"), results("here"), strict=True):
        assert [end for end, _ in ours] == [end for end, _ in theirs]
        for (_, one), (_, other) in zip(ours, theirs, strict=True):
            for where, scores in one.items():
                assert scores == pytest.approx(other[where], rel=1e-5)


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setattr("nnc.runtime.extras.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"needs joblib and dask: pip install 'nnc\[sweep\]'"):
        next(cluster.outcomes([], "tcp://127.0.0.1:1", lambda task: task))
