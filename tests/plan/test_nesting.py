"""URLs and JSON inside a template: what is sent is what the innermost receiver is to read."""

import json
import re
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import can_ada
import duckdb
import pytest
import yarl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macroengine import (
    CompiledTemplate,
    Default,
    Event,
    LimitError,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    RenderError,
    TemplateError,
    check,
    compile_template,
    fix,
    parse,
    render,
)
from macroengine.backends.duckdb import to_sql
from macroengine.language.nodes import Part
from macroengine.plan.nesting import nesting
from macroengine.testing import reference
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

SHA1_OF_A = "6dcd4ce23d88e2ee9568ba546c007c63d9131c1b"  # in upper case, as an IDFA is hashed
NASTY = 'a b/"&%=é'
ONCE = quote(NASTY, safe="")
TWICE = quote(ONCE, safe="")
IN_JSON = quote(json.dumps(NASTY, ensure_ascii=False)[1:-1], safe="")
IN_JSON_TWICE = quote(IN_JSON, safe="")


def in_a_table(template: CompiledTemplate, event: Event) -> str:
    """Return what DuckDB renders for a table with the fields of the template in one row."""
    values = {**event.link, **event.sdk}
    columns = ", ".join(f"? AS {field}" for field in template.fields)
    query = f"SELECT {to_sql(template)} FROM (SELECT {columns or '1'})"
    (row,) = duckdb.execute(query, [values.get(field) for field in template.fields]).fetchall()
    return row[0]


def both(source: str, event: Event, **options: Any) -> str:
    """Return what the engine, a set of one and the reference render alike."""
    compiled = compile_template(source, **options)
    url = compiled.render(event)
    assert PostbackSet([compiled]).render(event) == [url]
    options.pop("ignore", None)
    assert reference.render(source, event, **options) == url
    return url


