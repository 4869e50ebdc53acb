"""tagger: a neural network in PyTorch, written by nnc 0.1.0 from tagger.nn.

    # Padded rows of ids, a class for every position; an optimizer that torch.optim has not.
    input T int ragged as words -> embedding 50 8 -> lstm 6 return=all bidirectional=true
      -> attention 2 -> dense 4 softmax as tags
    output tags
    loss crossentropy ignore=0
    train weights=rows
    optimizer lion lr=1e-3 weight_decay=0.1 decay=weights

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    B, T = 5, 6
    x = torch.randint(0, 50, (B, T))
    lengths = torch.randint(1, 7, (B,))
    target = torch.randint(0, 4, (B, T))

    network = Network(seed=0)  # device="cuda" puts it on a GPU
    opt = init_optimizer(network)
    for step in range(10):
        loss_before = train_step(network, x, target, opt, lengths=lengths)
    y = predict(network, x, lengths=lengths)

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
SPEC = "# Padded rows of ids, a class for every position; an optimizer that torch.optim has not.\ninput T int ragged as words -> embedding 50 8 -> lstm 6 return=all bidirectional=true\n  -> attention 2 -> dense 4 softmax as tags\noutput tags\nloss crossentropy ignore=0\ntrain weights=rows\noptimizer lion lr=1e-3 weight_decay=0.1 decay=weights\n"
SPEC_SHA256 = "0b6e4aa86ebf446cd5144c44668bb914a74149c0011d714e1fbd4bbeb9afcfe9"

DTYPE = torch.float32
INPUTS: dict[str, tuple[Any, ...]] = {"words": ("B", "T")}
OUTPUTS: dict[str, tuple[Any, ...]] = {"tags": ("B", "T", 4)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", "T", 4)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "embedding1.W": (50, 8),
    "lstm1.Wx": (8, 24),
    "lstm1.Wh": (6, 24),
    "lstm1.b": (24,),
    "lstm1.reverse.Wx": (8, 24),
    "lstm1.reverse.Wh": (6, 24),
    "lstm1.reverse.b": (24,),
    "attention1.Wqkv": (12, 36),
    "attention1.bqkv": (36,),
    "attention1.Wo": (12, 12),
    "attention1.bo": (12,),
    "tags.W": (12, 4),
    "tags.b": (4,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 1796
# Weight decay is for these only.
DECAYED: tuple[str, ...] = (
    "lstm1.Wx",
    "lstm1.Wh",
    "lstm1.reverse.Wx",
    "lstm1.reverse.Wh",
    "attention1.Wqkv",
    "attention1.Wo",
    "tags.W",
)
LOSSES: dict[str, str] = {"crossentropy": "crossentropy"}
# Class ids of targets that count for nothing.
IGNORED: dict[str, int] = {"target": 0}
TRAIN: dict[str, Any] = {
    "weights": "rows",
    "optimizer": "lion",
    "lr": 0.001,
    "beta1": 0.9,
    "beta2": 0.99,
    "weight_decay": 0.1,
    "decay": "weights",
}
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
    """tags (B, T, 4) from words (B, T).

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

    def forward(
        self, x: Any, target: Any = None, *, lengths: Any = None, weights: Any = None
    ) -> Any:
        """tags (B, T, 4) from words (B, T); with a target, the loss instead."""
        x = as_ids("words", x, ("T",), self.like)
        lengths = as_lengths("lengths", lengths, x)
        B = x.shape[0]
        T = x.shape[1]

        # tagger.nn:2  input T int ragged
        words_data = mask_steps(x, lengths, axis=1)  # (B, T)  zeros in place of padding

        # tagger.nn:2  embedding 50 8
        embedding1 = F.embedding(words_data, self.embedding1.W)  # (B, T, 8)  y = W[id]

        # tagger.nn:2  lstm 6 return=all bidirectional=true
        # (B, T, 12)  h after every step
        lstm1 = torch.cat(
            [
                lstm(embedding1, self.lstm1.Wx, self.lstm1.Wh, self.lstm1.b, lengths=lengths),
                lstm(
                    embedding1,
                    self.lstm1.reverse.Wx,
                    self.lstm1.reverse.Wh,
                    self.lstm1.reverse.b,
                    lengths=lengths,
                    reverse=True,
                ),
            ],
            dim=2,
        )

        # tagger.nn:3  attention 2
        # (B*T, 36)  [q k v] = x Wqkv + b
        attention1_qkv = lstm1.reshape(-1, 12) @ self.attention1.Wqkv + self.attention1.bqkv
        # (B, 2, T, 6)  q by heads
        attention1_q = attention1_qkv[:, 0:12].reshape(B, T, 2, 6).transpose(1, 2)
        # (B, 2, T, 6)  k by heads
        attention1_k = attention1_qkv[:, 12:24].reshape(B, T, 2, 6).transpose(1, 2)
        # (B, 2, T, 6)  v by heads
        attention1_v = attention1_qkv[:, 24:36].reshape(B, T, 2, 6).transpose(1, 2)
        # (B, 2, T, 6)  softmax(q kᵀ / √(D/heads)) v, each query's mean of v
        attention1_mixed = F.scaled_dot_product_attention(
            attention1_q,
            attention1_k,
            attention1_v,
            attn_mask=seen(attention1_q, attention1_k, lengths, causal=False),
        )
        # (B*T, 12)  the heads side by side
        attention1_rows = attention1_mixed.transpose(1, 2).reshape(-1, 12)

        # tagger.nn:3  dense 4 softmax
        # (B, T, 4)  z = x W + b
        tags_z = (
            (attention1_rows @ self.attention1.Wo + self.attention1.bo) @ self.tags.W + self.tags.b
        ).reshape(B, T, 4)
        tags = F.softmax(tags_z, dim=-1)  # (B, T, 4)  a = exp(z) / Σ exp(z)
        y = mask_steps(tags, lengths, axis=1)  # (B, T, 4)  zeros in place of padding
        if target is None:
            return y

        weights = as_row_weights(weights, B, self.like)
        target = as_classes("target", target, (B, T, 4), self.like, ignore=0, lengths=lengths)
        # tagger.nn:5  loss crossentropy ignore=0
        counts = target.sum(2)  # (B, T)  1, and 0 where the target is ignored
        crossentropy_sum = mask_steps(counts * weights.reshape(-1, 1), lengths, axis=1).sum()
        # L = −Σ t·log softmax(z), mean over the rows that are not ignored, each row by its weight
        crossentropy_loss = mask_steps(
            crossentropy(tags_z, target) * counts * weights.reshape(-1, 1), lengths, axis=1
        ).sum() / (crossentropy_sum + (crossentropy_sum == 0).to(self.like.dtype))
        return crossentropy_loss


