"""Good specs with seeded faults planted in them: `python -m tests.corpus.mutate` writes them anew.

A chain takes one fault, so that no fault hides another; further faults go into statements.
Syntax faults come alone, because a linter may rightly be silent about names after one.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "mutated"
COUNT = 110

GOOD = (
    """# a digit classifier
input 784 -> scale (1/255) -> dense 30 sigmoid -> dense 10 softmax
loss crossentropy
optimizer sgd lr=0.5 momentum=0.9
train batch=10 epochs=30 seed=1
metric accuracy
""",
    """# two measurements, one network each, joined
let width = 24
input 20 as left -> dense (2*width) relu -> dense 16 tanh as p
input 12 as right -> dropout 0.2 -> dense 16 tanh as q
[p, q] -> concat -> dense 8 gelu -> dense 1
loss huber delta=1.5
optimizer sgd lr=0.01 momentum=0.9 nesterov=true
regularize l2=1e-4
train batch=32 epochs=5 shuffle=true
metric mae, rmse
""",
    """# residual blocks over features
block residual(n, act=relu) =
    [id, dense n act -> dense n] -> add act
input 64 as pixels
  -> dense 48 silu
  -> residual(48) * 3
  -> dense 5
loss crossentropy smoothing=0.1
optimizer sgd lr=0.05
metric accuracy, top_k(3)
""",
    """# one encoder applied to two inputs
input 128 as first -> (dense 64 relu -> dense 16 tanh) as enc
input 128 as second -> use enc as other
[enc, other] -> dot -> sigmoid
loss bce
optimizer sgd lr=0.1
train batch=16
""",
    """# two heads
input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind
trunk -> dense 1 as size
output kind, size
loss crossentropy on kind weight=0.3
loss mse on size
optimizer sgd lr=0.02 weight_decay=1e-4
dtype float64
""",
    """# a sequence, the same weights at every position
input Tx16 -> dense 24 relu -> dense 8 tanh -> dense 4 softmax
loss crossentropy
optimizer sgd lr=0.1
train epochs=12 batch=8
""",
    """# an autoencoder with tied weights
input 196 -> dense 32 sigmoid as enc -> dense 196 tie=enc sigmoid
loss bce reduction=batchmean
optimizer sgd lr=0.1 momentum=0.5
metric rmse
""",
    """# a polynomial
