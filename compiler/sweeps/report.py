"""The line about a training of a sweep that has ended."""

from __future__ import annotations

from nnc.runtime.epochs import score_text

from .outcome import Outcome
from .points import name_of
from .progress import Progress
from .ranking import JUDGE
from .table import short_text


def told(progress: Progress, outcome: Outcome) -> str:
    """Return its number, settings, scores on the validation data (or what went wrong), seconds."""
    lead = f"{len(progress.found)}/{len(progress.tasks)}"
    scores = outcome.scores.get(JUDGE, {}) if outcome.is_finished else {}
    reached = (f"{name} {score_text(name, v)}" for name, v in scores.items() if v is not None)
    end = "  ".join(reached) or short_text(f"{outcome.ending}: {outcome.message}")
    name = name_of(outcome.settings, outcome.seed).replace(",", " ")
    return f"{lead}  {name}  {end}  ({outcome.seconds:.1f} s)"
