"""How a web application is called in this process, without a server: ASGI and WSGI."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

Application = Callable[..., Any]
Caller = Callable[[str], int]
"""Takes a URL, and returns the status of the response."""


@contextmanager
def calling(application: Application) -> Iterator[Caller]:
    """Give what sends a GET request to an application.

    Raises:
        TypeError: it cannot be called.
    """
    if not callable(application):
        raise TypeError(f"application must be an ASGI or WSGI application, not {type(application).__name__}")
    is_asgi = iscoroutinefunction(application) or iscoroutinefunction(getattr(application, "__call__", None))  # noqa: B004
    if not is_asgi:
        yield lambda url: _get_by_wsgi(application, url)
        return
    with asyncio.Runner() as runner:
        yield lambda url: runner.run(_get_by_asgi(application, url))


async def _get_by_asgi(application: Application, url: str) -> int:
    parts = urlsplit(url)
    sent: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]
    received: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return sent.pop(0) if len(sent) > 1 else sent[0]

    async def send(message: dict[str, Any]) -> None:
        received.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", parts.netloc.encode())],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, 443),
    }
    await application(scope, receive, send)
    return next(int(message["status"]) for message in received if message["type"] == "http.response.start")


def _get_by_wsgi(application: Application, url: str) -> int:
    parts = urlsplit(url)
    statuses: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda _: None

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        # PEP 3333: the decoded bytes, as Latin-1.
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    body = application(environ, start_response)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()
    return int(statuses[-1].split()[0])
