"""Requests in files, checked, fixed where they are, previewed and reported."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from macroengine import Span
from macroengine.diagnostics import Fix
from macroengine.rules import request_fixing
from macroengine.rules.request_faults import MALFORMED_METHOD
from macroengine.workspace.requests import read_request_file
from macroengine.workspace.string_tokens import strings_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "appmetrica_post.toml"
BAD_TOML = """\
# our partner
method = "post" # by hand
url = "https://n.example/pb?c=(clickid)&;d=1"
content_type = 'application/json'
body = '''
{
  'click': '(clickid)', // the click
  "event": "(event_name",
}'''
[headers]
Accept = "application/json" # keep
"X-Id" = "(click-id)"
"""
FIXED_TOML = """\
# our partner
method = "POST" # by hand
url = "https://n.example/pb?c=(clickid)&d=1"
content_type = 'application/json'
body = '''
{
  "click": "(clickid)",\x20
  "event": "(event_name)"
}'''
[headers]
Accept = "application/json" # keep
"X-Id" = "(clickid)"
"""
HEAD = 'method = "POST"\nurl = "https://n.example/pb"\ncontent_type = "application/json"\n'
IN_APP = ("--postback", "in-app")


@pytest.fixture
def write(tmp_path):
    def write(content, name="r.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
        return name

    return write


def fixed(run, tmp_path, name, *options):
    status = run("check", "--request", name, "--fix", *IN_APP, *options).status
    return status, (tmp_path / name).read_bytes().decode()


# Fixing


def test_a_file_is_fixed_in_place_and_nothing_else_in_it_changes(run, write, tmp_path):
    write(BAD_TOML)
    result = run("check", "--request", "r.toml", "--fix", *IN_APP)
    assert result == (0, "8 fixed, nothing found in 1 template\n", "")
    assert (tmp_path / "r.toml").read_text() == FIXED_TOML
    assert run("check", "--request", "r.toml", "--fix", *IN_APP).out == "nothing found in 1 template\n"


def test_an_argument_that_is_a_request_is_taken_for_one(run, write):
    write(BAD_TOML)
    assert run("check", "r.toml", *IN_APP).out == run("check", "--request", "r.toml", *IN_APP).out
    assert run("check", "--file", "r.toml", *IN_APP).out == run("check", "--request", "r.toml", *IN_APP).out


def test_what_would_be_fixed_is_shown_and_not_written(run, write, tmp_path):
    write(BAD_TOML)
    status, out, err = run("check", "--request", "r.toml", "--diff", *IN_APP)
    assert (status, err) == (1, "")
    assert out.splitlines()[:6] == [
        "--- r.toml",
        "+++ r.toml",
        "@@ -2,2 +2,2 @@",
        '-method = "post" # by hand',
        '-url = "https://n.example/pb?c=(clickid)&;d=1"',
        '+method = "POST" # by hand',
    ]
    assert (tmp_path / "r.toml").read_text() == BAD_TOML
    write(FIXED_TOML)
    assert run("check", "--request", "r.toml", "--diff", *IN_APP) == (0, "", "")
    write(json.dumps({"method": "post", "url": "https://n.example/"}), "r.json")
    assert run("check", "--request", "r.json", "--diff").out.endswith("\n\\ No newline at end of file\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            """{ "method": "POST",\r\n "url":"https:\\/\\/n.example\\u002fpb",  "content_type" : "application/json",
  "body": "\\ufeff{\\"\\u0061\\": '\\ud83d\\ude00',\\n 'b': \\"\\\\u0041\\",}" }\r\n""",
            """{ "method": "POST",\r\n "url":"https:\\/\\/n.example\\u002fpb",  "content_type" : "application/json",
  "body": "{\\"\\u0061\\": \\"😀\\",\\n \\"b\\": \\"\\\\u0041\\"}" }\r\n""",
            id="json-keeps-its-escapes",
        ),
        pytest.param(
            '\ufeff{"method":"get","url":"https://n.example/"}',
            '\ufeff{"method":"GET","url":"https://n.example/"}',
            id="byte-order-mark",
        ),
    ],
)
def test_json_files_are_fixed(run, write, tmp_path, before, after):
    assert fixed(run, tmp_path, write(before, "r.json")) == (0, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("body = '[1,]'", "body = '[1]'", id="literal"),
        pytest.param('body = "[1,\\t]"', 'body = "[1\\t]"', id="basic"),
        pytest.param("body = \"['a']\"", 'body = "[\\"a\\"]"', id="basic-escapes-what-it-must"),
        pytest.param('body = """\n[\'a\',\n1]"""', 'body = """\n["a",\n1]"""', id="long-basic-stays-readable"),
        pytest.param('body = """["a\tb"]"""', 'body = """["a\\\\tb"]"""', id="long-basic-escapes-a-backslash"),
        pytest.param(
            'body = """[1,\\\n   2,\\\n  ]\\\n  """', 'body = """[1,\\\n   2\\\n  ]\\\n  """', id="joined-lines"
        ),
        pytest.param("body = '''\r\n[1,\r\n2,]'''\r\n", "body = '''\r\n[1,\r\n2]'''\r\n", id="windows"),
        pytest.param("body = '''[\"''\",]'''", "body = '''[\"''\"]'''", id="quotes-inside"),
        pytest.param('"body" = "[1,]"', '"body" = "[1]"', id="quoted-key"),
        pytest.param(
            'headers."X-A" = "x(clickid"\nbody = "1"', 'headers."X-A" = "x(clickid)"\nbody = "1"', id="dotted-key"
        ),
        pytest.param(
            'body = "1" # "body" = \'[1,]\'\nheaders = { A = "1", B = "(click-id)" }',
            'body = "1" # "body" = \'[1,]\'\nheaders = { A = "1", B = "(clickid)" }',
            id="inline-table",
        ),
    ],
)
def test_toml_strings_of_all_kinds_are_fixed(run, write, tmp_path, before, after):
    status, text = fixed(run, tmp_path, write(HEAD + before))
    assert text == HEAD + after
    assert status == 0
    tomllib.loads(text)


