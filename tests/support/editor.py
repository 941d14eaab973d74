"""An editor for tests of the language server. It runs in this process, so that coverage is measured."""

import json
import os
from contextlib import suppress
from select import select
from threading import Thread

import pytest

pytest.importorskip("pygls", reason="pygls is not installed: pip install 'macroengine[lsp]'")

from macroengine.lsp.running import run_on

MARKDOWN = {
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


class Editor:
    """Talks to a server. `status` is its exit status after it has ended."""

    def __init__(self, folder, capabilities=None, *, start=True, refusing=False, **options):
        theirs, self._out = os.pipe()
        self._in, ours = os.pipe()
        self._out, self._in = os.fdopen(self._out, "wb"), os.fdopen(self._in, "rb", buffering=0)
        self._theirs = os.fdopen(theirs, "rb"), os.fdopen(ours, "wb")
        self.status, self.asked, self.told = None, 0, []
        self.answers = {}  # answers to the server's requests, by method
        self.refusing = refusing
        self.folder = folder
        self._thread = Thread(target=self._run)
        self._thread.start()
        if start:
            params = {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities or {}, **options}
            self.capabilities = self.ask("initialize", params)["capabilities"]
            self.tell("initialized", {})

    def _run(self):
        self.status = run_on(*self._theirs)

    def send(self, message):
        body = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._out.flush()

    def send_raw(self, data):
        self._out.write(data)
        self._out.flush()

    def read(self):
        # On Windows, select only works for sockets, so wait for the server without a timeout.
        assert os.name == "nt" or select([self._in], [], [], 60)[0], "the server says nothing"
        length = 0
        while (line := self._in.readline()).strip():
            if line.startswith(b"Content-Length:"):
                length = int(line.partition(b":")[2])
        body = b""
        while len(body) < length:
            body += self._in.read(length - len(body))
        message = json.loads(body)
        if "id" in message and "method" in message:
            refusal = {"error": {"code": -32601, "message": "no"}}
            answer = refusal if self.refusing else {"result": self.answers.get(message["method"])}
            self.send({"id": message["id"], **answer})
        return message

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def begin(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        return self.asked

    def answer(self, number):
        while True:
            message = self.read()
            if message.get("id") == number and "method" not in message:
                return message
            self.told.append(message)

    def ask(self, method, params):
        message = self.answer(self.begin(method, params))
        return message["result"] if "result" in message else message["error"]

    def wait_for(self, method, uri=None):
        """Return the parameters of the next message of this kind, and discard messages before it."""
        while True:
            message = self.told.pop(0) if self.told else self.read()
            if message.get("method") == method and uri in (None, message["params"].get("uri")):
                return message["params"]

    def found(self, uri):
        return self.wait_for("textDocument/publishDiagnostics", uri)["diagnostics"]

    def uri(self, name):
        return (self.folder / name).as_uri()

    def open(self, name, text, language="plaintext"):
        uri = name if ":" in name else self.uri(name)
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri, version, *changes):
        changed = [
            {"text": change} if isinstance(change, str) else {"range": between(*change[:-1]), "text": change[-1]}
            for change in changes
        ]
        self.tell(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changed}
        )

    def at(self, method, uri, line, character):
        return self.ask(
            f"textDocument/{method}",
            {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}},
        )

    def about(self, method, uri):
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}})

    def actions(self, uri, place, only=None):
        context = {"diagnostics": [], **({} if only is None else {"only": only})}
        return self.ask(
            "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": between(*place), "context": context}
        )

    def stop_reading(self):
        self._in.close()

    def close(self):
        """Exit like an editor, and wait until the server has ended."""
        if self._thread.is_alive():
            self.begin("shutdown", None)
            self.tell("exit", None)
        self.end()

    def end(self):
        self._out.close()
        self._thread.join()
        for stream in (*self._theirs, self._in):
            with suppress(OSError):  # unread output is still to be written
                stream.close()


def between(line, character, end_line=None, end_character=None):
    """Return a range, empty by default."""
    end = {
        "line": line if end_line is None else end_line,
        "character": character if end_character is None else end_character,
    }
    return {"start": {"line": line, "character": character}, "end": end}


def edited(text, edits):
    """Return a text after edits of the protocol. All its characters must take one unit."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    places = [
        [starts[edit["range"][end]["line"]] + edit["range"][end]["character"] for end in ("start", "end")]
        for edit in edits
    ]
    for (start, end), edit in sorted(zip(places, edits, strict=True), key=lambda one: -one[0][0]):
        text = text[:start] + edit["newText"] + text[end:]
    return text
