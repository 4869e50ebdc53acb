"""Normalisation, attention, positions and noise against PyTorch, over random arguments.

`NNC_ORACLE_DRAWS=50` draws that many specs a layer. A draw that PyTorch itself cannot compute to
the tolerance in float32 is left out in that width, and counted.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from nnc.driver import Options, compile_source
from nnc.source import Source
from torch import Tensor, nn

from .draws import error
from .generated import TARGET, TOLERANCE, load

DRAWS = int(os.environ.get("NNC_ORACLE_DRAWS", "8"))
ACTIVATIONS = {"": lambda z: z, "tanh": torch.tanh, "sigmoid": torch.sigmoid}

Params = dict[str, Tensor]
Reference = Callable[[Params, Tensor, bool], Tensor]


@dataclass
class Case:
    """One spec of one layer: `reference` computes its value before the activation, by PyTorch.

    `sizes` are the numbers of a row's axes, `written` how the spec gives them; `state` starts
    the running statistics. A `constant` layer normalises single values, so that its gradient by
    x and gamma is zero, of which PyTorch leaves rounding errors.
    """

    stage: str
    sizes: tuple[int, ...]
    written: str
    params: dict[str, tuple[int, ...]]
    reference: Reference
    batch: int
    activation: str = ""
    ragged: bool = False
    state: dict[str, np.ndarray] = field(default_factory=dict)
    train: bool = False
    constant: bool = False
    seen: tuple[str, ...] = ()

    def spec(self, dtype: str) -> str:
        """The text of the program."""
        ragged = " ragged" if self.ragged else ""
        return (
            f"input {self.written}{ragged} -> {self.stage} {self.activation}\n"
            f"loss mse\ndtype {dtype}\n"
        )


@dataclass
class Answer:
    """What comes out of a case: value, prediction, loss and every gradient."""

    y: np.ndarray
    predicted: np.ndarray
    loss: float
    grads: dict[str, np.ndarray]
    state: dict[str, np.ndarray]


@dataclass
class Data:
    """Numbers for a case, in float64."""

    x: np.ndarray
    target: np.ndarray
    lengths: np.ndarray | None
    params: dict[str, np.ndarray]


def draw_data(case: Case, rng: np.random.Generator) -> Data:
    x = rng.standard_normal((case.batch, *case.sizes)) * rng.uniform(0.5, 2) + rng.normal()
    lengths = rng.integers(1, case.sizes[0] + 1, case.batch) if case.ragged else None
    params = {name: rng.standard_normal(shape) for name, shape in case.params.items()}
    return Data(x, rng.standard_normal(x.shape), lengths, params)


def mask_of(case: Case, lengths: np.ndarray) -> Tensor:
    """Where rows hold data, to be broadcast against a value of the case."""
    inside = np.arange(case.sizes[0]) < lengths[:, None]
    return torch.tensor(inside.reshape(*inside.shape, *[1] * (len(case.sizes) - 1)))


def by_torch(case: Case, data: Data, dtype: torch.dtype) -> Answer:
    params = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in data.params.items()}
    x = torch.tensor(data.x, dtype=dtype, requires_grad=True)
    state = {k: torch.tensor(v, dtype=dtype) for k, v in case.state.items()}

    def value(train: bool) -> Tensor:
        given = {**params, **state}
        if data.lengths is not None:
            given["lengths"] = torch.tensor(data.lengths)
        return ACTIVATIONS[case.activation](case.reference(given, x, train))

    with torch.no_grad():
        predicted = value(False)
    y = value(case.train)
    difference = (y - torch.tensor(data.target, dtype=dtype)) ** 2
    if data.lengths is None:
        loss = difference.mean()
    else:
        mask = mask_of(case, data.lengths)
        y, predicted = y * mask, predicted * mask
        loss = (difference * mask).sum() / (mask.sum() * np.prod(case.sizes[1:]))
    loss.backward()
    grads = {k: v.grad.double().numpy() for k, v in {**params, "x": x}.items()}
    if case.constant:
        grads |= {k: np.zeros_like(grads[k]) for k in ("gamma", "x")}
    return Answer(
        y.detach().double().numpy(),
        predicted.double().numpy(),
        loss.item(),
        grads,
        {k: v.double().numpy() for k, v in state.items()},
    )


def by_module(case: Case, data: Data, dtype: str, level: int) -> Answer:
    source = Source("case.nn", case.spec(dtype))
    module = load(
        compile_source(
            source, Options(level=level, format=False, target=TARGET, emit=("input-gradient",))
        ).code
    )
    name = case.stage.split()[0]
    params = {f"{name}1.{k}": v.astype(dtype) for k, v in data.params.items()}
    assert list(module.PARAM_SHAPES) == list(params)
    x = data.x.astype(dtype)
    keywords: dict = {}
    if data.lengths is not None:
        keywords["lengths"] = data.lengths
        x[~mask_of(case, data.lengths).expand(x.shape).numpy()] = np.nan
    if case.state:
        keywords["state"] = {f"{name}1.{k}": v.astype(dtype) for k, v in case.state.items()}
    predicted = module.predict(params, x, **keywords)
    if case.state:
        keywords["train"] = case.train
    kept = {k: np.array(v) for k, v in keywords.get("state", {}).items()}
    y, cache = module.forward(params, x, **keywords)
    loss = module.loss(params, cache, data.target)
    grads = {k: np.array(v) for k, v in module.backward(params, cache, data.target).items()}
    again = module.backward(params, cache, data.target)
    assert all((grads[k] == again[k]).all() for k in grads)
    state = {k: np.array(v) for k, v in keywords.get("state", {}).items()}
    if case.state:
        keywords["state"] = kept
    dx = module.input_gradient(params, x, data.target, **keywords)
    short = {k.partition(".")[2]: v for k, v in {**grads}.items()}
    return Answer(
        y, predicted, loss, {**short, "x": dx}, {k.partition(".")[2]: v for k, v in state.items()}
    )


def apart(got: Answer, want: Answer) -> tuple[float, str]:
    """The largest error of anything, and whose it is."""
    floor = 1e-4 * max(float(np.abs(g).max()) for g in want.grads.values())
    assert got.grads.keys() == want.grads.keys()
    assert got.state.keys() == want.state.keys()
    errors = {
        "y": error(got.y, want.y),
        "predict": error(got.predicted, want.predicted),
        "loss": error(np.array(got.loss), np.array(want.loss)),
        **{f"gradient {k}": error(got.grads[k], g, floor) for k, g in want.grads.items()},
        **{k: error(got.state[k], v) for k, v in want.state.items()},
    }
    return max((e, name) for name, e in errors.items())


# --- what is drawn ------------------------------------------------------------------------


def sizes_for(rng: np.random.Generator, rank: int) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, 8, rank))


def number(value: float) -> str:
    return f"{value:.4g}"


def written(sizes: tuple[int, ...], symbols: dict[int, str]) -> str:
    return "x".join(symbols.get(i, str(n)) for i, n in enumerate(sizes))


def option(rng: np.random.Generator, name: str, value: object) -> str:
    """The argument, left out in a third of the draws."""
    return f" {name}={value}" if rng.random() < 2 / 3 else ""


def given(text: str, name: str, default: float) -> float:
    """The number that a stage's text gives to an argument."""
    found = [w.partition("=")[2] for w in text.split() if w.startswith(f"{name}=")]
    return float(found[0]) if found else default


