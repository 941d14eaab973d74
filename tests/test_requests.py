"""Requests: what is sent of headers and bodies, and what is refused."""

import hmac
import json
import pickle
import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from macroengine import (
    CatalogueError,
    Default,
    Event,
    LimitError,
    Limits,
    Missing,
    MissingValueError,
    Policy,
    PolicyError,
    PostbackSet,
    PreparedRequest,
    RenderError,
    Request,
    Signature,
    Span,
    SuppressedError,
    TemplateError,
    check,
    check_request,
    compile_request,
    compile_template,
    dialect,
    fix,
    parse_request,
)
from macroengine.compiled_request import CompiledRequest
from macroengine.language.json_parser import JsonFault, parse_json
from macroengine.request import Headers
from macroengine.rules.request_faults import REQUEST_FAULTS
from macroengine.rules.request_fixing import fix_request
from tests.support.trying import with_each

URL = "https://n.example/pb"
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"
NASTY = 'a"b\\c\n é'
EVENT = Event(
    link={"click_id": NASTY},
    sdk={"event_revenue": "9.90", "event_name": "x", "event_value": {"a": 1.50}, "is_lat": True},
    platform={"country_code": "DE"},
    postback="in-app",
)


def request(body, content_type=JSON, headers=None, **more):
    return Request("POST", URL, headers or {}, body, content_type, **more)


IN_APP = Policy("in-app")


def compiled(body, content_type=JSON, headers=None, policy=IN_APP, signature=None, **options):
    return compile_request(request(body, content_type, headers, signature=signature), policy=policy, **options)


def sent(body, event=EVENT, content_type=JSON, **options):
    return compiled(body, content_type, **options).render(event).body.decode()


def found(body, content_type=JSON, dialect="appsflyer", **more):
    return check_request(request(body, content_type, **more), dialect=dialect, policy=Policy("in-app"))


@with_each(
    ("body", "expected"),
    [
        pytest.param('{"a": "(clickid)"}', '{"a": "a\\"b\\\\c\\n é"}', id="string"),
        pytest.param('{"a": "x(clickid)y"}', '{"a": "xa\\"b\\\\c\\n éy"}', id="part-of-a-string"),
        pytest.param('{"a": (clickid)}', '{"a": "a\\"b\\\\c\\n é"}', id="text-is-quoted"),
        pytest.param('{"a": (event_revenue)}', '{"a": 9.90}', id="number-keeps-its-digits"),
        pytest.param('{"a": "(event_revenue)"}', '{"a": "9.90"}', id="number-in-quotes-is-a-string"),
        pytest.param('{"a": (is_lat)}', '{"a": true}', id="boolean"),
        pytest.param('{"a": (event_value)}', '{"a": {"a":1.5}}', id="event-value-is-an-object"),
        pytest.param('{"a": "(event_value)"}', '{"a": "{\\"a\\":1.5}"}', id="stringified-event-value"),
        pytest.param('{"(clickid)": 1}', '{"a\\"b\\\\c\\n é": 1}', id="name-of-a-member"),
        pytest.param("{(event_revenue): 1}", '{"9.90": 1}', id="whole-name-is-a-string-whatever-its-type"),
        pytest.param("[(event_revenue), (country_code)]", '[9.90, "DE"]', id="array"),
        pytest.param("(event_revenue)", "9.90", id="lone-value"),
        pytest.param('"(country_code)"', '"DE"', id="lone-string"),
        pytest.param("null", "null", id="no-macro"),
        pytest.param(
            '{"a": "{\\"b\\": \\"(clickid)\\", \\"c\\": (event_revenue)}"}',
            '{"a": "{\\"b\\": \\"a\\\\\\"b\\\\\\\\c\\\\n é\\", \\"c\\": 9.90}"}',
            id="json-in-a-string-is-escaped-twice",
        ),
        pytest.param(
            '{"u": "https://x.example/?c=(clickid)"}',
            '{"u": "https://x.example/?c=a%22b%5Cc%0A%20%C3%A9"}',
            id="url-in-a-string",
        ),
        pytest.param('{"a": "(sha1-idfa)", "b": (sha1-idfa)}', '{"a": "", "b": null}', id="no-hash-of-nothing"),
    ],
)
def test_value_is_written_for_its_place_in_json(body, expected):
    assert sent(body) == expected
    json.loads(expected)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        pytest.param("empty", '{"a": null, "b": "", "c": [null, ""], "": {"d": "x"}}', id="empty"),
        pytest.param("drop", '{ "c": []}', id="drop"),
        pytest.param(
            "keep",
            '{"a": "(clickid)", "b": "(clickid)", "c": ["(clickid)", "(clickid)"], "(clickid)": {"d": "x(clickid)"}}',
            id="keep",
        ),
        pytest.param(Default('"'), '{"a": "\\"", "b": "\\"", "c": ["\\"", "\\""], "\\"": {"d": "x\\""}}', id="default"),
    ],
)
def test_missing_value(missing, expected):
    body = '{"a": (clickid), "b": "(clickid)", "c": [(clickid), "(clickid)"], (clickid): {"d": "x(clickid)"}}'
    event = replace(EVENT, link={})
    assert sent(body, event, missing=missing) == expected
    json.loads(expected)


def test_number_that_is_missing_takes_a_default_that_is_one():
    assert sent("[(event_revenue)]", replace(EVENT, sdk={}), missing=Default("0")) == "[0]"


def test_dropped_element_takes_its_comma_with_it():
    body = '[(clickid), 1, (clickid), {"a": (clickid), "b": 2}, (clickid)\n]'
    assert sent(body, replace(EVENT, link={}), missing="drop") == '[ 1, { "b": 2}\n]'


def test_lone_value_is_null_where_there_is_nothing_to_drop():
    assert sent("(clickid)", replace(EVENT, link={}), missing="drop") == "null"


