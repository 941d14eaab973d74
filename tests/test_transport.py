"""What arrives at a server is what was rendered, whatever client sends it."""

import asyncio
import json
import socketserver
import ssl
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests
import urllib3

from macroengine import Event, Policy, PreparedRequest, Request, compile_request, transport
from macroengine.request import Headers
from macroengine.transport import Address, address
from macroengine.workspace.requests import read_request_file

EXAMPLES = Path(__file__).parents[1] / "examples"

# Targets that one client or another rewrites.
AWKWARD = [
    "/a%2Fb",
    "/a%28b%29",
    "/?u=https%3A%2F%2Fx",
    "/%7Euser",
    "/a[0]",
    "/?a[]=1",
    "/?a=%zz",
    "/%zz",
    "/a/../b",
    "/a/./b",
    "/a/%2e%2e/b",
    "/%2E%2E/b",
    "/..",
    "/a%2fb",
    "/?a=%c3%a9",
    "/?a=%C3%A9",
    "/?",
    "/a?",
    "/?a=",
    "/?a",
    "/?a=1&&b=2",
    "/?a={x}",
    "/{x}",
    "/?a=|",
    "/?a=\\",
    "/a\\b",
    '/?a="b"',
    "/?a=<b>",
    "/?a=`",
    "/?a=^",
    "/?a='",
    "/?a=(b)!*",
    "//a//b",
    "/;a=b",
    "/?a=b;c=d",
    "/?a=%00",
    "/?a=%25%41",
    "/?a=+",
    "/?a=1?b=2",
    "/:@!$&'()*+,;=",
    "/%61?%61=%61",
]
EVERY_BYTE = (
    "/" + "".join(f"%{byte:02X}" for byte in range(256)) + "?v=" + "".join(f"%{byte:02X}" for byte in range(256))
)


class Server(socketserver.ThreadingTCPServer):
    """Keeps what arrives; answers with the status that it is told."""

    allow_reuse_address = daemon_threads = True
    status = b"200 OK"

    def __init__(self):
        self.received = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            headers = {}
            while (header := self.rfile.readline().rstrip(b"\r\n")) != b"":
                name, _, value = header.partition(b":")
                headers[name.lower()] = value.strip(b" ")
            body = self.rfile.read(int(headers.get(b"content-length", b"0")))
            self.server.received.append((line.rstrip(b"\r\n"), headers, body))
            answer = b"HTTP/1.1 " + self.server.status + b"\r\nLocation: /elsewhere\r\nContent-Length: 2\r\n\r\nok"
            self.wfile.write(answer)


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def with_httpx(sent):
    with httpx.Client(follow_redirects=True) as client:
        return [transport.send_httpx(client, one).status_code for one in sent]


def with_async_httpx(sent):
    async def send():
        async with httpx.AsyncClient(follow_redirects=True) as client:
            return [(await transport.send_httpx(client, one)).status_code for one in sent]

    return asyncio.run(send())


def with_httpx_transport(sent):
    with httpx.HTTPTransport() as plain:
        responses = [plain.handle_request(transport.httpx_request(one)) for one in sent]
        for response in responses:
            response.close()
        return [response.status_code for response in responses]


def with_aiohttp(sent):
    async def send():
        statuses = []
        async with aiohttp.ClientSession() as session:
            for one in sent:
                async with transport.send_aiohttp(session, one) as response:
                    statuses.append(response.status)
        return statuses

    return asyncio.run(send())


def with_requests(sent):
    with requests.Session() as session:
        return [transport.send_requests(session, one).status_code for one in sent]


def with_urllib3(sent):
    pools = transport.urllib3_pools()
    statuses = [transport.send_urllib3(pools, one).status for one in sent]
    pools.clear()
    return statuses


def with_stdlib(sent):
    statuses = []
    for one in sent:
        with transport.send_stdlib(one) as response:
            statuses.append(response.status)
            response.read()
    return statuses


CLIENTS = [with_httpx, with_async_httpx, with_httpx_transport, with_aiohttp, with_requests, with_urllib3, with_stdlib]
each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)


@each_client
def test_targets_arrive_as_they_were_rendered(server, client):
    assert len(AWKWARD) == 41
    server.received.clear()
    client([PreparedRequest("GET", server.origin + target, Headers()) for target in (*AWKWARD, EVERY_BYTE)])
    assert [line for line, _, _ in server.received] == [
        f"GET {target} HTTP/1.1".encode() for target in (*AWKWARD, EVERY_BYTE)
    ]


