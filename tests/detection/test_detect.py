"""Detection: whose template it is, and what says so."""

import json
from pathlib import Path

import pytest

from macroengine import Detected, LimitError, Limits, check, detect, dialect, dialect_names, parse
from macroengine.detection.profiles import profiles
from tests.support.trying import with_each

TEMPLATES = Path(__file__).parents[1] / "data" / "written_in.jsonl"
ROWS = [json.loads(line) for line in TEMPLATES.read_text(encoding="utf-8").splitlines()]


@with_each("row", ROWS)
def test_a_template_is_of_whom_it_looks(row):
    assert detect(row["template"])[0].dialect == row["dialect"]


def test_evidence_is_readable_and_says_what_is_against():
    url = "https://n.example/pb?a={gps_adid}&b={GPS-ADID}&c={Tracker_Name}&d={mine}&e=(x)&f={adid}"
    assert detect(url)[0] == Detected(
        "adjust",
        detect(url)[0].confidence,
        (
            "4 macros written {NAME}",
            "documents gps_adid, adid",
            "documents these otherwise spelled: Tracker_Name",
            "against: does not document mine",
            "against: written in another way: (x)",
        ),
    )
    assert detect("https://brand.onelink.me/x")[0].evidence == (
        "brand.onelink.me is a host of AppsFlyer OneLink links",
    )
    assert detect("<#if a><#else>")[0].evidence == ("only Branch writes <#if a>",)


def test_evidence_quotes_neither_control_characters_nor_long_names():
    names = "".join(f"{{a{number}}}" for number in range(9))
    assert "against: does not document a0, a1, a2, a3, a4 and 4 more" in detect(names)[0].evidence
    assert detect("{" + "a" * 99 + "}")[0].evidence[-1] == f"against: does not document {'a' * 39}…"
    assert detect("<#if \x1b[2J>")[0].evidence == (r"only Branch writes <#if \x1b[2J>",)


@pytest.mark.parametrize("source", ["", "https://n.example/pb?a=1", "a (b c) {d e} $ _x_", "()", "http://[::1]/"])
def test_nothing_to_tell_by(source):
    assert detect(source) == []


def test_dialects_for_which_the_same_speaks_are_all_listed():
    found = detect("https://n.example/pb?a={no_such_name}")
    assert [one.dialect for one in found if one.confidence == found[0].confidence] == [
        "appmetrica",
        "keitaro",
        "singular",
    ]
    assert sum(one.confidence for one in found) < 1


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://n.example/pb?a={dcp_mine}", "adjust"),
        ("https://n.example/pb?a={_mine}&b={_other}", "google-ads"),
        ("https://n.example/pb?a=${(ad_network.credentials.key)!}", "branch"),
    ],
)
def test_names_of_a_family_are_documented(source, name):
    [found, *_] = detect(source)
    assert (found.dialect, found.evidence[1][:9], len(found.evidence)) == (name, "documents", 2)


def test_what_is_no_name_of_a_family_is_not_documented():
    for macro in ("dcp_", "DCP_mine", "dcpmine", "xdcp_mine"):
        assert "adjust" not in [one.dialect for one in detect(f"?a={{{macro}}}") if "documents" in one.evidence[1]]
    # Another spelling of the name that stands for the family is that, and no name of it.
    [adjust] = [one for one in detect("?a={dcp_Name}") if one.dialect == "adjust"]
    assert adjust.evidence[1] == "documents these otherwise spelled: dcp_Name"


def test_detection_and_dialects_know_the_same_families():
    for profile in profiles():
        specs = [spec for spec in dialect(profile.name).macros.values() if spec.family]
        assert sorted(beginning for beginning, _ in profile.families) == sorted(str(spec.family) for spec in specs)


def test_an_unknown_name_counts_less_against_a_list_with_gaps():
    found = {one.dialect: one.confidence for one in detect("https://n.example/pb?a={no_such_name}")}
    partial = [found[name] for name in found if dialect(name).partial]
    whole = [found[name] for name in found if not dialect(name).partial and not dialect(name).open]
    assert min(partial) > 2 * max(whole)


def test_the_outer_reading_wins():
    assert detect("${AUCTION_PRICE}")[0].dialect == "openrtb2"
    assert {one.dialect for one in detect("{{campaign.name}}")} == {"meta"}


