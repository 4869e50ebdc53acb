"""The doctor names mistakes in layers of many kinds, planted by hand, and none in right programs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from nnc.doctor.diagnose import diagnose
from nnc.doctor.reference import Reference
from nnc.source import Source

from .planted_layers import NETS, PLANTED

ROWS = (3, 8)


@cache
def reference(net: str) -> Reference:
    return Reference.of(Source("spec.nn", NETS[net].text))


def diagnosed(net: str, rows: int, wrong, *, inner: bool = False, late: bool = False):
    """The diagnosis of a hand-written program's arrays; `inner` are gradients in between.

    `late` ones are as of somebody who divides by the rows in the products.
    """
    planted = NETS[net]
    given, drawn = planted.numbers(rows, seed=rows), {}
    if planted.drawn:
        name, width, rate = planted.drawn
        mask = (np.random.default_rng(rows).random((rows, width)) >= rate) / (1 - rate)
        drawn = {name: mask}
    made = planted.gradients({**given, "mask": next(iter(drawn.values()), None)}, wrong)
    made = {n: np.asarray(a) for n, a in made.items() if inner or "." in n}
    made = {n: a * rows if late and "." not in n else a for n, a in made.items()}
    x = given.pop("x")
    inputs = x if isinstance(x, dict) else {"x": x}
    return diagnose(reference(net), {**given, **inputs, **made}, drawn=drawn)


@pytest.mark.parametrize("inner", [False, True], ids=["parameters", "all"])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("net", "mistake"), PLANTED, ids=lambda v: v.replace(" ", "-"))
def test_a_planted_mistake_is_named_first(net, mistake, rows, inner):
    found = diagnosed(net, rows, {mistake}, inner=inner)
    assert found.wrong
    assert found.findings, found.wrong
    best = found.findings[0]
    assert best.slugs == (mistake.split()[0],), [f.slugs for f in found.findings]
    assert not best.unexplained
    assert set(best.explained) == set(found.wrong)
    assert best.digits >= 6


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("net", NETS)
def test_a_right_program_is_right(net, rows):
    found = diagnosed(net, rows, (), inner=True)
    assert found.wrong == ()
    assert found.findings == ()


def test_a_tie_may_be_shared():
    """Cells of equal value have equal patches here, so only the gradient before the pool shows it."""
    found = diagnosed("ties", 5, {"pool-ties shared"}, inner=True)
    assert found.findings[0].slugs == ("pool-ties",)
    assert "equal shares" in found.findings[0].mistakes[0].what
    assert diagnosed("ties", 5, {"pool-ties shared"}).wrong == ()


def test_without_rank_enough_no_mask_is_found():
    """A mask cannot be found from a weight's gradient where the batch has more rows than x columns."""
    assert diagnosed("dropout", 8, {"new-dropout-mask"}).findings
    assert not diagnosed("dropout", 16, {"new-dropout-mask"}).findings
    assert diagnosed("dropout", 16, {"new-dropout-mask"}, inner=True).findings


@pytest.mark.parametrize(
    ("net", "mistake"),
    [(net, m) for net, m in PLANTED if net in ("strided", "batchnorm", "residual")],
    ids=lambda v: v.replace(" ", "-"),
)
def test_the_mean_may_be_taken_in_the_products(net, mistake):
    found = diagnosed(net, 6, {mistake}, inner=True, late=True)
    assert found.late_mean
    assert found.findings[0].slugs == (mistake.split()[0],), [f.slugs for f in found.findings]


def test_where_nothing_fits_all_pairs_can_be_run():
    for net in ("strided", "batchnorm", "bag", "lstm"):
        planted = NETS[net]
        given = planted.numbers(3, seed=1)
        x = given.pop("x")
        inputs = x if isinstance(x, dict) else {"x": x}
        name = max((n for n in planted.shapes if n != "dense1.W"), key=planted.shapes.get)
        rng = np.random.default_rng(0)
        noise = {f"d_{name}": rng.normal(size=planted.shapes[name])}
        found = diagnose(reference(net), {**given, **inputs, **noise})
        assert found.findings == ()
        assert found.unexplained == (f"d_{name}",)