input 1 -> shift -0.5 -> scale 2 -> poly 5 -> dense 1 bias=false init=zeros
loss mse
optimizer sgd lr=0.05
""",
)


@dataclass(frozen=True)
class Planted:
    """A mutated text and what must be said of it."""

    text: str
    line: int
    code: str
    word: str = ""

    def expectation(self) -> str:
        return f"#~ {self.line} {self.code}" + (f" -> {self.word}" if self.word else "")


Mutation = Callable[[str, random.Random], Planted | None]


def slip(word: str, rng: random.Random) -> str:
    """The word with one letter left out, put in, exchanged, or two neighbours swapped."""
    at = rng.randrange(1, len(word))
    letter = rng.choice(string.ascii_lowercase)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )
    )


def at_match(text: str, rng: random.Random, pattern: str) -> re.Match[str] | None:
    """A random place where a pattern matches outside comments."""
    places = [m for m in re.finditer(pattern, text) if "#" not in line_before(text, m.start())]
    return rng.choice(places) if places else None


def line_before(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset) + 1 : offset]


def replaced(
    text: str, match: re.Match[str], new: str, code: str, *, word: str = "", group: int | str = 0
) -> Planted:
    """The text with a group of the match replaced, and the fault that makes."""
    start, stop = match.span(group)
    return Planted(text[:start] + new + text[stop:], text.count("\n", 0, start) + 1, code, word)


def misspell(pattern: str, code: str, valid: frozenset[str]) -> Mutation:
    """A typo in what group 1 of the pattern matches; it must not be another valid word."""

    def mutate(text: str, rng: random.Random) -> Planted | None:
        match = at_match(text, rng, pattern)
        if match is None or len(match[1]) < 4:
            return None
        typo = slip(match[1], rng)
        if typo in valid or typo == match[1] or not typo.isascii():
            return None
        return replaced(text, match, typo, code, word=match[1], group=1)

    return mutate


def change(pattern: str, new: str, code: str) -> Mutation:
    """What group 1 of the pattern matches becomes something else (a template of the match)."""

    def mutate(text: str, rng: random.Random) -> Planted | None:
        match = at_match(text, rng, pattern)
        return None if match is None else replaced(text, match, match.expand(new), code, group=1)

    return mutate


WORDS = frozenset(
    [
        "dense",
        "scale",
        "shift",
        "poly",
        "dropout",
        "concat",
        "add",
        "dot",
        "relu",
        "tanh",
        "sigmoid",
        "softmax",
        "gelu",
        "silu",
        "mean",
        "sub",
        "elu",
        "selu",
        "mish",
        "sum",
        "max",
        "id",
    ]
)
ON_CHAINS: tuple[Mutation, ...] = (
    misspell(r"-> (dense|dropout|scale|poly|concat|shift)\b", "NN101", WORDS),
    misspell(r"dense \(?[\w*]+\)? (relu|tanh|sigmoid|softmax|silu|gelu)\b", "NN102", WORDS),
    misspell(r"(bias|init|reduction)=", "NN106", frozenset()),
    change(r"dense (\d+)", r"\1 in=7", "NN201"),
    change(r"dense (\d+)", r"\1.5", "NN112"),
    change(r"-> dense (\d+)\b(?= \w+| *\n| *->)", r"\1 3", "NN108"),
    change(r"-> dense( \d+)(?= softmax| relu| sigmoid| tanh| gelu| silu)", "", "NN107"),
    change(r"dropout (0\.2)", "1.2", "NN111"),
    change(r"dense (\d+)(?= \w+ as| \w+ ->)", r"\1 bias=true bias=false", "NN109"),
)
IN_STATEMENTS: tuple[Mutation, ...] = (
    misspell(r"(?m)^(loss|optimizer|train|metric|regularize|output)\b", "NN104", frozenset()),
    misspell(r"(?m)^loss (crossentropy|huber)\b", "NN105", frozenset()),
    misspell(r"(?m)^metric (accuracy|rmse)\b", "NN105", frozenset()),
    misspell(r"(momentum|nesterov|weight_decay|smoothing|delta)=", "NN106", frozenset()),
    misspell(r"(epochs|batch|shuffle|seed)=", "NN106", frozenset()),
    change(r"momentum=(0\.\d)", "-0.5", "NN111"),
    change(r"epochs=(\d+)", "2.5", "NN112"),
    change(r"batch=(\d+)", "0", "NN111"),
    change(r"on (size|kind)", "nothing_like_it", "NN102"),
    change(r"dtype (float64)", "float16", "NN105|NN110"),
    change(r"nesterov=(true)", "3", "NN110"),
    change(r"(?m)^(optimizer sgd lr=\S+.*)$", r"\1\noptimizer sgd lr=0.2", "+NN130"),
)
OF_SYNTAX: tuple[Mutation, ...] = (
    change(r"(?m)^\[p, q(\]) ->", "", "NN003"),
    change(r"dense \d+ \w+( ->) dense", "", "NN013"),
    change(r"\(2\*width(\))", "", "NN003"),
    change(r"lr=(0\.\d+)", "0.1.2", "NN005"),
    change(r"dense (30|16|24) ", r"\1q ", "NN005"),
    change(r"-> dense \d+ \w+( ->)", r" -> ->", "NN007"),
    change(r"(?m)^\[p, (q)\]", ", q", "NN008"),
    change(r"( -> )dense", " → ", "NN014"),
    change(r"(?m)^(let width) = 24", "width", "NN015"),
    change(r"(?m)^(input) \d", "input ?", "NN001"),
)


def mutated(seed: int) -> str | None:
    """A good spec with one to four faults and its expectations; None if none could be planted."""
    rng = random.Random(seed)
    text = rng.choice(GOOD)
    kind = rng.random()
    chosen = [rng.choice(OF_SYNTAX)] if kind < 0.25 else [rng.choice(ON_CHAINS)]
    if kind > 0.45:
        chosen = chosen * (kind < 0.85) + rng.sample(IN_STATEMENTS, rng.randint(1, 3))
    found: list[Planted] = []
    for mutate in chosen:
        planted = mutate(text, rng)
        if planted is None:
            continue
        if any(planted.line == other.line for other in found):
            continue
        added = planted.text.count("\n") - text.count("\n")
        if planted.code.startswith("+"):
            planted = Planted(planted.text, planted.line + added, planted.code[1:])
            found = [shifted(f, planted.line, added) for f in found]
        text = planted.text
        found.append(planted)
    if not found:
        return None
    return text + "".join(f.expectation() + "\n" for f in sorted(found, key=lambda f: f.line))


def shifted(planted: Planted, line: int, added: int) -> Planted:
    """A fault moved down by lines that were put in before it."""
    moved = planted.line + added * (planted.line >= line)
    return Planted(planted.text, moved, planted.code, planted.word)


def corpus() -> dict[str, str]:
    """The mutated specs by file name, all different."""
    texts: dict[str, None] = {}
    seed = 0
    while len(texts) < COUNT:
        text = mutated(seed)
        seed += 1
        if text is not None:
            texts.setdefault(text)
    return {f"m{i + 1:03}.nn": text for i, text in enumerate(texts)}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in corpus().items():
        (FOLDER / name).write_text(text, "utf-8")
