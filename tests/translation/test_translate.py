"""Translation: what becomes of each macro, and what is said of it."""

from inspect import cleandoc

import pytest

from macroengine import (
    CatalogueError,
    Dialect,
    LimitError,
    Policy,
    Severity,
    Translation,
    check,
    dialect_names,
    parse,
    translate,
)
from macroengine.language.untranslated import placeholder
from macroengine.translation.losses import Kind
from tests.support.trying import with_each

EXACT = [
    pytest.param("appsflyer", "(clickid)", "appmetrica", "{click_id}", id="another-name"),
    pytest.param("appmetrica", "{click_id}", "appsflyer", "(clickid)", id="and-back"),
    pytest.param("adjust", "{gps_adid}", "branch", "${(user_data.aaid)!}", id="another-syntax"),
    pytest.param("openrtb2", "${AUCTION_PRICE:B64}", "openrtb2", "${AUCTION_PRICE:B64}", id="a-function"),
    pytest.param("singular", "{IFA1}", "appsflyer-link", "$$sdk(sha1_idfa)", id="a-hash-that-both-hold"),
    pytest.param("singular", "{cl?Good Ads}", "singular", "{cl?Good Ads}", id="an-argument-in-the-same-dialect"),
    pytest.param("appsflyer", "(sha1-advertiserId)", "appsflyer", "(sha1-advertiserId)", id="the-same-dialect"),
]


@pytest.mark.parametrize(("home", "macro", "to", "expected"), EXACT)
def test_what_says_the_same_is_exact(home, macro, to, expected):
    assert translate(f"https://n.example/pb?a={macro}&b", dialect=home, to=to) == Translation(
        f"https://n.example/pb?a={expected}&b", [], exact=True
    )