def random_eps(rng: np.random.Generator) -> str:
    return option(rng, "eps", number(10 ** rng.uniform(-5, -0.5)))


def batchnorm_case(rng: np.random.Generator) -> Case:
    sizes = sizes_for(rng, int(rng.integers(1, 4)))
    stage = f"batchnorm{option(rng, 'momentum', number(rng.uniform(0, 1)))}{random_eps(rng)}"
    momentum, eps = given(stage, "momentum", 0.1), given(stage, "eps", 1e-5)
    symbols = {i: "TS"[i - 1] for i in range(1, len(sizes)) if rng.random() < 0.4}
    channels, batch = sizes[0], int(rng.integers(1, 7))
    train = bool(rng.random() < 0.7)
    if train and batch * int(np.prod(sizes[1:])) == 1:
        batch = 3

    def reference(p: Params, x: Tensor, training: bool) -> Tensor:
        mean, var = (p[k] if training else p[k].clone() for k in ("running_mean", "running_var"))
        return nn.functional.batch_norm(
            x, mean, var, p["gamma"], p["beta"], training, momentum, eps
        )

    return Case(
        stage,
        sizes,
        written(sizes, symbols),
        {"gamma": (channels,), "beta": (channels,)},
        reference,
        batch,
        state={
            "running_mean": rng.standard_normal(channels),
            "running_var": rng.uniform(0.2, 3, channels),
        },
        train=train,
        seen=(f"rank {len(sizes)}", "train" if train else "eval", f"batch 1: {batch == 1}"),
    )


