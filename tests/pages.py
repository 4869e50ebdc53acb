"""The fenced blocks of a Markdown page, and commands run in a folder of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .generated import ROOT

NNC = [sys.executable, "-c", "from nnc.cli.main import run; run()"]
FENCE = re.compile(r"^(`{3,})(\w+)([^\n]*)\n(.*?)^\1$", re.M | re.S)
"""A block ends at as many backticks as it begins with: a page may stand in a block."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the language, what follows it in the first line, and the text."""

    language: str
    info: str
    text: str


def blocks_in(text: str) -> list[Block]:
    return [Block(*found.groups()[1:]) for found in FENCE.finditer(text)]


def sections_of(page: str) -> dict[str, str]:
    """The text under each heading of the second level; headings in blocks are part of them."""
    text = (ROOT / page).read_text("utf-8")
    outside = FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    starts = [(found.end(), found[1]) for found in re.finditer(r"^## (.*)\n", outside, re.M)]
    ends = [*(start - len(f"## {title}\n") for start, title in starts[1:]), len(text)]
    return {title: text[a:b] for (a, title), b in zip(starts, ends, strict=True)}


def blocks_of(page: str) -> list[Block]:
    return blocks_in((ROOT / page).read_text("utf-8"))


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Modules and packages of the folder go before those that are installed."""
    env = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
