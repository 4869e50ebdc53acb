"""The shared option `--freeze`."""

from __future__ import annotations

import click

freeze_option = click.option(
    "--freeze",
    metavar="NAME",
    multiple=True,
    help="Keep the parameters of a layer (dense1) or group, or one parameter (dense1.W), as they are.",
)
