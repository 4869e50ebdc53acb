"""Specs that are mostly right, drawn from the registries, so that new kinds are met as well."""

from __future__ import annotations

from random import Random

from nnc.kinds.layer import Family
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS

SHAPES = ("1", "3", "20", "3x8", "3x8x8", "T", "Tx5", "TxD", "T int", "Tx4 ragged", "T int ragged")
ACTIVATIONS = sorted(k.name for k in LAYERS.values() if k.is_activation)
MERGES = sorted(k.name for k in LAYERS.values() if k.family is Family.MERGE)
KINDS = sorted(set(LAYERS) - set(MERGES) - {"input"})
VALUES = (
    *("0", "1", "2", "3", "7", "-1", "0.5", "1e-3", "1e308", "3x3", "2x2x2", "1:3", "true", "relu"),
    *("(n)", "(2*n)", "(1/3)", "[1, 2]", "(n)x(n)", "normal(0.01)", "zeros", "same", "9**9", "T"),
)


class Generator:
    """Draws specs; `depth` bounds how groups and forks nest."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names: list[str] = []

    def spec(self) -> str:
        """A whole spec of one to three chains and some settings."""
        self.names = []
        some = self.random.random
        lines = [f"let n = {self.one(VALUES)}"] if some() < 0.4 else []
        if some() < 0.4:
            lines.append(f"block b(k, act=relu) = {self.chain(2)} -> dense k act")
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            source = self.one(self.names) if self.names and some() < 0.5 else self.input()
            lines.append(f"{source} -> {self.chain(0)}{self.name(0.4)}")
        lines += self.settings()
        if some() < 0.1:
            self.random.shuffle(lines)
        return self.one(("\n", "\n", "; ")).join(lines)

    def one(self, choices):
        return self.random.choice(choices)

    def input(self) -> str:
        return f"input {self.one(SHAPES)}{self.name(0.3)}"

    def name(self, chance: float) -> str:
        if self.random.random() > chance:
            return ""
        name = self.one("abcdeftuvwx")
        self.names.append(name)
        return f" as {name}"

    def chain(self, depth: int) -> str:
        return " -> ".join(self.stage(depth) for _ in range(self.random.choice((1, 1, 2, 3))))

    def stage(self, depth: int) -> str:
        draw = self.random.random()
        if depth < 3 and draw < 0.1:
            return f"({self.chain(depth + 1)}){self.one(('', ' * 2', ' * n', ' relu', ' * 0'))}"
        if depth < 3 and draw < 0.22:
            branches = [self.branch(depth + 1) for _ in range(self.random.choice((2, 2, 3)))]
            return f"[{', '.join(branches)}] -> {self.one(MERGES)}"
        if draw < 0.27 and self.names:
            return f"use {self.one(self.names)}"
        if draw < 0.32:
            return self.one(("b(3)", "b(n, tanh)", "b 4", "b(k=2) * 3")) + self.name(0.2)
        return self.layer() + self.name(0.1)

    def branch(self, depth: int) -> str:
        if self.names and self.random.random() < 0.3:
            return self.one(self.names)
        return self.one(("id", self.chain(depth), f"{self.input()} -> {self.chain(depth)}"))

    def layer(self) -> str:
        kind = LAYERS[self.one(KINDS)]
        words = [kind.name]
        for arg in kind.args:
            if self.random.random() < (0.9 if arg.positional or arg.required else 0.1):
                value = self.one(VALUES if self.random.random() < 0.3 else ("2", "3", "4"))
                words.append(value if arg.positional else f"{arg.name}={value}")
        if self.random.random() < 0.3:
            words.append(self.one(ACTIVATIONS))
        return " ".join(words)

    def settings(self) -> list[str]:
        some = self.random.random
        lines = []
        for _ in range(self.random.choice((0, 1, 1, 2))):
            on = f" on {self.one(self.names)}" if self.names and some() < 0.5 else ""
            lines.append(f"loss {self.one(sorted(LOSSES))}{on}")
        if some() < 0.5:
            lines.append(f"optimizer {self.one(sorted(OPTIMIZERS))} lr={self.one(VALUES)}")
        if some() < 0.2 and self.names:
            lines.append(f"output {self.one(self.names)}, {self.one(self.names)}")
        rare = ("dtype float64", "train batch=1", "regularize l2=1e-4", "metric accuracy")
        return lines + [line for line in rare if some() < 0.1]
