"""`nnc convert` in both directions: PyTorch's modules compute the same with the converted weights."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import numpy as np
import torch
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import compile_source
from nnc.runtime.module import import_module
from nnc.runtime.weights import read_weights, write_weights
from nnc.source import Source
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import nn


class Steps(nn.Module):
    """A recurrent layer and a layer behind its last states."""

    def __init__(self, memory: nn.Module, size: int) -> None:
        super().__init__()
        self.memory, self.out = memory, nn.Linear(size, 2)

    def forward(self, x):
        return self.out(self.memory(x)[0])


class Attention(nn.Module):
    """Self-attention and a layer behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.out = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.look(x, x, x, need_weights=False)[0])


def recurrent(kind: str, **more):
    return getattr(nn, kind)(5, 4, batch_first=True, **more)


CASES = {
    "dense": (
        lambda: nn.Sequential(nn.Linear(6, 5), nn.PReLU(), nn.Linear(5, 3, bias=False)),
        "input 6 -> dense 5 prelu -> dense 3 bias=false; loss mse",
        (6,),
    ),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Conv2d(4, 4, 3, groups=4),
            nn.GroupNorm(2, 4),
            nn.ConvTranspose2d(4, 2, 2, 2),
            nn.Flatten(),
            nn.Linear(128, 3),
        ),
        "input 2x8x8 -> conv 4 3x3 bias=false -> batchnorm relu -> depthwise 3x3 -> groupnorm 2 "
        "-> conv_transpose 2 2x2 stride=2 -> flatten -> dense 3; loss mse",
        (2, 8, 8),
    ),
    "embedding": (
        lambda: nn.Sequential(nn.Embedding(9, 6), nn.LayerNorm(6), nn.Linear(6, 3)),
        "input T int -> embedding 9 6 -> layernorm -> dense 3; loss mse",
        (7,),
    ),
    "lstm": (
        lambda: Steps(recurrent("LSTM"), 4),
        "input Tx5 -> lstm 4 return=all -> dense 2; loss mse",
        (7, 5),
    ),
    "stacked gru": (
        lambda: Steps(recurrent("GRU", num_layers=2, bidirectional=True), 8),
        "input Tx5 -> gru 4 return=all layers=2 bidirectional=true -> dense 2; loss mse",
        (7, 5),
    ),
    "rnn": (
        lambda: Steps(recurrent("RNN", bidirectional=True), 8),
        "input Tx5 -> rnn 4 return=all bidirectional=true -> dense 2; loss mse",
        (7, 5),
    ),
    "attention": (Attention, "input Tx8 -> attention 2 -> dense 2; loss mse", (7, 8)),
}


def nnc(*words):
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, found.output
    return found.output


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    return tmp_path


def made(folder, name):
    """A PyTorch module with weights as after training, a generated module, and rows."""
    make, spec, shape = CASES[name]
    net = make()
    for p in net.parameters():
        p.data += 0.2 * torch.randn_like(p)
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_()
            m.running_var.uniform_(0.5, 2)
    (folder / "m.nn").write_text(spec)
    (folder / "m.py").write_text(compile_source(Source("m.nn", spec)).code)
    x = torch.randint(0, 9, (3, *shape)) if name == "embedding" else torch.randn(3, *shape)
    return net.eval(), import_module(folder / "m.py"), x


def same(net, module, weights, x):
    params, state = read_weights(weights, module)
    more = {"state": state} if state else {}
    want = net(x).detach().numpy()
    np.testing.assert_allclose(
        module.predict(params, x.numpy(), **more), want, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("name", CASES)
def test_from_pytorch(folder, name, suffix):
    net, module, x = made(folder, name)
    if suffix == "pt":
        torch.save(net.state_dict(), "net.pt")
    else:
        save_file({k: v.contiguous() for k, v in net.state_dict().items()}, "net.safetensors")
    order = list(net.state_dict())
    told = nnc(
        "convert", "m.nn", f"net.{suffix}", "-o", "w.npz", *(named(name) if suffix != "pt" else [])
    )
    assert told.count("<-") == len(
        {key.rpartition(".")[0].removesuffix(".out_proj") for key in order}
    )
    same(net, module, "w.npz", x)


def named(name):
    """A .safetensors file has its tensors sorted by name: where that is another order, pairs."""
    return {
        "attention": ["--map", "attention1=look", "--map", "dense1=out"],
    }.get(name, [])


@pytest.mark.parametrize("name", CASES)
def test_to_pytorch(folder, name):
    net, module, x = made(folder, name)
    params = module.init_params(seed=3)
    state = module.init_state() if hasattr(module, "init_state") else {}
    for array in state.values():
        array += 0.5
    write_weights("w.safetensors", params, state)
    modules = list(
        dict.fromkeys(k.rpartition(".")[0].removesuffix(".out_proj") for k in net.state_dict())
    )
    layers = [
        line.split()[0]
        for line in nnc(
            "convert", "m.nn", "w.safetensors", "--to", "torch", "-o", "s.npz"
        ).splitlines()
    ]
    pairs = [f"--map={ours}={theirs}" for ours, theirs in zip(layers, modules, strict=True)]
    nnc("convert", "m.nn", "w.safetensors", "--to", "torch", *pairs, "-o", "s.safetensors")
    found = {k: torch.from_numpy(v.copy()) for k, v in load_file("s.safetensors").items()}
    missing, extra = net.load_state_dict(found, strict=False)
    assert not extra
    assert {m.rpartition(".")[2] for m in missing} <= {"num_batches_tracked"}
    same(net, module, "w.safetensors", x)


def test_there_and_back(folder):
    _, module, _ = made(folder, "stacked gru")
    params = module.init_params(seed=5)
    write_weights("w.npz", params)
    nnc("convert", "m.nn", "w.npz", "--to", "torch", "-o", "s.safetensors")
    nnc("convert", "m.nn", "s.safetensors", "-o", "back.npz")
    found, _ = read_weights("back.npz", module)
    for name, array in params.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_whole_model_is_not_unpickled(folder):
    net, _, _ = made(folder, "dense")
    torch.save(net, "net.pt")
    found = CliRunner().invoke(app, ["convert", "m.nn", "net.pt", "-o", "w.npz"])
    assert found.exit_code == 1
    assert found.output == "error: net.pt: no state_dict (save model.state_dict(), not the model)\n"
