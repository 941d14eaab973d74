"""The values in URLs that were sent, and the audit: each fault planted in every place where it can be."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import (
    Default,
    Event,
    Limits,
    Missing,
    Policy,
    compile_template,
    dialect,
    match,
    parse,
)
from macroengine.catalogue import Dialect
from macroengine.kinds import Source, ValueType
from macroengine.matching.faults import FAULTS
from macroengine.matching.fitting import fit
from macroengine.matching.flat import Part
from macroengine.matching.shape import Group, Hole, Parameter
from macroengine.plan.segments import Read, Step, Value
from tests.support.floors import reached, reaching
from tests.support.trying import slow_after, try_all, with_each

IDFA = "9C9A82FB-D5DE-4CD1-90C3-527441C11828"
GAID = "8e4dd44b-82ec-43d0-a5de-321f3c0b9a71"
ZEROS = "00000000-0000-0000-0000-000000000000"
SHA1_OF_NOTHING = "da39a3ee5e6b4b0d3255bfef95601890afd80709"

# A place for a macro, and how many times its value is percent-encoded there.
PLACES = {
    "path": ("https://n.example/{}/x?z=1", 1),
    "end of the path": ("https://n.example/pb/{}", 1),
    "value": ("https://n.example/pb?a={}&z=1", 1),
    "value after text": ("https://n.example/pb?z=1&a=x-{}", 1),
    "value before text": ("https://n.example/pb?a={}%7Cx", 1),
    "value beside a value": ("https://n.example/pb?a={}%7C(city)", 1),
    "name": ("https://n.example/pb?{}=1&z=2", 1),
    "value after a semicolon": ("https://n.example/pb?z=1;a={};y=2", 1),
    "fragment": ("https://n.example/pb?z=1#{}", 1),
    "end of a template": ("z=1&a={}", 1),
    "without a server": ("/pb?a={}", 1),
    "URL inside": ("https://n.example/pb?u=https%3A%2F%2Fx%3Fid%3D{}%26b%3D1", 2),
    "path of a URL inside": ("https://n.example/pb?u=https%3A%2F%2Fx%2F{}%2Fy", 2),
    "URL inside a URL inside": ("https://n.example/pb?u=https%3A%2F%2Fx%3Fv%3Dhttps%253A%252F%252Fy%253Fa%253D{}", 3),
    "JSON": ('https://n.example/pb?j={{"a":"{}"}}', 1),
    "encoded JSON": ("https://n.example/pb?j=%7B%22a%22%3A%22{}%22%7D", 1),
}


def encoded(text, times):
    for _ in range(times):
        text = quote(text, safe="")
    return text


# The macro, a text, how many times more than it should it is encoded in the URL (None: not at all), and what is found.
FAULTS_OF_VALUES = {
    "a macro": ("clickid", "(clickid)", None, "literal-macro"),
    "an encoded macro": ("clickid", "(clickid)", 0, "literal-macro"),
    "a macro of another platform": ("clickid", "{click_id}", 0, "literal-macro"),
    "a macro of a third platform": ("clickid", "${(click_id)!}", 0, "literal-macro"),
    "encoded twice": ("clickid", "a b", 1, "double-encoded"),
    "encoded three times": ("clickid", "a/b", 2, "double-encoded"),
    "not encoded": ("clickid", "a:b", -1, "not-encoded"),
    "a space": ("clickid", "a b", -1, "not-encoded"),
    "a plus for a space": ("clickid", "a+b", None, "not-encoded"),
    "not an escape": ("clickid", "%zz", None, "not-encoded"),
    "half an escape": ("clickid", "a%4", None, "not-encoded"),
    "a letter that is not ASCII": ("clickid", "ü", None, "not-encoded"),
    "half a surrogate pair": ("clickid", "\ud800", None, "not-encoded"),
    "bytes that are not UTF-8": ("clickid", "%FF", -1, "bad-encoding"),
    "cut UTF-8": ("clickid", "a%C3", -1, "bad-encoding"),
    "lower-case escapes": ("clickid", "a%2fb", -1, "wrong-case"),
    "an IDFA in lower case": ("idfa", IDFA.lower(), None, "wrong-case"),
    "an advertising id in upper case": ("advertising_id", GAID.upper(), None, "wrong-case"),
    "a hash in upper case": ("sha1-idfa", "A" * 40, None, "wrong-case"),
    "an identifier of zeros": ("idfa", ZEROS, None, "empty-identifier"),
    "an empty identifier": ("idfa", "", None, "empty-identifier"),
    "an empty click id": ("clickid", "", None, "empty-identifier"),
    "the hash of nothing": ("sha1-idfa", SHA1_OF_NOTHING, None, "empty-identifier"),
    "not a hash": ("sha1-idfa", IDFA, None, "wrong-value"),
    "an email address": ("clickid", "a@b.example", 0, "wrong-value"),
    "an IP address": ("country_code", "192.0.2.1", None, "wrong-value"),
    "a User-Agent": ("clickid", "Mozilla/5.0 (iPad)", 0, "wrong-value"),
    "milliseconds": ("install_unix_ts", "1451899560000", None, "wrong-value"),
    "a word for a number": ("event_revenue", "USD", None, "wrong-value"),
    "a word for a UUID": ("idfa", "iphone", None, "wrong-value"),
    "a word for no value": ("clickid", "undefined", None, "empty-identifier"),
    "null for a hash": ("sha1-idfa", "null", None, "wrong-value"),
}


def names(found):
    return [diagnostic.name for diagnostic in found.diagnostics]


@pytest.mark.parametrize("fault", FAULTS_OF_VALUES)
def test_a_fault_of_a_value_is_found_in_every_place(fault):
    macro, text, more, name = FAULTS_OF_VALUES[fault]

    def attempt(place):
        written, times = place
        raw = encoded(text, 0 if more is None else times + more)
        url = written.format(raw).replace("(city)", "x")
        found = match(written.format(f"({macro})"), url)
        assert name in names(found), (url, found.diagnostics)
        about = [one for one in found.diagnostics if one.name == name]
        assert all(0 <= one.span.start <= one.span.stop <= len(url) for one in about)
        assert any(url[one.span.start : one.span.stop] in raw for one in about)
        words = name if name == "double-encoded" else name.replace("-", " ")
        assert all(words in one.message for one in about)

    try_all(PLACES, attempt)


@pytest.mark.parametrize("text", ["a b/ü?&=#", "a-b_c.d~e", "5", "a;b%41+"])
def test_a_good_value_is_read_in_every_place_and_nothing_is_found(text):
    def attempt(place):
        written, times = place
        url = written.format(encoded(text, times)).replace("(city)", "x")
        found = match(written.format("(clickid)"), url)
        assert (found.values["click_id"], names(found)) == (text, [])

    try_all(PLACES, attempt)


T = "https://n.example/pb?c=(clickid)&t=install&cc=(country_code)"


@pytest.mark.parametrize(
    ("template", "url", "values", "expected"),
    [
        ("https://n.example/pb?c=(clickid)&", "https://n.example/pb?c=1&_=2", {"click_id": "1"}, ["unknown-parameter"]),
        ("https://n.example/pb?&&c=(clickid)", "https://n.example/pb?c=1&-", {"click_id": "1"}, ["unknown-parameter"]),
        ("https://n.example/pb?=(clickid)", "https://n.example/pb?_=1", {}, ["unknown-parameter", "missing-parameter"]),
        ("https://n.example/pb?-=(clickid)", "https://n.example/pb?_=1", {"click_id": "1"}, ["wrong-case"]),
    ],
)
def test_a_parameter_of_marks_alone_is_not_one_without_a_name(template, url, values, expected):
    found = match(template, url)
    assert (dict(found.values), names(found)) == (values, expected)


def test_a_fragment_that_was_not_sent_is_missing():
    found = match("https://n.example/pb?c=(clickid)#p=(ip)", "https://n.example/pb?c=1")
    [finding] = found.diagnostics
    assert (finding.name, finding.message) == ("missing-parameter", "missing parameter: the URL has no fragment")
    assert finding.hint == "clients do not send what follows '#'; move its macros into the query"
    assert match("https://n.example/pb?c=(clickid)#p", "https://n.example/pb?c=1").diagnostics == ()


def test_many_unknown_parameters_are_counted_in_the_end():
    extra = "&".join(f"x{number}=1" for number in range(1_060))
    found = match("https://n.example/pb?c=(clickid)", f"https://n.example/pb?c=1&{extra}")
    *listed, last = found.diagnostics
    assert [diagnostic.message for diagnostic in listed] == [f"unknown parameter 'x{number}'" for number in range(50)]
    assert last.message == "1,010 more unknown or repeated parameters"
    assert last.source[last.span.start : last.span.stop].startswith("x50=1&x51=1")


@with_each(
    ("url", "expected", "said"),
    [
        ("https://n.example/pb?t=install&cc=DE", ["missing-parameter"], "missing parameter 'c'"),
        ("https://n.example/pb?c=1&cc=DE", ["missing-parameter"], "missing parameter 't'"),
        ("https://n.example/pb", ["missing-parameter"] * 3, "missing parameter 'c'"),
        ("https://n.example/pb?x=5&c=1&t=install&cc=DE", ["unknown-parameter"], "unknown parameter 'x'"),
        ("https://n.example/pb?c=1&t=install&cc=DE&%78", ["unknown-parameter"], "unknown parameter 'x'"),
        ("https://n.example/pb?c=1&c=1&t=install&cc=DE", ["repeated-parameter"], "repeated parameter 'c'"),
        ("https://n.example/pb?c=1&t=install&cc=DE&t=install", ["repeated-parameter"], "repeated parameter 't'"),
        ("https://n.example/pb?C=1&t=install&cc=DE", ["wrong-case"], "wrong case: parameter 'C' is 'c'"),
        ("https://n.example/pb?c=1&t=install&cc=DE#x", ["not-encoded"], "'#' begins a fragment"),
        ("https://n.example/pb?c=1&t=Install&cc=DE", ["other-template"], "in parameter 't' is 'Install'"),
        ("https://n.example/pc?c=1&t=install&cc=DE", ["other-template"], "is 'c', where this template has 'b'"),
        ("https://n.example/pb2?c=1&t=install&cc=DE", ["other-template"], "is '2', where this template has nothing"),
        ("https://n.example/p?c=1&t=install&cc=DE", ["other-template"], "is nothing, where this template has 'b'"),
        ("https://m.example/pb?c=1&t=install&cc=DE", ["other-template"], "'m.example/pb', where"),
        ("http://n.example/pb?c=1&t=install&cc=DE", ["other-template"], "is '://n.example/pb', where"),
        ("a b", ["not-a-url"], "not a URL: 'a b'"),
        ("", ["not-a-url"], "not a URL: ''"),
        ("\ud800%zz\0", ["not-a-url"], "not a URL"),
        ("c=1&t=install&cc=DE", ["not-a-url"], "not a URL"),
    ],
)
def test_a_fault_of_the_url(url, expected, said):
    found = match(T, url)
    assert names(found) == expected
    assert said in found.diagnostics[0].message


def test_a_letter_that_differs_from_the_text_of_the_template_is_found():
    url = "https://n.example/pb?c=1&t=install&cc=DE"
    template = T.replace("(clickid)", "1").replace("(country_code)", "DE")
    assert names(match(template, url)) == []
    others = [f"{url[:at]}Z{url[at + 1 :]}" for at in range(len(url))]
    assert [other for other in others if names(match(template, other)) == []] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://n.example/pb?cc=DE&t=install&c=1",
        "HTTPS://N.EXAMPLE/pb?c=1&t=install&cc=DE",
        "https://n.example/pb?&c=1&&t=install&cc=DE&",
        "https://n.example/pb/?c=1&t=install&cc=DE",
        "/pb?c=1&t=install&cc=DE",
        "https://n.example/pb?%63=1&t=%69nstall&cc=DE",
    ],
)
def test_what_says_the_same_is_read_alike(url):
    found = match(T.replace("t=install", "t=%69nstall") if "%69" in url else T, url)
    assert (found.values, names(found)) == ({"click_id": "1", "country_code": "DE"}, [])


# What is missing


def test_what_is_missing_is_no_value():
    found = match("https://n.example/pb?cc=(country_code)&e=(event_name)", "https://n.example/pb?cc=&e=a")
    assert (found.values, names(found)) == ({"event_name": "a"}, [])


@pytest.mark.parametrize("missing", [Missing.EMPTY, Missing.KEEP, Missing.DROP, "keep", Missing.RAISE])
def test_a_value_that_is_missing_or_withheld_is_no_value(missing):
    source = "https://n.example/pb?c=(clickid)&u=https%3A%2F%2Fx%3Fid%3D(city)%26b%3D(ip)&cc=(country_code)"
    template = compile_template(source, missing={"*": missing, "ip": "empty"}, policy=Policy(send_all=True))
    event = Event({"click_id": "1"}, {}, {"country_code": "DE", "city": "Bonn"}, attributed=missing is Missing.RAISE)
    url = template.render(event)
    withheld = {spec.field for spec in dialect("appsflyer").macros.values() if not spec.send_all}
    due = {"click_id": "1", "country_code": "DE", "city": "Bonn"}
    if not event.attributed:
        due = {field: value for field, value in due.items() if field not in withheld}
    found = template.match(url, event=event)
    assert found.values == due
    assert not {"missing-parameter", "different-value", "other-template"} & {*names(found)}


def test_the_text_of_a_default_is_no_value_and_the_documented_one_neither():
    template = compile_template("https://n.example/pb?c=(clickid)", missing={"*": "empty", "clickid": "keep"})
    assert template.match(template.render(Event())).values == {}
    vast = compile_template("https://n.example/pb?c=[CLIENTUA]", dialect="vast")
    assert vast.match(vast.render(Event())).values == {}


def test_a_parameter_that_may_be_dropped_is_no_loss_unless_the_event_has_its_value():
    template = compile_template("https://n.example/pb?c=(clickid)&cc=(country_code)", missing="drop")
    found = template.match("https://n.example/pb?cc=DE")
    assert (found.values, names(found)) == ({"country_code": "DE"}, [])
    event = Event({"click_id": "1"}, {}, {"country_code": "DE"})
    (diagnostic,) = template.match("https://n.example/pb?cc=DE", event=event).diagnostics
    assert diagnostic.message == "missing parameter 'c': the event has a value for 'clickid'"
    found = template.match("https://n.example/pb?c=", event=event)
    assert sorted(names(found)) == ["different-value", "empty-identifier", "missing-parameter"]
    assert names(template.match("https://n.example/pb")) == []


def test_a_value_that_the_event_lacks_is_told():
    template = compile_template("https://n.example/pb?c=(clickid)&cc=(country_code)")
    found = template.match("https://n.example/pb?c=1&cc=DE", event=Event({"click_id": "1"}))
    assert [one.message for one in found.diagnostics] == [
        "different value: 'country_code' was sent, and is missing in the event"
    ]


# Compared with an event


EVENT = Event({"click_id": "a b"}, {"idfa": IDFA}, {"country_code": "DE"})
WITH_HASH = "https://n.example/pb?c=(clickid)&i=(sha1-idfa)&d=(idfa)&cc=(country_code)"
GOOD = compile_template(WITH_HASH).render(EVENT)


@pytest.mark.parametrize("template", [WITH_HASH, parse(WITH_HASH), compile_template(WITH_HASH)])
def test_a_hash_is_named_by_function_and_field_and_verified(template):
    found = match(template, GOOD, event=EVENT)
    assert found.hashes == {"sha1-idfa": "1d074de42d20d6c1e6e1baab6aac850e4f476554"}
    assert (found.values, names(found)) == ({"click_id": "a b", "idfa": IDFA, "country_code": "DE"}, [])
    assert match(template, GOOD).hashes == found.hashes
    wrong = match(template, GOOD.replace("1d07", "2d07"), event=EVENT)
    assert [one.name for one in wrong.diagnostics] == ["different-value"]
    assert wrong.diagnostics[0].hint == "the event has '1d074de42d20d6c1e6e1baab6aac850e4f476554'"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("c=a%20b", "c=a%20c", ["different-value"]),
        ("c=a%20b", "c=a%2520b", ["double-encoded"]),
        ("c=a%20b", "c=a+b", ["not-encoded"]),
        ("c=a%20b", "c=A%20b", ["wrong-case"]),
        ("c=a%20b", "c=", ["empty-identifier", "different-value"]),
        ("cc=DE", "cc=US", ["different-value"]),
        ("cc=DE", "cc=(country_code)", ["different-value", "literal-macro"]),
        (f"d={IDFA}", f"d={IDFA.lower()}", ["wrong-case"]),
        ("1d074de42d20d6c1e6e1baab6aac850e4f476554", "1D074DE42D20D6C1E6E1BAAB6AAC850E4F476554", ["wrong-case"]),
        (f"&d={IDFA}", "", ["missing-parameter"]),
        ("/pb", "/pc", ["other-template"]),
        ("c=a%20b", "c=a%2562", ["different-value"]),
        ("&cc=DE", "", ["missing-parameter"]),
    ],
)
def test_each_value_is_compared_with_what_would_have_been_sent(old, new, expected):
    assert old in GOOD
    found = match(WITH_HASH, GOOD.replace(old, new), event=EVENT)
    assert sorted(names(found)) == sorted(expected)


def test_what_looks_like_a_fault_and_is_in_the_event_is_none():
    event = Event({"click_id": "a%20b"}, {"idfa": IDFA.lower()}, {"country_code": "192.0.2.1"})
    url = compile_template(WITH_HASH).render(event)
    assert names(match(WITH_HASH, url)) == ["double-encoded", "wrong-case", "wrong-value"]
    assert names(match(WITH_HASH, url, event=event)) == []


def test_an_event_that_is_not_sent_is_told():
    template = compile_template(WITH_HASH)
    for event in (Event(postback="in-app"), Event(attributed=False), Event({"click_id": object()})):
        found = template.match(GOOD, event=event)
        assert names(found) == ["not-sent"]
        assert found.values["click_id"] == "a b"
    # Of a string, the policy is not known.
    assert "not-sent" not in names(match(WITH_HASH, GOOD, event=Event(postback="in-app")))


# Several macros, and alternatives


@pytest.mark.parametrize(
    ("value", "text", "values"),
    [
        ("(country_code)-(city)", "DE-Bonn", {"country_code": "DE", "city": "Bonn"}),
        ("(country_code)-(city)", "DE-Bad-Ems", {}),
        ("(country_code)%7C(city)%7C(ip)", "DE%7C%7C1", {"country_code": "DE", "ip": "1"}),
        ("(country_code)(city)", "DEBonn", {}),
        ("(country_code)(city)", "", {}),
        ("(country_code)(city)-(ip)", "DEBonn-1", {"ip": "1"}),
        ("x(country_code)x(city)x", "xDExBonnx", {"country_code": "DE", "city": "Bonn"}),
    ],
)
def test_several_macros_are_read_where_text_separates_them(value, text, values):
    found = match(f"https://n.example/pb?a={value}", f"https://n.example/pb?a={text}")
    assert found.values == values
    assert set(names(found)) == ({"ambiguous"} if len(values) < 2 and text else set())


def test_values_of_one_field_that_differ_are_ambiguous():
    template = "https://n.example/pb?a=(country_code)&b=(country_code)"
    assert match(template, "https://n.example/pb?a=DE&b=DE").values == {"country_code": "DE"}
    found = match(template, "https://n.example/pb?a=DE&b=US")
    assert (found.values, names(found)) == ({}, ["ambiguous"])


@pytest.mark.parametrize(
    ("source", "query", "values", "expected"),
    [
        ("a=(ip)&a=(city)", "a=1&a=2", {"ip": "1", "city": "2"}, []),
        ("a=(ip)&a=x-(city)", "a=x-2", {}, ["ambiguous", "missing-parameter"]),
        ("a=(ip)&a=(city)", "a=1", {}, ["ambiguous", "missing-parameter"]),
        ("a=(ip)&a=(city)", "a=1&a=2&a=3", {}, ["ambiguous", "ambiguous", "repeated-parameter"]),
        ("(ip)=1&(city)=2", "x=1&y=2", {"ip": "x", "city": "y"}, []),
        ("(ip)=(city)&a=(country_code)", "a=1&a=2", {"ip": "a", "city": "1", "country_code": "2"}, []),
        ("(ip)&a=(city)", "&a=1", {"city": "1"}, []),
        ("(ip)=1&a=2", "a=2", {}, ["missing-parameter"]),
        ("a=(ip);b=(city)", "b=2;a=1", {"ip": "1", "city": "2"}, []),
        ("a=(ip)&a=(city)", "b=1", {}, ["missing-parameter", "unknown-parameter"]),
    ],
)
def test_parameters_with_one_name_or_none(source, query, values, expected):
    found = match(f"https://n.example/pb?{source}", f"https://n.example/pb?{query}")
    assert (found.values, sorted(names(found))) == (values, expected)


def test_alternatives_say_which_fields_fit():
    template = "https://n.example/pb?a={idfa||gps_adid}"
    found = match(template, f"https://n.example/pb?a={IDFA}", dialect="adjust")
    assert found.candidates == {"idfa": ("idfa", "advertising_id")} or found.values == {"idfa": IDFA}
    lower = match(template, f"https://n.example/pb?a={GAID}", dialect="adjust")
    assert lower.values == {"advertising_id": GAID}
    text = match("https://n.example/pb?a={tracker_name||app_name}", "https://n.example/pb?a=x", dialect="adjust")
    assert (text.values, text.candidates, names(text)) == (
        {},
        {"tracker_name": ("tracker_name", "app_name")},
        ["ambiguous"],
    )


def test_the_event_says_which_alternative_was_sent():
    source = "https://n.example/pb?a={tracker_name||app_name}"
    specs = dialect("adjust").macros
    event = Event.from_flat({specs["app_name"].field: "x"}, "adjust")
    found = match(source, "https://n.example/pb?a=x", dialect="adjust", event=event)
    assert (found.values, found.candidates, names(found)) == ({"app_name": "x"}, {}, [])


# Templates that cannot be rendered


@pytest.mark.parametrize(
    ("source", "url", "values"),
    [
        ("https://n.example/pb?a=(nope)&b=(ip)", "https://n.example/pb?a=1&b=2", {"ip": "2"}),
        ("https://(nope).n.example/(ip)", "https://x.n.example/2", {"ip": "2"}),
        ("https://(city).n.example/(ip)", "https://x.n.example/2", {"city": "x", "ip": "2"}),
        ("https://(city).n.example/(ip)", "/2", {"ip": "2"}),
        ("https://(city)", "/", {}),
        ("https://n.example/%(ip)", "https://n.example/%41", {}),
    ],
)
def test_a_template_with_errors_can_be_matched(source, url, values):
    found = match(source, url)
    assert (found.values, names(found)) == (values, [])


def test_a_template_of_any_size_can_be_matched():
    source = "https://n.example/pb?" + "&".join(f"a{index}=(ip)" for index in range(2_000))
    assert match(source, "https://n.example/pb?a7=1").values == {"ip": "1"}
    deep = "https://n.example/pb?u=" + "x%3A%2F%2Fy%3Fa%3D".replace("%", "%" + "25" * 11) + "(ip)"
    assert match(deep, deep.replace("(ip)", "1")).values == {"ip": "1"}


@pytest.mark.parametrize("length", [70_000, 1_000_000])
def test_a_url_that_is_too_long_is_refused(length):
    found = match(T, "https://n.example/pb?c=" + "ü" * length)
    assert names(found) == ["url-too-long"]
    assert (found.values, [one.text for one in found.readings]) == ({}, [None, None])
    short = compile_template(T, limits=Limits(url=30))
    assert names(short.match("https://n.example/pb?c=1&t=install&cc=DE")) == ["url-too-long"]


HOSTILE = [
    "&",
    "a&",
    "c=_&",
    "x=(ip)&",
    "{",
    "${(",
    "__A",
    "%%A",
    "%25",
    "[A",
    "{{a",
    "$$sdk(",
    "%5B",
    "a.b@",
    "1:",
    "_",
    "#",
]


@pytest.mark.parametrize("piece", slow_after(1, HOSTILE))
def test_a_hostile_url_is_read_and_reported_in_part(piece):
    source = "https://n.example/pb?c=(clickid)_(city)_(ip)&(ip)=(city)&u=x%3A%2F%2Fy%3Fa%3D(ip)%26b%3D(ip)"
    for template in (source, compile_template(source, missing="drop", ignore="ME")):
        found = match(template, "https://n.example/pb?c=" + piece * (60_000 // len(piece)))
        assert len(found.diagnostics) < 250
        assert all(one in dialect("appsflyer").fields for one in found.values)


TEXTS = st.text('ab0-._~%+&=?#;/:()[]{}"\\ \r\n\0é😀\ud800$_', max_size=30)
TEMPLATES = [
    T,
    "https://n.example/pb?c=(clickid)_(city)&(ip)=(city)&u=x%3A%2F%2Fy%3Fa%3D(ip)%26b%3D(ip)&c=(city)",
    'https://n.example/(ip)/(city)?j={"a":"(city)","b":(event_revenue)}#(ip)(city)',
    "(clickid)",
    "",
    "a=(ip)",
]


@reaching(values=20, diagnostics=50)
@given(url=TEXTS, template=st.sampled_from(TEMPLATES), missing=st.sampled_from(["empty", "drop", "keep"]))
@example(url="https://n.example/pb?c=%zz%c3%", template=T, missing="empty")
def test_no_text_raises_an_error(url, template, missing):
    compiled = compile_template(template, missing=missing, ignore="ME")
    what = set()
    for one in (url, template.replace("(ip)", url), f"https://n.example/pb?c={url}"):
        for found in (
            compiled.match(one),
            match(template, one),
            match(one, template),
            compiled.match(one, event=EVENT),
        ):
            assert {diagnostic.code for diagnostic in found.diagnostics} <= FAULTS.keys()
            for diagnostic in found.diagnostics:
                assert str(diagnostic).isprintable() or "\n" in str(diagnostic)
            what |= {name for name in ("values", "diagnostics") if getattr(found, name)}
    reached(*what)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((b"", ""), {}, "template must be a string, a Template or a CompiledTemplate, not bytes"),
        (("", b""), {}, "url must be a string, not bytes"),
        (("", ""), {"event": {}}, "event must be an Event, not dict"),
        (("", ""), {"dialect": 1}, "dialect must be"),
        ((compile_template(T), None), {}, "url must be a string, not NoneType"),
    ],
)
def test_another_type_is_an_error_that_names_the_argument(arguments, options, said):
    with pytest.raises(TypeError, match=said):
        match(*arguments, **options)


def test_a_template_keeps_its_dialect():
    with pytest.raises(ValueError, match="omit its dialect"):
        match(compile_template(T), "", dialect="adjust")
    assert match(compile_template(T), GOOD, dialect="appsflyer") == match(compile_template(T), GOOD)
    assert match(parse("https://n.example/pb?c={click_id}", "appmetrica"), "https://n.example/pb?c=1").values == {
        "click_id": "1"
    }
    assert match("https://n.example/pb?c={click_id}", "https://n.example/pb?c=1", dialect="appmetrica").values == {
        "click_id": "1"
    }


def test_the_pairs_are_those_of_the_url():
    found = match(T, "https://n.example/pb?c=a%20b&x&y=")
    assert [(pair.name, pair.value, pair.span.start) for pair in found.pairs] == [
        ("c", "a b", 21),
        ("x", None, 29),
        ("y", "", 31),
    ]


FUNCTIONS = ", ".join(f'{function} = ["id"]' for function in ("sha256", "lower", "upper", "base64", "percent2"))
OF_GID = FUNCTIONS.replace("id", "gid")
OWN = f"""
name = "own"
title = "Own"
encoding = "none"
[syntax]
forms = ["[NAME]", "[NAME:ARGUMENT]"]
name = "[a-z]+"
alternatives = "||"
[functions]
sha256 = "NAMEsha"
lower = "lowNAME"
upper = "upNAME"
base64 = "bNAME"
percent2 = "ppNAME"
[references]
own = "Own"
[macros]
id = {{ field = "idfa", source = "SDK", type = "uuid", identifier = "advertising", {FUNCTIONS}, references = ["own"] }}
gid = {{ field = "advertising_id", source = "SDK", send_all = true, {OF_GID}, references = ["own"] }}
date = {{ field = "event_date", source = "SDK", argument = "format", references = ["own"] }}
data = {{ field = "event_value", source = "SDK", type = "json", references = ["own"] }}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return Dialect.from_toml(path)


