"""Applying the fixes of findings, and comparing the result with a spec written by hand."""

from __future__ import annotations

from functools import cache

from nnc.diagnostics.fixing import edited
from nnc.diagnostics.model import Diagnostic, Severity

from . import resolving

outcome = cache(resolving.outcome)
"""What a spec is resolved to; most of the right specs are needed many times."""


def errors(text: str) -> list[Diagnostic]:
    return [d for d in outcome(text)[1] if d.severity is Severity.ERROR]


def followed(text: str, rounds: int = 8) -> str:
    """The spec after doing what the first finding proposes, again and again."""
    for _ in range(rounds):
        found = errors(text)
        if not found:
            return text
        assert found[0].fixes, (text, found[0].message, found[0].help)
        text = edited(text, found[0].fixes[0].edits)
    raise AssertionError(f"still wrong: {text}: {errors(text)[0].message}")


def meaning(text: str) -> object:
    """Kinds, arguments and wiring of a spec, without names and places."""
    graph, report = outcome(text)
    assert graph is not None, text
    assert not report.has_errors, (text, [d.message for d in report])
    wired = [
        (one.kind, plain(one.args), one.inputs, one.activation and one.activation.kind)
        for one in graph.layers
    ]
    told = graph.training
    settings = [told.optimizer, told.schedule, told.clip, graph.regularize, *told.metrics]
    settings += [loss.setting for loss in graph.losses]
    said = [(s.kind, plain(s.args)) for s in settings if s]
    weights = [loss.weight for loss in graph.losses]
    return wired, said, weights, dict(told.train), graph.dtype


def plain(args):
    """Arguments without the places that initialisations carry."""
    return {
        key: (value.name, dict(value.args)) if hasattr(value, "args") else value
        for key, value in args.items()
    }
