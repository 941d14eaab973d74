"""Send a PreparedRequest unchanged: target, headers and body arrive byte for byte.

HTTP clients rewrite URLs: they decode `%2F`, encode `[`, resolve `..`. Each function here does what its client needs
to leave the URL alone. None follows redirects, since a redirect leads to a URL that was not rendered. None uses a
proxy, unless it is configured on the httpx or aiohttp client. A client is imported when its function is called.
"""

import http.client
import re
import ssl
from functools import cache
from importlib import import_module
from secrets import token_hex
from typing import Any, NamedTuple

from macroengine.arguments import check_type, text_of
from macroengine.request import PreparedRequest
from macroengine.request_facts import request_facts

# RFC 3986 section 3, except user information; RFC 9112 section 3.2 for the target. A fragment is never sent.
_URL = re.compile(
    r"(https?)://((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]))(?::([0-9]{1,5}))?((?:[/?][!-\"$-~]*)?)(?:#[!-~]*)?",
    re.IGNORECASE,
)
# RFC 9110, sections 5.6.2 and 5.5
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_is_value = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?").fullmatch
_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """The server a request is sent to, and the target in its request line."""

    scheme: str
    """`http` or `https`."""
    host: str
    port: int
    target: str
    """The path and the query, byte for byte."""

    @property
    def origin(self) -> str:
        """The URL without its target."""
        return f"{self.scheme}://{self.host}:{self.port}"


def address(url: str) -> Address:
    """Return the server and the target of a URL, for HTTP.

    >>> address("https://n.example?a=%2f..#x")
    Address(scheme='https', host='n.example', port=443, target='/?a=%2f..')

    Raises:
        ValueError: the URL cannot be sent as it is.
    """
    url = text_of("url", url)
    match = _URL.fullmatch(url)
    if match is None or int(match[3] or 0) > 65_535:
        # Don't show the URL: it may hold personal values.
        raise ValueError("URL cannot be sent: it must be http or https, with a host, in visible ASCII")
    scheme, host, port, target = match.groups()
    scheme = scheme.lower()
    return Address(scheme, host, int(port or _PORTS[scheme]), target if target.startswith("/") else f"/{target}")


def _checked(request: PreparedRequest) -> Address:
    """Return where a request is sent. Raise ValueError, without any values, if no client can send it unchanged.

    Clients reject line breaks too, but most show the whole header in their message.
    """
    check_type("request", PreparedRequest, "a PreparedRequest", request)
    if not _is_token(request.method):
        raise ValueError("method cannot be sent as it is: it is not one")
    reserved, seen = request_facts()["reserved"]["names"], set[str]()
    for name, value in request.headers.items():
        if not _is_token(name):
            raise ValueError("a header cannot be sent as it is: its name is not one")
        if not _is_value(value):
            raise ValueError(f"header {name!r} cannot be sent as it is: it must be visible ASCII with spaces inside")
        if name.lower() in reserved:
            raise ValueError(f"header {name!r} is set from the request itself; remove it")
        if name.lower() in seen:
            raise ValueError(f"header {name!r} is repeated; case is ignored")
        seen.add(name.lower())
    return address(request.url)


def send_httpx(client: Any, request: PreparedRequest) -> Any:
    """Send a request with an httpx.Client and return the response; with an AsyncClient, return the awaitable."""
    where = _checked(request)
    built = client.build_request(
        request.method,
        f"{where.origin}/",
        headers=dict(request.headers),
        content=request.body,
        extensions={"target": where.target.encode()},
    )
    # Following a redirect would send the target again to another server.
    return client.send(built, follow_redirects=False)


def httpx_request(request: PreparedRequest) -> Any:
    """Return the httpx.Request for an httpx transport that is used without a client; it never follows redirects."""
    where = _checked(request)
    return import_module("httpx").Request(
        request.method,
        f"{where.origin}/",
        headers=dict(request.headers),
        content=request.body,
        extensions={"target": where.target.encode()},
    )


def send_aiohttp(session: Any, request: PreparedRequest, **options: Any) -> Any:
    """Send a request with an aiohttp.ClientSession; use the result like that of `session.request`."""
    where = _checked(request)
    # Pass the whole target as the path: a yarl URL drops a `?` with an empty query.
    url = import_module("yarl").URL.build(
        scheme=where.scheme, authority=f"{where.host}:{where.port}", path=where.target, encoded=True
    )
    headers, body = dict(request.headers), request.body or None
    return session.request(request.method, url, headers=headers, data=body, allow_redirects=False, **options)


