"""Consent: which identifiers are withheld from which events, in every way to render."""

import pickle
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from types import MappingProxyType

import duckdb
import pytest

from macroengine import (
    Default,
    Dialect,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    SuppressedError,
    UnsupportedError,
    check,
    compile_template,
    dialect,
    dialect_names,
    render,
)
from macroengine.backends.duckdb import render_table, to_sql
from macroengine.catalogue.consent import consent_fields, needs_consent, sharing_words
from macroengine.kinds import Consent
from macroengine.plan.segments import values_of
from macroengine.testing import reference
from tests.support.trying import try_all, with_each

CONSENT = Policy(consent=True)
EVERYBODY = Policy(send_all=True, consent=True)
IDFA = "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"
SHA1 = "2eaf9cb1a932df18f63d09eb6b40a1df3106b32b"
URL = "https://n.example/pb?c=(clickid)&i=(idfa)&h=(sha1-idfa)"
FIELDS = ("is_lat", "att_status", "att_0_1", "tracking_enabled")
DOCUMENTED = Path(__file__).parents[2] / "docs" / "policy.md"
RENDERERS = pytest.mark.parametrize("render", [render, reference.render], ids=["engine", "reference"])


def event(**sdk):
    return Event({"click_id": "1"}, {"idfa": IDFA, **sdk})


class Odd:
    """A value that can be neither read nor compared."""

    def __eq__(self, other):
        raise ZeroDivisionError

    def __hash__(self):
        raise ZeroDivisionError


class Word(str):
    """A text of another class, which shows something else than it is."""

    __slots__ = ()
    __str__ = str.upper


SHARES = {
    "is_lat": [False, 0, "false", "False", "FALSE", "0", Decimal(0), Word("false")],
    "att_status": ["authorized", "Authorized", "AUTHORIZED", "3", 3],
    "att_0_1": [True, 1, "true", "True", "TRUE", "1"],
    "tracking_enabled": [True, 1, "true", "1"],
}
REFUSES = {
    "is_lat": [
        True,
        1,
        "true",
        "TRUE",
        "1",
        2,
        -1,
        "yes",
        "no",
        "denied",
        "null",
        " false",
        "fALSE",
        0.0,
        Decimal("0.0"),
    ],
    "att_status": [
        *("denied", "restricted", "not_determined", "0", "1", "2", 0, 1, 2, 3.0, "authorised", "aUTHORIZED"),
        *("not authorized", "authorized\n", "ATTrackingManagerAuthorizationStatusAuthorized", True, False, "true", "-"),
    ],
    "att_0_1": [False, 0, "false", "FALSE", "0", 2, 3, "authorized", "yes", 1.0, float("nan")],
    "tracking_enabled": [False, 0, "false", "0", 2],
}
ODD = [b"", b"false", (), [], {}, [False], {"a": 1}, datetime(2024, 1, 1), 1j, object(), Odd(), 10**500, float("inf")]  # noqa: DTZ001


def cells(pairs):
    """Return pairs of a field and a value under names that tell them apart; 10**500 has no name of its own."""
    return {
        f"{field} {number}, {type(value).__name__} {'' if isinstance(value, int) else repr(value)}": (field, value)
        for number, (field, value) in enumerate(pairs)
    }


@RENDERERS
def test_users_who_share_identifiers_or_say_nothing(render):
    def attempt(cell):
        assert render(URL, event(**dict([cell])), policy=CONSENT) == f"https://n.example/pb?c=1&i={IDFA}&h={SHA1}"

    pairs = [(field, value) for field, values in SHARES.items() for value in values]
    try_all(cells([*pairs, *product(FIELDS, ["", None])]), attempt)


@RENDERERS
def test_users_who_do_not(render):
    def attempt(cell):
        assert render(URL, event(**dict([cell])), policy=CONSENT) == "https://n.example/pb?c=1&i=&h="
        assert IDFA in render(URL, event(**dict([cell])))

    try_all(cells([(field, value) for field, values in REFUSES.items() for value in values]), attempt)


