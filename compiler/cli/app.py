"""The command line application, with which every command registers, and its error messages.

click parses the arguments; the messages about wrong ones are written here, one line each. (typer,
from 0.29 on, needs pydantic with its compiled core, and shows pydantic's messages.)"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import click

from ..version import VERSION
from .terminal import OK, USAGE, did_you_mean


class Usage(click.UsageError):
    """A command was called with invalid arguments; the message is one line."""


class Argument(click.Argument):
    """A positional argument with a help text; click itself has these from 8.5 on."""

    def __init__(self, *words: Any, help: str, **more: Any) -> None:
        super().__init__(*words, **more)
        self.explained = help


class Command(click.Command):
    """A command whose help keeps the layout of examples."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; refuse extra ones."""
        ctx.allow_extra_args = True
        ctx.meta["words"] = list(args)
        try:
            super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if ctx.args and not ctx.resilient_parsing:
            raise Usage(f"`{ctx.command_path}` takes no further word: {ctx.args[0]!r}", ctx)
        return ctx.args

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the whole first sentence of the docstring."""
        first, *_ = cleandoc(self.help or "").split("\n\n")
        return " ".join(first.split()).partition(". ")[0].rstrip(".")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the docstring: paragraphs are filled, indented lines are kept."""
        with formatter.indentation():
            for paragraph in cleandoc(self.help or "").split("\n\n"):
                formatter.write_paragraph()
                if paragraph.startswith(" "):
                    formatter.write(f"  {paragraph}\n")
                else:
                    formatter.write_text(" ".join(paragraph.split()))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the positional arguments, then the options."""
        places = [(flag(p), p.explained) for p in self.params if isinstance(p, Argument)]
        if places:
            with formatter.section("Arguments"):
                formatter.write_dl(places)
        super().format_options(ctx, formatter)


class Group(click.Group):
    """The group of all commands; usage errors are one line on standard error, with exit code 2."""

    command_class = Command

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **more: Any,
    ) -> Any:
        """Run a command line; exit unless `standalone_mode` is false."""
        try:
            code = super().main(args, "nnc", complete_var, standalone_mode=False, **more)
        except click.ClickException as error:
            click.echo(f"error: {wording(error)}", err=True)
            code = USAGE
        except click.Abort:
            raise KeyboardInterrupt from None
        code = code if isinstance(code, int) else OK
        if standalone_mode:
            sys.exit(code)
        return code

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = did_you_mean(name, self.commands) or "; `nnc --help` lists all"
            raise Usage(f"there is no command {name!r}{near}", ctx)
        return super().resolve_command(ctx, args)


def wording(error: click.ClickException) -> str:
    """Return a usage error as one line."""
    match error:
        case click.NoSuchOption():
            text = _no_option(error)
        case click.MissingParameter():
            text = _missing(error)
        case click.BadOptionUsage():
            text = _value(error)
        case _:
            text = error.format_message()
    return " ".join(text.split())


def flag(param: click.Parameter | None) -> str:
    """Return the user's name for a parameter: `--epochs`, or `SPEC`."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return str(param.metavar or param.human_readable_name).strip("[].") if param else "the value"


def _no_option(error: click.NoSuchOption) -> str:
    ctx = error.ctx
    path = ctx.command_path if ctx else "nnc"
    words = ctx.meta.get("words", []) if ctx else []
    option = next((w for w in words if _is_written(w, error.option_name)), error.option_name)
    params = ctx.command.params if ctx else []
    known = [name for param in params for name in param.opts if name.startswith("--")]
    near = did_you_mean(f"--{option.lstrip('-')}", [*known, "--help"])
    return f"`{path}` has no option {option}{near or f'; `{path} --help` lists all'}"


def _is_written(word: str, option: str) -> bool:
    """Return whether click found the short option `option` among the letters of an argument."""
    return (
        not option.startswith("--") and re.match(r"-[^-]", word) is not None and option[1] in word
    )


def _missing(error: click.MissingParameter) -> str:
    path = error.ctx.command_path if error.ctx else "nnc"
    param = error.param
    what = flag(param) + (f" {param.metavar}" if isinstance(param, click.Option) else "")
    said = param.explained if isinstance(param, Argument) else getattr(param, "help", None)
    said = str(said or "").rstrip(".")
    return f"`{path}` needs {what}: {said[:1].lower()}{said[1:]}"


def _value(error: click.BadOptionUsage) -> str:
    params = error.ctx.command.params if error.ctx else []
    param = next((p for p in params if error.option_name in p.opts), None)
    if isinstance(param, click.Option) and param.is_flag:
        return f"{error.option_name} takes no value"
    kind = f", {param.metavar}" if param and param.metavar else ""
    return f"{error.option_name} needs a value{kind}"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"nnc {VERSION}")
        ctx.exit()


@click.group(
    cls=Group,
    epilog="Start with: nnc compile -c 'input 4 -> dense 3 softmax; loss crossentropy'",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def app(ctx: click.Context) -> None:
    """Compile one-line neural network specs to standalone, readable, fast NumPy modules."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(USAGE)


@app.command()
def version() -> None:
    """Print the version."""
    click.echo(f"nnc {VERSION}")
