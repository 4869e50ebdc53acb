"""The schedules by name.

A schedule is one file in this folder that makes one `ScheduleKind` and passes it to `schedule`.
Files are found automatically.
"""

from __future__ import annotations

from ..kinds.schedule import ScheduleKind
from ..registry import Registry

SCHEDULES: Registry[ScheduleKind] = Registry("schedule")
"""Every schedule by its own name; filled by the files of this folder."""

schedule = SCHEDULES.enter
aliases = SCHEDULES.aliases
