"""What a rendered template is, by table and by law, for the engine and the reference alike."""

import pickle
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macroengine import (
    Default,
    Event,
    MacroEngineError,
    Missing,
    MissingValueError,
    Policy,
    RenderError,
    Source,
    SuppressedError,
    TemplateError,
    compile_template,
    dialect,
    dialect_names,
    parse,
    render,
)
from macroengine.catalogue import meanings
from macroengine.catalogue.folding import fold
from macroengine.kinds import Encoding, Function
from macroengine.testing import postbacks, reference
from macroengine.testing.reference_consent import is_withheld
from macroengine.testing.strategies import events, options, policies, values
from macroengine.testing.unsound import ALPHABET, unsound_templates
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

DIALECTS = dialect_names()
CONSENTS = [spec for name in DIALECTS for spec in dialect(name).macros.values() if spec.consent]
# What a policy forbids is a finding; without the findings it must still not be sent. Of the text of a template the
# reference judges nothing: it is sent as it is.
IGNORE = ("ME0", "ME207", "ME221", "ME228", "ME3")


@dataclass(frozen=True)
class Case:
    """All that a rendering depends on."""

    source: str
    event: Event
    options: Mapping[str, Any]


def case(source, *, attributed=True, link=(), sdk=(), platform=(), **options):
    event = Event(dict(link), dict(sdk), dict(platform), options.get("policy", Policy()).postback, attributed)
    return Case(source, event, options)


def by_engine(case):
    return compile_template(case.source, ignore=IGNORE, **case.options).render(case.event)


def by_reference(case):
    return reference.render(case.source, case.event, **case.options)


def outcome(function, *arguments):
    """Return the URL, or in its place what kind of error there is, and in which macro."""
    try:
        return function(*arguments)
    except MacroEngineError as error:
        return type(error), getattr(error, "macro", None)


def specs_of(source, name):
    found = [dialect(name).find(macro.name) for macro in parse(source, name).macros()]
    return [spec for spec, _ in filter(None, found)]


@st.composite
def cases(draw, alphabet=ALPHABET, send_all=None):
    """Draw cases: half of them such as are sent, the others whatever there may be."""
    name = draw(st.sampled_from(DIALECTS))
    if draw(st.booleans()):
        drawn = draw(postbacks(name, send_all=send_all))
        # Under its own name of the dialect, which `changes_of_withheld_values` looks up.
        return Case(drawn.source, drawn.event, {"policy": Policy(), **drawn.options, "dialect": name})
    source = draw(unsound_templates(name, alphabet=alphabet, unknown=draw(st.integers(0, 3)) == 2))
    policy = draw(policies(name))
    if send_all is not None:
        policy = replace(policy, send_all=send_all)
    macros = specs_of(source, name)
    event = draw(events(name, macros=macros, policy=policy))
    return Case(source, event, {"dialect": name, "policy": policy, **draw(options(name, macros=macros))})


def laws(examples):
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


IN_APP = Policy("in-app")
EVERYBODY = Policy(send_all=True)
ZEROS = "00000000-0000-0000-0000-000000000000"
SHA1_OF_A = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
DROP = {"missing": Missing.DROP}
IN_HOST = {"allow_host_macros": True}
RECURSIVE: list[Any] = []
RECURSIVE.append({"a": RECURSIVE})
MINUS_3 = timezone(-timedelta(hours=3))