@pytest.mark.parametrize(
    ("macro", "text", "values", "expected"),
    [
        ("id", IDFA, {"idfa": IDFA}, []),
        ("lowid", IDFA.lower(), {"idfa": IDFA.lower()}, []),
        ("lowid", IDFA, {"idfa": IDFA}, ["wrong-case"]),
        ("upid", IDFA.lower(), {"idfa": IDFA.lower()}, ["wrong-case"]),
        ("bid", "OUM5QTgyRkItRDVERS00Q0QxLTkwQzMtNTI3NDQxQzExODI4", {"idfa": IDFA}, []),
        ("bid", "OUM5QTgyRkItRDVERS00Q0QxLTkwQzMtNTI3NDQxQzExODI4==", {"idfa": IDFA}, []),
        ("bid", "a", {}, ["wrong-value"]),
        ("bid", "ww==", {"idfa": "\ufffd"}, ["bad-encoding", "wrong-value"]),
        ("ppid", IDFA, {"idfa": IDFA}, []),
        ("date:Y-m-d", "2016-01-04", {"event_date": "2016-01-04"}, []),
        ("date", "2016", {"event_date": "2016"}, []),
        ("data", "[1]", {"event_value": "[1]"}, []),
    ],
)
def test_values_of_an_own_dialect_are_read(own, macro, text, values, expected):
    found = match(f"https://n.example/pb?a=[{macro}]", f"https://n.example/pb?a={text}", dialect=own)
    assert (found.values, names(found)) == (values, expected)


