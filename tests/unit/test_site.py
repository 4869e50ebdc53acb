"""Where a finding's code leads: to a page of the site, or to the installed file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from nnc.cli import terminal
from nnc.cli.terminal import Format
from nnc.diagnostics.codes import CODES
from nnc.diagnostics.explain import page
from nnc.diagnostics.render import render_json
from nnc.diagnostics.render.sarif import render_sarif
from nnc.diagnostics.site import VARIABLE, address
from nnc.driver import check
from nnc.source import Source

FOUND = list(check(Source("a.nn", "input 4 -> dens 3\n")).report)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_every_code_has_a_file_at_its_address(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    for code in CODES:
        parts = urlparse(address(code))
        assert parts.scheme == "file"
        assert Path(unquote(parts.path)).read_text("utf-8") == page(code)


@pytest.mark.parametrize("site", ["https://docs.example.org/nnc", "https://docs.example.org/nnc/"])
def test_a_site_that_is_named_is_used_everywhere(monkeypatch, site):
    monkeypatch.setenv(VARIABLE, site)
    page = "https://docs.example.org/nnc/errors/NN101.html"
    assert json.loads(render_json(FOUND))[0]["url"] == page
    (rule,) = json.loads(render_sarif(FOUND))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == page


@pytest.mark.parametrize("site", ["javascript:alert(1)", "ftp://x", " ", "file:///etc"])
def test_what_is_no_site_is_not_used(monkeypatch, site):
    monkeypatch.setenv(VARIABLE, site)
    assert address("NN101").startswith("file:///")
    assert address("NN101").endswith("/pages/NN101.md")


def test_sarif_names_no_file_of_this_machine(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "file:" not in render_sarif(FOUND)


def test_codes_are_links_on_a_terminal_alone(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    shown, plain = Terminal(), StringIO()
    terminal.show(FOUND, Format.TEXT, shown)
    terminal.show(FOUND, Format.TEXT, plain)
    assert f";{address('NN101')}\x1b\\" in shown.getvalue()
    assert "\x1b" not in plain.getvalue()
