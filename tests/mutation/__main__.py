"""`python -m tests.mutation`: plant faults one at a time and count those that the tests notice.

Prints each mutant's fate and at the end the score, in all and by folder; keeps the survivors in
build/mutation/survivors.txt. The exit code is 1 if the score is below --least.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from .judge import Verdict, case, run_case, verdict
from .reach import Reach, read_reach, write_reach
from .sites import ROOT, Mutant, all_mutants, draw
from .worker import each_forked

BUILD = ROOT / "build" / "mutation"
SLACK = 60.0
"""Seconds that a run may take beyond three times what its tests took unmutated."""


def main(argv: Sequence[str] | None = None) -> int:
    """Draw mutants, judge them, print the score."""
    options = _arguments(argv)
    reach = _reach(options.fresh, options.jobs)
    mutants = all_mutants()
    drawn = draw(mutants, options.mutants, options.seed)
    if options.only:
        drawn = [m for m in drawn if m.path.startswith(options.only)]
    if options.again:
        kept = (BUILD / "survivors.txt").read_text(encoding="utf-8").splitlines()
        drawn = [m for m in mutants if str(m) in kept]
    print(f"{len(drawn)} of {len(mutants)} mutants, seed {options.seed}", flush=True)
    verdicts = judge(drawn, reach, options.budget, options.jobs)
    score = report(verdicts)
    return int(score < options.least)


def judge(drawn: Sequence[Mutant], reach: Reach, budget: float, jobs: int) -> list[Verdict]:
    """All verdicts, printed as they come."""
    cases = [case(mutant, reach, budget) for mutant in drawn]
    limit = SLACK + 3 * max((sum(reach.seconds[t] for t in c.tests) for c in cases), default=0)
    verdicts = []
    for index, result in each_forked(run_case, cases, jobs, limit):
        verdicts.append(verdict(cases[index], result))
        print(f"{len(verdicts):>4} {verdicts[-1]}", flush=True)
    return verdicts


def report(verdicts: Sequence[Verdict]) -> float:
    """Print the score, in all and by folder, and keep the survivors; the score in percent."""
    caught = Counter(v.mutant.folder for v in verdicts if v.caught)
    for folder, count in sorted(Counter(v.mutant.folder for v in verdicts).items()):
        print(
            f"{folder:<22} {caught[folder]:>4} of {count:<4} {100 * caught[folder] / count:.0f} %"
        )
    survivors = sorted(str(v.mutant) for v in verdicts if not v.caught)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "survivors.txt").write_text("".join(f"{s}\n" for s in survivors), encoding="utf-8")
    score = 100 * caught.total() / len(verdicts) if verdicts else 100.0
    print(f"score {score:.1f} %: {caught.total()} of {len(verdicts)} caught")
    return score


def _reach(fresh: bool, jobs: int) -> Reach:
    """Which tests reach which lines: from the last run, or found out anew."""
    path = BUILD / "reach.json"
    if path.exists() and not fresh:
        return read_reach(path)
    print("running every plain test file once under coverage", flush=True)
    return write_reach(path, jobs)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=300, help="how many to draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds of tests a mutant")
    parser.add_argument("--least", type=float, default=0.0, help="score to reach, in percent")
    parser.add_argument("--only", default="", help="only paths that begin so")
    parser.add_argument("--again", action="store_true", help="the survivors of the last run")
    parser.add_argument("--fresh", action="store_true", help="find out anew what tests reach")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