def test_parameter_of_a_url_in_a_string_is_dropped_alone():
    body = '{"u": "https://x.example/?c=(clickid)&d=(country_code)"}'
    assert sent(body, replace(EVENT, link={}), missing="drop") == '{"u": "https://x.example/?d=DE"}'


def test_missing_value_that_must_be_there():
    with pytest.raises(MissingValueError, match="clickid"):
        sent('{"a": "(clickid)"}', replace(EVENT, link={}), missing=Missing.RAISE)


@pytest.mark.parametrize("text", ["9,90", "", "EUR 1", "007", "0x10", "NaN", "1_000", "٣"])
def test_number_whose_text_is_none_is_refused(text):
    event = replace(EVENT, sdk={"event_revenue": text})
    with pytest.raises(
        RenderError, match="cannot send a number in JSON whose text is not a number, for macro 'event_rev"
    ):
        sent('{"a": (event_revenue)}', event)
    assert json.loads(sent('{"a": "(event_revenue)"}', event)) == {"a": text}


def test_unix_time_is_a_number_in_a_body():
    event = replace(EVENT, sdk={"install_unix_ts": datetime(2026, 1, 1, tzinfo=UTC)})
    assert sent('{"a": (install_unix_ts)}', event) == '{"a": 1767225600}'


def test_text_in_a_body_may_have_any_character_but_half_of_one():
    assert sent("(clickid)|é", content_type=TEXT) == NASTY + "|é"
    with pytest.raises(RenderError, match="cannot send a body with a lone surrogate") as error:
        sent("\ud800", content_type=TEXT, ignore=["ME005"])
    assert error.value.__context__ is None


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "é\ud83d"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a": "(clickid)"}', JSON),
        ('{"a": (clickid)}', JSON),
        ('{"(clickid)": 1}', JSON),
        ('{"a": "{\\"b\\": (clickid)}"}', JSON),
        ("x (clickid)", TEXT),
        ("a=(clickid)", FORM),
    ],
)
def test_half_of_a_character_is_refused_by_the_name_of_its_macro(body, content_type, text):
    with pytest.raises(RenderError) as error:
        sent(body, replace(EVENT, link={"click_id": text}), content_type=content_type)
    assert (str(error.value), error.value.macro) == (
        "cannot send text with a lone surrogate for macro 'clickid'",
        "clickid",
    )
    assert error.value.__context__ is None


def test_half_of_a_character_in_a_list_is_refused_by_the_name_of_its_macro():
    event = replace(EVENT, sdk={"event_value": {"a": ["\udc00"]}})
    with pytest.raises(RenderError, match="cannot send text with a lone surrogate for macro 'encode'"):
        sent('{"a": (encode)}', event)


def test_form_has_parameters_as_a_query_has():
    body = "a=(clickid)&b=(country_code)&(event_name)=x=y&c&u=https%3A%2F%2Fx%2F%3Fq%3D(clickid)&k=#(event_name)"
    expected = "a=a%22b%5Cc%0A+%C3%A9&b=DE&x=x=y&c&u=https%3A%2F%2Fx%2F%3Fq%3Da%2522b%255Cc%250A%2520%25C3%25A9&k=#x"
    assert sent(body, content_type=FORM) == expected
    dropped = sent(body, replace(EVENT, link={}), content_type=FORM, missing="drop")
    assert dropped == "b=DE&x=x=y&c&u=https%3A%2F%2Fx%2F&k=#x"


def test_plain_text_drops_nothing_but_the_value():
    assert sent("a (clickid) b", replace(EVENT, link={}), content_type=TEXT, missing="drop") == "a  b"


def test_headers():
    headers = {"X-Id": "id (country_code)", "X-Click": "(clickid)", "Authorization": "Bearer s3cret"}
    event = replace(EVENT, link={})
    prepared = compiled("{}", headers=headers, missing="drop").render(event)
    assert dict(prepared.headers) == {
        "X-Id": "id DE",
        "Authorization": "Bearer s3cret",
        "Content-Type": "application/json",
    }
    assert dict(compiled("{}", headers=headers).render(event).headers)["X-Click"] == ""
    assert prepared.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "text", ["Q\r\nX-Evil: 1", "Q\n", "\r", "\0", "é", "\x7f", "\t", " Q", "Q ", "\ud800", "\u2028"]
)
@pytest.mark.parametrize("header", ["(clickid)", "x(clickid)y"])
def test_header_holds_visible_ascii(text, header):
    event = replace(EVENT, link={"click_id": text})
    with pytest.raises(RenderError, match=r"header|surrogate") as error:
        compiled("{}", headers={"X-A": header}).render(event)
    assert text.strip() == "" or text.strip() not in str(error.value)


def test_spaces_around_what_is_empty_are_not_sent():
    headers = {"X-A": "Bearer (clickid)"}
    assert compiled("{}", headers=headers).render(replace(EVENT, link={})).headers["x-a"] == "Bearer"


def test_function_in_a_header_and_in_json():
    body = '{"a": ${AUCTION_ID_ESC}, "b": "${AUCTION_ID_ESC}"}'
    assert check_request(request(body), dialect="openrtb2")  # it has no such function
    event = Event(sdk={"idfa": "9C9A82FB-D5DE-4CD1-90C3-527441C11828"})
    prepared = compiled('["(sha1-idfa)", (sha1-idfa)]', headers={"X-H": "(sha1-idfa)"}, policy=Policy()).render(event)
    digest = "1d074de42d20d6c1e6e1baab6aac850e4f476554"
    assert json.loads(prepared.body) == [digest, digest]
    assert prepared.headers["X-H"] == digest


