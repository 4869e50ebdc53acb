"""A callback that writes every epoch's scores for TensorBoard; it needs tensorboardX."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from .callback import Callback
from .epochs import Epoch
from .extras import require
from .session import Session


class TensorBoard(Callback):
    """Writes scalars such as `train/loss` and `validation/accuracy`, by step, to a folder.

    Raises DataError where tensorboardX is missing. A resumed training continues at its step, and
    TensorBoard drops what a killed one wrote beyond that step."""

    def __init__(self, folder: str | Path) -> None:
        package = require("tensorboardX", "tensorboard", "TensorBoard needs tensorboardX")
        self.make, self.folder = package.SummaryWriter, str(folder)
        self.writer: Any = None

    def start(self, session: Session) -> None:
        """Open the folder."""
        self.writer = self.make(self.folder, purge_step=session.position.step + 1)

    def epoch(self, session: Session, epoch: Epoch) -> None:
        """Write an epoch's scores."""
        sets = {"train": epoch.train, "validation": epoch.validation, "test": epoch.test}
        for name, scores in sets.items():
            for score, value in scores.items():
                if math.isfinite(value):
                    self.writer.add_scalar(f"{name}/{score}", value, epoch.step)
        if epoch.rate is not None:
            self.writer.add_scalar("lr", epoch.rate, epoch.step)

    def end(self, session: Session) -> None:
        """Flush everything to the disk."""
        self.writer.close()
