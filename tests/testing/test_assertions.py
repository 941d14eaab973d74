"""Every way in which a postback can be wrong is told, of the parameter that is wrong."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macroengine import (
    Default,
    Event,
    Limits,
    Missing,
    Policy,
    TemplateError,
    compile_template,
    dialect,
    parse,
)
from macroengine.errors import RenderError
from macroengine.testing import assert_postback, reference
from macroengine.testing.strategies import events, templates
from macroengine.testing.unsound import unsound_templates
from tests.support.floors import reached, reaching

TEMPLATE = "https://n.example/pb/(app_id)?c=(clickid)&country=(country_code)&u=https%3A%2F%2Fm.example%3Fid%3D(clickid)"
EVENT = Event(link={"click_id": "a b/é"}, sdk={"app_id": "x", "country_code": "XX"}, platform={"country_code": "DE"})
URL = "https://n.example/pb/x?c=a%20b%2F%C3%A9&country=DE&u=https%3A%2F%2Fm.example%3Fid%3Da%2520b%252F%25C3%25A9"


def fault(url, template=TEMPLATE, event=EVENT, **options):
    """Return what the assertion says, without the URLs."""
    with pytest.raises(AssertionError) as caught:
        assert_postback(url, template, event, **options)
    return [line.strip() for line in str(caught.value).splitlines()[1:-2]]


def test_the_right_url_is_right():
    assert_postback(URL, TEMPLATE, EVENT)
    assert_postback(URL, compile_template(TEMPLATE), EVENT)


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        pytest.param("&country=DE", "", "parameter 'country' is missing: expected 'DE'", id="missing"),
        pytest.param("&country", "&x=1&country", "parameter 'x' is unexpected: found '1'", id="unexpected"),
        pytest.param("=DE", "=DE&c=1", "parameter 'c' (2) is unexpected: found '1'", id="a-second-one"),
        pytest.param(
            "=DE",
            "=(country_code)",
            "parameter 'country' has the macro (country_code) left literal: found '(country_code)', expected 'DE'",
            id="left-literal",
        ),
        pytest.param(
            "=DE",
            "=%28country_code%29",
            "parameter 'country' has the macro (country_code) left literal: found '%28country_code%29', expected 'DE'",
            id="left-literal-and-encoded",
        ),
        pytest.param(
            "c=a%20b%2F%C3%A9",
            "c=a%2520b%252F%25C3%25A9",
            "parameter 'c' is encoded twice: found 'a%2520b%252F%25C3%25A9', expected 'a%20b%2F%C3%A9'",
            id="encoded-twice",
        ),
        pytest.param(
            "c=a%20b%2F%C3%A9",
            "c=a b/é",
            "parameter 'c' is not encoded: found 'a b/é', expected 'a%20b%2F%C3%A9'",
            id="not-encoded",
        ),
        pytest.param(
            "a%2520b%252F%25C3%25A9",
            "a%20b%2F%C3%A9",
            "parameter 'u' is not encoded: found 'https%3A%2F%2Fm.example%3Fid%3Da%20b%2F%C3%A9', expected "
            "'https%3A%2F%2Fm.example%3Fid%3Da%2520b%252F%25C3%25A9'",
            id="not-encoded-for-the-inner-url",
        ),
        pytest.param(
            "c=a%20b%2F%C3%A9",
            "c=a%20b%2f%c3%a9",
            "parameter 'c' is encoded otherwise: found 'a%20b%2f%c3%a9', expected 'a%20b%2F%C3%A9'",
            id="lower-case-hex",
        ),
        pytest.param(
            "c=a%20b%2F%C3%A9",
            "c=a+b%2F%C3%A9",
            "parameter 'c' is encoded as a form, with + for a space: found 'a+b%2F%C3%A9', expected 'a%20b%2F%C3%A9'",
            id="form-encoding",
        ),
        pytest.param(
            "=DE",
            "=XX",
            "parameter 'country' has the value of (country_code) from SDK, not from AF: found 'XX', expected 'DE'",
            id="wrong-source",
        ),
        pytest.param("=DE", "=FR", "parameter 'country' differs: found 'FR', expected 'DE'", id="differs"),
        pytest.param("/x?", "/y?", "path differs: found '/pb/y', expected '/pb/x'", id="path"),
        pytest.param("n.example", "m.test", "host differs: found 'm.test', expected 'n.example'", id="host"),
        pytest.param("https:", "http:", "scheme differs: found 'http', expected 'https'", id="scheme"),
    ],
)
def test_a_difference_is_named(right, wrong, expected):
    assert fault(URL.replace(right, wrong, 1)) == [expected]


def test_a_value_that_came_apart_is_not_encoded():
    event = Event(link={"click_id": "a&b=c"})
    assert fault("?c=a&b=c", "?c=(clickid)", event) == [
        "parameter 'c' is not encoded: found 'a', expected 'a%26b%3Dc'",
        "parameter 'b' is unexpected: found 'c'",
    ]


def test_the_order_counts():
    message = "the parts are in another order, or parted by other delimiters"
    assert fault("?b=2&a=1", "?a=1&b=2") == [message]


@pytest.mark.parametrize(
    ("event", "options"),
    [
        pytest.param(Event(link={"click_id": "7"}, attributed=False), {"policy": Policy(send_all=True)}, id="send-all"),
        pytest.param(Event(link={"click_id": "7"}), {"policy": Policy(deny={"clickid"})}, id="denied"),
        pytest.param(Event(link={"click_id": "7"}), {"policy": Policy(sources={"AF"})}, id="source-not-allowed"),
    ],
)
def test_a_leak_is_named(event, options):
    assert fault("?c=7", "?c=(clickid)", event, **options) == [
        "parameter 'c' has a value that is withheld: found '7', expected ''"
    ]
    assert fault("?c=7", "?c=(clickid)", event, missing=Missing.DROP, **options) == [
        "parameter 'c' is unexpected, and has a value that is withheld: found '7'"
    ]


def test_a_value_that_no_case_explains_differs():
    """What could not be sent for another event explains nothing."""
    event = Event(sdk={"country_code": b"no text"}, platform={"country_code": "DE"})
    assert fault("?c=FR", "?c=(country_code)", event) == ["parameter 'c' differs: found 'FR', expected 'DE'"]


def test_a_macro_that_is_kept_is_not_left_literal():
    event = Event(sdk={"ip": "1"})
    message = "parameter 'c' differs: found '(clickid)2', expected '(clickid)1'"
    assert fault("?c=(clickid)2", "?c=(clickid)(ip)", event, missing=Missing.KEEP) == [message]


def test_an_unknown_macro_comes_from_no_source():
    assert fault("?c=1", "?c=(x)", Event(), unknown="empty") == ["parameter 'c' differs: found '1', expected ''"]


def test_what_is_not_to_be_sent_must_not_be_sent():
    event = Event(postback="in-app")
    assert_postback(None, "?c=1", event)
    with pytest.raises(AssertionError, match="nothing should have been sent: the template is for install postbacks"):
        assert_postback("?c=1", "?c=1", event)


def test_what_is_to_be_sent_must_be_sent():
    with pytest.raises(AssertionError, match="no postback was sent"):
        assert_postback(None, "?c=1", Event())


def test_a_compiled_template_brings_its_options():
    template = compile_template(
        "?a=(is_lat)&b=(clickid)&c=(ip)", missing={"*": Missing.DROP, "clickid": Default("none")}, booleans="1/0"
    )
    event = Event(sdk={"is_lat": True})
    assert template.render(event) == "?a=1&b=none"
    assert_postback("?a=1&b=none", template, event)
    with pytest.raises(TypeError, match="has its own options; omit policy"):
        assert_postback("?a=1&b=none", template, event, policy=Policy())


def test_a_template_that_means_nothing_is_refused():
    with pytest.raises(TemplateError, match="unknown macro 'x'"):
        assert_postback("?a=", "?a=(x)", Event())


@st.composite
def pairs_of_events(draw):
    """Draw a template, and two events that it may be sent for."""
    if draw(st.booleans()):
        template = draw(templates())
        kind = events(template=template)
    else:
        template = draw(unsound_templates(unknown=False))
        found = [dialect("appsflyer").find(macro.name) for macro in parse(template).macros()]
        kind = events(macros=[spec for spec, _ in filter(None, found)], policy=Policy())
    event = draw(kind)
    return template, event, draw(st.one_of(st.just(event), kind))


def test_only_the_right_url_passes():
    """Another event's URL never passes, and telling why never fails."""

    @reaching(right=15, wrong=5)
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(pairs_of_events())
    def only_the_right_url_passes(drawn):
        template, event, other = drawn
        try:
            url, right = (reference.render(template, given) for given in (other, event))
        except RenderError:
            return
        reached("right" if url == right else "wrong")
        if url == right:
            assert_postback(url, template, event)
        else:
            with pytest.raises(AssertionError, match=re.escape(f"expected: {right}")):
                assert_postback(url, template, event)

    only_the_right_url_passes()


