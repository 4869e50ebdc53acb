"""PyTorch modules in use: files, torch.compile, torch.export, devices and dtypes, DDP over gloo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import numpy as np
import torch
from nnc.driver import Options, check, compile_source
from nnc.layers import LAYERS
from nnc.runtime.weights import read_weights, write_weights
from nnc.source import Source
from nnc.targets.target import load_target
from nnc.targets.torch.faults import SET
from nnc.targets.torch.members import TAKEN

from .generated import load
from .torch_modules import Twins, torch_module, twins

ROOT = Path(__file__).parents[2]
SPEC = (
    "input 3x6x6 -> conv 4 3x3 pad=same -> batchnorm relu -> maxpool 2 -> flatten -> dense 3 softmax"
    " as kind\nloss crossentropy\noptimizer adam lr=0.01\nschedule cosine steps=50\n"
)
EXPORTED = {
    "image": SPEC,
    "sequence": "input Tx6 -> attention 2 -> layernorm -> dense 4 gelu -> dense 2\nloss mse\n",
    "ids": "input T int ragged -> embedding 9 6 -> mean axis=0 -> dense 2\nloss crossentropy\n",
    "steps": "input 4x3 -> lstm 4 -> dense 2\nloss mse\n",
    "several": "input 3 as a -> dense 4 as b\ninput 3 as c\n[b, c -> dense 4] -> add -> dense 2 as d"
    "\noutput b, d\nloss mse on d\nloss mae on b\n",
}


@pytest.fixture(scope="module")
def image() -> Twins:
    torch.set_num_threads(1)
    return twins(SPEC)


# --- names --------------------------------------------------------------------------------


def test_attributes_of_modules_are_known(image):
    """A layer called like an attribute is reached in brackets; new versions may have new ones."""
    taken = {name for name in dir(image.module.Network()) if name[0] != "_" and name.isidentifier()}
    own = {"conv1", "batchnorm1", "kind", SET}
    assert {n for n in taken if n.islower()} - own <= TAKEN


def test_parameters_have_names_that_no_module_has(image):
    names = {"W", "b", *(name.rpartition(".")[2] for name in image.network.state_dict())}
    for kind in LAYERS.values():
        names |= {n.rpartition(".")[2] for n in torch_module(kind.example).PARAM_SHAPES}
    assert not {n for n in names if hasattr(torch.nn.Module(), n)}


def chain(names: list[str]) -> str:
    """A network of dense layers with these names."""
    layers = [f"dense 3 tanh as {name} -> dropout 0" for name in names]
    return f"input 3 -> {' -> '.join(layers)} -> dense 2 softmax\nloss crossentropy"


def legal(name: str) -> bool:
    """Whether a layer with parameters may have this name."""
    return name != SET and not check(Source("m.nn", chain([name]))).report.has_errors


def test_a_layer_may_be_called_like_anything_in_the_module():
    """Nothing in a module is hidden by a value with the name of a layer."""
    words = {*load_target("torch").words, *TAKEN}
    named = [word for word in sorted(words) if re.fullmatch("[a-z][a-z0-9_]*", word)]
    names = [word for word in named if legal(word)]
    assert len(names) > 0.7 * len(named)
    x, target = np.ones((2, 3)), np.array([0, 1])
    for start in range(0, len(names), 40):
        some = names[start : start + 40]
        found = []
        for own in (some, [f"layer_{i}" for i in range(len(some))]):
            module = torch_module(chain(own))
            network = module.Network()
            assert list(network.state_dict()) == list(module.PARAM_SHAPES)
            with torch.no_grad():
                for p in network.parameters():
                    p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape))
            loss = float(network(x, target).detach())
            found.append((loss, module.predict(network, x).tolist()))
        assert found[0] == found[1], some


# --- files --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_go_both_ways(tmp_path, dtype):
    """The NumPy module's own file, the runtime's safetensors, and back."""
    t = twins(SPEC)
    arrays = {**t.params, **t.state}
    t.arrays.save_params(tmp_path / "a.npz", t.params, t.state)
    write_weights(tmp_path / "a.safetensors", t.params, t.state)
    for name in ("a.npz", "a.safetensors"):
        network = t.module.Network(seed=5, dtype=getattr(torch, dtype))
        t.module.load_params(tmp_path / name, network)
        for key, tensor in network.state_dict().items():
            assert np.array_equal(tensor.numpy(), arrays[key].astype(dtype)), key
    for name in ("b.npz", "b.safetensors"):
        t.module.save_params(tmp_path / name, network)
        params, state = read_weights(tmp_path / name, t.arrays)
        found = {**params, **state}
        assert all(np.array_equal(v, arrays[k].astype(dtype)) for k, v in found.items())
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"{a}.{b}" for a in "ab" for b in ("npz", "safetensors")
    ]


def test_a_matrix_by_columns_is_read(tmp_path, image):
    arrays = {**image.params, **image.state}
    turned = {k: np.asfortranarray(v) for k, v in arrays.items()}
    np.savez(tmp_path / "f.npz", **turned)
    network = image.module.Network(dtype=torch.float64)
    image.module.load_params(tmp_path / "f.npz", network)
    assert all(np.array_equal(v.numpy(), arrays[k]) for k, v in network.state_dict().items())


def _damaged(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    match how:
        case "cut":
            data = data[: len(data) // 2]
        case "empty":
            data = bytearray()
        case "text":
            data = bytearray(b"no file of numbers at all")
        case "flipped":
            data[len(data) // 3] ^= 0xFF
        case "length":
            data[0:8] = b"\xff" * 8
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["cut", "empty", "text", "length", "flipped"])
@pytest.mark.parametrize("name", ["w.npz", "w.safetensors"])
def test_a_damaged_file_changes_nothing(tmp_path, image, name, how):
    network = image.module.Network(dtype=torch.float64)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    path = tmp_path / name
    image.module.save_params(path, image.network)
    _damaged(path, how)
    try:
        image.module.load_params(path, network)
    except ValueError:
        assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    else:
        assert how in ("flipped", "length"), "nobody noticed"  # an entry, or the zip's first bytes


def test_files_of_other_networks_and_pickles_are_refused(tmp_path, image):
    load = image.module.load_params
    arrays = {**image.params, **image.state}
    for change, why in (
        ({"conv1.W": np.zeros((1, 2))}, "conv1.W has shape"),
        ({"other": np.zeros(1)}, r"unknown \['other'\]"),
        ({"conv1.W": np.full((4, 3, 3, 3), np.nan)}, "not finite"),
        ({"conv1.W": np.array([object()])}, "damaged"),
        ({"conv1.W": np.zeros((4, 3, 3, 3), complex)}, "damaged"),
    ):
        np.savez(tmp_path / "x.npz", **{**arrays, **change})
        with pytest.raises(ValueError, match=why):
            load(tmp_path / "x.npz", image.network)
    with zipfile.ZipFile(tmp_path / "z.npz", "w") as archive:
        archive.writestr("conv1.W.npy", b"text")
    with pytest.raises(ValueError, match="no array"):
        load(tmp_path / "z.npz", image.network)


# --- arguments ----------------------------------------------------------------------------


def test_what_comes_in_is_checked(image):
    network = image.network
    for x, why in (
        (np.zeros((2, 3, 6)), r"x: expected shape \(B, 3, 6, 6\), found \(2, 3, 6\)"),
        (np.zeros((2, 1, 6, 6)), "x: expected shape"),
    ):
        with pytest.raises(ValueError, match=why):
            network(x)
    with pytest.raises(ValueError, match="expected class ids of shape"):
        network(image.x, np.zeros((5, 2)))
    tags = torch_module("input T int ragged -> embedding 5 2 -> mean axis=0 -> dense 2; loss mse")
    with pytest.raises(ValueError, match="expected whole numbers"):
        tags.Network()(np.zeros((2, 3)), lengths=[1, 2])
    with pytest.raises(ValueError, match="lengths: needed"):
        tags.Network()(np.zeros((2, 3), int))
    with pytest.raises(ValueError, match=r"must lie in 1..3, found 0..4"):
        tags.Network()(np.zeros((2, 3), int), lengths=[0, 4])


def test_dtype_and_device(image):
    """On the device `meta` nothing is computed, but everything must be there."""
    network = image.module.Network(dtype=torch.bfloat16)
    assert network(image.x).dtype == torch.bfloat16
    assert network.to(torch.float32)(image.x).dtype == torch.float32
    assert image.module.Network().conv1.W.dtype == image.module.DTYPE
    for name, text in EXPORTED.items():
        module = torch_module(text)
        made = module.Network(device="meta")
        x, lengths = (_meta(v) for v in _batch(module))
        y = (
            made(x, **({"lengths": lengths} if lengths is not None else {}))
            if name != "ids"
            else None
        )
        assert y is None or {v.device.type for v in _values(y)} == {"meta"}


def _batch(module):
    """The x and lengths of the example in a module's docstring."""
    lines = module.__doc__.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("B"))
    stop = next(i for i, line in enumerate(lines) if "network = " in line)
    names: dict = {"torch": torch}
    exec("\n".join(line[4:] for line in lines[start:stop]), names)
    return names["x"], names.get("lengths")


