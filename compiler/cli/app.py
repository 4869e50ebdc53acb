"""The command line application that every command registers itself with."""

from __future__ import annotations

from typing import Annotated

import typer

from ..version import VERSION

app = typer.Typer(
    name="nnc",
    epilog="Start with: nnc compile -c 'input 4 -> dense 3 softmax; loss crossentropy'",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nnc {VERSION}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Compile one-line neural network specs to standalone, readable, fast NumPy modules."""


@app.command("version")
def version() -> None:
    """Print the version."""
    _print_version(True)