@pytest.mark.parametrize("form", ["hex", "base64"])
@pytest.mark.parametrize("over", ["url", "body"])
def test_signature(over, form):
    template = compile_request(
        Request("POST", URL + "?c=(clickid)", {}, '["(clickid)"]', JSON, Signature("X-Sig", over=over, format=form))
    )
    prepared = template.render(Event(link={"click_id": "é"}), key=b"k")
    expected = hmac.new(b"k", prepared.body if over == "body" else prepared.url.encode(), sha256).digest()
    value = prepared.headers["X-Sig"]
    assert (bytes.fromhex(value) if form == "hex" else b64decode(value)) == expected


def test_signature_is_of_what_is_sent_of_the_url():
    signed = compile_request(
        Request("GET", URL + "?c=(clickid)#f", signature=Signature("X-Sig", over="url")), ignore=["ME2"]
    )
    prepared = signed.render(Event(link={"click_id": "1"}), key=b"k")
    assert prepared.headers["X-Sig"] == hmac.new(b"k", b"https://n.example/pb?c=1", sha256).hexdigest()


def test_key_and_signature_go_together():
    signed = compiled("{}", signature=Signature("X-Sig"))
    for key in (None, b""):
        with pytest.raises(ValueError, match="request is to be signed"):
            signed.render(EVENT, key=key)
    with pytest.raises(TypeError, match=r"^key must be bytes, not str$"):
        signed.render(EVENT, key="s3cret")
    with pytest.raises(ValueError, match="has no signature"):
        compiled("{}").render(EVENT, key=b"k")
    with pytest.raises(ValueError, match="over must be 'body' or 'url', not 'both'"):
        Signature("X", over="both")
    with pytest.raises(TypeError, match="format must be a string"):
        Signature("X", format=None)


def test_secrets_are_shown_nowhere():
    secret = "s3cr3t-(clickid)-(nope)-é"
    template = request("{}", headers={"Authorization": secret}, signature=Signature("X-Sig"))
    diagnostics = check_request(template)
    shown = [repr(template), str(diagnostics), *map(str, diagnostics), *(one.source for one in diagnostics)]
    with pytest.raises(TemplateError) as error:
        compile_request(template)
    good = compile_request(request("{}", headers={"Authorization": "s3cr3t"}, signature=Signature("X-Sig")))
    prepared = good.render(Event(), key=b"k3y")
    shown += [
        str(error.value),
        repr(good),
        repr(prepared),
        str(prepared),
        repr(prepared.headers),
        repr(vars(good)),
        repr(parse_request(template)),
    ]
    assert len(diagnostics) == 2
    assert "".join(shown).count("(nope)") == 6
    assert all("s3cr3t" not in text and "k3y" not in text and "é" not in text for text in shown)
    assert b"k3y" not in pickle.dumps(good)


@pytest.mark.parametrize("value", ["s3cret" * 3000, "s3cret" + "(clickid)" * 600])
def test_a_header_over_the_limits_is_not_shown(value):
    for function in (parse_request, check_request, compile_request):
        with pytest.raises(LimitError) as error:
            function(request("{}", headers={"Authorization": value}))
        assert "s3cret" not in f"{error.value} {error.value!r} {vars(error.value)}"


def test_policy_holds_in_every_part():
    identifiers = request('{"a": "(idfa)"}', headers={"X-I": "(idfa)"})
    consent = compile_request(identifiers, policy=Policy(consent=True))
    assert consent.needs_consent == ("idfa",)
    asked = Event(sdk={"idfa": "1", "is_lat": True})
    shared = Event(sdk={"idfa": "1", "is_lat": False})
    assert [consent.render(event).body for event in (asked, shared)] == [b'{"a": ""}', b'{"a": "1"}']
    assert [consent.render(event).headers["X-I"] for event in (asked, shared)] == ["", "1"]
    assert consent.fields[0] == "idfa"
    assert "is_lat" in consent.fields
    with pytest.raises(PolicyError):
        compile_request(identifiers, policy=Policy(deny={"idfa"}))
    with pytest.raises(SuppressedError):
        consent.render(Event(postback="in-app"))
    both = compile_request(request('{"a": "(clickid)"}'), policy=Policy(send_all=True))
    assert both.render(Event(link={"click_id": "1"}, attributed=False)).body == b'{"a": ""}'


def test_compiled_request_is_a_value():
    template = request('{"a": "(clickid)", "b": (country_code)}', headers={"X-A": "(clickid)"})
    one, other = compile_request(template), compile_request(template, missing="drop")
    assert one != other
    assert one == compile_request(Request(*(getattr(template, name) for name in Request.__slots__)))
    back = pickle.loads(pickle.dumps(one))
    assert (back, hash(back)) == (one, hash(one))
    assert back.render(Event()) == one.render(Event())
    assert (one.macros, one.fields) == (("clickid", "country_code"), ("click_id", "country_code"))
    assert (one.source, one.dialect.name, one.policy, one.diagnostics) == (URL, "appsflyer", Policy(), ())
    assert one.admits(Event())
    assert not one.admits(EVENT)
    with pytest.raises(TypeError, match="compile_request"):
        CompiledRequest(template)
    prepared = one.render(Event())
    assert pickle.loads(pickle.dumps(prepared)) == prepared


def test_postback_set_takes_both():
    installs = compile_template(URL + "?c=(clickid)")
    posted = compile_request(request('["(clickid)"]', signature=Signature("X-Sig")))
    events = compile_request(request("{}"), policy=Policy("in-app"))
    event = Event(link={"click_id": "1"})
    named = PostbackSet({"a": posted, "b": installs, "c": events})
    rendered = named.render(event, keys={"a": b"k"})
    assert rendered == {"a": posted.render(event, key=b"k"), "b": URL + "?c=1", "c": None}
    listed = PostbackSet([posted, installs, events])
    assert listed.outcomes(event, keys={0: b"k"}) == [*rendered.values()]
    assert listed.templates == (posted, installs, events)
    assert pickle.loads(pickle.dumps(named)).render(event, keys={"a": b"k"}) == rendered
    strict = compile_request(request('["(clickid)"]'), missing="raise")
    outcomes = PostbackSet([strict, installs]).outcomes(Event())
    assert isinstance(outcomes[0], MissingValueError)
    assert outcomes[1] == URL + "?c="
    with pytest.raises(ValueError, match="to be signed"):
        listed.render(event)


