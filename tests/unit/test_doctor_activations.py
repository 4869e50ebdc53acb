"""The doctor names wrong derivatives of activations of several ops, and wrong smoothed losses."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.comparison import Kind, relation
from nnc.doctor.diagnose import diagnose
from nnc.doctor.reference import Reference
from nnc.source import Source

from .planted_activations import ACTS, PLANTED, hand, numbers, text


@cache
def reference(act: str) -> Reference:
    return Reference.of(Source("spec.nn", text(act)))


def diagnosed(act: str, rows: int, wrong, *, inner: bool = False):
    given = numbers(rows, seed=rows)
    made = {n: a for n, a in hand(act, given, wrong).items() if inner or "." in n}
    return diagnose(reference(act), {**given, **made})


@pytest.mark.parametrize("inner", [False, True], ids=["parameters", "all"])
@pytest.mark.parametrize("rows", [5, 12])
@pytest.mark.parametrize(("act", "mistake"), PLANTED, ids=lambda v: v.replace(" ", "-"))
def test_a_planted_mistake_is_named_first(act, mistake, rows, inner):
    found = diagnosed(act, rows, {mistake}, inner=inner)
    assert found.wrong
    assert found.findings, found.wrong
    best = found.findings[0]
    assert best.slugs == (mistake.split()[0],), [f.slugs for f in found.findings]
    assert set(best.explained) == set(found.wrong)
    assert act in best.mistakes[0].what or mistake.split()[0] not in ("missing-derivative",)


@pytest.mark.parametrize("act", ACTS)
def test_a_right_program_is_right(act):
    assert diagnosed(act, 9, (), inner=True).wrong == ()


@pytest.mark.parametrize("order", [(0, 1, 3, 2), (1, 0, 2, 3), (3, 2, 0, 1), (0, 2, 3, 1)])
def test_axes_in_another_order_are_seen(order):
    want = np.random.default_rng(0).normal(size=(3, 3, 4, 4))
    found = relation(want.transpose(order), want)
    assert found.kind is Kind.AXES
    assert (want.transpose(found.order) == want.transpose(order)).all()


@pytest.mark.parametrize(("count", "order"), [(4, (0, 1, 3, 2)), (4, (1, 2, 3, 0)), (3, (2, 1, 0))])
@pytest.mark.parametrize("lead", [(), (5,)], ids=["bias", "weight"])
def test_gates_in_another_order_are_seen(count, order, lead):
    want = np.random.default_rng(0).normal(size=(*lead, 2 * count))
    blocks = np.split(want, count, axis=-1)
    found = relation(np.concatenate([blocks[k] for k in order], axis=-1), want)
    assert found.kind is Kind.BLOCKS
    assert found.order == order


def test_a_kernel_turned_round_and_noise_are_told_apart():
    rng = np.random.default_rng(0)
    want = rng.normal(size=(4, 2, 3, 3))
    assert relation(want[:, :, ::-1, ::-1], want).kind is Kind.TURNED
    assert relation(rng.normal(size=want.shape), want) is None
    assert relation(-2 * want, want).kind is Kind.RATIO
    assert relation(want[..., :2], want).kind is Kind.SHAPE
