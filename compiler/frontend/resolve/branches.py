"""The ends of forks: one value for each branch."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.codes import names as codes
from ...source import Span
from .scope import End, Env, Flow


def branch_end(flow: Flow | None, span: Span, env: Env) -> End:
    """Return the value at the end of a branch, which must not be forked itself."""
    if flow is None:
        return End(None, None, span)
    if flow.forked and not flow.poisoned:
        env.fault(
            codes.FORK_WITHOUT_MERGE,
            span,
            "this branch ends in a fork of its own",
            help="merge the inner fork first",
        )
        return End(None, None, span)
    return replace(flow.end, span=span)


def named_ends(flow: Flow, env: Env) -> Flow:
    """Accept a fork at the end of a chain if the end of every branch has a name."""
    unnamed = [end for end in flow.ends if end.name is None]
    if not unnamed or flow.poisoned:
        return flow
    env.fault(
        codes.FORK_WITHOUT_MERGE,
        unnamed[0].span,
        "this branch ends the chain without a name",
        help="merge the fork, or name the end of every branch with `as`",
    )
    return Flow((End(None, None, unnamed[0].span),))
