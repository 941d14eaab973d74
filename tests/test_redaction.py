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
            "https://n.example/?a=1&b=[unknown:5]&[unknown:1]",
            id="unknown-parameters",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1&a=x%40y",
            "https://n.example/?a=[click_id:1]&a=[unknown:5]",
            id="repeated-parameter",
        ),
        pytest.param(
            "https://n.example/?(ip)(C)", "https://n.example/?12", "https://n.example/?[unknown:2]", id="glued"
        ),
        pytest.param(
            "https://n.example/?(ip)=(clickid)(C)",
            "https://n.example/?1=23",
            "https://n.example/?[unknown:4]",
            id="personal-name",
        ),
        pytest.param(
            "https://n.example/?(C)=(clickid)",
            "https://n.example/?DE=23",
            "https://n.example/?[campaign:2]=[click_id:2]",
            id="value-as-name",
        ),
        pytest.param(
            "https://n.example/?x=1&x=(ip)(C)",
            "https://n.example/?x=1&x=23",
            "https://n.example/?x=1&x=[unknown:2]",
            id="literal-parameter",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1&user@x.example&8e7f6=1&b-c=1&d=",
            "https://n.example/?a=1&[unknown:14]&[unknown:7]&b-c=[unknown:1]&d=",
            id="unknown-names",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)",
            "https://n.example/?a=1;ip=2",
            "https://n.example/?a=[click_id:6]",
            id="semicolon",
        ),
        pytest.param(
            "https://n.example/?a=(clickid)&b=(country_code)",
            "https://n.example/?a=1%3D%3D&b=(country_code)",
            "https://n.example/?a=1%3D%3D&b=(country_code)",
            id="not-another-parameter",
        ),
        pytest.param(
            "https://n.example/?b=(ip)&b=(clickid)",
            "https://n.example/?b=1&b=23",
            "https://n.example/?b=[ip:1]&b=[click_id:2]",
            id="one-name-twice",
        ),
        pytest.param(
            "https://n.example/?b=(C)&b=(clickid)",
            "https://n.example/?b=1&b=23",
            "https://n.example/?b=1&b=23",
            id="one-public-name-twice",
        ),
        pytest.param(
            "https://n.example/?u=x%3Fb%3D(ip)%26c%3D(C)&c=(C)",
            "https://n.example/?u=x%3Fb%3D1%26c%3D23&c=23",
            "https://n.example/?u=x%3Fb%3D[ip:1]%26c%3D[campaign:2]&c=23",
            id="nested",
        ),
        pytest.param("?a=(clickid)", "https://u:p@n.example/x?a=1", "[unknown:23]?a=1", id="no-path-in-the-template"),
        pytest.param("/x?a=(clickid)", "https://u:p@n.example/x?a=1", "[unknown:21]/x?a=1", id="no-origin"),
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


def test_inner_parameters_that_may_be_dropped_are_apart():
    source = "https://n.example/?u=https%3A%2F%2Fx%3Fb%3D(ip)%26c%3D(C)%26(C)%3D(clickid)"
    named = compile_template(source.partition("%26(C)")[0], ignore=["ME"], missing="drop")
    event = Event(link={"campaign": "23", "click_id": "4"}, sdk={"ip": "1"}, platform={"ip": "1"})
    assert redact(named.render(event), named) == "https://n.example/?u=https%3A%2F%2Fx%3Fb%3D[ip:1]%26c%3D23"
    unnamed = compile_template(source, ignore=["ME"], missing="drop")
    shown = "https://n.example/?u=https%3A%2F%2Fx%3Fb%3D[ip:1]%26c%3D23%26[campaign:2]%3D[click_id:1]"
    assert redact(unnamed.render(event), unnamed) == shown


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