def test_a_sha256_is_named_and_verified(own):
    template = compile_template("https://n.example/pb?a=[idsha]&b=[lowid]&c=[id]", dialect=own)
    event = Event({}, {"idfa": IDFA})
    found = template.match(template.render(event), event=event)
    assert (found.values, [*found.hashes], names(found)) == ({"idfa": IDFA}, ["sha256-idfa"], [])


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("9.90", {"event_revenue": "9.90"}, []),
        ("%22USD%22", {"event_revenue": "USD"}, ["wrong-value"]),
        ("null", {}, []),
        ("%22a", {"event_revenue": '"a'}, ["not-encoded", "wrong-value"]),
    ],
)
def test_a_whole_json_value_is_read_by_its_type(text, values, expected):
    template = "https://n.example/pb?j=%7B%22a%22%3A(event_revenue)%7D"
    found = match(template, template.replace("(event_revenue)", text))
    assert (found.values, names(found)) == (values, expected)


def test_a_json_text_in_place_of_a_value_is_ambiguous():
    template = "https://n.example/pb?j=%7B%22a%22%3A(event_value)%7D"
    found = match(template, template.replace("(event_value)", "%22a%22"))
    assert (found.values, names(found)) == ({}, ["ambiguous"])
    assert match(template, template.replace("(event_value)", "%5B1%5D")).values == {"event_value": "[1]"}


