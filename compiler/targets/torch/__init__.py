"""The PyTorch target: readable modules of forward and loss, which PyTorch differentiates."""

from .target import TorchTarget

TARGET = TorchTarget
