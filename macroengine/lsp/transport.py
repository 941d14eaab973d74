"""Messages over standard input and output: read in a thread, and answered one by one."""

import asyncio
import json
import re
import threading
from contextlib import suppress
from typing import IO, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

_LENGTH = re.compile(rb"content-length\s*:\s*(\d{1,12})\s*$", re.IGNORECASE)
# A text of about ten million characters in the longest escapes; no editor sends more.
_MAX_BYTES = 128 * 1_048_576
_LONGEST_HEADER = 8_192


class Protocol(LanguageServerProtocol):
    """The protocol. It also answers messages that it cannot parse, and leaves texts to the documents."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ended = asyncio.Event()

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has asked to shut down."""
        return self._shutdown

    def receive(self, body: bytes) -> None:
        """Handle one message."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, JsonRpcParseError())
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self._refuse(None, JsonRpcInvalidRequest())
            return
        method, wanted = message.get("method"), message.get("id")
        early = self._workspace is None and method not in (types.INITIALIZE, types.EXIT, None)
        late = self._shutdown and method not in (types.EXIT, None)
        if early or late:
            if wanted is not None:
                self._refuse(wanted, JsonRpcServerNotInitialized() if early else JsonRpcInvalidRequest())
            return
        try:
            structured = self.structure_message(message)
        except JsonRpcException as error:
            if wanted is not None:
                self._refuse(wanted, error)
            return
        self.handle_message(structured)

    def _refuse(self, wanted: Any, error: JsonRpcException) -> None:
        response = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": self.VERSION, "id": wanted, "error": response})

    def send(self, method: str, params: Any) -> None:
        """Send a notification with parameters that are already JSON."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> Any:
        """Exit, without waiting for unfinished work."""
        self.ended.set()

    # pygls would keep its own copies of texts, with different rules for line breaks.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: Any) -> Any:
        """Pass on a document that was opened."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> Any:
        """Pass on a change."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: Any) -> Any:
        """Pass on that a document was closed."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None


class _Writer:
    """Writes messages until the reader is gone."""

    def __init__(self, stream: IO[bytes], ended: asyncio.Event) -> None:
        self._stream = stream
        self._ended = ended

    def write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError):  # one of the ends is closed
            self._ended.set()

    def close(self) -> None:
        """Leave the stream open for its owner."""


async def serve(protocol: Protocol, stdin: IO[bytes], stdout: IO[bytes]) -> bool:
    """Answer messages until the client exits or closes its end. Return whether it asked to shut down first."""
    loop = asyncio.get_running_loop()
    protocol.set_writer(_Writer(stdout, protocol.ended))

    def received(body: bytes | None) -> None:
        if body is None or protocol.ended.is_set():
            protocol.ended.set()
        else:
            protocol.receive(body)

    def read() -> None:
        with suppress(RuntimeError):  # the event loop has ended
            for body in _messages(stdin):
                loop.call_soon_threadsafe(received, body)
            loop.call_soon_threadsafe(received, None)

    # A daemon thread that waits for input does not keep the process from exiting.
    threading.Thread(target=read, daemon=True).start()
    await protocol.ended.wait()
    return protocol.is_shut_down


def _messages(stream: IO[bytes]) -> Any:
    """Yield the bodies of messages, until the stream ends or contains something else."""
    with suppress(OSError, ValueError):
        while (length := _length(stream)) is not None:
            body = stream.read(length)
            if len(body) < length:
                return
            yield body


def _length(stream: IO[bytes]) -> int | None:
    """Return the length of the next message from its header; None if there is no message, or no length."""
    length = None
    while line := stream.readline(_LONGEST_HEADER):
        if not line.strip():
            if length is not None:
                return length if length <= _MAX_BYTES else None
            continue
        found = _LENGTH.match(line)
        length = int(found[1]) if found else length
    return None