def test_what_its_quotes_cannot_hold_is_written_in_others(run, write, tmp_path):
    _, text = fixed(run, tmp_path, write("method='GET'\nurl='https://n.example/?a=it’s'"), "--unsafe-fixes")
    assert text.endswith('url="https://n.example/?a=it\'s"')


def test_a_request_from_standard_input_is_printed_fixed(run):
    text = '{"method": "post", "url": "https://n.example/?a=(clickd)", "content_type": "text/plain", "body": "a"}'
    status, out, err = run("check", "--request", "-", "--fix", stdin=text.encode())
    assert (status, out) == (1, text.replace("post", "POST"))
    assert err.startswith("<stdin>:1:49 ME101 error url: unknown macro 'clickd'")
    assert run("check", "--request", "-", stdin=text.encode()).out.count("<stdin>:1:") == 2


def test_a_request_that_cannot_be_rewritten_is_left(run, write, tmp_path, monkeypatch):
    write(BAD_TOML)
    with monkeypatch.context() as patched:
        patched.setattr("macroengine.workspace.requests.edited", lambda *_: iter(()))
        status, out, err = run("check", "--request", "r.toml", "--fix", *IN_APP)
    assert (status, "ME602" in out) == (1, True)
    assert err == "macroengine: r.toml: url cannot be fixed where it is; fix it by hand\n"
    deep = write(f"{HEAD}body = '{'[' * 99}{']' * 99}'", "deep.toml")
    assert "ME000 error body has more than 64" in " ".join(run("check", "--request", deep, "--fix").out.split())
    (tmp_path / "r.toml").chmod(0o400)
    status, _, err = run("check", "--request", "r.toml", "--fix")
    assert (status, "read-only" in err) == (2, True)
    assert (tmp_path / "r.toml").read_text() == BAD_TOML


def test_a_repeated_header_is_not_fixed(run, write, tmp_path):
    text = 'method = "GET"\nurl = "https://n.example/"\n[headers]\nA = "(click-id)"\na = "(click-id)"\n'
    assert fixed(run, tmp_path, write(text)) == (1, text)


def test_fixes_that_undo_each_other_end(run, write, monkeypatch):
    def findings(parsed, *_):
        other = {"GET": "PUT", "PUT": "GET"}[parsed.request.method]
        yield (
            "method",
            MALFORMED_METHOD.on(parsed.request.method, Span(0, 3), "x", fix=Fix(other, Span(0, 3), safe=True)),
        )

    monkeypatch.setattr(request_fixing, "findings_beside_url", findings)
    write('method = "GET"\nurl = "https://n.example/"')
    assert run("check", "--request", "r.toml", "--fix").status == 1


# Where it is found


def test_places_are_those_of_the_file(run, write):
    write(BAD_TOML.replace("(event_name", "é\\t(event_nam"))
    rows = json.loads(run("check", "r.toml", *IN_APP, "--format", "json", "--select", "ME6,ME1,ME043").out)
    places = [(row["line"], row["column"], row["code"]) for row in rows]
    assert places == [
        (2, 11, "ME611"),
        (12, 11, "ME102"),
        (7, 3, "ME604"),
        (7, 12, "ME604"),
        (7, 25, "ME603"),
        (8, 16, "ME043"),
        (8, 27, "ME602"),
    ]


