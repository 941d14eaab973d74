"""Decide which time counts for an event: its own, or that of its arrival.

AppsFlyer, "Server-to-server events API for mobile (S2S-mobile)", section "Time stamping S2S events",
https://support.appsflyer.com/hc/en-us/articles/207034486. Days are UTC days.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from macroengine.arguments import check_each

CLOSE_OF_BUSINESS = time(2)
"""Before this time, events of the previous day keep their own time."""

_DAY = timedelta(days=1)
# The documented form, and RFC 3339, which the specification's schema asks for.
_is_time = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
).fullmatch


class StampReason(StrEnum):
    """Why an event has its time."""

    MISSING = "no event time was sent"
    INVALID = "the event time cannot be read"
    FUTURE_SAME_DAY = "the event time is later than the arrival, on the same day"
    FUTURE_LATER_DAY = "the event time is on a later day than the arrival"
    SAME_DAY = "the event arrived on its day"
    DAY_BEFORE_IN_TIME = "the event arrived before 02:00 of the day after"
    DAY_BEFORE_TOO_LATE = "the event arrived at or after 02:00 of the day after"
    OLDER = "the event arrived two days later or more"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time that counts for an event, in UTC, and the reason."""

    time: datetime
    """The time, in UTC."""
    reason: StampReason
    """Why this time counts."""


def stamp(event_time: datetime | str | None, arrival: datetime) -> Stamp:
    """Return the time that counts for an event that arrives at `arrival`.

    >>> monday, tuesday = datetime(2024, 4, 29, 21, tzinfo=UTC), datetime(2024, 4, 30, 1, tzinfo=UTC)
    >>> stamp(monday, tuesday).time == monday
    True
    >>> stamp("yesterday", tuesday).reason.value
    'the event time cannot be read'

    Raises:
        ValueError: a datetime has no time zone.
    """
    check_each(datetime | str | None, "a datetime or string", event_time=event_time)
    check_each(datetime, "a datetime", arrival=arrival)
    arrived = _utc(arrival)
    if event_time is None:
        return Stamp(arrived, StampReason.MISSING)
    happened = parse_time(event_time) if isinstance(event_time, str) else _utc(event_time)
    if happened is None:
        return Stamp(arrived, StampReason.INVALID)
    reason = _reason(happened, arrived)
    return Stamp(happened if reason in _KEEPS_ITS_TIME else arrived, reason)


def parse_time(text: str) -> datetime | None:
    """Return the time in an event's `eventTime`, in UTC, or None if it cannot be read.

    >>> parse_time("2019-05-15 12:17:01.123")
    datetime.datetime(2019, 5, 15, 12, 17, 1, 123000, tzinfo=datetime.timezone.utc)
    """
    if not _is_time(text):
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return _utc(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # an invalid month, or outside the years 1 to 9999 in UTC
        return None


def format_time(moment: datetime) -> str:
    """Return a time in the format of `eventTime`.

    >>> format_time(datetime(2019, 5, 15, 12, 17, 1, 123000, tzinfo=UTC))
    '2019-05-15 12:17:01.123'
    """
    return _utc(moment).replace(tzinfo=None).isoformat(" ", "milliseconds")


_KEEPS_ITS_TIME = {StampReason.FUTURE_SAME_DAY, StampReason.SAME_DAY, StampReason.DAY_BEFORE_IN_TIME}


def _reason(happened: datetime, arrived: datetime) -> StampReason:
    days = arrived.date() - happened.date()
    if happened > arrived:
        return StampReason.FUTURE_LATER_DAY if days else StampReason.FUTURE_SAME_DAY
    if not days:
        return StampReason.SAME_DAY
    if days > _DAY:
        return StampReason.OLDER
    in_time = arrived.time() < CLOSE_OF_BUSINESS
    return StampReason.DAY_BEFORE_IN_TIME if in_time else StampReason.DAY_BEFORE_TOO_LATE


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a time needs its time zone; write datetime.now(UTC), or .replace(tzinfo=UTC)")
    return moment.astimezone(UTC)
