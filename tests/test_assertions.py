"""Every way in which a postback can be wrong is told, of the parameter that is wrong."""

import re

import pytest
from hypothesis import HealthCheck, given, settings

from macroengine import Event, Missing, Policy, TemplateError, compile_template
from macroengine.errors import RenderError
from macroengine.testing import assert_postback, reference
from macroengine.testing.strategies import events, templates

TEMPLATE = "https://n.example/pb/(app_id)?c=(clickid)&country=(country_code)&u=https%3A%2F%2Fm.example%3Fid%3D(clickid)"
EVENT = Event(link={"click_id": "a b/é"}, sdk={"app_id": "x", "country_code": "XX"}, af={"country_code": "DE"})
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
    event = Event(sdk={"country_code": b"no text"}, af={"country_code": "DE"})
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
        "?a=(is_lat)&b=(clickid)&c=(ip)", missing={"*": Missing.DROP, "clickid": "none"}, booleans="1/0"
    )
    event = Event(sdk={"is_lat": True})
    assert template.render(event) == "?a=1&b=none"
    assert_postback("?a=1&b=none", template, event)
    with pytest.raises(TypeError, match="has its own options; leave out policy"):
        assert_postback("?a=1&b=none", template, event, policy=Policy())


def test_a_template_that_means_nothing_is_refused():
    with pytest.raises(TemplateError, match="unknown macro 'x'"):
        assert_postback("?a=", "?a=(x)", Event())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates(unsound=False), events(), events())
def test_only_the_right_url_passes(template, event, other):
    """Another event's URL never passes, and telling why never fails."""
    try:
        url, right = (reference.render(template, given) for given in (other, event))
    except RenderError:
        return
    if url == right:
        assert_postback(url, template, event)
    else:
        with pytest.raises(AssertionError, match=re.escape(f"expected: {right}")):
            assert_postback(url, template, event)
