"""The server: the documents that are open, their settings, and what an editor is told about them."""

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
    """A language server with what it knows of one editor."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(NAME, metadata.version("macroengine"), protocol_cls=Protocol, max_workers=1)
        self.documents: dict[str, Document] = {}
        self.configuration = Configuration(Path.cwd())
        self.tasks: dict[str, asyncio.Task[None]] = {}
        """The check of each document that is going on."""
        self.told: dict[Path, str] = {}
        """What the editor knows of broken files of settings."""

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - as pygls calls it
        """Write an error of the server to its log, which editors show without interrupting."""
        if not isinstance(error, JsonRpcContentModified):
            _log.error("%s: %s", error, getattr(error, "data", None) or "")

    def document(self, uri: str) -> Document | None:
        """Return a document that is open, with the settings that count for it now."""
        document = self.documents.get(uri)
        if document is not None and self._use_settings(document):
            self.schedule(document)
        return document

    def _use_settings(self, document: Document) -> bool:
        """Use the settings that count now, and say whether they are others."""
        return document.use(self.configuration.settings_for(document.path), self.configuration.given)

    def schedule(self, document: Document) -> None:
        """Check a document soon, and no longer as it was before."""
        running = self.tasks.get(document.uri)
        if running is not None:
            running.cancel()
        self.tasks[document.uri] = asyncio.get_running_loop().create_task(self._publish(document))

    async def _publish(self, document: Document) -> None:
        try:
            self._use_settings(document)
            found = reports(document, await document.check_all())
        except Exception:  # noqa: BLE001 - whatever is wrong with one document, the others are still checked
            _log.exception("cannot check %s", document.uri)
            return
        self.publish(document.uri, found, document.version)
        self.tell_problems()

    def publish(self, uri: str, found: list[dict[str, Any]], version: int | None = None) -> None:
        """Send what is found in a file."""
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
        """Show what is wrong with files of settings, and no longer what was."""
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
        """Take settings of the editor, alone or with those of others; wrong ones are shown, and not used."""
        try:
            self.configuration.give(data.get(NAME, data) if isinstance(data, dict) else data)
        except MacroEngineError as error:
            self.warn(str(error))

    def warn(self, message: str) -> None:
        """Show a message to the person at the editor."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def markup(self, blocks: list[Block], formats: Any) -> types.MarkupContent:
        """Return blocks in the format that a client prefers."""
        if types.MarkupKind.Markdown in (formats or ()):
            return types.MarkupContent(types.MarkupKind.Markdown, markdown(blocks))
        return types.MarkupContent(types.MarkupKind.PlainText, plain(blocks))


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()
