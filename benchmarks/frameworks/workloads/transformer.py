"""W10: a causal transformer of two blocks that guesses the next token."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workload import Array, Batch, Params, Product, Workload, aims, dense_products
from .by_hand import crossentropy, dense_back, normed, normed_dx, softmax

BATCH, STEPS, WIDTH, HEADS, VOCABULARY = 16, 64, 64, 4, 64
SIZE = WIDTH // HEADS

SPEC = f"""\
block transformer = [id, layernorm -> attention {HEADS} causal=true] -> add
  -> [id, layernorm -> dense {4 * WIDTH} gelu(approx=tanh) -> dense {WIDTH}] -> add
input {STEPS} int -> embedding {VOCABULARY} {WIDTH} -> positional -> transformer * 2 -> layernorm
  -> dense {VOCABULARY} softmax
loss crossentropy
"""


def draw(rng: np.random.Generator) -> Batch:
    """Tokens, and the one after each."""
    tokens = rng.integers(0, VOCABULARY, (BATCH, STEPS + 1))
    return tokens[:, :-1].copy(), tokens[:, 1:].copy()


def positions() -> Array:
    """(STEPS, WIDTH): sines at even columns, cosines at odd ones."""
    angles = np.arange(STEPS)[:, None] / 10000 ** (np.arange(0, WIDTH, 2) / WIDTH)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(STEPS, -1).astype("f4")


def torch_model() -> Any:
    """Blocks around scaled_dot_product_attention."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
            self.out = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            b, t, _ = x.shape
            q, k, v = self.qkv(x).view(b, t, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(b, t, WIDTH))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gather = nn.Sequential(nn.LayerNorm(WIDTH), Attention())
            self.work = nn.Sequential(
                nn.LayerNorm(WIDTH),
                nn.Linear(WIDTH, 4 * WIDTH),
                nn.GELU(approximate="tanh"),
                nn.Linear(4 * WIDTH, WIDTH),
            )

        def forward(self, x: Any) -> Any:
            x = x + self.gather(x)
            return x + self.work(x)

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, WIDTH)
            self.register_buffer("positions", torch.from_numpy(positions()))
            self.blocks = nn.Sequential(Block(), Block(), nn.LayerNorm(WIDTH))
            self.dense = nn.Linear(WIDTH, VOCABULARY)

        def forward(self, tokens: Any) -> Any:
            return self.dense(self.blocks(self.embedding(tokens) + self.positions))

    return Network()


def jax_logits(params: Any, tokens: Any) -> Any:
    """The same, attention as products and a softmax."""
    import jax
    from jax import numpy as jnp

    def norm(x: Any, gamma: Any, beta: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scale = jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return centred * scale * gamma + beta

    def attention(x: Any, wqkv: Any, bqkv: Any, wo: Any, bo: Any) -> Any:
        b, t, _ = x.shape
        q, k, v = (x @ wqkv + bqkv).reshape(b, t, 3, HEADS, SIZE).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(2, 3) / SIZE**0.5
        seen = jnp.tril(jnp.ones((t, t), bool))
        y = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf)) @ v
        return y.transpose(0, 2, 1, 3).reshape(b, t, WIDTH) @ wo + bo

    table, *values = params.values()
    x = table[tokens] + positions()
    for at in (0, 12):
        part = values[at : at + 12]
        x = x + attention(norm(x, *part[:2]), *part[2:6])
        wide = jax.nn.gelu(norm(x, *part[6:8]) @ part[8] + part[9], approximate=True)
        x = x + wide @ part[10] + part[11]
    gamma, beta, w, b = values[24:]
    return norm(x, gamma, beta) @ w + b


ROOT = np.float32(np.sqrt(2 / np.pi))
MASK = np.triu(np.full((STEPS, STEPS), -np.inf, np.float32), 1)


def split(x: Array) -> Array:
    """(B, HEADS, T, SIZE) from (B, T, WIDTH)."""
    return x.reshape(*x.shape[:2], HEADS, SIZE).transpose(0, 2, 1, 3)


def merge(x: Array) -> Array:
    """The way back."""
    b, _, t, _ = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, t, WIDTH)


