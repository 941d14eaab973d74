"""What the page of the playground calls, without a browser."""

import json

import pytest

from macroengine import dialect, dialect_names
from macroengine.diagnostics import Span
from macroengine.playground.bridge import CALLS, answer
from macroengine.playground.places import Places
from macroengine.playground.secrets import masked
from tests.support.trying import with_each

SHORT = "https://n.example/pb?c=(clickid)&g=(country_code)"
OWN = """
name = "own"
title = "Our own"
syntax = "brace"
[macros]
click = { field = "click_id", source = "Link", description = "The click." }
"""


def call(name, **arguments):
    reply = json.loads(answer(json.dumps({"call": name, "arguments": arguments})))
    assert [*reply] == ["result"], reply
    return reply["result"]


def failure(name, **arguments):
    return json.loads(answer(json.dumps({"call": name, "arguments": arguments})))["error"]


def test_about_has_every_dialect_and_kind_of_postback():
    about = call("about")
    assert sorted(one["name"] for one in about["dialects"]) == dialect_names()
    assert {"name": "appsflyer", "title": "AppsFlyer", "form": "(NAME)"} in about["dialects"]
    assert (about["default"], about["postbacks"][:2], about["max_template"]) == (
        "appsflyer",
        ["install", "in-app"],
        16_384,
    )


def test_check_counts_in_utf_16():
    found = call("check", template="https://n.example/😀?c=(click-id)&g=(contry)", dialect="appsflyer")
    respelled = next(one for one in found["findings"] if one["code"] == "ME102")
    assert (respelled["from"], respelled["to"]) == (23, 33)
    assert respelled["fix"] == {"text": "(clickid)", "safe": True, "from": 23, "to": 33}
    assert [(one["text"], one["from"], one["field"]) for one in found["macros"]] == [
        ("(click-id)", 23, "click_id"),
        ("(contry)", 36, None),
    ]
    assert found["counts"]["error"] == len([one for one in found["findings"] if one["severity"] == "error"]) > 0
    assert found["fixes"]["safe"] >= 1
    assert (found["dialect"], found["title"], found["postback"]) == ("appsflyer", "AppsFlyer", "install")


def test_check_recognises_the_dialect_and_the_kind_of_postback():
    found = call("check", template="https://n.example/pb?gaid={gps_adid}&t={tracker_name}")
    assert found["dialect"] == "adjust"
    assert call("check", template="https://n.example/pb?e=(event_name)")["postback"] == "in-app"
    found = call("check", template="https://n.example/pb?e=(event_name)", postback="install")
    assert (found["postback"], found["findings"][0]["code"]) == ("install", "ME301")


def test_check_lists_a_limited_number_of_findings():
    found = call("check", template="https://n.example/pb?" + "a=(x)&" * 300)
    assert (len(found["findings"]), found["more"] > 0) == (100, True)
    assert sum(found["counts"].values()) == 100 + found["more"]


def test_a_macro_says_for_which_postbacks_it_is():
    install, event = call("check", template="https://n.example/pb?c=(clickid)&e=(event_name)")["macros"]
    assert (install["available"], install["encoded"], install["source"]) == ([], 1, "Link")
    assert {"in-app", "install"} & {*event["available"]} == {"in-app"}


def test_a_template_that_is_too_long_is_an_error_with_its_place():
    error = failure("check", template="a" * 16_385)
    assert (error["kind"], error["findings"][0]["code"]) == ("template", "ME000")
    assert error["message"] == "template has 16,385 characters; at most 16,384 fit"


def test_fix():
    damaged = "https://n.example/pb?c=(click-id)&amp;g=(contry_code)"
    fixed = call("fix", template=damaged)
    assert fixed["template"] == "https://n.example/pb?c=(clickid)&g=(contry_code)"
    assert ([one["code"] for one in fixed["applied"]], fixed["remaining"]) == (["ME102", "ME222"], 1)
    assert call("fix", template=damaged, unsafe=True)["template"] == SHORT