# --- training -----------------------------------------------------------------------------


class Lion(torch.optim.Optimizer):
    """lion, which torch.optim has not in this form (tagger.nn:7  optimizer lion lr=1e-3
    weight_decay=0.1 decay=weights).

    p ← p − lr·(sign(β₁m + (1 − β₁)g) + λp); m ← β₂m + (1 − β₂)g
    """

    def __init__(self, groups: Any, lr: float) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.1})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step of every parameter that has a gradient."""
        for group in self.param_groups:
            rate = group["lr"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                kept = self.state[p]
                if not kept:
                    kept.update(m=torch.zeros_like(p))
                g, m = p.grad, kept["m"]
                decay = group["weight_decay"]
                d = torch.sign(0.9 * m + (1 - 0.9) * g)  # d = sign(β₁ m + (1 − β₁) g)
                p[...] = p * (1 - decay * rate) - d * rate  # p ← p − rate · d
                m += (1 - 0.99) * (g - m)  # m ← β m + (1 − β) g


def init_optimizer(network: nn.Module) -> torch.optim.Optimizer:
    """lion (tagger.nn:7  optimizer lion lr=1e-3 weight_decay=0.1 decay=weights) for all that is
    trained; opt.state_dict() has all that it remembers."""
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    # In DistributedDataParallel a parameter is called `module.NAME`.
    decayed = {name for name in trained if {name, name.partition(".")[2]} & set(DECAYED)}
    groups = [
        {"params": [p for name, p in trained.items() if name in decayed]},
        {"params": [p for name, p in trained.items() if name not in decayed], "weight_decay": 0.0},
    ]
    rate = TRAIN.get("lr", 0.0)  # every step sets its own
    return Lion(groups, lr=rate)


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
    network: nn.Module,
    x: Any,
    target: Any,
    opt: torch.optim.Optimizer,
    lr: float | None = None,
    *,
    lengths: Any = None,
    weights: Any = None,
) -> float:
    """Forward, loss, gradient and one step of the optimizer; gives the loss before the step."""
    network.train()
    opt.zero_grad()
    loss = network(x, target, lengths=lengths, weights=weights)
    loss.backward()
    optimizer_step(opt, lr)
    return float(loss.detach())


# --- using the trained network ------------------------------------------------------------


@torch.no_grad()
def predict(network: nn.Module, x: Any, *, lengths: Any = None) -> Any:
    """tags (B, T, 4) from words (B, T)."""
    was_training = network.training
    network.eval()
    try:
        return network(x, lengths=lengths)
    finally:
        network.train(was_training)


# --- parameters ---------------------------------------------------------------------------


def init_params(seed: int = 0) -> dict[str, Tensor]:
    """Fresh parameters. Every tensor draws from a stream of its own, given by seed and name."""
    return {
        "embedding1.W": uniform(seed, "embedding1.W", 50, 8) * math.sqrt(6 / (50 + 8)),
        "lstm1.Wx": uniform(seed, "lstm1.Wx", 8, 24) * math.sqrt(6 / (8 + 6)),
        "lstm1.Wh": uniform(seed, "lstm1.Wh", 6, 24) * math.sqrt(6 / (6 + 6)),
        "lstm1.b": torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat_interleave(6),
        "lstm1.reverse.Wx": uniform(seed, "lstm1.reverse.Wx", 8, 24) * math.sqrt(6 / (8 + 6)),
        "lstm1.reverse.Wh": uniform(seed, "lstm1.reverse.Wh", 6, 24) * math.sqrt(6 / (6 + 6)),
        "lstm1.reverse.b": torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat_interleave(6),
        "attention1.Wqkv": uniform(seed, "attention1.Wqkv", 12, 36) * math.sqrt(6 / (12 + 36)),
        "attention1.bqkv": torch.zeros(36),
        "attention1.Wo": uniform(seed, "attention1.Wo", 12, 12) * math.sqrt(6 / (12 + 12)),
        "attention1.bo": torch.zeros(12),
        "tags.W": uniform(seed, "tags.W", 12, 4) * math.sqrt(6 / (12 + 4)),
        "tags.b": torch.zeros(4),
    }


def stream(seed: int, name: str) -> torch.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def uniform(seed: int, name: str, *shape: int) -> Tensor:
    """Numbers between -1 and 1."""
    return 2 * torch.rand(shape, generator=stream(seed, name), dtype=torch.float64) - 1


# --- functions ----------------------------------------------------------------------------


def crossentropy(z: Tensor, target: Tensor) -> Tensor:
    """-sum(t * log(softmax(z))) of each row."""
    log_p = F.log_softmax(z, dim=-1)
    # -inf times a class's share of 0 would be NaN
    return -(target * log_p.clamp(min=torch.finfo(z.dtype).min)).sum(-1)


def check_shape(what: str, x: Tensor, shape: tuple[Any, ...]) -> None:
    """Refuse another number of axes, or other sizes than the numbers in `shape`."""
    fits = x.dim() == len(shape) + 1 and all(
        m == n for m, n in zip(x.shape[1:], shape) if isinstance(n, int)
    )
    if not fits:
        expected = ", ".join(map(str, ("B", *shape))) + ("" if shape else ",")
        raise ValueError(f"{what}: expected shape ({expected}), found {tuple(x.shape)}")


def as_ids(what: str, value: Any, shape: tuple[Any, ...], like: Tensor) -> Tensor:
    """Whole numbers of shape (B, *shape), on the device of `like`."""
    x = torch.as_tensor(value, device=like.device)
    if x.is_floating_point() or x.is_complex():
        raise ValueError(f"{what}: expected whole numbers, found {x.dtype}")
    check_shape(what, x, shape)
    return x.long()


def as_lengths(what: str, value: Any, x: Tensor) -> Tensor:
    """The lengths of the rows of x (B, T, ...), whole numbers from 1 to T."""
    if value is None:
        raise ValueError(f"{what}: needed, the number of positions of each row")
    lengths = torch.as_tensor(value, device=x.device).long()
    if lengths.shape != x.shape[:1]:
        raise ValueError(f"{what}: expected one for each row, found shape {tuple(lengths.shape)}")
    if not torch.compiler.is_compiling():
        low, high = int(lengths.min()), int(lengths.max())
        if low < 1 or high > x.shape[1]:
            raise ValueError(f"{what}: must lie in 1..{x.shape[1]}, found {low}..{high}")
    return lengths


def as_classes(
    what: str,
    value: Any,
    shape: tuple[int, ...],
    like: Tensor,
    ignore: int | None = None,
    lengths: Tensor | None = None,
    axis: int = 1,
) -> Tensor:
    """Rows of probabilities, one a class, from class ids or from such rows."""
    target = torch.as_tensor(value, device=like.device)
    if lengths is not None and target.shape in (shape, shape[:-1]):
        target = mask_steps(target, lengths, axis)
        if target.shape == shape:  # a class for padding, so that no row sums to 0
            rest = ~steps_of(target[..., 0], lengths, axis)
            target = torch.cat([target[..., :1] + rest[..., None], target[..., 1:]], dim=-1)
    if target.shape == shape:
        target = target.to(like.dtype)
        return target / target.sum(-1, keepdim=True)
    return one_hot(what, target, shape, like, ignore)


def as_row_weights(value: Any, rows: int, like: Tensor) -> Tensor:
    """A weight of each row; where none are given every row counts 1."""
    if value is None:
        return like.new_ones(rows)
    weights = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if weights.shape != (rows,):
        raise ValueError(
            f"weights: expected shape ({rows},), one number a row, found {tuple(weights.shape)}"
        )
    return weights


def one_hot(
    what: str, ids: Tensor, shape: tuple[int, ...], like: Tensor, ignore: int | None = None
) -> Tensor:
    """Rows of that shape with a 1 at each class id, and 0 elsewhere; of an id to ignore all 0."""
    if ids.shape != shape[:-1] or ids.is_floating_point():
        raise ValueError(
            f"{what}: expected class ids of shape {shape[:-1]} or rows of shape {shape}, "
            f"found {ids.dtype} of shape {tuple(ids.shape)}"
        )
    counted = torch.ones_like(ids, dtype=torch.bool) if ignore is None else ids != ignore
    rows = F.one_hot(torch.where(counted, ids, torch.zeros_like(ids)).long(), shape[-1])
    return (rows * counted[..., None]).to(like.dtype)


def steps_of(x: Tensor, lengths: Tensor, axis: int) -> Tensor:
    """Where x holds data: position < length along an axis, to be broadcast against x."""
    shape = [1] * x.dim()
    shape[axis] = x.shape[axis]
    position = torch.arange(x.shape[axis], device=x.device).reshape(shape)
    return position < lengths.reshape(-1, *[1] * (x.dim() - 1))


def mask_steps(x: Tensor, lengths: Tensor, axis: int = 1) -> Tensor:
    """x with zeros beyond each row's length (chosen, not multiplied: padding may be NaN)."""
    return torch.where(steps_of(x, lengths, axis), x, torch.zeros_like(x))