def test_a_string_that_is_not_escaped_for_json_is_not_encoded():
    template = "https://n.example/pb?j=%7B%22a%22%3A%22(city)%22%7D"
    found = match(template, template.replace("(city)", "a%22b"))
    assert (found.values, names(found)) == ({"city": 'a"b'}, ["not-encoded"])
    assert match(template, template.replace("(city)", "a%5C%22b")).values == {"city": 'a"b'}


# URLs inside the URL whose parameters may be dropped


INSIDE = "https://n.example/pb?u=https%3A%2F%2Fx%2F(ip)%3Fa%3D(city)%26b%3D(country_code)%23f&z=1"


@pytest.mark.parametrize(
    ("inside", "values", "expected"),
    [
        ("https%3A%2F%2Fx%2F1%3Fa%3D2%26b%3D3%23f", {"ip": "1", "city": "2", "country_code": "3"}, []),
        ("https%3A%2F%2Fx%2F1%3Fb%3D3%26a%3D2%23f", {"ip": "1", "city": "2", "country_code": "3"}, []),
        ("https%3A%2F%2Fx%2F1%3Fb%3D3%23f", {"ip": "1", "country_code": "3"}, []),
        ("https%3A%2F%2Fx%2F1%23f", {"ip": "1"}, []),
        ("https%3A%2F%2Fx%2F1%3Fc%3D3%23f", {}, ["other-template"]),
        ("https%3A%2F%2Fx%2F1%3Fa%3D2%23g", {}, ["other-template"]),
        ("https%3A%2F%2Fx%2F1%3F", {}, ["other-template"]),
    ],
)
def test_a_url_inside_is_read_with_or_without_its_parameters(inside, values, expected):
    template = compile_template(INSIDE, missing={"ip": "empty", "*": "drop"}, ignore="ME")
    found = template.match(f"https://n.example/pb?u={inside}&z=1")
    assert (found.values, names(found)) == (values, expected)