def block_forward(p: list[Array], x: Array) -> tuple[Array, tuple[Any, ...]]:
    """A block's output, and what its backward pass needs."""
    n1, s1 = normed(x, (-1,))
    a = n1 * p[0] + p[1]
    q, k, v = (split(part) for part in np.split(a @ p[2] + p[3], 3, axis=-1))
    weights = softmax(q @ k.swapaxes(2, 3) / np.float32(SIZE**0.5) + MASK)
    heads = merge(weights @ v)
    x = x + heads @ p[4] + p[5]
    n2, s2 = normed(x, (-1,))
    m = n2 * p[6] + p[7]
    z = m @ p[8] + p[9]
    t = np.tanh(ROOT * (z + np.float32(0.044715) * z * z * z))
    wide = np.float32(0.5) * z * (1 + t)
    kept = (n1, s1, a, q, k, v, weights, heads, n2, s2, m, z, t, wide)
    return x + wide @ p[10] + p[11], kept


def block_backward(p: list[Array], kept: tuple[Any, ...], dx: Array) -> tuple[Array, list[Array]]:
    """dx by the block's input, and the gradients in the order of the parameters."""
    n1, s1, a, q, k, v, weights, heads, n2, s2, m, z, t, wide = kept
    dw2, db2 = dense_back(dx, wide)
    slope = ROOT * (1 + np.float32(3 * 0.044715) * z * z)
    dz = (dx @ p[10].T) * np.float32(0.5) * (1 + t + z * (1 - t * t) * slope)
    dw1, db1 = dense_back(dz, m)
    dm = dz @ p[8].T
    dg2, dbeta2 = (dm * n2).sum(axis=(0, 1)), dm.sum(axis=(0, 1))
    dx = dx + normed_dx(dm * p[6], n2, s2, (-1,))
    dwo, dbo = dense_back(dx, heads)
    dheads = split(dx @ p[4].T)
    dv = weights.swapaxes(2, 3) @ dheads
    dweights = dheads @ v.swapaxes(2, 3)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    dscores = dscores / np.float32(SIZE**0.5)
    dq, dk = dscores @ k, dscores.swapaxes(2, 3) @ q
    dqkv = np.concatenate([merge(dq), merge(dk), merge(dv)], axis=-1)
    dwqkv, dbqkv = dense_back(dqkv, a)
    da = dqkv @ p[2].T
    dg1, dbeta1 = (da * n1).sum(axis=(0, 1)), da.sum(axis=(0, 1))
    dx = dx + normed_dx(da * p[0], n1, s1, (-1,))
    return dx, [dg1, dbeta1, dwqkv, dbqkv, dwo, dbo, dg2, dbeta2, dw1, db1, dw2, db2]


def by_hand(params: Params, tokens: Array, target: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients."""
    table, *values = params.values()
    x = table[tokens] + positions()
    x, kept1 = block_forward(values[:12], x)
    x, kept2 = block_forward(values[12:24], x)
    gamma, beta, w, b = values[24:]
    n, scale = normed(x, (-1,))
    y = n * gamma + beta
    loss, dz = crossentropy(y @ w + b, target)
    dw, db = dense_back(dz, y)
    dy = dz @ w.T
    last = [(dy * n).sum(axis=(0, 1)), dy.sum(axis=(0, 1)), dw, db]
    dx, second = block_backward(values[12:24], kept2, normed_dx(dy * gamma, n, scale, (-1,)))
    dx, first = block_backward(values[:12], kept1, dx)
    dtable = np.zeros_like(table)
    np.add.at(dtable, tokens, dx)
    return loss, dict(zip(params, [dtable, *first, *second, *last], strict=True))


def products() -> list[Product]:
    """Of dense layers over all positions, and of heads in batches."""
    rows, heads = BATCH * STEPS, BATCH * HEADS
    block = [
        *dense_products(rows, WIDTH, 3 * WIDTH, data=False),
        *3 * [Product(STEPS, SIZE, STEPS, batch=heads)],
        *3 * [Product(STEPS, STEPS, SIZE, batch=heads)],
        *dense_products(rows, WIDTH, WIDTH, data=False),
        *dense_products(rows, WIDTH, 4 * WIDTH, WIDTH, data=False),
    ]
    return 2 * block + dense_products(rows, WIDTH, VOCABULARY, data=False)


WORKLOADS = (
    Workload(
        name="W10",
        title="causal transformer, 2 blocks, d 64, 4 heads, T 64, batch 16",
        spec=SPEC,
        draw=draw,
        torch={"": torch_model},
        jax=jax_logits,
        by_hand=by_hand,
        products=products(),
        aims=aims(1.5, 1.0, 1.0),
    ),
)
