"""Call a web application in this process, without a server, through ASGI or WSGI."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from macroengine.request import PreparedRequest

Application = Callable[..., Any]
Caller = Callable[[PreparedRequest], int]
"""Takes a request, and returns the status code of the response."""


@contextmanager
def calling(application: Application) -> Iterator[Caller]:
    """Yield a function that sends a request to an application.

    Raises:
        TypeError: the application cannot be called.
    """
    if not callable(application):
        raise TypeError(f"application must be an ASGI or WSGI application, not {type(application).__name__}")
    is_asgi = iscoroutinefunction(application) or iscoroutinefunction(getattr(application, "__call__", None))  # noqa: B004
    if not is_asgi:
        yield lambda request: _call_wsgi(application, request)
        return
    with asyncio.Runner() as runner:
        yield lambda request: runner.run(_call_asgi(application, request))


async def _call_asgi(application: Application, request: PreparedRequest) -> int:
    parts = urlsplit(request.url)
    sent: list[dict[str, Any]] = [
        {"type": "http.request", "body": request.body, "more_body": False},
        {"type": "http.disconnect"},
    ]
    received: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return sent.pop(0) if len(sent) > 1 else sent[0]

    async def send(message: dict[str, Any]) -> None:
        received.append(message)

    headers = {"host": parts.netloc, **_length(request), **request.headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, 443),
    }
    await application(scope, receive, send)
    return next(int(message["status"]) for message in received if message["type"] == "http.response.start")


def _call_wsgi(application: Application, request: PreparedRequest) -> int:
    parts = urlsplit(request.url)
    statuses: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda _: None

    headers = {"Host": parts.netloc, **_length(request), **request.headers}
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # PEP 3333: decoded bytes, as Latin-1.
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{_variable(name): value for name, value in headers.items()},
    }
    body = application(environ, start_response)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()
    return int(statuses[-1].split()[0])


def _length(request: PreparedRequest) -> dict[str, str]:
    return {"Content-Length": str(len(request.body))} if request.body else {}


def _variable(header: str) -> str:
    """Return the WSGI name of a header."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