def test_detect():
    found = call("detect", template="https://n.example/pb?gaid={gps_adid}&t={tracker_name}")["dialects"]
    assert (found[0]["name"], found[0]["title"], found[0]["confidence"] > 0.8) == ("adjust", "Adjust", True)
    assert found[0]["evidence"][0] == "2 macros written {NAME}"


def test_translate():
    found = call("translate", template="https://n.example/pb?c=(clickid)", to="appmetrica")
    assert (found["template"], found["exact"], found["findings"]) == ("https://n.example/pb?c={click_id}", True, [])
    lost = call("translate", template="https://n.example/pb?c=(af_sub1)", to="appmetrica")
    assert (lost["exact"], lost["findings"][0]["code"]) == (False, "MT001")


@pytest.mark.parametrize("chosen", [{"send_all": True}, {"postback": "in-app"}, {"consent": True}])
def test_translate_heeds_the_policy_that_was_chosen(chosen):
    found = call(
        "translate", template="https://n.example/pb?c=(clickid)&i=(idfa)&d=(install_time)", to="singular", **chosen
    )
    free = call("translate", template="https://n.example/pb?c=(clickid)&i=(idfa)&d=(install_time)", to="singular")
    assert found["template"].startswith("https://n.example/pb?c={")
    assert len(found["findings"]) >= len(free["findings"])


def test_preview_begins_with_an_example_event():
    shown = call("preview", template=SHORT)
    assert shown["urls"]["attributed"] == "https://n.example/pb?c=8594845&g=US"
    assert [(one["source"], one["field"], one["label"], one["example"]) for one in shown["fields"]] == [
        ("link", "click_id", "Link", "8594845"),
        ("platform", "country_code", "AF", "US"),
    ]
    assert shown["parameters"][0] == {"name": "c", "value": "8594845", "macros": ["(clickid)"]}
    assert shown["fields"][0]["description"]


def test_preview_renders_the_event_of_the_form():
    values = {"link": {"click_id": "a b"}, "platform": {}}
    shown = call("preview", template=SHORT, values=values, missing="drop", send_all=True)
    assert shown["urls"]["attributed"] == "https://n.example/pb?c=a%20b"
    assert shown["urls"]["not_attributed"] == "https://n.example/pb"
    assert (shown["withheld"], shown["dropped"]) == (["(clickid)"], ["c"])


def test_preview_of_parameters_that_no_document_names():
    shown = call("preview", template="https://n.example/pb?x={our_own}", dialect="adjust")
    assert shown["fields"] == [] or shown["fields"][0]["description"] == ""


def test_preview_says_why_there_is_none():
    assert failure("preview", template="https://n.example/pb?c=(contry_code)")["kind"] == "template"
    assert failure("preview", template=SHORT, missing="raise", values={})["kind"] == "event"
    assert "missing must be" in failure("preview", template=SHORT, missing="?")["message"]
    assert failure("preview", template=SHORT, values={"link": 1})["kind"] == "request"
    assert failure("preview", template=SHORT, values={"other": {}})["kind"] == "request"


def test_match():
    found = call("match", template=SHORT, url="https://n.example/pb?c=😀%20b")
    assert [(one["macro"], one["text"], one["state"]) for one in found["readings"]] == [
        ("clickid", "😀 b", "read"),
        ("country_code", None, "missing"),
    ]
    assert found["readings"][0]["place"] == {"from": 23, "to": 29}
    assert (found["readings"][1]["place"], "ME711" in [one["code"] for one in found["findings"]]) == (None, True)


@pytest.mark.parametrize(
    ("template", "place", "start", "stop"),
    [
        ("https://n.example/pb?c=(", 24, 23, 24),
        ("https://n.example/pb?c=(cli)&x=1", 27, 23, 28),
        ("https://n.example/😀?c=(cli", 27, 23, 27),
        ("https://n.example/pb?a=(ip)&c=(cli", 34, 30, 34),
    ],
)
def test_complete_after_an_opener(template, place, start, stop):
    found = call("complete", template=template, place=place, dialect="appsflyer")
    assert (found["from"], found["to"]) == (start, stop)
    texts = [one["text"] for one in found["options"]]
    assert {"(clickid)", "(idfa)", "(sha1-idfa)"} <= {*texts}
    assert "(event_name)" not in texts