FAULTY = [
    pytest.param('{"a": 1,}', "ME602", '{"a": 1}', id="trailing-comma"),
    pytest.param("[1, 2 , ]", "ME602", "[1, 2  ]", id="trailing-comma-in-an-array"),
    pytest.param('{"a": 1 /* " */}', "ME603", '{"a": 1 }', id="comment"),
    pytest.param('{"a": "//"} // it\'s', "ME603", '{"a": "//"} ', id="line-comment"),
    pytest.param("{'a': 'it\\'s \"x\" (clickid)'}", "ME604", '{"a": "it\'s \\"x\\" (clickid)"}', id="single-quotes"),
    pytest.param("\ufeff{}", "ME605", "{}", id="byte-order-mark"),
    pytest.param('{"a":1,"\\u0061":2}', "ME606", '{"a":1}', id="repeated-member"),
    pytest.param('{"(clickid)":1,"(clickid)":2}', "ME606", '{"(clickid)":1}', id="repeated-macro"),
    pytest.param('{(clickid):1,"(clickid)":2}', "ME606", "{(clickid):1}", id="repeated-whole-macro"),
    pytest.param(" \n\ufeff{}", "ME605", " \n{}", id="byte-order-mark-after-blanks"),
    pytest.param('{"a": "x\ny"}', "ME608", '{"a": "x\\ny"}', id="line-break"),
    pytest.param('{"a": True}', "ME609", '{"a": true}', id="constant-of-python"),
    pytest.param('{"a": undefined}', "ME609", '{"a": null}', id="constant-of-javascript"),
    pytest.param("{a: 1}", "ME601", '{"a": 1}', id="bare-name"),
    pytest.param("[1 2]", "ME601", "[1, 2]", id="missing-comma"),
]


@pytest.mark.parametrize(("body", "code", "fixed"), FAULTY)
def test_what_is_nearly_json_has_a_fix(body, code, fixed):
    diagnostics = found(body)
    assert {one.code for one in diagnostics} == {code}
    for one in sorted(diagnostics, key=lambda one: one.span, reverse=True):
        body = body[: one.fix.span.start] + one.fix.replacement + body[one.fix.span.stop :]
    assert body.replace("1,2", "1, 2").replace("1 ,", "1,") == fixed.replace("1,2", "1, 2") or body.replace(
        ", ", ","
    ) == fixed.replace(", ", ",").replace("1,2", "1,2")
    assert found(body) == []


def test_each_code_says_its_best_fix():
    diagnostics = [one for case in FAULTY for one in found(case.values[0])]
    diagnostics += check_request(Request("post", URL))
    fixes = {(one.code, "safe" if one.fix.safe else "unsafe") for one in diagnostics}
    best = {code: "safe" if (code, "safe") in fixes else "unsafe" for code, _ in fixes}
    assert {code: fault.fix for code, fault in REQUEST_FAULTS.items() if fault.fix} == best


def test_the_page_says_the_severity_of_each_code():
    page = (Path(__file__).parents[1] / "docs" / "requests.md").read_text(encoding="utf-8")
    listed = {}
    for codes, severity in re.findall(r"^\| (ME6.*?) \| (\w+) \|", page, re.MULTILINE):
        numbers = [int(code) for code in re.findall(r"ME(\d+)", codes)]
        listed |= {f"ME{number}": severity for number in range(numbers[0], numbers[-1] + 1)}
    assert listed == {code: fault.severity for code, fault in REQUEST_FAULTS.items()}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_that_servers_rarely_read_is_sent_all_the_same(method):
    unusual = Request(method, URL, {}, "x=(clickid)", TEXT)
    (warning,) = check_request(unusual)
    assert (warning.code, warning.severity) == ("ME614", "warning")
    assert warning.message == f"servers rarely read the body of a {method} request; send it with POST, or as parameters"
    assert compile_request(unusual).render(Event(link={"click_id": "1"})).body == b"x=1"