def _values(y):
    return y.values() if isinstance(y, dict) else (y,)


def _meta(value):
    if isinstance(value, dict):
        return {k: _meta(v) for k, v in value.items()}
    return None if value is None else value.to("meta")


# --- torch.compile, torch.export ----------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTED)
def test_compile(name):
    """One graph, without a break, for the loss and its gradient; the same numbers."""
    t = twins(EXPORTED[name])
    x, target, lengths = (_tensors(v) for v in (t.x, t.target, t.words.get("lengths")))
    words = {} if lengths is None else {"lengths": lengths}
    found = []
    for network in (t.network, torch.compile(t.network, backend="aot_eager", fullgraph=True)):
        t.network.zero_grad()
        loss = network(x, target, **words)
        loss.backward()
        found.append((loss, {n: p.grad.clone() for n, p in t.network.named_parameters()}))
    (plain, grads), (fast, got) = found
    assert torch.allclose(plain, fast, rtol=1e-12, atol=0)
    for n, grad in grads.items():
        assert torch.allclose(grad, got[n], rtol=1e-9, atol=1e-14), n


def _tensors(value):
    if isinstance(value, dict):
        return {k: _tensors(v) for k, v in value.items()}
    return None if value is None else torch.tensor(value)


@pytest.mark.parametrize("name", EXPORTED)
def test_export(name):
    """A program for any number of rows (and of positions, where no loop runs over them)."""
    t = twins(EXPORTED[name])
    x, lengths = _tensors(t.x), _tensors(t.words.get("lengths"))
    words = {} if lengths is None else {"lengths": lengths}
    t.network.eval()
    rows = torch.export.Dim("B")
    sizes = {0: rows, 1: torch.export.Dim("T")} if name in ("sequence", "ids") else {0: rows}
    shapes = {"x": dict.fromkeys(x, sizes) if isinstance(x, dict) else sizes}
    shapes |= {"lengths": {0: rows}} if words else {}
    program = torch.export.export(t.network, (x,), words, dynamic_shapes=shapes)
    twice = (
        {k: torch.cat([v, v]) for k, v in x.items()} if isinstance(x, dict) else torch.cat([x, x])
    )
    words = {k: torch.cat([v, v]) for k, v in words.items()}
    want, got = t.network(twice, **words), program.module()(twice, **words)
    for one, other in zip(_values(want), _values(got), strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-14)


