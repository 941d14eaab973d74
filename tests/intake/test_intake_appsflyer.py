"""AppsFlyer server-to-server events: reading, checking and writing their bodies."""

import json
import pickle
import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import MacroEngineError, PayloadDiagnostic, PayloadError, Severity
from macroengine.intake.appsflyer import S2SEvent, validate
from macroengine.intake.appsflyer.fields import fields_below
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

ID = "1415211453000-6513894"
GOOD = {"appsflyer_id": ID, "eventName": "af_purchase", "eventValue": '{"af_revenue":"6"}'}
ZEROS = "00000000-0000-0000-0000-000000000000"


def found(body, **options):
    """Return what is wrong, as `pointer code`, sorted."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return sorted(f"{one.pointer} {one.code}" for one in validate(text, **options))


def value(**fields):
    return {**GOOD, "eventValue": json.dumps(fields)}


def test_a_good_event_has_nothing_wrong():
    assert found(GOOD) == []


def test_the_event_value_of_the_document_is_read():
    line = r'"{\"af_revenue\":\"6\" ,\"af_content_type\":\"wallets\"}"'
    event = S2SEvent.from_json(f'{{"appsflyer_id":"{ID}","eventName":"af_purchase","eventValue":{line}}}')
    assert event.event_value == '{"af_revenue":"6" ,"af_content_type":"wallets"}'
    assert event.values() == {"af_revenue": "6", "af_content_type": "wallets"}


@pytest.mark.parametrize("revenue", ["123", "-123.45", "123.456", 6, -6, 1.5])
def test_a_legal_revenue_passes(revenue):
    assert found(value(af_revenue=revenue)) == []


@pytest.mark.parametrize(
    ("revenue", "hint"),
    [
        ("1,234.56", "write '1234.56'"),
        ("1,234", "write '1234'"),
        ("$5", "write '5'"),
        ("5 USD", "write '5'"),
        ("1 234", "write '1234'"),
        ("1,234.561,234", "write it like '-123.45'"),
        ("", "write it like '-123.45'"),
    ],
)
def test_an_illegal_revenue_comes_with_the_cleaned_figure(revenue, hint):
    [one] = validate(json.dumps(value(af_revenue=revenue)))
    assert (one.code, one.pointer, one.hint) == ("ME516", "/eventValue/af_revenue", hint)


def test_negative_revenue_and_quantity_are_a_cancellation():
    assert found(value(af_revenue="-12.5", af_quantity=-1)) == []


@with_each(
    ("changes", "expected"),
    [
        pytest.param({"appsflyer_id": ...}, "/appsflyer_id ME511", id="no-id"),
        pytest.param({"appsflyer_id": ""}, "/appsflyer_id ME511", id="empty-id"),
        pytest.param({"appsflyer_id": "123"}, "/appsflyer_id ME513", id="short-id"),
        pytest.param({"appsflyer_id": 1415211453000}, "/appsflyer_id ME512", id="number-for-id"),
        pytest.param({"appsflyer_id": None}, "/appsflyer_id ME512", id="null-for-id"),
        pytest.param({"eventName": ...}, "/eventName ME511", id="no-name"),
        pytest.param({"eventName": []}, "/eventName ME512", id="list-for-name"),
        pytest.param({"eventValue": ...}, "/eventValue ME511", id="no-value"),
        pytest.param({"eventValue": {"af_revenue": "6"}}, "/eventValue ME515", id="object-for-value"),
        pytest.param({"eventValue": [1]}, "/eventValue ME515", id="list-for-value"),
        pytest.param({"eventValue": 6}, "/eventValue ME512", id="number-for-value"),
        pytest.param({"eventValue": "{"}, "/eventValue ME503", id="broken-json-in-value"),
        pytest.param({"eventValue": "[1]"}, "/eventValue ME512", id="list-in-value"),
        pytest.param({"eventValue": '{"a":1,"a":2}'}, "/eventValue/a ME505", id="key-twice-in-value"),
        pytest.param({"eventValue": '{"a":{"b":[NaN]}}'}, "/eventValue/a/b/0 ME503", id="nan-in-value"),
        pytest.param({"eventValue": '{"af_revenue":null}'}, "/eventValue/af_revenue ME512", id="null-revenue"),
        pytest.param({"eventValue": '{"af_revenue":true}'}, "/eventValue/af_revenue ME512", id="true-revenue"),
        pytest.param({"eventValue": '{"af_currency":"EURO"}'}, "/eventValue/af_currency ME514", id="no-currency"),
        pytest.param({"eventCurrency": "usd"}, "/eventCurrency ME514", id="lower-case-currency"),
        pytest.param({"eventCurrency": 840}, "/eventCurrency ME512", id="number-for-currency"),
        pytest.param({"eventTime": "yesterday"}, "/eventTime ME517", id="no-time"),
        pytest.param({"eventTime": 1714424400}, "/eventTime ME512", id="number-for-time"),
        pytest.param({"idfa": ZEROS, "os": "13"}, None, id="zero-idfa"),
        pytest.param({"idfa": "9876f1aa-2983-3855-27bb-2c626772efab", "os": "13"}, "/idfa ME513", id="lower-case-idfa"),
        pytest.param({"idfv": "x", "os": "13"}, "/idfv ME513", id="short-idfv"),
        pytest.param({"idfa": ZEROS}, "/os ME521", id="ios-without-os"),
        pytest.param({"os": "fourteen"}, "/os ME513", id="os-in-words"),
        pytest.param({"os": 14.5}, "/os ME512", id="number-for-os"),
        pytest.param({"advertising_id": "x"}, "/advertising_id ME513", id="short-gaid"),
        pytest.param({"advertising_id": ZEROS, "idfa": ZEROS, "os": "1"}, " ME522", id="ids-of-two-platforms"),
        pytest.param({"att": 4, "os": "14"}, "/att ME514", id="unknown-att"),
        pytest.param({"att": "3", "os": "14"}, "/att ME512", id="string-for-att"),
        pytest.param({"att": True, "os": "14"}, "/att ME512", id="true-for-att"),
        pytest.param({"aie": "true"}, "/aie ME512", id="string-for-aie"),
        pytest.param({"aie": 1}, "/aie ME512", id="number-for-aie"),
        pytest.param({"ip": "192.0.2.300"}, "/ip ME513", id="no-ip"),
        pytest.param({"ip": "2001:db8::1"}, "/ip ME520", id="ipv6"),
        pytest.param({"ip": 3221225985}, "/ip ME512", id="number-for-ip"),
        pytest.param({"app_type": "instant"}, "/app_type ME514", id="unknown-app-type"),
        pytest.param({"app_type": ""}, None, id="no-app-clip"),
        pytest.param({"app_set_id": "x"}, "/app_set_id ME512", id="string-for-object"),
        pytest.param({"app_set_id": {"scope": 3}}, "/app_set_id/scope ME514", id="unknown-scope"),
        pytest.param({"app_set_id": {"extra": 3}}, "/app_set_id/extra ME518", id="unknown-field-inside"),
        pytest.param({"sharing_filter": "all"}, None, id="shared-with-nobody"),
        pytest.param({"sharing_filter": "some"}, "/sharing_filter ME512", id="unknown-filter"),
        pytest.param({"sharing_filter": []}, "/sharing_filter ME512", id="empty-filter"),
        pytest.param({"sharing_filter": ["a", 1]}, "/sharing_filter ME512", id="number-in-filter"),
        pytest.param({"consent_data": {"tcf": {"tcstring": 2}}}, "/consent_data/tcf/tcstring ME512", id="consent"),
        pytest.param({"email_hashed": "me@example.com"}, "/email_hashed ME513", id="raw-e-mail"),
        pytest.param({"custom_data": {"a": 1}}, "/custom_data ME515", id="object-for-custom-data"),
        pytest.param({"wifi": True}, "/wifi ME519", id="wifi"),
        pytest.param({"WIFI": True}, "/WIFI ME519", id="wifi-in-capitals"),
        pytest.param({"Operator": "AT&T"}, "/Operator ME519", id="operator"),
        pytest.param({"language": "en"}, "/language ME519", id="language"),
        pytest.param({"device_model": "x"}, "/device_model ME519", id="device-model"),
        pytest.param({"device_category": "x"}, "/device_category ME519", id="device-category"),
        pytest.param({"app_version": "1"}, "/app_version ME519", id="app-version"),
        pytest.param({"app_name": "x"}, "/app_name ME519", id="app-name"),
        pytest.param({"user_agent": "x"}, "/user_agent ME519", id="user-agent"),
        pytest.param({"clickid": "1"}, "/clickid ME518", id="value-of-a-link"),
        pytest.param({"a/b~c": "1"}, "/a~1b~0c ME518", id="pointer-is-escaped"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_found_where_it_is(changes, expected):
    body = {key: item for key, item in {**GOOD, **changes}.items() if item is not ...}
    assert found(body) == ([] if expected is None else [expected])


def test_all_that_is_wrong_is_found_at_once():
    wrong = {row.name: 1.5 for row in fields_below("").values()}
    assert found(wrong) == sorted([*(f"/{name} ME512" for name in wrong), " ME522"])


@pytest.mark.parametrize(
    ("app_id", "body", "expected"),
    [
        ("com.example.game", GOOD, []),
        ("id123456789", GOOD, ["/os ME521"]),
        ("id123456789", {**GOOD, "os": "14.5.1"}, []),
        ("123456789", GOOD, [" ME523"]),
    ],
)
def test_the_app_says_what_must_be_sent(app_id, body, expected):
    assert found(body, app_id=app_id) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("", " ME503", id="empty"),
        pytest.param("{", " ME503", id="cut-off"),
        pytest.param("null", " ME512", id="null"),
        pytest.param('"text"', " ME512", id="string"),
        pytest.param([GOOD, GOOD], " ME504", id="several-events"),
        pytest.param(b'{"eventName": "\xff"}', " ME502", id="not-utf-8"),
        pytest.param("[" * 4_000, " ME501, ME503", id="deep"),
        pytest.param(b"x" * 10_000_000, " ME501", id="ten-megabytes"),
        pytest.param("\ud800" * 3_000, " ME501", id="surrogates"),
    ],
)
def test_a_body_that_is_no_event_is_said_to_be_none(body, expected):
    assert ",".join(found(body)) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('"a": 1, "a": 2', "/a ME505"),
        ('"os": NaN', "/os ME503"),
        ('"os": -Infinity', "/os ME503"),
        ('"os": 1e400', "/os ME503"),
        (f'"os": {"9" * 500}', "/os ME503"),
        (r'"os": "\ud800"', "/os ME502"),
        (r'"\ud800": 1', r"/\ud800 ME502"),
    ],
)
def test_what_is_no_json_is_found_inside(inside, expected):
    assert expected in found(json.dumps(GOOD)[:-1] + ", " + inside + "}")


def test_a_body_over_the_limit_is_read_all_the_same_to_find_what_else_is_wrong():
    assert found({**GOOD, "custom_dimension": "x" * 1024, "wifi": 1}) == [" ME501", "/wifi ME519"]
    assert found({**GOOD, "custom_dimension": "x" * 850}) == []


def test_a_body_may_begin_with_a_byte_order_mark():
    assert found(json.dumps(GOOD).encode("utf-8-sig")) == []


def test_an_error_holds_all_errors_and_travels():
    with pytest.raises(PayloadError) as caught:
        S2SEvent.from_json('{"eventTime": "x", "eventValue": ""}')
    again = pickle.loads(pickle.dumps(caught.value))
    assert [one.pointer for one in again.diagnostics] == ["/appsflyer_id", "/eventName"]
    assert str(again) == "\n".join(map(str, caught.value.diagnostics))


def test_warnings_do_not_keep_an_event_from_being_read():
    event = S2SEvent.from_json(json.dumps({**GOOD, "eventTime": "x", "wifi": 1, "country_code": "DE"}).encode())
    assert event == S2SEvent(ID, "af_purchase", '{"af_revenue":"6"}', event_time="x")


def test_a_diagnostic_does_not_repeat_an_identifier():
    secret = "9876f1aa-2983-3855-27bb-2c626772efab"
    body = {**GOOD, **dict.fromkeys(("appsflyer_id", "idfa", "idfv", "advertising_id", "ip", "email_hashed"), secret)}
    assert secret.casefold() not in "".join(map(str, validate(json.dumps(body)))).casefold()


def test_a_diagnostic_shows_what_does_not_print_as_escapes():
    text = "".join(map(str, validate(json.dumps({**GOOD, "a\x1b[31m\n": 1, "x" * 500: 2}))))
    assert "\x1b" not in text
    assert max(map(len, text.split("\n"))) < 130


def test_a_value_of_objects_is_stringified():
    event = S2SEvent(ID, "e", {"city": "Köln", "n": 1}, event_time=datetime(2024, 4, 29, 21, tzinfo=UTC))
    assert json.loads(event.to_json()) == {
        "appsflyer_id": ID,
        "eventName": "e",
        "eventValue": '{"city":"Köln","n":1}',
        "eventTime": "2024-04-29 21:00:00.000",
    }
    assert validate(event) == []


@pytest.mark.parametrize(
    ("number", "digits"),
    [(1e-7, "0.0000001"), (1e16, "10000000000000000.0"), (Decimal("12.50"), "12.50"), (5, "5"), (0.1, "0.1")],
)
def test_numbers_are_written_in_plain_digits(number, digits):
    body = json.loads(S2SEvent(ID, "e", {"af_revenue": number}, custom_data={"a": [number]}).to_json())
    assert (body["eventValue"], body["custom_data"]) == (f'{{"af_revenue":{digits}}}', f'{{"a":[{digits}]}}')


@pytest.mark.parametrize("item", [float("nan"), float("inf"), {1, 2}, object(), b"a", Decimal("NaN")])
def test_a_value_that_is_not_json_is_refused(item):
    with pytest.raises(PayloadError, match=r"not JSON.*\n  at /eventValue"):
        S2SEvent(ID, "e", {"a": item}).to_json()
    with pytest.raises(PayloadError, match="not JSON"):
        S2SEvent(ID, "e", consent_data={"a": item}).to_json()


@pytest.mark.parametrize(
    ("text", "values"),
    [("", {}), ("[1]", {}), ("{", {}), ('{"a":1}', {"a": 1}), ({"a": 1}, {"a": 1})],
)
def test_values_are_those_of_the_object(text, values):
    assert S2SEvent(ID, "e", text).values() == values


@pytest.mark.parametrize(
    ("sharing", "partner", "shared"),
    [(None, "a", True), ("all", "a", False), (("a", "b"), "a", False), (("b",), "a", True)],
)
def test_the_sharing_filter_says_who_is_told(sharing, partner, shared):
    assert S2SEvent(ID, "e", sharing_filter=sharing).is_shared_with(partner) is shared


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(list(fields_below(""))) | st.text(max_size=6)


objects = st.dictionaries(names, json_values, max_size=8)


@reaching(diagnostic=50, event=3)
@given(objects | json_values | objects.map(lambda body: body | GOOD))
@example({"eventValue": "\ud800"})
def test_any_json_is_an_event_or_the_librarys_own_error(body):
    text = json.dumps(body)
    found = validate(text)
    assert all(isinstance(one, PayloadDiagnostic) and str(one) for one in found)
    reached(*["diagnostic"] * bool(found))
    with suppress(MacroEngineError):
        S2SEvent.from_json(text)
        reached("event")


@reaching(refused=100, text=30)
@given(st.binary(max_size=60) | st.text(st.characters(), max_size=60))
def test_any_bytes_are_the_librarys_own_error(body):
    with pytest.raises(PayloadError):
        S2SEvent.from_json(body)
    reached("refused", *["text"] * (isinstance(body, str) and body != ""))
    assert any(one.severity is Severity.ERROR for one in validate(body))


plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
upper_uuids = st.uuids().map(lambda one: str(one).upper())
events = st.builds(
    S2SEvent,
    st.from_regex(r"[0-9]{13}-[0-9]{7}", fullmatch=True),
    plain,
    st.sampled_from(["", '{"af_revenue":"6" }', '{"a":[1,null]}']),
    event_currency=st.none() | st.sampled_from(["USD", "XTS"]),
    event_time=st.none() | plain,
    idfa=st.none() | upper_uuids,
    att=st.none() | st.integers(0, 3),
    aie=st.none() | st.booleans(),
    os=st.none() | st.just("14.5"),
    app_set_id=st.none() | st.fixed_dictionaries({"scope": st.sampled_from([1, 2])}),
    sharing_filter=st.none() | st.just("all") | st.lists(plain, min_size=1, max_size=2).map(tuple),
    customer_user_id=st.none() | plain,
)


@reaching(optional=20)
@given(events)
def test_what_is_written_is_read_back(event):
    assert S2SEvent.from_json(event.to_json()) == event
    reached(*["optional"] * (event.event_time is not None or event.idfa is not None))


def only(body, **options):
    """Return the only diagnostic."""
    [one] = validate(json.dumps(body), **options)
    return one


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        ("1e-7", "write '0.0000001'"),
        ("1E2", "write '100'"),
        ("1.5e+2", "write '150'"),
        ("-2e-1", "write '-0.2'"),
        ("1e30", "write it like '-123.45'"),
    ],
)
@pytest.mark.parametrize("name", ["af_revenue", "af_quantity"])
def test_a_figure_with_an_exponent_is_refused(name, number, hint):
    body = {**GOOD, "eventValue": f'{{"{name}":{number},"other":{number},"list":[{number}]}}'}
    one = only(body)
    assert (one.code, one.pointer) == ("ME516", f"/eventValue/{name}")
    assert one.hint == (hint.replace("-123.45", "-1") if name == "af_quantity" else hint)
    with pytest.raises(PayloadError):
        S2SEvent.from_json(json.dumps(body))


def test_an_event_of_ones_own_is_refused_like_its_body():
    assert [one.code for one in validate(S2SEvent(ID, "e", {"af_revenue": "1e-7"}))] == ["ME516"]
    assert validate(S2SEvent(ID, "e", {"af_revenue": 1e-7, "rate": 1e16})) == []


def test_two_currencies_are_a_warning_that_names_both():
    one = only({**value(af_revenue=6, af_currency="EUR"), "eventCurrency": "USD"})
    assert (one.code, one.severity, one.pointer) == ("ME525", "warning", "/eventValue/af_currency")
    assert one.message == "'af_currency' is 'EUR' and 'eventCurrency' is 'USD'; 'eventCurrency' counts"


@pytest.mark.parametrize(("one", "two"), [("USD", "USD"), ("USD", None), (None, "EUR")])
def test_one_currency_is_none(one, two):
    body = value(**({"af_currency": two} if two else {}))
    assert found({**body, "eventCurrency": one} if one else body) == []


def test_a_currency_that_is_wrong_contradicts_none():
    assert found({**value(af_currency="EUR"), "eventCurrency": "usd"}) == ["/eventCurrency ME514"]
    assert found({**GOOD, "eventValue": '{"af_currency":["EUR"]}', "eventCurrency": "USD"}) == [
        "/eventValue/af_currency ME512"
    ]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("eventRevenue", "ME518", "write 'af_revenue' in the JSON of 'eventValue'"),
        ("event_revenue", "ME518", "write 'af_revenue' in the JSON of 'eventValue'"),
        ("Revenue", "ME518", "write 'af_revenue' in the JSON of 'eventValue'"),
        ("af_revenue", "ME518", "write 'af_revenue' in the JSON of 'eventValue'"),
        ("af_content_id", "ME518", "write it in the JSON of 'eventValue'"),
        ("currency", "ME519", "write 'eventCurrency' instead"),
        ("osVersion", "ME519", "write 'os' instead"),
        ("userAgent", "ME519", "write 'ua' instead"),
    ],
)
def test_a_field_in_the_wrong_place_is_told_its_own(name, code, hint):
    one = only({**GOOD, name: "1"})
    assert (one.code, one.hint) == (code, hint)
    assert "eventValue'?" not in one.message


def test_a_version_under_another_name_is_told_the_field():
    found = validate(json.dumps({**GOOD, "os_version": "14.5"}), app_id="id123456789")
    assert [(one.pointer, one.hint) for one in found] == [
        ("/os_version", "write 'os' instead"),
        ("/os", "from iOS 14 on it must be sent, like '14.5.1'"),
    ]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "::ffff:0.0.0.0", "127.0.0.1", "10.0.0.1", "fe80::1"])
def test_an_address_that_no_device_has_is_a_warning(address):
    one = only({**GOOD, "ip": address})
    assert (one.code, one.severity, one.pointer) == ("ME526", "warning", "/ip")


@pytest.mark.parametrize("text", ["{user_id}", "{{user.id}}", "__USERID__", "(customer_user_id)", "null", "undefined"])
@pytest.mark.parametrize("name", ["customer_user_id", "eventName", "oaid"])
def test_a_macro_that_was_not_replaced_is_a_warning(name, text):
    one = only({**GOOD, name: text})
    assert (one.code, one.severity, one.pointer) == ("ME527", "warning", f"/{name}")


SECRETS = [
    "9876f1aa-2983-3855-27bb-2c626772efab", "9876F1AA-2983-3855-27BB-2C626772EFAB", "me@n.example", "490154203237518",
    "+49 170 123 456", "10.10.10.10", "192.168.100.200", "2001:db8::77", "a" * 64, "1415211453000-6513894x",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_no_message_repeats_a_value_in_the_wrong_field(secret):
    bare = re.sub(r"[^0-9A-Za-z]", "", secret).casefold()
    bodies = [{**GOOD, name: wrong} for name in fields_below("") for wrong in (secret, [secret], {secret: secret})]
    bodies += [{**GOOD, secret: 1}, {**GOOD, "app_set_id": {secret: 1, "scope": secret, "id": secret}}]
    bodies += [value(af_revenue=secret, af_currency=secret, af_quantity=secret)]
    texts = [*map(json.dumps, bodies), f'{{"{secret}": 1, "{secret}": 2}}', f'{{"a": {"4901542" * 90}}}']
    for text in texts:
        for one in validate(text, app_id="490154203237518"):
            shown = re.sub(r"[^0-9A-Za-z]", "", f"{one.message}{one.hint}".replace("1415211453000-6513894", ""))
            assert bare not in shown.casefold(), one
            assert "4901542" not in shown