@with_each(
    ("body", "code", "message"),
    [
        pytest.param("", "ME601", "body is empty, which is not valid JSON", id="empty"),
        pytest.param('{"a": 1', "ME601", "body ends before the JSON does; something is not closed", id="unfinished"),
        pytest.param('{"a": "x', "ME601", "body ends before the JSON does; something is not closed", id="in-a-string"),
        pytest.param('{"a" 1 "b"}', "ME601", "unexpected '}' in JSON", id="no-colon"),
        pytest.param("{/}", "ME601", "unexpected '/}' in JSON", id="stray-character"),
        pytest.param('{"a": /1}', "ME601", "unexpected '/1}' in JSON", id="stray-slash"),
        pytest.param("{1: 2}", "ME601", "member names need double quotes", id="number-as-a-name"),
        pytest.param("{[]: 2}", "ME601", "member names need double quotes", id="array-as-a-name"),
        pytest.param('{"a": 1(clickid)}', "ME607", "(clickid) is next to another value", id="beside-a-number"),
        pytest.param('{"a": (clickid)"b"}', "ME607", "(clickid) is next to another value", id="beside-a-string"),
        pytest.param("[(clickid)(idfa)]", "ME607", "(idfa) is next to another value", id="beside-a-macro"),
        pytest.param('{"a" (clickid): 1}', "ME607", "(clickid) is next to another value", id="before-the-colon"),
        pytest.param("{(clickid)}", "ME607", "macro between JSON tokens", id="without-a-value"),
        pytest.param('{"a": "\\q"}', "ME608", "'\\\\q' is not a JSON escape; for a backslash, write two", id="escape"),
        pytest.param(
            '{"a": "\\u00(clickid)"}', "ME608", "'\\\\u' is not a JSON escape", id="half-an-escape-before-a-macro"
        ),
        pytest.param('["\\ud83d (clickid)"]', "ME608", "\\ud83d is half of a character", id="half-a-character"),
        pytest.param('["\\uDE00"]', "ME608", "\\uDE00 is half of a character", id="other-half"),
        pytest.param(
            '{"a": 1}\n{"b": 2}', "ME601", "a body is one value of JSON, and this is another", id="two-values"
        ),
        pytest.param('{"a": 01}', "ME609", "'01' is not a JSON value; write text in quotes", id="leading-zero"),
        pytest.param('{"a": NaN}', "ME609", "'NaN' is not a JSON value", id="nan"),
        pytest.param('{"a":1,"\\u0061":2}', "ME606", "member 'a' is repeated", id="repeated-member"),
        pytest.param('{"a": "(nope)"}', "ME101", "unknown macro 'nope'", id="unknown-macro"),
        pytest.param('{"a": "{clickid}"}', "ME040", "{clickid} is not an AppsFlyer macro", id="foreign-macro"),
    ],
)
def test_what_is_no_json_is_said_where_it_is(body, code, message):
    first = next(one for one in found(body) if one.code == code)
    assert (first.code, first.message[: len(message)]) == (code, message)
    assert 0 <= first.span.start <= first.span.stop <= len(body)
    if first.severity == "error":
        with pytest.raises(TemplateError):
            compiled(body, ignore="ME6")


@with_each(
    ("template", "code"),
    [
        pytest.param(Request("post", URL), "ME611", id="method-in-lower-case"),
        pytest.param(Request("GE T", URL), "ME611", id="method-with-a-space"),
        pytest.param(Request("CONNECT", URL), "ME611", id="method-that-no-postback-has"),
        pytest.param(Request("", URL), "ME611", id="no-method"),
        pytest.param(Request("POST", URL, {}, "x", "application/xml"), "ME612", id="content-type"),
        pytest.param(Request("POST", URL, {}, "x", "text/plain; charset=latin-1"), "ME612", id="charset"),
        pytest.param(Request("POST", URL, {}, "x", "text/plain\r\nX: y"), "ME612", id="injected-content-type"),
        pytest.param(Request("POST", URL, {}, "x"), "ME613", id="no-content-type"),
        pytest.param(Request("POST", URL, {}, None, JSON), "ME613", id="no-body"),
        pytest.param(Request("GET", URL, {}, "x", TEXT), "ME614", id="body-of-get"),
        pytest.param(Request("GET", URL, {"a b": "c"}), "ME615", id="space-in-a-name"),
        pytest.param(Request("GET", URL, {"X-(clickid)": "c"}), "ME615", id="macro-in-a-name"),
        pytest.param(Request("GET", URL, {"X:": "c"}), "ME615", id="colon-in-a-name"),
        pytest.param(Request("GET", URL, {"": "c"}), "ME615", id="empty-name"),
        pytest.param(Request("GET", URL, {}, signature=Signature("X\r\n")), "ME615", id="line-break-in-a-name"),
        pytest.param(Request("GET", URL, {"X": "a\r\nb"}), "ME616", id="line-break"),
        pytest.param(Request("GET", URL, {"X": "é"}), "ME616", id="not-ascii"),
        pytest.param(Request("GET", URL, {"X": " a"}), "ME616", id="space-first"),
        pytest.param(Request("GET", URL, {"X": "a", "x": "b"}), "ME617", id="repeated"),
        pytest.param(Request("GET", URL, {"X": "a"}, signature=Signature("x")), "ME617", id="signature-is-a-header"),
        pytest.param(Request("GET", URL, {"Host": "a"}), "ME618", id="host"),
        pytest.param(Request("GET", URL, {"Transfer-Encoding": "a"}), "ME618", id="framing"),
        pytest.param(Request("GET", URL, {"content-type": "a/b"}), "ME618", id="content-type-as-a-header"),
    ],
)
def test_request_that_is_none(template, code):
    first = check_request(template)[0]
    assert first.code == code
    if first.severity == "error":
        with pytest.raises(TemplateError):
            compile_request(template, ignore=["ME6"])
    assert check_request(template, ignore=[code]) == check_request(template, select=["ME"], ignore=[code])


def test_errors_of_all_parts_come_together():
    template = Request("POST", URL + "?a=(nope)", {"X": "(nope)"}, '{"a": "(nope)",}', JSON)
    with pytest.raises(TemplateError) as error:
        compile_request(template)
    assert [one.code for one in error.value.diagnostics] == ["ME101", "ME101", "ME101", "ME602"]
    kept = compile_request(replace(template, body='{"a": "(nope)", "b": (nope)}'), unknown="keep").render(Event())
    assert (kept.headers["X"], kept.body) == ("(nope)", b'{"a": "(nope)", "b": "(nope)"}')
    empty = compile_request(replace(template, body='{"a": "(nope)", "b": (nope)}'), unknown="empty").render(Event())
    assert (empty.headers["X"], empty.body) == ("", b'{"a": "", "b": null}')


def test_personal_data_in_a_body_over_http():
    template = Request("POST", "http://n.example/pb", {"X": "(idfa)"}, '{"a": "(idfa)"}', JSON)
    assert [one.code for one in check_request(template, select=["ME305"])] == ["ME305", "ME305"]


