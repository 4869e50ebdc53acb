"""sequence: a neural network in PyTorch, written by nnc 0.1.0 from sequence.nn.

    # a sequence of feature vectors, a classifier at every step
    input Tx6 -> dense 4 gelu -> dropout 0.2 -> dense 3; loss crossentropy

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    B, T = 5, 6
    x = torch.randn(B, T, 6)
    target = torch.randint(0, 3, (B, T))

    network = Network(seed=0)  # device="cuda" puts it on a GPU
    opt = init_optimizer(network)
    for step in range(10):
        loss_before = train_step(network, x, target, opt, lr=0.1)
    y = predict(network, x)

Every tensor has a row for each example first: B rows make a batch.
`network(x, target)` is the loss, which autograd differentiates; `network(x)` is the output. So
torch.compile(network) and DistributedDataParallel(network) can stand for the network.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
import json
import math
import os
import secrets
import struct
import zipfile
import zlib
from typing import Any
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NNC_VERSION = "0.1.0"
SPEC = "# a sequence of feature vectors, a classifier at every step\ninput Tx6 -> dense 4 gelu -> dropout 0.2 -> dense 3; loss crossentropy\n"
SPEC_SHA256 = "dd09c45f55604f43a941682a3fcccbf116249925ea8761bf4538e42e256087a5"

DTYPE = torch.float32
INPUTS: dict[str, tuple[Any, ...]] = {"x": ("B", "T", 6)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", "T", 3)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", "T", 3)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "dense1.W": (6, 4),
    "dense1.b": (4,),
    "dense2.W": (4, 3),
    "dense2.b": (3,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 43
LOSSES: dict[str, str] = {"crossentropy": "crossentropy"}
TRAIN: dict[str, Any] = {}
METRICS: tuple[str, ...] = ()


# --- the network --------------------------------------------------------------------------


class Layer(nn.Module):
    """The parameters and running statistics of a layer, or the layers of a group.

    `layer.W` is a tensor; `layer["1"]` a layer by name, whatever attributes an nn.Module has.
    """

    if TYPE_CHECKING:  # layers and tensors are there by name

        def __getattr__(self, name: str) -> Any: ...

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def keep(self, name: str, value: Tensor) -> None:
        """Keep a tensor as `dense1.W`: as the entry W of the layer dense1, which is made if needed."""
        first, dot, rest = name.partition(".")
        if dot:  # not by add_module, which refuses a layer called `train`
            layer = self._modules.setdefault(first, Layer())
            assert isinstance(layer, Layer)
            layer.keep(rest, value)
        elif isinstance(value, nn.Parameter):
            self.register_parameter(first, value)
        else:
            self.register_buffer(first, value)


class Network(Layer):
    """y (B, T, 3) from x (B, T, 6).

    Parameters have the names of PARAM_SHAPES, `self.dense1.W` for "dense1.W", in state_dict() too.
    """

    def __init__(
        self, seed: int = 0, *, device: torch.device | str | None = None, dtype: torch.dtype = DTYPE
    ) -> None:
        super().__init__()
        # Knows device and dtype, also after network.to(…); in no file.
        self.register_buffer("like", torch.zeros((), device=device, dtype=dtype), persistent=False)
        for name, value in init_params(seed).items():
            self.keep(name, nn.Parameter(value.to(self.like)))

    def forward(self, x: Any, target: Any = None) -> Any:
        """y (B, T, 3) from x (B, T, 6); with a target, the loss instead."""
        x = as_numbers("x", x, ("T", 6), self.like)

        # sequence.nn:2  dense 4 gelu
        dense1_z = x @ self.dense1.W + self.dense1.b  # (B, T, 4)  z = x W + b
        dense1 = F.gelu(dense1_z)  # (B, T, 4)  a = z Φ(z) = z/2 (1 + erf(z/√2))

        # sequence.nn:2  dropout 0.2
        # (B, T, 4)  y = x · mask, the mask 0 or 1/(1 − p)
        dropout1 = F.dropout(dense1, 0.2, self.training)

        # sequence.nn:2  dense 3
        y = dropout1 @ self.dense2.W + self.dense2.b  # (B, T, 3)  z = x W + b
        if target is None:
            return y

        B = x.shape[0]
        T = x.shape[1]
        target = as_class_ids("target", target, (B, T, 3), self.like)
        # sequence.nn:2  loss crossentropy
        # L = −Σ t·log softmax(z), mean over the rows
        crossentropy_loss = F.cross_entropy(*by_position(y, target))
        return crossentropy_loss


# --- training -----------------------------------------------------------------------------


def init_optimizer(network: nn.Module) -> torch.optim.Optimizer:
    """Plain SGD for all that is trained; opt.state_dict() has all that it remembers."""
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    groups = [{"params": list(trained.values())}]
    rate = TRAIN.get("lr", 0.0)  # every step sets its own
    return torch.optim.SGD(groups, lr=rate)


def optimizer_step(opt: torch.optim.Optimizer, lr: float | None = None) -> None:
    """One step; a given rate replaces the spec's."""
    steps = opt.param_groups[0].get("steps", 0)  # so many were taken
    rate = TRAIN.get("lr") if lr is None else lr
    if rate is None:
        raise ValueError("lr: the spec names no learning rate; give one, such as lr=0.1")
    for group in opt.param_groups:
        group["lr"], group["steps"] = rate, steps + 1
    opt.step()