def feature_case(rng: np.random.Generator, kind: str) -> Case:
    sizes = sizes_for(rng, int(rng.integers(1, 4)))
    stage = f"{kind}{random_eps(rng)}"
    eps = given(stage, "eps", 1e-5)
    ragged = len(sizes) > 1 and bool(rng.random() < 0.3)
    symbols = {0: "T"} if len(sizes) == 2 and rng.random() < 0.7 else {}
    shape = sizes[-1:]

    def reference(p: Params, x: Tensor, _: bool) -> Tensor:
        if kind == "rmsnorm":
            return nn.functional.rms_norm(x, shape, p["gamma"], eps)
        return nn.functional.layer_norm(x, shape, p["gamma"], p["beta"], eps)

    params = {"gamma": shape} if kind == "rmsnorm" else {"gamma": shape, "beta": shape}
    return Case(
        stage,
        sizes,
        written(sizes, symbols),
        params,
        reference,
        int(rng.integers(1, 6)),
        ragged=ragged,
        constant=kind == "layernorm" and sizes[-1] == 1,
        seen=(f"rank {len(sizes)}", f"ragged {ragged}", f"one feature: {sizes[-1] == 1}"),
    )


def groupnorm_case(rng: np.random.Generator) -> Case:
    sizes = sizes_for(rng, int(rng.integers(1, 4)))
    groups, each = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    sizes = (groups * each, *sizes[1:])
    stage = f"groupnorm {groups}{random_eps(rng)}"
    eps = given(stage, "eps", 1e-5)
    symbols = {i: "TS"[i - 1] for i in range(1, len(sizes)) if rng.random() < 0.4}
    batch = int(rng.integers(1, 6))
    if batch * each * int(np.prod(sizes[1:])) == 1:
        batch = 2  # PyTorch refuses one value in all

    def reference(p: Params, x: Tensor, _: bool) -> Tensor:
        return nn.functional.group_norm(x, groups, p["gamma"], p["beta"], eps)

    channels = {"gamma": sizes[:1], "beta": sizes[:1]}
    seen = (f"rank {len(sizes)}", f"one group: {groups == 1}", f"groups of one: {each == 1}")
    constant = each * int(np.prod(sizes[1:])) == 1
    return Case(
        *(stage, sizes, written(sizes, symbols), channels, reference, batch),
        constant=constant,
        seen=seen,
    )