def test_parameters_of_a_form_are_checked_as_those_of_a_url():
    assert [one.code for one in found("a=(clickid)&a=(idfa)&&b=%zz", FORM)] == ["ME211", "ME306", "ME212", "ME221"]


def test_signs_of_json_are_not_those_of_macros():
    body = '{"a": "{click_id}", "b": {}, "c": [], "d": {"e": {price}}, "f": [["x"]]}'
    assert found(body, dialect="appmetrica") == []


@pytest.mark.parametrize(
    ("limits", "body", "headers"),
    [
        pytest.param(Limits(template=20), '{"a": "bcdefghijklmnopq"}', {}, id="body"),
        pytest.param(Limits(template=20), "{}", {"X": "a" * 21}, id="header"),
        pytest.param(Limits(macros=2), '["(clickid)", "(clickid)", "(clickid)"]', {}, id="macros"),
        pytest.param(Limits(depth=3), '{"a": [[{"b": 1}]]}', {}, id="depth"),
        pytest.param(Limits(), "[" * 8000 + "]" * 8000, {}, id="very-deep"),
        pytest.param(Limits(), '/* " */' + '{"a":' * 2000 + "1" + "}" * 2000, {}, id="deep-behind-a-quote"),
    ],
)
def test_request_larger_than_the_limits(limits, body, headers):
    with pytest.raises(LimitError) as error:
        parse_request(request(body, headers=headers), limits=limits)
    assert error.value.diagnostics[0].code == "ME000"
    with pytest.raises(LimitError):
        compile_request(request(body, headers=headers), limits=limits)


def test_url_larger_than_the_limits():
    with pytest.raises(LimitError):
        compile_request(Request("GET", URL), limits=Limits(template=3))


def test_rendered_part_larger_than_the_limits():
    event = replace(EVENT, link={"click_id": "é" * 60})
    limits = Limits(body=100, header=50)
    assert len(compiled('["(clickid)"]', limits=Limits(body=124)).render(event).body) == 124
    for missing in ("empty", "drop"):
        with pytest.raises(RenderError, match="rendered body has more than 100 bytes, the limit"):
            compiled('["(clickid)"]', limits=limits, missing=missing).render(event)
        with pytest.raises(RenderError, match="rendered body has more than 100 bytes, the limit"):
            compiled('["(clickid)"]', limits=limits, missing=missing).render(
                replace(EVENT, link={"click_id": "e" * 99})
            )
        with pytest.raises(RenderError, match="rendered header has more than 50 bytes, the limit"):
            compiled("{}", headers={"X": "(clickid)"}, limits=limits, missing=missing).render(
                replace(EVENT, link={"click_id": "e" * 51})
            )


def test_parsed_request_rebuilds_its_parts():
    template = request('{"a": "(clickid)x", "b": (idfa)}', headers={"X": "a(clickid)b"})
    parsed = parse_request(template, "appsflyer")
    texts = ["".join(leaf.text for leaf, _ in part.leaves()) for part in parsed.templates()]
    assert texts == [URL, "a(clickid)b", template.body]
    assert parsed.body.json.fault is None
    assert parse_request(Request("GET", URL)).body is None
    form = parse_request(request("a=(clickid)b&=&c", FORM))
    assert "".join(leaf.text for leaf, _ in form.body.template.leaves()) == form.request.body


def test_parsed_request_is_checked_in_its_dialect():
    parsed = parse_request(request('{"a": "{click_id}"}'), "appmetrica")
    assert check_request(parsed) == []
    assert [one.code for one in check_request(parsed, dialect="appsflyer")] == ["ME040"]


WHOLE = [
    "GET https://n.example/pb?c=(clickid)",
    '"https://n.example/pb?c=(clickid)"',
    "https://app.appsflyer.com/com.x?pid=a_int&clickid={clickid}&af_siteid={x}",
    "https://n.example/pb?c=(clickid)\nhttps://n.example/pb?c=(clickid)",
]


@pytest.mark.parametrize("url", WHOLE)
def test_what_is_ignored_silences_nothing(url):
    whole = {one.code for one in check(url)}
    for ignored in ([code] for code in (*whole, "ME0", "ME")):
        expected = check(url, ignore=ignored)
        assert check_request(Request("GET", url), ignore=ignored) == expected
        fixed = fix_request(
            Request("GET", url), dialect=dialect("appsflyer"), policy=Policy(), unsafe=True, ignore=ignored
        )
        assert fixed.request.url == fix(url, unsafe=True, ignore=ignored).source


@pytest.mark.parametrize("function", [check, compile_template, fix])
def test_ignored_codes_may_come_from_an_iterator(function):
    source = "https://n.example/pb?c=(clickid)&x=(nosuch)"
    assert function(source, ignore=iter(["ME101"])) == function(source, ignore=["ME101"])
    # What a rule says of the whole text silences the others, unless it is ignored.
    assert check(WHOLE[0], ignore=iter(["ME020"])) == check(WHOLE[0], ignore=["ME020"])


def test_ignored_codes_of_requests_may_come_from_an_iterator():
    template = Request("GET", "https://n.example/pb?c=(clickid)&x=(nosuch)")
    assert compile_request(template, ignore=iter(["ME101"])) == compile_request(template, ignore=["ME101"])
    assert check_request(template, ignore=iter(["ME101"])) == check_request(template, ignore=["ME101"])


