"""Folders of images by class, and generated data sets."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime import train
from nnc.runtime.data import DataError, load
from nnc.runtime.datasets import SHIPPED
from nnc.runtime.datasets.synthetic import SYNTHETIC

from ..generated import build
from .test_runtime_data import module, refusal

image = pytest.importorskip("PIL.Image", reason="Pillow is missing: pip install 'nnc[images]'")

GREY = module({"x": ("B", 2, 3)}, {"y": ("B", 2)}, {"crossentropy": "crossentropy"})
COLOUR = module({"x": ("B", 3, 2, 3)}, {"y": ("B", 2)}, {"crossentropy": "crossentropy"})


def picture(path, value, size=(3, 2), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.new(mode, size, value).save(path)


@pytest.fixture
def pets(tmp_path):
    picture(tmp_path / "dogs" / "b.png", (255, 0, 51))
    picture(tmp_path / "dogs" / "a.bmp", (0, 0, 0))
    picture(tmp_path / "cats" / "c.png", 255, mode="L")
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    return tmp_path


def test_classes_are_folders_and_pixels_from_0_to_1(pets):
    loaded = load(pets, COLOUR)
    assert loaded.names == ("cats", "dogs")
    assert loaded.train.target.tolist() == [0, 1, 1]
    assert loaded.train.x.dtype == np.float32
    assert loaded.train.x[:, :, 1, 2].tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, np.float32(0.2)]]
    with image.open(pets / "dogs" / "b.png") as dog:
        dog.putpixel((2, 0), (0, 255, 0))
        dog.save(pets / "dogs" / "b.png")
    green = load(pets, COLOUR).train.x[2, 1]
    assert green.tolist() == [[0, 0, 1], [0, 0, 0]], "the third column of the first line"
    grey = load(pets, GREY).train.x
    assert grey.shape == (3, 2, 3)
    assert grey[2, 0, 0] == pytest.approx(0.299 + 0.114 * 0.2, abs=2 / 255)


def test_a_test_set_has_a_folder_of_its_own(tmp_path):
    for part in ("train", "val"):
        picture(tmp_path / part / "cats" / "a.png", 0)
        picture(tmp_path / part / "dogs" / "a.png", 255)
    loaded = load(tmp_path, GREY)
    assert (len(loaded.train), loaded.test.target.tolist()) == (2, [0, 1])
    picture(tmp_path / "val" / "mice" / "a.png", 255)
    assert "class `mice` is not among the training images" in refusal(tmp_path, GREY)


def test_faults_name_the_file(pets):
    picture(pets / "cats" / "d.png", 0, size=(4, 2))
    assert "d.png: 4x2 pixels, the model reads 3x2" in refusal(pets, GREY)
    (pets / "cats" / "d.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    message = refusal(pets, GREY)
    assert "d.png: not a readable image" in message
    assert "\n" not in message
    (pets / "cats" / "d.png").unlink()
    assert "does not fit the model's input 7" in refusal(pets, module({"x": ("B", 7)}))
    assert "one input of a known size" in refusal(pets, module({"x": ("B", "T")}))


def test_without_the_extra(pets, monkeypatch):
    from nnc.runtime import extras

    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    assert refusal(pets, GREY).endswith("images are read by Pillow: pip install 'nnc[images]'")


# --- sets by name ---------------------------------------------------------------------------

NETWORKS = {
    "xor": ("2", "dense 2 softmax; loss crossentropy"),
    "spirals": ("2", "dense 3 softmax; loss crossentropy"),
    "blobs": ("2", "dense 3 softmax; loss crossentropy"),
    "moons": ("2", "dense 2 softmax; loss crossentropy"),
    "sine": ("1", "dense 1; loss mse"),
}


def test_every_set_is_tried():
    assert NETWORKS.keys() == SYNTHETIC.keys()
    assert SYNTHETIC.keys() < SHIPPED.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_sets_by_name_can_be_learned_and_are_always_the_same(name):
    columns, end = NETWORKS[name]
    built = build(
        f"input {columns} -> dense 32 tanh -> dense 32 tanh -> {end}; optimizer adam lr=1e-2"
    )
    rows, test = load(name, built)
    assert (len(rows), len(test)) == (1000, 250)
    assert np.array_equal(load(name, built).train.x, rows.x)
    assert not {row.tobytes() for row in rows.x} & {row.tobytes() for row in test.x}
    scores = train(built, rows, test=test, epochs=40).history[-1].test
    assert scores["loss"] < 0.05 if name == "sine" else scores["accuracy"] > 0.95, scores


def test_a_name_that_is_none_is_told_which_there_are():
    with pytest.raises(DataError, match=r"shipped data \(digits, xor, spirals, blobs, moons, sine"):
        load("spiral", module())