def test_places_after_escapes(run, write):
    write('{"method":"GET",\n"url":"https://n.example/\\u00e9?a=\\ud83d\\ude00(clickd)"}', "r.json")
    [row] = [row for row in json.loads(run("check", "r.json", "--format", "json").out) if row["code"] == "ME101"]
    assert (row["line"], row["column"]) == (2, 47)
    github = run("check", "r.json", "--format", "github", "--select", "ME101").out
    assert github.startswith(
        "::error file=r.json,line=2,col=47,endColumn=55,title=ME101 unknown-macro::url: unknown macro"
    )
    for form, place in (("gitlab", '"begin": 2'), ("junit", "r.json:2:47"), ("sarif", '"startColumn": 47')):
        assert place in run("check", "r.json", "--format", form, "--select", "ME101").out


def test_what_is_not_in_the_file_is_found_at_its_beginning(run, write):
    write('method = "GET"\nurl = "https://n.example/"\ncontent_type = "text/plain"\nsignature = {header = "a b"}')
    rows = json.loads(run("check", "r.toml", "--format", "json").out)
    assert [(row["line"], row["code"]) for row in rows] == [(4, "ME615"), (3, "ME613")]
    assert read_request_file("r.toml").places()("nowhere", 3) == (1, 1)
    assert [*strings_of("a = 1\nb = {c = 'd'}\ne = ['f']", is_toml=True)] == [("b", "c")]


# Folders and settings


def test_a_folder_may_have_requests(run, write):
    write(FIXED_TOML, "d/a.toml")
    write(BAD_TOML, "d/.hidden.toml")
    write("[tool.other]\nmethod = 'url'", "d/pyproject.toml")
    write("[1]", "d/list.json")
    write('{"method", "url"}', "d/broken.json")
    assert run("check", "d", *IN_APP) == (0, "nothing found in 1 template\n", "")
    assert run("preview", "d", *IN_APP).out.startswith("d/a.toml  in-app, AppsFlyer\n")
    write("https://n.example/?a=(clickd)\n", "d/t.txt")
    write('{"method": "GET", "url": "https://n.example/?a=(clickd)"}', "d/z.json")
    write('{"method": "GET", "url": "x", "bdy": "x"}', "d/odd.json")
    status, out, err = run("check", "d", *IN_APP)
    assert (status, [line.split()[0] for line in out.splitlines() if "ME101" in line]) == (
        1,
        ["d/t.txt:1:22", "d/z.json:1:48"],
    )
    assert err.startswith("macroengine: skipped d/odd.json: unknown key 'bdy'")
    write("a,b\n", "tables/t.csv")
    write(FIXED_TOML, "tables/a.toml")
    assert run("check", "tables", *IN_APP).status == 0


def test_settings_of_the_project_hold_for_requests(run, write):
    write('dialect = "appmetrica"\nignore = ["ME2"]\n[per_file."strict/*"]\nconsent = true\n', "macroengine.toml")
    request = {"method": "GET", "url": "https://n.example/?a={google_aid}"}
    write(json.dumps(request), "r.json")
    write(json.dumps(request), "strict/r.json")
    assert run("check", "r.json", "--select", "ME308").status == 0
    assert "ME308" in run("check", "strict/r.json", "--select", "ME308").out
    assert "ME" in run("check", "r.json", "--dialect", "appsflyer").out
    write(json.dumps({**request, "dialect": "auto"}), "r.json")
    assert run("check", "r.json").status == 0


def test_a_dialect_of_ones_own_is_beside_the_request(run, write):
    write('name = "own"\nsyntax = "brace"\n[macros]\na = { field = "a", source = "Link" }\n', "d/own.toml")
    write('method = "GET"\nurl = "https://n.example/?a={a}"\ndialect = "own.toml"', "d/r.toml")
    assert run("check", "d/r.toml") == (0, "nothing found in 1 template\n", "")
    assert run("render", "--request", "d/r.toml", "--set", "a=1").out == "GET https://n.example/?a=1\n"


def test_kind_of_postback_is_that_of_all_macros(run, write):
    write(f"{HEAD}body = '[\"(event_name)\", (event_revenue)]'\n")
    lines = run("check", "r.toml").out.splitlines()
    assumed = "postback assumed from the macros: in-app for 1 template; set it with --postback"
    assert lines == [assumed, "nothing found in 1 template"]