@pytest.mark.parametrize("render", [by_engine, by_reference])
@with_each(
    ("case", "expected"),
    [
        pytest.param(case("?a=(clickid)", link={"click_id": "a b/é~"}), "?a=a%20b%2F%C3%A9~", id="rfc-3986"),
        pytest.param(case("/(clickid)?(clickid)#(clickid)", link={"click_id": "/"}), "/%2F?%2F#%2F", id="everywhere"),
        pytest.param(case("/...?..#(clickid)", link={"click_id": ".."}), "/...?..#..", id="dots-but-no-way-up"),
        pytest.param(case("/(clickid)", link={"click_id": "..."}), "/...", id="three-dots"),
        pytest.param(case("?a=(clickid)", link={"click_id": "(ip)"}, sdk={"ip": "1"}), "?a=%28ip%29", id="once"),
        pytest.param(case("?u=x%3Di%253d(clickid)", link={"click_id": "/"}), "?u=x%3Di%253d%25252F", id="nested"),
        pytest.param(case("?u=%253d%26(clickid)", link={"click_id": "/"}), "?u=%253d%26%252F", id="nearest-delimiter"),
        pytest.param(case("?u=%3D&v=(clickid)", link={"click_id": "/"}), "?u=%3D&v=%2F", id="of-the-same-value"),
        pytest.param(case("?u=%3D(clickid)", link={"click_id": "/"}, nested=False), "?u=%3D%2F", id="not-nested"),
        pytest.param(case("?a=(is_lat)(wifi)", sdk={"is_lat": True, "wifi": False}), "?a=truefalse", id="booleans"),
        pytest.param(case("?a=(is_lat)", sdk={"is_lat": True}, booleans="1/0"), "?a=1", id="booleans-as-digits"),
        pytest.param(case("?a=(att-0-1)", sdk={"att_0_1": False}), "?a=0", id="flags-are-digits"),
        pytest.param(case("?a=(ip)", sdk={"ip": 1e22}), "?a=10000000000000000000000.0", id="no-exponent"),
        pytest.param(case("?a=(ip)", sdk={"ip": Decimal("1.50")}), "?a=1.50", id="decimal"),
        pytest.param(
            case("?a=(install_time)", sdk={"install_time": datetime(2016, 1, 4, 12, 26, tzinfo=MINUS_3)}),
            "?a=2016-01-04%2015%3A26%3A00",
            id="time-in-utc",
        ),
        pytest.param(
            case("?a=(install_unix_ts)", sdk={"install_unix_ts": datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)}),
            "?a=-1",
            id="seconds-are-floored",
        ),
        pytest.param(
            case("{install_datetime}", sdk={"install_time": datetime(2016, 1, 4, tzinfo=UTC)}, dialect="appmetrica"),
            "2016-01-04T00%3A00%3A00Z",
            id="rfc-3339",
        ),
        pytest.param(
            case("?j=(encode)", sdk={"event_value": {"b": "é", "a": [1]}}, policy=IN_APP),
            "?j=%7B%22b%22%3A%22%C3%A9%22%2C%22a%22%3A%5B1%5D%7D",
            id="compact-json",
        ),
        pytest.param(
            case("?j=(encode)", sdk={"event_value": [1e16, 1e-7, Decimal("12.50"), {2: True}]}, policy=IN_APP),
            "?j=%5B10000000000000000.0%2C0.0000001%2C12.50%2C%7B%222%22%3Atrue%7D%5D",
            id="numbers-in-json",
        ),
        pytest.param(
            case("?j=(encode)", sdk={"event_value": "{}\n"}, policy=IN_APP), "?j=%7B%7D%0A", id="text-as-it-is"
        ),
        pytest.param(case("?a=(sha1-android-id)", sdk={"android_id": "A"}), f"?a={SHA1_OF_A}", id="sha1-lower"),
        pytest.param(case("?a=(sha1-idfa)", sdk={"idfa": SHA1_OF_A.upper()}), f"?a={SHA1_OF_A}", id="hashed-before"),
        pytest.param(
            case("?a=(sha1-android-id)", sdk={"android_id": SHA1_OF_A}),
            "?a=eee411109a229046154bc9d75265a9ccb23a3a9c",
            id="no-uuid-is-hashed-again",
        ),
        pytest.param(case("?a=(sha1-idfa)", sdk={"idfa": "a"}, hash_case="as-is"), f"?a={SHA1_OF_A}", id="hash-case"),
        pytest.param(
            case("?a=(sha1-idfa)", sdk={"idfa": ZEROS}, missing=Default("-/")), "?a=-%2F", id="zeros-are-missing"
        ),
        pytest.param(case("?a=(idfa)&b", sdk={"idfa": ZEROS}, **DROP), f"?a={ZEROS}&b", id="zeros-unhashed-are-not"),
        pytest.param(case("?u=%3D(clickid)", missing=Default(" ")), "?u=%3D%2520", id="default-is-encoded"),
        pytest.param(case("?u=%3D(clickid)", missing=Missing.KEEP), "?u=%3D(clickid)", id="keep-is-not"),
        pytest.param(
            case("?a=(clickid)&b=(ip)", missing={"*": Default("x"), "ip": Default("")}),
            "?a=x&b=",
            id="missing-by-macro",
        ),
        pytest.param(case("?a=(ip)", missing={"clickid": Default("x")}), "?a=", id="missing-by-macro-or-empty"),
        pytest.param(case("?a=(ip)&b=1&c=(ip)#d", **DROP), "?b=1#d", id="drop"),
        pytest.param(case("/a?b=(ip)#c", **DROP), "/a#c", id="drop-with-question-mark"),
        pytest.param(case("&a=(ip)&b=1", **DROP), "&b=1", id="drop-in-tail"),
        pytest.param(case("?&a=(ip)", **DROP), "?", id="drop-keeps-empty-pairs"),
        pytest.param(case("/(ip)?(ip)&b#(ip)", **DROP), "/?b#", id="drop-outside-the-query"),
        pytest.param(case("?a=(ip)(clickid)", link={"click_id": b""}, **DROP), "", id="drop-before-conversion"),
        pytest.param(case("?a=(x)&b=(sha1-x)", unknown="keep"), "?a=(x)&b=(sha1-x)", id="unknown-kept"),
        pytest.param(case("?a=(x)&b=(sha1-x)", unknown="empty", **DROP), "?a=&b=", id="unknown-emptied"),
        pytest.param(case("?a=(country_code)", sdk={"country_code": "DE"}), "?a=", id="not-its-source"),
        pytest.param(
            case("?a=(clickid)&b=(ip)", attributed=False, link={"click_id": "1"}, sdk={"ip": "2"}, policy=EVERYBODY),
            "?a=&b=2",
            id="withheld",
        ),
        pytest.param(
            case("?a=(sha1-idfa)(ip)", sdk={"idfa": "1", "ip": "2"}, policy=Policy(deny={"idfa"})), "?a=2", id="denied"
        ),
        pytest.param(
            case("?a=(clickid)(ip)", link={"click_id": "1"}, sdk={"ip": "2"}, policy=Policy(sources={Source.SDK})),
            "?a=2",
            id="source-not-allowed",
        ),
        pytest.param(
            case("https://a-(app_id).n.example", sdk={"app_id": "B-1"}, **IN_HOST), "https://a-B-1.n.example", id="host"
        ),
    ],
)
def test_decision(render, case, expected):
    assert render(case) == expected


