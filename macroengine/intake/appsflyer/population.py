"""Build the Event that fills postbacks from an S2S event and the install that it belongs to."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache

from macroengine.arguments import check_type
from macroengine.errors import PayloadError
from macroengine.event import Event
from macroengine.intake import faults
from macroengine.intake.appsflyer.events import S2SEvent
from macroengine.intake.appsflyer.fields import BODY, BodyField, fields_below, home_dialect
from macroengine.intake.appsflyer.stamping import parse_time, stamp
from macroengine.intake.json_reader import below
from macroengine.intake.tables import table
from macroengine.kinds import Postback

ZERO_ID = "00000000-0000-0000-0000-000000000000"
"""What an iOS device reports if its user does not share the advertising id."""


def to_event(
    s2s: S2SEvent, *, install: Event | None = None, arrival: datetime | None = None, hidden_id: str = ZERO_ID
) -> Event:
    """Return the Event for postbacks about an S2S event.

    A field comes from the S2S event, or else from the event of the install. The install decides to whom the event is
    attributed; None means that it is unknown, and fields that only the attributed network may get stay empty. If
    `arrival` is given, the time is the one that counts for AppsFlyer (see `stamp`); otherwise it is the time that was
    sent. `hidden_id` replaces an advertising id that the user does not share: all zeros, or "0", a possible reading of
    the documentation.

    >>> install = Event(link={"click_id": "8594845"}, sdk={"appsflyer_id": "1415211453000-6513894", "idfv": "V"})
    >>> event = to_event(S2SEvent("1415211453000-6513894", "af_login"), install=install)
    >>> event.link, event.sdk["event_name"], "idfv" in event.sdk
    ({'click_id': '8594845'}, 'af_login', False)

    Raises:
        PayloadError: the install belongs to another device.
        ValueError: `arrival` has no time zone.
    """
    check_type("s2s", S2SEvent, "an S2SEvent", s2s)
    check_type("install", Event | None, "an Event", install)
    check_type("arrival", datetime | None, "a datetime", arrival)
    sent = list(_sent(s2s))
    own = {**_own_values(sent), **_time(s2s, arrival)}
    if install is None:
        return Event(sdk=_without_hidden_id(own, hidden_id), postback=Postback.IN_APP, attributed=False)
    _check_same_device(s2s, install)
    kept_back = _kept_back(install).union(*(row.outdates for row, _ in sent))
    return Event(
        link=dict(install.link) if install.attributed else {},
        sdk=_without_hidden_id({**_without(install.sdk, kept_back), **own}, hidden_id),
        platform=_without(install.platform, kept_back),
        postback=Postback.REJECTED_IN_APP if install.postback is Postback.REJECTED_INSTALL else Postback.IN_APP,
        attributed=install.attributed,
    )


def by_device(installs: Iterable[Event]) -> dict[object, Event]:
    """Return installs by device id. If a device has several, the last one is used.

    Installs without an id, or with one that is not a string, are skipped, since no event can match them.

    >>> by_device([Event(sdk={"appsflyer_id": "1415211453000-6513894"})])["1415211453000-6513894"].postback
    <Postback.INSTALL: 'install'>
    """
    check_type("installs", Iterable, "an iterable of events", installs)
    every = tuple(installs)
    for install in every:
        check_type("each of installs", Event, "an Event", install)
    return {device: install for install in every if isinstance(device := install.sdk.get(_join()), str)}


def _sent(s2s: S2SEvent) -> Iterator[tuple[BodyField, object]]:
    """Yield the fields that the event has with their values, those in the event value last."""
    for row in fields_below("").values():
        value = getattr(s2s, row.attribute)
        if value is not None:
            yield row, value
    inside = s2s.values()
    for row in _fields_of_value():
        if inside.get(row.name) is not None:
            yield row, inside[row.name]


def _own_values(sent: Iterable[tuple[BodyField, object]]) -> dict[str, object]:
    """Return the values that the event itself provides, by field."""
    values: dict[str, object] = {}
    for row, value in sent:
        if row.field and row.type != _TIME:
            values.setdefault(row.field, value)
        for field, meanings in row.fills.items():
            if isinstance(value, int) and value in range(len(meanings)):
                values[field] = meanings[value]
    return values


def _time(s2s: S2SEvent, arrival: datetime | None) -> dict[str, object]:
    """Return the field of the time, if there is a time for it."""
    time = _as_sent(s2s.event_time) if arrival is None else stamp(s2s.event_time, arrival).time
    return {} if time is None else {row.field: time for row in fields_below("").values() if row.type == _TIME}


_TIME = "time"


def _as_sent(time: str | datetime | None) -> datetime | None:
    return parse_time(time) if isinstance(time, str) else time


@cache
def _fields_of_value() -> tuple[BodyField, ...]:
    """Return the fields inside the event value, the only string that has documented fields."""
    return tuple(
        row
        for outer in fields_below("").values()
        if outer.type == "json-text"
        for row in fields_below(outer.path).values()
    )


def _check_same_device(s2s: S2SEvent, install: Event) -> None:
    field = _join()
    if install.sdk.get(field) != s2s.appsflyer_id:
        raise PayloadError(
            [
                faults.OTHER_DEVICE.at(
                    below("", field), f"the install has another {field!r}", "look the install up by it"
                )
            ]
        )


def _join() -> str:
    field: str = table(BODY)["install"]["join"]
    return field


def _kept_back(install: Event) -> frozenset[str]:
    """Return the fields of an install that do not apply to its events."""
    rules = table(BODY)["install"]
    kept_back = _of_events() | set(rules["kept_back"])
    if install.attributed:
        return kept_back
    is_organic = not install.link
    return kept_back | _of_the_network() | set(rules["organic"] if is_organic else ())


@cache
def _of_events() -> frozenset[str]:
    """Return the fields that belong to an event, never to an install."""
    in_app = {Postback.IN_APP, Postback.REJECTED_IN_APP}
    return frozenset(spec.field for spec in home_dialect().macros.values() if spec.available <= in_app)


@cache
def _of_the_network() -> frozenset[str]:
    """Return the fields that only the attributed network may get."""
    return frozenset(spec.field for spec in home_dialect().macros.values() if not spec.send_all)


def _without(values: Mapping[str, object], fields: Collection[str]) -> dict[str, object]:
    return {field: value for field, value in values.items() if field not in fields}


def _without_hidden_id(values: Mapping[str, object], hidden_id: str) -> dict[str, object]:
    """Return `values` with the advertising id hidden if the user does not share it."""
    rules = table(BODY)["hidden"]
    major = _leading_number(str(values.get(rules["system"])))
    if major is not None and int(major[0]) < rules["until"]:
        is_hidden = str(values.get(rules["flag"])).lower() in ("true", "1")
    else:
        is_hidden = values.get(rules["status"]) in rules["refusals"]
    return {**values, rules["field"]: hidden_id} if is_hidden and rules["field"] in values else dict(values)


_leading_number = re.compile(r"[0-9]{1,4}(?![0-9])").match