# --- two processes ------------------------------------------------------------------------

WORKER = """
import os, sys, torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
import model

dist.init_process_group("gloo")
rank, count = dist.get_rank(), dist.get_world_size()
torch.manual_seed(0)
x, target = torch.randn(8, 6, dtype=torch.float64), torch.randint(0, 3, (8,))
network = model.Network(seed=rank, dtype=torch.float64)  # DDP takes those of rank 0
parallel = DistributedDataParallel(network)
opt = model.init_optimizer(parallel)
for _ in range(5):
    model.train_step(parallel, x[rank::count], target[rank::count], opt)
if rank == 0:
    model.save_params(sys.argv[1], network)
dist.barrier()  # nobody leaves while others still talk
os._exit(0)  # PyTorch's own threads abort some processes in the middle of their ordinary end
"""


def test_two_processes_train_as_one(tmp_path):
    """torchrun with DistributedDataParallel over gloo: as one process with the whole batch."""
    spec = (
        "input 6 -> dense 5 tanh -> dense 3 softmax\nloss crossentropy\nregularize l2=0.1\n"
        "optimizer adamw lr=0.01 decay=weights weight_decay=0.1\nclip norm=0.5\n"
        "schedule cosine steps=9\n"
    )
    code = compile_source(Source("m.nn", spec), Options(target="torch", format=False)).code
    (tmp_path / "model.py").write_text(code, encoding="utf-8")
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    words = ["--standalone", "--nproc-per-node=2", "worker.py", "two.npz"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    module = torch_module(spec)
    torch.manual_seed(0)
    x, target = torch.randn(8, 6, dtype=torch.float64), torch.randint(0, 3, (8,))
    network = module.Network(seed=0, dtype=torch.float64)
    opt = module.init_optimizer(network)
    for _ in range(5):
        module.train_step(network, x, target, opt)
    found = np.load(tmp_path / "two.npz")
    for name, tensor in network.state_dict().items():
        assert np.abs(found[name] - tensor.numpy()).max() < 1e-12, name


# --- examples in docstrings ---------------------------------------------------------------

GOLDEN = sorted((ROOT / "tests/golden").rglob("*.torch.py"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_the_example_of_a_module_runs(path):
    module = load(path.read_text(encoding="utf-8"), "golden_torch_model")
    lines = module.__doc__.partition("`from MODULE import *`):")[2].splitlines()
    stop = next(i for i, line in enumerate(lines) if line.startswith("Every"))
    names = dict(module.__dict__)
    exec("\n".join(line[4:] for line in lines[:stop]), names)
    assert names["loss_before"] > 0
    assert torch.isfinite(next(iter(_values(names["y"])))).all()


# --- the page -----------------------------------------------------------------------------


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    """docs/pytorch.md: its indented Python, but for the part that torchrun runs."""
    page = (ROOT / "docs/pytorch.md").read_text(encoding="utf-8")
    spec = (ROOT / "examples/digits.nn").read_text(encoding="utf-8")
    options = Options(target="torch", format=False)
    code = compile_source(Source("digits.nn", spec), options).code
    (tmp_path / "digits_torch.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", page.partition("## More than one process")[0], re.M)
    python = [b for b in blocks if b.strip() and "    nnc " not in b]
    assert len(python) == 3
    exec("".join(line[4:] + "\n" for b in python for line in b.splitlines()), {})
    assert (tmp_path / "digits_torch.safetensors").exists()
