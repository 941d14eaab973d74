"""Redacted URLs: names stay, personal values do not."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macroengine import Event, Policy, Request, compile_request, compile_template, parse, redact
from tests.support.floors import reached, reaching

TEMPLATE = "https://n.example/pb/(clickid)?ip=(ip)&h=(sha1-idfa)&c=(country_code)&v=1&j=x(idfa)y#f"


@pytest.mark.parametrize(
    ("template", "url", "expected"),
    [
        pytest.param(
            TEMPLATE,
            "https://n.example/pb/a?ip=192.0.2.1&h=1d074de42d20d6c1e6e1baab6aac850e4f476554&c=DE&v=1&j=xABCy#f",
            "https://n.example/pb/a?ip=[ip:9]&h=[sha1-idfa:40]&c=DE&v=1&j=x[idfa:3]y#f",
            id="values",
        ),
        pytest.param(
            "https://n.example/(ip)/x", "https://n.example/192.0.2.1/x", "https://n.example/[ip:9]/x", id="path"
        ),
        pytest.param("https://n.example/?a=(ip)", "https://n.example/?a=", "https://n.example/?a=", id="empty"),
        pytest.param("https://n.example/?a=(ip)", "https://n.example/", "https://n.example/", id="dropped"),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1&b=x%40y&c",
            "https://n.example/?a=1&b=[unknown:5]&c",
            id="unknown-parameters",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1&a=x%40y",
            "https://n.example/?a=1&a=[unknown:5]",
            id="repeated-parameter",
        ),
        pytest.param("https://n.example/?a=(clickid)", "https://m.example/?a=1", "[unknown:22]", id="another-template"),
        pytest.param("https://n.example/?a=(clickid)", "x@y", "[unknown:3]", id="no-url"),
        pytest.param(
            "https://n.example/?a=(ip)(idfa)",
            "https://n.example/?a=1234",
            "https://n.example/?a=[unknown:4]",
            id="ambiguous",
        ),
        pytest.param(
            "https://n.example/?a=(nope)",
            "https://n.example/?a=x%40y",
            "https://n.example/?a=[unknown:5]",
            id="unknown-macro",
        ),
        pytest.param(
            "https://n.example/?j=(encode)",
            "https://n.example/?j=%7B%22mail%22%3A1%7D",
            "https://n.example/?j=[event_value:10]",
            id="json-of-an-app",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1#x@y",
            "https://n.example/?a=1#[unknown:3]",
            id="fragment",
        ),
        pytest.param(
            "https://n.example/#a(ip)", "https://n.example/#a1", "https://n.example/#a[ip:1]", id="in-the-fragment"
        ),
    ],
)
def test_personal_values_become_their_kind_and_length(template, url, expected):
    assert redact(url, template) == expected


def test_custom_parameters_of_an_open_dialect_are_not_known():
    url = "https://n.example/?c=1&x=me%40x.example"
    expected = "https://n.example/?c=1&x=[my_own:12]"
    template = "https://n.example/?c={click_id}&x={my_own}"
    assert redact(url, template, dialect="appmetrica") == expected
    assert redact(url, parse(template, "appmetrica")) == expected
    assert redact(url, parse(template, "appmetrica"), dialect="appmetrica") == expected
    assert redact(url, compile_template(template, dialect="appmetrica")) == expected
    assert redact(url, compile_request(Request("GET", template), dialect="appmetrica")) == expected


def test_wrong_types():
    with pytest.raises(TypeError, match="url must be a string"):
        redact(None, TEMPLATE)
    with pytest.raises(TypeError, match="template must be"):
        redact("x", None)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=3, max_size=12)
MACROS = st.sampled_from(["ip", "idfa", "advertising_id", "encode", "clickid", "sha1-idfa"])
TEMPLATES = st.lists(
    st.tuples(st.sampled_from("abcde"), MACROS, st.sampled_from(["", "x", "-"])), min_size=1, max_size=4
)


@pytest.mark.slow
@reaching(redacted=70)
@settings(max_examples=3_000, deadline=None)
@given(TEMPLATES, TEXTS, TEXTS, st.booleans())
def test_no_personal_value_is_left(parameters, first, second, in_path):
    query = "&".join(f"{name}={before}({macro})" for name, macro, before in parameters)
    source = f"https://n.example/{'(ip)' if in_path else 'p'}?{query}"
    values = {name: f"QQ{first}{name}" for name in ("ip", "idfa", "advertising_id", "event_value")}
    event = Event(link={"click_id": second}, sdk=values, platform=values, postback="in-app")
    url = compile_template(source, policy=Policy("in-app"), ignore="ME").render(event)
    redacted = redact(url, source)
    for name, value in values.items():
        assert value not in redacted, name
        assert quote(value, safe="") not in redacted, name
    assert [pair.partition("=")[0] for pair in redacted.partition("?")[2].split("&")] == [
        name for name, *_ in parameters
    ]
    reached(*["redacted"] * (redacted != url))


@reaching(redacted=15)
@given(st.text(max_size=30) | st.text("ab?&=#/:%", max_size=30), st.text("ab?&=#(clickid)/:", max_size=30))
def test_nothing_fails(url, template):
    redacted = redact(url, template)
    assert isinstance(redacted, str)
    reached(*["redacted"] * (redacted != url))
