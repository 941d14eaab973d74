"""The table of policies: what is an error, what is withheld, and what is not sent at all."""

import re
from dataclasses import replace

import pytest

from macroengine import (
    Default,
    Dialect,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PolicyError,
    Postback,
    Source,
    SuppressedError,
    TemplateError,
    check,
    compile_template,
    render,
)
from macroengine.testing import reference

SEND_ALL = Policy(send_all=True)
EVENT = Event(link={"click_id": "L"}, sdk={"idfa": "S"}, platform={"country_code": "A"})
STRANGER = Event(link=EVENT.link, sdk=EVENT.sdk, platform=EVENT.platform, attributed=False)


def codes(template, policy, dialect="appsflyer"):
    return [diagnostic.code for diagnostic in check(template, policy=policy, dialect=dialect)]


@pytest.mark.parametrize(
    ("macro", "postback", "available"),
    [
        ("event_name", "install", False),
        ("event_name", "in-app", True),
        ("event_name", "rejected-in-app", True),
        ("blocked_reason", "in-app", False),
        ("blocked_reason", "rejected-install", True),
        ("blocked_reason", "rejected-in-app", True),
        ("retargeting_conversion_type", "install", False),
        ("retargeting_conversion_type", "re-engagement", True),
        ("retargeting_conversion_type", "re-attribution", True),
        ("is_retargeting", "install", False),
        ("is_retargeting", "in-app", True),
        ("is_retargeting", "re-engagement", True),
        ("idfa", "install", True),
        ("af_ad", "re-attribution", True),
    ],
)
def test_macro_is_available_for_the_postback(macro, postback, available):
    template, policy = f"?x=({macro})", Policy(postback)
    if available:
        assert compile_template(template, policy=policy)
    else:
        with pytest.raises(PolicyError, match=f"never filled for {postback} postbacks"):
            compile_template(template, policy=policy)


def test_send_all_withholds_what_is_only_for_attributed_events():
    template = compile_template("?l=(clickid)&s=(idfa)&a=(country_code)", policy=SEND_ALL)
    assert template.render(EVENT) == "?l=L&s=S&a=A"
    assert template.render(STRANGER) == "?l=&s=S&a=A"
    withheld = [found for found in template.diagnostics if found.name == "withheld-macro"]
    assert [found.message for found in withheld] == ["(clickid) is filled only for events attributed to you"]


@pytest.mark.parametrize(
    ("missing", "url"),
    [
        (Missing.EMPTY, "?l=&a=A"),
        (Missing.DROP, "?a=A"),
        (Missing.KEEP, "?l=(clickid)&a=A"),
        (Default("a b"), "?l=a%20b&a=A"),
    ],
)
def test_withheld_is_missing(missing, url):
    template = compile_template("?l=(clickid)&a=(country_code)", policy=SEND_ALL, missing=missing)
    assert template.render(STRANGER) == url


def test_withheld_value_that_must_be_there_is_an_error():
    template = compile_template("?l=(clickid)", policy=SEND_ALL, missing=Missing.RAISE)
    assert template.render(EVENT) == "?l=L"
    with pytest.raises(MissingValueError, match="'clickid' is withheld from this network") as caught:
        template.render(STRANGER)
    assert caught.value.macro == "clickid"


def test_open_dialect_withholds_parameters_of_the_link():
    event = Event(link={"sub_id": "7"}, sdk={"os_version": "14"}, attributed=False)
    assert render("?a={sub_id}&b={os_version}", event, dialect="appmetrica", policy=SEND_ALL) == "?a=&b=14"


def test_event_that_is_not_attributed_is_not_sent():
    template = compile_template("?s=(idfa)")
    assert not template.admits(STRANGER)
    with pytest.raises(
        SuppressedError, match=r"^event is not attributed to the network, and its policy is not send-all$"
    ):
        template.render(STRANGER)


def test_event_of_another_kind_is_not_sent():
    template = compile_template("?s=(idfa)", policy=SEND_ALL)
    event = Event(sdk=EVENT.sdk, postback=Postback.RE_ENGAGEMENT)
    assert not template.admits(event)
    with pytest.raises(SuppressedError, match=r"^template is for install postbacks, event is for re-engagement$"):
        template.render(event)


def test_source_that_is_not_allowed_is_an_error():
    policy = Policy(sources={Source.SDK, Source.PLATFORM})
    with pytest.raises(PolicyError, match="comes from Link, which the policy does not allow"):
        compile_template("?l=(clickid)&s=(idfa)", policy=policy)
    assert "allowed sources: none" in str(check("?s=(idfa)", policy=Policy(sources=()), select=["ME303"])[0])


@pytest.mark.parametrize("denied", ["IDFA", "idfa"])
def test_denied_macro_is_an_error_hashed_or_not(denied):
    policy = Policy(deny={denied})
    with pytest.raises(PolicyError) as caught:
        compile_template("?a=(idfa)&b=(sha1-idfa)&c=(clickid)", policy=policy)
    assert len(caught.value.diagnostics) == 2


