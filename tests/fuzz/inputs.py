"""Sources of inputs: the repository's specs, the kept corpus, and random ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

from .generate import Generator
from .mutate import Mutator

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"


def read(path: Path) -> str:
    """A spec as it stands in its file, newlines untouched."""
    return path.read_bytes().decode("utf-8")


def corpus() -> list[Path]:
    """The kept inputs: small ones that reach far, and every one that was ever trouble."""
    return sorted(CORPUS.glob("*.nn"))


@cache
def seeds() -> list[str]:
    """Every spec in the repository, those in its Markdown pages included."""
    files = [*ROOT.glob("examples/**/*.nn"), *ROOT.glob("tests/ui/**/*.nn"), *corpus()]
    texts = [read(path) for path in sorted(files)]
    for page in sorted(ROOT.glob("compiler/diagnostics/pages/*.md")):
        texts += re.findall(r"```\w*[^\n]*\n(.*?)```", read(page), re.DOTALL)
    return [text for text in texts if len(text) <= 2000]


def inputs(seed: int) -> Iterator[str]:
    """Endless inputs: two of three are mutated seeds, the others drawn specs, half of them mutated."""
    random = Random(seed)
    mutator, generator = Mutator(seeds(), random), Generator(random)
    while True:
        yield mutator.text()
        yield mutator.text()
        drawn = generator.spec()
        yield drawn if random.random() < 0.5 else mutator.mutated(drawn)
