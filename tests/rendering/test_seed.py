"""The samples of AppsFlyer's article "Postback macros for ad networks", byte for byte.

Its templates are broken over lines and damaged by HTML (`¤cy`, `&;idfa`); they stand here as they were meant.
"""

import pytest

from macroengine import Event, Policy, Postback, compile_template, render

IN_APP = Policy(Postback.IN_APP)
EVENT_VALUE = (
    '{"af_quantity":1,"af_revenue":"12000","af_currency":"USD",'
    '"af_content_id":"1107","af_content_type":"default_type"}\n'
)
ENCODED = (
    "%7B%22af_quantity%22%3A1%2C%22af_revenue%22%3A%2212000%22%2C%22af_currency%22%3A%22USD%22%2C%22"
    "af_content_id%22%3A%221107%22%2C%22af_content_type%22%3A%22default_type%22%7D%0A"
)


def test_event_value_sample():
    event = Event(sdk={"event_name": "af_purchase", "event_value": EVENT_VALUE}, postback=Postback.IN_APP)
    url = render("&event=(event)&json=(encode)", event, policy=IN_APP)
    assert url == "&event=af_purchase&json=" + ENCODED


def test_event_value_as_an_object_has_no_line_break():
    value = {
        "af_quantity": 1,
        "af_revenue": "12000",
        "af_currency": "USD",
        "af_content_id": "1107",
        "af_content_type": "default_type",
    }
    event = Event(sdk={"event_name": "af_purchase", "event_value": value}, postback=Postback.IN_APP)
    url = render("&event=(event)&json=(encode)", event, policy=IN_APP)
    assert url == "&event=af_purchase&json=" + ENCODED.removesuffix("%0A")


def test_identifier_sample():
    assert render("&IDFA=(idfa)", Event(sdk={"idfa": "30255BCE"})) == "&IDFA=30255BCE"


def test_address_sample():
    # The article's parameter is called country_code although it holds an address.
    assert render("country_code=(ip)", Event(sdk={"ip": "38.166.144.142"})) == "country_code=38.166.144.142"


@pytest.mark.parametrize(
    ("template", "url"),
    [
        pytest.param(
            "http://YourCompanyDomain.com?site_id=(publisher_id)&advertising_id=(advertiser_id)"
            "&android_id=(android_id)&install_time=(install_unix_ts)",
            "http://YourCompanyDomain.com?site_id=click123&advertising_id=121sxxxx-xxxx-xxxx-xxxx-52454bd7500b"
            "&android_id=9aaeecc4455xxxxx&install_time=1451923560",
            id="android-install",
        ),
        pytest.param(
            "http://YourCompanyDomain.com?&site_id=(publisher_id)&device_ip=(ip)&idfa=(idfa)"
            "&install_time=(install_unix_ts)",
            "http://YourCompanyDomain.com?&site_id=click123&device_ip=38.166.144.142"
            "&idfa=30255BCE-4CDA-4F62-91DC-4758FDFF8512&install_time=1451923560",
            id="ios-install",
        ),
    ],
)
def test_install_samples(template, url):
    event = Event(
        link={"publisher_id": "click123", "click_id": "8594845"},
        sdk={
            "advertising_id": "121sxxxx-xxxx-xxxx-xxxx-52454bd7500b",
            "android_id": "9aaeecc4455xxxxx",
            "idfa": "30255BCE-4CDA-4F62-91DC-4758FDFF8512",
            "install_unix_ts": 1451923560,
            "ip": "38.166.144.142",
        },
    )
    assert render(template, event) == url


# The sample contradicts itself. Its event is listed as af_revenue and sent as af_purchase; its event value says 120
# and is sent as 120.10; and the postback has parameters that the Android template lacks. Here the event is what was
# sent, the template is the Android one with these parameters added, and the `;` and ` />` that HTML left are gone.
def test_in_app_sample():
    template = (
        "http://YourCompanyDomain.com?clickid=(clickid)&site_id=(publisher_id)&device_ip=(ip)"
        "&advertising_id=(advertiserId)&android_id=(android_id)&install_time=(install_unix_ts)"
        "&event_name=(event_name)&currency=(currency)&revenue=(event_revenue)&json=(event_value)"
    )
    event = Event(
        link={"click_id": "8594845", "publisher_id": "click123"},
        sdk={
            "ip": "38.166.144.142",
            "advertising_id": "121sxxxx-xxxx-xxxx-xxxx-52454bd7500b",
            "android_id": "9aaeecc4455xxxxx",
            "install_unix_ts": "1451923560",
            "event_name": "af_purchase",
            "event_revenue": "120.00",
            "event_revenue_currency": "USD",
            "event_value": EVENT_VALUE.replace("12000", "120.10"),
        },
        postback=Postback.IN_APP,
    )
    assert compile_template(template, policy=IN_APP).render(event) == (
        "http://YourCompanyDomain.com?clickid=8594845&site_id=click123&device_ip=38.166.144.142"
        "&advertising_id=121sxxxx-xxxx-xxxx-xxxx-52454bd7500b&android_id=9aaeecc4455xxxxx"
        "&install_time=1451923560&event_name=af_purchase&currency=USD&revenue=120.00"
        "&json=%7B%22af_quantity%22%3A1%2C%22af_revenue%22%3A%22120.10%22%2C%22af_currency%22%3A%22USD%22%2C%22"
        "af_content_id%22%3A%221107%22%2C%22af_content_type%22%3A%22default_type%22%7D%0A"
    )


# The iOS template of the article, with the values of its sample.
def test_in_app_sample_on_ios():
    template = (
        "http://YourCompanyDomain.com?clickid=(clickid)&site_id=(publisher_id)&device_ip=(ip)&idfa=(idfa)"
        "&install_time=(install_unix_ts)&event_name=(event_name)&currency=(currency)&json=(event_value)"
    )
    event = Event(
        link={"click_id": "8594845", "publisher_id": "click123"},
        sdk={
            "ip": "38.166.144.142",
            "install_unix_ts": 1451923560,
            "event_name": "af_purchase",
            "event_revenue_currency": "USD",
            "event_value": EVENT_VALUE,
        },
        postback=Postback.IN_APP,
    )
    assert compile_template(template, policy=IN_APP).render(event) == (
        "http://YourCompanyDomain.com?clickid=8594845&site_id=click123&device_ip=38.166.144.142&idfa="
        "&install_time=1451923560&event_name=af_purchase&currency=USD&json=" + ENCODED
    )