@pytest.mark.parametrize(
    ("source", "url", "values"),
    [
        # What one macro may contain is the text that separates it from the others.
        ("?u=(ip)%3Fid%3D(city)", "?u=1%3Fid%3D2", {}),
        ("?u=x%3A%2F%2F(ip)%3Fid%3D(city)", "?u=x%3A%2F%2F1%3Fid%3D2", {"ip": "1", "city": "2"}),
        ("?u=x%3A%2F%2Fy%3Fid%3D(city)%23(ip)%23", "?u=x%3A%2F%2Fy%3Fid%3D2%231%23", {"ip": "1", "city": "2"}),
        ("?u=x%3A%2F%2Fy%3Fid%3D(city)x(ip)", "?u=x%3A%2F%2Fy%3Fid%3D2x1x", {}),
    ],
)
def test_what_may_be_a_parameter_inside_or_a_value_is_ambiguous(source, url, values):
    template = compile_template(f"https://n.example/pb{source}", missing="drop", ignore="ME")
    found = template.match(f"https://n.example/pb{url}")
    assert (found.values, "ambiguous" in names(found)) == (values, not values)


@pytest.mark.parametrize(
    ("name", "macros", "text"),
    [
        ("prebid-server", ("##PBS-INTEGRATION##", "##PBS-BIDDER##"), "a b*"),
        ("vast", ("[DOMAIN]", "[PLACEMENTTYPE]"), "a!'()*"),
    ],
)
def test_what_an_encoder_leaves_is_no_sign_of_another_template(name, macros, text):
    source = "https://n.example/pb?u=x%3A%2F%2Fy%2F{}%3Fa%3D{}%23f".format(*macros)
    template = compile_template(source, dialect=name, missing="drop", ignore="ME")
    [first, *_] = template.fields
    event = Event(*[{first: text}] * 3)
    found = template.match(template.render(event))
    assert (found.values, names(found)) == ({first: text}, [])