def test_unknown_code_is_an_error():
    with pytest.raises(ValueError, match="unknown rule 'ME9'"):
        check_request(Request("GET", URL), select=["ME9"])
    with pytest.raises(ValueError, match="unknown rule 'ME9'"):
        compile_request(Request("GET", URL), ignore=["ME9"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GET", None), "url must be a string, not NoneType"),
        ((b"GET", URL), "method must be a string, not bytes"),
        (("GET", URL, [("a", "b")]), "headers must be a mapping of names to values, not list"),
        (("GET", URL, {"a": b"secret"}), "header 'a' must be a string, not bytes"),
        (("GET", URL, "secret"), "headers must be a mapping of names to values, not str"),
        (("GET", URL, {1: "b"}), "each name of headers must be a string, not int"),
        (("GET", URL, {}, b"x"), "body must be a string or None, not bytes"),
        (("GET", URL, {}, "x", 1), "content_type must be a string or None, not int"),
        (("GET", URL, {}, "x", TEXT, "X"), "signature must be a Signature or None, not 'X'"),
    ],
)
def test_wrong_types_are_named(arguments, message):
    with pytest.raises(TypeError, match=f"^{message.replace('[', r'[')}$"):
        Request(*arguments)


def test_what_is_no_request_is_refused():
    for function in (parse_request, check_request, compile_request):
        with pytest.raises(TypeError, match=f"request must be a Request, not '{URL}'"):
            function(URL)


def test_headers_are_a_value():
    headers = Headers({"A": "b", "C": "d"})
    assert (headers["a"], len(headers), [*headers], headers.get("x")) == ("b", 2, ["A", "C"], None)
    assert headers == {"A": "b", "C": "d"}
    assert pickle.loads(pickle.dumps(headers)) == headers
    assert hash(headers) == hash(Headers({"A": "b", "C": "d"}))
    assert {headers, Headers({"C": "d", "A": "b"})} == {headers}
    assert headers != Headers({"a": "b", "C": "d"})
    assert [*Headers({"X": "a", "x": "b"}).items()] == [("X", "a"), ("x", "b")]
    assert isinstance(PreparedRequest("GET", URL, headers), PreparedRequest)


def test_requests_with_the_same_headers_are_equal_but_send_them_in_their_order():
    one, other = ({"X-A": "1", "X-B": "(clickid)"}, {"X-B": "(clickid)", "X-A": "1"})
    requests = [Request("POST", URL, headers, "a=1", "application/x-www-form-urlencoded") for headers in (one, other)]
    compiled = [compile_request(one) for one in requests]
    sent = [one.render(Event()) for one in compiled]
    for equal in (requests, compiled, sent, [pickle.loads(pickle.dumps(one)) for one in compiled]):
        assert equal[0] == equal[1]
        assert len({*equal}) == 1
    assert [[*request.headers][:2] for request in sent] == [["X-A", "X-B"], ["X-B", "X-A"]]


def test_fields_include_those_that_a_value_is_converted_from():
    url = "https://n.example/pb?v={revenue}"
    options = {"dialect": "adjust", "ignore": ["ME"], "policy": Policy("in-app")}
    fields = compile_template(url, **options).fields
    assert "event_revenue" in fields
    assert compile_request(Request("GET", url), **options).fields == fields
    body = Request("POST", "https://n.example/pb", {"X-V": "{revenue}"}, '{"v": {revenue}}', "application/json")
    assert compile_request(body, **options).fields == fields


def test_request_without_a_body():
    compiled = compile_request(
        Request("PURGE", URL, {"X": "(country_code)"}, signature=None), policy=Policy(consent=True)
    )
    assert (compiled.fields, compiled.needs_consent) == (("country_code",), ())
    assert compiled.render(Event(platform={"country_code": "DE"})) == PreparedRequest(
        "PURGE", URL, Headers({"X": "DE"})
    )
    assert [template.source for template in parse_request(Request("GET", URL)).templates()] == [URL]
    assert Request("GET", URL, None) == Request("GET", URL)
    assert repr(Request("GET", URL)) == f"Request('GET', '{URL}', Headers({{}}))"
    assert check_request(Request("GET", "http://n.example/", {"X": "(nope)(country_code)"}), select=["ME305"]) == []


def test_url_in_a_string_that_is_not_to_count():
    body = '{"u": "https://x.example/?c=(clickid)"}'
    assert json.loads(sent(body, nested=False)) == {"u": f"https://x.example/?c={NASTY}"}


def test_url_in_too_many_urls():
    deep = URL + "?u=" + "".join(f"a%{'25' * level}3D" for level in range(9)) + "(clickid)"
    with pytest.raises(LimitError, match="URLs inside the URL"):
        compile_request(Request("GET", deep))


def test_stray_backslash_is_no_json():
    assert [one.code for one in found("{\\")] == ["ME601"]


def test_kept_macro_in_a_url_in_a_string():
    body = '{"u": "https://x.example/?c=(clickid)"}'
    assert sent(body, replace(EVENT, link={}), missing="keep") == body


def test_value_that_would_complete_an_escape_in_a_url_in_a_string():
    with pytest.raises(TemplateError, match="ME228"):
        compiled('{"u": "https://x.example/?c=%4(clickid)"}')


def test_documented_body_of_appmetrica():
    # "Postback parameters", the example of a POST body
    body = '{\n  "some_parameter": "{custom_parameter}",\n  "another_param": "{another_param}"\n}'
    template = Request("POST", "https://endpoint.myadnetwork.com", {}, body, JSON)
    assert check_request(template, dialect="appmetrica") == []
    event = Event(link={"custom_parameter": "value1", "another_param": 'value "2"'})
    prepared = compile_request(template, dialect="appmetrica").render(event)
    assert prepared.body == b'{\n  "some_parameter": "value1",\n  "another_param": "value \\"2\\""\n}'
    dropped = compile_request(template, dialect="appmetrica", missing="drop").render(Event(link={"another_param": "é"}))
    assert dropped.body.decode() == '{\n  "another_param": "é"\n}'


