"""No personal value is left in a redacted URL, wherever its macro is, and whatever happened to the URL."""

from typing import NamedTuple
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from macroengine import Event, MacroEngineError, Source, compile_template, dialect, dialect_names, redact
from macroengine.kinds import ValueType
from macroengine.matching.decoding import layers
from tests.support.floors import reached, reaching

DIALECTS = [name for name in dialect_names() if dialect(name).macros]
NAMES = ["a", "b", "ip", "cb-x", "x_1"]
# Each * is a macro.
VALUES = [
    "*",
    "*",
    "*",
    "**",
    "*-*",
    "x*y",
    "*%26*",
    "*;*",
    '{"a":"*"}',
    '{"a":"*","b":"**"}',
    "https%3A%2F%2Fx%3Fa%3D*",
]
INNER = "https%3A%2F%2Fx%2F%3F{}%3D*%26{}%3D*"


class Case(NamedTuple):
    """A template, a URL that was rendered from it, and the personal values in the event."""

    dialect: str
    source: str
    url: str
    secrets: list[str]


def personal_fields(name):
    return {one.field for one in dialect(name).macros.values() if one.personal or one.type is ValueType.JSON}


@st.composite
def sources(draw, macros):
    def filled(text):
        pieces = text.split("*")
        return "".join([pieces[0], *(draw(st.sampled_from(macros)) + piece for piece in pieces[1:])])

    def pair():
        name, value = draw(st.sampled_from([*NAMES, *NAMES, "*", "b*", "*x"])), draw(st.sampled_from([*VALUES, INNER]))
        if value is INNER:
            value = INNER.format(draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES)))
        return filled(value if draw(st.integers(0, 9)) == 9 else f"{name}={value}")

    path = filled(draw(st.sampled_from(["pb", "pb", "pb", "*", "*/*", "**"])))
    pairs = [pair() for _ in range(draw(st.integers(1, 4)))]
    end = filled(draw(st.sampled_from(["", "", "", "#*"])))
    return f"https://n.example/{path}?{draw(st.sampled_from(['&', '&', '&', ';'])).join(pairs)}{end}"


@st.composite
def cases(draw):
    name = draw(st.sampled_from(DIALECTS))
    home, personal = dialect(name), personal_fields(name)
    specs = draw(st.lists(st.sampled_from([*home.macros.values()]), min_size=1, max_size=3, unique=True))
    private = [one for one in home.macros.values() if one.field in personal]
    specs += draw(st.lists(st.sampled_from(private), max_size=2)) if private else []
    form = home.syntax.forms[0]
    source = draw(sources([f"{form.opener}{one.name}{form.closer}" for one in specs]))
    values = {source: {} for source in Source}
    for number, one in enumerate(specs):
        value = f"s3c7{number}r9e5t" if one.field in personal else draw(st.sampled_from(["x", "7", "", "a-b", *NAMES]))
        values[one.source][one.field] = value
    event = Event(values[Source.LINK], values[Source.SDK], values[Source.PLATFORM])
    missing = draw(st.sampled_from(["empty", "drop"]))
    try:
        url = compile_template(source, dialect=home, ignore=["ME"], missing=missing, unknown="empty").render(event)
    except MacroEngineError:
        url = ""
    return Case(name, source, url, [f"s3c7{number}r9e5t" for number in range(len(specs))])


@st.composite
def damaged(draw, url):
    """Draw the URL as it may be in a log. No personal value moves into a parameter that has a public one."""
    at = draw(st.integers(0, len(url)))
    before, mark, query = url.partition("?")
    damages = {
        "none": url,
        "order": before + mark + "&".join(draw(st.permutations(query.split("&")))),
        "end": url[:at],
        "torn": url[:at] + draw(st.sampled_from("&=;?#/% @")) + url[at:],
        "joined": url.replace("&", draw(st.sampled_from([";", "?", ",", "%26", "&amp;", ""]))),
        "decoded": unquote(url),
        "encoded": url[:at] + quote(url[at:], safe=""),
        "case": url.swapcase(),
    }
    return damages[draw(st.sampled_from(["none", *damages]))]


@st.composite
def logged(draw):
    case = draw(cases())
    return case._replace(url=draw(damaged(case.url)))


def assert_nothing_personal(case):
    shown = redact(case.url, case.source, dialect=case.dialect)
    for layer in layers(shown):
        assert not any(secret in layer.lower() for secret in case.secrets), (shown, case)
    has_any = any(secret in case.url.lower() for secret in case.secrets)
    reached(*["personal"] * has_any, *["partly"] * (has_any and not shown.startswith("[unknown:")))


def case_of(query, url):
    return Case("appsflyer", f"https://n.example/pb?{query}", f"https://n.example/pb?{url}", ["s3c70r9e5t"])


@reaching(personal=30, partly=20)
@settings(max_examples=150, deadline=None)
@given(logged())
@example(case_of("(ip)(C)", "s3c70r9e5tx"))
@example(case_of("(ip)=(clickid)(C)", "s3c70r9e5t=7x"))
@example(case_of('{"a":"(ip)(C)"}', '{"a":"s3c70r9e5tx"}'))
@example(case_of("c=(clickid)", "c=1;ip=s3c70r9e5t"))
@example(case_of("c=(clickid)", "c=1?ip=s3c70r9e5t"))
@example(case_of("c=(clickid)", "c=1%26ip%3Ds3c70r9e5t"))
@example(case_of("c=(clickid)", "c=1&s3c70r9e5t@x.example"))
@example(case_of("c=(clickid)", "c=1&s3c70r9e5t=2"))
@example(case_of("b=(android_id)&x=1&b=(clickid)", "b=7&x=1&b=s3c70r9e5t"))
@example(case_of("(C)=(ip)&a=(clickid)", "a=s3c70r9e5t&a=1"))
@example(case_of("u=x%3Fb%3D(ip)%26b%3D(clickid)", "u=x%3Fb%3D7%26b%3Ds3c70r9e5t"))
def test_no_personal_value_is_left_in_a_log(case):
    assert_nothing_personal(case)


@pytest.mark.slow
@reaching(personal=30, partly=20)
@settings(max_examples=5_000, deadline=None)
@given(logged())
def test_no_personal_value_is_left_in_many_logs(case):
    assert_nothing_personal(case)
