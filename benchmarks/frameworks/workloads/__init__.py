"""The workloads, by families of networks: a file a family, each with its WORKLOADS."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from ..workload import Workload


def all_workloads() -> list[Workload]:
    """In the order of their numbers."""
    modules = (
        import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    )
    found = [one for module in modules for one in getattr(module, "WORKLOADS", ())]
    return sorted(found, key=lambda one: (int(one.name.strip("Wab")), one.name))


def chosen(names: str) -> list[Workload]:
    """Those named, separated by commas: W11 is both W11a and W11b. ValueError for unknown ones."""
    known = all_workloads()
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if not any(name in titles(one) for one in known)]
    if unknown:
        raise ValueError(f"no such workload: {', '.join(unknown)}")
    return [one for one in known if not wanted or any(name in titles(one) for name in wanted)]


def titles(workload: Workload) -> tuple[str, str]:
    """The names a workload answers to."""
    return workload.name, workload.name.rstrip("ab")
