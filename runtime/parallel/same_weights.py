"""Training on several ranks with the same weights on all: at the start, at epochs, at the end."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load, save

from .. import log, snapshot
from ..module import Params
from ..snapshot import Snapshot
from .ranks import Ranks

if TYPE_CHECKING:
    from ..session import Kept, Session


def start_alike(session: Session, ranks: Ranks) -> None:
    """Give all ranks the weights, the position and the history of rank 0, which may have resumed."""
    moment, history = snapshot.take(session), list(map(log.epoch_event, session.history))
    facts = {"facts": moment.facts, "history": history, "rows": len(session.sets.train)}
    found = json.loads(ranks.broadcast(json.dumps(facts).encode() if ranks.leads else b""))
    arrays = _of_rank_0(moment.tensors, ranks)
    if ranks.leads:
        return
    snapshot.restore(session, Snapshot(arrays, found["facts"]))
    session.history = log.epochs_of(found["history"])
    best = found["facts"]["best"]
    if session.best is not None and best is not None and best["epoch"]:
        session.best.epoch, session.best.waited = best["epoch"], best["waited"]
        session.best.loss = best["loss"]
        session.best.params, session.best.state = session.params, session.state  # of rank 0 at end


def stay_alike(session: Session, ranks: Ranks) -> None:
    """Check that all ranks have the same weights; if not, all go on with those of rank 0.

    Equal gradients give equal weights, but not on machines that round an update differently."""
    if _have_come_apart(session.params, ranks):
        session.tell(
            "the weights of the ranks have come apart, by different processors or libraries; "
            "all go on with those of rank 0"
        )
        start_alike(session, ranks)


def _have_come_apart(params: Params, ranks: Ranks) -> bool:
    """Compare a checksum of the weights, in two halves whose squares are exact in float64."""
    found = 0
    for array in params.values():
        found = zlib.crc32(np.asarray(array, order="C").tobytes(), found)
    halves = np.array([found >> 16, found & 0xFFFF], np.float64)
    sums = ranks.agree(np.concatenate([halves, halves**2]))
    return bool(np.any(ranks.size * sums[2:] != sums[:2] ** 2))


def keep_alike(kept: Kept, ranks: Ranks) -> None:
    """Give all ranks the weights that rank 0 keeps."""
    for arrays in (kept.params, kept.state):
        arrays.update(_of_rank_0(arrays, ranks))


def _of_rank_0(arrays: Params, ranks: Ranks) -> Params:
    """Return arrays of rank 0, by name."""
    if ranks.leads:
        ranks.broadcast(save({name: np.asarray(a, order="C") for name, a in arrays.items()}))
        return arrays
    return load(ranks.broadcast())