def test_a_compiled_template_brings_its_limits_and_what_it_ignores():
    template = compile_template("?" + "a" * 20_000 + "=(ip)(nope)(sha1-ip)", ignore=["ME"], limits=LARGE)
    url = template.render(Event(sdk={"ip": "1" * 70_000}))
    assert_postback(url, template, Event(sdk={"ip": "1" * 70_000}))
    with pytest.raises(AssertionError, match="expected: "):
        assert_postback(url, template, Event(sdk={"ip": "2"}))
    short = compile_template("?a=(ip)", limits=Limits(url=5))
    assert_postback(None, short, Event(sdk={"ip": "123"}))
    with pytest.raises(AssertionError, match="nothing should have been sent: the URL is longer than 5 bytes"):
        assert_postback("?a=123", short, Event(sdk={"ip": "123"}))


LARGE = Limits(template=30_000, url=200_000)


@pytest.mark.parametrize(
    ("source", "code"),
    [("?a=(nope)", "ME101"), ("?a=(sha1-nope)", "ME101"), ("?a=(sha1-ip)", "ME105"), ("?a=(sha1-sha1-idfa)", "ME106")],
)
def test_the_reference_sends_what_is_ignored_as_it_is_written(source, code):
    event = Event(sdk={"ip": "1", "idfa": "2"})
    assert reference.render(source, event, ignore=code) == compile_template(source, ignore=code).render(event) == source
    with pytest.raises(TemplateError) as caught:
        reference.render(source, event, ignore=["ME107"])
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_the_reference_permits_a_macro_in_the_host_that_is_ignored():
    event = Event(sdk={"app_id": "x"})
    assert reference.render("https://(app_id).n.example/", event, ignore=["ME202"]) == "https://x.n.example/"


def test_what_is_said_of_missing_values_is_said_of_the_same_macros():
    """Of the macro itself first, then of its field, then of what other platforms call it."""
    source = "?a=(event_value)&b=(encode)&c=(idfa)"
    for missing in (
        {"event_value": Default("1")},
        {"encode": Default("1")},
        {"event_value": Default("1"), "encode": Default("2"), "*": "drop"},
        {"encode": Default("2"), "event_value": Default("1")},
        {"ios-ifa": Default("1"), "IDFA": Default("2"), "ifa": Default("3")},
        {"ifa": Default("3")},
    ):
        template = compile_template(source, policy=Policy("in-app"), missing=missing)
        event = Event(postback="in-app")
        assert_postback(template.render(event), template, event)
        assert template.render(event) == reference.render(source, event, policy=template.policy, missing=missing)