@RENDERERS
def test_what_cannot_be_read_withholds(render):
    def attempt(cell):
        assert render(URL, event(**dict([cell])), policy=CONSENT) == "https://n.example/pb?c=1&i=&h="

    try_all(cells(product(FIELDS, ODD)), attempt)


def test_the_table_in_the_documents_is_what_is_done():
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(field for field, _, _ in rows) == sorted(FIELDS)
    for field, shares, refuses in rows:
        found = [
            [IDFA in render(URL, event(**{field: word}), policy=CONSENT) for word in re.findall("`(.+?)`", words)]
            for words in (shares, refuses)
        ]
        assert len(found[0]) > 1
        assert len(found[1]) > 1
        assert all(found[0])
        assert not any(found[1])


@RENDERERS
@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"is_lat": True, "att_status": "authorized", "att_0_1": 1}, id="lat-against-att"),
        pytest.param({"is_lat": False, "att_status": "denied"}, id="att-against-lat"),
        pytest.param({"att_status": "authorized", "att_0_1": "0"}, id="flag-against-status"),
        pytest.param({"is_lat": "", "att_status": "", "att_0_1": False}, id="only-one-says-anything"),
    ],
)
def test_one_refusal_is_enough(render, said):
    assert render(URL, event(**said), policy=CONSENT) == "https://n.example/pb?c=1&i=&h="


@RENDERERS
@pytest.mark.parametrize("forged", ["false", "true", True, "denied", "authorized"])
@pytest.mark.parametrize("field", FIELDS)
def test_only_the_documented_source_says_anything(render, field, forged):
    """Whoever makes a link can neither withdraw a consent nor give one."""
    for said, is_sent in ((SHARES[field][0], True), (REFUSES[field][0], False), (None, True)):
        given = Event({"click_id": "1", field: forged}, {"idfa": IDFA, field: said}, {field: forged})
        assert (IDFA in render(URL, given, policy=CONSENT)) is is_sent


@RENDERERS
@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (Missing.EMPTY, "?c=1&i=&h="),
        (Missing.DROP, "?c=1"),
        (Missing.KEEP, "?c=1&i=(idfa)&h=(sha1-idfa)"),
        (Default("no/id"), "?c=1&i=no%2Fid&h=no%2Fid"),
        ({"idfa": "drop", "*": "empty"}, "?c=1"),
    ],
)
def test_withheld_is_missing(render, missing, expected):
    given = event(is_lat=True)
    assert render(URL, given, policy=CONSENT, missing=missing) == f"https://n.example/pb{expected}"


@RENDERERS
def test_an_identifier_that_must_be_there_fails_the_same_whatever_it_is(render):
    messages = set()
    for value in (IDFA, None, b"", "\ud800"):
        with pytest.raises(MissingValueError) as caught:
            render(URL, event(is_lat=True, idfa=value), policy=CONSENT, missing=Missing.RAISE)
        messages.add((str(caught.value), caught.value.macro))
    assert len(messages) == 1


@RENDERERS
@pytest.mark.parametrize("attributed", [True, False])
@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("send_all", [True, False])
def test_consent_and_attribution_are_decided_apart(render, attributed, refused, send_all):
    given = replace(event(is_lat=refused), attributed=attributed)
    policy = Policy(send_all=send_all, consent=True)
    if not attributed and not send_all:
        with pytest.raises(SuppressedError):
            render(URL, given, policy=policy)
        return
    click, idfa = "1" if attributed else "", "" if refused else IDFA
    assert render(URL, given, policy=policy) == f"https://n.example/pb?c={click}&i={idfa}&h={'' if refused else SHA1}"


