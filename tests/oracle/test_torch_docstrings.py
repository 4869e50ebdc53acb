"""The example in the docstring of every golden PyTorch module runs as it stands."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from ..generated import ROOT
from ..test_docstring_examples import run_alone

GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.torch.py"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_golden_modules_example_runs(path, tmp_path):
    run_alone(path, tmp_path)