def seen(q: Tensor, k: Tensor, lengths: Tensor, *, causal: bool) -> Tensor:
    """Which keys (last axis) a query (the axis before) may see: none beyond the length of the row.

    Causal: no key behind the query.
    """
    queries, keys = (torch.arange(x.shape[2], device=x.device) for x in (q, k))
    inside = (keys < lengths[:, None])[:, None, None]
    return inside & (keys <= queries[:, None]) if causal else inside


def lstm(
    x: Tensor,
    Wx: Tensor,
    Wh: Tensor,
    b: Tensor | None = None,
    *,
    lengths: Tensor | None = None,
    reverse: bool = False,
) -> Tensor:
    """The state after every step, (B, T, H), as nn.LSTM computes it.

    z = x_t Wx + b + h Wh; i, f, o = sigmoid(z), g = tanh(z); c = f c + i g; h = o tanh(c).
    """
    weights = [Wx.T, Wh.T] if b is None else [Wx.T, Wh.T, b, torch.zeros_like(b)]
    h = c = x.new_zeros(1, x.shape[0], Wh.shape[0])
    x = in_reverse(x, lengths) if reverse else x
    states = torch.lstm(x, (h, c), weights, b is not None, 1, 0.0, False, False, True)[0]
    states = in_reverse(states, lengths) if reverse else states
    return states if lengths is None else mask_steps(states, lengths)


def in_reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Every row of x (B, T, ...) from its own last step to its first; padding stays behind it."""
    if lengths is None:
        return x.flip(1)
    t, last = torch.arange(x.shape[1], device=x.device), lengths[:, None] - 1
    steps = torch.where(t <= last, last - t, t)
    return x.gather(1, steps[..., None].expand_as(x))


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
