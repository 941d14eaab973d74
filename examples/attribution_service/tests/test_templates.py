"""Partners with whole requests: what they receive, and the valid configuration."""

import hmac
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attribution_service.checking import ConfigError
from attribution_service.partners import Config
from attribution_service.store import Store
from attribution_service.templates import request_of

from macroengine import Event, PreparedRequest

HERE = Path(__file__).resolve().parents[1]
GOOD = (HERE / "partners.toml").read_text("utf-8")
POSTNET = "app 'com.example.game', partner 'postnet_int', in-app"
EVENT = Event({"click_id": 'a"b'}, {"event_name": "é", "event_revenue": "9.90"}, postback="in-app")


def config(tmp_path, text):
    (tmp_path / "demo_signing_key.txt").write_text("demo-signing-key\n")
    path = tmp_path / "partners.toml"
    path.write_text(text, "utf-8")
    return Config(path)


def sent(app, owner="postnet_int"):
    return dict(app.postbacks(EVENT, owner, lambda _: True))


def test_a_request_is_rendered_and_signed(tmp_path):
    app = config(tmp_path, GOOD).apps["com.example.game"]
    request = sent(app)["postnet_int"]
    assert json.loads(request.body) == {"click": 'a"b', "event": "é", "price": 9.90, "attributes": None}
    assert request.headers["X-Signature"] == hmac.new(b"demo-signing-key", request.body, "sha256").hexdigest()
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:8001/postnet/event")
    assert "postnet_int" not in sent(app, "examplenet_int")
    shown = [repr(partner) for partner in app.partners] + [repr(told) for told in app._told.values()]
    assert "demo-signing-key" not in "".join(shown)


def test_a_request_is_stored_and_comes_back_as_it_was(tmp_path):
    request = PreparedRequest("POST", "http://127.0.0.1/", {"X-A": "b", "X-C": "d"}, b"\x00\xff{}")
    store = Store(tmp_path / "db.sqlite")
    store.add_postbacks([("p", request)])
    [due] = store.take("p", datetime.now(UTC), 1, timedelta(seconds=1))
    assert due.request == request
    assert [*due.request.headers] == ["X-A", "X-C"]


def test_postbacks_of_a_database_of_urls_are_still_sent(tmp_path):
    with sqlite3.connect(tmp_path / "db.sqlite") as database:
        database.execute(
            "CREATE TABLE postbacks (id INTEGER PRIMARY KEY, key TEXT NOT NULL, partner TEXT NOT NULL, "
            "url TEXT NOT NULL, state TEXT NOT NULL, failures INTEGER NOT NULL, first_try TEXT NOT NULL, next_try TEXT)"
        )
        now = datetime.now(UTC).isoformat()
        row = ("k", "p", "http://127.0.0.1/?a", "new", 0, now, now)
        columns = "(key, partner, url, state, failures, first_try, next_try)"
        database.execute(f"INSERT INTO postbacks {columns} VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    database.close()
    Store(tmp_path / "db.sqlite")
    [due] = Store(tmp_path / "db.sqlite").take("p", datetime.now(UTC), 1, timedelta(seconds=1))
    assert due.request == request_of("http://127.0.0.1/?a")


@pytest.mark.parametrize(
    ("before", "after", "message", "line"),
    [
        ('"{click_id}"', '"{click_id}",', f"{POSTNET}: error[ME601]", "body         ="),
        ("{price}", "{price}x", f"{POSTNET}: error[ME607]", "body         ="),
        ("/postnet/event", "/é", "key 'in-app': URL cannot be sent", "postnet_int.in-app]"),
        ('"POST"', '"post"', f"{POSTNET}: error[ME611]", "method       ="),
        ('method       = "POST"', "", f"{POSTNET}: key 'method' is missing", "postnet_int.in-app]"),
        ("application/json", "application/xml", f"{POSTNET}: error[ME612]", "content_type ="),
        ('"X-Signature"', '"X Signature"', f"{POSTNET}: error[ME615]", "postnet_int.in-app]"),
        ('over = "body"', 'over = "all"', f"{POSTNET}: over must be 'body' or 'url'", "postnet_int.in-app]"),
        ('over = "body"', 'ovr = "s3cret"', f"{POSTNET}, signature: unknown key 'ovr'", "signature    ="),
        (
            'key_file     = "demo_signing_key.txt"',
            "",
            f"{POSTNET}: 'signature' and 'key_file' are needed together",
            "int.in-app]",
        ),
        (
            "demo_signing_key.txt",
            "nowhere",
            f"{POSTNET}: key 'key_file': 'nowhere' cannot be read: No such",
            "key_file     =",
        ),
        ("demo_signing_key.txt", "empty", f"{POSTNET}: key 'key_file': 'empty' is empty", "key_file     ="),
        (
            'method       = "POST"',
            'method = "POST"\nheaders = "s3cret"',
            f"{POSTNET}: key 'headers' must be a table",
            "headers =",
        ),
        (
            'method       = "POST"',
            'method = "POST"\nheaders = {A = 1}',
            f"{POSTNET}: header 'A' must be a string",
            "int.in-app]",
        ),
        (
            'method       = "POST"',
            'method = "POST"\nheaders = {A = "s3cret {a}\\u00e9"}',
            f"{POSTNET}: error[ME616]",
            "headers =",
        ),
        (
            'method       = "POST"',
            'method = "POST"\nheaders = {idempotency-key = "s3cret"}',
            f"{POSTNET}: the service sets the header 'Idempotency-Key' itself",
            "headers =",
        ),
        ("body         = '", "body         = '${a:1}", f"{POSTNET}: ", "body         ="),
    ],
)
def test_a_wrong_request_names_partner_and_line_and_no_secret(tmp_path, before, after, message, line):
    head, mark, tail = GOOD.partition('[apps."com.example.game".partners.postnet_int.in-app]')
    assert before in tail
    text = head + mark + tail.replace(before, after, 1)
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    number = text.count("\n", 0, text.index(line)) + 1
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'partners.toml'}:{number}: ")
    assert "s3cret" not in str(caught.value)


def test_what_is_neither_a_url_nor_a_request_is_named(tmp_path):
    with pytest.raises(ConfigError, match="key 'install' must be a URL, or a table with a request, not 1"):
        config(tmp_path, GOOD.replace('install     = "', 'install = 1 # "', 1))