@with_each(
    ("source", "sent"),
    [
        pytest.param("?c=DE%2F(clickid)", "?c=DE%2F" + ONCE, id="slash"),
        pytest.param("?sub=src%3A(clickid)", "?sub=src%3A" + ONCE, id="colon"),
        pytest.param("?n=R%26D(clickid)", "?n=R%26D" + ONCE, id="ampersand"),
        pytest.param("?n=a%20%3A%2F%2F(clickid)", "?n=a%20%3A%2F%2F" + ONCE, id="no-scheme"),
        pytest.param("?q=%3Fx%23(clickid)", "?q=%3Fx%23" + ONCE, id="question-mark"),
        pytest.param("?q=a%5B(clickid)%5D", "?q=a%5B" + ONCE + "%5D", id="bracket-after-text"),
        pytest.param("?q=a%3D(clickid)", "?q=a%3D" + TWICE, id="name"),
        pytest.param("?q=https%3A%2F%2F(clickid)", "?q=https%3A%2F%2F" + TWICE, id="host"),
        pytest.param("?q=app%3a%2f%2fx%2f(clickid)", "?q=app%3a%2f%2fx%2f" + TWICE, id="lower-case"),
        pytest.param("?q=https%3A//x/(clickid)", "?q=https%3A//x/" + TWICE, id="half-encoded"),
        pytest.param("?https%3A%2F%2Fx%3Fid%3D(clickid)", "?https%3A%2F%2Fx%3Fid%3D" + TWICE, id="nameless"),
        pytest.param("/to/https%3A%2F%2Fx%2F(clickid)", "/to/https%3A%2F%2Fx%2F" + TWICE, id="path"),
        pytest.param("/https%3A%2F%2Fx%2F/(clickid)", "/https%3A%2F%2Fx%2F/" + ONCE, id="next-segment"),
        pytest.param("#u=https%3A%2F%2Fx%2F(clickid)", "#u=https%3A%2F%2Fx%2F" + TWICE, id="fragment"),
        pytest.param("#u=a%3D1&b=(clickid)", "#u=a%3D1&b=" + ONCE, id="next-pair-of-fragment"),
        pytest.param("?u=a%3D1%26b%2F(clickid)", "?u=a%3D1%26b%2F" + TWICE, id="next-inner-pair"),
        pytest.param("?u=a%3Db%253D%253F1%26c%3D(clickid)", "?u=a%3Db%253D%253F1%26c%3D" + TWICE, id="back-out"),
        pytest.param("?u=b%253D%3Fc(clickid)", "?u=b%253D%3Fc" + TWICE, id="back-out-at-a-question-mark"),
        pytest.param("?u=b%253D%23c(clickid)", "?u=b%253D%23c" + TWICE, id="back-out-at-a-fragment"),
        pytest.param("?u=b%253Dx%3A%2F%2F(clickid)", "?u=b%253Dx%3A%2F%2F" + TWICE, id="back-out-at-a-scheme"),
        pytest.param("?u=b%253D%3D(clickid)", "?u=b%253D%3D" + TWICE, id="back-out-at-an-equals-sign"),
        pytest.param("?u=b%253D%3A(clickid)", "?u=b%253D%3A" + quote(TWICE, safe=""), id="not-out-at-a-colon"),
        pytest.param("?a=x%3D;b=(clickid)", "?a=x%3D;b=" + ONCE, id="semicolons"),
        pytest.param('?d={"n":"(clickid)"}', '?d={"n":"' + IN_JSON + '"}', id="json"),
        pytest.param('?d=["(clickid)",1]', '?d=["' + IN_JSON + '",1]', id="json-array"),
        pytest.param(
            "?d=%7B%22n%22%3A%22(clickid)%22%7D", "?d=%7B%22n%22%3A%22" + IN_JSON + "%22%7D", id="json-encoded"
        ),
        pytest.param('/x/{"n":"(clickid)"}', '/x/{"n":"' + IN_JSON + '"}', id="json-in-the-path"),
        pytest.param('#d={"n":"(clickid)"}', '#d={"n":"' + IN_JSON + '"}', id="json-in-the-fragment"),
        pytest.param('?{"n":"(clickid)"}', '?{"n":"' + IN_JSON + '"}', id="json-nameless"),
        pytest.param('?d={"(clickid)":1}', '?d={"' + IN_JSON + '":1}', id="json-key"),
        pytest.param('?d={"n":(clickid)}', '?d={"n":%22' + IN_JSON + "%22}", id="json-value"),
        pytest.param(
            '?d={"u":"x:\\/\\/y?a=(clickid)"}',
            '?d={"u":"x:\\/\\/y?a=' + quote(ONCE, safe="") + '"}',
            id="url-in-raw-json",
        ),
        pytest.param('?d={"n":"a=(clickid)"}', '?d={"n":"a=' + IN_JSON + '"}', id="text-in-raw-json"),
        pytest.param('?d={"n":"\\u0078y(clickid)"}', '?d={"n":"\\u0078y' + IN_JSON + '"}', id="escape-in-json"),
        pytest.param('?d={"n":"\\u0078(clickid)"}', '?d={"n":"\\u0078' + IN_JSON + '"}', id="only-an-escape"),
        pytest.param("?d=[{},(clickid)]", "?d=[{},%22" + IN_JSON + "%22]", id="empty-object"),
        pytest.param('?d={"n":"%C3%A9%250(clickid)"}', '?d={"n":"%C3%A9%250' + IN_JSON + '"}', id="bytes-in-json"),
        pytest.param('?d={"n":"(clickid)', '?d={"n":"' + ONCE, id="unfinished-json"),
        pytest.param("?d={(clickid)}", "?d={" + ONCE + "}", id="braces-are-not-json"),
        pytest.param("?d=[-(clickid)]", "?d=[-" + ONCE + "]", id="part-of-a-number-is-not-json"),
        pytest.param('?d={"n":%2522(clickid)}', '?d={"n":%2522' + ONCE + "}", id="deeper-quotes-are-not-json"),
        pytest.param("?d=[NaN,(clickid)]", "?d=[NaN," + ONCE + "]", id="nan-is-not-json"),
        pytest.param('{"n":"(clickid)"}', '{"n":"' + ONCE + '"}', id="a-body-is-not-in-a-url"),
        pytest.param("?d=%25zz%2Fa(clickid)", "?d=%25zz%2Fa" + ONCE, id="percent-sign-encoded"),
        pytest.param(
            "?d=%257B%2522n%2522%253A%2522(clickid)%2522%257D",
            "?d=%257B%2522n%2522%253A%2522" + IN_JSON_TWICE + "%2522%257D",
            id="json-encoded-twice",
        ),
    ],
)
def test_value_is_escaped_for_what_is_around_it(source, sent):
    event = Event(link={"click_id": NASTY})
    assert both(source, event, ignore="ME") == sent