@pytest.mark.parametrize("render", [by_engine, by_reference])
@with_each(
    ("case", "error"),
    [
        pytest.param(case("?a=(ip)", sdk={"ip": "\ud800"}), RenderError, id="half-a-surrogate-pair"),
        pytest.param(case("?a=(sha1-idfa)", sdk={"idfa": "\ud800"}), RenderError, id="half-a-surrogate-pair-hashed"),
        pytest.param(case("?a=(ip)", sdk={"ip": float("nan")}), RenderError, id="nan"),
        pytest.param(case("?a=(ip)", sdk={"ip": 10**400}), RenderError, id="401-digits"),
        pytest.param(case("?a=(ip)", sdk={"ip": Decimal("1" * 401)}), RenderError, id="401-digits-of-decimal"),
        pytest.param(case("?a=(ip)", sdk={"ip": Decimal("0E+401")}), RenderError, id="large-exponent"),
        pytest.param(case("?a=(ip)", sdk={"ip": Decimal("1E-400")}), RenderError, id="401-digits-with-zeros"),
        pytest.param(case("?a=(ip)", sdk={"ip": b"1"}), RenderError, id="bytes"),
        pytest.param(case("?a=(ip)", sdk={"ip": {}}), RenderError, id="json-elsewhere"),
        pytest.param(case("?a=(ip)", sdk={"ip": datetime.fromisoformat("2016-01-04")}), RenderError, id="no-time-zone"),
        pytest.param(case("?a=(ip)", sdk={"ip": datetime.max.replace(tzinfo=MINUS_3)}), RenderError, id="year-10000"),
        pytest.param(case("?a=(encode)", sdk={"event_value": [b""]}, policy=IN_APP), RenderError, id="no-json"),
        pytest.param(case("?a=(encode)", sdk={"event_value": {(): 1}}, policy=IN_APP), RenderError, id="no-json-name"),
        pytest.param(case("?a=(encode)", sdk={"event_value": RECURSIVE}, policy=IN_APP), RenderError, id="recursion"),
        pytest.param(case("?a=(ip)", missing=Missing.RAISE), MissingValueError, id="raise"),
        pytest.param(
            case("https://(app_id).n.example", missing=Default("a"), **IN_HOST), MissingValueError, id="no-host"
        ),
        pytest.param(
            case("https://(app_id).n.example", sdk={"app_id": "a.b"}, **IN_HOST), RenderError, id="dot-in-host"
        ),
        pytest.param(
            case("https://(app_id).n.example", sdk={"app_id": "a\n"}, **IN_HOST), RenderError, id="newline-in-host"
        ),
        pytest.param(case("https://(app_id).n.example", sdk={"app_id": "a"}), TemplateError, id="host-not-allowed"),
        pytest.param(case("/pb/(clickid)", link={"click_id": "."}), RenderError, id="dot-in-path"),
        pytest.param(case("/pb/(clickid)/a", link={"click_id": ".."}), RenderError, id="way-up-in-path"),
        pytest.param(case("?a=(x)"), TemplateError, id="unknown"),
        pytest.param(case("?a=", attributed=False), SuppressedError, id="not-attributed"),
        pytest.param(replace(case("?a="), event=Event(postback="in-app")), SuppressedError, id="another-kind"),
    ],
)
def test_refusal(render, case, error):
    with pytest.raises(error) as caught:
        render(case)
    assert type(caught.value) is error


