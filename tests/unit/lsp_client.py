"""A client that drives `nnc lsp` as an editor does: buffers, edits, and waiting for findings."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
REFRESHES = (
    types.WORKSPACE_INLAY_HINT_REFRESH,
    types.WORKSPACE_CODE_LENS_REFRESH,
    types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
)
PATIENCE = 60
"""Seconds that end a hang."""


class Published(list):
    """All findings that were published, in order, and an event for each."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Event()

    def take(self, params) -> None:
        self.append(params)
        self.news.set()


def make_client() -> LanguageClient:
    client = LanguageClient(converter_factory=default_converter)
    client.published = Published()
    client.watched = []
    refreshes = dict.fromkeys(REFRESHES, lambda params: None)
    features = {**DEFAULT_CLIENT_FEATURES, **refreshes}
    features[types.CLIENT_REGISTER_CAPABILITY] = lambda params: client.watched.append(params)
    features[PUBLISHED] = lambda params: client.published.take(params)
    register_lsp_features(client, features)
    return client


def serving(*command: str) -> ClientServerConfig:
    return ClientServerConfig(server_command=[sys.executable, *command], client_factory=make_client)


CONFIG = serving("-m", "nnc", "lsp")


async def begin(client: LanguageClient, folder=None, editor="visual-studio-code") -> None:
    """Shake hands as an editor does."""
    client.folder = folder
    folders = [types.WorkspaceFolder(folder.as_uri(), "specs")] if folder else None
    capabilities = client_capabilities(editor)
    client.told = await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, workspace_folders=folders)
    )


@dataclass
class Buffer:
    """An open spec, and the text that the client believes it has."""

    client: LanguageClient
    uri: str
    text: str
    version: int = 1
    published: list = field(default_factory=list)

    @property
    def id(self):
        return types.TextDocumentIdentifier(self.uri)

    def place(self, offset: int) -> types.Position:
        """Line and UTF-16 column, counted without any help of nnc's."""
        offset -= self.text[offset - 1 : offset + 1] == "\r\n"
        before = self.text[:offset].replace("\r\n", "\n\0").replace("\r", "\n")
        last = before.rpartition("\n")[2].removeprefix("\0")
        return types.Position(before.count("\n"), len(last.encode("utf-16-le")) // 2)

    def at(self, words: str, more: int = 0) -> types.Position:
        return self.place(self.text.index(words) + more)

    def everything(self) -> types.Range:
        return types.Range(types.Position(0, 0), self.place(len(self.text)))

    async def open(self):
        waiting = self.next()
        item = types.TextDocumentItem(self.uri, "nn", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await waiting

    async def edit(self, start: int, stop: int, new: str):
        """Replace a range, and return the findings of the text that it makes."""
        waiting = self.next(self.version + 1)
        self.send(start, stop, new)
        return await waiting

    def send(self, start: int, stop: int, new: str) -> None:
        """Replace a range and wait for nothing."""
        self.version += 1
        range = types.Range(self.place(start), self.place(stop))
        change = types.TextDocumentContentChangePartial(range, new)
        self.text = self.text[:start] + new + self.text[stop:]
        self._changed(change)

    async def replace(self, text: str):
        """Send another text as a whole."""
        waiting = self.next(self.version + 1)
        self.version += 1
        self.text = text
        self._changed(types.TextDocumentContentChangeWholeDocument(text))
        return await waiting

    def _changed(self, change) -> None:
        own = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(own, [change]))

    def close(self) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.id))

    def next(self, version: int | None = None):
        """The next findings that are published of this buffer, of a version if one is given."""
        published = self.client.published
        begin = len(published)

        async def wait():
            at = begin
            while True:
                published.news.clear()
                for found in published[at:]:
                    if found.uri == self.uri and version in (None, found.version):
                        return found.diagnostics
                at = len(published)
                await published.news.wait()

        return asyncio.wait_for(wait(), PATIENCE)
