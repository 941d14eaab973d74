"""Laws of requests: what they send is what was meant, whatever the event."""

import json
import os
import re
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macroengine import Default, Event, Policy, RenderError, Request, TemplateError, check_request, compile_request
from tests.support.floors import reached, reaching

# MACROENGINE_LAWS=10000 tries more of them, which takes minutes.
MANY = settings(
    max_examples=int(os.environ.get("MACROENGINE_LAWS", "2000")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
URL = "https://n.example/pb"
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

# A macro, its source and field; the last two are not text.
TEXTS = {
    "clickid": ("link", "click_id"),
    "event_name": ("sdk", "event_name"),
    "country_code": ("platform", "country_code"),
}
MACROS = {**TEXTS, "event_revenue": ("sdk", "event_revenue"), "event_value": ("sdk", "event_value")}
NASTY = st.text(st.sampled_from("ab\"\\/{}[](),:'u0 \n\r\t\0\x1f\x7fé😀\u2028%&=+#"), max_size=8) | st.text(max_size=8)
NASTY = NASTY.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text))
VISIBLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=6)
VALUES = NASTY | st.none() | st.integers() | st.booleans() | st.decimals(-1000, 1000, places=2)
LITERALS = st.sampled_from(["", "a", " ", "x/y", "é", "%41", ":", "\\n", "&", "'", "//", "\\u0041", "{", "]"])


@st.composite
def strings(draw):
    """Draw a JSON string with macros in it, and its pieces: text as receivers read it, or a macro."""
    pieces = draw(st.lists(LITERALS | st.sampled_from(sorted(TEXTS)).map(lambda name: (name,)), max_size=3))
    written = "".join(f"({piece[0]})" if isinstance(piece, tuple) else piece for piece in pieces)
    return f'"{written}"', ("string", pieces)


WHOLE = st.sampled_from(sorted(MACROS)).map(lambda name: (f"({name})", ("whole", name)))
CONSTANTS = st.sampled_from(["1", "-0.50", "true", "null", "1e3"]).map(lambda text: (text, ("constant", text)))


def containers(inside):
    blank = st.sampled_from(["", " ", "\n  "])
    lists = st.tuples(st.lists(inside, max_size=3), blank).map(
        lambda drawn: (f"[{','.join(drawn[1] + text for text, _ in drawn[0])}]", ("list", [one for _, one in drawn[0]]))
    )
    objects = st.tuples(st.lists(inside, max_size=3), blank).map(
        lambda drawn: (
            "{" + ",".join(f'{drawn[1]}"k{n}":{text}' for n, (text, _) in enumerate(drawn[0])) + drawn[1] + "}",
            ("object", [one for _, one in drawn[0]]),
        )
    )
    return lists | objects


_INNER = st.recursive(strings() | WHOLE | CONSTANTS, containers, max_leaves=8)
BODIES = _INNER | containers(_INNER)


@st.composite
def sendable_events(draw):
    values = {name: draw(VALUES) for name in TEXTS}
    values["event_revenue"] = draw(st.none() | st.integers() | st.sampled_from(["1.50", "0", "-3e2", Decimal("9.90")]))
    values["event_value"] = draw(st.none() | NASTY | st.dictionaries(NASTY, NASTY, max_size=2))
    sources = {"link": {}, "sdk": {}, "platform": {}}
    for name, value in values.items():
        source, field = MACROS[name]
        sources[source][field] = value
    return values, Event(**sources, postback="in-app")


def text_of(value):
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def check_shape(got, meant, values):
    """Assert that what a receiver reads has the shape of the template, and each string the value."""
    kind, inside = meant
    if kind == "string":
        expected = "".join(
            text_of(values[piece[0]]) if isinstance(piece, tuple) else json.loads(f'"{piece}"') for piece in inside
        )
        assert got == expected
    elif kind == "constant":
        assert got == json.loads(inside)
    elif kind == "whole":
        check_whole(got, inside, values[inside])
    elif kind == "list":
        assert isinstance(got, list)
        assert len(got) == len(inside)
        for one, other in zip(got, inside, strict=True):
            check_shape(one, other, values)
    else:
        assert list(got) == [f"k{number}" for number in range(len(inside))]
        for one, other in zip(got.values(), inside, strict=True):
            check_shape(one, other, values)


def check_whole(got, name, value):
    if value is None:
        assert got is None
    elif name == "event_revenue":
        assert float(got) == float(value)
    elif name == "event_value":
        assert got == value or (isinstance(value, str) and got == json.loads(value))
    else:
        assert got == value or got == text_of(value) or float(got) == float(value)


def count(written, values, *more):
    """Count what a body reaches."""
    is_filled = any(f"({name})" in written and value not in (None, "") for name, value in values.items())
    reached(*["macro"] * ("(" in written), *["filled"] * is_filled, *more)


