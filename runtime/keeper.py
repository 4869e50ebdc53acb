"""The callback that saves a training to a run's folder, and resumes it from there."""

from __future__ import annotations

import time

from . import durable, log, snapshot
from .callback import Callback
from .epochs import Epoch
from .run import LOG, Run, RunError
from .session import Ending, Session
from .snapshot import Snapshot
from .weights import WeightsError

_SHARE = 20
"""Checkpoints at the end of epochs may take at most 1/_SHARE of the time."""

_SECONDS = 60.0
"""Minimum seconds between checkpoints in the middle of an epoch."""


class Keeper(Callback):
    """Writes the log and checkpoints, and resumes from the newest checkpoint at the start."""

    def __init__(self, run: Run) -> None:
        self.run, self.log = run, log.Log(run.path / LOG)
        self.saved: tuple[int, int, int] | None = None
        self.best = self.begun = 0
        self.cost, self.last = 0.0, time.monotonic()
        self.error: OSError | None = None

    def start(self, session: Session) -> None:
        """Resume from the newest checkpoint, if there is one."""
        self.run.tell = session.tell
        durable.clear_leftovers(self.run.path)
        moment = self.run.newest()
        self.log.go_on_after(moment.facts["epoch"] if moment else 0)
        if moment is not None:
            self._restore(session, moment)
        plan = session.plan
        self.log.add(
            {
                "event": "resume" if moment else "start",
                "epoch": session.position.epoch,
                "step": session.position.step,
                "epochs": plan.epochs,
                "batch": plan.batch,
                "rows": session.rows,
                "seed": plan.seed,
            }
        )

    def _restore(self, session: Session, moment: Snapshot) -> None:
        facts, rows = moment.facts, len(session.sets.train)
        if facts["rows"] != rows:
            raise RunError(f"{self.run.path} was trained on {facts['rows']} rows, here are {rows}")
        try:
            snapshot.restore(session, moment)
        except (WeightsError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"the checkpoint in {self.run.path} does not fit: {error}") from error
        if session.best is not None and facts["best"] is not None:
            best = session.best
            best.epoch, best.waited = facts["best"]["epoch"], facts["best"]["waited"]
            if best.epoch:
                best.loss = facts["best"]["loss"]
                self.run.read_best(best)
                self.best = best.epoch
        session.history = log.epochs_of(self.run.log())
        self.begun = len(session.history)
        self.saved = _place(moment)

    def batch(self, session: Session) -> None:
        """Save in the middle of a long epoch."""
        if time.monotonic() - self.last > max(_SECONDS, _SHARE * self.cost):
            self.save(session, snapshot.take(session))

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Log the epoch, and save unless the last save was very recent."""
        try:
            self.log.add(log.epoch_event(epoch))
        except OSError as error:
            self._fail(session, error)
        if time.monotonic() - self.last >= _SHARE * self.cost:
            self.save(session, snapshot.take(session))

    def end(self, session: Session) -> None:
        """Save the final state, and log how training ended; an OSError is kept in `error`."""
        try:
            self._end(session)
        except OSError as error:
            self.error = error

    def _end(self, session: Session) -> None:
        moment = session.begun if session.ending is Ending.DIVERGED else None
        if moment is None and session.clean and session.ending is not Ending.DIVERGED:
            moment = snapshot.take(session)
        if moment is not None and self.saved != _place(moment):
            self._save(session, moment)
        event = {"event": "end", "reason": session.ending.value}
        self.log.add({**event, "epoch": len(session.history), "step": session.position.step})
        self.log.flush(sync=True)

    def save(self, session: Session, moment: Snapshot) -> None:
        """Write a checkpoint; on a full disk, report it and continue, as the next one may fit."""
        try:
            self._save(session, moment)
        except OSError as error:
            self._fail(session, error)
            self.last = time.monotonic()

    def _save(self, session: Session, moment: Snapshot) -> None:
        begin, best = time.monotonic(), session.best
        self.log.flush(sync=True)
        if best is not None and best.epoch != self.best:
            self.run.write_best(best)
            self.best = best.epoch
        self.run.write_checkpoint(moment)
        self.saved, self.last = _place(moment), time.monotonic()
        self.cost = self.last - begin

    def _fail(self, session: Session, error: OSError) -> None:
        reason = error.strerror or error
        session.tell(f"cannot write to {self.run.path}: {reason}; training goes on without")


def _place(moment: Snapshot) -> tuple[int, int, int]:
    return moment.facts["epoch"], moment.facts["at"], moment.facts["step"]