def test_denied_field_is_an_error_for_all_macros_that_read_it():
    policy = Policy(Postback.IN_APP, deny={"event_value"})
    with pytest.raises(PolicyError) as caught:
        compile_template("?a=(encode)&b=(event_value)", policy=policy)
    assert len(caught.value.diagnostics) == 2


def test_denied_field_may_have_another_name_than_its_macros():
    with pytest.raises(PolicyError, match=r"\(pid\)"):
        compile_template("?a=(pid)&b=(clickid)", policy=Policy(deny={"media_source"}))


def test_denied_name_that_is_no_macro_is_not_overlooked():
    with pytest.raises(
        ValueError, match=r"policy denies 'idfaa', which is not a macro of AppsFlyer; did you mean 'IDFA'\?"
    ):
        check("?a=(idfa)", policy=Policy(deny={"idfaa"}))


@pytest.mark.parametrize("policy", [Policy(deny={"idfa"}), Policy(sources={Source.LINK})])
def test_forbidden_value_is_not_sent_even_when_the_error_is_ignored(policy):
    template = compile_template("?a=(idfa)&b=(clickid)", policy=policy, ignore={"ME3"})
    assert template.render(EVENT) == "?a=&b=L"
    assert template.fields == ("click_id",)


def test_policy_error_is_raised_only_where_nothing_else_is_wrong():
    with pytest.raises(TemplateError) as caught:
        compile_template("?a=(event_name)&b=(no_such)")
    assert not isinstance(caught.value, PolicyError)
    assert len(caught.value.diagnostics) == 2


def test_value_is_taken_from_its_documented_source_only():
    event = Event(link={"country_code": "forged"}, sdk={"country_code": "forged", "click_id": "forged"})
    assert render("?a=(country_code)&l=(clickid)", event) == "?a=&l="


# Names that are denied


IDENTIFIERS = ["ios_ifa", "google_aid", "IDFA", "Ios_Ifa", "idfa_sha256", "ios_ifa_md5", "google_aid_sha1", "gps_adid"]


def denied(names, deny, dialect="appmetrica"):
    """Return which macros of a template in an open dialect a policy denies."""
    template = "https://x.example/?" + "&".join(f"a={{{name}}}" for name in names)
    found = check(template, dialect=dialect, policy=Policy(deny=deny), select=["ME304"])
    return [template[finding.span.start + 1 : finding.span.stop - 1] for finding in found]


@pytest.mark.parametrize(
    ("deny", "dialect", "macro"),
    [
        pytest.param("idfa", "unity", "ifa", id="either-of-two"),
        pytest.param("IDFA", "unity", "ifa_md5", id="hash-of-either-of-two"),
        pytest.param("idfa", "adjust", "idfa_md5", id="hash-in-base64"),
        pytest.param("event_revenue", "adjust", "revenue", id="cents"),
        pytest.param("install_time", "adjust", "created_at", id="another-value"),
        pytest.param("ip", "applovin", "IP", id="one-of-its-forms"),
    ],
)
def test_a_denial_goes_by_what_a_field_holds_in_any_unit_or_form(deny, dialect, macro):
    expected = [] if macro == "created_at" else [macro]
    assert denied([macro], {deny}, dialect) == expected


def test_a_denied_field_of_either_identifier_denies_both():
    assert denied(["idfa", "gps_adid", "idfv"], {"ifa"}, "adjust") == ["idfa", "gps_adid"]
    assert denied(["idfa", "gps_adid", "idfv"], {"idfa"}, "adjust") == ["idfa"]


OF_IDFA = ["ios_ifa", "IDFA", "Ios_Ifa", "idfa_sha256", "ios_ifa_md5"]


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        pytest.param({"ios_ifa"}, OF_IDFA, id="its-own-name"),
        pytest.param({"ios-ifa"}, OF_IDFA, id="its-own-name-folded"),
        pytest.param({"idfa"}, OF_IDFA, id="field"),
        pytest.param({"IDFA"}, OF_IDFA, id="name-of-the-other-dialect"),
        pytest.param(["id-fa"], OF_IDFA, id="folded-in-a-list"),
        pytest.param({"sha1-idfa"}, OF_IDFA, id="name-of-a-hash"),
        pytest.param({"ios_ifa_md5"}, OF_IDFA, id="parameter-that-is-a-hash"),
        pytest.param({"gps_adid"}, ["google_aid", "google_aid_sha1", "gps_adid"], id="name-of-another-platform"),
        pytest.param(("advertiserId",), ["google_aid", "google_aid_sha1", "gps_adid"], id="in-a-tuple"),
        pytest.param({"ifa"}, IDENTIFIERS, id="name-of-several-values"),
        pytest.param({"click_id"}, [], id="something-else"),
        pytest.param(set(), [], id="nothing"),
    ],
)
def test_a_denial_goes_by_the_value_and_not_by_the_spelling(deny, expected):
    assert denied(IDENTIFIERS, deny) == expected


