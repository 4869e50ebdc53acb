"""Values that are not finite are neither saved nor loaded, in parameters and state, at both levels."""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

PLAIN = "input 3 -> dense 4 -> dense 2; loss mse"
NORMED = "input 3 -> dense 4 -> batchnorm -> dense 2; loss mse"
ARRAYS = {
    PLAIN: ("dense1.W", "dense1.b", "dense2.W", "dense2.b"),
    NORMED: (
        *("dense1.W", "dense2.b", "batchnorm1.gamma", "batchnorm1.beta"),
        *("batchnorm1.running_mean", "batchnorm1.running_var"),
    ),
}
PLACES = [(text, name) for text, names in ARRAYS.items() for name in names]
LEVELS = (0, 1)


def written(text, level):
    """A module, and all arrays that its file holds."""
    module = build(text, level)
    parts = [module.init_params(1)] + ([module.init_state()] if module.STATE_SHAPES else [])
    return module, parts


def spoil(parts, name, value):
    """One entry, the last of the array of that name, becomes something else."""
    for part in parts:
        if name in part:
            part[name] = part[name].copy()
            part[name].reshape(-1)[-1] = value


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("text", "name"), PLACES)
def test_saving_is_refused_by_name_and_keeps_the_file_there_was(text, name, level, value, tmp_path):
    module, parts = written(text, level)
    module.save_params(tmp_path / "p.npz", *parts)
    before = (tmp_path / "p.npz").read_bytes()
    spoil(parts, name, value)
    with pytest.raises(ValueError, match=rf"^{name}: has entries that are not finite"):
        module.save_params(tmp_path / "p.npz", *parts)
    assert (tmp_path / "p.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("text", "name"), PLACES)
def test_loading_is_refused_by_file_and_name(text, name, level, value, tmp_path):
    module, parts = written(text, level)
    spoil(parts, name, value)
    np.savez(tmp_path / "p.npz", **{n: a for part in parts for n, a in part.items()})
    with pytest.raises(ValueError, match=rf"p\.npz: {name} has entries that are not finite"):
        module.load_params(tmp_path / "p.npz")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["dense1.W", "batchnorm1.running_var"])
def test_a_number_too_large_for_the_models_width_is_not_loaded_as_infinite(level, name, tmp_path):
    module, parts = written(NORMED, level)
    arrays = {n: a.astype(np.float64) for part in parts for n, a in part.items()}
    arrays[name].reshape(-1)[0] = 1e300
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(ValueError, match=rf"{name}.*too large for float32"):
        module.load_params(tmp_path / "p.npz")


@pytest.mark.parametrize("level", LEVELS)
def test_the_largest_finite_numbers_are_saved_and_loaded(level, tmp_path):
    module, parts = written(NORMED, level)
    largest = np.finfo(np.float32).max
    for name in ("dense1.W", "batchnorm1.running_var"):
        spoil(parts, name, largest)
    module.save_params(tmp_path / "p.npz", *parts)
    params, state = module.load_params(tmp_path / "p.npz")
    assert params["dense1.W"][-1, -1] == state["batchnorm1.running_var"][-1] == largest