def second_value(url: str) -> str:
    """Return the second parameter, which three libraries read alike."""
    ada = can_ada.parse(url)
    parameters = can_ada.URLSearchParams(ada.search)
    queries = (
        parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)[1][1],
        yarl.URL(url).query["u"],
        [*parameters.values()][1],
    )
    assert len(set(queries)) == 1
    return queries[0]


def last_segment(url: str) -> str:
    segments = (urlsplit(url).path, yarl.URL(url).raw_path, can_ada.parse(url).pathname)
    [segment] = {unquote(path.rpartition("/")[2]) for path in segments}
    return segment


def fragment_of(url: str) -> str:
    [fragment] = {unquote(urlsplit(url).fragment), yarl.URL(url).fragment, unquote(can_ada.parse(url).hash[1:])}
    return fragment


def query_of(url: str) -> str:
    [query] = {
        unquote(urlsplit(url).query),
        unquote(yarl.URL(url).raw_query_string),
        unquote(can_ada.parse(url).search[1:]),
    }
    return query


LAYERS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "url": (lambda inner: "https://n.example/pb?x=1&u=" + quote(inner, safe="()"), second_value),
    "path": (lambda inner: "https://n.example/to/" + quote(inner, safe="()"), last_segment),
    "fragment": (lambda inner: "https://n.example/#" + quote(inner, safe="()"), fragment_of),
    "nameless": (lambda inner: "https://n.example/?" + quote(inner, safe="()"), query_of),
    "json": (lambda inner: json.dumps({"x": 1, "u": inner}), lambda text: json.loads(text)["u"]),
}

values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.text(st.sampled_from('a&=?#/\\:@%2.+ ;"{}[],\r\n\t\0é'), max_size=5),
    st.sampled_from(["%22", '","x":"', "%26c%3D1", "41", "\\", "\\u0022", "https://x/?a=b"]),
)


@pytest.mark.slow
@reaching(awkward=50, deep=40)
@given(
    value=values,
    layers=st.lists(st.sampled_from([*LAYERS]), min_size=1, max_size=4),
    lower=st.booleans(),
    innermost=st.sampled_from(["https://x.example/a?u=(clickid)&b=c", '{"n":"(clickid)"}', '["b",{"c":"(clickid)"}]']),
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_innermost_receiver_reads_the_value(value, layers, lower, innermost):
    source = innermost
    reached(*["awkward"] * (quote(value, safe="") != value), *["deep"] * (len(layers) > 1))
    layers = [*layers, "url"]
    for layer in layers:
        source = LAYERS[layer][0](source)
    if lower:
        source = lowered(source)
    event = Event(link={"click_id": value})
    text = both(source, event)
    for layer in reversed(layers):
        text = LAYERS[layer][1](text)
    if innermost.startswith("https"):
        assert parse_qsl(urlsplit(text).query, keep_blank_values=True) == [("u", value), ("b", "c")]
    else:
        filled = json.dumps(json.loads(innermost)).replace('"(clickid)"', json.dumps(value))
        assert json.loads(text) == json.loads(filled)


def lowered(source: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), source)


@pytest.mark.parametrize(
    ("macro", "value", "sent"),
    [
        pytest.param("(clickid)", 12, "12", id="int"),
        pytest.param("(clickid)", 1.5, "1.5", id="float"),
        pytest.param("(clickid)", "12", '"12"', id="text"),
        pytest.param("(is_lat)", True, "true", id="boolean"),
        pytest.param("(is_lat)", "false", "false", id="boolean-text"),
        pytest.param("(is_lat)", "no", '"no"', id="no-boolean-text"),
        pytest.param("(att-0-1)", True, "1", id="flag"),
        pytest.param("(install_unix_ts)", "1451921160", "1451921160", id="time-text"),
        pytest.param("(install_unix_ts)", "01", '"01"', id="no-number-text"),
        pytest.param("(sha1-idfa)", "a", json.dumps(SHA1_OF_A), id="hash"),
        pytest.param("(sha1-idfa)", "0", "null", id="no-hash"),
        pytest.param("(clickid)", None, "null", id="missing"),
    ],
)
def test_whole_json_value_is_written_by_type(macro, value, sent):
    spec_of = {"clickid": ("link", "click_id"), "is_lat": ("sdk", "is_lat"), "att-0-1": ("sdk", "att_0_1")}
    source, field = spec_of.get(macro[1:-1], ("sdk", "idfa" if "idfa" in macro else "install_unix_ts"))
    event = Event(**{source: {field: value}})
    assert unquote(both(f"?d=%7B%22n%22%3A{macro}%7D", event)) == f'?d={{"n":{sent}}}'


