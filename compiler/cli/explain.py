"""`nnc explain`: the page of a diagnostic code."""

from __future__ import annotations

import sys

import click

from . import terminal
from .app import Argument, Usage, app


@app.command()
@click.argument(
    "code",
    cls=Argument,
    required=False,
    metavar="[CODE]",
    help="A code such as NN201, its number, or its name.",
)
def explain(code: str | None) -> None:
    """Explain a diagnostic code: what it means, why, and a fix. Without a code, list them all.

    Examples:

      nnc explain NN201

      nnc explain
    """
    from ..diagnostics.codes import CODES
    from ..diagnostics.explain import find, page

    if code is None:
        _list()
        return
    found = find(code)
    if found is None:
        names = [c.name for c in CODES.values()]
        near = terminal.did_you_mean(code, names) or terminal.did_you_mean(code, CODES, loose=True)
        raise Usage(f"there is no code {code!r}{near}; `nnc explain` lists all")
    terminal.show_markdown(page(found), sys.stdout)


def _list() -> None:
    from ..diagnostics.codes import CODES

    for code in sorted(CODES.values(), key=lambda c: c.id):
        click.echo(f"{code.id}  {code.severity.value:<8} {code.title}")