def train_step(
    network: nn.Module, x: Any, target: Any, opt: torch.optim.Optimizer, lr: float | None = None
) -> float:
    """Forward, loss, gradient and one step of the optimizer; gives the loss before the step."""
    network.train()
    opt.zero_grad()
    loss = network(x, target)
    loss.backward()
    optimizer_step(opt, lr)
    return float(loss.detach())


# --- using the trained network ------------------------------------------------------------


@torch.no_grad()
def predict(network: nn.Module, x: Any) -> Any:
    """y (B, T, 3) from x (B, T, 6)."""
    was_training = network.training
    network.eval()
    try:
        return network(x)
    finally:
        network.train(was_training)


# --- parameters ---------------------------------------------------------------------------


def init_params(seed: int = 0) -> dict[str, Tensor]:
    """Fresh parameters. Every tensor draws from a stream of its own, given by seed and name."""
    return {
        "dense1.W": normal(seed, "dense1.W", 6, 4) * math.sqrt(2 / 6),
        "dense1.b": torch.zeros(4),
        "dense2.W": uniform(seed, "dense2.W", 4, 3) * math.sqrt(6 / (4 + 3)),
        "dense2.b": torch.zeros(3),
    }


def stream(seed: int, name: str) -> torch.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def normal(seed: int, name: str, *shape: int) -> Tensor:
    """Normal numbers with mean 0 and deviation 1."""
    return torch.randn(shape, generator=stream(seed, name), dtype=torch.float64)


def uniform(seed: int, name: str, *shape: int) -> Tensor:
    """Numbers between -1 and 1."""
    return 2 * torch.rand(shape, generator=stream(seed, name), dtype=torch.float64) - 1


# --- functions ----------------------------------------------------------------------------


def by_position(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Every position as a row, as F.cross_entropy takes them; target: ids, or rows of probabilities."""
    ids = target.dim() < z.dim()
    return z.flatten(0, -2), target.flatten() if ids else target.flatten(0, -2)


def check_shape(what: str, x: Tensor, shape: tuple[Any, ...]) -> None:
    """Refuse another number of axes, or other sizes than the numbers in `shape`."""
    fits = x.dim() == len(shape) + 1 and all(
        m == n for m, n in zip(x.shape[1:], shape) if isinstance(n, int)
    )
    if not fits:
        expected = ", ".join(map(str, ("B", *shape))) + ("" if shape else ",")
        raise ValueError(f"{what}: expected shape ({expected}), found {tuple(x.shape)}")


def as_numbers(what: str, value: Any, shape: tuple[Any, ...], like: Tensor) -> Tensor:
    """A tensor of shape (B, *shape) with the dtype and device of `like`; names in shape are free sizes."""
    x = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    check_shape(what, x, shape)
    return x


def as_class_ids(what: str, value: Any, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Class ids of shape (B, ...), or rows of probabilities, one a class, which are to sum to 1."""
    target = torch.as_tensor(value, device=like.device)
    if target.shape == shape:
        target = target.to(like.dtype)
        return target / target.sum(-1, keepdim=True)
    if target.shape != shape[:-1] or target.is_floating_point():
        raise ValueError(
            f"{what}: expected class ids of shape {shape[:-1]} or rows of shape {shape}, "
            f"found {target.dtype} of shape {tuple(target.shape)}"
        )
    return target.long()


# --- files --------------------------------------------------------------------------------
#
# The .npz files of the NumPy module and .safetensors files, read without pickle. Numbers are
# little-endian, as all machines that PyTorch runs on have them.

NPZ_TYPES = {"<f2": torch.float16, "<f4": torch.float32, "<f8": torch.float64}
SAFETENSORS_TYPES = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}