def test_times_and_event_values_are_whole_json_values():
    time = datetime(2016, 1, 4, tzinfo=UTC)
    event = Event(sdk={"install_time": time, "install_unix_ts": time})
    assert unquote(both("?d=[(install_time),(install_unix_ts)]", event)) == '?d=["2016-01-04 00:00:00",1451865600]'
    for value, sent in (({"a": "é"}, '{"a":"é"}'), ('{"a":1}', '{"a":1}'), ("{a}", '"{a}"'), ("NaN", '"NaN"')):
        in_app = Event(sdk={"event_value": value}, postback="in-app")
        assert unquote(both("?d=[(encode)]", in_app, policy=Policy("in-app"))) == f"?d=[{sent}]"


@with_each(
    ("source", "missing", "sent"),
    [
        pytest.param('?d={"n":"(ip)"}', Missing.EMPTY, '?d={"n":""}', id="empty-in-a-string"),
        pytest.param('?d={"n":(ip)}', Missing.EMPTY, '?d={"n":null}', id="empty-value"),
        pytest.param('?d={"n":(ip)}&b=1', Missing.DROP, "?b=1", id="drop"),
        pytest.param('?d={"n":"(ip)"}&b=1', Missing.DROP, "?b=1", id="drop-in-a-string"),
        pytest.param('/x/{"n":(ip)}', Missing.DROP, '/x/{"n":null}', id="drop-in-the-path"),
        pytest.param('?d={"n":(ip)}', Missing.KEEP, '?d={"n":(ip)}', id="keep"),
        pytest.param('?d={"n":"(ip)"}', Default('a"b'), '?d={"n":"a%5C%22b"}', id="default-in-a-string"),
        pytest.param('?d={"n":(ip)}', Default('a"b'), '?d={"n":%22a%5C%22b%22}', id="default"),
        pytest.param('?d={"n":(ip)}', Default("0"), '?d={"n":%220%22}', id="default-of-a-text"),
        pytest.param('?d={"n":(event_revenue)}', Default("0"), '?d={"n":0}', id="default-of-a-number"),
        pytest.param('?d={"n":(event_revenue)}', Default("no"), '?d={"n":%22no%22}', id="default-that-is-no-number"),
        pytest.param("?u=a%3D(ip)%26b%3D(clickid)", Missing.DROP, "?u=b%3D1", id="first-inner-pair"),
        pytest.param("?u=b%3D(clickid)%26a%3D(ip)", Missing.DROP, "?u=b%3D1", id="last-inner-pair"),
        pytest.param("?u=x%3A%2F%2Fy%3Fa%3D(ip)&b=1", Missing.DROP, "?u=x%3A%2F%2Fy&b=1", id="whole-inner-query"),
        pytest.param("?u=x%3A%2F%2Fy%3Fa%3D(ip)%23f", Missing.DROP, "?u=x%3A%2F%2Fy%23f", id="inner-fragment-stays"),
        pytest.param("?u=x%3A%2F%2F(ip)%3Fa%3D1&b=1", Missing.DROP, "?b=1", id="outer-pair"),
        pytest.param(
            "?u=x%3A%2F%2Fy%3Fv%3Dz%253A%252F%252Fw%253Fa%253D(ip)%2526b%253D1%26c%3D2",
            Missing.DROP,
            "?u=x%3A%2F%2Fy%3Fv%3Dz%253A%252F%252Fw%253Fb%253D1%26c%3D2",
            id="two-deep",
        ),
        pytest.param("/x%3A%2F%2Fy%3Fa%3D(ip)%26b%3D1/z", Missing.DROP, "/x%3A%2F%2Fy%3Fb%3D1/z", id="in-the-path"),
        pytest.param("/x/(ip)%3D1/z", Missing.DROP, "/x//z", id="name-of-an-inner-pair"),
        pytest.param("#x%3A%2F%2Fy%3Fa%3D(ip)%26b%3D1", Missing.DROP, "#x%3A%2F%2Fy%3Fb%3D1", id="in-the-fragment"),
        pytest.param("?u=a%3D(ip)%26%26b%3D1", Missing.DROP, "?u=%26b%3D1", id="empty-inner-pair"),
        pytest.param(
            "/x%3A%2F%2Fy%3Fa%3D1%26b%3D1&c%3D(ip)", Missing.DROP, "/x%3A%2F%2Fy%3Fa%3D1", id="separators-of-two-kinds"
        ),
        pytest.param("?u=%3Fa%3D(ip)&c=(clickid)", Missing.DROP, "?u=&c=1", id="relative"),
        pytest.param("?u=a%3D1&%26b%3D(ip)", Missing.DROP, "?u=a%3D1&", id="nameless-pair"),
        pytest.param("?a=(ip);b=(clickid);c=(ip)", Missing.DROP, "?b=1", id="semicolons"),
        pytest.param("?a=(ip);b=(ip)", Missing.DROP, "", id="semicolons-all"),
        pytest.param("?a=(ip);b=(clickid)", Missing.EMPTY, "?a=;b=1", id="semicolons-empty"),
        pytest.param("a=(ip);b=(clickid)", Missing.DROP, "b=1", id="semicolons-of-a-tail"),
    ],
)
def test_missing_value_leaves_what_is_around_it_whole(source, missing, sent):
    policy = Policy("in-app")
    event = Event(link={"click_id": "1"}, postback="in-app")
    assert both(source, event, missing=missing, policy=policy) == sent


