"""Arguments of a wrong type are refused where they are given, by their names; what they are is not shown."""

from datetime import UTC, datetime

import pytest

from macroengine import Event
from macroengine.intake import appmetrica, appsflyer

CLICK = appmetrica.Click("192.0.2.1", "Mozilla/5.0", 1453895044, click_id="1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = appsflyer.S2SEvent("1415211453000-6513894", "e")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: appmetrica.build_url(None, CLICK), "tracking_id must be a number or string, not NoneType"),
        (lambda: appmetrica.build_url(1, {}), "engagement must be a Click or an Impression, not dict"),
        (lambda: appmetrica.build_url(1, CLICK, host=5), "host must be a string, not int"),
        (lambda: appmetrica.landing_url(None, CLICK), "store_url must be a string, not NoneType"),
        (lambda: appmetrica.landing_url("", None), "engagement must be a Click or an Impression, not NoneType"),
        (lambda: appmetrica.link_values([]), "engagement must be a Click or an Impression, not list"),
        (lambda: appmetrica.parse_url(b""), "url must be a string, not bytes"),
        (lambda: appmetrica.tracking_id_of(None), "url must be a string, not NoneType"),
        (lambda: appmetrica.validate(b""), "given must be a string, a Click or an Impression, not bytes"),
        (lambda: appmetrica.validate("", arrival=0), "arrival must be a datetime, not int"),
        (lambda: appmetrica.is_timely(0, NOW), "event_time must be a datetime, not int"),
        (lambda: appmetrica.is_timely(NOW, "x"), "arrival must be a datetime, not 'x'"),
        (lambda: appsflyer.validate({}), "payload must be a string, bytes or an S2SEvent, not dict"),
        (lambda: appsflyer.validate("{}", app_id=1), "app_id must be a string, not int"),
        (lambda: appsflyer.S2SEvent.from_json({}), "body must be a string or bytes, not dict"),
        (lambda: appsflyer.S2SEvent.from_json("{}", app_id=1), "app_id must be a string, not int"),
        (lambda: appsflyer.stamp(0, NOW), "event_time must be a datetime or string, not int"),
        (lambda: appsflyer.stamp(None, None), "arrival must be a datetime, not NoneType"),
        (lambda: appsflyer.to_event({}), "s2s must be an S2SEvent, not dict"),
        (lambda: appsflyer.to_event(EVENT, install={}), "install must be an Event, not dict"),
        (lambda: appsflyer.to_event(EVENT, arrival=0), "arrival must be a datetime, not int"),
        (lambda: appsflyer.by_device(None), "installs must be an iterable of events, not NoneType"),
        (lambda: appsflyer.by_device([EVENT]), "each of installs must be an Event, not S2SEvent"),
    ],
)
def test_arguments_of_a_wrong_type_are_refused(call, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        call()


def test_installs_may_come_from_an_iterator():
    install = Event(sdk={"appsflyer_id": "1"})
    assert appsflyer.by_device(iter([install])) == appsflyer.by_device([install])
