"""Location of the first non-finite value of a training: step, tensor and layer.

The epoch is repeated from its beginning, up to the step in question. The forward and backward pass
of that batch are then traced line by line, so that values have the names of the generated source,
and the comment above a line names the stage of the spec."""

from __future__ import annotations

import copy
import inspect
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import snapshot
from .best import copied
from .measuring import row_keywords
from .module import Array, Module, Params

if TYPE_CHECKING:
    from .session import Session

_PASSES = {
    "forward": "forward pass",
    "_forward": "forward pass",
    "loss": "loss",
    "_losses": "loss",
    "backward": "backward pass",
    "_backward": "backward pass",
}
"""Functions of a generated module whose values are watched, and their names in messages."""

_STAGE = re.compile(r"^\s*# (\S.*:\d+)  (\S.*)$")


Value = tuple[str, str, float, int]
"""A function, a non-finite variable of it, one non-finite entry, and the line that produced it."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """The first bad step, the last finite loss before it, and the value that was found in it."""

    step: int
    last: float
    found: str

    def __str__(self) -> str:
        last = "" if math.isnan(self.last) else f"; the last finite loss was {self.last:.4g}"
        return f"In step {self.step}, {self.found}{last}"


def diagnose(session: Session) -> Culprit | None:
    """Find the cause of an epoch that ended with a non-finite loss; None if all steps are finite.

    The session is left at some point of that epoch."""
    if session.begun is None:
        return None
    snapshot.restore(session, session.begun)
    healthy = copied(session.params)
    order, size = session.order(), session.plan.batch
    for start in range(session.position.at, len(order), size):
        before, last = snapshot.take(session), session.position.loss
        if not _is_fine_after(session, order, start + size):
            after = copied(session.params)
            snapshot.restore(session, before)
            rows = order[start : start + size]
            step = session.position.step + 1
            return Culprit(step, last, _search(session, rows, healthy, after))
    return None


def _is_fine_after(session: Session, order: Array, end: int) -> bool:
    """Take a step; return whether its loss and all parameters are finite."""
    from .session import NotFinite

    try:
        session.batches(order, until=min(end, len(order)), alone=True)
    except NotFinite:
        return False
    return all(np.isfinite(array).all() for array in session.params.values())


def _search(session: Session, rows: Array, healthy: Params, after: Params) -> str:
    """Describe the first non-finite value in a step on these rows."""
    values, y = _watched(session, rows, session.params)
    # Some values, such as the -inf of a mask, are not finite in a healthy pass either: values that
    # are also non-finite with the earlier weights are no sign.
    usual, before = _watched(session, rows, healthy)
    known = {item[:2] for item in usual} if np.isfinite(before) else set()
    found = [item for item in values if item[:2] not in known]
    if found:
        function, name, value, line = found[0]
        where = _stage(session.module, line)
        return f"the first value that is not finite is {name} = {value:g} in the {_PASSES[function]}{where}"
    bad = [name for name, array in after.items() if not np.isfinite(array).all()]
    if bad and np.isfinite(y):
        return f"the first value that is not finite is {bad[0]} after the update"
    return f"the first value that is not finite is the loss, {y:g}"


def _watched(session: Session, rows: Array, params: Params) -> tuple[list[Value], float]:
    """Return all non-finite values of a forward and backward pass, in order, and the loss."""
    module = session.module
    watcher = _Watcher(str(getattr(module, "__file__", "")))
    loss = math.nan
    old = sys.gettrace()
    sys.settrace(watcher.call)
    try:
        with np.errstate(all="ignore"):
            loss = _passes(session, rows, params)
    except (ValueError, FloatingPointError, ZeroDivisionError):
        pass  # report what was seen before the error
    finally:
        sys.settrace(old)
    return watcher.seen, loss


def _passes(session: Session, rows: Array, params: Params) -> float:
    """Run forward, loss and backward without an update; return the loss."""
    module, batch = session.module, session.sets.train.take(rows)
    more = {**row_keywords(batch, module), **session.keywords}
    if session.rng is not None:
        more["rng"] = copy.deepcopy(session.rng)
    if session.state:
        more["state"] = copied(session.state)
    _, cache = module.forward(params, batch.x, **_accepted(module.forward, {**more, "train": True}))
    loss = module.loss(params, cache, batch.target, **_accepted(module.loss, more))
    module.backward(params, cache, batch.target, **_accepted(module.backward, more))
    return loss


def _accepted(function: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    names = inspect.signature(function).parameters
    return {name: value for name, value in keywords.items() if name in names}


class _Watcher:
    """Inspects the variables of a module's passes after every line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.seen: list[Value] = []
        self.known: set[tuple[str, str]] = set()
        self.line: dict[FrameType, int] = {}

    def call(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Trace calls: return the line tracer for the functions of interest."""
        code = frame.f_code
        if code.co_filename != self.file or code.co_name not in _PASSES:
            return None
        self.known |= {(code.co_name, name) for name, _ in _bad(frame)}
        self.line[frame] = frame.f_lineno
        return self.look

    def look(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Record the values that the previous line made non-finite."""
        function = frame.f_code.co_name
        for name, value in _bad(frame):
            if (function, name) not in self.known:
                self.known.add((function, name))
                self.seen.append((function, name, value, self.line[frame]))
        self.line[frame] = frame.f_lineno
        return self.look


def _bad(frame: FrameType) -> Iterator[tuple[str, float]]:
    """Yield the variables with a non-finite entry, and that entry."""
    for name, value in frame.f_locals.items():
        if (
            isinstance(value, float | np.floating | np.ndarray)
            and np.asarray(value).dtype.kind == "f"
        ):
            bad = np.asarray(value)[~np.isfinite(value)]
            if bad.size:
                yield name, float(bad[0])


def _stage(module: Module, line: int) -> str:
    """Return the stage of the spec of a line of the module, from the comment above it."""
    try:
        text = Path(str(getattr(module, "__file__", ""))).read_text("utf-8").splitlines()
    except OSError:
        return ""
    for above in reversed(text[:line]):
        if match := _STAGE.match(above):
            return f" of {match[1]}, `{match[2]}`"
        if above.startswith("def "):
            break
    return ""
