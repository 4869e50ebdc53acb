"""The processes of one command under `mpirun`: they work together, and one of them speaks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from . import terminal
from .messages import fail

if TYPE_CHECKING:
    from nnc.runtime.parallel.ranks import Ranks


@contextmanager
def ranks_of_launch() -> Iterator[Ranks]:
    """Yield the ranks that `mpirun` started; without it, this process as the only one.

    Rank 0 alone prints. A command that fails on one rank fails on all of them, with one line that
    says where and why."""
    from nnc.runtime.parallel.mpi import MPIError, launched, speaks, world
    from nnc.runtime.parallel.ranks import RankFailed, Ranks

    if not launched():
        yield Ranks()
        return
    try:
        ranks = Ranks(world())
    except MPIError as error:
        if speaks():
            fail(str(error))
        raise Exit(terminal.FAILED) from error
    with _silent(not ranks.leads) as said:
        try:
            yield ranks
            ranks.agree()
        except RankFailed as error:
            fail(str(error))
        except Exit as ending:
            _leave(ranks, ending.exit_code, said)
            raise
        except click.UsageError as error:
            ranks.fail(error.format_message())
            if ranks.leads:
                raise
            raise Exit(terminal.USAGE) from error
        except BaseException as error:
            ranks.fail(f"{type(error).__name__}: {error}")
            raise


def _leave(ranks: Ranks, code: int, said: StringIO) -> None:
    """Leave with the others, or tell them that this rank leaves because of an error."""
    from nnc.runtime.parallel.ranks import RankFailed

    if code == terminal.OK:
        try:
            ranks.agree()
        except RankFailed as error:
            fail(str(error))
        return
    lines = said.getvalue().split("\n")
    last = next((line for line in reversed(lines) if line), f"it ended with code {code}")
    ranks.fail(last.removeprefix("error: "))


@contextmanager
def _silent(silent: bool) -> Iterator[StringIO]:
    """Print nothing, and yield what would have been said on standard error."""
    said = StringIO()
    with ExitStack() as stack:
        if silent:
            null = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(redirect_stdout(null))
            stack.enter_context(redirect_stderr(said))
        yield said