@RENDERERS
@pytest.mark.parametrize(
    ("template", "said", "expected"),
    [
        pytest.param("?i={idfa||gps_adid}", {"tracking_enabled": 0}, "?i=", id="both"),
        pytest.param("?i={idfa||country}", {"is_lat": "1"}, "?i=DE", id="the-other-is-none"),
        pytest.param("?i={idfa||country}", {"is_lat": "0"}, f"?i={IDFA}", id="shared"),
        pytest.param("?i={country||idfa}", {"att_status": "denied"}, "?i=DE", id="the-other-comes-first"),
    ],
)
def test_each_of_several_values_is_judged_on_its_own(render, template, said, expected):
    given = Event(sdk={"idfa": IDFA, "advertising_id": "g", **said}, platform={"country_code": "DE"})
    source = f"https://n.example/{template}"
    assert render(source, given, dialect="adjust", policy=CONSENT) == f"https://n.example/{expected}"


@RENDERERS
def test_an_open_dialect_withholds_its_parameters_and_hears_them(render):
    source = "https://n.example/?a={ios_ifa}&b={idfa_sha256}&c={gps_adid}&d={sub}&e={ios_ifa_md5}"
    link = {"idfa_sha256": "1", "gps_adid": "2", "sub": "3", "ios_ifa_md5": "4"}
    options = {"dialect": "appmetrica", "policy": CONSENT}
    shared = render(source, Event(link, {"idfa": IDFA, "is_lat": False}), **options)
    assert shared == f"https://n.example/?a={IDFA}&b=1&c=2&d=3&e=4"
    # What AppMetrica does not list, its events have as parameters of the link.
    for said in ({"is_lat": 1}, {"att_status": "denied"}):
        flat = Event.from_flat({**link, "idfa": IDFA, **said}, "appmetrica")
        assert render(source, flat, **options) == "https://n.example/?a=&b=&c=&d=3&e="
    assert render(source, Event({**link, "is_lat": 1}, {"idfa": IDFA}), **options) == shared


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nsyntax = "paren"\n[macros]\n'
        'tag = { field = "own_tag", source = "SDK", identifier = "device" }\n'
        'again = { field = "own_tag", source = "SDK" }\n'
        'gaid = { field = "my_gaid", source = "SDK" }\n'
        'optin = { field = "own_optin", source = "Platform", consent = "authorized" }\n'
        'lat = { field = "is_lat", source = "Platform" }\n'
        'att = { field = "att_status", source = "Link", consent = "status" }\n'
    )
    return Dialect.from_toml(path)


@RENDERERS
@pytest.mark.parametrize(
    ("source", "said", "is_sent"),
    [
        pytest.param("platform", {"own_optin": "1"}, True, id="agreed"),
        pytest.param("platform", {"own_optin": "no"}, False, id="of-its-own"),
        pytest.param("sdk", {"own_optin": "no"}, True, id="of-its-own-elsewhere"),
        pytest.param("platform", {"is_lat": True}, False, id="where-the-dialect-has-it"),
        pytest.param("sdk", {"is_lat": True}, False, id="where-all-others-have-it"),
        pytest.param("link", {"att_status": "denied"}, False, id="own-source"),
        pytest.param("sdk", {"att_status": "denied"}, True, id="own-source-alone"),
        pytest.param("sdk", {"tracking_enabled": 0}, False, id="not-listed"),
        pytest.param("link", {"tracking_enabled": 0}, True, id="not-listed-and-not-open"),
    ],
)
def test_a_dialect_of_ones_own(render, own, source, said, is_sent):
    given = {"sdk": {"own_tag": "7", "my_gaid": "8"}}
    given[source] = {**given.get(source, {}), **said}
    url = render("https://n.example/?a=(tag)&b=(again)&c=(gaid)", Event(**given), dialect=own, policy=CONSENT)
    # What no catalogue of ours calls a field may hold what its name says.
    assert url == ("https://n.example/?a=7&b=7&c=8" if is_sent else "https://n.example/?a=&b=&c=")