def test_a_repeated_key_is_refused(run, write):
    write('{"method": "GET", "url": "https://n.example/", "headers": {"a": "s3cret", "a": "s3cret"}}', "r.json")
    assert run("check", "--request", "r.json") == (2, "", "macroengine: r.json: key 'a' is repeated in one object\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file_of_requests(run, tmp_path, monkeypatch):
    monkeypatch.setattr("macroengine.opening._PATIENCE_MS", 50)
    os.mkfifo(tmp_path / "pipe.toml")
    assert "nothing is written to this pipe" in run("check", "--request", "pipe.toml").err


# Previews


def test_preview_shows_the_request(run, write):
    status, out, err = run("preview", "--request", EXAMPLE)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].endswith("appmetrica_post.toml  in-app, AppMetrica")
    assert "    POST https://n.example/postback?click=123456789" in lines
    assert '      "time": 1453981800,' in lines
    assert "  not attributed: not sent (--send-all sends it)" in lines
    assert "    click  123456789  {click_id}" in lines
    assert '"time": 5,' in run("preview", "--request", EXAMPLE, "--set", "event_time=5").out
    write('method = "GET"\nurl = "https://n.example/"')
    assert "--set" in run("preview", "--request", "r.toml", "--set", "nope=5").err
    assert "    GET https://n.example/\n  not attributed" in run("preview", "--request", "r.toml").out


def test_preview_needs_no_key_and_shows_what_consent_and_attribution_change(run, write):
    text = {
        "method": "POST",
        "url": "https://n.example/?c=(clickid)",
        "headers": {"X-Id": "(idfa)"},
        "body": "i=(idfa)&#=(clickid)",
        "content_type": "application/x-www-form-urlencoded",
        "signature": {"header": "X-Sig"},
    }
    write(json.dumps(text), "r.json")
    options = ("--request", "r.json", "--send-all", "--consent")
    [row] = json.loads(run("preview", *options, "--format", "json").out)
    assert row["attributed"]["headers"]["X-Sig"] == "[hmac-sha256 of the body]"
    assert row["attributed"]["body"].startswith("i=")
    assert row["without_consent"]["headers"]["X-Id"] == ""
    assert row["not_attributed"]["url"] == "https://n.example/?c="
    assert (row["withheld"], row["needs_consent"]) == (["(clickid)"], ["(idfa)"])
    assert [(one["name"], one["macros"]) for one in row["parameters"]] == [
        ("c", ["(clickid)"]),
        ("i", ["(idfa)"]),
        ("#", []),
    ]
    out = run("preview", *options).out
    assert "  withheld: (clickid)\n  needs consent: (idfa)\n" in out
    both = json.loads(run("preview", "https://n.example/?a=(ip)", "--request", "r.json", "--format", "json").out)
    assert [row["file"] for row in both] == ["<argument>", "r.json"]
    assert run("preview", "--request", "r.json", "--missing", "raise").out.count("without values") == 0


def test_preview_of_a_request_with_errors(run, write):
    write(HEAD + "body = '[1,]'")
    status, out, err = run("preview", "--request", "r.toml")
    assert (status, out, err.startswith("r.toml: cannot be rendered\n")) == (1, "", True)


# Reports


@pytest.mark.parametrize("kind", ["html", "md", "csv"])
def test_reports_have_requests_without_their_secrets(run, write, tmp_path, kind):
    secret = 'Authorization = "Bearer s3cret (clickd)"\n"X-Id" = "(clickid)"\n"Bad Name" = "x"\n'
    write(BAD_TOML.replace('Accept = "application/json" # keep\n"X-Id" = "(click-id)"\n', secret))
    write(FIXED_TOML, "good.toml")
    options = ("--request", "r.toml", "--request", "good.toml", *IN_APP)
    assert run("check", *options, "--report", f"report.{kind}").status == 1
    report = (tmp_path / f"report.{kind}").read_text("utf-8")
    assert "s3cret" not in report
    for text in ("good.toml", "ME602", "headers", "[not shown]", "(clickd)"):
        assert text in report.replace("\\", "")
    if kind == "html":
        assert '<mark class="error">&#x27;click&#x27;</mark>' in report
        assert '<mark class="error">Bad Name</mark>: *\n' in report
        assert "Not attributed" not in report


def test_report_does_not_replace_a_request(run, write):
    write(FIXED_TOML, "r.md")
    status, _, err = run("check", "--request", "r.md", "--report", "r.md")
    assert (status, "would replace" in err or "not JSON" in err) == (2, True)
