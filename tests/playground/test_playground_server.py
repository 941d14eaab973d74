"""`macroengine playground`: the server, and what it refuses."""

import http.client
import json
import socket
import threading
import webbrowser
from contextlib import contextmanager

import pytest

from macroengine.playground.server import LOOPBACK, PAGE, PlaygroundServer

CALL = json.dumps({"call": "detect", "arguments": {"template": "https://n.example/pb"}})


@contextmanager
def serving(*arguments, **options):
    with PlaygroundServer(*arguments, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


def ask(server, method="GET", path="/", body=None, **headers):
    connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), content


def post(server, body=CALL, path="/api", **changed):
    headers = {"Content_Type": "application/json", "Origin": server.url[:-1], **changed}
    return ask(server, "POST", path, body, **{name: value for name, value in headers.items() if value is not None})


def test_the_page_is_served_with_a_strict_policy(server):
    status, headers, content = ask(server)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b'data-python="http"' in content
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';" in policy
    assert not [word for word in ("unsafe-inline", "'unsafe-eval'", "*") if word in policy]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert headers["Server"] == "macroengine"


def test_each_file_of_the_page_is_served_and_no_other(server):
    for path in PAGE.iterdir():
        assert ask(server, path=f"/{path.name}?v=1")[0] == 200
    for path in ("/../bridge.py", "/%2e%2e/bridge.py", "//etc/passwd", "/page", "/index.html/"):
        assert ask(server, path=path)[0] == 404


def test_a_file_is_sent_once(server):
    status, headers, content = ask(server, "HEAD", "/style.css")
    assert (status, content, int(headers["Content-Length"])) == (200, b"", (PAGE / "style.css").stat().st_size)
    status, _, content = ask(server, path="/style.css", If_None_Match=headers["ETag"])
    assert (status, content) == (304, b"")
    assert ask(server, path="/style.css", If_None_Match='"other"')[0] == 200
    assert ask(server, "HEAD", "/nothing")[::2] == (404, b"")


def test_the_bridge_answers_the_page(server):
    status, headers, content = post(server)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(content) == {"result": {"dialects": []}}
    host = f"localhost:{server.server_port}"
    assert post(server, Host=host, Origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:80", ""])
def test_a_host_that_is_rebound_to_this_machine_is_refused(server, host):
    for response in (
        ask(server, Host=host),
        ask(server, "HEAD", Host=host),
        post(server, Host=host, Origin=f"http://{host}"),
    ):
        assert response[0] == 421
    assert ask(server, Host=host)[2] == f"this server is {server.url}\n".encode()


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1:1", "http://127.0.0.1"])
def test_a_call_of_another_page_is_refused(server, origin):
    assert post(server, Origin=origin)[::2] == (403, b"only this page may call it\n")


def test_other_calls_are_refused(server):
    assert post(server, path="/other")[0] == 404
    assert post(server, Content_Type="text/plain")[0] == 415
    assert post(server, body=b"\xff")[::2] == (400, b"the request is not UTF-8\n")
    for length, status in (("-1", 411), ("x", 411), ("²", 411), ("9" * 5000, 413), (str(9 * 1024 * 1024), 413)):
        assert raw(server, length) == status


def test_other_methods_are_refused_like_everything_else(server):
    status, headers, content = ask(server, "PUT")
    assert (status, content) == (501, b"not implemented\n")
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def raw(server, length):
    """Send the head of a call that says how long it is, and nothing of it."""
    lines = ["POST /api HTTP/1.1", f"Host: {LOOPBACK}:{server.server_port}", f"Origin: {server.url[:-1]}"]
    lines += ["Content-Type: application/json", f"Content-Length: {length}", "", ""]
    with socket.create_connection((LOOPBACK, server.server_port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        return int(connection.makefile("rb").readline().split()[1])


def test_the_server_is_reached_from_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_client_that_goes_away_is_not_reported(server, capsys):
    server.handle_error(None, None)
    assert capsys.readouterr() == ("", "")


def test_a_page_that_was_built_is_served(tmp_path):
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / "a.wasm").write_bytes(b"\0asm")
    (tmp_path / "index.html").write_text('<html data-python="browser">')
    with serving(tmp_path, in_browser=True) as server:
        assert ask(server)[2] == b'<html data-python="browser">'
        assert ask(server, path="/pyodide/a.wasm")[1]["Content-Type"] == "application/wasm"


def test_the_command(run, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) is None)

    def stopped(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(PlaygroundServer, "serve_forever", stopped)
    status, out, err = run("playground")
    assert (status, [f"{url}\n" for url in opened]) == (0, [out])
    assert (out[:17], err) == ("http://127.0.0.1:", "macroengine: serving the playground; stop with Ctrl-C\n")
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert run("playground").err.endswith("macroengine: no browser found; open the address above\n")
    assert run("playground", "--no-open", "--port", out.rstrip("/\n").rpartition(":")[2]).out == out


def test_the_command_says_what_is_wrong(run, server, tmp_path):
    status, out, err = run("playground", "--no-open", "--port", str(server.server_port))
    assert (status, out) == (2, "")
    assert err.startswith(f"macroengine: port {server.server_port}: address already in use; leave --port out")
    status, _, err = run("playground", "--page", tmp_path)
    assert (status, "has no page (index.html); build it with: npm run build" in err) == (2, True)
    status, _, err = run("playground", "--in-browser")
    assert (status, err.startswith("macroengine: --in-browser needs a page that was built")) == (2, True)
