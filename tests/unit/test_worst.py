"""The rows with the worst predictions, and arrays as images."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from nnc.runtime.files.pixels import data_uri, grey, image_of, signed, tiled
from nnc.runtime.probabilities import Meaning
from nnc.runtime.worst import Bad, worst

SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.01, 0.99]])
TRUTH = np.array([0, 0, 0, 0])


def found(y, target, meaning=Meaning.PROBABILITIES, losses=("crossentropy",), **more):
    return worst({"y": y}, target, meanings={"y": meaning}, losses=losses, **more)


def test_classes_by_the_probability_of_the_true_one():
    bad = found(SHARES, TRUTH, classes=("cat", "dog"), count=2)
    assert bad == [
        Bad(3, pytest.approx(-np.log(0.01)), "cat", "said dog, 99.0 %"),
        Bad(1, pytest.approx(-np.log(0.2)), "cat", "said dog, 80.0 %"),
    ]


def test_logits_are_made_probabilities():
    bad = found(np.log(SHARES), TRUTH, Meaning.CLASS_LOGITS, count=1)
    assert bad == [Bad(3, pytest.approx(-np.log(0.01)), "0", "said 1, 99.0 %")]


def test_scores_by_how_far_a_wrong_one_is_above():
    scores = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, -1.0]])
    bad = found(scores, np.array([0, 2]), Meaning.SCORES, ("hinge",))
    assert [(b.row, b.loss, b.truth, b.said) for b in bad] == [
        (1, 4.0, "2", "said 1"),
        (0, -1.0, "0", "said 0"),
    ]


def test_an_only_output_tells_two_classes():
    bad = found(np.array([[0.9], [0.3]]), np.array([[0.0], [0.0]]), Meaning.SHARES, ("bce",))
    assert bad[0] == Bad(0, pytest.approx(-np.log(0.1)), "0", "said 1, 90.0 %")


def test_a_probability_of_zero_is_a_large_loss_and_no_warning():
    with np.errstate(all="raise"):
        (bad,) = found(np.array([[0.0, 1.0]]), np.array([0]))
    assert 700 < bad.loss < 800


def test_sequences_by_the_mean_of_their_positions():
    y = np.stack([SHARES[[0, 0, 0]], SHARES[[3, 0, 3]]])
    bad = found(y, np.zeros((2, 3), np.int64))
    assert [(b.row, b.truth, b.said) for b in bad] == [
        (1, "3 positions", "2 of them wrong"),
        (0, "3 positions", "0 of them wrong"),
    ]


def test_numbers_by_their_squared_error():
    y, target = np.zeros((3, 5)), np.arange(15.0).reshape(3, 5)
    bad = found(y, target, Meaning.NUMBERS, ("mse",), count=2)
    assert bad[0] == Bad(2, 146.0, "10, 11, 12, 13, …", "said 0, 0, 0, 0, …")
    assert [b.row for b in bad] == [2, 1]


def test_what_cannot_be_compared_gives_none():
    assert found(np.zeros((2, 3)), np.zeros((2, 4)), Meaning.NUMBERS, ("mse",)) == []


# --- images -------------------------------------------------------------------------------


def pixels(uri):
    image = pytest.importorskip("PIL.Image", reason="Pillow is missing: pip install 'nnc[images]'")
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.array(image.open(io.BytesIO(base64.b64decode(data))))


def test_a_png_holds_every_pixel():
    rng = np.random.default_rng(0)
    for shape in ((5, 7), (5, 7, 3), (1, 1)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        assert np.array_equal(pixels(data_uri(image)), image)


def test_grey_reaches_from_the_smallest_to_the_largest():
    assert grey(np.array([[-1.0, 0.0], [0.0, 1.0]])).tolist() == [[0, 128], [128, 255]]
    assert grey(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]


def test_signs_are_colours():
    blue, white, red = signed(np.array([[-2.0, 0.0, 2.0]]), 2.0)[0].tolist()
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert min(white) > 240
    faint = signed(np.array([[1.0]]), 2.0)[0, 0]
    assert red[1] < faint[1] < white[1]


@pytest.mark.parametrize(
    ("shape", "flat", "wanted"),
    [
        ((1, 4, 5), False, (4, 5)),
        ((3, 4, 5), False, (4, 5, 3)),
        ((2, 4, 5), False, None),
        ((64,), True, (8, 8)),
        ((64,), False, None),
        ((65,), True, None),
        ((4,), True, None),
        ((8, 8), True, None),
    ],
)
def test_which_rows_are_images(shape, flat, wanted):
    image = image_of(np.zeros(shape), flat=flat)
    assert (None if image is None else image.shape) == wanted


def test_channels_lie_side_by_side():
    image = tiled(np.array([[[1, 2]], [[3, 4]]]))
    assert image.tolist() == [[1, 2, 0, 3, 4]]
