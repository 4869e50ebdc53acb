"""No input may end in a traceback: the kept corpus, some thousand drawn inputs, the slow kinds."""

from __future__ import annotations

from itertools import islice

import pytest
from nnc.diagnostics.model import MAX_ERRORS
from nnc.frontend.resolve import build

from .formulas import formula_inputs, judge_formulas
from .inputs import corpus, inputs, read
from .judge import judge
from .pathological import PATHOLOGICAL


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.stem)
def test_kept_inputs(path):
    judge(read(path))


@pytest.mark.parametrize("seed", range(4))
def test_drawn_inputs(seed):
    for text in islice(inputs(seed), 100):
        try:
            judge(text, all_formats=len(text) % 50 == 0)
        except Exception as error:
            raise AssertionError(f"this input raised: {text!r}") from error


@pytest.mark.parametrize("seed", range(2))
def test_drawn_formulas(seed):
    met: set[str] = set()
    for text in islice(formula_inputs(seed), 300):
        try:
            met |= {d.code.id for d in judge(text, all_formats=len(text) % 50 == 0)}
            judge_formulas(text)
        except Exception as error:
            raise AssertionError(f"this input raised: {text!r}") from error
    assert len(met) > 20, "inputs that reach only the parser test little"


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_slow_kinds_when_small(name, monkeypatch):
    """Those that double come to the limit at any size, so it is small as well."""
    monkeypatch.setattr(build, "MAX_LAYERS", 500)
    monkeypatch.setattr(build, "MAX_STAGES", 2500)
    judge(PATHOLOGICAL[name](400))


def test_uses_of_uses_end_in_a_finding():
    """Each `use` of a named `use` is expanded through all before it; 2,000 exhausted the stack."""
    report = judge(PATHOLOGICAL["uses of uses"](20_000))
    assert "NN403" in {d.code.id for d in report}


def test_many_losses_on_a_long_chain_of_nothing():
    """A lint that looks back through `dropout 0` finds a step at the end of its way."""
    judge(PATHOLOGICAL["squared losses at the end of a chain"](2_000))
    judge("input 3" + " -> dropout 0" * 300 + "; loss mse")


@pytest.mark.parametrize(("errors", "told"), [(MAX_ERRORS, 0), (MAX_ERRORS + 1, 1), (999, 1)])
def test_after_enough_errors_the_rest_is_not_judged_and_that_is_told(errors, told):
    spec = "input 3 -> dense 3" + "".join(f"\nloss mes{i}" for i in range(errors))
    found = list(judge(spec, all_formats=True))
    assert [d.code.id for d in found] == ["NN105"] * MAX_ERRORS + ["NN406"] * told


def test_too_many_errors_in_what_is_repeated_0_times():
    layers = " -> ".join(f"dense units{i}" for i in range(MAX_ERRORS + 1))
    found = list(judge(f"input 3 -> ({layers}) * 0"))
    assert len(found) >= MAX_ERRORS
