"""The opt-in import hook: `import model` finds `model.nn`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec
from types import ModuleType
from typing import Unpack

from ..driver import Options
from ..emitted import check_emit
from ..passes.pipeline import check_options
from ..targets.target import load_target
from .modules import FileLoader
from .specs import Choices, options_of

SUFFIX = ".nn"


class SpecFinder(MetaPathFinder):
    """A meta path finder for specs, which comes after all other finders."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec's module, if a folder of the path has a `.nn` file of that name."""
        name = fullname.rpartition(".")[2]
        for entry in sys.path if path is None else path:
            folder = os.path.abspath(entry)
            if os.path.isfile(os.path.join(folder, name + SUFFIX)):
                found = self._found(fullname, folder)
                if found is not None:
                    return found
        return None

    def _found(self, fullname: str, folder: str) -> ModuleSpec | None:
        """Find the file with Python's own finder, which handles upper case as the system does."""
        loader = partial(FileLoader, options=self.options)
        # the stub wants a class, where any callable that makes a loader will do
        found = FileFinder(folder, (loader, [SUFFIX])).find_spec(fullname)  # type: ignore[arg-type]
        return found if found is not None and found.loader is not None else None


def install_import_hook(**choices: Unpack[Choices]) -> None:
    """Let `import model` find `model.nn` in the folders of `sys.path`, and in packages.

    A module or package of the same name takes precedence. `importlib.reload` compiles the spec
    again. Tracebacks show the generated source. The keywords are those of `load`; a second call
    replaces those of the first.

    Importing a spec with errors raises SpecImportError (an ImportError) with the findings. Raises
    ValueError for an unknown option."""
    options = options_of(**choices)
    check_options(options.level, None, options.without)
    check_emit(options.emit)
    load_target(options.target)
    uninstall_import_hook()
    sys.meta_path.append(SpecFinder(options))


def uninstall_import_hook() -> None:
    """Undo `install_import_hook`; modules that were imported remain."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, SpecFinder)]