@with_each(
    ("home", "macro", "to", "expected", "lost"),
    [
        # converted
        pytest.param(
            "appsflyer",
            "(install_unix_ts)",
            "branch",
            "${(install_activity.timestamp)!}",
            ["converted: written in seconds since 1970 on AppsFlyer, written in milliseconds since 1970 on Branch"],
            id="milliseconds",
        ),
        pytest.param(
            "adjust",
            "{revenue}",
            "singular",
            "{AMOUNT}",
            ["converted: in hundredths on Adjust, in whole units on Singular"],
            id="cents",
        ),
        pytest.param(
            "appsflyer",
            "(install_time)",
            "appmetrica",
            "{install_datetime}",
            ["converted: written as 2016-01-04 15:26:00 on AppsFlyer, written as 2016-01-04T15:26:00Z on AppMetrica"],
            id="form-of-a-time",
        ),
        pytest.param(
            "appsflyer",
            "(is_lat)",
            "appmetrica",
            "{limit_ad_tracking}",
            ["converted: written as true or false on AppsFlyer, written as 1 or 0 on AppMetrica"],
            id="flag",
        ),
        pytest.param(
            "adcp",
            "{USER_AGENT}",
            "vast",
            "[DEVICEUA]",
            [
                (
                    "converted: in Unicode's form NFC, then percent-encoded on AdCP, "
                    "encoded as encodeURIComponent does on VAST"
                ),
                "approximate: a missing value is dropped on AdCP, '-1' on VAST",
            ],
            id="encoding-and-missing",
        ),
        pytest.param(
            "adjust",
            "{idfa_upper}",
            "singular",
            "{IDFA}",
            ["converted: Singular has no upper of it"],
            id="upper-case",
        ),
        # approximate
        pytest.param(
            "appsflyer",
            "(IDFA)",
            "appmetrica",
            "{ios_ifa}",
            ["approximate: in upper case on AppsFlyer, as received on AppMetrica"],
            id="case-of-an-identifier",
        ),
        pytest.param(
            "appsflyer",
            "(sha1-idfa)",
            "appmetrica",
            "{ios_ifa_sha1}",
            ["approximate: the case in which it is hashed is not documented everywhere"],
            id="a-hash-that-the-platform-holds",
        ),
        pytest.param(
            "appmetrica",
            "{ios_ifa_sha1}",
            "appsflyer",
            "(sha1-idfa)",
            ["approximate: the case in which it is hashed is not documented everywhere"],
            id="and-back",
        ),
        pytest.param(
            "tune",
            "{ios_ifa}",
            "applovin",
            "{IDFA}",
            ["approximate: the value is ifa on AppLovin, and idfa on TUNE: not always the same"],
            id="one-of-several-values",
        ),
        pytest.param(
            "applovin",
            "{IDFA}",
            "adjust",
            "{idfa||gps_adid}",
            ["approximate: the value is idfa on Adjust, and ifa on AppLovin: not always the same"],
            id="a-choice-for-one-of-several-values",
        ),
        pytest.param(
            "adjust",
            "{idfa||gps_adid}",
            "applovin",
            "{IDFA}",
            [
                "approximate: the value is ifa on AppLovin, and idfa on Adjust: not always the same",
                "approximate: which value is sent may differ",
            ],
            id="one-of-several-values-for-a-choice",
        ),
        pytest.param(
            "appmetrica",
            "{my_own}",
            "singular",
            "{my_own}",
            ["approximate: it is a parameter of the tracking link, which must have it there, too"],
            id="parameter",
        ),
        pytest.param(
            "singular",
            "{CURRENCY}",
            "adjust",
            "{currency}",
            ["approximate: Adjust fills it only in: event, ad_revenue"],
            id="contexts",
        ),
        pytest.param(
            "tune",
            "{sale_amount}",
            "adjust",
            "{revenue_float}",
            [
                "approximate: Adjust does not fill it for: install, rejected-install, re-engagement, re-attribution",
                "approximate: Adjust fills it only in: event, ad_revenue",
            ],
            id="kinds-of-postback",
        ),
        pytest.param(
            "singular",
            "{cl?Good Ads}",
            "appsflyer",
            "(clickid)",
            ["approximate: AppsFlyer has nothing for its argument, which is dropped"],
            id="argument",
        ),
        # respelled
        pytest.param(
            "appsflyer",
            "(currency)",
            "singular",
            "{CURRENCY}",
            ["respelled: translates back to (event_revenue_currency)"],
            id="spelling",
        ),
        # untranslated
        pytest.param("appsflyer", "(clickid)", "openrtb2", "UNTRANSLATED-clickid", ["untranslated: "], id="no-field"),
        pytest.param(
            "appsflyer", "(sha1-idfa)", "adjust", "UNTRANSLATED-sha1-idfa", ["untranslated: "], id="only-another-hash"
        ),
        pytest.param("appsflyer", "(nope)", "adjust", "UNTRANSLATED-nope", ["untranslated: "], id="unknown"),
        pytest.param("appsflyer", "(sha1-ip)", "adjust", "UNTRANSLATED-sha1-ip", ["untranslated: "], id="no-such-hash"),
        pytest.param(
            "keitaro", "{date:Y-m-d}", "affise", "UNTRANSLATED-date-Y-m-d", ["untranslated: "], id="argument-of-nothing"
        ),
        pytest.param(
            "adjust",
            "{idfa||gps_adid}",
            "appsflyer",
            "UNTRANSLATED-idfa-gps-adid",
            ["untranslated: "],
            id="choice",
        ),
        pytest.param(
            "adjust", "{nonce||adid}", "appsflyer", "UNTRANSLATED-nonce-adid", ["untranslated: "], id="unknown-choice"
        ),
        pytest.param(
            "adjust", "{adid||nope}", "appsflyer", "UNTRANSLATED-adid-nope", ["untranslated: "], id="half-a-choice"
        ),
        pytest.param(
            "appmetrica", "{my_own}", "openrtb2", "UNTRANSLATED-my-own", ["untranslated: "], id="parameter-of-one"
        ),
        pytest.param(
            "prebid-server", "##A-b##", "openrtb3", "UNTRANSLATED-A-b", ["untranslated: "], id="no-name-there"
        ),
    ],
)
def test_what_is_lost_is_said(home, macro, to, expected, lost):
    source = f"https://n.example/pb?a={macro}&b"
    found = translate(source, dialect=home, to=to)
    assert found.source == f"https://n.example/pb?a={expected}&b"
    assert not found.exact
    assert {source[loss.span.start : loss.span.stop] for loss in found.losses} == {macro}
    short = [f"{loss.name}: {_said(loss.message, macro, expected)}" for loss in found.losses]
    assert [text if not text.startswith("untranslated") else "untranslated: " for text in short] == lost


