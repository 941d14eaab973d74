"""The server: open documents, their settings, and the messages to the editor."""

import asyncio
import logging
from importlib import metadata
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path

from macroengine.errors import MacroEngineError
from macroengine.lsp.configuration import Configuration
from macroengine.lsp.documents import Document
from macroengine.lsp.markup import Block, markdown, plain
from macroengine.lsp.reports import NAME, file_report, reports
from macroengine.lsp.transport import Protocol

_log = logging.getLogger("macroengine.lsp")


class Server(LanguageServer):
    """A language server and its state for one editor."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(NAME, metadata.version("macroengine"), protocol_cls=Protocol, max_workers=1)
        self.documents: dict[str, Document] = {}
        self.configuration = Configuration(Path.cwd())
        self.tasks: dict[str, asyncio.Task[None]] = {}
        """The running check of each document."""
        self.told: dict[Path, str] = {}
        """The problems of configuration files that the editor knows about."""

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - pygls passes it
        """Write an error of the server to its log, which editors show without interrupting."""
        if not isinstance(error, JsonRpcContentModified):
            _log.error("%s: %s", error, getattr(error, "data", None) or "")

    def document(self, uri: str) -> Document | None:
        """Return an open document with its current settings."""
        document = self.documents.get(uri)
        if document is not None and self._use_settings(document):
            self.schedule(document)
        return document

    def _use_settings(self, document: Document) -> bool:
        """Use the current settings, and say whether they have changed."""
        return document.use(self.configuration.settings_for(document.path), self.configuration.given)

    def schedule(self, document: Document) -> None:
        """Check a document soon, and cancel the check of its previous version."""
        running = self.tasks.get(document.uri)
        if running is not None:
            running.cancel()
        self.tasks[document.uri] = asyncio.get_running_loop().create_task(self._publish(document))

    async def _publish(self, document: Document) -> None:
        try:
            self._use_settings(document)
            found = reports(document, await document.check_all())
        except Exception:  # noqa: BLE001 - an error in one document must not stop the others
            _log.exception("cannot check %s", document.uri)
            return
        self.publish(document.uri, found, document.version)
        self.tell_problems()

    def publish(self, uri: str, found: list[dict[str, Any]], version: int | None = None) -> None:
        """Send the findings in a file."""
        params = {"uri": uri, "diagnostics": found}
        self.protocol.send(
            "textDocument/publishDiagnostics", params if version is None else {**params, "version": version}
        )

    def check_again(self) -> None:
        """Check all documents with settings that may have changed."""
        self.configuration.forget()
        for document in self.documents.values():
            self.schedule(document)

    def tell_problems(self) -> None:
        """Show problems of configuration files, and clear those that are fixed."""
        problems = self.configuration.problems
        for file in [file for file in self.told if file not in problems]:
            del self.told[file]
            self.publish(_uri(file), [])
        for file, problem in problems.items():
            if self.told.get(file) != problem.message:
                self.told[file] = problem.message
                self.publish(_uri(file), [file_report(problem.line - 1, problem.message)])
                self.warn(f"{file.name}: {problem.message}; the settings before it still count")

    def give(self, data: Any) -> None:
        """Use the settings of the editor, alone or among those of others. Invalid ones are reported and not used."""
        try:
            self.configuration.give(data.get(NAME, data) if isinstance(data, dict) else data)
        except MacroEngineError as error:
            self.warn(str(error))

    def warn(self, message: str) -> None:
        """Show a message to the user of the editor."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def markup(self, blocks: list[Block], formats: Any) -> types.MarkupContent:
        """Return blocks in the format that the client prefers."""
        if types.MarkupKind.Markdown in (formats or ()):
            return types.MarkupContent(types.MarkupKind.Markdown, markdown(blocks))
        return types.MarkupContent(types.MarkupKind.PlainText, plain(blocks))


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()
