"""One program compared with PyTorch in every way, and the result."""

from __future__ import annotations

import random
import re
import traceback
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .comparison import Trial, compiled, disagreements, pulled, refusal
from .expansion import word
from .numbers import fair, too_small
from .program import Program
from .training import trained
from .whole import program


@dataclass
class Outcome:
    """What became of a program: faults (none, if all is well) and how much was compared."""

    program: Program
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def attempt(seed: int) -> Outcome:
    """Make the program of a seed, compile it, compare it with PyTorch."""
    made = program(seed)
    found = Outcome(made)
    try:
        _judge(found, seed)
    except Exception:  # whatever a module or the compiler throws is a finding
        found.faults.append(traceback.format_exc(limit=-4))
    return found


def _judge(found: Outcome, seed: int) -> None:
    refused, reason = refusal(found.program), found.program.reason
    if refused and not reason:
        found.faults.append(f"refused without a reason: {refused}")
    if reason and not refused:
        found.faults.append(f"accepted in spite of {reason}")
    found.counts["refused" if refused else "accepted"] += 1
    if not refused and not reason:
        _compare(found, seed)


def _compare(found: Outcome, seed: int) -> None:
    made, rng = found.program, random.Random(f"{seed} ways")
    dtype = "float32" if rng.random() < 0.2 else "float64"
    if loses_digits(made):
        dtype = "float64"
    if dtype == "float32" and isinstance(fair(made, 10 * seed, dtype, train=False), int):
        dtype = "float64"
    found.counts[dtype] += 1
    modules = [compiled(made, dtype, level) for level in (0, 1)]
    for module in modules:
        if dict(module.PARAM_SHAPES) != dict(made.params):
            found.faults.append(f"parameters {dict(module.PARAM_SHAPES)}, not {dict(made.params)}")
            return
    ways = [False, True] if made.state and not made.noisy else [False, False]
    for k, train in enumerate(ways if made.open or made.state else ways[:1]):
        one = fair(made, 10 * seed + k, dtype, train=train)
        if isinstance(one, int):
            found.counts["no fair numbers"] += 1
            continue
        data, want, redrawn = one
        found.counts["redrawn"] += redrawn
        for level, module in enumerate(modules):
            trial = Trial(module, made, data, dtype)
            found.counts["compared"] += 1
            faults = disagreements(trial, want, train)
            if not train and rng.random() < 0.3:
                found.counts["vjp"] += 1
                faults += pulled(trial, seed)
            found.faults += [f"-O{level} {dtype} train={train} {fault}" for fault in faults]
    _refuse_small(found, modules)
    if rng.random() < 0.25 and not made.noisy and made.params:
        _train(found, seed)


def loses_digits(made: Program) -> bool:
    """Whether a cell's slope follows from a value that is near −α: α + h has few digits left."""
    cells = [step.attrs["act"] for step in made.steps if step.op == "rnn"]
    return any(act is not None and act.kind in ("elu", "selu") for act in cells)


def _refuse_small(found: Outcome, modules: list) -> None:
    """Sizes for which a layer would have no entries are refused."""
    made = found.program
    sizes = too_small(made) if made.open and not made.ragged else None
    if sizes is None:
        return
    found.counts["too small"] += 1
    inputs = {}
    for name, shape in made.inputs.items():
        dims = [sizes[n] if isinstance(n, str) else n for n in shape]
        inputs[name] = np.zeros((2, *dims), int if "int" in made.words[name] else float)
    x = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    state = {k: np.full(shape, start) for k, (shape, start) in made.state.items()}
    for module in modules:
        try:
            module.predict(module.init_params(), x, **({"state": state} if state else {}))
        except ValueError:
            continue
        found.faults.append(f"runs on {sizes}, where a layer has no room")


def _train(found: Outcome, seed: int) -> None:
    one = fair(found.program, 10 * seed + 5, "float64", train=True)
    if isinstance(one, int):
        return
    for level in (0, 1):
        found.counts["trained"] += 1
        faults, statements = trained(found.program, one[0], seed, level)
        found.faults += [f"-O{level} {fault}\n{statements}" for fault in faults]


def met(made: Program) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    """The kinds, arguments and pairs of adjacent kinds of a program."""
    kinds, arguments, pairs = set(), set(), set()
    if re.search(r"\bid\b", made.body):  # it leaves no step
        kinds.add("id")
    for step in made.steps:
        kinds.add(word(step))
        arguments |= {f"{word(step)} {name}" for name in step.attrs.get("given", ())}
        pairs |= {(word(made.steps[i]), word(step)) for i in step.inputs}
    return kinds, arguments, pairs