def test_missing_value_in_json_can_be_refused():
    with pytest.raises(MissingValueError):
        render('?d={"n":(ip)}', Event(), missing=Missing.RAISE)


def test_withheld_value_is_missing_in_json():
    event = Event(link={"click_id": "1"}, attributed=False)
    assert both('?d={"n":(clickid)}', event, policy=Policy(send_all=True)) == '?d={"n":null}'
    assert both('?d={"n":(nosuch)}', event, policy=Policy(send_all=True), unknown="empty") == '?d={"n":null}'


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("?u=x%3A%2F%2Fy%3Fa%3D(clickid)", "?u=x%3A%2F%2Fy%3Fa%3D" + ONCE),
        (
            "?d=%7B%22u%22%3A%22x%3A%2F%2Fy%3Fa%3D(clickid)%22%7D",
            "?d=%7B%22u%22%3A%22x%3A%2F%2Fy%3Fa%3D" + IN_JSON + "%22%7D",
        ),
    ],
)
def test_urls_can_be_turned_off_and_json_cannot(source, sent):
    assert both(source, Event(link={"click_id": NASTY}), nested=False) == sent


@pytest.mark.parametrize(
    "source",
    [
        "?a=%(clickid)",
        "?a=%4(clickid)",
        "?a%(clickid)=1",
        "/a/b/.%(clickid)/pb",
        "#%2(clickid)",
        "?u=https%3A%2F%2Fx.example%3Fa%3D%25(clickid)",
        "?u=https%3A%2F%2Fx.example%3Fa%3D%254(clickid)",
        "?u=https%3A%2F%2Fx.example%3Fa%3D%25%32(clickid)",
        "?a=%source_id%(clickid)",
        "?a=%(clickid)(ip)",
        "https://%(app_id).n.example/",
    ],
)
def test_value_completes_no_escape(source):
    found = [finding for finding in check(source) if finding.code == "ME228"]
    assert [finding.severity for finding in found] == ["error"]
    with pytest.raises(TemplateError):
        compile_template(source, ignore=["ME0", "ME1", "ME221"], allow_host_macros=True)
    compiled = compile_template(source, ignore="ME", allow_host_macros=True)
    for value in ("41", "zz", None):
        event = Event(link={"click_id": value}, sdk={"app_id": value})
        with pytest.raises(RenderError, match="begins an escape"):
            compiled.render(event)
        with pytest.raises(RenderError):
            reference.render(source, event, allow_host_macros=True)
    with pytest.raises(duckdb.Error, match="begins an escape"):
        in_a_table(compiled, Event(link={"click_id": "41"}, sdk={"app_id": "41", "ip": "41"}))