@pytest.mark.parametrize(
    "url", ["https://n.example/pb?a=1&b", "https://n.example/pb?b&a=1", "https://n.example/pb?a=1&b="]
)
def test_a_name_without_a_value_has_an_empty_one(url):
    found = match("https://n.example/pb?a=(ip)&b=(city)", url)
    assert (found.values, names(found)) == ({"ip": "1"}, [])
    assert names(match("https://n.example/pb?a=(ip)&b=1(city)", url)) == ["other-template"]


def test_a_parameter_in_another_case_is_read_like_any_other():
    found = match("https://n.example/pb?c=x-(clickid)", "https://n.example/pb?C=x-1")
    assert (found.values, names(found)) == ({"click_id": "1"}, ["wrong-case"])
    found = match("https://n.example/pb?c=x-(clickid)", "https://n.example/pb?C=y-1")
    assert sorted(names(found)) == ["other-template", "wrong-case"]


def test_lower_case_escapes_are_found_though_the_event_has_the_value():
    event = Event({"click_id": "a/b"})
    assert names(match("https://n.example/pb?c=(clickid)", "https://n.example/pb?c=a%2fb", event=event)) == [
        "wrong-case"
    ]
    # An escape of a letter is not a sign of a second encoding, until the event is asked.
    event = Event({"click_id": "aA"})
    url = "https://n.example/pb?c=a%2541"
    assert names(match("https://n.example/pb?c=(clickid)", url)) == []
    assert names(match("https://n.example/pb?c=(clickid)", url, event=event)) == ["double-encoded"]