@each_client
def test_body_and_headers_arrive_as_they_were_rendered(server, client):
    server.received.clear()
    body = bytes(range(256)) * 3
    headers = Headers({"Content-Type": "text/plain", "X-Visible": "".join(map(chr, range(0x21, 0x7F))), "X-Two": "a b"})
    client(
        [
            PreparedRequest("POST", server.origin + "/?a=%2f", headers, body),
            PreparedRequest("POST", server.origin, Headers()),
        ]
    )
    (first, sent, arrived), (second, _, nothing) = server.received
    assert (first, arrived) == (b"POST /?a=%2f HTTP/1.1", body)
    assert {name: sent[name.lower().encode()].decode() for name in headers} == dict(headers)
    assert (second, nothing) == (b"POST / HTTP/1.1", b"")


@each_client
def test_redirects_are_not_followed(server, client, monkeypatch):
    server.received.clear()
    monkeypatch.setattr(server, "status", b"302 Found")
    assert client([PreparedRequest("GET", server.origin + "/a", Headers())]) == [302]
    assert len(server.received) == 1


@each_client
def test_rendered_request_arrives(server, client):
    server.received.clear()
    body = '{"click": "(clickid)"}'
    template = Request("POST", server.origin + "/pb?c=(clickid)", {"X-A": "b"}, body, "application/json")
    prepared = compile_request(template, ignore=["ME2", "ME305"]).render(Event(link={"click_id": 'é/"('}))
    assert client([prepared]) == [200]
    ((line, headers, arrived),) = server.received
    assert line == b"POST /pb?c=%C3%A9%2F%22%28 HTTP/1.1"
    assert (arrived.decode(), headers[b"content-type"]) == ('{"click": "é/\\"("}', b"application/json")


@each_client
def test_what_the_command_line_prints_arrives(server, client, run):
    """Method, target, headers and body, from the example that the documentation renders."""
    server.received.clear()
    text = (EXAMPLES / "appmetrica_post.toml").read_text("utf-8").replace("https://n.example", server.origin)
    Path("request.toml").write_text(text, "utf-8")
    printed = run("render", "--request", "request.toml", "--event", EXAMPLES / "appmetrica_event.json").out
    event = Event.from_json(json.loads((EXAMPLES / "appmetrica_event.json").read_text("utf-8")), "appmetrica")
    compiled = compile_request(read_request_file("request.toml").request, dialect="appmetrica", policy=Policy("in-app"))
    assert client([compiled.render(event)]) == [200]
    ((line, headers, body),) = server.received
    head, _, printed_body = printed.removesuffix("\n").partition("\n\n")
    first, *rest = head.split("\n")
    assert line.decode() == f"{first.replace(server.origin, '')} HTTP/1.1"
    assert {header: headers[header.partition(": ")[0].lower().encode()].decode() for header in rest} == {
        header: header.partition(": ")[2] for header in rest
    }
    assert body.decode() == printed_body


@each_client
@pytest.mark.parametrize(
    "url",
    [
        "https://n.example/ ",
        "https://n.example/é",
        "https://n.example/\r\nX: y",
        "https://user@n.example/",
        "ftp://n.example/",
        "https://",
        "//n.example/",
        "https://n.example:99999/",
        "https://é.example/",
        "https://n.example\\@evil.example/",
        "",
    ],
)
def test_url_that_cannot_be_sent_as_it_is(client, url):
    with pytest.raises(ValueError, match="URL cannot be sent: ") as error:
        client([PreparedRequest("GET", url, Headers())])
    assert not url or url not in str(error.value)


PLAIN = {
    "httpx": lambda url: httpx.get(url, timeout=30),
    "aiohttp": lambda url: asyncio.run(plain_aiohttp(url)),
    "requests": lambda url: requests.get(url, timeout=30),
    "urllib3": lambda url: urllib3.request("GET", url, timeout=30),
    "urllib.request": lambda url: urllib.request.urlopen(url, timeout=30).close(),
}


async def plain_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


@pytest.mark.slow
def test_table_of_clients(server):
    """Print how many targets arrive unchanged when a client is given the URL as a string; `-s` shows it."""
    server.received.clear()
    for name, get in PLAIN.items():
        for target in AWKWARD:
            try:
                get(server.origin + target)
            except (ValueError, OSError, httpx.HTTPError):
                server.received.append((b"refused", {}, b""))
        kept = sum(
            line == f"GET {target} HTTP/1.1".encode()
            for (line, *_), target in zip(server.received, AWKWARD, strict=True)
        )
        print(f"{name:15} {kept} of {len(AWKWARD)}")
        assert len(server.received) == len(AWKWARD)
        server.received.clear()
        get(server.origin + EVERY_BYTE)
        is_kept = server.received.pop()[0] == f"GET {EVERY_BYTE} HTTP/1.1".encode()
        print(f"{name:15} values {'kept' if is_kept else 'rewritten'}")