def attention_case(rng: np.random.Generator) -> Case:
    heads, each, length = (int(n) for n in rng.integers(1, 5, 3))
    size = heads * each
    causal, ragged, bias = (bool(rng.random() < chance) for chance in (0.5, 0.4, 0.7))
    stage = f"attention {heads}{' causal=true' * causal}{' bias=false' * (not bias)}"

    def reference(p: Params, x: Tensor, _: bool) -> Tensor:
        made = nn.MultiheadAttention(size, heads, bias=bias, batch_first=True, dtype=x.dtype)
        weights = {"in_proj_weight": p["Wqkv"].T, "out_proj.weight": p["Wo"].T}
        if bias:
            weights |= {"in_proj_bias": p["bqkv"], "out_proj.bias": p["bo"]}
        behind = ~torch.ones(length, length, dtype=torch.bool).tril() if causal else None
        padding = None
        if ragged:
            padding = torch.arange(length) >= p["lengths"][:, None]
            x = torch.where(padding[..., None], 0, x)
        words = {"attn_mask": behind, "key_padding_mask": padding, "need_weights": False}
        return torch.func.functional_call(made, weights, (x, x, x), words)[0]

    params = {"Wqkv": (size, 3 * size), "bqkv": (3 * size,), "Wo": (size, size), "bo": (size,)}
    params = params if bias else {k: v for k, v in params.items() if k.startswith("W")}
    open_length = {0: "T"} if rng.random() < 0.7 else {}
    return Case(
        stage,
        (length, size),
        written((length, size), open_length),
        params,
        reference,
        int(rng.integers(1, 5)),
        ragged=ragged,
        seen=(
            *(f"causal {causal}", f"ragged {ragged}", f"bias {bias}"),
            *(f"one head: {heads == 1}", f"T 1: {length == 1}", f"symbolic: {bool(open_length)}"),
        ),
    )


