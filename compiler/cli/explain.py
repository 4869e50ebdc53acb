"""`nnc explain`: the page of a diagnostic code, or of a mistake that `nnc doctor` names."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from . import terminal
from .app import Argument, Usage, app


@app.command()
@click.argument(
    "code",
    cls=Argument,
    required=False,
    metavar="[CODE]",
    help="A code such as NN201, its number, or its name; or a mistake such as missing-mean.",
)
def explain(code: str | None) -> None:
    """Explain a diagnostic code, or a mistake that `nnc doctor` names: what it means, and a fix.

    Without a code, list all of both.

    Examples:

      nnc explain NN201

      nnc explain missing-mean

      nnc explain
    """
    if code is None:
        _list()
        return
    pages = list(_pages(code))
    if not pages:
        from ..diagnostics.codes import CODES
        from ..doctor.pages import mistakes

        names = [*(c.name for c in CODES.values()), *mistakes()]
        near = terminal.did_you_mean(code, names) or terminal.did_you_mean(code, CODES, loose=True)
        raise Usage(f"there is no code {code!r}{near}; `nnc explain` lists all")
    terminal.show_markdown("\n".join(pages), sys.stdout)


def _pages(word: str) -> Iterator[str]:
    """Yield the pages of a mistake and of a code; `softmax-twice` is the name of both."""
    from ..diagnostics.explain import find, page

    found = find(word)
    if found is None or not any(c.isdigit() for c in word):
        from ..doctor import pages

        if slug := pages.slug_of(word):
            yield pages.page(slug)
    if found is not None:
        yield page(found)


def _list() -> None:
    from ..diagnostics.codes import CODES
    from ..doctor.pages import mistakes

    for code in sorted(CODES.values(), key=lambda c: c.id):
        click.echo(f"{code.id}  {code.severity.value:<8} {code.title}")
    titles = mistakes()
    width = max(map(len, titles))
    for slug, title in titles.items():
        click.echo(f"{slug:<{width}}  {title}")
