"""`python -m tests.fuzz --inputs N --seed S`: no input may raise or take long.

Prints progress, and at the end how many inputs ran, how many raised, and the slowest. Inputs that
raised or were slow are kept in build/fuzz, one for each place in the code.
"""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha1
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time

from .formulas import formula_inputs, judge_formulas
from .inputs import ROOT, inputs
from .judge import judge

LIMIT = 1.0
"""Seconds that no input of 64 KiB may take; those drawn here are much shorter."""

ENDLESS = 20
"""After so many seconds of processor time an input is given up."""


class Endless(Exception):
    """The input did not come to an end."""


@dataclass
class Tally:
    """What a run has seen so far."""

    inputs: int = 0
    characters: int = 0
    raised: Counter[str] = field(default_factory=Counter)
    slow: int = 0
    slowest: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)

    def line(self, seconds: float) -> str:
        return (
            f"{self.inputs:,} inputs, {sum(self.raised.values())} raised, {self.slow} slow, "
            f"slowest {self.slowest:.3f} s, mean length {self.characters / self.inputs:.0f}, "
            f"{len(self.codes)} codes met, {self.inputs / seconds:.0f} a second"
        )


def place_of(error: BaseException) -> str:
    """The innermost place in nnc, the same for all inputs that fail there."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "compiler" in f.filename] or frames
    return f"{type(error).__name__} in {Path(own[-1].filename).name}:{own[-1].name}"


def keep(text: str, why: str, folder: Path) -> None:
    """Write an input down, under a name made from its text."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{why.replace(' ', '-').replace(':', '-')}-{sha1(text.encode()).hexdigest()[:8]}.nn"
    (folder / name).write_bytes(text.encode())


def run(text: str, tally: Tally, folder: Path, formulas: bool = False) -> None:
    """Judge one input and enter it."""
    tally.inputs += 1
    tally.characters += len(text)
    start = process_time()
    try:
        report = judge(text, all_formats=tally.inputs % 50 == 0)
        tally.codes.update({d.code.id for d in report})
        if formulas and tally.inputs % 5 == 0:
            judge_formulas(text)
    except Exception as error:
        place = place_of(error)
        tally.raised[place] += 1
        if tally.raised[place] <= 3:
            keep(text, place, folder)
            traceback.print_exc()
    took = process_time() - start
    tally.slowest = max(tally.slowest, took)
    if took > LIMIT:
        tally.slow += 1
        keep(text, "slow", folder)


def interrupt(*_: object) -> None:
    raise Endless


def main() -> int:
    """Run; the exit code is 1 if anything raised or was slow."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz", metavar="FOLDER")
    parser.add_argument("--formulas", action="store_true", help="specs with `fn` only")
    chosen = parser.parse_args()
    if hasattr(signal, "SIGVTALRM"):
        signal.signal(signal.SIGVTALRM, interrupt)
    tally, start = Tally(), perf_counter()
    drawn = formula_inputs if chosen.formulas else inputs
    for text in islice(drawn(chosen.seed), chosen.inputs):
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, ENDLESS)
        run(text, tally, chosen.keep, chosen.formulas)
        if tally.inputs % 10_000 == 0:
            print(tally.line(perf_counter() - start), flush=True)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    print(tally.line(perf_counter() - start))
    for place, times in tally.raised.most_common():
        print(f"  {times:6} {place}")
    return 1 if tally.raised or tally.slow else 0


if __name__ == "__main__":
    sys.exit(main())
