"""Specs to begin with, one for each family of networks: `nnc new FILE --template NAME`."""

from __future__ import annotations

from importlib.resources import files


def names() -> tuple[str, ...]:
    """The templates there are."""
    found = (path.name for path in files(__name__).iterdir())
    return tuple(sorted(name[:-3] for name in found if name.endswith(".nn")))


def template(name: str) -> str:
    """The text of a template."""
    return (files(__name__) / f"{name}.nn").read_text("utf-8")
