"""Specs with formulas (`fn`): drawn by the grammar, mutated token by token, and random bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from nnc.diagnostics.model import Report
from nnc.frontend.parser import parse
from nnc.frontend.resolve.own import definitions
from nnc.ir.formula import FUNCTIONS
from nnc.kinds.formula.slope import slopes
from nnc.source import Source

from .inputs import corpus, read, seeds
from .judge import load
from .mutate import Mutator

LEAVES = (
    "z",
    "a",
    "b",
    "t",
    "y",
    "q",
    "2",
    "0.5",
    "-1",
    "0",
    "1e308",
    "1e-320",
    "k",
    "1",
    "x",
    "T",
)
SIGNS = ("+", "-", "*", "/", "**", "+", "*", "<", "<=", ">", ">=", "==", "!=", "//", "%", "=", "->")
PIECES = (
    *(
        "fn ",
        "fn f(z) = ",
        "where(",
        "exp(",
        "log(",
        "sum(",
        "softmax(",
        "stop(",
        "sigmoid(",
        "(z)",
    ),
    *(
        "**",
        "<=",
        "==",
        "!=",
        "-",
        "(",
        ")",
        ",",
        "=",
        "q=0.5",
        "z, ",
        "t",
        " t=1",
        "f(f(z))",
        "\n",
    ),
    *("1 / (1 + exp(-z))", "log(sum(exp(z)))", "exp(z) / sum(exp(z))", "log(softmax(z))", "z**-1"),
    *("sqrt(z)", "max(z)", "max(z, 1e-6)", "where(z > 0, z, -z)", "9**9**9", "1e308 * 10", "0 / 0"),
    *(
        "let k = 2\n",
        "loss f on m, n\n",
        "loss f\n",
        "# nnc: ignore[NN350]",
        "π",
        "ζ",
        "\0",
        "−",
        "·",
    ),
)
"""What is put between the tokens of a formula."""


class Formulas:
    """Draws specs of one to four formulas, which use each other, and a network that uses them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names: list[str] = []

    def spec(self) -> str:
        self.names = []
        one, some = self.random.choice, self.random.random
        lines = [f"let k = {one(LEAVES)}"] if some() < 0.5 else []
        for name in ("f", "g", "h", "swoosh")[: self.random.randint(1, 4)]:
            lines.append(self.fn(name))
            self.names.append(name)
        act, join = one(self.names), one(self.names)
        lines.append(
            one(
                (
                    f"input 4 -> dense 3 {act} -> dense 2 as y",
                    f"input 4 -> [dense 3 as m, dense {one('13')} as n] -> {join} -> dense 2 as y",
                    f"input Tx4 ragged -> dense 3 {act}(q={one(LEAVES)}) -> lstm 2 as y",
                    f"input 2x3x3 -> {act} -> flatten -> softmax -> {join} as y",
                    "input 4 -> [dense 3 as m, dense 3 as n] -> sample -> dense 2 sigmoid as y",
                )
            )
        )
        lines.append(
            one(("loss mse", f"loss {act}", f"loss {join} on y", f"loss {join} on m, n", ""))
        )
        if some() < 0.1:
            self.random.shuffle(lines)
        return one(("\n", "\n", "; ")).join(lines)

    def fn(self, name: str) -> str:
        params = self.random.choice(
            ("z", "z", "a, b", "y, t", "z, q=1", "a, b, q=0.5", "y, t, q=k", "q=1")
        )
        return f"fn {name}({params}) = {self.formula(self.random.randint(0, 4))}"

    def formula(self, depth: int) -> str:
        one, inner = self.random.choice, depth - 1
        if depth <= 0:
            return one(LEAVES)
        match self.random.randrange(7):
            case 0 | 1:
                count = self.random.choice(FUNCTIONS[name := one(list(FUNCTIONS))])
                return f"{name}({', '.join(self.formula(inner) for _ in range(count))})"
            case 2 | 3:
                return f"{self.formula(inner)} {one(SIGNS)} {self.formula(inner)}"
            case 4:
                return f"({self.formula(inner)})"
            case 5 if self.names:
                keyed = one(("", f", q={self.formula(inner)}"))
                return f"{one(self.names)}({self.formula(inner)}{keyed})"
        return f"{one('-+')}{self.formula(inner)}"


def formula_inputs(seed: int) -> Iterator[str]:
    """Endless inputs: drawn, drawn and mutated, the repository's own mutated, and random bytes."""
    random = Random(seed)
    generator = Formulas(random)
    own = [text for text in [*seeds(), *map(read, corpus())] if re.search(r"\bfn ", text)]
    mutator = Mutator(own + [generator.spec() for _ in range(200)], random)
    while True:
        drawn = generator.spec()
        yield drawn
        yield mutator.mutated(drawn)
        yield _with_pieces(mutator.text(), random)
        yield _with_bytes(drawn, random)


def _with_pieces(spec: str, random: Random) -> str:
    for _ in range(random.randint(0, 3)):
        at = random.randint(0, len(spec))
        spec = spec[:at] + random.choice(PIECES) + spec[at + random.choice((0, 0, 1, 5)) :]
    return spec


def _with_bytes(spec: str, random: Random) -> str:
    """Random bytes in a formula's place, or anywhere."""
    noise = random.randbytes(random.randint(1, 40)).decode(
        "utf-8", random.choice(("replace", "ignore"))
    )
    if random.random() < 0.5:
        return f"fn f(z) = {noise}\n{spec}"
    at = random.randint(0, len(spec))
    return spec[:at] + noise + spec[at:]


def judge_formulas(spec: str) -> None:
    """The gradients as texts, of every formula that can be read."""
    found = definitions(parse(Source("spec.nn", spec), Report()), load, Report())
    for formula in found.formulas:
        shapes = [(3,) for _ in formula.values]
        for result in ((3,), (1,)):
            for line in slopes(formula, shapes, result, loss=formula.has_target).values():
                assert line.startswith("d"), line
