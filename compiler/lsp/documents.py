"""The open buffers, what is known of each, and the files around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from threading import RLock
from urllib.parse import unquote, urlsplit

from pygls.uris import from_fs_path, to_fs_path

from ..editor.columns import Lines, Unit
from ..editor.hints import Hint, with_kept
from ..editor.study import Study, study
from ..source import Source


@dataclass(frozen=True, slots=True)
class Disk:
    """How files are read that are not open: the text of one, and the specs of a folder."""

    read: Callable[[str], str]
    specs: Callable[[str], Iterable[str]]


def name_of(uri: str) -> str:
    """Return the file name that a spec at a URI is known by; it needs not be a file."""
    path = to_fs_path(uri) if urlsplit(uri).scheme == "file" else None
    return (path or unquote(urlsplit(uri).path) or uri).replace("\\", "/")


@dataclass(slots=True)
class Document:
    """An open buffer. `kept` are the hints of the text that was checked last, `last`."""

    uri: str
    source: Source
    version: int | None
    unit: Unit
    checked: Study | None = None
    hints: tuple[Hint, ...] = ()
    last: str = ""
    published: object = None
    lines: Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(self.source.text, self.unit)

    def put(self, text: str, version: int | None) -> None:
        """Replace the text."""
        self.version, self.checked = version, None
        self.source = Source(self.source.name, text)
        self.lines = Lines(text, self.unit)

    def change(self, start: tuple[int, int], stop: tuple[int, int], new: str) -> None:
        """Replace a range of lines and columns."""
        text, lines = self.source.text, self.lines
        begin, end = sorted((lines.offset(*start), lines.offset(*stop)))
        self.put(text[:begin] + new + text[end:], self.version)


class Documents:
    """All open buffers; a spec may include another buffer before it is saved."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.unit = Unit.UTF16
        self.open: dict[str, Document] = {}
        self.folders: list[str] = []
        self.lock = RLock()
        self._read: dict[str, Source] = {}

    # --- buffers --------------------------------------------------------------------------

    def add(self, uri: str, text: str, version: int | None) -> Document:
        """Open a buffer."""
        made = Document(uri, Source(name_of(uri), text), version, self.unit)
        self.open[uri] = made
        return made

    def remove(self, uri: str) -> None:
        """Close a buffer; what is on disk counts again."""
        self.open.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        """The buffer of a URI."""
        return self.open.get(uri)

    def uri_of(self, name: str) -> str:
        """The URI of a file: that under which it is open, else that of its path."""
        found = next((d.uri for d in self.open.values() if d.source.name == name), None)
        return found or from_fs_path(name) or name

    def lines_of(self, source: Source) -> Lines:
        """The lines of any source, open or not."""
        for document in self.open.values():
            if document.source is source:
                return document.lines
        return Lines(source.text, self.unit)

    # --- checks ---------------------------------------------------------------------------

    def load(self, path: str, by: Source) -> Source:
        """Read an included spec: from its buffer if it is open, else from disk."""
        return self._source(normpath(join(dirname(by.name), path)))

    def _source(self, name: str) -> Source:
        for document in self.open.values():
            if normpath(document.source.name) == name:
                return document.source
        text = self.disk.read(name)
        known = self._read.get(name)
        if known is None or known.text != text:
            known = self._read[name] = Source(name, text)
        return known

    def study(self, document: Document) -> Study:
        """The check of a buffer's text, made once for each text."""
        with self.lock:
            if document.checked is None:
                made = study(document.source, self.load)
                document.hints = with_kept(made, document.hints, document.last)
                document.last, document.checked = document.source.text, made
            return document.checked

    def readers(self, name: str) -> Iterator[Document]:
        """The buffers whose specs include a file, or wanted to."""
        for document in self.open.values():
            known = document.checked
            wanted = known.wanted if known else None
            if wanted and (normpath(name) in wanted.names or name in wanted.sources):
                yield document

    def around(self, document: Document) -> list[Study]:
        """The check of a buffer, and of all specs in reach that share files with it."""
        first = self.study(document)
        files = {document.source.name, *first.wanted.sources}
        found = [first]
        for other in list(self.open.values()):
            if other is not document and _shares(self.study(other), files):
                found.append(self.study(other))
        names = {d.source.name for d in self.open.values()}
        for folder in self.folders:
            for name in self.disk.specs(folder):
                made = self._on_disk(name) if name not in names else None
                names.add(name)
                if made is not None and _shares(made, files):
                    found.append(made)
        return found

    def _on_disk(self, name: str) -> Study | None:
        """Check a file that includes something; others cannot share anything."""
        try:
            source = self._source(normpath(name))
        except (OSError, UnicodeDecodeError):
            return None
        return study(source, self.load) if "include" in source.text else None


def _shares(other: Study, files: set[str]) -> bool:
    return not files.isdisjoint({other.source.name, *other.wanted.sources})