def positional_case(rng: np.random.Generator) -> Case:
    length, size = sizes_for(rng, 2)
    learned, ragged = bool(rng.random() < 0.5), bool(rng.random() < 0.3)
    most = length + int(rng.integers(0, 4))
    symbols = {0: "T"} if rng.random() < 0.7 else {}
    stage = "positional"
    if learned:
        stage += f" learned=true{f' max={most}' if symbols or most > length else ''}"

    def reference(p: Params, x: Tensor, _: bool) -> Tensor:
        if learned:
            return x + nn.functional.embedding(torch.arange(length), p["W"])
        table = torch.empty(length, size, dtype=torch.float64)
        for t in range(length):
            for column in range(size):
                angle = torch.tensor(t / 10000 ** (2 * (column // 2) / size), dtype=torch.float64)
                table[t, column] = torch.cos(angle) if column % 2 else torch.sin(angle)
        return x + table.to(x.dtype)

    return Case(
        stage,
        (length, size),
        written((length, size), symbols),
        {"W": (most, size)} if learned else {},
        reference,
        int(rng.integers(1, 5)),
        ragged=ragged,
        seen=(
            f"learned {learned}",
            f"ragged {ragged}",
            f"odd D: {size % 2 == 1}",
            f"T 1: {length == 1}",
        ),
    )


MAKERS: dict[str, Callable[[np.random.Generator], Case]] = {
    "batchnorm": batchnorm_case,
    "layernorm": lambda rng: feature_case(rng, "layernorm"),
    "rmsnorm": lambda rng: feature_case(rng, "rmsnorm"),
    "groupnorm": groupnorm_case,
    "attention": attention_case,
    "positional": positional_case,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_layer_agrees_with_torch(kind: str) -> None:
    coverage: Counter[str] = Counter()
    compared, left_out = 0, 0
    for number_ in range(DRAWS):
        rng = np.random.default_rng([sorted(MAKERS).index(kind), number_])
        case = MAKERS[kind](rng)
        case.activation = str(rng.choice(list(ACTIVATIONS)))
        data = draw_data(case, rng)
        want = by_torch(case, data, torch.float64)
        coverage.update((*case.seen, case.activation or "no activation"))
        coverage.update(w.partition("=")[0] for w in case.stage.split()[1:] if "=" in w)
        for dtype, tolerance in TOLERANCE.items():
            narrow = by_torch(case, data, torch.float32)
            if dtype == "float32" and apart(narrow, want)[0] > tolerance / 4:
                left_out += 1
                continue
            compared += 1
            for level in (0, 1):
                off, where = apart(by_module(case, data, dtype, level), want)
                assert off <= tolerance, f"-O{level} {where}: {off:.1e}\n{case.spec(dtype)}"
    print(f"\n{kind}: {compared} compared, {left_out} left out; {dict(sorted(coverage.items()))}")
    assert left_out <= 0.2 * (compared + left_out)


# --- batchnorm in training ----------------------------------------------------------------

DEEP = """
input {shape} -> batchnorm momentum=0.3 eps=0.01 -> flatten -> dense 6 bias=false
      -> batchnorm tanh as norm -> dense 6 -> use norm -> dense 2
loss mse
optimizer sgd lr=0.05 momentum=0.9
dtype float64
"""


NAMES = {
    "batchnorm1.gamma": "first.weight",
    "batchnorm1.beta": "first.bias",
    "dense1.W": "one.weight",
    "norm.gamma": "norm.weight",
    "norm.beta": "norm.bias",
    "dense2.W": "two.weight",
    "dense2.b": "two.bias",
    "dense3.W": "three.weight",
    "dense3.b": "three.bias",
}
STATE = {
    "batchnorm1.running_mean": "first.running_mean",
    "batchnorm1.running_var": "first.running_var",
    "norm.running_mean": "norm.running_mean",
    "norm.running_var": "norm.running_var",
}


class Deep(nn.Module):
    """The same network, its second batchnorm used twice."""

    def __init__(self, channels: int, flat: int, rank: int) -> None:
        super().__init__()
        first = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[rank - 1]
        self.first = first(channels, momentum=0.3, eps=0.01)
        self.one = nn.Linear(flat, 6, bias=False)
        self.norm = nn.BatchNorm1d(6)
        self.two, self.three = nn.Linear(6, 6), nn.Linear(6, 2)
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.norm(self.one(self.first(x).flatten(1))))
        return self.three(torch.tanh(self.norm(self.two(h))))

    def take(self, params: dict[str, np.ndarray]) -> None:
        own = dict(self.named_parameters())
        with torch.no_grad():
            for name, theirs in NAMES.items():
                own[theirs].copy_(torch.tensor(params[name].T))

    def agrees(self, params: dict[str, np.ndarray], state: dict[str, np.ndarray]) -> None:
        held = self.state_dict()
        for name, value in params.items():
            assert error(value, held[NAMES[name]].numpy().T, 1e-4) < 1e-10, name
        for name, value in state.items():
            assert error(value, held[STATE[name]].numpy(), 1e-4) < 1e-10, name


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 4)], ids=str)
def test_twenty_steps_and_running_statistics(shape, level, tmp_path):
    text = DEEP.format(shape="x".join(map(str, shape)))
    module = load(
        compile_source(
            Source("deep.nn", text), Options(level=level, format=False, target=TARGET)
        ).code
    )
    rng = np.random.default_rng(7)
    params, state = module.init_params(1), module.init_state()
    opt = module.init_optimizer(params)
    twin = Deep(shape[0], int(np.prod(shape)), len(shape))
    twin.take(params)
    twin.agrees(params, state)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9)
    x, target = rng.standard_normal((40, *shape)) + 1, rng.standard_normal((40, 2))
    twin.train()
    for step in range(20):
        rows = rng.permutation(40)[: 5 + step % 3]
        optimizer.zero_grad()
        total = ((twin(torch.tensor(x[rows])) - torch.tensor(target[rows])) ** 2).mean()
        total.backward()
        optimizer.step()
        loss = module.train_step(params, x[rows], target[rows], opt, state=state)
        assert loss == pytest.approx(total.item(), rel=1e-10)
    twin.agrees(params, state)
    for start in range(0, 40, 8):
        optimizer.zero_grad()
        some = slice(start, start + 8)
        ((twin(torch.tensor(x[some])) - torch.tensor(target[some])) ** 2).mean().backward()
        optimizer.step()
    module.train_epoch(params, x, target, opt, batch=8, order=range(40), state=state)
    twin.agrees(params, state)
    before = {k: np.array(v) for k, v in state.items()}
    twin.eval()
    want = twin(torch.tensor(x)).detach().numpy()
    assert error(module.predict(params, x, state=state), want) < 1e-10
    assert error(module.forward(params, x, state=state)[0], want) < 1e-10
    module.save_params(tmp_path / "deep.npz", params, state)
    loaded, kept = module.load_params(tmp_path / "deep.npz")
    assert error(module.predict(loaded, x, state=kept), want) < 1e-10
    with np.load(tmp_path / "deep.npz") as file:
        plain = {name: file[name] for name in module.STATE_SHAPES}
    assert error(module.predict(params, x, state=plain), want) < 1e-10
    assert all((state[k] == before[k]).all() for k in state), "prediction changed the statistics"
    module.train_step(loaded, x, target, module.init_optimizer(loaded), state=plain)
    assert any((plain[k] != before[k]).any() for k in plain)


