"""Snapshots of a training, from which it resumes bit-identically: named arrays and JSON facts.

Parameters have their own names, and state names begin with `state.`, as in all weight files. The
optimizer's arrays are `optimizer:NAME`; `good:NAME` are the last good weights where they differ
from the current ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .best import copied
from .module import Array, Params
from .plain import finite, number
from .weights import named, split_named

if TYPE_CHECKING:
    from .session import Session

OPTIMIZER, GOOD = "optimizer:", "good:"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a training between two batches: arrays, which are copies, and facts."""

    tensors: dict[str, Array]
    facts: dict[str, Any]


def take(session: Session) -> Snapshot:
    """Copy the current state of a session."""
    arrays = {k: v for k, v in session.opt.items() if isinstance(v, np.ndarray)}
    scalars = {k: number(v) for k, v in session.opt.items() if k not in arrays}
    tensors = copied(named(session.params, session.state))
    tensors |= {OPTIMIZER + name: array.copy() for name, array in arrays.items()}
    watch, position = session.watch, session.position
    if watch is not None and (watch.epoch, 0) != (position.epoch, position.at):
        good = named(watch.params, watch.state)
        tensors |= {GOOD + name: array for name, array in good.items()}
    place = asdict(position)
    facts = {
        **place,
        "total": finite(position.total),
        "loss": finite(position.loss),
        "optimizer": scalars,
        "rng": session.rng.bit_generator.state if session.rng else None,
        "rows": len(session.sets.train),
        "watch": {"start": finite(watch.start), "epoch": watch.epoch} if watch else None,
        "best": session.best.facts() if session.best else None,
    }
    return Snapshot(tensors, facts)


def restore(session: Session, moment: Snapshot) -> None:
    """Restore a session; raises WeightsError, KeyError or TypeError if the state does not fit."""
    tensors, facts = moment.tensors, moment.facts
    params, state = split_named(tensors, session.module, "the checkpoint")
    _fill(session.params, params)
    _fill(session.state, state)
    arrays = _those(tensors, OPTIMIZER)
    session.opt.update(facts["optimizer"])
    _fill(session.opt, arrays)
    if session.rng is not None:
        session.rng.bit_generator.state = facts["rng"]
    place = session.position
    place.order, place.epoch, place.at = facts["order"], facts["epoch"], facts["at"]
    place.step, place.total = facts["step"], _nan_if_none(facts["total"])
    place.seconds, place.loss = facts["seconds"], _nan_if_none(facts["loss"])
    if session.watch is not None and facts["watch"] is not None:
        _restore_watch(session, _those(tensors, GOOD), facts["watch"])


def _restore_watch(session: Session, good: Params, facts: dict[str, Any]) -> None:
    watch = session.watch
    assert watch is not None
    params, state = session.params, session.state
    if good:
        params, state = split_named(good, session.module, "the checkpoint")
    watch.begin(_nan_if_none(facts["start"]))
    watch.keep(facts["epoch"], params, state)


def _fill(into: dict[str, Any], arrays: Params) -> None:
    """Copy numbers into existing arrays, so that views of them stay valid."""
    for name, array in arrays.items():
        into[name][...] = array


def _those(tensors: Params, lead: str) -> Params:
    return {n.removeprefix(lead): array for n, array in tensors.items() if n.startswith(lead)}


def _nan_if_none(value: float | None) -> float:
    return float("nan") if value is None else value