@pytest.mark.parametrize("deny", ["email", "E-Mail", "e_mail", "EMAIL"])
def test_a_denial_in_an_open_dialect_holds_for_parameters_however_they_are_spelled(deny):
    assert denied(["email", "Email", "e_mail", "_email_", "email2"], {deny}) == ["email", "Email", "e_mail", "_email_"]


def test_a_denied_parameter_may_have_the_name_of_a_field_of_another_source():
    assert denied(["device_ip", "ip", "IP", "country"], {"ip"}) == ["device_ip", "ip", "IP"]


@pytest.mark.parametrize("deny", ["idfa", "IDFA", "ios-ifa", "ifa", "sha1_idfa"])
def test_a_denied_value_is_not_sent_in_an_open_dialect(deny):
    event = Event(sdk={"idfa": "S"}, link={"IDFA": "L", "idfa_md5": "H", "sub": "1"})
    template = "https://x.example/?a={ios_ifa}&b={IDFA}&c={idfa_md5}&d={sub}"
    options = {"dialect": "appmetrica", "policy": Policy(deny={deny})}
    with pytest.raises(PolicyError) as caught:
        render(template, event, **options)
    assert len(caught.value.diagnostics) == 3
    for renderer in (render, reference.render):
        assert renderer(template, event, ignore=["ME3"], **options) == "https://x.example/?a=&b=&c=&d=1"


def test_a_dialect_of_ones_own_with_fields_of_its_own_keeps_denied_values_back_all_the_same(tmp_path):
    path = tmp_path / "mine.toml"
    fields = {"mine": "my_gaid", "GAID": "my_id", "ours": "idfa", "theirs": "idfa"}
    macros = "".join(f'{name} = {{ field = "{field}", source = "SDK" }}\n' for name, field in fields.items())
    path.write_text(f'name = "mine"\nsyntax = "brace"\n[macros]\n{macros}')
    own = Dialect.from_toml(path)
    assert denied(fields, {"advertising_id"}, own) == ["GAID"]
    assert denied(fields, {"my-gaid"}, own) == denied(fields, {"MINE"}, own) == ["mine"]
    assert denied(fields, {"Our_s"}, own) == denied(fields, {"ios_ifa"}, own) == ["ours", "theirs"]


@pytest.mark.parametrize("name", ["gps_adid", "ios_ifa", "windows_aid", "ifa", "SHA1-idfa"])
def test_a_name_of_another_platform_may_be_denied_anywhere(name):
    assert check("https://n.example/?a=(clickid)", policy=Policy(deny={name})) == []


@pytest.mark.parametrize("name", ["email", "no such", "", "(idfa)"])
def test_a_closed_dialect_knows_no_other_names(name):
    with pytest.raises(ValueError, match=f"policy denies {re.escape(repr(name))}, which is not a macro of AppsFlyer"):
        check("", policy=Policy(deny={name}))


@pytest.mark.parametrize("name", ["", "no such", "{idfa}", "1a", "é"])
def test_an_open_dialect_denies_no_names_that_it_cannot_have(name):
    with pytest.raises(ValueError, match="which is not a macro of AppMetrica"):
        check("", dialect="appmetrica", policy=Policy(deny={name}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"deny": "idfa"}, "deny must be a set or list of names, not 'idfa'"),
        ({"deny": b"idfa"}, "deny must be a set or list of names, not bytes"),
        ({"deny": None}, "deny must be a set or list of names, not NoneType"),
        ({"deny": {1}}, "each name in deny must be a string, not int"),
        ({"sources": "SDK"}, "sources must be a set or list of sources, not 'SDK'"),
        ({"sources": Source.SDK}, "sources must be a set or list of sources, not 'SDK'"),
        ({"sources": [None]}, "each source in sources must be a string, not NoneType"),
        ({"send_all": "false"}, "send_all must be True or False, not 'false'"),
        ({"send_all": 1}, "send_all must be True or False, not int"),
        ({"postback": None}, "postback must be a Postback or its word, not NoneType"),
    ],
)
def test_a_policy_of_wrong_types_is_refused_where_it_is_made(arguments, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Policy(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sources": {"App"}}, "unknown source 'App' (known: Link, SDK, Platform)"),
        ({"postback": "inapp"}, "unknown postback 'inapp'; did you mean 'in-app'? (known: install, in-app, "),
    ],
)
def test_a_policy_takes_documented_words_only(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Policy(**arguments)


def test_a_changed_policy_is_checked_again():
    assert replace(Policy(deny=["idfa"]), sources=["SDK"]) == Policy(sources={Source.SDK}, deny={"idfa"})
    with pytest.raises(TypeError, match="deny"):
        replace(Policy(), deny="idfa")


def test_whether_an_event_is_admitted_is_asked_of_an_event():
    with pytest.raises(TypeError, match="event must be an Event, not dict"):
        Policy().admits({})


def test_what_a_platform_derives_is_what_its_field_says_whatever_others_call_so():
    """`event`, a spelling of `event_name`, is what Adjust calls a partner's own name of an event."""
    assert check("?a=(event_name)", policy=Policy("in-app", deny={"partner_event_id"}), select=["ME304"]) == []