@pytest.mark.parametrize("render", [by_engine, by_reference])
def test_the_longest_url(render):
    # Two bytes of UTF-8 in the literal text, and one character in nine bytes in the value.
    source = "https://n.example/é?a=(clickid)"
    room = 65_536 - len("https://n.example/éé?a=")
    longest = "x" * (room % 9) + "€" * (room // 9)
    assert len(render(case(source, link={"click_id": longest})).encode()) == 65_536
    with pytest.raises(RenderError):
        render(case(source, link={"click_id": longest + "x"}))


@pytest.mark.parametrize("render", [by_engine, by_reference])
def test_text_that_is_dropped_makes_no_url_longer(render):
    longest = "x" * (65_536 - len("?a="))
    assert render(case("?é=(clickid)&a=(ip)", sdk={"ip": longest}, **DROP)) == f"?a={longest}"


@pytest.mark.parametrize("render", [by_engine, by_reference])
@pytest.mark.parametrize("options", [{}, DROP])
def test_a_url_is_measured_after_all_values_are_sent(render, options):
    long = case("?a=%3D(clickid)&b=(ip)", link={"click_id": "é" * 12_000}, sdk={"ip": 10**400}, **options)
    with pytest.raises(RenderError) as caught:
        render(long)
    assert caught.value.macro == "ip"
    with pytest.raises(RenderError) as caught:
        render(replace(long, event=Event({"click_id": "é" * 12_000})))
    assert caught.value.macro is None


@reaching(rendered=50, filled=40, nested=5)
@given(cases())
@laws(1200)
@example(case("?a=(ip)", sdk={"ip": 10**400}))
# Of two faults, the first one is reported, wherever the query stands.
@pytest.mark.slow
@example(case("/(ip)?a=(clickid)", link={"click_id": b""}, missing={"ip": Missing.RAISE, "clickid": Missing.DROP}))
@example(
    case("?a=(ip)%3D(clickid)", link={"click_id": b""}, missing={"ip": Missing.RAISE, "clickid": Missing.DROP}),
)
def test_the_engine_renders_like_the_reference(case):
    url = outcome(by_engine, case)
    assert url == outcome(by_reference, case)
    count(case, url)


def count(case, url):
    """Count what a case reaches."""
    if isinstance(url, str):
        empty = Event(postback=case.event.postback, attributed=case.event.attributed)
        is_filled = url != outcome(by_engine, replace(case, event=empty))
        is_nested = re.search("%3D|%2F", case.source, re.IGNORECASE) is not None
        reached("rendered", *["filled"] * is_filled, *["nested"] * (is_filled and is_nested))


@cache
def fields_of_names():
    """Return, by every folded name of a macro in any dialect, the folded fields that it may mean."""
    fields = defaultdict(set)
    for spec in (spec for name in DIALECTS for spec in dialect(name).macros.values()):
        for name in (
            spec.name,
            *spec.spellings,
            *spec.legacy,
            *(name for _, names in spec.functions for name in names),
        ):
            fields[fold(name)].add(fold(spec.field))
    return fields


def denied_fields(names):
    """Return the folded fields that a policy denies. A field of theirs may be the name of another field's macro."""
    folded = {fold(name) for name in names}
    return folded.union(*(fields_of_names().get(name, ()) for name in folded))


@pytest.mark.parametrize("own", DIALECTS)
def test_every_meaning_of_a_denied_name_is_denied(own):
    specs = dialect(own).macros.values()
    for name in sorted(fields_of_names()):
        denied, expected = meanings.denied_fields(frozenset({name}), dialect(own)), denied_fields([name])
        assert [
            spec.name for spec in specs if fold(spec.field) in expected and not meanings.is_denied(spec, denied)
        ] == []


def test_a_name_is_not_denied_for_what_another_name_of_its_values_means():
    # A `pid` is a media source or, for Affise, an affiliate; only Mintegral calls a site affiliate_id.
    assert {"mediasource", "affiliateid"} < denied_fields(["pid"])
    event = Event(link={"media_source": "m", "af_siteid": "7"})
    assert by_engine(Case("?p=(pid)&s=(af_siteid)", event, {"policy": Policy(deny=["pid"])})) == "?p=&s=7"


@st.composite
def changes_of_withheld_values(draw):
    """Draw a case, and the same one with other values for all that the policy withholds, and with values gone."""
    case = draw(cases(send_all=draw(st.sampled_from([True, True, True, False]))))
    name, policy, event = case.options["dialect"], case.options["policy"], case.event
    macros = [*specs_of(case.source, name), *dialect(name).macros.values()]
    denied = denied_fields(policy.deny)
    shown = {
        (spec.source, spec.field)
        for spec in macros
        if (event.attributed or spec.send_all) and spec.source in policy.sources and fold(spec.field) not in denied
    }
    if policy.consent:
        # What says whether the user shares identifiers is not withheld, and whether others are, goes by it.
        shown -= {(spec.source, spec.field) for spec in macros if is_withheld(spec, event, dialect(name))}
        shown |= {(source, spec.field) for source in Source for spec in CONSENTS}
    changed = {
        source.lower(): {
            field: value for field, value in getattr(event, source.lower()).items() if (source, field) in shown
        }
        for source in Source
    }
    for spec in specs_of(case.source, name):
        if (spec.source, spec.field) not in shown:
            changed[spec.source.lower()][spec.field] = draw(values())
    return case, replace(case, event=replace(event, **changed))


def in_full(case):
    try:
        return by_engine(case)
    except MacroEngineError as error:
        return type(error), str(error)


@reaching(rendered=35, changed=20)
@pytest.mark.slow
@given(changes_of_withheld_values())
@laws(2000)
def test_a_withheld_value_never_shows(cases):
    case, changed = cases
    url = in_full(case)
    assert url == in_full(changed)
    if isinstance(url, str):
        # Shown, not compared: a signalling NaN refuses to be.
        reached("rendered", *["changed"] * (repr(case.event) != repr(changed.event)))


@reaching(rendered=40)
@pytest.mark.slow
@given(cases())
@laws(250)
def test_a_pickled_template_renders_the_same(case):
    try:
        template = compile_template(case.source, ignore=IGNORE, **case.options)
    except TemplateError:
        return
    url = outcome(template.render, case.event)
    assert outcome(template.render, case.event) == url
    assert outcome(pickle.loads(pickle.dumps(template)).render, case.event) == url
    reached(*["rendered"] * isinstance(url, str))


@reaching(nested=40)
@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=10)), max_size=4))
@laws(250)
def test_every_receiver_decodes_its_value(nested):
    inner = "https://x.example/?i="
    fields = ["app_name", "ip", "language", "platform"]
    prefixes = []
    for layers, _ in nested:
        prefix = inner
        for _ in range(layers):
            prefix = quote(prefix, safe="")
        prefixes.append(prefix)
    source = "?" + "&".join(f"p={prefix}({field})" for prefix, field in zip(prefixes, fields, strict=False))
    event = Event(sdk={field: value for field, (_, value) in zip(fields, nested, strict=False)})
    pairs = compile_template(source).render(event).removeprefix("?").split("&") if nested else []
    reached(*["nested"] * any(layers and value for layers, value in nested))
    for pair, (layers, value) in zip(pairs, nested, strict=True):
        text = pair.removeprefix("p=")
        for _ in range(layers):
            text = unquote(text)
        assert unquote(text.removeprefix(inner)) == value
        assert not set(text.removeprefix(inner)) & set("/?&=#+ ")


