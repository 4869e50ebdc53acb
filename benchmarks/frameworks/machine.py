"""The machine and the versions of what ran on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "torch", "jax", "jaxlib", "numba", "scipy")


def description() -> str:
    """Processor, cores, memory, system, and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    parts = (processor(), f"{os.cpu_count()} cores", f"{memory:.0f} GiB", platform.system())
    return f"{', '.join(parts)}; load average at the end {load:.1f}"


def processor() -> str:
    """Its name and widest vectors, where Linux tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    found = {key.strip(): value.strip() for key, value in facts.items()}
    flags = found.get("flags", "").split()
    vectors = next((one for one in ("avx512f", "avx2", "avx") if one in flags), "")
    names = (found.get("model name", platform.machine()), vectors)
    return " with ".join(name for name in names if name)


def versions() -> dict[str, str]:
    """Of Python, the libraries and NumPy's BLAS."""
    import numpy

    found = {"Python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {**found, "NumPy's BLAS": f"{blas['name']} {blas['version']}"}


def installed(package: str) -> str:
    """Its version, or that it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
