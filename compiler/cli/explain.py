"""`nnc explain`: the page of a diagnostic code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from . import terminal
from .app import app


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="A code such as NN203, or its name.", show_default=False
        ),
    ] = None,
) -> None:
    """Explain a diagnostic code: what it means, why, and a fix. Without a code, list them all.

    Examples:

      nnc explain NN203

      nnc explain
    """
    from ..diagnostics.explain import find, page

    if code is None:
        _list()
        return
    found = find(code)
    if found is None:
        raise typer.BadParameter(f"there is no code {code!r}{_near(code)}; `nnc explain` lists all")
    text = page(found)
    if not terminal.on_terminal(sys.stdout):
        typer.echo(text, nl=False)
        return
    from rich.markdown import Markdown

    terminal.console(sys.stdout).print(Markdown(text, code_theme="ansi_dark"), soft_wrap=False)


def _list() -> None:
    from ..diagnostics.codes import CODES

    for code in sorted(CODES.values(), key=lambda c: c.id):
        typer.echo(f"{code.id}  {code.severity.value:<8} {code.title}")


def _near(word: str) -> str:
    from difflib import get_close_matches

    from ..diagnostics.codes import CODES

    known = {c.id: c.id for c in CODES.values()} | {c.name.upper(): c.id for c in CODES.values()}
    near = get_close_matches(word.upper(), sorted(known), n=1)
    return f", did you mean {known[near[0]]}?" if near else ""
