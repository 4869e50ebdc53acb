"""Random specs for the formatter, with as irregular a layout as the language allows."""

from __future__ import annotations

import random
import re

from nnc.diagnostics.model import Report
from nnc.frontend.parser import parse
from nnc.frontend.statements import DIRECTIVES, split
from nnc.source import Source

from ..oracle.random_programs import program

TOKEN = re.compile(r'"[^"\n]*"|->|\*\*|//|[A-Za-z_][A-Za-z0-9_]*|[0-9.][\w.]*(?:(?<=e)-\d+)?|\S')
GOES_ON_AFTER = {"->", "=", ",", ":", "*", "+", "/", "//", "%", "**"}
GOES_ON_WITH = {"->", "*", "as", ")", "]", ","}
WORDS = ("relu", "swish", "identity", "lrelu", "softmax", "width", "left", "softplus")
KINDS = ("dense", "fc", "linear", "conv2d", "dropout", "shift", "residual", "layer_norm", "block_a")


class Writer:
    """Writes statements of every form, sense or not; what is written parses."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def one_of(self, *choices):
        return self.rng.choice(choices)

    def number(self):
        return self.one_of("0", "3", "784", "0.10", ".5", "1e-3", "2.", "1E5", "00")

    def atom(self, depth):
        if depth < 3 and self.rng.random() < 0.5:
            return self.one_of(
                lambda: f"({self.item(depth + 1)})",
                lambda: f"[{', '.join(self.item(depth + 1) for _ in range(self.few()))}]",
                lambda: self.call(depth + 1),
                lambda: self.size(depth + 1),
            )()
        return self.one_of(self.number(), self.one_of(*WORDS), "SAME", "True", "FALSE", "T")

    def few(self):
        return self.rng.randint(1, 4)

    def size(self, depth):
        parts = [self.one_of("3", "28", "T", "HW", f"({self.sum(depth)})") for _ in range(2)]
        return "x".join([*parts, *self.rng.sample(["1", "L2", "(k)"], self.rng.randint(0, 1))])

    def call(self, depth):
        args = ", ".join(self.argument(depth, self.item(depth)) for _ in range(self.few()))
        comma = self.one_of("", ",")
        name = self.one_of("normal", "leaky_relu", "lrelu", "fc", "dense", "block_a")
        return self.one_of(f"{name}({args}{comma})", f"{name}()")

    def argument(self, depth, value):
        key = self.one_of("", "", "pad=", "in=", "init=", "optimiser=", "bias=")
        return key + self.one_of(value, "glorot" if key == "init=" else value)

    def sum(self, depth):
        left = self.one_of(self.number(), "k", "width", f"(k - {self.number()})", "-k", "+2")
        op = self.one_of(" + ", " - ", " * ", " / ", " // ", " % ", " ** ")
        right = self.one_of(self.number(), "n", f"(n * {self.number()})", "-2")
        return left + op + right

    def item(self, depth):
        return self.one_of(
            lambda: self.number(),
            lambda: self.one_of(*WORDS),
            lambda: self.sum(depth),
            lambda: self.atom(depth) if depth < 3 else "id",
            lambda: self.layer(depth + 1) if depth < 3 else "id",
            lambda: self.chain(depth + 1, first=self.layer(depth + 1)) if depth < 2 else "id",
            lambda: "1:-3",
        )()

    def bare(self, depth):
        value = self.one_of(
            lambda: self.number(),
            lambda: self.one_of(*WORDS),
            lambda: f"-{self.number()}",
            lambda: f"({self.sum(depth)})",
            lambda: "1:3",
            lambda: self.size(depth),
            lambda: self.call(depth + 1) if depth < 3 else "f()",
            lambda: f"axis=[{self.number()}, {self.number()}, (1 - 2)]",
            lambda: self.one_of("pad=SAME", "bias=TRUE", "init=glorot", "init=kaiming", "lr=1e-3"),
        )()
        return value

    def layer(self, depth):
        return " ".join([self.one_of(*KINDS), *(self.bare(depth) for _ in range(self.few()))])

    def stage(self, depth):
        simple = self.rng.random() < 0.5 or depth >= 3
        if simple:
            stage, may_repeat = self.layer(depth), False
        else:
            branches = ", ".join(self.chain(depth + 1) for _ in range(self.few()))
            stage, may_repeat = self.one_of(
                (f"({self.chain(depth + 1)})", True), (f"[{branches}]", True), ("fc(3) relu", False)
            )
        if may_repeat and self.rng.random() < 0.4:
            stage += self.one_of(" * 3", " * n", " * (n + 1)")
        return stage + self.one_of("", "", "", " as enc", " as fc")

    def chain(self, depth=0, first=""):
        stages = [self.stage(depth) for _ in range(self.few())]
        return " -> ".join([first, *stages] if first else stages)

    def statement(self):
        return self.one_of(
            lambda: self.chain(first=self.one_of("input 784 int", "input Tx(k + 1)x3", "left")),
            lambda: f"[left, {self.chain(1)}] -> add",
            lambda: f"let {self.one_of('width', 'swish', 'a')} = {self.item(0)}",
            lambda: f"block residual(n, k=3, act={self.atom(1)}) = {self.chain()}",
            lambda: f"block plain = {self.chain()}",
            lambda: "output " + self.one_of(", ", " ").join(self.names()),
            lambda: "metric " + ", ".join([*self.names(), "top_k(k=5)"]),
            lambda: f"loss {self.one_of('mse', 'l2_loss', 'huber(delta=2)')} on a weight=0.3",
            lambda: f"loss cross_entropy, weights=[{', '.join(map(str, range(self.few())))}]",
            lambda: f"optimizer sgd lr={self.number()} nesterov=TRUE",
            lambda: self.one_of("dtype FLOAT64", 'model "Le # Net"', "train batch=3 shuffle=False"),
            lambda: self.one_of('include "blocks.nn"', "optimiser adam 3", "schedule f(a, b) 1"),
        )()

    def names(self):
        size = self.one_of(1, 2, 3, 30)
        return [f"{self.one_of('head', 'kind')}_{i}" for i in range(size)]


def random_spec(seed):
    """A spec that parses, in an untidy layout."""
    rng = random.Random(seed)
    if seed % 2:
        statements = [s.text for s in split(Source("spec.nn", program(seed).text()))]
    else:
        writer = Writer(seed)
        written = [writer.statement() for _ in range(rng.randint(1, 8))]
        statements = [statement for statement in written if parses(statement)]
    return untidy(statements, rng)


def parses(text):
    return not parse(Source("spec.nn", text), Report()).broken


def untidy(statements, rng):
    """The statements with random blanks, line breaks and comments wherever they may stand."""
    wild = rng.choice((0.0, 0.03, 0.3))
    joined = rng.random() < 0.2
    text = "" if joined else between(rng, wild, first=True)
    for i, statement in enumerate(statements):
        if i:
            text += rng.choice(("; ", ";")) if joined else between(rng, wild)
        text += scattered(statement, rng, 0.0 if joined else wild)
    text += "" if joined else rng.choice(("", "\n", "  # the end", "\n\n\n# the end\n\n", " ;"))
    return text.replace("\n", "\r\n") if rng.random() < 0.1 else text


def between(rng, wild, first=False):
    text = "" if first else rng.choice(("\n", "\n", " ; ", "\n\n", "\n\n\n \n", ";\n"))
    if rng.random() < 0.1 + wild:
        text += rng.choice(("# alone\n", "  #alone too; -> \n\n", "# one\n# two\n", "\n\t# tab\n"))
    return text


def scattered(statement, rng, wild):
    """One statement, its tokens the same."""
    found = list(TOKEN.finditer(statement))
    text, depth = "", 0
    for before, token in zip([None, *found], found, strict=False):
        if before:
            text += gap(statement, before, token, depth, rng, wild)
        text += token.group()
        depth += (token.group() in "([") - (token.group() in ")]")
    return text


def gap(statement, before, token, depth, rng, wild):
    written = statement[before.end() : token.start()]
    a, b = before.group(), token.group()
    may_break = b not in DIRECTIVES and (depth or a in GOES_ON_AFTER or b in GOES_ON_WITH)
    punctuation = a in "[,=" or b in "],=" or "->" in (a, b)
    if not written and not punctuation:
        return ""
    if may_break and a not in "+-" and b not in "+-" and rng.random() < wild:
        comment = rng.choice(("", "", "# c", "  # a -> (b", " #!\n  # two", "\n\n # own line"))
        return f" {comment}\n{rng.choice(('', '  '))}"
    if punctuation and b not in "+-" and a not in "+-":
        return rng.choice(("", " ", "  "))
    return rng.choice((written, written, "  ", "\t")) if b not in "+-" else written
