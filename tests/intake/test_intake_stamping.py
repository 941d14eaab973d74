"""The time of a server-to-server event: its own or that of its arrival."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.intake.appsflyer import StampReason, stamp
from macroengine.intake.appsflyer.stamping import format_time, parse_time
from tests.support.floors import reached, reaching


def at(day, clock):
    """Return a time in a week that begins on Monday, 29 April 2024; days may lie outside it."""
    hour, minute, second = clock.split(":") if clock.count(":") == 2 else (*clock.split(":"), "0")
    week = ["Sun", "Mon", "Tue", "Wed"]
    start = datetime(2024, 4, 28, int(hour), int(minute), tzinfo=UTC) + timedelta(days=week.index(day))
    return start + timedelta(seconds=float(second))


OWN, ARRIVAL = "own", "arrival"


@pytest.mark.parametrize(
    ("event_time", "arrival", "stamped", "reason"),
    [
        pytest.param(("Mon", "21:00"), ("Tue", "01:00"), OWN, "DAY_BEFORE_IN_TIME", id="first-example"),
        pytest.param(("Mon", "21:00"), ("Wed", "09:00"), ARRIVAL, "OLDER", id="second-example"),
        pytest.param(("Mon", "21:00"), ("Tue", "01:59:59.999"), OWN, "DAY_BEFORE_IN_TIME", id="before-close"),
        pytest.param(("Mon", "21:00"), ("Tue", "02:00"), ARRIVAL, "DAY_BEFORE_TOO_LATE", id="at-close"),
        pytest.param(("Mon", "21:00"), ("Tue", "09:00"), ARRIVAL, "DAY_BEFORE_TOO_LATE", id="after-close"),
        pytest.param(("Mon", "00:00"), ("Tue", "01:00"), OWN, "DAY_BEFORE_IN_TIME", id="midnight-of-the-day-before"),
        pytest.param(("Tue", "00:00"), ("Tue", "00:00"), OWN, "SAME_DAY", id="midnight-at-midnight"),
        pytest.param(("Mon", "23:59:59.999"), ("Tue", "00:00"), OWN, "DAY_BEFORE_IN_TIME", id="just-before-midnight"),
        pytest.param(("Sun", "23:59:59.999"), ("Tue", "00:00"), ARRIVAL, "OLDER", id="two-days-in-a-day"),
        pytest.param(("Sun", "21:00"), ("Tue", "01:00"), ARRIVAL, "OLDER", id="two-days-before-close"),
        pytest.param(("Mon", "00:10"), ("Mon", "23:00"), OWN, "SAME_DAY", id="same-day"),
        pytest.param(("Mon", "00:30"), ("Mon", "00:10"), OWN, "FUTURE_SAME_DAY", id="future-same-day"),
        pytest.param(("Tue", "00:05"), ("Mon", "23:55"), ARRIVAL, "FUTURE_LATER_DAY", id="future-next-day"),
        pytest.param(("Tue", "00:00"), ("Mon", "23:59:59.999"), ARRIVAL, "FUTURE_LATER_DAY", id="future-at-midnight"),
        pytest.param(("Wed", "00:05"), ("Mon", "23:55"), ARRIVAL, "FUTURE_LATER_DAY", id="future-in-two-days"),
    ],
)
def test_an_event_gets_its_time_or_that_of_the_arrival(event_time, arrival, stamped, reason):
    given = stamp(at(*event_time), at(*arrival))
    assert given.time == at(*(event_time if stamped == OWN else arrival))
    assert given.reason is StampReason[reason]


def test_an_event_without_a_time_gets_that_of_the_arrival():
    assert stamp(None, at("Mon", "12:00")) == stamp(at("Mon", "12:00"), at("Mon", "12:00")).__class__(
        at("Mon", "12:00"), StampReason.MISSING
    )


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "2024-04-29",
        "2024-13-29 21:00:00.000",
        "2024-04-29 24:00:00.000",
        "2024-04-29 21:00",
        "1714424400",
        "29.04.2024 21:00:00",
        "0001-01-01T00:00:00+10:00",
        "\u0662024-04-29 21:00:00",
    ],
)
def test_an_event_with_an_unreadable_time_gets_that_of_the_arrival(text):
    given = stamp(text, at("Mon", "22:00"))
    assert (given.time, given.reason) == (at("Mon", "22:00"), StampReason.INVALID)


@pytest.mark.parametrize(
    "text",
    [
        "2024-04-29 21:00:00.000",
        "2024-04-29 21:00:00",
        "2024-04-29T21:00:00Z",
        "2024-04-29T23:00:00+02:00",
        "2024-04-29 21:00:00.000000",
    ],
)
def test_documented_forms_are_read_as_utc(text):
    assert parse_time(text) == at("Mon", "21:00")


def test_days_are_those_of_utc():
    east = timezone(timedelta(hours=9))
    given = stamp(at("Mon", "21:00").astimezone(east), at("Tue", "01:00").astimezone(east))
    assert (given.time, given.reason) == (at("Mon", "21:00"), StampReason.DAY_BEFORE_IN_TIME)
    assert given.time.tzinfo is UTC


@pytest.mark.parametrize(
    ("event_time", "arrival"),
    [(None, datetime(2024, 4, 29)), (datetime(2024, 4, 29), at("Mon", "21:00"))],  # noqa: DTZ001
)
def test_a_time_without_a_zone_is_the_callers_mistake(event_time, arrival):
    with pytest.raises(ValueError, match="time zone"):
        stamp(event_time, arrival)


moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


delays = st.timedeltas(timedelta(days=-2), timedelta(days=3))


@reaching(event=8, arrival=20)
@given(moments, delays)
def test_a_stamp_is_one_of_both_times_and_never_from_another_day_but_the_one_before(event_time, delay):
    arrival = event_time + delay
    given = stamp(event_time, arrival)
    assert given.time in (event_time, arrival)
    assert timedelta() <= arrival.date() - given.time.date() <= timedelta(days=1)
    reached("event" if given.time == event_time else "arrival")


@reaching(fraction=40)
@given(moments)
def test_what_is_written_is_read_back(moment):
    reached(*["fraction"] * (moment.microsecond > 0))
    assert parse_time(format_time(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