def _said(message, macro, expected):
    return message.removeprefix(f"{macro} becomes {expected}").removeprefix(", which ").removeprefix(": ")


def test_losses_are_diagnostics_over_the_template():
    (loss,) = translate("https://n.example/pb?a=(sha1-idfa)", dialect="appsflyer", to="adjust").losses
    assert (loss.code, loss.name, loss.severity, loss.fix) == ("MT001", "untranslated", Severity.ERROR, None)
    assert str(loss) == cleandoc(
        """
        error[MT001]: Adjust has no sha1 of this value for (sha1-idfa); UNTRANSLATED-sha1-idfa replaces it
          https://n.example/pb?a=(sha1-idfa)
                                 ^^^^^^^^^^^
          hint: there is: {idfa_md5_hex}
        """
    )


@pytest.mark.parametrize(
    ("home", "macro", "to", "hint"),
    [
        ("appsflyer", "(clickid)", "adjust", "write a macro or a value of your own, or remove the parameter"),
        (
            "appsflyer",
            "(af_sub1)",
            "appmetrica",
            "AppMetrica takes names of your own, too: write one, and have it filled",
        ),
        ("appsflyer", "(nope)", "adjust", "see what check says of it in AppsFlyer"),
        ("appsflyer", "(sha1-idfa)", "scaleo", "write a macro or a value of your own, or remove the parameter"),
        ("adjust", "{idfa||gps_adid}", "appsflyer", "it needs a parameter for each value: (IDFA), (advertising_id)"),
        ("adjust", "{nonce||adid}", "cake", "write a macro or a value of your own, or remove the parameter"),
    ],
)
def test_what_to_do_about_it_is_said(home, macro, to, hint):
    assert [loss.hint for loss in translate(macro, dialect=home, to=to).losses] == [hint]


def test_every_kind_has_a_code_of_its_own_and_says_what_it_is():
    assert len({kind.code for kind in Kind}) == len(Kind)
    assert all(kind.meaning and kind.label == kind.label.lower() for kind in Kind)


# Text beside the macros


def test_everything_but_the_macros_is_left_alone():
    source = "\tHTTP://n.example:80/%zz/(clickid);&&a= é=(C)+\n#x(C)%"
    found = translate(source, dialect="appsflyer", to="branch")
    before, after = source.split("(clickid)"), "${(last_attributed_touch_data.~external_touch)!}"
    assert found.source == after.join(before).replace("(C)", "${(last_attributed_touch_data.~campaign)!}")


def test_text_that_the_other_platform_reads_as_a_macro_is_reported_where_it_is():
    source = "https://n.example/pb?a=(clickid)&b={ios_ifa}&c={x(clickid)}"
    found = translate(source, dialect="appsflyer", to="appmetrica")
    assert [(loss.name, source[loss.span.start : loss.span.stop]) for loss in found.losses] == [
        ("read-as-macro", "{ios_ifa}"),
    ]
    assert found.losses[0].message == "AppMetrica reads {ios_ifa} as a macro, and AppsFlyer does not"
    (before,) = translate("{b}(nope)", dialect="appsflyer", to="appmetrica").losses[:1]
    assert before.span == (parse("{b}", "appmetrica").path[0].span)


def test_a_macro_that_text_and_text_form_together_is_reported_over_all_of_it():
    source = "https://n.example/pb?a={(nope)}&b=##(nope)##"
    losses = translate(source, dialect="appsflyer", to="prebid-server").losses
    assert [(loss.name, source[loss.span.start : loss.span.stop]) for loss in losses] == [
        ("untranslated", "(nope)"),
        ("read-as-macro", "##(nope)##"),
        ("untranslated", "(nope)"),
    ]


def test_a_macro_that_would_be_read_with_the_text_around_it_is_not_written():
    found = translate("https://n.example/pb?a={(clickid)}&b=(clickid)", dialect="appsflyer", to="appmetrica")
    assert found.source == "https://n.example/pb?a={UNTRANSLATED-clickid}&b={click_id}"
    (loss,) = found.losses
    assert loss.message == (
        "AppMetrica would not read {click_id} as a macro beside this text; UNTRANSLATED-clickid replaces it"
    )


