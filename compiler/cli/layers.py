"""`nnc layers`: the reference of layers, losses, optimizers, schedules and initialisations.

Of a .nn file it is that of the formulas and blocks which the file defines.
"""

from __future__ import annotations

import sys

import click
from click.exceptions import Exit

from .app import Argument, Usage, app
from .report_format import format_option
from .spec import read_spec
from .terminal import FAILED, ReportFormat, did_you_mean, show_markdown, show_on_stderr


@app.command()
@click.argument(
    "kind",
    cls=Argument,
    required=False,
    metavar="[KIND]",
    help="A layer, activation, loss, optimizer or schedule; or a .nn file.",
)
@click.option("--markdown", is_flag=True, help="Print the whole reference as Markdown.")
@format_option
def layers(kind: str | None, markdown: bool, format_: ReportFormat) -> None:
    """Show a layer, loss or optimizer: arguments, formulas, shapes. Without a KIND, list all.

    Of a .nn file, list its own kinds: formulas with their gradients, and blocks.

    Examples:

      nnc layers dense

      nnc layers vae.nn

      nnc layers
    """
    from ..report.reference import entry, find, names, reference

    if kind is not None and kind.endswith(".nn"):
        _own(kind, format_)
    elif format_ is ReportFormat.JSON:
        raise Usage("--format json is for the kinds of a .nn file, as in `nnc layers vae.nn`")
    elif markdown:
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


def _own(path: str, format: ReportFormat) -> None:
    """Print the kinds of a file; those without errors where it has some."""
    from ..report.own_kinds import as_json, as_markdown, own_kinds

    spec = read_spec(path, None)
    report, kinds = own_kinds(spec.source, spec.files.load)
    if format is ReportFormat.JSON:
        click.echo(as_json(kinds), nl=False)
    elif kinds:
        show_markdown(as_markdown(kinds), sys.stdout)
    elif not report.has_errors:
        click.echo(f"{path} defines no kinds of its own: no `fn` and no `block`")
    if report.has_errors:
        show_on_stderr(report)
        raise Exit(FAILED)


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