@pytest.mark.parametrize("level", [0, 1])
def test_the_gradient_outside_training_takes_statistics_as_given(level):
    text = "input 4 -> dense 5 -> batchnorm tanh -> dense 2; loss mse; dtype float64"
    module = load(
        compile_source(
            Source("eval.nn", text), Options(level=level, format=False, target=TARGET)
        ).code
    )
    rng = np.random.default_rng(3)
    params = {k: rng.standard_normal(v.shape) for k, v in module.init_params().items()}
    state = {
        "batchnorm1.running_mean": rng.standard_normal(5),
        "batchnorm1.running_var": rng.uniform(0.3, 2, 5),
    }
    x, target = rng.standard_normal((1, 4)), rng.standard_normal((1, 2))
    _, cache = module.forward(params, x, state=state)
    grads = {k: np.array(v) for k, v in module.backward(params, cache, target).items()}
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    z = nn.functional.batch_norm(
        torch.tensor(x) @ leaves["dense1.W"] + leaves["dense1.b"],
        *(torch.tensor(v) for v in state.values()),
        leaves["batchnorm1.gamma"],
        leaves["batchnorm1.beta"],
    )
    y = torch.tanh(z) @ leaves["dense2.W"] + leaves["dense2.b"]
    ((y - torch.tensor(target)) ** 2).mean().backward()
    for name, leaf in leaves.items():
        assert error(grads[name], leaf.grad.numpy(), 1e-6) < 1e-10, name


@pytest.mark.parametrize("kind", ["batchnorm", "layernorm"])
def test_statistics_of_large_batches_are_put_together_from_parts(kind):
    x = 5 + np.random.default_rng(0).standard_normal((7, 3, 50_000))
    text = f"input 3x50000 -> {kind}; loss mse; dtype float64"
    module = load(
        compile_source(Source("wide.nn", text), Options(format=False, target=TARGET)).code
    )
    state = module.init_state() if kind == "batchnorm" else {}
    words = {"state": state, "train": True} if state else {}
    y, _ = module.forward(module.init_params(), x, **words)
    twin = (nn.BatchNorm1d(3) if state else nn.LayerNorm(50_000)).double()
    assert error(y, twin(torch.tensor(x)).detach().numpy()) < 1e-10
    for name, value in state.items():
        assert error(value, twin.state_dict()[name.partition(".")[2]].numpy()) < 1e-10


# --- noise --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1])
def test_noise_is_normal_in_training_and_absent_elsewhere(level):
    text = "input 50 -> noise 0.3 as n -> dense 3 as out\noutput n, out\nloss mse on out\n"
    text += "dtype float64\n"
    module = load(
        compile_source(
            Source("noise.nn", text), Options(level=level, format=False, target=TARGET)
        ).code
    )
    params, rng = module.init_params(1), np.random.default_rng(0)
    x, target = rng.standard_normal((200, 50)), rng.standard_normal((200, 3))
    y, cache = module.forward(params, x, train=True, rng=np.random.default_rng(5))
    noise = np.array(y["n"] - x)
    assert noise.std() == pytest.approx(0.3, rel=0.03)
    assert abs(noise.mean()) < 0.01
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    out = torch.tensor(x + noise) @ leaves["out.W"] + leaves["out.b"]
    loss = ((out - torch.tensor(target)) ** 2).mean()
    loss.backward()
    assert module.loss(params, cache, target) == pytest.approx(loss.item(), rel=1e-12)
    for name, grad in module.backward(params, cache, target).items():
        assert error(grad, leaves[name].grad.numpy()) < 1e-10
    assert (module.forward(params, x)[0]["n"] == x).all()
    assert (module.predict(params, x)["n"] == x).all()
    other, _ = module.forward(params, x, train=True, rng=np.random.default_rng(6))
    assert (other["n"] != x + noise).mean() > 0.99
    with pytest.raises(ValueError, match="rng"):
        module.forward(params, x, train=True)


