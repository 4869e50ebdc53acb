"""`python -m tests.fuzz.guided FOLDER …`: coverage-guided fuzzing, which finds inputs worth keeping.

Needs atheris (`pip install atheris`). Arguments are libFuzzer's: the first folder takes what is
found; `-merge=1 NEW OLD` keeps of OLD what reaches further than NEW. Mutations are those of
`mutate.py`.
"""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["nnc"]):
    from .inputs import seeds
    from .judge import judge

from .mutate import Mutator


def judge_bytes(data: bytes) -> None:
    """libFuzzer's entry: what is no text is no spec."""
    judge(data.decode("utf-8", "ignore"), all_formats=len(data) % 50 == 0)


def main() -> None:
    """Run until told to stop."""
    mutator = Mutator(seeds(), Random(0))

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        mutator.random.seed(seed)
        return mutator.mutated(data.decode("utf-8", "ignore")).encode()[:max_size]

    def cross(data: bytes, other: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        lines, others = data.splitlines(True), other.splitlines(True)
        at = random.randint(0, len(lines))
        start = random.randint(0, len(others))
        return b"".join([*lines[:at], *others[start:], *lines[at:]])[:max_size]

    atheris.Setup(
        sys.argv,
        judge_bytes,
        custom_mutator=mutate,
        custom_crossover=cross,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