def test_complete_offers_what_the_postback_and_the_policy_fill():
    template = "https://n.example/pb?c=("
    texts = [one["text"] for one in call("complete", template=template, place=24, postback="in-app")["options"]]
    assert "(event_name)" in texts
    found = call("complete", template=template, place=24, send_all=True)["options"]
    assert "(clickid)" not in [one["text"] for one in found]
    assert found[0]["description"]
    found = call("complete", template=template, place=24, consent=True, dialect="appsflyer")["options"]
    texts = [one["text"] for one in found]
    assert "(clickid)" in texts
    assert not {"(IDFA)", "(idfa)", "(sha1-idfa)"} & {*texts}


def test_complete_only_where_a_macro_is_begun_or_asked_for():
    for place in (0, 23, 32, -1, 99):
        assert call("complete", template=SHORT, place=place) == {"options": []}
    assert call("complete", template=SHORT, place=99, asked=True)["from"] == len(SHORT)


@with_each("name", dialect_names())
def test_complete_writes_macros_of_every_dialect(name):
    form = next(one["form"] for one in call("about")["dialects"] if one["name"] == name)
    begun = "https://n.example/pb?a=" + form.partition("NAME")[0]
    found = call("complete", template=begun, place=len(begun), dialect=name)
    assert found["from"] == 23
    assert len(found["options"]) > 0