def test_repeats_say_nothing_more():
    assert detect("{gps_adid}" * 50) == detect("{gps_adid}")


def test_many_unknown_names_do_not_outweigh_the_documented_ones():
    unknown = "".join(f"&p{number}={{own_{number}}}" for number in range(40))
    assert detect("?a={gps_adid}&b={adid}&c={tracker}" + unknown)[0].dialect == "adjust"


def test_no_more_macros_count_than_a_template_may_have():
    many = "".join(f"{{a{number}}}" for number in range(Limits().macros))
    assert detect(many) == detect(f"{many}{{gps_adid}}")


def test_the_order_is_that_of_confidence_and_then_of_names():
    for row in ROWS:
        found = detect(row["template"])
        assert found == sorted(found, key=lambda one: (-one.confidence, one.dialect))
        assert all(0 < one.confidence <= 1 and one.dialect in dialect_names() and one.evidence for one in found)


def test_what_is_too_long_or_no_text_is_refused():
    with pytest.raises(LimitError, match="1,000,000 characters; at most 16,384"):
        detect("a" * 1_000_000)
    with pytest.raises(TypeError, match="source must be a string, not NoneType"):
        detect(None)


def test_every_dialect_has_a_profile():
    assert [profile.name for profile in profiles()] == dialect_names()


# The whole of a template


FOREIGN = "https://n.example/pb?a={gps_adid}&t={installed_at}&o={os_name}&n={tracker_name}&k={activity_kind}"


@pytest.mark.parametrize("home", ["appsflyer", "tune", "vast"])
def test_a_template_of_another_platform_is_reported_once(home):
    (finding,) = check(FOREIGN, dialect=home)
    assert (finding.code, finding.name, finding.severity) == ("ME036", "foreign-template", "error")
    assert finding.message.startswith("this is written for Adjust, not for ")
    assert finding.hint == f"check it in the dialect adjust, or translate it to {home}"


@pytest.mark.parametrize(
    ("source", "home"),
    [
        pytest.param(FOREIGN, "adjust", id="its-own"),
        pytest.param(FOREIGN, "appmetrica", id="parameters-of-an-open-dialect"),
        pytest.param("https://n.example/pb?a={gps_adid}", "appsflyer", id="one-macro"),
        pytest.param(f"{FOREIGN}&x=(clickid)&y=(ip)&z=(city)&w=(country_code)&v=(IMEI)&u=(C)", "appsflyer", id="mixed"),
        pytest.param("?a={af_siteid}&b={af_ad}&c={clickid}&d={idfa}", "appsflyer", id="own-names-in-braces"),
        pytest.param("?a={idfa}&b={country}", "appsflyer", id="of-many-platforms"),
        pytest.param(
            "?a=__IMEI__&b=__MAC1__&c=__TS__&d=__OS__&e=__IDFA__", "appsflyer", id="names-of-an-unknown-platform"
        ),
        pytest.param("?" + "".join(f"&{n}=__{n}__" for n in ["GAID", "UA", *"ABCDEF"]), "vast", id="half-of-its-names"),
        pytest.param("?a=(foo)&b=(bar)", "appsflyer", id="its-own-syntax"),
        pytest.param("?a={x.y}&b={z.y}&c={{q}}", "appsflyer", id="of-nobody"),
    ],
)
def test_another_template_is_not(source, home):
    assert "ME036" not in [finding.code for finding in check(source, dialect=home)]


def test_who_does_not_want_to_hear_it_is_told_of_each_macro():
    assert {finding.code for finding in check(FOREIGN, ignore=["ME036"])} == {"ME040"}


def test_what_is_too_large_to_detect_or_translate_is_checked_all_the_same():
    branch = "https://n.example/pb?x=${(user_data.aaid)!}&y=${(user_data.ip)!}"
    assert check(branch)[0].fix.replacement == "https://n.example/pb?x=(advertising_id)&y=(ip)"
    many = branch + "&z=${(user_data.aaid)!}" * 520
    assert [(finding.code, finding.fix) for finding in check(many)] == [("ME036", None)]
    long = parse(f"{branch}&z={'a' * 20_000}", limits=Limits(template=30_000))
    assert "ME036" not in [finding.code for finding in check(long)]