def test_answer_that_ends_with_the_connection(server, monkeypatch):
    monkeypatch.setattr(server, "status", b"200 OK\r\nConnection: close")
    assert with_stdlib([PreparedRequest("GET", server.origin, Headers())]) == [200]


def test_address():
    assert address("HTTP://n.example:8080") == Address("http", "n.example", 8080, "/")
    assert address("https://[::1]/a?b#c") == Address("https", "[::1]", 443, "/a?b")
    assert address("https://n.example?a").origin == "https://n.example:443"


def test_what_is_no_request_is_refused():
    with pytest.raises(TypeError, match="request must be a PreparedRequest"):
        transport.httpx_request("https://n.example/")
    for send in (transport.send_httpx, transport.send_aiohttp, transport.send_requests, transport.send_urllib3):
        with pytest.raises(TypeError, match="request must be a PreparedRequest"):
            send(None, "https://n.example/")
    with pytest.raises(TypeError, match="request must be a PreparedRequest"):
        transport.send_stdlib("https://n.example/")
    with pytest.raises(TypeError, match="urllib3_pools"):
        transport.send_urllib3(None, PreparedRequest("GET", "https://n.example/", Headers()))


def test_session_may_be_used_for_other_requests(server):
    server.received.clear()
    with requests.Session() as session:
        transport.send_requests(session, PreparedRequest("GET", server.origin + "/%7e", Headers()))
        session.get(server.origin + "/plain", timeout=30)
        adapter = session.get_adapter(server.origin + "/")
        proxied = requests.Request("GET", "http://n.example/a").prepare()
        assert adapter.request_url(proxied, {"http": "http://p.example"}) == "http://n.example/a"
    pools = transport.urllib3_pools()
    pools.request("GET", server.origin + "/other").release_conn()
    pools.clear()
    assert [line.split()[1] for line, _, _ in server.received] == [b"/%7e", b"/plain", b"/other"]


def test_connection_is_closed_where_nobody_answers():
    with Server() as silent:
        origin = silent.origin
    with pytest.raises(OSError):  # noqa: PT011 - refused or unreachable, depending on the system
        transport.send_stdlib(PreparedRequest("GET", origin, Headers()), timeout=1)
    with pytest.raises(OSError):  # noqa: PT011 - the same
        transport.send_stdlib(
            PreparedRequest("GET", origin.replace("http:", "https:"), Headers()), context=ssl.create_default_context()
        )


def test_no_client_is_imported_before_it_is_used():
    code = (
        "import sys, macroengine.transport; print({'httpx', 'aiohttp', 'requests', 'urllib3', 'yarl'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("method", "headers", "message"),
    [
        ("G\r\nET s3cret", {}, "method cannot be sent as it is"),
        ("", {}, "method cannot be sent as it is"),
        ("GET", {"X-A": "s3cret\r\nX: y"}, "header 'X-A' cannot be sent as it is"),
        ("GET", {"X-A": "s3cret\u2028"}, "header 'X-A' cannot be sent as it is"),
        ("GET", {"X-A": "s3cret\x00"}, "header 'X-A' cannot be sent as it is"),
        ("GET", {"X-A": "s3cret "}, "header 'X-A' cannot be sent as it is"),
        ("GET", {"X: s3cret\r\nY": "z"}, "a header cannot be sent as it is: its name is not one"),
        ("POST", {"Host": "s3cret"}, "header 'Host' is set from the request itself; remove it"),
        ("POST", {"Content-Length": "99"}, "header 'Content-Length' is set from the request itself; remove it"),
        ("POST", {"transfer-encoding": "chunked"}, "header 'transfer-encoding' is set from the request itself"),
        ("POST", {"Connection": "keep-alive"}, "header 'Connection' is set from the request itself; remove it"),
        ("POST", {"X-A": "s3cret", "x-a": "2"}, "header 'x-a' is repeated; case is ignored"),
    ],
)
def test_what_no_client_can_send_is_refused_and_not_shown(method, headers, message):
    request = PreparedRequest(method, "http://127.0.0.1:9/", headers)
    sends = [
        lambda: transport.send_httpx(None, request),
        lambda: transport.httpx_request(request),
        lambda: transport.send_aiohttp(None, request),
        lambda: transport.send_requests(None, request),
        lambda: transport.send_urllib3(None, request),
        lambda: transport.send_stdlib(request),
    ]
    for send in sends:
        with pytest.raises(ValueError, match=message) as error:
            send()
        assert "s3cret" not in str(error.value)