# --- what is refused at run time ----------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("written", "one"), [("4", (1, 4)), ("4xT", (1, 4, 1)), ("1xTxS", (1, 1, 1, 1))]
)
def test_one_value_is_refused_in_training_before_anything_changes(written, one, level):
    text = f"input {written} -> batchnorm; loss mse; optimizer sgd lr=0.1"
    module = load(
        compile_source(
            Source("one.nn", text), Options(level=level, format=False, target=TARGET)
        ).code
    )
    params, state = module.init_params(), module.init_state()
    opt, x = module.init_optimizer(params), np.ones(one)
    with pytest.raises(ValueError, match=r"batchnorm1 .*two"):
        module.train_step(params, x, x, opt, state=state)
    with pytest.raises(ValueError, match=r"batchnorm1 .*two"):
        module.forward(params, x, state=state, train=True)
    assert all((v == module.init_state()[k]).all() for k, v in state.items())
    assert module.predict(params, x, state=state).shape == one
    assert module.forward(params, x, state=state)[0].shape == one
    more = np.ones((2, *one[1:]))
    module.train_step(params, more, more, opt, state=state)


def test_an_epoch_is_refused_before_its_first_step_if_one_row_would_stand_alone():
    text = "input 4 -> batchnorm -> dense 1; loss mse; optimizer sgd lr=0.1"
    module = load(compile_source(Source("one.nn", text), Options(format=False, target=TARGET)).code)
    params, state = module.init_params(), module.init_state()
    opt, x, t = module.init_optimizer(params), np.ones((7, 4)), np.ones((7, 1))
    for batch in (3, 1):
        with pytest.raises(ValueError, match="7 rows in batches of"):
            module.train_epoch(params, x, t, opt, batch=batch, order=range(7), state=state)
    assert opt["step"] == 0
    module.train_epoch(params, x, t, opt, batch=3, order=range(6), state=state)
    module.train_epoch(params, x, t, opt, batch=4, order=range(7), state=state)


@pytest.mark.parametrize("level", [0, 1])
def test_rows_longer_than_the_learned_positions_are_refused(level):
    text = "input Tx3 -> positional learned=true max=5 -> dense 1; loss mse"
    module = load(
        compile_source(
            Source("long.nn", text), Options(level=level, format=False, target=TARGET)
        ).code
    )
    params = module.init_params()
    assert module.predict(params, np.ones((2, 5, 3))).shape == (2, 5, 1)
    for call in (module.predict, module.forward):
        with pytest.raises(ValueError, match="T is 6"):
            call(params, np.ones((2, 6, 3)))


CHECKED = [
    "input 3x4x5 -> batchnorm relu -> flatten -> dense 2 -> batchnorm; loss mse",
    "input Tx6 ragged -> positional learned=true max=12 -> attention 3 causal=true -> layernorm\n"
    "-> rmsnorm -> dense 2; loss mse",
    "input 6xT -> groupnorm 2 -> noise 0.1; loss mse",
]


@pytest.mark.parametrize("text", CHECKED)
@pytest.mark.parametrize("level", [0, 1])
def test_modules_check_themselves(text, level, monkeypatch):
    module = load(
        compile_source(Source("c.nn", text), Options(level=level, format=False, target=TARGET)).code
    )
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert module.check()
