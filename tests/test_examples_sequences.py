"""Results of the examples over two sequences: reversed strings, questions about stories."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.dataset import Dataset

from .generated import build, spec_text

END, BEGIN, FIRST = 0, 1, 2
LETTERS, LONGEST = 5, 4


def strings() -> list[tuple[int, ...]]:
    """All strings of one to four letters, in random order."""
    letters = range(FIRST, FIRST + LETTERS)
    found = [s for n in range(1, LONGEST + 1) for s in itertools.product(letters, repeat=n)]
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def pairs(some: list[tuple[int, ...]]) -> Dataset:
    """Strings, what the decoder has read at each step, and what it must write there."""
    source = np.zeros((len(some), LONGEST), int)
    answer = np.zeros((len(some), LONGEST + 1), int)
    target = np.zeros_like(answer)
    for i, one in enumerate(some):
        n, turned = len(one), one[::-1]
        source[i, :n], answer[i, 0], answer[i, 1 : n + 1] = one, BEGIN, turned
        target[i, :n], target[i, n] = turned, END
    n = np.array([len(one) for one in some])
    lengths = {"source": n, "answer": n + 1}
    return Dataset({"source": source, "answer": answer}, target, lengths=lengths)


def written(module, params, some: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What the decoder writes when it reads its own letters, up to its END."""
    data = pairs(some)
    answer = np.full((len(some), 1), BEGIN)
    for step in range(1, LONGEST + 2):
        lengths = {"source": data.lengths["source"], "answer": np.full(len(some), step)}
        x = {"source": data.x["source"], "answer": answer}
        best = module.predict(params, x, lengths=lengths)[:, -1].argmax(-1)
        answer = np.concatenate([answer, best[:, None]], axis=1)
    lines = answer[:, 1:].tolist()
    return [tuple(line[: line.index(END)] if END in line else line) for line in lines]


@pytest.mark.parametrize("seed", [0, 1])
def test_seq2seq_writes_strings_backwards_that_it_has_never_seen(seed):
    module, every = build(spec_text("seq2seq")), strings()
    unseen, seen = every[:150], every[150:]
    assert (len(seen), len(unseen)) == (630, 150)
    result = training.train(module, pairs(seen), epochs=module.TRAIN["epochs"], seed=seed)
    right = [
        a == s[::-1] for a, s in zip(written(module, result.params, unseen), unseen, strict=True)
    ]
    assert np.mean(right) >= 0.95


PEOPLE, PLACES, MOST = 3, 4, 6


def stories(rng, count: int) -> Dataset:
    """`mary went kitchen`: the last sentence first; the question is a person, the answer a place."""
    told, asked = np.zeros((count, MOST, 3), int), np.zeros((count, 1), int)
    answer, lengths = np.zeros(count, int), rng.integers(3, MOST + 1, count)
    for row, n in enumerate(lengths):
        people, places = rng.integers(PEOPLE, size=n), rng.integers(PLACES, size=n)
        told[row, :n] = np.stack([people, 3 + rng.integers(2, size=n), 5 + places], axis=1)
        who = rng.choice(people)
        asked[row], answer[row] = who, 5 + places[np.argmax(people == who)]
    return Dataset({"story": told, "question": asked}, answer, lengths=lengths)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_memory_network_finds_where_somebody_is(seed):
    module, rng = build(spec_text("memory_network")), np.random.default_rng(0)
    train, test = stories(rng, 1000), stories(rng, 300)
    result = training.train(module, train, test=test, epochs=module.TRAIN["epochs"], seed=seed)
    assert result.history[-1].test["accuracy"] >= 0.97