@pytest.mark.parametrize(
    "source", ["?a=%25(clickid)", "?a=%41(clickid)", "?a=4(clickid)", "?a=(clickid)%", "?a=%zz(ip)"]
)
def test_text_that_completes_no_escape_is_in_order(source):
    assert "ME228" not in {finding.code for finding in check(source)}


@pytest.mark.parametrize(
    "source", ["?a=%(clickid)", "?u=x%3Dy%25(clickid)", "?u=x%3Dy%2525(clickid)", "?u=x%3Dy%25%34(clickid)"]
)
def test_fix_of_half_an_escape_leaves_none(source):
    fixed = fix(source, unsafe=True).source
    assert "ME228" not in {finding.code for finding in check(fixed)}


@pytest.mark.parametrize("value", [".", ".."])
@pytest.mark.parametrize("source", ["?u=x%3A%2F%2Fy%2F(clickid)", "?d=%7B%22u%22%3A%22x%3A%2F%2Fy%2F(clickid)%22%7D"])
def test_value_leads_to_no_other_path_of_an_inner_url(source, value):
    event = Event(link={"click_id": value})
    for renderer in (render, reference.render):
        for missing in (Missing.EMPTY, Missing.DROP):
            with pytest.raises(RenderError, match="another path"):
                renderer(source, event, missing=missing)
        assert renderer(source.replace("%2F(", "%3F("), event).count(value)


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("https://n.example/?u=a%3D(clickid)", ["ME218"]),
        ("https://n.example/u%3D(clickid)", ["ME218"]),
        ("https://n.example/?u=https%3A%2F%2Fm.example%3Fid%3D(nope)", ["ME218"]),
        ('https://n.example/?d=["(clickid)"]', ["ME220"]),
        ('https://n.example/?d=["x://y/(clickid)"]', ["ME218", "ME220"]),
        ("https://n.example/?d=a%2F(clickid)", []),
        ("https://n.example/?d=[%5D(clickid)", []),
    ],
)
def test_check_says_whether_it_is_a_url_or_json(source, codes):
    assert [finding.code for finding in check(source, select=["ME218", "ME220"])] == codes


def test_check_says_what_a_semicolon_looks_like():
    assert [finding.code for finding in check("https://n.example/?a=(ip);b=(clickid)&c=1", select="ME229")] == ["ME229"]
    for source in ("?a=(ip);b=(clickid)", "?a=(ip);b&c=1", "?a=(ip)&amp;b=1", "?a=1;2&b=(ip)"):
        assert check(source, select="ME229") == []


@pytest.mark.parametrize(
    ("query", "spans"),
    [
        ("a=1;(ip)=2", [(4, 8)]),
        ("a=(ip);(clickid)=2", [(7, 16)]),
        ("a=1;x(ip)y(clickid)z=2;(os_version)=3", [(5, 9), (10, 19), (23, 35)]),
        ("(ip)=1;(clickid)=2", [(0, 4), (7, 16)]),
        ("a=1;(ip);(clickid)=2", [(9, 18)]),
        ("a=1;b=2;(ip)=3", [(8, 12)]),
        ("a=1;(ip)", []),
        ("a=1;(ip)&b=2", []),
        ("a=1;b/(ip)=2", []),
        ("a=1;https://(ip)/?x=2", []),
        ("a=b=(ip)=2", []),
    ],
)
def test_a_macro_may_name_a_parameter_after_a_semicolon(query, spans):
    found = check(f"?{query}", select="ME217")
    assert [(finding.span.start - 1, finding.span.stop - 1) for finding in found] == spans


@pytest.mark.parametrize(
    ("query", "starts"),
    [
        ("a=1;(ip)=2", [3]),
        ("a=1;x(ip)y(clickid)z=2;b=3;(os_version)=3", [3, 22, 26]),
        ("a=1;(ip)", []),
        ("a=1;b/(ip)=2", []),
    ],
)
def test_a_macro_after_a_semicolon_names_no_parameter_where_there_is_an_ampersand(query, starts):
    found = check(f"?{query}&c=1", select=["ME217", "ME229"])
    assert [(finding.code, finding.span.start - 1) for finding in found] == [("ME229", start) for start in starts]


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('?d=["(clickid)"]', Missing.EMPTY),
        ("?u=a%3D(ip)%26b%3D1", Missing.DROP),
        ("?u=a%3D(ip)%26b%3D1&c=(clickid)", Missing.DROP),
    ],
)
def test_tables_hold_json_and_queries_of_inner_urls(source, missing):
    template = compile_template(source, missing=missing)
    for link, sdk in (({}, {}), ({"click_id": NASTY}, {}), ({"click_id": "1"}, {"ip": "::1"})):
        assert in_a_table(template, Event(link, sdk)) == template.render(Event(link, sdk))


