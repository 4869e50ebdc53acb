"""`python -m benchmarks [PART ...] [--rounds N]`; without parts, all of them."""

from __future__ import annotations

import argparse
import platform
from importlib import import_module

from .threads import pin

PARTS = (
    "step",
    "passes",
    "looping",
    "command",
    "derivatives",
    "convolution",
    "bounds",
    "compiling",
    "linting",
    "editing",
)


def main() -> None:
    """Run the parts asked for, one thread each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=200, help="interleaved rounds (default 200)")
    parser.add_argument("--write", action="store_true", help="write docs/passes.md (part passes)")
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    pin()
    import numpy

    print(f"Python {platform.python_version()}, NumPy {numpy.__version__}, one thread everywhere")
    for part in chosen.parts or PARTS:
        more = {"write": chosen.write} if part == "passes" else {}
        import_module(f"{__package__}.{part}").main(chosen.rounds, **more)


if __name__ == "__main__":
    main()
