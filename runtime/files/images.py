"""Reader of images in one folder per class: `cats/1.png`, `dogs/2.jpg`; needs the extra Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import DataError, Dataset
from ..extras import require
from ..module import Array, Module, Shape

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")

PARTS = (("train", "training"), ("test", "val", "valid", "validation"))
"""Names of the folders of the training and of the test set, if there are two sets."""

Files = list[tuple[Path, int]]


def has_images(folder: Path) -> bool:
    """Return whether a folder, or its training and test folders, hold class folders of images."""
    return bool(_classes(_parts(folder)[0]))


def read_images(folder: Path, module: Module) -> tuple[Dataset, Dataset | None, tuple[str, ...]]:
    """Return training images, test images if they have their own folder, and the class names.

    Pixels are float32 in 0…1, in the shape of the model's input: (height, width) grey, or channels
    first. Classes are the names of folders, sorted."""
    train, test = _parts(folder)
    classes = _classes(train)
    if not classes:
        raise DataError(f"{train}: no folders of images here, one for each class")
    rest = [] if test is None else [name for name in _classes(test) if name not in classes]
    if rest:
        raise DataError(f"{test}: class `{rest[0]}` is not among the training images")
    pictures = require("PIL.Image", "images", f"{folder}: images are read by Pillow")
    shape = _shape(folder, module)
    first = _read(pictures, train, classes, shape)
    return first, None if test is None else _read(pictures, test, classes, shape), classes


def _parts(folder: Path) -> tuple[Path, Path | None]:
    """Return the folders of the training and the test set; the folder itself if undivided."""
    train = next((folder / name for name in PARTS[0] if _classes(folder / name)), None)
    if train is None:
        return folder, None
    return train, next((folder / name for name in PARTS[1] if _classes(folder / name)), None)


def _classes(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    inner = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return tuple(sorted(path.name for path in inner if next(_images(path), None)))


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _shape(folder: Path, module: Module) -> Shape:
    """Return the row shape: (height, width), (channels, height, width), or flat (pixels,)."""
    shapes = list(module.INPUTS.values())
    if len(shapes) != 1 or not all(isinstance(n, int) for n in shapes[0][1:]):
        raise DataError(f"{folder}: images fit a model with one input of a known size")
    return shapes[0][1:]


def _read(pictures: Any, folder: Path, classes: tuple[str, ...], shape: Shape) -> Dataset:
    files: Files = [
        (path, label)
        for label, name in enumerate(classes)
        if (folder / name).is_dir()
        for path in sorted(_images(folder / name))
    ]
    x = np.empty((len(files), *map(int, shape)), np.float32)
    for row, (path, _) in enumerate(files):
        x[row] = _pixels(pictures, path, shape)
    return Dataset(x, np.array([label for _, label in files], np.int64), folder.name)


def _pixels(pictures: Any, path: Path, shape: Shape) -> Array:
    """Read an image as pixels in the model's row shape."""
    channels, size = _wanted(shape)
    try:
        with pictures.open(path) as image:
            grey = channels == 1 or (not channels and image.mode in ("1", "L", "I", "I;16", "F"))
            if size and image.size != size:
                found = "x".join(map(str, image.size))
                wanted = "x".join(map(str, size))
                raise DataError(f"{path}: {found} pixels, the model reads {wanted}")
            deep = image.mode.startswith("I")
            values = np.asarray(
                image if deep else image.convert("L" if grey else "RGB"), np.float32
            )
    except DataError:
        raise
    except Exception as error:  # Pillow raises many types for damaged files
        raise DataError(
            f"{path}: not a readable image: {str(error) or type(error).__name__}"
        ) from None
    values = values / np.float32(65535 if deep else 255)
    if values.ndim == 3:
        values = values.transpose(2, 0, 1)
    if values.size != int(np.prod([int(n) for n in shape])):
        found = "x".join(map(str, values.shape))
        wanted = "x".join(map(str, shape))
        raise DataError(f"{path}: an image of {found} does not fit the model's input {wanted}")
    return values.reshape(tuple(map(int, shape)))


def _wanted(shape: Shape) -> tuple[int, tuple[int, int] | None]:
    """Return the channels (0: as in the image) and (width, height) (None: as in the image)."""
    sizes = [int(n) for n in shape]
    if len(sizes) == 3:
        return sizes[0], (sizes[2], sizes[1])
    if len(sizes) == 2:
        return 1, (sizes[1], sizes[0])
    return 0, None
