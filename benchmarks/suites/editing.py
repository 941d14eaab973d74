"""The language server from an editor's view, with 1,000 templates that have two findings each."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.report import Row, Table, Target

_TEMPLATES = 1_000
_ROUNDS = 3
_EDITS = 40


class _Editor:
    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "macroengine", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
        )
        self._asked = 0
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self.tell("initialized", {})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        return self.read(lambda message: message.get("id") == self._asked)

    def read(self, is_wanted: Callable[[dict[str, Any]], bool]) -> Any:
        out = self._process.stdout
        assert out is not None
        while True:
            length = 0
            while (line := out.readline()).strip():
                if line.startswith(b"Content-Length:"):
                    length = int(line.partition(b":")[2])
            body = out.read(length)
            if is_wanted(message := json.loads(body)):
                return message

    def found(self) -> Any:
        return self.read(lambda message: message.get("method") == "textDocument/publishDiagnostics")

    def leave(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait()


def run() -> Iterator[Table]:
    started, opened, edited = [], [], []
    waits: list[float] = []
    with TemporaryDirectory() as name:
        for _ in range(_ROUNDS):
            started.append(_session(Path(name), 0, 0, []))
            opened.append(_session(Path(name), _TEMPLATES, 0, []) - started[-1])
            edited.append((_session(Path(name), _TEMPLATES, _EDITS, waits) - opened[-1] - started[-1]) / _EDITS)
    rows = (
        Row("start and end", min(started), median(started)),
        Row(f"first findings in {_TEMPLATES:,} templates", min(opened), median(opened)),
        Row("an edit", min(edited), median(edited)),
        Row("an edit, as long as the editor waits", min(waits), median(waits)),
    )
    targets = (
        Target("P15", "start of the language server: ms", min(started) * 1e3, 1_500),
        Target("P15", f"an edit among {_TEMPLATES:,} templates: ms", min(edited) * 1e3, 50),
    )
    yield Table("language server, processor time of its process", "ms", rows, targets)


def _session(folder: Path, templates: int, edits: int, waits: list[float]) -> float:
    """Return the CPU time of a server that is started, gets a file and its edits, and is stopped."""
    before = getrusage(RUSAGE_CHILDREN)
    editor = _Editor(folder)
    uri = (folder / "t.txt").as_uri()
    text = "".join(_template(number) for number in range(templates))
    if templates:
        item = {"uri": uri, "languageId": "plaintext", "version": 1, "text": text}
        editor.tell("textDocument/didOpen", {"textDocument": item})
        editor.found()
    for version in range(2, edits + 2):
        began = perf_counter()
        _edit(editor, uri, version)
        waits.append(perf_counter() - began)
    editor.leave()
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _template(number: int) -> str:
    return (
        f"https://n{number}.example/postback?clickid=(clickid)&idfa=(idfa)&geo=(contry_code)&;ip=(ip)"
        "&lang=(language)&os=(os_version)&at=(install_unix_ts)&&site=(af_siteid)\n"
    )


def _edit(editor: _Editor, uri: str, version: int) -> None:
    """Insert one more character in the middle of the file, like typing."""
    at = {"line": _TEMPLATES // 2, "character": 20}
    change = {"range": {"start": at, "end": at}, "text": "x"}
    document = {"uri": uri, "version": version}
    editor.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
    editor.found()
