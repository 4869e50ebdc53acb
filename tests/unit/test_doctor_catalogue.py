"""Every hypothesis of the catalogue is tested, has a page, and runs on every network it applies to."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.anatomy import Anatomy
from nnc.doctor.hypotheses import HYPOTHESES
from nnc.doctor.rewriting import Circular, Edit

from ..doctor.corpus import PLANTED as CORPUS
from . import (
    planted,
    planted_activations,
    planted_layers,
    test_doctor,
    test_doctor_activations,
    test_doctor_layers,
)

PLANTED = [*test_doctor.PLANTED, *test_doctor_layers.PLANTED, *planted_activations.PLANTED]
NETS = [*planted.NETS, *planted_layers.NETS, *planted_activations.ACTS]


LAYERS = sorted({mistake.split()[0] for _, mistake in planted_layers.PLANTED})
"""Those of layers; others may be programs that would not run."""


@cache
def anatomy(net: str) -> Anatomy:
    """A planted network taken apart, on four rows."""
    if net in planted.NETS:
        made, given = test_doctor.reference(net), planted.numbers(planted.NETS[net], 4, seed=2)
    elif net in planted_activations.ACTS:
        made, given = test_doctor_activations.reference(net), planted_activations.numbers(4, 2)
    else:
        made, given = test_doctor_layers.reference(net), planted_layers.NETS[net].numbers(4, seed=2)
    params = {n: a for n, a in given.items() if "." in n}
    return Anatomy(made, made.evaluate(made.leaves(params, given["x"], given["target"])), 0.3)


def test_every_hypothesis_is_planted_and_has_its_page():
    slugs = {mistake.split()[0] for _, mistake in PLANTED} | {case.slug for case in CORPUS}
    assert slugs == set(HYPOTHESES)
    for entry in HYPOTHESES.values():
        assert entry.page.endswith(".")
        assert entry.wrong != entry.right


@pytest.mark.parametrize("slug", HYPOTHESES)
def test_a_site_has_one_way_to_be_made(slug):
    nets = {net for net, mistake in PLANTED if mistake.split()[0] == slug}
    for net in nets:
        sites = list(HYPOTHESES[slug].sites(anatomy(net)))
        assert sites
        for site in sites:
            ways = (site.change, site.tuned, site.fitted)
            assert sum(way is not None for way in ways) == 1


@pytest.mark.parametrize("net", NETS)
def test_every_mutant_can_be_run(net):
    """Each computes a gradient of its own, in the right shape, for every parameter."""
    there = anatomy(net)
    for slug in LAYERS:
        for site in HYPOTHESES[slug].sites(there):
            if site.fitted is not None:
                continue
            edit = Edit.of(there.graph)
            try:
                site.change(edit) if site.change else site.tuned(edit, 0.5)
                values = there.values.of(edit.graph(there.graph))
            except Circular:
                continue
            for id in there.params.values():
                assert values[id].shape == there.values[id].shape
                assert values[id].dtype == np.float64
