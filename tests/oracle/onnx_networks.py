"""Typical PyTorch networks with random weights, exported by torch's exporters."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

logging.getLogger("torch.onnx").setLevel(logging.ERROR)


class Residual(nn.Module):
    """A block of ResNet."""

    def __init__(self, channels: int, filters: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(filters)
        self.second = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.other = nn.BatchNorm2d(filters)
        shortcut = [nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)]
        self.shortcut = nn.Sequential(*shortcut) if channels != filters else nn.Identity()

    def forward(self, x):
        z = self.second(F.relu(self.norm(self.first(x))))
        return F.relu(self.other(z) + self.shortcut(x))


class Recurrent(nn.Module):
    """A recurrent layer, of which all states, the last one or the final one are used."""

    def __init__(self, layer: nn.Module, size: int, use: str) -> None:
        super().__init__()
        self.layer, self.use = layer, use
        self.out = nn.Linear(size, 2)

    def forward(self, x):
        states, final = self.layer(x)
        final = final[0] if isinstance(final, tuple) else final
        return self.out({"all": states, "last": states[:, -1], "final": final[-1]}[self.use])


class Text(nn.Module):
    """Ids to classes."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.table, self.pooled = nn.Embedding(20, 6), pooled
        self.layer, self.out = nn.GRU(6, 7, batch_first=True), nn.Linear(6 if pooled else 7, 3)

    def forward(self, ids):
        v = self.table(ids)
        return torch.softmax(self.out(v.mean(1) if self.pooled else self.layer(v)[0][:, -1]), -1)


class UNet(nn.Module):
    """One level of a U-Net."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.low = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = torch.relu(self.down(x))
        b = torch.relu(self.low(F.max_pool2d(a, 2)))
        return self.out(torch.cat([self.up(b), a], 1))


class TwoHeads(nn.Module):
    """One trunk, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return self.a(h), torch.sigmoid(self.b(h))


class ResidualDense(nn.Module):
    """A sum around two dense layers, of standardized features."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(6, 8), nn.Linear(8, 6), nn.Linear(6, 2)

    def forward(self, x):
        x = (x - torch.arange(6.0)) / torch.tensor([1.0, 2, 3, 4, 5, 6])
        return self.out(x + torch.relu(self.b(torch.relu(self.a(x)))))


def _dense(*activations: nn.Module) -> nn.Module:
    return nn.Sequential(*(m for a in activations for m in (nn.Linear(8, 8), a)))


NETWORKS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "classifier": (lambda: _dense(nn.ReLU(), nn.Softmax(-1)), (8,)),
    "binary": (lambda: _dense(nn.Sigmoid(), nn.Sigmoid()), (8,)),
    "autoencoder": (
        lambda: nn.Sequential(nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 8), nn.Sigmoid()),
        (8,),
    ),
    "batchnorm": (
        lambda: nn.Sequential(
            nn.Linear(8, 6, bias=False),
            nn.BatchNorm1d(6),
            nn.Tanh(),
            nn.Dropout(0.5),
            nn.Linear(6, 2),
        ),
        (8,),
    ),
    "layernorm": (
        lambda: nn.Sequential(nn.Linear(8, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 2)),
        (8,),
    ),
    "activations": (
        lambda: _dense(
            nn.ELU(),
            nn.SELU(),
            nn.LeakyReLU(0.2),
            nn.Softplus(),
            nn.Softsign(),
            nn.PReLU(),
            nn.Hardtanh(),
            nn.ReLU6(),
        ),
        (8,),
    ),
    "smooth activations": (
        lambda: _dense(
            nn.GELU(), nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.LogSoftmax(-1)
        ),
        (8,),
    ),
    "lenet": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 84),
            nn.Tanh(),
            nn.Linear(84, 10),
        ),
        (1, 28, 28),
    ),
    "vgg": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10),
        ),
        (3, 16, 16),
    ),
    "resnet": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, 1, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            Residual(8, 8),
            Residual(8, 16, 2),
            Residual(16, 16),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10),
        ),
        (3, 16, 16),
    ),
    "mobilenet": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1),
            nn.ReLU6(),
            nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU6(),
            nn.Conv2d(8, 16, 1),
            nn.Hardswish(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 4),
        ),
        (3, 16, 16),
    ),
    "unet": (UNet, (1, 8, 8)),
    "signal": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(8, 8, 3, dilation=2),
            nn.ReLU(),
            nn.AdaptiveMaxPool1d(1),
            nn.Flatten(),
            nn.Linear(8, 2),
        ),
        (4, 20),
    ),
    "groupnorm": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 3)
        ),
        (3, 8, 8),
    ),
    "instancenorm": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3),
            nn.InstanceNorm2d(8, affine=True),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(288, 3),
        ),
        (3, 8, 8),
    ),
    "upsample": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(4, 1, 3, padding=1),
            nn.Sigmoid(),
        ),
        (3, 6, 6),
    ),
    "lstm": (lambda: Recurrent(nn.LSTM(5, 7, batch_first=True), 7, "last"), (9, 5)),
    "lstm final": (lambda: Recurrent(nn.LSTM(5, 7, batch_first=True), 7, "final"), (9, 5)),
    "lstm both ways": (
        lambda: Recurrent(nn.LSTM(5, 7, batch_first=True, bidirectional=True), 14, "all"),
        (9, 5),
    ),
    "gru stacked": (
        lambda: Recurrent(nn.GRU(5, 7, num_layers=2, batch_first=True), 7, "last"),
        (9, 5),
    ),
    "rnn relu": (
        lambda: Recurrent(nn.RNN(5, 7, nonlinearity="relu", batch_first=True), 7, "all"),
        (9, 5),
    ),
    "text": (lambda: Text(pooled=False), (9,)),
    "bag of words": (lambda: Text(pooled=True), (9,)),
    "two heads": (TwoHeads, (6,)),
    "residual": (ResidualDense, (6,)),
    "positions": (
        lambda: nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 2)),
        (9, 5),
    ),
}
"""Networks, and the shape of a row."""

UNROLLED = ("rnn relu",)
"""What the newer exporter writes step by step, so that no layer is left to be found."""


def network(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A network with weights as after training, and rows for it."""
    torch.manual_seed(1)
    make, shape = NETWORKS[name]
    made = make()
    for p in made.parameters():
        p.data += 0.1 * torch.randn_like(p)
    for m in made.modules():
        if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d):
            m.running_mean.normal_()
            m.running_var.uniform_(0.5, 2)
    ids = isinstance(made, Text)
    return made.eval(), torch.randint(0, 20, (3, *shape)) if ids else torch.randn(3, *shape)


def exported(name: str, folder: Path, *, dynamo: bool) -> tuple[Path, torch.Tensor]:
    """The ONNX file of a network, by one of torch's two exporters."""
    made, x = network(name)
    path = folder / f"{name.replace(' ', '_')}.onnx"
    sizes: dict[str, Any] = {"dynamic_axes": {"x": {0: "batch"}}}
    if dynamo:
        sizes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            made, (x,), str(path), input_names=["x"], dynamo=dynamo, verbose=False, **sizes
        )
    return path, x
