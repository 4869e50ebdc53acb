"""The modelling lints. Importing this package imports and registers every lint in it."""

from importlib import import_module
from pkgutil import iter_modules

from ..diagnostics.model import Diagnostic
from ..ir.layer_graph import TypedGraph
from ..source import Span
from .network import Network
from .registry import LINTS, WHOLE

for _module in sorted(m.name for m in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")


def run(typed: TypedGraph, *, whole: bool) -> list[Diagnostic]:
    """Run all lints; return their findings, one for all copies of a block or repeat.

    `whole`: the spec has no errors; otherwise lints that need all of it are left out."""
    network = Network(typed)
    found: dict[tuple[str, Span], Diagnostic] = {}
    for lint in LINTS:
        if lint in WHOLE and not whole:
            continue
        for diagnostic in lint(network):
            found.setdefault((diagnostic.code.id, diagnostic.span), diagnostic)
    return list(found.values())


__all__ = ["LINTS", "run"]
