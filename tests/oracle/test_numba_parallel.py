"""Compiled kernels train on several ranks as NumPy's do on one, also where kernels are cut in
parts because a layer needs sums over the rows of all ranks."""

from __future__ import annotations

import pytest

from ..unit.parallel_training import close, spec

pytest.importorskip("numba", reason="the numba target needs Numba")

NET = "input 4 -> dense 3 -> batchnorm -> dense 3 softmax\nloss crossentropy ignore=1\n"


def test_compiled_kernels_of_shares():
    text = spec("optimizer sgd lr=0.1\nregularize l2=1e-2\ntrain weights=rows\n", NET)
    close(text, size=2, target="numba")
