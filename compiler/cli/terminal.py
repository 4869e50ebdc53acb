"""Output of findings: in colour on a terminal, plain text everywhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from ..diagnostics.model import Diagnostic, Report, Severity
from ..diagnostics.render import bounded, render_all, render_concise, render_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

OK, FAILED, USAGE, INTERNAL = 0, 1, 2, 101
"""Exit codes: success; errors in the spec; usage error; internal error of nnc."""

_STYLES = {
    r"(?m)^error\[\w+\]": "bold red",
    r"(?m)^warning\[\w+\]": "bold yellow",
    r"(?m)^info\[\w+\]": "bold cyan",
    r"(?m)^ +\|.*$": "cyan",
    r"(?m)^ *(-->|:::)|^ *\d* \|| = (?=\w+: )": "blue",
    r"(?m)(?<=[ |_])\^+(?: .*)?$": "bold red",
}


class ReportFormat(StrEnum):
    """The output format of a command that prints one report."""

    TEXT = "text"
    JSON = "json"


class Format(StrEnum):
    """The output format of findings."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"

    @property
    def is_document(self) -> bool:
        """Whether the findings of all files form one document."""
        return self in (Format.JSON, Format.SARIF)


def console(stream: TextIO) -> Console:
    """Return a rich console on a stream, without colours where the stream is not a terminal."""
    from rich.console import Console

    return Console(file=stream, soft_wrap=True, highlight=False)


def on_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal."""
    return stream.isatty()


def show(diagnostics: Iterable[Diagnostic], format: Format, stream: TextIO) -> None:
    """Print findings in the chosen format."""
    found = list(diagnostics)
    match format:
        case Format.JSON:
            stream.write(render_json(found))
        case Format.CONCISE:
            _show_lines(render_concise, found, stream)
        case Format.SARIF:
            from ..diagnostics.render.sarif import render_sarif

            stream.write(render_sarif(found))
        case Format.GITHUB:
            from ..diagnostics.render.github import render_github

            _show_lines(render_github, found, stream)
        case Format.TEXT:
            _show_text(found, stream)


def show_markdown(text: str, stream: TextIO) -> None:
    """Print Markdown: rendered on a terminal, as it is everywhere else."""
    if not on_terminal(stream):
        stream.write(text)
        return
    from rich.markdown import Markdown

    console(stream).print(Markdown(text, code_theme="ansi_dark"), soft_wrap=False)


def did_you_mean(word: str, names: Iterable[str], loose: bool = False) -> str:
    """Return `, did you mean X?` if one of the names is similar, or else an empty string."""
    from ..diagnostics.suggest import closest

    near = closest(word, names, loose)
    return f", did you mean {near}?" if near else ""


def failed(report: Iterable[Diagnostic], strict: bool) -> bool:
    """Return whether the findings make a command fail: errors do, and warnings if `strict`."""
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return any(d.severity in failing for d in report)


def show_on_stderr(report: Report) -> None:
    """Print findings to standard error, separate from a command's result."""
    show(report, Format.TEXT, sys.stderr)


def _show_lines(
    render: Callable[[Diagnostic], str], found: list[Diagnostic], stream: TextIO
) -> None:
    shown, left_out = bounded(found)
    stream.writelines(map(render, shown))
    stream.write(left_out)


def _link_codes(text: Text) -> None:
    """Make every code a link to its page, in terminals that know links; others ignore them."""
    from ..diagnostics.site import address

    for match in re.finditer(r"(?m)^(?:error|warning|info)\[(NN\d+)\]", text.plain):
        text.stylize(f"link {address(match[1])}", *match.span(1))


def _show_text(found: list[Diagnostic], stream: TextIO) -> None:
    text = render_all(found)
    if not text or not on_terminal(stream):
        stream.write(text)
        return
    from rich.text import Text

    coloured = Text(text, end="")
    for pattern, style in _STYLES.items():
        coloured.highlight_regex(pattern, style)
    _link_codes(coloured)
    console(stream).print(coloured, end="")