@pytest.mark.parametrize("value", ["true", "false", "yes", "", None])
def test_tables_write_a_flag_in_json_by_its_type(value):
    template = compile_template("?j=%7B%22a%22%3A(is_lat)%7D")
    assert in_a_table(template, Event(sdk={"is_lat": value})) == template.render(Event(sdk={"is_lat": value}))


def test_python_source_shows_an_inner_query():
    source = compile_template("?a=(ip)&u=a%3D(ip)", missing=Missing.DROP).python_source
    assert "_InnerQuery(query=Query(" in source


PIECES = [
    "%3D",
    "%26",
    "%253D",
    "%2526",
    "%3F",
    "%3A%2F%2F",
    "{",
    "[",
    '"',
    "%22",
    "%7B",
    "%25",
    "(ip)",
    "a",
    "\\",
    "%5C",
]


@pytest.mark.parametrize("piece", PIECES)
def test_work_is_in_proportion_to_the_template(piece):
    def lines(count: int) -> int:
        done = 0

        def counted(frame: object, event: str, argument: object) -> Any:
            nonlocal done
            done += event in ("call", "c_call")

        value = parse("?a=" + piece * count + "(ip)").query[0].value
        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            nesting(value, Part.VALUE)
        finally:
            sys.setprofile(before)
        return done

    count = min(1_000, 500 if "(" in piece else 1_000) // 4
    assert lines(4 * count) <= 4.5 * lines(count) + 100


def test_nesting_beyond_all_limits_is_left_alone():
    source = "?u=" + "".join(f"a%{'25' * level}3D" for level in range(120)) + "(clickid)"
    with pytest.raises(LimitError, match="at most 8"):
        compile_template(source, ignore="ME")


@pytest.mark.slow
def test_rendering_stops_once_a_url_is_too_long():
    deep = "".join(f"a%{'25' * level}3D" for level in range(8))
    source = "?u=" + deep + "(clickid)" * 480
    event = Event(link={"click_id": "%" * 65_536})
    for missing in (Missing.EMPTY, Missing.DROP):
        compiled = compile_template(source, missing=missing)
        tracemalloc.start()
        try:
            with pytest.raises(RenderError, match="more than 65,536"):
                compiled.render(event)
            assert tracemalloc.get_traced_memory()[1] < 200_000_000
        finally:
            tracemalloc.stop()
    many = compile_template("?" + "&".join(f"a{index}=(clickid)" for index in range(480)), missing=Missing.DROP)
    with pytest.raises(RenderError, match="more than 65,536"):
        many.render(event)


@pytest.mark.parametrize(
    ("macro", "message", "hint"),
    [
        ("%%CLICK_URL_ESC_ESC%%", "it is encoded twice", None),
        ("%%CLICK_URL_ESC%%", "it is encoded once", "an inner URL needs it twice"),
        ("%%CLICK_URL%%", "it is encoded once", None),
        ("%%SITE%%", "it is encoded twice", None),
    ],
)
def test_a_depth_in_the_name_meets_the_place_without_encoding_twice(macro, message, hint):
    template = f"https://n.example/pb?u=https%3A%2F%2Fx.example%3Fc%3D{macro}"
    [found] = check(template, dialect="gam", select="ME218")
    assert found.message.endswith(message)
    assert found.hint == hint
    value = "https://c.example/?a=b%20c"
    event = Event(platform=dict.fromkeys(("click_url", "domain"), value), sdk={"domain": value}, link={"domain": value})
    sent = render(template, event, dialect="gam").partition("%3Fc%3D")[2]
    times = {"once": 1, "twice": 2}[message.split()[-1]]
    for _ in range(times):
        sent = unquote(sent)
    assert sent == value