def test_denials_and_sources_silence_nothing():
    for policy in (Policy(deny={"is_lat"}, consent=True), Policy(sources={"SDK"}, consent=True)):
        assert render("?i=(idfa)", event(is_lat=True), policy=policy) == "?i="
        assert render("?i=(idfa)", event(is_lat=False), policy=policy) == f"?i={IDFA}"


def test_what_is_denied_stays_denied_where_it_is_shared():
    template = compile_template(URL, policy=Policy(deny={"idfa"}, consent=True), ignore=["ME3"])
    assert template.render(event(is_lat=False)) == "https://n.example/pb?c=1&i=&h="
    assert template.plan.unshared is None


def test_a_template_without_identifiers_is_planned_as_if_nobody_asked():
    source = "https://n.example/pb?c=(clickid)&l=(is_lat)&ip=(ip)"
    assert (
        compile_template(source, policy=EVERYBODY).plan == compile_template(source, policy=Policy(send_all=True)).plan
    )
    assert compile_template(URL).plan.unshared is None


def test_renderings_that_are_alike_are_shared():
    unlike = compile_template("?c=(clickid)&i=(idfa)", policy=EVERYBODY).plan
    assert unlike.unshared.unattributed != unlike.unattributed
    alike = compile_template("?c={click_id}&i={ios_ifa_md5}", dialect="appmetrica", policy=EVERYBODY).plan
    assert alike.unshared.unattributed is alike.unattributed
    assert compile_template(URL, policy=CONSENT).plan.unshared.unattributed is None


def test_the_plan_has_no_way_to_a_withheld_value():
    plan = compile_template(URL, policy=EVERYBODY).plan
    assert plan.unshared.macros == ("idfa",) == compile_template(URL, policy=EVERYBODY).needs_consent
    assert compile_template(URL).needs_consent == ()
    for segments in (plan.unshared.attributed, plan.unshared.unattributed):
        assert "idfa" not in {read.field for value in values_of(segments) for read in value.reads}


def test_what_tells_of_consent_is_among_the_fields():
    assert compile_template(URL, policy=CONSENT).fields[:2] == ("click_id", "idfa")
    assert sorted(compile_template(URL, policy=CONSENT).fields[2:]) == sorted(FIELDS)
    assert compile_template(URL + "&l=(is_lat)", policy=CONSENT).fields.count("is_lat") == 1
    assert compile_template(URL).fields == ("click_id", "idfa")


def test_python_source_shows_all_four_functions_and_the_words():
    source = compile_template(URL, policy=EVERYBODY).python_source
    assert source.count("def render(event)") == 4
    assert "# SDK 'att_status': 'authorized', 'Authorized', 'AUTHORIZED', '3'\n" in source
    assert source.count("# not attributed, identifiers not shared\n") == 1
    compile(source, "shown", "exec")


def test_a_pickled_template_asks_again():
    again = pickle.loads(pickle.dumps(compile_template(URL, policy=EVERYBODY)))
    assert again.render(event(is_lat=True)) == "https://n.example/pb?c=1&i=&h="
    assert IDFA in again.render(event(is_lat=False))
    assert again.policy == EVERYBODY


def test_a_policy_says_whether_it_asks():
    assert "consent=True" in repr(CONSENT)
    assert Policy() != CONSENT
    assert replace(CONSENT, consent=False) == Policy()
    for wrong in ("true", 1, None):
        with pytest.raises(TypeError, match="consent must be True or False"):
            Policy(consent=wrong)


def test_an_event_that_is_none_is_refused_as_ever():
    template = compile_template(URL, policy=CONSENT)
    with pytest.raises(TypeError, match="event must be an Event, not dict"):
        template.render({})
    with pytest.raises(SuppressedError):
        template.render(replace(event(is_lat=True), attributed=False))


def test_an_event_may_be_of_any_mapping():
    given = Event({}, MappingProxyType({"idfa": IDFA, "is_lat": True}))
    assert render("?i=(idfa)", given, policy=CONSENT) == "?i="


# Many templates


