"""What `make docs` adds to the pages of this folder: a page for each command, error code and mistake.

A hook of MkDocs (see mkdocs.yml). The pages are made from the commands' help and from the pages that
`nnc explain` prints, so they are never out of date.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Any

import click
from mkdocs.structure.files import File, Files
from nnc.cli.app import Argument, flag
from nnc.cli.commands import app
from nnc.diagnostics.codes import CODES
from nnc.diagnostics.explain import page
from nnc.doctor.pages import mistakes
from nnc.doctor.pages import page as mistake_page

REPOSITORY_FILES = re.compile(r"\]\(\.\./(?!docs/)([^)]+)\)")
"""Links to files outside of this folder, which the site does not have."""


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    codes = sorted(CODES.values(), key=lambda code: code.id)
    pages = {f"errors/{code.id}.md": page(code.id) for code in codes}
    pages["errors/index.md"] = _index("Errors and warnings", [(c.id, c.title) for c in codes])
    commands = {name: c for name, c in sorted(app.commands.items()) if not c.hidden}
    pages |= {f"commands/{name}.md": _command(name, c) for name, c in commands.items()}
    pages["commands/index.md"] = _index(
        "Commands", [(name, c.get_short_help_str()) for name, c in commands.items()]
    )
    pages |= {f"mistakes/{slug}.md": mistake_page(slug) for slug in mistakes()}
    pages["mistakes/index.md"] = _index("Mistakes in gradients", list(mistakes().items()))
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leave of a link to a file of the repository only its words."""
    return re.sub(r"\[([^]]+)" + REPOSITORY_FILES.pattern, r"\1", markdown)


def _index(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| [{name}]({name}.md) | {_cell(text)} |" for name, text in rows]
    return "\n".join([f"# {title}", "", "| | |", "|---|---|", *lines, ""])


def _command(name: str, command: click.Command) -> str:
    """The help of a command as a page: what it does, its arguments and options, examples."""
    with click.Context(command, info_name=f"nnc {name}") as ctx:
        usage = " ".join([f"nnc {name}", *command.collect_usage_pieces(ctx)])
        options = [r for p in command.params if (r := p.get_help_record(ctx))]
    places = [(flag(p), p.explained) for p in command.params if isinstance(p, Argument)]
    parts = [f"# nnc {name}", f"```\n{usage}\n```"]
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        example = paragraph.startswith(" ")
        parts.append(f"```\n{cleandoc(paragraph)}\n```" if example else " ".join(paragraph.split()))
    rows = [f"| `{_cell(what)}` | {_cell(text)} |" for what, text in [*places, *options]]
    parts.append("\n".join(["| | |", "|---|---|", *rows]))
    return "\n\n".join([*parts, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
