"""The HTTP server of `macroengine playground`: the page and the bridge, only for browsers on this machine.

The browser also shows other sites. So every request must name this server as its host, or a site whose host resolves to
127.0.0.1 could read the answers. Every call must come from the page itself.
"""

from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from macroengine.playground.bridge import answer

PAGE = Path(__file__).resolve().parent / "page"
LOOPBACK = "127.0.0.1"

# Allow only the page's own scripts, and connections only to this server. To run Python, the page compiles WebAssembly.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # the browser must check for changes
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
_ANY_TYPE = "application/octet-stream"
_JSON = "application/json"
# Large enough for a template and a dialect file at their limits, escaped.
_MAX_REQUEST = 8 * 1024 * 1024
# This attribute tells the page that Python answers over HTTP. A page built for the browser has the other one.
_IN_BROWSER, _OVER_HTTP = b'data-python="browser"', b'data-python="http"'


class PlaygroundServer(ThreadingHTTPServer):
    """Serves the files of the page from a folder, and the bridge at `/api`."""

    daemon_threads = True

    def __init__(self, folder: Path = PAGE, port: int = 0, *, in_browser: bool = False) -> None:
        """Listen on a loopback port; 0 means a free one. With `in_browser`, the page runs Python itself.

        Raises:
            OSError: the port is in use, or the folder cannot be read.
        """
        self.files = _files(folder)
        self.in_browser = in_browser
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """The host names that requests may use for this server."""
        return f"{LOOPBACK}:{self.server_port}", f"localhost:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of connections that a browser has closed."""


def _files(folder: Path) -> Mapping[str, Path]:
    """Return the files to serve by their URL paths. No other file can be requested."""
    found = {f"/{path.relative_to(folder).as_posix()}": path for path in sorted(folder.rglob("*")) if path.is_file()}
    if "/index.html" not in found:
        raise FileNotFoundError(2, "has no page (index.html)", str(folder))
    return {**found, "/": found["/index.html"]}


class _Handler(BaseHTTPRequestHandler):
    """Handles one request of the page."""

    server: PlaygroundServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def version_string(self) -> str:
        """Return the name of the server, without the version of Python."""
        return "macroengine"

    def do_GET(self) -> None:
        """Send a file of the page."""
        self._send_file(with_content=True)

    def do_HEAD(self) -> None:
        """Send the headers of a file of the page."""
        self._send_file(with_content=False)

    def do_POST(self) -> None:
        """Answer a call of the page."""
        refused = self._refused_call()
        if refused is not None:
            self.close_connection = True  # the rest of the request is not read
            self._send(*refused)
            return
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            reply = answer(content.decode("utf-8"))
        except UnicodeDecodeError:
            self._send(HTTPStatus.BAD_REQUEST, b"the request is not UTF-8\n")
            return
        self._send(HTTPStatus.OK, reply.encode(), _JSON)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse an invalid request, with the same headers as all responses."""
        self.close_connection = True
        status = HTTPStatus(code)
        self._send(status, f"{status.phrase.lower()}\n".encode(), with_content=self.command != "HEAD")

    def _refused_call(self) -> tuple[HTTPStatus, bytes] | None:
        """Return the status and message if a call must be refused; None if it is valid."""
        host, length = self.headers.get("Host"), self.headers.get("Content-Length", "")
        if host not in self.server.hosts:
            return self._misdirected()
        is_length = length.isascii() and length.isdecimal()
        is_small = len(length) <= len(str(_MAX_REQUEST)) and is_length and int(length) <= _MAX_REQUEST
        checks = (
            (self.headers.get("Origin") == f"http://{host}", HTTPStatus.FORBIDDEN, "only this page may call it"),
            (self.path == "/api", HTTPStatus.NOT_FOUND, "not found"),
            (self.headers.get_content_type() == _JSON, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {_JSON}"),
            (is_length, HTTPStatus.LENGTH_REQUIRED, "send the length of the request"),
            (is_small, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {_MAX_REQUEST:,} bytes"),
        )
        return next(((status, f"{why}\n".encode()) for is_met, status, why in checks if not is_met), None)

    def _misdirected(self) -> tuple[HTTPStatus, bytes]:
        return HTTPStatus.MISDIRECTED_REQUEST, f"this server is {self.server.url}\n".encode()

    def _send_file(self, *, with_content: bool) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._send(*self._misdirected(), with_content=with_content)
            return
        path = self.server.files.get(self.path.partition("?")[0])
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, b"not found\n", with_content=with_content)
            return
        status = path.stat()
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{self.server.in_browser:d}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, None, tag=tag)
            return
        content = path.read_bytes()
        if path.name == "index.html" and not self.server.in_browser:
            content = content.replace(_IN_BROWSER, _OVER_HTTP)
        self._send(HTTPStatus.OK, content, _TYPES.get(path.suffix, _ANY_TYPE), tag=tag, with_content=with_content)

    def _send(
        self,
        status: HTTPStatus,
        content: bytes | None,
        media_type: str = "text/plain; charset=utf-8",
        *,
        tag: str | None = None,
        with_content: bool = True,
    ) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if tag is not None:
            self.send_header("ETag", tag)
        if content is not None:
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if content is not None and with_content:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
        """Write no log, since requests contain templates."""