def test_a_set_asks_once_for_each_of_its_policies(own):
    plain, private = compile_template("?i=(idfa)"), compile_template("?i=(idfa)", policy=CONSENT)
    everybody = compile_template("?c=(clickid)&i=(sha1-idfa)", policy=EVERYBODY)
    foreign = compile_template("?t=(tag)", dialect=own, policy=CONSENT)
    chosen = PostbackSet([plain, private, everybody, foreign])
    base = {"idfa": IDFA, "own_tag": "7"}
    for sdk, platform in (({}, {}), ({"is_lat": True}, {}), ({"att_status": "denied"}, {}), ({}, {"own_optin": "0"})):
        for attributed in (True, False):
            given = Event({"click_id": "1"}, base | sdk, platform, attributed=attributed)
            alone = [template.render(given) if template.admits(given) else None for template in chosen.templates]
            assert chosen.render(given) == alone
            assert pickle.loads(pickle.dumps(chosen)).outcomes(given) == alone
    assert chosen.render(event(att_status="denied")) == [f"?i={IDFA}", "?i=", "?c=1&i=", "?t="]


# Check


def test_check_says_what_may_be_withheld():
    found = check("https://n.example/?a=(idfa)&b=(IDFV)&c=(clickid)&d=(ip)", policy=CONSENT, select=["ME308"])
    assert [finding.message for finding in found] == [
        "(idfa) is withheld if the user does not share identifiers",
        "(IDFV) is withheld if the user does not share identifiers",
    ]
    assert found[0].hint == "events say so in the fields is_lat, att_0_1, att_status, tracking_enabled"
    assert check("https://n.example/?a=(idfa)", select=["ME308"]) == []


def test_check_names_each_of_several_values():
    source = "https://n.example/?a={idfa||gps_adid||country}"
    found = check(source, dialect="adjust", policy=CONSENT, select=["ME308"])
    words = [finding.message.split()[0] for finding in found]
    assert words == ["{idfa}", "{gps_adid}"]


# The catalogue


@with_each("name", dialect_names())
def test_every_identifier_of_a_dialect_needs_consent_and_nothing_else_does(name):
    chosen = dialect(name)
    for spec in chosen.macros.values():
        assert needs_consent(spec, chosen) is (spec.identifier is not None)


def test_fields_of_all_dialects_are_heard_in_each():
    everywhere = {
        (spec.field, spec.consent) for name in dialect_names() for spec in dialect(name).macros.values() if spec.consent
    }
    assert {field for field, _ in everywhere} == set(FIELDS)
    for name in dialect_names():
        assert {(found.field, found.consent) for found in consent_fields(dialect(name))} == everywhere


def test_every_way_to_tell_has_its_words():
    words = [set(sharing_words(consent)) for consent in Consent]
    assert all(words)
    assert not words[0] & words[1]


# Tables


ROWS = [
    {"is_lat": None, "att_status": None},
    {"is_lat": "false", "att_status": "authorized"},
    {"is_lat": "true", "att_status": None},
    {"is_lat": "", "att_status": ""},
    {"is_lat": "0", "att_status": "denied"},
    {"is_lat": "FALSE", "att_status": "authorised"},
    {"is_lat": "FALSE\0", "att_status": None},
]
BASE = {"click_id": "1", "idfa": IDFA}


def in_duckdb(template, types, row):
    given = ", ".join(f'CAST(? AS {kind}) AS "{name}"' for name, kind in types.items())
    query = f"SELECT {to_sql(template, types)} FROM (SELECT {given})"
    ((url,),) = duckdb.execute(query, list(row.values())).fetchall()
    return url


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("missing", ["empty", "drop"])
@pytest.mark.parametrize("attributed", [None, True, False])
def test_duckdb_decides_row_by_row(row, missing, attributed):
    template = compile_template(URL, policy=EVERYBODY, missing=missing)
    given = {**BASE, **row} | ({} if attributed is None else {"attributed": attributed})
    types = {name: "BOOLEAN" if name == "attributed" else "VARCHAR" for name in given}
    assert in_duckdb(template, types, given) == template.render(Event.from_flat(given, "appsflyer"))