SECRETS = [
    ("?c=(clickid)&token=s3cr3t", "?c=(clickid)&token=***"),
    ("?api_key=abcd1234&apiKey=abcd&x-api-key=abcd", "?api_key=***&apiKey=***&x-api-key=***"),
    ("?passcode=12345678&PIN=1234", "?passcode=***&PIN=***"),
    ("?u=https%3A%2F%2Fx.example%3Ftoken%3Dabcdef%26a%3Db", "?u=https%3A%2F%2Fx.example%3Ftoken%3D***%26a%3Db"),
    ("?u=https%253A%252F%252Fx%253Ftoken%253Dabcdef%2526a", "?u=https%253A%252F%252Fx%253Ftoken%253D***%2526a"),
    ('?j={"token":"abcdef","a":1}', '?j={"token":"***","a":1}'),
    ("?j=%7B%22token%22%3A%22abcdef%22%7D", "?j=%7B%22token%22%3A%22***%22%7D"),
    ("?token=(clickid)&key={TOKEN}", "?token=(clickid)&key={TOKEN}"),
    ("?token=prefix(clickid)", "?token=***(clickid)"),
    ("?sign=", "?sign="),
    ("?key=abc", "?key=abc"),
    ("?keyword=abcdef&event_name=purchase", "?keyword=abcdef&event_name=purchase"),
    ("/hook/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b?a=b", "/hook/***?a=b"),
    ("?id=7d444840-9dc0-11d1-b245-5ffdce74fad2", "?id=***"),
    ("?id=summer-sale-for-everybody-2026", "?id=summer-sale-for-everybody-2026"),
    ("?x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "?x=***"),
    ("?x=AKIAABCDEFGHIJKLMNOP", "?x=***"),
    ("?token=//me:pass&word@x", "?token=***@x"),
]


@with_each(("rest", "expected"), SECRETS)
def test_secrets_are_masked(rest, expected):
    source = f"https://n.example/pb{rest}"
    found = call("secrets", template=source, dialect="appsflyer")
    assert found["masked"] == f"https://n.example/pb{expected}"
    assert len(found["secrets"]) == expected.count("***")
    for one in found["secrets"]:
        assert source[one["from"] : one["to"]] not in found["masked"]


def test_a_password_in_the_address_is_masked():
    assert call("secrets", template="https://me:hunter2@n.example/pb")["masked"] == "https://me:***@n.example/pb"


@pytest.mark.parametrize(
    "piece", ["a", "token=", "token=abcd&", "%25", '"token":"', "(ip)", "1a", "-", "key=(ip)", "//a:"]
)
def test_secrets_are_found_in_linear_time(piece):
    source = ("https://n.example/pb?" + piece * 16_384)[:16_384]
    if piece in {"(ip)", "key=(ip)"}:
        source = source[:1_500]
    masked(source, dialect("appsflyer"))


@pytest.mark.parametrize("code", ["ME101", "ME711", "MT001"])
def test_every_code_has_a_page(code):
    page = call("rule", code=code)
    assert (page["code"], bool(page["name"]), page["summary"][-1]) == (code, True, ".")
    assert bool(page["sections"]) == (code == "ME101")
    assert failure("rule", code="ME999")["message"] == "unknown code 'ME999'"


def test_a_dialect_file_of_ones_own():
    assert call("dialect", dialect_file=OWN) == {"name": "own", "title": "Our own", "form": "{NAME}", "macros": 1}
    found = call("check", template="https://n.example/pb?c={click}", dialect_file=OWN)
    assert (found["title"], found["findings"], found["macros"][0]["field"]) == ("Our own", [], "click_id")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "your dialect file: "),
        ("x = 1", "your dialect file: "),
        (OWN.replace("Link", "Nowhere"), "your dialect file: macro 'click'"),
        ("#" * 1_048_577, "your dialect file: larger than 1,048,576 bytes"),
    ],
)
def test_a_broken_dialect_file_is_explained(text, message):
    for error in (failure("dialect", dialect_file=text), failure("check", template=SHORT, dialect_file=text)):
        assert (error["kind"], error["message"].startswith(message)) == ("dialect", True)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("[]", "a request is an object"),
        ("{}", "a request is an object"),
        ('{"call": []}', "a request is an object"),
        ('{"call": "check", "arguments": 1}', "a request is an object"),
        ("{", "Expecting property name"),
        ('{"call": "check", "arguments": {}}', "argument 'template' must be of type str, not NoneType"),
        ('{"call": "check", "arguments": {"template": "", "postback": "x"}}', "unknown postback 'x'"),
        ('{"call": "check", "arguments": {"template": "", "dialect": "x"}}', "unknown dialect 'x'"),
        ('{"call": "check", "arguments": {"template": "", "send_all": 1}}', "argument 'send_all' must be of type bool"),
        ("[" * 100_000, "this takes more memory"),
    ],
)
def test_a_wrong_request_is_answered(request_, message):
    assert json.loads(answer(request_))["error"]["message"].startswith(message)


HOSTILE = [
    "",
    "\0",
    "\ud800",
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "(" * 16_384,
    "%" * 16_384,
    "😀" * 16_384,
    "a" * 16_384,
]


@pytest.mark.parametrize("template", HOSTILE, ids=[ascii(one[:12]) for one in HOSTILE])
@pytest.mark.parametrize("name", [name for name in CALLS if name not in {"about", "rule", "dialect"}])
def test_any_text_is_answered(name, template):
    reply = json.loads(
        answer(
            json.dumps(
                {
                    "call": name,
                    "arguments": {"template": template, "to": "appmetrica", "url": template, "place": 3, "asked": True},
                }
            )
        )
    )
    assert "result" in reply or reply["error"]["kind"] in {"template", "event"}


def test_places_and_code_points_are_inverse():
    text = "a😀b\ud800c😀"
    places = Places(text)
    encoded = [places.place(index) for index in range(len(text) + 1)]
    assert encoded == [0, 1, 3, 4, 5, 6, 8]
    assert [places.index(place) for place in encoded] == [*range(len(text) + 1)]
    assert [places.index(place) for place in (-5, 2, 7, 99)] == [0, 1, 5, 6]
    assert Places("").span(Span(0, 0)) == {"from": 0, "to": 0}
