"""The optimizers by name.

An optimizer is one file in this folder that makes one `OptimizerKind` and passes it to
`optimizer`. Files are found automatically; did-you-mean, argument checks and the reference are
derived from here.
"""

from __future__ import annotations

from ..kinds.optimizer import OptimizerKind
from ..registry import Registry

OPTIMIZERS: Registry[OptimizerKind] = Registry("optimizer")
"""Every optimizer by its own name; filled by the files of this folder."""

WITHOUT = "sgd"
"""The optimizer of a spec that names none."""

optimizer = OPTIMIZERS.enter
aliases = OPTIMIZERS.aliases