def test_hook_is_told_what_became_of_each_postback():
    strict = compile_request(request('["(clickid)"]'), missing="raise")
    number = compile_request(request("[(install_unix_ts)]"))
    templates = [compile_template(URL), strict, number, compile_template(URL, policy=Policy("in-app"))]
    event = Event(sdk={"install_unix_ts": "s3cret"})
    seen = []
    outcomes = PostbackSet(templates).outcomes(event, hook=seen.append)
    assert [(one.partner, one.result.value, one.reason, one.macro) for one in seen] == [
        (0, "rendered", None, None),
        (1, "failed", "missing-value", "clickid"),
        (2, "failed", "unsendable", "install_unix_ts"),
        (3, "suppressed", "other-postback", None),
    ]
    assert len(outcomes) == 4
    assert "s3cret" not in repr(seen)
    seen.clear()
    PostbackSet({"a": templates[0]}).outcomes(replace(event, attributed=False), hook=seen.append)
    assert [(one.partner, one.reason) for one in seen] == [("a", "not-attributed")]


def test_a_backslash_that_escapes_nothing_is_where_a_body_ends():
    found = parse_json('{"a":"b\\', dialect("appsflyer").syntax)
    assert found.fault == JsonFault(Span(7, 8), "\\")


@pytest.mark.parametrize(
    ("body", "dialect", "expected"),
    [
        pytest.param('{"a": "(clickid"}', "appsflyer", [("ME006", "(clickid", "(clickid)")], id="unclosed"),
        pytest.param('{"a": "clickid)", "b": 1}', "appsflyer", [("ME006", "clickid)", "(clickid)")], id="unopened"),
        pytest.param('["x(clickid}"]', "appsflyer", [("ME006", "(clickid}", "(clickid)")], id="another-close"),
        pytest.param('{"(clickid": 1}', "appsflyer", [("ME006", "(clickid", "(clickid)")], id="name-of-a-member"),
        pytest.param('["(click id)"]', "appsflyer", [("ME007", "(click id)", "(clickid)")], id="split"),
        pytest.param('["((clickid))"]', "appsflyer", [("ME042", "((clickid))", "(clickid)")], id="doubled"),
        pytest.param('["()"]', "appsflyer", [("ME009", "()", None)], id="nameless"),
        pytest.param('["a", "(country_co"]', "appsflyer", [("ME043", "(country_co", "(country_code)")], id="cut-off"),
        pytest.param('{"a": "{click_id"}', "appmetrica", [("ME006", "{click_id", "{click_id}")], id="braces"),
        pytest.param('{"a": "click_id}"}', "appmetrica", [("ME006", "click_id}", "{click_id}")], id="braces-unopened"),
        pytest.param('{"a": "CLICK_ID"}', "appsflyer", [("ME012", "CLICK_ID", "(clickid)")], id="placeholder"),
        pytest.param('{"CLICK_ID": "x", "XXX": ["(clickid)"]}', "appsflyer", [], id="name-is-no-placeholder"),
        pytest.param('{"a": "{\\"b\\": \\"{click_id}\\", \\"c\\": {}}"}', "appmetrica", [], id="json-in-a-string"),
        pytest.param('{"a": "x (Linux; y)", "b": "", "c": "((("}', "appsflyer", [], id="text"),
    ],
)
def test_what_is_nearly_a_macro_in_a_string(body, dialect, expected):
    seen = [
        (one.code, body[one.span.start : one.span.stop], one.fix and one.fix.replacement)
        for one in found(body, dialect=dialect)
    ]
    assert seen == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [("(clickid", "ME006"), ("(click id)", "ME007"), ("((clickid))", "ME042"), ("s3cret {click_id}", "ME040")],
)
def test_what_is_nearly_a_macro_in_a_header(value, code):
    [one] = found("{}", headers={"X-A": value})
    assert (one.code, "s3cret" in str(one)) == (code, False)


def test_long_strings_are_looked_at_too():
    assert check_request(request(json.dumps(["(clickid) " * 511 + "(clickid"]))) != []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"(clickid)": 1, "b": 2}', ['"(clickid)"'], id="string"),
        pytest.param("{(clickid): 1, x(event_name): 2}", ["(clickid)"], id="whole"),
        pytest.param('{"x(clickid)y": 1, "(event_name)": 2}', ['"x(clickid)y"', '"(event_name)"'], id="two"),
        pytest.param('{"a": {"(clickid)": 1}}', [], id="alone"),
        pytest.param('{"\\u0028clickid)": 1, "b": 1}', [], id="no-macro"),
    ],
)
def test_name_that_may_be_that_of_another_member(body, expected):
    diagnostics = [one for one in found(body) if one.code == "ME610"]
    assert [body[one.span.start : one.span.stop] for one in diagnostics] == expected
    assert all(one.severity == "info" for one in diagnostics)


@pytest.mark.parametrize("body", ['["\\ud83d\\ude00"]', '["\\\\ud83d"]', '["\\u00e9\\n"]'])
def test_whole_characters_are_good(body):
    assert found(body) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, URL), "method must be a string, not NoneType"),
        (("GET", b"https://n.example"), "url must be a string, not bytes"),
        (("POST", URL, {}, "secret"), "body must be bytes, not str"),
        (("POST", URL, {}, None), "body must be bytes, not NoneType"),
        (("POST", URL, None), "headers must be a mapping of names to values, not NoneType"),
    ],
)
def test_a_request_that_cannot_be_sent_as_it_is_is_not_made(arguments, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        PreparedRequest(*arguments)


@pytest.mark.parametrize(("wrong", "error"), [("", CatalogueError), ([], TypeError), (0, TypeError)])
def test_only_no_dialect_at_all_is_the_default(wrong, error):
    with pytest.raises(error, match="dialect"):
        check_request(Request("GET", URL), dialect=wrong)
    assert check_request(Request("GET", URL), dialect=None) == check_request(Request("GET", URL), dialect="appsflyer")