def test_an_alternative_that_cannot_be_sent_is_none():
    specs = dialect("adjust").macros
    source = "https://n.example/pb?a={tracker_name||app_name}"
    flat = {specs["tracker_name"].field: "x", specs["app_name"].field: object()}
    found = match(source, "https://n.example/pb?a=x", dialect="adjust", event=Event.from_flat(flat, "adjust"))
    assert (found.values, names(found)) == ({"tracker_name": "x"}, [])


@pytest.mark.parametrize("missing", ["drop", "empty"])
def test_null_is_no_value(own, missing):
    template = compile_template("https://n.example/pb?j=%7B%22a%22%3A[lowid]%7D", dialect=own, missing=missing)
    found = template.match("https://n.example/pb?j=%7B%22a%22%3Anull%7D")
    assert (found.values, names(found)) == ({}, [])


def test_delimiters_of_macros_are_none_of_the_url():
    template = compile_template("https://n.example/pb?d=##PBS-DOMAIN##&c=##PBS-CHANNEL##", dialect="prebid-server")
    found = template.match("https://n.example/pb?d=##PBS-DOMAIN##&c=1")
    assert (found.values, names(found)) == ({"prebid_channel": "1"}, ["literal-macro"])
    kept = compile_template(template.source, dialect="prebid-server", missing="keep")
    assert kept.match(kept.render(Event())).values == {}


def test_what_is_always_sent_in_place_of_a_value_is_text_of_the_template():
    template = compile_template(
        "https://n.example/pb?i=(ip)-(clickid)",
        missing=Default("n/a"),
        policy=Policy(deny={"ip"}),
        ignore="ME",
    )
    assert template.match("https://n.example/pb?i=n%2Fa-1").values == {"click_id": "1"}
    assert names(template.match("https://n.example/pb?i=5-1")) == ["other-template"]


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ("a=1;b=2", {"idfa": "1", "event_value": "2"}, set()),
        # A value that is not encoded may have a semicolon in it.
        ("a=1;x;b=2", {}, {"ambiguous", "unknown-parameter"}),
    ],
)
def test_a_separator_that_a_value_may_contain_is_ambiguous(own, query, values, expected):
    found = match("https://n.example/pb?a=[id];b=[data]", f"https://n.example/pb?{query}", dialect=own)
    assert (found.values, {*names(found)} - {"wrong-value"}) == (values, expected)


def test_a_name_that_is_there_twice_stays_ambiguous_beside_a_value_that_is_not_encoded():
    source = "https://n.example/pb?a={sub_id_3};b={campaign_id};b={browser};c={_sub_id_8}"
    template = compile_template(source, dialect="keitaro", missing="drop", ignore="ME")
    found = template.match("https://n.example/pb?a=1;b=2")
    assert (found.values, {*names(found)}) == ({"af_sub3": "1"}, {"ambiguous"})


def test_a_value_with_a_separator_in_it_is_ambiguous_and_no_other_template(own):
    found = match("https://n.example/pb?a=[id]-[data];b=2", "https://n.example/pb?a=1;x-2;b=2", dialect=own)
    assert (found.values, {*names(found)}) == ({}, {"ambiguous", "unknown-parameter"})


@pytest.mark.parametrize("inside", ["a%3D1%26b%3D2", "a%3D1%26x%26b%3D2", "b%3D2", "a%3D1%26b%3D2%26b%3D3"])
def test_values_that_are_not_encoded_for_a_url_inside_are_ambiguous(inside):
    source = "https://n.example/pb?u=https%3A%2F%2Fx%3Fa%3D(ip)%26b%3D(city)"
    template = compile_template(source, missing="drop", nested=False, ignore="ME")
    found = template.match(f"https://n.example/pb?u=https%3A%2F%2Fx%3F{inside}")
    assert (found.values, {*names(found)}) == ({}, {"ambiguous"})


def test_a_parameter_that_is_always_sent_inside_a_url_must_be_there():
    template = compile_template(INSIDE.replace("b%3D(country_code)", "b%3D1"), missing="drop", ignore="ME")
    for inside in ("a%3D2", "a%3D2%26b%3D2"):
        found = template.match(f"https://n.example/pb?u=https%3A%2F%2Fx%2F1%3F{inside}%23f&z=1")
        assert (found.values, names(found)) == ({}, ["other-template"])
        assert "where this template has" in found.diagnostics[0].message


@pytest.mark.parametrize("function", ["up", "low"])
def test_an_alternative_whose_case_was_changed_is_known_from_the_event(own, function):
    source = f"https://n.example/pb?a=[{function}id||{function}gid]"
    text = GAID.upper() if function == "up" else GAID
    found = match(source, f"https://n.example/pb?a={text}", dialect=own)
    assert found.candidates == {"id": ("idfa", "advertising_id")}
    event = Event({}, {"advertising_id": GAID})
    found = match(source, f"https://n.example/pb?a={text}", dialect=own, event=event)
    assert (found.values, found.candidates) == ({"advertising_id": text}, {})