def save_params(path: str | os.PathLike[str], network: nn.Module) -> None:
    """Write parameters to a .npz or .safetensors file, in one move."""
    arrays = {n: t.detach().cpu().contiguous() for n, t in network.state_dict().items()}
    for name, t in arrays.items():
        if not bool(t.isfinite().all()):
            raise ValueError(f"{name}: has entries that are not finite; nothing was written")
    temporary = f"{os.fspath(path)}.{secrets.token_hex(4)}.tmp"
    try:
        write = write_safetensors if os.fspath(path).endswith(".safetensors") else write_npz
        write(temporary, arrays)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def load_params(path: str | os.PathLike[str], network: nn.Module) -> None:
    """Put the arrays of a file into the network: names, shapes and entries are checked first."""
    try:
        found = read_npz(path) if zipfile.is_zipfile(path) else read_safetensors(path)
    except (
        KeyError,
        SyntaxError,
        TypeError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
    ):
        raise ValueError(f"{path}: no .npz or .safetensors file, or a damaged one") from None
    own = network.state_dict()
    if found.keys() != own.keys():
        missing, extra = sorted(own.keys() - found.keys()), sorted(found.keys() - own.keys())
        raise ValueError(f"{path}: missing {missing}, unknown {extra}")
    for name, t in found.items():
        if t.shape != own[name].shape:
            raise ValueError(
                f"{path}: {name} has shape {tuple(t.shape)}, not {tuple(own[name].shape)}"
            )
        if not bool(t.isfinite().all()):
            raise ValueError(f"{path}: {name} has entries that are not finite")
    network.load_state_dict(found)


def raw(t: Tensor) -> bytes:
    """The bytes of a contiguous tensor in memory."""
    return ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()) if t.numel() else b""


def tensor(data: bytes, dtype: torch.dtype, shape: Any) -> Tensor:
    """A tensor of its bytes; too few or too many are a ValueError."""
    size = math.prod(shape) * torch.empty((), dtype=dtype).element_size()
    if len(data) != size:
        raise ValueError(
            f"an array of shape {tuple(shape)} has {len(data)} bytes instead of {size}"
        )
    return (
        torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
        if size
        else torch.zeros(shape, dtype=dtype)
    )


def write_npz(path: str, arrays: dict[str, Tensor]) -> None:
    """A zip file with one .npy file for each array: a header of text, then the bytes."""
    names = {dtype: name for name, dtype in NPZ_TYPES.items()}
    with zipfile.ZipFile(path, "x") as archive:
        for name, t in arrays.items():
            t = t if t.dtype in names else t.float()
            head = repr({"descr": names[t.dtype], "fortran_order": False, "shape": tuple(t.shape)})
            head += " " * (-(len(head) + 11) % 64) + "\n"
            start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode("latin1")
            archive.writestr(f"{name}.npy", start + raw(t))


def read_npz(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The arrays of an .npz file."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            data = archive.read(entry)
            if data[:6] != b"\x93NUMPY":
                raise ValueError(f"{path}: {entry} is no array")
            start, form = (10, "<H") if data[6] == 1 else (12, "<I")
            end = start + struct.unpack(form, data[8:start])[0]
            head = ast.literal_eval(data[start:end].decode("latin1"))
            shape = head["shape"][::-1] if head["fortran_order"] else head["shape"]
            t = tensor(data[end:], NPZ_TYPES[head["descr"]], shape)
            found[entry.removesuffix(".npy")] = (
                t.permute(*range(t.dim())[::-1]) if head["fortran_order"] else t
            )
    return found


def write_safetensors(path: str, arrays: dict[str, Tensor]) -> None:
    """The length of the header, the header as JSON, then the bytes of all arrays."""
    names = {dtype: name for name, dtype in SAFETENSORS_TYPES.items()}
    head: dict[str, Any] = {}
    end = 0
    for name, t in arrays.items():
        start, end = end, end + t.numel() * t.element_size()
        head[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [start, end]}
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "xb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for t in arrays.values():
            file.write(raw(t))


def read_safetensors(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The arrays of a .safetensors file."""
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    if size > len(data) - 8:
        raise ValueError(f"{path}: no .npz or .safetensors file, or a damaged one")
    head = json.loads(data[8 : 8 + size])
    head.pop("__metadata__", None)
    found = {}
    for name, about in head.items():
        if ":" in name:  # the optimizer's, in a checkpoint of nnc
            continue
        start, end = about["data_offsets"]
        part = data[8 + size + start : 8 + size + end]
        found[name] = tensor(part, SAFETENSORS_TYPES[about["dtype"]], about["shape"])
    return found