def raw_defaults(case):
    """Return the characters that are the caller's own where no value is encoded: what is sent for a missing one."""
    chosen, missing = dialect(case.options["dialect"]), case.options.get("missing", Missing.EMPTY)
    encodings = {chosen.encoding, *(spec.encoding for spec in chosen.macros.values())}
    functions = {function for spec in chosen.macros.values() for function, _ in spec.functions}
    if encodings <= _ENCODING and Function.NONE not in functions:
        return ""
    given = missing.values() if isinstance(missing, Mapping) else [missing]
    return "".join(one.text for one in given if isinstance(one, Default))


_ENCODING = {None, Encoding.PERCENT, Encoding.NFC, Encoding.COMPONENT, Encoding.FORM}


@reaching(rendered=40, filled=30)
@pytest.mark.slow
@given(cases(alphabet="".join(character for character in ALPHABET if "!" <= character <= "~")))
@laws(250)
def test_a_value_brings_nothing_that_a_url_may_not_hold(case):
    url = outcome(by_engine, case)
    own = raw_defaults(case)
    assert not isinstance(url, str) or all("!" <= character <= "~" or character in own for character in url)
    count(case, url)


@pytest.mark.parametrize("nobody", ["0", "", "00000000-0000-0000-0000-000000000000"])
def test_parameter_of_a_hash_goes_where_nobody_is_identified(nobody):
    event = Event(sdk={"idfa": nobody})
    for renderer in (render, reference.render):
        assert renderer("?a=(sha1-idfa)&b=1", event, missing=Missing.DROP) == "?b=1"
