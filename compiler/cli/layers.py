"""`nnc layers`: the reference of layers, losses, optimizers, schedules and initialisations."""

from __future__ import annotations

import sys

import click

from .app import Argument, Usage, app
from .terminal import did_you_mean, show_markdown


@app.command()
@click.argument(
    "kind",
    cls=Argument,
    required=False,
    metavar="[KIND]",
    help="A layer, activation, loss, optimizer or schedule.",
)
@click.option("--markdown", is_flag=True, help="Print the whole reference as Markdown.")
def layers(kind: str | None, markdown: bool) -> None:
    """Show a layer, loss or optimizer: arguments, formulas, shapes. Without a KIND, list all.

    Examples:

      nnc layers dense

      nnc layers
    """
    from ..report.reference import entry, find, names, reference

    if markdown:
        click.echo(reference(), nl=False)
    elif kind is None:
        _list()
    elif find(kind) or kind.lower() in _inits():
        from ..report.reference import initialisations

        for each in find(kind):
            show_markdown(entry(each), sys.stdout)
        if kind.lower() in _inits():
            show_markdown(initialisations(), sys.stdout)
    else:
        near = _elsewhere(kind) or did_you_mean(kind, [*names(), *_inits()])
        raise Usage(f"there is no layer, loss, optimizer or schedule {kind!r}{near}")


def _elsewhere(word: str) -> str:
    """Return the equivalent of another library's name, or that there is none."""
    from ..frontend.elsewhere import Sort, meaning

    for sort in Sort:
        found = meaning(word, sort)
        if found and sort not in (Sort.STATEMENT, Sort.CHOICE, Sort.METRIC):
            return f"; here that is {found.write}" if found.write else f"; {found.advice}"
    return ""


def _inits() -> list[str]:
    from ..kinds.inits import INITS

    return [name for init in INITS.values() for name in (init.name, *init.aliases)]


def _list() -> None:
    from ..report.reference import sections

    shown = sections()
    width = max(len(kind.name) for section in shown for kind in section.kinds)
    for section in shown:
        click.echo(f"{section.title}:")
        for kind in section.kinds:
            click.echo(f"  {kind.name:<{width}}  {kind.summary}")
        click.echo()
    click.echo(f"Initialisations: {', '.join(_inits())}")