@pytest.mark.slow
@reaching(macro=20, filled=12)
@MANY
@given(BODIES, sendable_events())
def test_json_body_has_the_shape_of_its_template_and_its_strings_the_values(body, drawn):
    written, meant = body
    values, event = drawn
    template = Request("POST", URL, {}, written, "application/json")
    rendered = compile_request(template, policy=Policy("in-app")).render(event).body
    check_shape(json.loads(rendered.decode("utf-8", "strict")), meant, values)
    count(written, values)


@pytest.mark.slow
@reaching(macro=20, missing=6)
@MANY
@given(BODIES, sendable_events(), st.sampled_from(["empty", "drop", "keep", Default('"\\'), Default("7")]))
def test_json_body_is_json_whatever_is_missing(body, drawn, missing):
    template = Request("POST", URL, {}, body[0], "application/json")
    rendered = compile_request(template, policy=Policy("in-app"), missing=missing).render(drawn[1]).body
    json.loads(rendered, parse_constant=pytest.fail)
    is_missing = any(f"({name})" in body[0] and value is None for name, value in drawn[0].items())
    count(body[0], drawn[0], *["missing"] * is_missing)


@pytest.mark.slow
@reaching(filled=70)
@MANY
@given(sendable_events())
def test_json_in_a_json_string_decodes_to_the_value(drawn):
    values, event = drawn
    body = '{"e": "{\\"c\\": \\"(clickid)\\", \\"n\\": (event_revenue), \\"d\\": \\"[\\\\\\"(event_name)\\\\\\"]\\"}"}'
    template = Request("POST", URL, {}, body, "application/json")
    rendered = compile_request(template, policy=Policy("in-app")).render(event).body
    inner = json.loads(json.loads(rendered)["e"])
    assert inner["c"] == text_of(values["clickid"])
    assert json.loads(inner["d"]) == [text_of(values["event_name"])]
    count(body, values)


@pytest.mark.slow
@reaching(filled=70)
@MANY
@given(sendable_events())
def test_form_decodes_to_the_values(drawn):
    values, event = drawn
    body = "a=(clickid)&b=x(event_name)&a=(country_code)"
    template = Request("POST", URL, {}, body, "application/x-www-form-urlencoded")
    rendered = compile_request(template, policy=Policy("in-app")).render(event).body
    assert parse_qsl(rendered.decode("ascii"), keep_blank_values=True, strict_parsing=True) == [
        ("a", text_of(values["clickid"])),
        ("b", "x" + text_of(values["event_name"])),
        ("a", text_of(values["country_code"])),
    ]
    count(body, values)


@pytest.mark.slow
@reaching(sent=15, refused=20)
@MANY
@given(st.text(max_size=6) | NASTY | VISIBLE, st.sampled_from(["(clickid)", "a (clickid) b", "(clickid)(clickid)"]))
def test_no_value_makes_a_header(value, template):
    request = compile_request(Request("GET", URL, {"X-A": template}))
    try:
        headers = request.render(Event(link={"click_id": value})).headers
    except RenderError:
        assert not re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", value)
        reached("refused")
        return
    reached(*["sent"] * (value != ""))
    assert list(headers) == ["X-A"]
    assert re.fullmatch(r"[ -~]*", headers["X-A"])
    assert headers["X-A"] == template.replace("(clickid)", value).strip(" ")


FRAGMENTS = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "'",
        "\\",
        "(clickid)",
        "(event_revenue)",
        "(event_value)",
        "(nope)",
        "{{x}}",
        "1",
        "true",
        "nul",
        " ",
        "\n",
        "//",
        "/*",
        "*/",
        "\ufeff",
        "\\u00",
        "\ud800",
        "a",
        "%4",
        "https://x.example/?a=",
    ]
)
KINDS = ["application/json", "application/x-www-form-urlencoded", "text/plain"]


@reaching(finding=35, sent=15)
@settings(MANY, max_examples=int(os.environ.get("MACROENGINE_LAWS", "200")))
@given(st.lists(FRAGMENTS, max_size=9).map("".join), st.sampled_from(KINDS), sendable_events())
def test_no_body_makes_anything_fail_but_as_documented(body, content_type, drawn):
    template = Request("POST", URL, {"X-A": body}, body, content_type)
    found = check_request(template)
    reached(*["finding"] * bool(found))
    for finding in found:
        assert finding.span.start <= finding.span.stop <= max(1, len(finding.source))
        assert str(finding)
    try:
        sent = compile_request(template, policy=Policy("in-app"), unknown="keep").render(drawn[1])
    except (TemplateError, RenderError):
        return
    reached("sent")
    if content_type == "application/json":
        json.loads(sent.body)
