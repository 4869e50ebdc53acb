"""The layer kinds by name.

A layer is one file in this folder that makes one `LayerKind` and passes it to `layer`. Files
are found automatically; grammar, did-you-mean, CLI help, the reference and the argument checks
are derived from here. A layer is lowered to forward ops only; its gradient follows from the
rules of the ops.
"""

from __future__ import annotations

from dataclasses import replace

from ..kinds.arguments import FROZEN_ARG
from ..kinds.layer import LayerKind, no_params
from ..registry import Registry

LAYERS: Registry[LayerKind] = Registry("layer kind")
"""Every layer kind by its own name; filled by the files of this folder."""


def layer(kind: LayerKind) -> LayerKind:
    """Register a kind; one with parameters gets the additional argument `frozen=`."""
    if kind.params is not no_params:
        kind = replace(kind, args=(*kind.args, FROZEN_ARG))
    return LAYERS.enter(kind)


def _own(name: str) -> LayerKind:
    """Return the kind of a formula defined in a spec."""
    from ..kinds.formula.kind import layer_kind

    return layer_kind(name)


LAYERS.own = _own
aliases = LAYERS.aliases
