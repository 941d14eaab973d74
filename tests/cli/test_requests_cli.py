"""`--request` of check and render: whole requests from files."""

import hmac
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "appmetrica_post.toml"
EVENT = ROOT / "examples" / "appmetrica_event.json"
GOOD = 'method = "POST"\nurl = "https://n.example/pb"\ncontent_type = "application/json"\n'


@pytest.fixture
def write(tmp_path):
    def write(content, name="request.toml"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def test_example_is_clean_and_renders(run):
    assert run("check", "--request", EXAMPLE, "--postback", "in-app") == (0, "nothing found in 1 template\n", "")
    status, out, err = run("render", "--request", EXAMPLE, "--event", EVENT)
    head, _, body = out.partition("\n\n")
    assert (status, err) == (0, "")
    assert head == (
        "POST https://n.example/postback?click=123456789\nAccept: application/json\nContent-Type: application/json"
    )
    assert json.loads(body) == {
        "click": "123456789",
        "event": "purchase",
        "time": 1453981800,
        "price": 9.90,
        "currency": "USD",
        "attributes": {"level": 3, "item": "sword"},
        "sub": 'a "b" / c',
    }


def test_many_events_are_lines_of_json(run, write):
    request = write(GOOD + 'body = \'{"c": "(clickid)"}\'')
    events = write('{"click_id": "é"}\n{"click_id": "\\ud800"}\n{"postback": "in-app"}\n', "events.jsonl")
    status, out, err = run("render", "--request", request, "--events", events, "--postback", "install")
    assert status == 1
    assert json.loads(out) == {
        "method": "POST",
        "url": "https://n.example/pb",
        "headers": {"Content-Type": "application/json"},
        "body": '{"c": "é"}',
    }
    assert "lone surrogate" in err
    assert err.endswith("1 URLs, 1 events not sent, 1 failed\n")


def test_findings_name_the_part(run, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = write(GOOD + "body = '{\"c\": \"(clickd)\",}'\n[headers]\nX-Key = 's3cret (nope)'")
    request = request.name
    status, out, _ = run("check", "--request", request)
    out = " ".join(out.split())
    assert status == 1
    assert f"{request}:4:16 ME101 error body: unknown macro 'clickd'" in out
    assert f"{request}:4:25 ME602 error body: comma" in out
    assert f"{request}:6:17 ME101 error headers.X-Key: unknown macro" in out
    assert "s3cret" not in out
    rows = json.loads(run("check", "--request", request, "--select", "ME6", "--format", "json").out)
    assert [(row["code"], row["fix"]["replacement"]) for row in rows] == [("ME602", "")]
    assert run("check", "--request", request, "--ignore", "ME602,ME101").status == 0


def test_json_file_and_dialect(run, write):
    table = {"method": "POST", "url": "https://n.example/", "body": "{click_id}", "content_type": "text/plain"}
    plain = write(json.dumps({**table, "dialect": "appmetrica"}), "request.json")
    assert run("check", "--request", plain).status == 0
    assert run("check", "--request", plain, "--dialect", "appsflyer").status == 1
    assert run("check", "--request", write(json.dumps(table), "other.json"), "--dialect", "appmetrica").status == 0
    own = write('name = "own"\ntitle = "Own"\nsyntax = "brace"\n[references]\na = "x"\n[macros]\n', "own.toml")
    named = run("check", "--request", write(json.dumps({**table, "dialect": str(own)}), "third.json"))
    assert named.status in (1, 2)


def test_signed_request(run, write):
    request = write(GOOD + "body = '{}'\n[signature]\nheader = 'X-Sig'")
    event = write("{}", "event.json")
    out = run("render", "--request", request, "--event", event, "--key-file", write("k3y\n", "key")).out
    assert f"X-Sig: {hmac.new(b'k3y', b'{}', 'sha256').hexdigest()}\n" in out
    status, _, err = run("render", "--request", request, "--event", event)
    assert (status, "--key-file" in err) == (2, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "key 'method' is missing"),
        ('method = "GET"', "key 'url' is missing"),
        (GOOD + 'bdy = "x"', "unknown key 'bdy'"),
        (GOOD + "body = {a = 1}", "key 'body' must be a string; write the JSON as one string"),
        (GOOD + "headers = 's3cret'", "key 'headers' must be a table"),
        (GOOD + "[headers]\nX = 1", "header 'X' must be a string, not int"),
        (GOOD + "signature = 's3cret'", "key 'signature' must be a table"),
        (GOOD + "[signature]\nover = 'url'", "key 'header' of the signature is missing"),
        (GOOD + "[signature]\nheader = 'X'\nkey = 's3cret'", "unknown key 'key'"),
        (GOOD + "[signature]\nheader = 'X'\nover = 'both'", "over must be 'body' or 'url'"),
        (GOOD + "dialect = 'nope'", "unknown dialect 'nope'"),
        ("method = ", "not TOML"),
    ],
)
def test_file_that_is_no_request(run, write, content, message):
    path = write(content)
    status, out, err = run("check", "--request", path)
    assert (status, out) == (2, "")
    assert message in err
    assert str(path) in err
    assert "s3cret" not in err


def test_json_that_is_no_object(run, write):
    assert "a request is an object" in run("check", "--request", write("[]", "request.json")).err


def test_wrong_usage(run, write):
    request = write(GOOD + "body = '{}'")
    event = write("{}", "event.json")
    assert "not both" in run("render", "x", "--request", request, "--event", event).err
    assert "--request" in run("render", "x", "--key-file", event, "--event", event).err
    assert run("check", "--request", "nowhere.toml").status == 2


def test_values_may_be_set(run, write):
    request = write(GOOD + 'body = \'{"c": "(country_code)"}\'')
    assert run("render", "--request", request, "--set", "country_code=DE").out.endswith('{"c": "DE"}\n')
    status, out, err = run("render", "--request", request, "--set", "nope=DE")
    assert (status, out, "--set" in err) == (2, "", True)


def test_dialect_of_a_request_is_found_out(run, write):
    request = write(GOOD + 'body = \'{"c": "{click_id}", "t": "{conversion_timestamp}"}\'')
    assert run("check", "--request", request, "--dialect", "auto").status == 0


def test_request_that_is_too_large(run, write):
    out = run("check", "--request", write(GOOD + f"body = '{'[' * 99}{']' * 99}'")).out
    assert "ME000 error body has more than 64" in " ".join(out.split())


def test_request_with_errors_is_not_rendered(run, write):
    status, out, err = run("render", "--request", write(GOOD + "body = '{,}'"), "--event", write("{}", "event.json"))
    assert (status, out) == (1, "")
    assert "ME601" in err


def test_faults_of_requests_are_explained(run):
    assert run("explain", "ME602").out.startswith("ME602 trailing-comma (error)\n\nA comma after")
    assert run("explain", "trailing-comma").out == run("explain", "ME602").out


def test_a_template_beside_a_request_is_a_template(run, write):
    request = write(GOOD + 'body = \'{"c": "(clickid)"}\'')
    assert run("check", "https://n.example/pb?c=(clickid)", request) == (0, "nothing found in 2 templates\n", "")