def send_requests(session: Any, request: PreparedRequest, *, timeout: float | None = 10.0) -> Any:
    """Send a request with a requests.Session and return the response. Mounts an adapter for the URL's origin."""
    where = _checked(request)
    requests, adapter = import_module("requests"), _requests_adapter()
    if not isinstance(session.get_adapter(f"{where.origin}/"), adapter):
        session.mount(f"{where.origin}/", adapter())
    prepared = requests.PreparedRequest()
    prepared.prepare(request.method, f"{where.origin}/", dict(request.headers), data=request.body or None)
    prepared.url = f"{where.origin}{where.target}"
    options = {"verify": session.verify, "cert": session.cert}
    return session.send(prepared, allow_redirects=False, timeout=timeout, proxies={}, **options)


def urllib3_pools(**options: Any) -> Any:
    """Return a urllib3.PoolManager for `send_urllib3`; the options are those of PoolManager."""
    manager = import_module("urllib3").PoolManager(**options)
    manager.pool_classes_by_scheme = _pool_classes()
    return manager


def send_urllib3(pools: Any, request: PreparedRequest, **options: Any) -> Any:
    """Send a request with the pools from `urllib3_pools`, and return the response."""
    where = _checked(request)
    if getattr(pools, "pool_classes_by_scheme", None) is not _pool_classes():
        raise TypeError("pools must be what urllib3_pools() returns: other pools rewrite targets")
    pool = pools.connection_from_host(where.host, where.port, where.scheme)
    headers = dict(request.headers)
    return pool.urlopen(
        request.method,
        _sealed(where.target),
        body=request.body or None,
        headers=headers,
        redirect=False,
        **{"retries": False, **options},
    )


def send_stdlib(
    request: PreparedRequest, *, timeout: float = 10.0, context: ssl.SSLContext | None = None
) -> http.client.HTTPResponse:
    """Send a request with http.client on a new connection, and return the response. The caller closes it."""
    where = _checked(request)
    if where.scheme == "http":
        connection = http.client.HTTPConnection(where.host, where.port, timeout=timeout)
    else:
        connection = http.client.HTTPSConnection(where.host, where.port, timeout=timeout, context=context)
    headers = {**request.headers, "Connection": "close"}
    try:
        connection.request(request.method, where.target, request.body or None, headers)
        response = connection.getresponse()
    except BaseException:
        connection.close()
        raise
    if connection.sock is not None:
        # The response keeps reading from the socket, and closes it at the end.
        connection.sock.close()
    return response


# urllib3 rewrites a target on its way to the connection. Encoded like this, a target has nothing to rewrite, and the
# connection decodes it. Other targets on the same connection are not changed.
_SEAL = f"/sealed-{token_hex(16)}-"


def _sealed(target: str) -> str:
    return _SEAL + target.encode().hex()


def _opened(target: str) -> str:
    return bytes.fromhex(target.removeprefix(_SEAL)).decode() if target.startswith(_SEAL) else target


@cache
def _pool_classes() -> dict[str, Any]:
    pools, connections = import_module("urllib3.connectionpool"), import_module("urllib3.connection")

    def opening(pool: Any, connection: Any) -> Any:
        def putrequest(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
            return connection.putrequest(self, method, _opened(url), *args, **options)

        opened = type(connection.__name__, (connection,), {"putrequest": putrequest})
        return type(pool.__name__, (pool,), {"ConnectionCls": opened})

    return {
        "http": opening(pools.HTTPConnectionPool, connections.HTTPConnection),
        "https": opening(pools.HTTPSConnectionPool, connections.HTTPSConnection),
    }


@cache
def _requests_adapter() -> Any:
    adapter = import_module("requests.adapters").HTTPAdapter

    def init_poolmanager(self: Any, *args: Any, **options: Any) -> None:
        adapter.init_poolmanager(self, *args, **options)
        self.poolmanager.pool_classes_by_scheme = _pool_classes()

    def request_url(self: Any, request: Any, proxies: Any) -> Any:
        return adapter.request_url(self, request, proxies) if proxies else _sealed(address(request.url).target)

    return type("ExactAdapter", (adapter,), {"init_poolmanager": init_poolmanager, "request_url": request_url})
