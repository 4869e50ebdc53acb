"""The figures that docs/scaling.md predicts are those of the model in benchmarks/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.scaling_model import NETWORKS, Job, Network, table

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text("utf-8")
JOB = Job(compute=12.5e-3, rows=128, gradient=4 * (784 * 1024 + 1024 * 1024 + 1024 * 10 + 2058))


def test_one_rank_takes_the_time_of_its_rows():
    assert JOB.step(1, NETWORKS[0]) == 12.5e-3
    assert JOB.rows_per_second(1, NETWORKS[0]) == pytest.approx(10240)


def test_a_step_is_computing_content_and_messages():
    slow = Network("slow", latency=1e-3, bandwidth=1e6)
    step = Job(compute=1.0, rows=10, gradient=1_000_000, agreements=3).step(8, slow)
    assert step == pytest.approx(1 + 2 * 7 / 8 * 1.0 + (2 + 3) * 3 * 1e-3)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
def test_the_page_has_what_the_model_says(network):
    figures = " | ".join(f"{n * JOB.efficiency(n, network):.1f}" for n in (2, 16, 256))
    head = f"| {network.name} | {network.latency * 1e6:g} µs | {network.bandwidth / 1e9:g} GB/s | "
    assert head + figures + " |" in PAGE


def test_the_sentence_about_256_ranks_is_rounded_from_the_table():
    ethernet = next(n for n in NETWORKS if "10 Gbit" in n.name)
    found = re.search(r"256 ranks are worth about (\d+)", PAGE)
    assert found is not None
    assert float(found[1]) == pytest.approx(256 * JOB.efficiency(256, ethernet), rel=0.03)


def test_the_table_has_a_line_for_every_network():
    assert len(table(JOB).splitlines()) == 1 + len(NETWORKS)
