"""Server-to-server events and their installs: which fields of an event each of them fills."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import Event, PayloadError, Policy, Postback, PostbackSet, Source, compile_template, dialect, intake
from macroengine.intake.appsflyer import ZERO_ID, S2SEvent, by_device, home_dialect, to_event
from macroengine.intake.appsflyer.fields import fields_below
from tests.support.floors import reached, reaching

ID = "1415211453000-6513894"
IDFA = "9876F1AA-2983-3855-27BB-2C626772EFAB"
ARRIVAL = datetime(2024, 4, 30, 1, tzinfo=UTC)
EVENT = S2SEvent(ID, "af_purchase", '{"af_revenue":"-6.50","af_currency":"EUR"}', event_time="2024-04-29 21:00:00.000")
INSTALL = Event(
    link={"click_id": "8594845", "campaign": "spring"},
    sdk={
        "appsflyer_id": ID,
        "advertising_id": "8e4dd44b-82ec-43d0-a5de-321f3c0b9a71",
        "idfv": IDFA,
        "ip": "192.0.2.1",
        "install_time": "2024-04-29 20:00:00",
        "attributed_touch_type": "click",
        "event_name": "not of an install",
    },
    platform={"country_code": "DE", "city": "Berlin", "match_type": "referrer", "event_revenue_usd": "1"},
)
ORGANIC = replace(INSTALL, link={}, attributed=False)
OTHERS = replace(INSTALL, attributed=False)


def test_an_event_without_an_install_has_its_own_values_and_is_not_attributed():
    assert to_event(EVENT) == Event(
        sdk={
            "appsflyer_id": ID,
            "event_name": "af_purchase",
            "event_value": '{"af_revenue":"-6.50","af_currency":"EUR"}',
            "event_revenue": "-6.50",
            "event_revenue_currency": "EUR",
            "event_time": datetime(2024, 4, 29, 21, tzinfo=UTC),
        },
        postback=Postback.IN_APP,
        attributed=False,
    )


def test_what_the_event_does_not_have_comes_from_its_install():
    event = to_event(EVENT, install=INSTALL)
    assert event.link == INSTALL.link
    assert event.sdk["advertising_id"] == INSTALL.sdk["advertising_id"]
    assert event.sdk["attributed_touch_type"] == "click"
    assert event.platform == {"country_code": "DE", "city": "Berlin", "match_type": "referrer"}
    assert event.attributed


def test_what_the_event_has_is_its_own():
    own = to_event(replace(EVENT, advertising_id=ZERO_ID), install=INSTALL).sdk
    assert (own["advertising_id"], own["event_name"]) == (ZERO_ID, "af_purchase")


@pytest.mark.parametrize("field", ["idfv", "ip"])
def test_what_an_install_keeps_back_does_not_pass_on(field):
    assert field not in to_event(EVENT, install=INSTALL).sdk


def test_an_address_of_its_own_outdates_the_geography_of_the_install():
    event = to_event(replace(EVENT, ip="198.51.100.7"), install=INSTALL)
    assert event.sdk["ip"] == "198.51.100.7"
    assert event.platform == {"match_type": "referrer"}


def test_an_event_after_an_organic_install_has_no_fields_of_attribution():
    event = to_event(EVENT, install=ORGANIC)
    assert (event.link, event.attributed) == ({}, False)
    assert not {"attributed_touch_type", "install_time"} & set(event.sdk)
    assert event.platform == {"country_code": "DE", "city": "Berlin"}
    assert "advertising_id" in event.sdk


def test_an_install_of_another_network_passes_on_its_time_and_nothing_of_its_link():
    event = to_event(EVENT, install=OTHERS)
    assert (event.link, event.attributed) == ({}, False)
    assert "attributed_touch_type" not in event.sdk
    assert event.sdk["install_time"] == "2024-04-29 20:00:00"


def test_an_event_after_a_rejected_install_is_a_rejected_one():
    install = replace(INSTALL, postback=Postback.REJECTED_INSTALL, platform={"blocked_reason": "site_blacklist"})
    event = to_event(EVENT, install=install)
    assert event.postback is Postback.REJECTED_IN_APP
    assert event.platform == {"blocked_reason": "site_blacklist"}


def test_the_install_of_another_device_is_refused():
    with pytest.raises(PayloadError, match=r"another 'appsflyer_id'\n  at /appsflyer_id"):
        to_event(replace(EVENT, appsflyer_id="1415211453000-0000000"), install=INSTALL)


def test_installs_are_found_by_the_id_of_their_device():
    assert by_device([ORGANIC, INSTALL]) == {ID: INSTALL}


def test_the_time_is_stamped_where_the_arrival_is_known():
    late = datetime(2024, 4, 30, 9, tzinfo=UTC)
    assert to_event(EVENT, arrival=ARRIVAL).sdk["event_time"] == datetime(2024, 4, 29, 21, tzinfo=UTC)
    assert to_event(EVENT, arrival=late).sdk["event_time"] == late
    assert to_event(replace(EVENT, event_time=None), arrival=late).sdk["event_time"] == late
    assert to_event(replace(EVENT, event_time=ARRIVAL)).sdk["event_time"] == ARRIVAL


@pytest.mark.parametrize("time", [None, "yesterday"])
def test_without_a_time_and_an_arrival_there_is_none(time):
    assert "event_time" not in to_event(replace(EVENT, event_time=time)).sdk


def test_the_currency_of_the_api_comes_before_that_in_the_value():
    assert to_event(replace(EVENT, event_currency="USD")).sdk["event_revenue_currency"] == "USD"


@pytest.mark.parametrize(
    ("changes", "filled"),
    [
        pytest.param({"aie": False}, {"is_lat": True}, id="limited"),
        pytest.param({"aie": True}, {"is_lat": False}, id="agreed"),
        pytest.param({"att": 0}, {"att_status": "not_determined", "att_0_1": False}, id="not-determined"),
        pytest.param({"att": 3}, {"att_status": "authorized", "att_0_1": True}, id="authorized"),
        pytest.param({"att": 9}, {"att_status": None}, id="unknown-status"),
        pytest.param({"os": "14.5.1"}, {"os_version": "14.5.1"}, id="system"),
        pytest.param({"ua": "Mozilla/5.0"}, {"user_agent": "Mozilla/5.0"}, id="user-agent"),
        pytest.param({"bundle_identifier": "com.x"}, {"bundle_id": "com.x"}, id="bundle"),
        pytest.param({"event_value": {"af_revenue": 5}}, {"event_revenue": 5}, id="value-as-objects"),
    ],
)
def test_a_field_of_the_body_fills_a_field_of_the_event(changes, filled):
    sdk = to_event(replace(EVENT, **changes)).sdk
    assert {field: sdk.get(field) for field in filled} == filled


@pytest.mark.parametrize(
    ("changes", "idfa"),
    [
        pytest.param({"os": "13.7", "aie": False}, ZERO_ID, id="limited-before-14"),
        pytest.param({"os": "13.7", "aie": True}, IDFA, id="agreed-before-14"),
        pytest.param({"os": "13.7"}, IDFA, id="unknown-before-14"),
        pytest.param({"os": "14.0", "aie": False}, IDFA, id="limited-does-not-count-from-14"),
        pytest.param({"aie": False}, IDFA, id="no-version-counts-as-newer"),
        pytest.param({"os": "9" * 5000, "aie": False}, IDFA, id="a-version-of-no-system"),
        pytest.param({"os": "14.5", "att": 2}, ZERO_ID, id="denied"),
        pytest.param({"os": "14.5", "att": 1}, ZERO_ID, id="restricted"),
        pytest.param({"os": "14.5", "att": 0}, IDFA, id="not-asked-yet"),
        pytest.param({"os": "14.5", "att": 3}, IDFA, id="authorized"),
        pytest.param({"os": "13.7", "att": 2}, IDFA, id="no-status-before-14"),
    ],
)
def test_an_idfa_that_is_not_shared_is_all_zeros(changes, idfa):
    assert to_event(replace(EVENT, idfa=IDFA, **changes)).sdk["idfa"] == idfa


def test_an_idfa_that_is_not_shared_may_be_a_single_zero():
    assert to_event(replace(EVENT, idfa=IDFA, os="13", aie=False), hidden_id="0").sdk["idfa"] == "0"


def test_what_the_event_says_of_consent_holds_for_the_idfa_of_the_install():
    install = replace(INSTALL, sdk={"appsflyer_id": ID, "idfa": IDFA, "os_version": "14.5", "att_0_1": True})
    sdk = to_event(replace(EVENT, att=2), install=install).sdk
    assert (sdk["idfa"], sdk["att_0_1"]) == (ZERO_ID, False)


def test_no_idfa_is_made_up():
    assert "idfa" not in to_event(replace(EVENT, os="13", aie=False)).sdk


FIELDS = dialect("appsflyer").fields
UNKNOWN = sorted(set(FIELDS) - set(fields_below("")))


@reaching(several=50)
@given(st.dictionaries(st.sampled_from(UNKNOWN), st.just("forged"), min_size=1, max_size=8))
def test_a_payload_never_fills_a_field_of_another_source(forged):
    body = {"appsflyer_id": ID, "eventName": "e", "eventValue": json.dumps(forged), **forged}
    event = to_event(S2SEvent.from_json(json.dumps(body)), install=INSTALL)
    assert event.link == INSTALL.link
    assert set(event.platform.values()) <= set(INSTALL.platform.values())
    assert "forged" not in event.sdk.values()
    assert {FIELDS[field] for field in event.sdk} == {Source.SDK}
    reached(*["several"] * (len(forged) > 1))


def test_a_partner_without_the_attribution_gets_the_event_without_what_is_withheld():
    template = "https://n.example/pb?c=(clickid)&t=(attributed_touch_type)&g=(advertising_id)&r=(event_revenue)"
    mine, others = (compile_template(template, policy=Policy("in-app", send_all=given)) for given in (False, True))
    event = to_event(EVENT, install=INSTALL)
    assert (
        PostbackSet([mine, others]).render(event)
        == ["https://n.example/pb?c=8594845&t=click&g=8e4dd44b-82ec-43d0-a5de-321f3c0b9a71&r=-6.50"] * 2
    )
    assert PostbackSet([mine, others]).render(replace(event, attributed=False)) == [
        None,
        "https://n.example/pb?c=&t=&g=8e4dd44b-82ec-43d0-a5de-321f3c0b9a71&r=-6.50",
    ]


def test_fields_are_those_of_the_dialect_that_the_table_names():
    assert home_dialect() is dialect("appsflyer")


def test_intake_never_asks_for_the_default_dialect():
    modules = Path(intake.__file__).parent.rglob("*.py")
    assert [path for path in modules if "DEFAULT_DIALECT" in path.read_text(encoding="utf-8")] == []
