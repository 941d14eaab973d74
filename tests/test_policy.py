"""The table of policies: what is an error, what is withheld, and what is not sent at all."""

import pytest

from macroengine import (
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

SEND_ALL = Policy(send_all=True)
EVENT = Event(link={"click_id": "L"}, sdk={"idfa": "S"}, af={"country_code": "A"})
STRANGER = Event(link=EVENT.link, sdk=EVENT.sdk, af=EVENT.af, attributed=False)


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
    [(Missing.EMPTY, "?l=&a=A"), (Missing.DROP, "?a=A"), (Missing.KEEP, "?l=(clickid)&a=A"), ("a b", "?l=a%20b&a=A")],
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
    policy = Policy(sources={Source.SDK, Source.AF})
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
    with pytest.raises(ValueError, match=r"policy denies 'idfaa', no macro of AppsFlyer; did you mean 'IDFA'\?"):
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
