"""Specs as imported modules, whose tracebacks show the generated source."""

from __future__ import annotations

import linecache
import os
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Unpack
from weakref import WeakValueDictionary

from ..driver import Compiled, Options
from .errors import CompileError, SpecImportError
from .specs import UNNAMED, Choices, SpecText, compiled, options_of, read


class SpecModule(ModuleType):
    """A generated module in memory; a notebook displays it as the picture of its network."""

    SPEC: str

    def _repr_html_(self) -> str:
        from ..report.notebook import network_html

        return network_html(self.SPEC, self.__name__)


_SHOWN: WeakValueDictionary[str, ModuleType] = WeakValueDictionary()
"""Modules by the name under which tracebacks find their source."""


class SpecLoader(InspectLoader):
    """Compiles a spec and runs its module, by the protocol of `importlib`."""

    def __init__(self, fullname: str, spec: SpecText, options: Options, origin: str = "") -> None:
        self.name, self.spec, self.options = fullname, spec, options
        self.origin = origin or os.fspath(spec)
        self.shown = ""
        self._compiled: Compiled | None = None

    def create_module(self, spec: ModuleSpec) -> SpecModule:
        """Return an empty module with a display for notebooks."""
        return SpecModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Compile the current spec, and run the source in the module."""
        self._compiled = None
        self.shown = _free_name(self.origin, module)
        if self.options.target != "numpy" and hasattr(module, "__file__"):
            # Numba would look for a source file, to store its kernels beside it.
            module.__file__ = self.shown
        super().exec_module(module)

    def get_source(self, fullname: str) -> str:
        """Return the generated source."""
        return self.compiled().code

    def compiled(self) -> Compiled:
        """Return the source with its network; compiled on first use."""
        if self._compiled is None:
            self._compiled = compiled(read(self.spec, self.origin), self.options)
        return self._compiled

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source, and register it for tracebacks."""
        source = self.get_source(fullname)
        self.shown = self.shown or _free_name(self.origin)
        linecache.cache[self.shown] = (len(source), None, source.splitlines(True), self.shown)
        code: CodeType = self.source_to_code(source, self.shown)
        return code

    def get_filename(self, fullname: str) -> str:
        """Return the spec's file."""
        return self.origin

    def is_package(self, fullname: str) -> bool:
        """Return False: a spec is a single module."""
        return False


class FileLoader(SpecLoader):
    """The loader of the import hook: a faulty spec is an ImportError."""

    def __init__(self, fullname: str, path: str, options: Options) -> None:
        super().__init__(fullname, Path(path), options)

    def get_source(self, fullname: str) -> str:
        """Return the generated source; raises SpecImportError."""
        try:
            return super().get_source(fullname)
        except CompileError as error:
            raised = SpecImportError(str(error), error.diagnostics)
            raised.name, raised.path = fullname, self.origin
            raise raised from None


def load(path: str | os.PathLike[str], **choices: Unpack[Choices]) -> Any:
    """Compile a `.nn` file and import its module in memory; nothing is written.

    The module has the functions of every generated module (`init_params`, `train_step`, `predict`,
    …). Its `__file__` is the spec, tracebacks and `inspect.getsource` show the generated source, a
    notebook the network. It is not in `sys.modules`: see `install_import_hook` for that. The
    keywords are those of `compile` (`level`, `target`, `emit`, `without`, `freeze`, `max_memory`,
    and `format`, which is off by default).

    Raises CompileError if the spec has errors, FileNotFoundError if there is no such file."""
    file = Path(path)
    return made(SpecLoader(file.stem, file, options_of(**choices)))


def loads(text: str, *, name: str = UNNAMED, **choices: Unpack[Choices]) -> Any:
    """As `load`, for the text of a spec; `name` is its name in messages.

    Raises CompileError if the spec has errors."""
    return made(SpecLoader(Path(name).stem, text, options_of(**choices), name))


def made(loader: SpecLoader) -> Any:
    """Return a new module of a loader."""
    found = spec_from_loader(loader.name, loader, origin=loader.origin)
    assert found is not None
    found.has_location = not isinstance(loader.spec, str)
    module = module_from_spec(found)
    loader.exec_module(module)
    return module


def _free_name(origin: str, module: ModuleType | None = None) -> str:
    """Return a source name that no other living module has; a reloaded module keeps its own."""
    number, name = 1, f"{origin} (generated)"
    while _SHOWN.get(name, module) is not module:
        number += 1
        name = f"{origin} (generated, {number})"
    if module is not None:
        _SHOWN[name] = module
    return name