def test_a_value_right_after_a_url_inside_is_ambiguous():
    value = Value("a", (Read(Source.SDK, "a"),), ValueType.TEXT, ("", ""), (Step.PERCENT, Step.PERCENT), "")
    inside = Group("%3F", (Parameter(("a%3D", Hole(0, "a", value)), "%3D"),), "%26")
    bounds = fit(("u=", inside, Hole(1, "b", value)), Part("u=%3Fa%3D1", 0, 10))
    assert [(bound.hole.macro, bound.sure) for bound in bounds] == [("a", False), ("b", False)]


def test_an_alternative_that_is_withheld_is_not_the_one_that_was_sent(own):
    template = compile_template("https://n.example/pb?a=[id||gid]", dialect=own, policy=Policy(send_all=True))
    event = Event({}, {"idfa": object(), "advertising_id": GAID.upper()}, attributed=False)
    found = template.match(template.render(event), event=event)
    assert (found.values, found.candidates) == ({"advertising_id": GAID.upper()}, {})


def test_the_hash_of_an_alternative_is_named_by_the_event(own):
    template = compile_template("https://n.example/pb?a=[idsha||gidsha]", dialect=own)
    event = Event({}, {"advertising_id": GAID})
    url = template.render(event)
    found = template.match(url)
    assert (found.hashes, found.candidates, names(found)) == ({}, {"id": ("idfa", "advertising_id")}, ["ambiguous"])
    found = template.match(url, event=event)
    assert ([*found.hashes], found.candidates, names(found)) == (["sha256-advertising_id"], {}, [])


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ("c=1&a%5B%5D=2&n=3&Cc=DE", {"click_id": "1", "ip": "2", "city": "3", "country_code": "DE"}, ["wrong-case"]),
        ("c=1&a[]=2&%6E=3", {"click_id": "1", "ip": "2", "city": "3"}, []),
        ("c=1&a[]=2&a%5B%5D=2", {"click_id": "1", "ip": "2"}, ["unknown-parameter"]),
    ],
)
def test_a_parameter_that_may_be_dropped_is_read_in_any_spelling(query, values, expected):
    source = "https://n.example/pb?c=(clickid)&a[]=(ip)&n=(city)&cc=(country_code)"
    template = compile_template(source, missing="drop", ignore="ME")
    found = template.match(f"https://n.example/pb?{query}")
    assert (found.values, names(found)) == (values, expected)
    bare = match("%63%64=(ip)", "cd=1")
    assert (bare.values, names(bare)) == ({"ip": "1"}, [])


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ('?j={"a":"(ip)"}', "?j=%7B%22a%22:%221%22%7D"),
        ("?a=x[(ip)]|", "?a=x%5B1%5D%7C"),
        ("?a=x[(ip)]|", "?a=x[1]%7C"),
        ("/a b/(ip)?c=d", "/a%20b/1?c=d"),
        ("/a?c=d#é(ip)", "/a?c=d#%C3%A91"),
    ],
)
def test_text_that_clients_encode_is_read_as_it_is_written(source, url):
    found = match(f"https://n.example{source}", f"https://n.example{url}")
    assert (found.values, names(found)) == ({"ip": "1"}, [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("u=https://x?id=5", "not-encoded"),
        ("u=https%253A%252F%252Fx%253Fid%253D5", "double-encoded"),
        ("u=http%3A%2F%2Fx%3Fid%3D5", "other-template"),
    ],
)
def test_a_url_inside_that_is_encoded_too_often_or_not_enough(url, expected):
    found = match("https://n.example/pb?u=https%3A%2F%2Fx%3Fid%3D(ip)", f"https://n.example/pb?{url}")
    assert (found.values, names(found)) == ({}, [expected])
    assert found.diagnostics[0].message.startswith(expected if "double" in expected else expected.replace("-", " "))


@pytest.mark.parametrize("value", ["(direct)", "(not%20this)", "Sale%20(US)"])
def test_words_in_parentheses_are_values(value):
    found = match("https://n.example/pb?c=(clickid)", f"https://n.example/pb?c={value}")
    assert (found.values["click_id"], names(found)) == (value.replace("%20", " "), [])


@pytest.mark.parametrize(
    "query", ["p=${AUCTION_PRICE}&b=MS41", "p=1.5&b=${AUCTION_PRICE:B64}", "p=1.5&b=%24%7BAUCTION_PRICE%3AB64%7D"]
)
def test_a_macro_that_is_not_encoded_is_not_replaced_where_it_stands(query):
    source = "https://n.example/pb?p=${AUCTION_PRICE}&b=${AUCTION_PRICE:B64}"
    found = match(source, f"https://n.example/pb?{query}", dialect="openrtb2")
    assert (found.values, names(found)) == ({"auction_price": "1.5"}, ["literal-macro"])


@pytest.mark.parametrize(
    ("macro", "text"),
    [
        ("ip", "192.0.2.1"),
        ("ip", "2001%3Adb8%3A0%3A0%3A0%3A0%3A0%3A1"),
        ("user_agent", "Mozilla%2F5.0%20%28iPad%29"),
        ("event_revenue", "-9.90"),
        ("event_revenue", ""),
        ("idfa", "A" * 40),
        ("event_value", "a%40b.example%20and%20more"),
    ],
)
def test_what_a_macro_may_have_is_no_wrong_value(macro, text):
    assert names(match(f"https://n.example/pb?a=({macro})", f"https://n.example/pb?a={text}")) == []


@pytest.mark.parametrize("value", ["x-(clickid)", "x-%28clickid%29"])
def test_a_macro_is_reported_once(value):
    found = match("https://n.example/pb?c=x-(clickid)", f"https://n.example/pb?c={value}")
    assert names(found) == ["literal-macro"]


@pytest.mark.parametrize(("value", "expected"), [("{no_such}", ["literal-macro"]), ("a{no_such}", ["not-encoded"])])
def test_a_whole_value_that_is_written_as_a_macro_is_one_whatever_its_name(value, expected):
    found = match("https://n.example/pb?c={uagent}", f"https://n.example/pb?c={value}", dialect="affise")
    assert names(found) == expected
