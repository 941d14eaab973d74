"""What is done with the text of a value: functions, encodings, and what is around it."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import (
    Default,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    RenderError,
    compile_template,
)
from macroengine.backends.duckdb import to_sql
from macroengine.testing import reference
from tests.support.floors import reached, reaching
from tests.support.step_cases import ENCODINGS, HOSTILE, MACROS, PLACES, dialect_with
from tests.support.trying import slow_after


@pytest.fixture(scope="module")
def dialects(tmp_path_factory):
    return {name: dialect_with(tmp_path_factory.mktemp("dialects"), encoding=name) for name in ENCODINGS}


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    return dialect_with(tmp_path_factory.mktemp("dialects"), missing="N/A")


def outcome(render, *arguments, **options):
    """Return the URL, or the type of the error."""
    try:
        return render(*arguments, **options)
    except (RenderError, ValueError) as error:
        return type(error)


def check_one(source, event, chosen, **options):
    """Return what is sent, which all ways of rendering agree about."""
    compiled = compile_template(source, dialect=chosen, ignore=["ME"], **options)
    found = outcome(compiled.render, event)
    assert outcome(reference.render, source, event, dialect=chosen, ignore=["ME"], **options) == found
    together = PostbackSet([compiled]).outcomes(event)[0]
    assert (together if isinstance(together, str) else type(together)) == found
    return found


@pytest.mark.parametrize("place", slow_after(3, PLACES))
@pytest.mark.parametrize("encoding", slow_after(1, ENCODINGS))
def test_the_reference_sends_the_same_everywhere(dialects, encoding, place):
    for macro in (*MACROS, "{n}"):
        source = PLACES[place].format(macro)
        for value in HOSTILE:
            event = Event(link={"v": value, "n": value})
            for options in ({}, {"nested": False}, {"missing": Missing.DROP}):
                check_one(source, event, dialects[encoding], **options)
        for missing in ("empty", "drop", "keep", "raise", Default("a b/é")):
            check_one(source, Event(), dialects[encoding], missing=missing)


@reaching(rendered=40, filled=30)
@given(
    value=st.text(max_size=6) | st.integers() | st.booleans() | st.floats(),
    encoding=st.sampled_from(ENCODINGS),
    written=st.builds(str.format, st.sampled_from(list(PLACES.values())), st.sampled_from(MACROS)),
    missing=st.sampled_from(["empty", "drop", "keep", "raise", Default("x")]),
)
def test_the_reference_sends_the_same(dialects, value, encoding, written, missing):
    url = check_one(written, Event(link={"v": value}), dialects[encoding], missing=missing)
    is_read = "{v" in written and value != ""
    reached(*["rendered", *["filled"] * is_read] * isinstance(url, str))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_half_of_a_pair_is_sent_nowhere(dialects, encoding):
    for place in PLACES.values():
        for macro in MACROS:
            assert check_one(place.format(macro), Event(link={"v": "a\ud800"}), dialects[encoding]) is RenderError


READ_BACK = {
    "percent": unquote,
    "component": unquote,
    "form": unquote_plus,
    "base64": lambda s: base64.b64decode(s).decode(),
}


@pytest.mark.parametrize("encoding", READ_BACK)
@pytest.mark.parametrize("value", HOSTILE)
def test_the_receiver_reads_the_value(dialects, encoding, value):
    url = compile_template("?p={v}", dialect=dialects[encoding]).render(Event(link={"v": value}))
    assert READ_BACK[encoding](url.removeprefix("?p=")) == value
    nested = compile_template(PLACES["url"].format("{v}"), dialect=dialects[encoding]).render(Event(link={"v": value}))
    inner = parse_qs(urlsplit(nested).query)["u"][0]
    written = urlsplit(inner).query.removeprefix("p=").removesuffix("&q=1")
    assert READ_BACK[encoding](written) == value


@pytest.mark.parametrize(
    ("macro", "sent"),
    [
        ("{v}", "a%20b%2F%C3%A9"),
        ("{v_sha1}", hashlib.sha1("a b/é".encode()).hexdigest()),
        ("{v_md5}", hashlib.md5("a b/é".encode()).hexdigest()),
        ("{v_sha256}", hashlib.sha256("a b/é".encode()).hexdigest()),
        ("{v_base64}", "YSBiL8Op"),
        ("{v_percent}", "a%20b%2F%C3%A9"),
        ("{v_percent2}", "a%2520b%252F%25C3%25A9"),
        ("{v_percent3}", "a%252520b%25252F%2525C3%2525A9"),
        ("{v_upper}", "A%20B%2F%C3%89"),
        ("{v_lower}", "a%20b%2F%C3%A9"),
    ],
)
def test_functions(dialects, macro, sent):
    event = Event(link={"v": "a b/é"})
    assert compile_template(f"?p={macro}", dialect=dialects["percent"]).render(event) == f"?p={sent}"


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("percent", "it%27s%20%28~%29"),
        ("component", "it's%20(~)"),
        ("form", "it%27s+%28~%29"),
        ("base64", "aXQncyAofik="),
    ],
)
def test_encodings(dialects, encoding, sent):
    assert compile_template("?p={v}", dialect=dialects[encoding]).render(Event(link={"v": "it's (~)"})) == f"?p={sent}"


@pytest.mark.parametrize("place", ["value", "name", "fragment"])
@pytest.mark.parametrize("value", ["a b", "a&b", "a#b", "é", '"', "<", "%4", "a\nb", "\ud800"])
def test_what_is_not_encoded_does_not_leave_its_place(dialects, place, value):
    for source in (PLACES[place].format("{v}"), PLACES[place].format("{v_none}")):
        with pytest.raises(RenderError, match="without encoding") as caught:
            compile_template(source, dialect=dialects["none"]).render(Event(link={"v": f"secret{value}"}))
        assert "secret" not in str(caught.value)


def test_what_is_not_encoded_does_not_leave_its_segment(dialects):
    template = compile_template(PLACES["path"].format("{v}"), dialect=dialects["none"])
    assert template.render(Event(link={"v": "a;b=1"})) == "https://n.example/pb/a;b=1/x?q=1"
    for value in ("..", ".", "a/b", "a?b"):
        with pytest.raises(RenderError, match=r"(?:leads to another|would leave its place in the) path"):
            template.render(Event(link={"v": value}))
    encoded = compile_template(PLACES["path"].format("{v_percent}"), dialect=dialects["none"])
    with pytest.raises(RenderError, match="leads to another path"):
        encoded.render(Event(link={"v": ".."}))


def test_a_url_may_be_sent_as_it_is_where_it_has_no_parameters_of_its_own(dialects):
    template = compile_template("https://n.example/c?to={v_none}", dialect=dialects["percent"])
    assert (
        template.render(Event(link={"v": "https://m.example/a?b=%20"}))
        == "https://n.example/c?to=https://m.example/a?b=%20"
    )


def test_a_hash_in_a_json_value_is_quoted(dialects):
    url = compile_template(PLACES["json"].format("{v_md5}"), dialect=dialects["percent"]).render(Event(link={"v": "a"}))
    assert json.loads(unquote(urlsplit(url).query.removeprefix("j="))) == {"a": hashlib.md5(b"a").hexdigest()}


@pytest.mark.parametrize("digits", [32, 40, 64])
def test_a_hash_of_the_same_length_is_not_hashed_again(dialects, digits):
    given = "AB" * (digits // 2)
    url = compile_template("?p={u_sha256}", dialect=dialects["percent"]).render(Event(sdk={"u": given}))
    event = Event(sdk={"u": given})
    assert check_one("?p={u_sha256}", event, dialects["percent"]) == url
    assert url == "?p=" + (given.lower() if digits == 64 else hashlib.sha256(given.encode()).hexdigest())


@pytest.mark.parametrize("function", ["sha1", "md5", "sha256"])
def test_there_is_no_hash_of_nobody(documented, function):
    template = compile_template(f"?p={{v_{function}}}&q={{v}}", dialect=documented, missing=Missing.DROP)
    assert template.render(Event(link={"v": "0000-0000"})) == "?q=0000-0000"


def test_what_the_platform_documents_is_sent_for_a_missing_value(documented):
    source = "?p={v}&h={v_md5}&n={v_percent2}&j=%7B%22a%22%3A{n}%2C%22b%22%3A%22{v}%22%7D"
    sent = "?p=N%2FA&h=N%2FA&n=N%252FA&j=%7B%22a%22%3A%22N%2FA%22%2C%22b%22%3A%22N%2FA%22%7D"
    assert unquote(check_one(source, Event(), documented).split("j=")[1]) == unquote(sent.split("j=")[1])
    assert check_one("?p={v}&h={v_md5}&n={v_percent2}", Event(), documented) == sent.split("&j=", maxsplit=1)[0]
    assert check_one("?p={v}", Event(), documented, missing=Missing.DROP) == ""
    assert check_one("?p={v}", Event(), documented, missing=Default("")) == "?p="
    assert check_one("?p={v}", Event(link={"v": ""}), documented) == "?p="
    assert check_one("?p={v}", Event(), documented, missing=Missing.RAISE) is MissingValueError


def test_what_is_sent_without_reading_is_text():
    template = compile_template(
        "https://n.example/?a=(ip)&b=(clickid)", missing=Default("a b"), policy=Policy(deny=["ip"]), ignore=["ME3"]
    )
    assert 'c0 = "https://n.example/?a=a%20b&b="' in template.python_source.replace("'", '"')
    assert "url_encode" in (sql := to_sql(template))
    assert "a%20b" in sql