@pytest.mark.parametrize(
    ("kind", "value", "is_sent"),
    [
        ("BOOLEAN", False, True),
        ("BOOLEAN", True, False),
        ("TINYINT", 0, True),
        ("BIGINT", 1, False),
        ("DECIMAL(4,0)", 0, True),
        ("DECIMAL(4,1)", 0, False),
        ("DOUBLE", 0.0, False),
        ("DOUBLE", float("inf"), False),
        ("JSON", "false", True),
        ("JSON", '"0"', True),
        ("JSON", "null", True),
        ("JSON", "[0]", False),
        ("JSON", "1e999", False),
        ("TIMESTAMP WITH TIME ZONE", "infinity", False),
        ("ENUM('false', 'true')", "false", True),
    ],
)
def test_columns_of_other_types(kind, value, is_sent):
    url = in_duckdb(
        compile_template(URL, policy=CONSENT),
        {**dict.fromkeys(BASE, "VARCHAR"), "is_lat": kind},
        {**BASE, "is_lat": value},
    )
    assert (IDFA in url) is is_sent


def test_an_identifier_that_must_be_there_fails_the_row():
    template = compile_template(URL, policy=CONSENT, missing=Missing.RAISE)
    types = dict.fromkeys([*BASE, "is_lat"], "VARCHAR")
    assert in_duckdb(template, types, {**BASE, "is_lat": "0"}) == template.render(event())
    with pytest.raises(duckdb.InvalidInputException, match="'idfa' is withheld from this network"):
        in_duckdb(template, types, {**BASE, "is_lat": "1"})


def test_a_table_without_the_column_says_nothing():
    template = compile_template(URL, policy=CONSENT)
    assert IDFA in in_duckdb(template, dict.fromkeys(BASE, "VARCHAR"), BASE)
    # Without types there are all columns that the template reads.
    query = to_sql(template)
    with pytest.raises(duckdb.BinderException, match="is_lat"):
        duckdb.execute(f"SELECT {query} FROM (SELECT '1' AS click_id, 'a' AS idfa)")


def test_a_column_that_cannot_be_read_is_refused():
    with pytest.raises(UnsupportedError, match="'is_lat' of type DATE"):
        to_sql(compile_template(URL, policy=CONSENT), {**dict.fromkeys(BASE, "VARCHAR"), "is_lat": "DATE"})


def test_a_whole_table(tmp_path):
    table = tmp_path / "events.csv"
    table.write_text(f"click_id,idfa,LAT,att_status\n1,{IDFA},0,\n2,{IDFA},1,\n3,{IDFA},,denied\n4,{IDFA},,\n")
    private, plain = compile_template("?c=(clickid)&i=(idfa)", policy=CONSENT), compile_template("?i=(idfa)")
    render_table({"a": private, "b": plain}, table, tmp_path / "urls.csv", columns={"is_lat": "LAT"})
    sent = [line.partition(",")[2] for line in (tmp_path / "urls.csv").read_text().splitlines()[1:] if line[0] == "a"]
    assert sent == [f"?c=1&i={IDFA}", "?c=2&i=", "?c=3&i=", f"?c=4&i={IDFA}"]
    given = {"is_lat": None, "att_status": None}
    render_table(private, table, tmp_path / "all.csv", columns=given)
    assert (tmp_path / "all.csv").read_text().count(IDFA) == 4
    with pytest.raises(ValueError, match="there is no column 'LTA'; did you mean 'LAT'"):
        render_table(private, table, tmp_path / "none.csv", columns={"is_lat": "LTA"})
    with pytest.raises(ValueError, match="columns gives 'is_lat', which no template reads"):
        render_table(plain, table, tmp_path / "none.csv", columns={"is_lat": "LAT"})
