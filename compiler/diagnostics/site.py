"""Where the explanation of a code can be opened: on the documentation's site, or in the package."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

VARIABLE = "NNC_DOCS_URL"
"""The environment variable with the address of a site built by `make docs`."""


def site_address(code: str) -> str | None:
    """Return the address of a code's page on the site that the environment names, if it names one."""
    site = os.environ.get(VARIABLE, "").strip().rstrip("/")
    return f"{site}/errors/{code}.html" if site.startswith(("https://", "http://")) else None


def address(code: str) -> str:
    """Return the address of a code's page: on the site, else that of the file that is installed."""
    return site_address(code) or _page_file(code).as_uri()


def _page_file(code: str) -> Path:
    return Path(str(files("nnc.diagnostics.pages") / f"{code}.md")).absolute()