def test_macros_that_spoil_each_other_are_given_up_together(monkeypatch):
    monkeypatch.setattr("macroengine.translation.work._MAX_ATTEMPTS", 1)
    found = translate("?a={(clickid)}&b=(clickid)&c=(C)", dialect="appsflyer", to="appmetrica")
    assert found.source == "?a={UNTRANSLATED-clickid}&b=UNTRANSLATED-clickid&c=UNTRANSLATED-C"
    assert [loss.name for loss in found.losses] == ["untranslated"] * 3


# Policy


@pytest.mark.parametrize(
    ("policy", "macro", "names", "written"),
    [
        (None, "(event_name)", [], "{EVTNAME}"),
        (Policy(), "(event_name)", ["unavailable"], "{EVTNAME}"),
        (Policy("in-app"), "(event_name)", [], "{EVTNAME}"),
        (Policy(send_all=True), "(clickid)", ["withheld"], "{cl}"),
        (Policy(sources={"SDK"}), "(clickid)", ["forbidden"], "UNTRANSLATED-clickid"),
        (Policy(deny={"idfa"}), "(sha1-idfa)", ["forbidden"], "UNTRANSLATED-sha1-idfa"),
        (Policy(deny={"IFA1"}), "(sha1-idfa)", ["forbidden"], "UNTRANSLATED-sha1-idfa"),
        (Policy(deny={"nope", "ip"} - {"nope"}), "(ip)", ["forbidden"], "UNTRANSLATED-ip"),
    ],
)
def test_what_the_policy_forbids_is_a_loss(policy, macro, names, written):
    found = translate(f"?a={macro}", dialect="appsflyer", to="singular", policy=policy)
    assert ([loss.name for loss in found.losses], found.source) == (names, f"?a={written}")


def test_both_platforms_are_named_that_do_not_fill_a_macro():
    policy = Policy("install", send_all=True)
    losses = translate("(event_name)", dialect="appsflyer", to="singular", policy=policy).losses
    assert [loss.message for loss in losses] == [
        "(event_name) is never filled for install postbacks on AppsFlyer and Singular",
        "(event_name) is filled only for attributed events on Singular",
    ]


def test_what_the_policy_forbids_only_there_is_not_written_either(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nsyntax = "brace-alternatives"\n[macros]\nplace = { field = "city", source = "Link" }\n'
        'land = { field = "country_code", source = "Link" }\n'
    )
    own = Dialect.from_toml(path)
    policy = Policy(sources={"SDK", "Platform"})
    found = translate("?a=(city)", dialect="appsflyer", to=own, policy=policy)
    assert [loss.message for loss in found.losses] == [
        "{place} comes from a source that the policy does not allow; UNTRANSLATED-city replaces it"
    ]
    assert found.source == "?a=UNTRANSLATED-city"
    choice = translate("?a={place||land}", dialect=own, to=own)
    assert choice == Translation("?a={place||land}", [], exact=True)
    other = Dialect.from_toml(_renamed(path))
    assert translate("?a={place||land}", dialect=own, to=other) == Translation("?a={place||land}", [], exact=True)


def _renamed(path):
    other = path.with_name("other.toml")
    other.write_text(path.read_text().replace('"own"', '"other"'))
    return other


def test_names_that_mean_nothing_there_may_be_denied_all_the_same():
    found = translate("?a={mine}", dialect="appmetrica", to="adjust", policy=Policy(deny={"mine"}))
    assert [loss.name for loss in found.losses] == ["untranslated", "forbidden"]


