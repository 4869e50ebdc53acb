"""`nnc completion`: shell completion of commands, options and files."""

from __future__ import annotations

from enum import StrEnum

import click

from .app import Argument, app
from .values import Word


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
@click.argument("shell", cls=Argument, metavar="SHELL", type=Word(Shell), help="bash, zsh or fish.")
@click.pass_context
def completion(ctx: click.Context, shell: Shell) -> None:
    """Print a script that lets a shell complete commands, options and files.

    Examples:

      nnc completion bash >> ~/.bashrc

      nnc completion fish > ~/.config/fish/completions/nnc.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell.value)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "nnc", "_NNC_COMPLETE").source())
