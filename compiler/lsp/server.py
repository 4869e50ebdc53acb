"""The server: buffers in, findings out, and every request answered by its entry."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from ..editor.columns import Unit
from ..version import VERSION
from . import changing, commands, moving, reading, structure
from .convert import diagnostics
from .documents import Disk, Document, Documents, name_of
from .registry import FEATURES, Feature

__all__ = ["Disk", "make_server", "serve"]

ANSWERS = (changing, moving, reading, structure)
"""The files whose answers are in FEATURES."""

PAUSE = 0.005
"""Seconds without an edit before a text is checked: edits that wait already are read first."""


class Protocol(LanguageServerProtocol):
    """pygls's protocol without its own copy of the texts.

    That copy also splits lines where the protocol does not: at form feeds, for example. And pygls
    keeps something of every notification that it handles in steps, as it does by itself here: the
    memory of a long session would grow without end."""

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        """Say what the server can do; its commands only to clients without commands of their own.

        A client that registers commands by itself makes commands of the editor of them, which would
        collide with those of an extension that calls the server."""
        made = yield from super().lsp_initialize(params)
        workspace = params.capabilities.workspace
        commands = workspace.execute_command if workspace else None
        if commands is not None and commands.dynamic_registration:
            made.capabilities.execute_command_provider = None
        return made

    @lsp_method(types.INITIALIZED)
    def lsp_initialized(self, *args: Any) -> Any:
        """Tell the server, which pygls by itself does not."""
        return self.fm.features[types.INITIALIZED](*args)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: Any) -> Any:
        """Leave a new text to the server."""
        return self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> Any:
        """Leave a changed text to the server."""
        return self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: Any) -> Any:
        """Leave a closed text to the server."""
        return self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)


class Server(LanguageServer):
    """The language server with its buffers; `waiting` is the check that will be made soon."""

    def __init__(self, disk: Disk) -> None:
        super().__init__("nnc", VERSION, protocol_cls=Protocol)
        self.documents = Documents(disk)
        self.waiting: asyncio.TimerHandle | None = None

    # --- findings -------------------------------------------------------------------------

    def check_soon(self) -> None:
        """Check what changed as soon as no further edit waits."""
        if self.waiting is not None:
            self.waiting.cancel()
        self.waiting = asyncio.get_running_loop().call_later(PAUSE, self.check)

    def check(self) -> None:
        """Publish the findings of every buffer whose text, or an included one, has changed."""
        self.waiting = None
        for document in list(self.documents.open.values()):
            if document.checked is None or document.published is not document.checked:
                self._publish(document)

    def _publish(self, document: Document) -> None:
        try:
            study = self.documents.study(document)
            found = diagnostics(self.documents, study)
            document.published = study
        except Exception as error:
            document.published = document.checked
            found = [_internal(error)]
            self._log(f"nnc: a fault in a check\n{traceback.format_exc()}")
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(document.uri, found, document.version)
        )

    def _log(self, text: str) -> None:
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log a fault; the request that it happened in has been answered with it."""
        self._log(f"nnc: {error}")

    def outdated(self, name: str) -> None:
        """Note that a file changed: what includes it is checked again."""
        readers = list(self.documents.readers(name))
        for reader in readers:
            reader.checked = None
        if readers:
            self._refresh()

    def _refresh(self) -> None:
        """Ask the client to ask again for what depends on the other file."""
        workspace = self.client_capabilities.workspace
        if workspace is None:
            return
        if workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)
        if workspace.semantic_tokens and workspace.semantic_tokens.refresh_support:
            self.workspace_semantic_tokens_refresh(None)


def _internal(error: Exception) -> types.Diagnostic:
    start = types.Position(0, 0)
    return types.Diagnostic(
        types.Range(start, start),
        f"a fault of nnc, not of your spec: {type(error).__name__}: {error}; please report it",
        severity=types.DiagnosticSeverity.Error,
        source="nnc",
    )


# --- buffers ------------------------------------------------------------------------------


def opened(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Take a new buffer."""
    item = params.text_document
    server.documents.add(item.uri, item.text, item.version)
    server.outdated(name_of(item.uri))
    server.check_soon()


def changed(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Make the changes of a buffer, one after the other."""
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return
    for change in params.content_changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = change.range.start, change.range.end
            places = (start.line, start.character), (end.line, end.character)
            document.change(*places, change.text)
        else:
            document.put(change.text, document.version)
    document.version = params.text_document.version
    server.outdated(document.source.name)
    server.check_soon()


def closed(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a buffer, and take its findings from the client's list."""
    uri = params.text_document.uri
    server.documents.remove(uri)
    server.outdated(name_of(uri))
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    server.check_soon()


def files_changed(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Check again what includes files that changed on disk."""
    for change in params.changes:
        server.outdated(name_of(change.uri))
    server.check_soon()


def saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Nothing: the text is known already."""


def began(server: Server, params: types.InitializeParams) -> None:
    """Note the client's columns and folders."""
    server.documents.unit = Unit(server.workspace.position_encoding)
    folders = params.workspace_folders or []
    root = [params.root_uri] if params.root_uri and not folders else []
    server.documents.folders = [name_of(uri) for uri in (*(f.uri for f in folders), *root)]


def ready(server: Server, params: types.InitializedParams) -> None:
    """Ask to be told of specs that change on disk, if the client can watch files."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    watcher = types.FileSystemWatcher("**/*.nn")
    options = types.DidChangeWatchedFilesRegistrationOptions([watcher])
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    server.client_register_capability(
        types.RegistrationParams([types.Registration("specs", method, options)])
    )


# --- the whole ----------------------------------------------------------------------------


def make_server(disk: Disk) -> Server:
    """Return a server that answers all requests; `disk` reads what is not open."""
    server = Server(disk)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)
    server.feature(types.INITIALIZE)(began)
    server.feature(types.INITIALIZED)(ready)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(saved)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(files_changed)
    for feature in FEATURES:
        _enter(server, feature)
    _enter_commands(server)
    return server


def _enter(server: Server, feature: Feature) -> None:
    def answer(own: Server, params: Any) -> Any:
        document = own.documents.get(params.text_document.uri)
        return None if document is None else feature.answer(own.documents, document, params)

    made: Callable[..., Any] = server.thread()(answer) if feature.slow else answer
    server.feature(feature.method, feature.options)(made)


def _enter_commands(server: Server) -> None:
    @server.thread()
    @server.command(reading.SHOW_GENERATED)
    def show_generated(own: Server, *arguments: Any) -> Any:
        return commands.show_generated(own.documents, *arguments)

    @server.command("nnc.explain")
    def explain(own: Server, *arguments: Any) -> Any:
        return commands.explain(*arguments)


def serve(disk: Disk, input: BinaryIO, output: BinaryIO) -> None:
    """Answer on two streams until the client is gone; `output` is closed then."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    make_server(disk).start_io(input, output)