# Arguments


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": None}, TypeError, "source must be a string"),
        ({"to": 3}, TypeError, "to must be the name of a dialect, or a Dialect, not int"),
        ({"dialect": "nope"}, CatalogueError, "unknown dialect 'nope'"),
        ({"to": "auto"}, CatalogueError, "unknown dialect 'auto'"),
        ({"policy": "install"}, TypeError, "policy must be a Policy, not 'install'"),
        ({"policy": Policy(deny={"nope"})}, ValueError, "policy denies 'nope'"),
        ({"source": "a" * 1_000_000}, LimitError, "1,000,000 characters"),
        ({"source": "(IDFA)" * 600}, LimitError, "600 macros"),
        ({"source": "?" + "&(C)" * 500, "to": "branch"}, LimitError, "at most 16,384 fit"),
    ],
)
def test_wrong_arguments_and_what_is_too_large_are_refused(arguments, error, message):
    given = {"source": "(idfa)", "dialect": "appsflyer", "to": "adjust", **arguments}
    with pytest.raises(error, match=message):
        translate(given.pop("source"), **given)


# What stands for what could not be translated


@pytest.mark.parametrize(
    "around",
    [
        "https://n.example/pb?a={}",
        "https://n.example/{}/x",
        "https://{}.n.example/x",
        "https://n.example/pb?u=https%3A%2F%2Fm.example%2F%3Fx%3D{}",
        "https://n.example/pb?j=%7B%22a%22%3A{}%7D",
        "https://n.example/pb?a=##{}##",
        "https://n.example/pb?a=({})&b={{{}}}",
        "https://n.example/pb#{}",
    ],
)
def test_check_refuses_it_everywhere(around):
    source = around.format(*["UNTRANSLATED-click-id"] * 2)
    codes = {name: [finding.code for finding in check(source, dialect=name)] for name in dialect_names()}
    assert {name: found for name, found in codes.items() if "ME045" not in found} == {}


def test_it_is_letters_digits_and_hyphens():
    assert placeholder("(sha1-IDFA)") == "UNTRANSLATED-sha1-IDFA"
    assert placeholder("${(~)!}") == "UNTRANSLATED-macro"
    assert "ME045" not in [finding.code for finding in check("https://n.example/pb?status=UNTRANSLATED")]


# Lists, parameters that are dropped, and families of names


def test_a_list_becomes_a_text_and_it_is_said():
    found = translate("https://n.example/pb?a=[GPPSECTIONID]", dialect="vast", to="adcp")
    assert found.source == "https://n.example/pb?a={GPP_SID}"
    assert [loss.message.partition("}: ")[2] for loss in found.losses] == [
        "written as a list on VAST, written as text on AdCP",
        (
            "as a list with commas, then encoded as encodeURIComponent does on VAST, "
            "in Unicode's form NFC, then percent-encoded on AdCP"
        ),
        "a missing value is '-1' on VAST, dropped on AdCP",
    ]


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("https://n.example/pb?a=@", "dropped"),
        ("https://n.example/pb?@=a", "dropped"),
        ("https://n.example/pb?u=x%3Fa%3D@", "dropped"),
        ("https://n.example/@/pb?a=1", "empty"),
        ("https://n.example/pb#@", "empty"),
    ],
)
def test_only_a_parameter_is_dropped(source, sent):
    found = translate(source.replace("@", "{CACHEBUSTER}"), dialect="adcp", to="vast")
    assert f"a missing value is {sent} on AdCP, '-1' on VAST" in found.losses[-1].message


FAMILY = """
name = "{name}"
title = "{name}"
syntax = "brace"
[macros]
{family}_name = {{ field = "own", source = "Platform", family = "{family}_" }}
{family}_other = {{ field = "{name}", source = "Link" }}
"""


def test_a_name_of_a_family_becomes_one_of_the_family_with_the_same_values(tmp_path):
    read = {}
    for name, family in (("one", "p"), ("two", "sub")):
        path = tmp_path / f"{name}.toml"
        path.write_text(FAMILY.format(name=name, family=family), encoding="utf-8")
        read[name] = Dialect.from_toml(path)
    assert translate("?a={p_x}&b={p_y}", dialect=read["one"], to=read["two"]) == Translation(
        "?a={sub_x}&b={sub_y}", [], exact=True
    )
    # What is no such name there is none.
    assert "UNTRANSLATED" in translate("?a={p_Other}", dialect=read["two"], to=read["one"]).source
    assert translate("?a={p_Other}", dialect=read["one"], to=read["two"]).source == "?a=UNTRANSLATED-p-Other"
    assert translate("?a={dcp_x}", dialect="adjust", to="google-ads").source == "?a=UNTRANSLATED-dcp-x"
