"""Files of Keras that are damaged, hostile, or of another kind: one line, and nothing is written."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.runtime.weights import read_weights

from .test_cli_eval import made

h5py = pytest.importorskip("h5py", reason="files of Keras are HDF5")

SPEC = "input 2x2x2 -> flatten -> dense 3 relu -> dense 2 as top; loss mse\n"
KERNEL = np.arange(24, dtype="float32").reshape(8, 3)
CONFIG = {
    "config": {
        "layers": [
            {"class_name": "Dense", "config": {"name": "under"}},
            {"class_name": "Dense", "config": {"name": "over"}},
        ]
    }
}


def store(file, *, names=("under", "over")):
    """What Keras writes for two dense layers."""
    file.create_group("vars").attrs["name"] = "sequential"
    arrays = ((KERNEL, np.ones(3, "float32")), (np.ones((3, 2), "float32"), np.zeros(2, "float32")))
    for group, name, pair in zip(("dense", "dense_1"), names, arrays, strict=True):
        place = file.create_group(f"layers/{group}/vars")
        place.attrs["name"] = name
        for i, array in enumerate(pair):
            place[str(i)] = array


def archive(path, weights=None, config=None):
    if weights is None:
        file = io.BytesIO()
        with h5py.File(file, "w") as inner:
            store(inner)
        weights = file.getvalue()
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("metadata.json", "{}")
        out.writestr("config.json", json.dumps(CONFIG) if config is None else config)
        out.writestr("model.weights.h5", weights)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.nn").write_text(SPEC)
    with h5py.File("net.weights.h5", "w") as file:
        store(file)
    return tmp_path


def convert(*words):
    return CliRunner().invoke(
        app, ["convert", "m.nn", *map(str, words), "-o", "w.npz"], catch_exceptions=False
    )


def refused(folder, *words):
    found = convert(*words)
    assert found.exit_code == 1, found.output
    assert found.output.startswith("error: ")
    assert found.output.count("\n") == 1
    assert not (folder / "w.npz").exists()
    return found.output


@pytest.mark.parametrize("name", ["net.weights.h5", "net.keras", "anything"])
def test_the_content_says_what_a_file_is(folder, name):
    if name == "net.keras":
        archive(name)
    else:
        (folder / name).write_bytes((folder / "net.weights.h5").read_bytes())
    found = convert(name)
    assert found.output == (
        "dense1  <-  under  (Dense: W 8x3, b 3)\ntop     <-  over  (Dense: W 3x2, b 2)\n"
    )
    params, _ = read_weights("w.npz", made(folder, SPEC))
    ours = np.moveaxis(np.arange(8).reshape(2, 2, 2), -1, 0).reshape(-1)
    np.testing.assert_array_equal(params["dense1.W"], KERNEL[ours])


def test_names_come_before_order(folder):
    with h5py.File("net.weights.h5", "r+") as file:
        del file["layers"], file["vars"]
        store(file, names=("top", "dense1"))
    assert "dense1 (W 8x3, b 3) does not fit dense1 (0 3x2, 1 2)" in refused(
        folder, "net.weights.h5"
    )


def test_a_copy_has_all_else_as_it_was(folder):
    module = made(folder, SPEC)
    module.save_params("p.npz", module.init_params(1))
    archive("net.keras", config=json.dumps({**CONFIG, "build": 7}))
    words = ("--to", "keras", "--like", "net.keras", "-o", "out.keras")
    found = CliRunner().invoke(app, ["convert", "m.nn", "p.npz", *words])
    assert found.exit_code == 0, found.output
    with zipfile.ZipFile("out.keras") as out:
        assert out.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert json.loads(out.read("config.json"))["build"] == 7
    assert convert("out.keras").exit_code == 0
    params, _ = read_weights("w.npz", module)
    for name, array in module.init_params(1).items():
        np.testing.assert_array_equal(params[name], array)


def test_the_model_is_not_written_over_by_mistake(folder):
    module = made(folder, SPEC)
    module.save_params("p.npz", module.init_params(1))
    archive("net.keras")
    for words, said in (
        (["-o", "out.keras"], "a .keras file has a model, too: name one with --like"),
        (["--like", "net.keras", "-o", "out.weights.h5"], "it gets the format of net.keras"),
        (["--like", "none.keras", "-o", "out.keras"], "none.keras: No such file"),
    ):
        found = CliRunner().invoke(app, ["convert", "m.nn", "p.npz", "--to", "keras", *words])
        assert found.exit_code == 1
        assert said in found.output
        assert found.output.count("\n") == 1


def spoil(file, how):
    """Change a file of weights so that it is none that Keras writes."""
    place = file["layers/dense/vars"]
    data = place["0"][()]
    del place["0"]
    match how:
        case "elsewhere":
            place["0"] = h5py.ExternalLink("other.h5", "/x")
        case "symbolic":
            place["0"] = h5py.SoftLink("/layers/dense_1/vars/0")
        case "raw file":
            place.create_dataset("0", data.shape, "f4", external=[("m.nn", 0, data.nbytes)])
        case "virtual":
            layout = h5py.VirtualLayout(data.shape, "f4")
            layout[:] = h5py.VirtualSource("other.h5", "x", data.shape)
            place.create_virtual_dataset("0", layout)
        case "compressed":
            place.create_dataset("0", data=data, compression="gzip")
        case "enormous":
            place.create_dataset("0", (2**40, 2**10), "f4", chunks=(1024, 1024))
        case "text":
            place["0"] = "import os"
        case "nothing":
            pass


SAID = {
    "elsewhere": "leads elsewhere, which is not read",
    "symbolic": "leads elsewhere, which is not read",
    "raw file": "is no array of numbers in the file itself",
    "virtual": "is no array of numbers in the file itself",
    "compressed": "is compressed or incomplete",
    "enormous": "is compressed or incomplete",
    "text": "is no array of numbers in the file itself",
    "nothing": "does not fit under",
}


@pytest.mark.parametrize("how", SAID)
def test_what_keras_does_not_write(folder, how):
    with h5py.File("net.weights.h5", "r+") as file:
        spoil(file, how)
    assert SAID[how] in refused(folder, "net.weights.h5", "--map", "dense1=under")


def test_the_format_before_keras_3(folder):
    with h5py.File("old.h5", "w") as file:
        file.create_group("model_weights").attrs["layer_names"] = ["dense"]
    assert "written in the format before Keras 3" in refused(folder, "old.h5")


@pytest.mark.parametrize("config", ["{", "[]", "[" * 100_000])
def test_a_damaged_configuration(folder, config):
    archive("net.keras", config=config)
    assert "config.json is damaged" in refused(folder, "net.keras")


@pytest.mark.parametrize("config", ["{}", '{"config": {"layers": [1, {"config": 2}, {}]}}'])
def test_a_configuration_without_layers(folder, config):
    archive("net.keras", config=config)
    found = convert("net.keras")
    assert found.exit_code in (0, 1)
    assert "Traceback" not in found.output


def test_a_bomb(folder):
    with zipfile.ZipFile("net.keras", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("config.json", "{}")
        out.writestr("model.weights.h5", b"\0" * 20_000_000)
    assert "model.weights.h5 is too large" in refused(folder, "net.keras")


def test_damage_is_one_line(folder):
    archive("net.keras")
    rng = np.random.default_rng(0)
    for name in ("net.weights.h5", "net.keras"):
        whole = (folder / name).read_bytes()
        for cut in rng.integers(1, len(whole), 15):
            (folder / "bad").write_bytes(whole[:cut])
            refused(folder, "bad")
        for _ in range(60):
            flipped = bytearray(whole)
            flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
            (folder / "bad").write_bytes(flipped)
            found = convert("bad")
            (folder / "w.npz").unlink(missing_ok=True)
            assert found.exit_code in (0, 1)
            assert found.exit_code == 0 or found.output.count("\n") == 1


def test_without_h5py(folder, monkeypatch):
    monkeypatch.setattr("nnc.runtime.extras.find_spec", lambda name: None)
    assert refused(folder, "net.weights.h5") == (
        "error: net.weights.h5: files of Keras need h5py: pip install 'nnc[keras]'\n"
    )
