"""Template views of schedules and gradient clipping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.layer_graph import ArgValue, Setting, Training
from ...ir.reading import number
from ...schedules import SCHEDULES
from .frame import clean, file_name


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule with its base rate; `first` is the rate at the end of warm-up; all as source."""

    kind: str
    args: Mapping[str, ArgValue]
    rate: float
    first: str
    formula: str
    where: str


@dataclass(frozen=True, slots=True)
class ClipView:
    """Bounds of the gradient: of its norm, or of every entry; one of them is None."""

    norm: float | None
    value: float | None
    where: str


def base_rate(training: Training) -> float | None:
    """Return the base rate of the spec before any schedule; None where it has none."""
    schedule = training.schedule
    peak = schedule.args.get(SCHEDULES[schedule.kind].peak) if schedule else None
    given = training.optimizer.args.get("lr") if training.optimizer else None
    rate = peak if peak is not None else given
    return number(rate) if rate is not None else None


def schedule_view(training: Training) -> ScheduleView | None:
    """Return the schedule, if there is one and a rate to apply it to."""
    setting, rate = training.schedule, base_rate(training)
    if setting is None or rate is None:
        return None
    kind = SCHEDULES[setting.kind]
    first = repr(rate) if kind.first == 1 else f"{rate!r} / {1 / kind.first:g}"
    return ScheduleView(setting.kind, setting.args, rate, first, kind.formula, _where(setting))


def clip_view(setting: Setting | None) -> ClipView | None:
    """Return the gradient clipping of the spec."""
    if setting is None:
        return None
    norm, value = (setting.args[name] for name in ("norm", "value"))
    return ClipView(_number(norm), _number(value), _where(setting))


def train_constants(training: Training) -> dict[str, object]:
    """Return the module's constants of schedule, clipping and base rate."""
    found: dict[str, object] = {}
    rate, schedule, clip = base_rate(training), training.schedule, training.clip
    if rate is not None:
        found["lr"] = rate
    if schedule is not None:
        found["schedule"] = {"kind": schedule.kind, **_known(schedule)}
    if clip is not None:
        found["clip"] = _known(clip)
    return found


def _known(setting: Setting) -> dict[str, object]:
    return {name: value for name, value in setting.args.items() if value is not None}


def _number(value: ArgValue) -> float | None:
    return None if value is None else number(value)


def _where(setting: Setting) -> str:
    span = setting.span
    return f"{clean(file_name(span.source.name))}:{span.line}  {clean(span.text)}"
