"""Delivery: retry schedules, the meaning of status codes, and the ramp-up of the rate."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.delivery import Outcome, RetrySchedule, delay, next_try, outcome, ramp, retry_schedule
from tests.support.floors import reached, reaching

START = datetime(2024, 4, 29, tzinfo=UTC)
APPMETRICA, APPSFLYER = retry_schedule("appmetrica"), retry_schedule("appsflyer")


@pytest.mark.parametrize(
    ("clock", "rate"), [("0:00", 10_000), ("1:00", 12_000), ("2:00", 14_000), ("3:00", 16_000), ("4:00", 18_000)]
)
def test_the_ramp_is_the_documented_one(clock, rate):
    minutes, seconds = map(int, clock.split(":"))
    assert ramp(timedelta(minutes=minutes, seconds=seconds)) == rate
    assert ramp(timedelta(minutes=minutes, seconds=59.999)) == rate


@pytest.mark.parametrize(("base", "step", "rate"), [(5, 1, 7), (0, 10, 20), (100, 0, 100), (None, 1, 10_002)])
def test_the_ramp_takes_any_base_and_step(base, step, rate):
    assert ramp(timedelta(minutes=2), base=base, step=step) == rate


def test_the_ramp_does_not_begin_before_its_beginning():
    with pytest.raises(ValueError, match="negative"):
        ramp(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("schedule", "status", "expected"),
    [
        (APPMETRICA, 200, Outcome.DELIVERED),
        (APPMETRICA, 204, Outcome.DELIVERED),
        (APPMETRICA, 301, Outcome.FAILED),
        (APPMETRICA, 404, Outcome.FAILED),
        (APPMETRICA, 500, Outcome.FAILED),
        (APPMETRICA, None, Outcome.FAILED),
        (APPSFLYER, 200, Outcome.DELIVERED),
        (APPSFLYER, 400, Outcome.REFUSED),
        (APPSFLYER, 401, Outcome.REFUSED),
        (APPSFLYER, 403, Outcome.REFUSED),
        (APPSFLYER, 429, Outcome.FAILED),
        (APPSFLYER, 500, Outcome.FAILED),
        (APPSFLYER, None, Outcome.FAILED),
    ],
)
def test_a_status_code_is_final_or_worth_another_try(schedule, status, expected):
    assert outcome(schedule, status) is expected


def test_appmetrica_tries_every_three_minutes_for_a_day():
    tries, now, failures = [START], START, 0
    while now is not None:
        failures += 1
        now = next_try(APPMETRICA, failures, first=START, now=now)
        tries += [now] if now else []
    assert {later - earlier for earlier, later in pairwise(tries)} == {timedelta(minutes=3)}
    assert tries[-1] == START + timedelta(hours=24)
    assert len(tries) == 24 * 20 + 1


def test_appsflyer_sends_a_postback_again_four_times_at_most():
    schedule, first = retry_schedule("appsflyer-postback"), datetime(2026, 1, 1, tzinfo=UTC)
    tries = [first]
    while (again := next_try(schedule, len(tries), first=first, now=tries[-1])) is not None:
        tries.append(again)
    assert [(one - first).total_seconds() / 60 for one in tries] == [0, 15, 30, 45, 60]
    statuses = {status for status in (None, *range(100, 600)) if outcome(schedule, status) is Outcome.FAILED}
    assert statuses == {*range(500, 600)}


def test_the_backoff_doubles_up_to_its_most():
    delays = [delay(APPSFLYER, failures, lambda: 0.0).total_seconds() for failures in range(1, 12)]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@reaching(shortened=40, growing=20)
@given(st.integers(1, 12) | st.integers(1, 10**9), st.floats(0, 1))
def test_jitter_only_shortens_and_by_its_share_at_most(failures, chance):
    whole = delay(APPSFLYER, failures, lambda: 0.0)
    jittered = delay(APPSFLYER, failures, lambda: chance)
    assert whole * 0.5 <= jittered <= whole
    reached(*["shortened"] * (jittered < whole), *["growing"] * (failures < 10))


def test_two_senders_do_not_come_back_at_once():
    assert len({delay(APPSFLYER, 10) for _ in range(20)}) > 1


def test_a_delay_follows_a_failure():
    with pytest.raises(ValueError, match="1 or more"):
        delay(APPSFLYER, 0)


def test_an_unknown_schedule_is_named_with_those_that_there_are():
    with pytest.raises(ValueError, match="did you mean 'appsflyer'"):
        retry_schedule("appsflier")


def test_schedules_are_values():
    own = RetrySchedule(1.0, 1.0, 1.0, 0.0, 10.0, 1.0, [404])
    assert pickle.loads(pickle.dumps(own)) == own
    assert outcome(own, 404) is Outcome.REFUSED


SCHEDULE = retry_schedule("appsflyer")


def schedule(**changes):
    return replace(SCHEDULE, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first_s": -1}, "first_s must be 0 to 86,400,000,000,000, not -1"),
        ({"max_s": float("nan")}, "max_s must be 0 to 86,400,000,000,000, not nan"),
        ({"give_up_s": float("inf")}, "give_up_s must be 0 to 86,400,000,000,000, not inf"),
        ({"factor": -2}, "factor must be 0 to 86,400,000,000,000, not -2"),
        ({"jitter": 5}, "jitter must be 0 to 1, not 5"),
        ({"answer_within_s": -0.5}, "answer_within_s must be 0 to 86,400,000,000,000, not -0.5"),
        ({"max_retries": -1}, "max_retries must be 0 or more, not -1"),
        ({"retried": (500,)}, "retried must be the first and the last status code, not 1 of them"),
    ],
)
def test_a_schedule_that_nobody_can_keep_is_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        schedule(**changes)


def test_the_ramp_has_no_negative_rates():
    with pytest.raises(ValueError, match="base must be 0 or more, not -1"):
        ramp(timedelta(), base=-1)


def test_delays_beyond_all_numbers_end_in_the_longest_or_in_giving_up():
    assert delay(schedule(factor=1e12, jitter=0), 100) == timedelta(seconds=SCHEDULE.max_s)
    last = datetime.max.replace(tzinfo=UTC)
    assert next_try(SCHEDULE, 1, first=last, now=last) is None
    eternal = schedule(first_s=timedelta.max.total_seconds(), max_s=timedelta.max.total_seconds(), jitter=0)
    assert next_try(eternal, 1, first=NOON, now=NOON) is None


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: retry_schedule(None), "platform must be a string, not NoneType"),
        (lambda: retry_schedule([]), "platform must be a string, not list"),
        (lambda: outcome(None, 500), "schedule must be a RetrySchedule, not NoneType"),
        (lambda: outcome(SCHEDULE, "500"), "status must be a whole number, not '500'"),
        (lambda: outcome(SCHEDULE, True), "status must be a whole number, not bool"),
        (lambda: delay("appsflyer", 1), "schedule must be a RetrySchedule, not 'appsflyer'"),
        (lambda: delay(SCHEDULE, 1.5), "failures must be a whole number, not float"),
        (lambda: next_try("appsflyer", 1, first=NOON, now=NOON), "schedule must be a RetrySchedule, not 'appsflyer'"),
        (lambda: next_try(SCHEDULE, "1", first=NOON, now=NOON), "failures must be a whole number, not '1'"),
        (lambda: next_try(SCHEDULE, 1, first=0, now=NOON), "first must be a datetime, not int"),
        (lambda: next_try(SCHEDULE, 1, first=NOON, now=None), "now must be a datetime, not NoneType"),
        (lambda: ramp(5), "elapsed must be a timedelta, not int"),
        (lambda: ramp(timedelta(), base="x"), "base must be a whole number, not 'x'"),
        (lambda: ramp(timedelta(), base=True), "base must be a whole number, not bool"),
        (lambda: ramp(timedelta(), step=1.5), "step must be a whole number, not float"),
        (lambda: schedule(first_s="a"), "first_s must be a number, not 'a'"),
        (lambda: schedule(factor=None), "factor must be a number, not NoneType"),
        (lambda: schedule(jitter=True), "jitter must be a number, not bool"),
        (lambda: schedule(max_retries=1.5), "max_retries must be a whole number, not float"),
        (lambda: schedule(refusals=404), "refusals must be status codes, not int"),
        (lambda: schedule(refusals=["404"]), "each code in refusals must be a whole number, not '404'"),
        (lambda: schedule(retried=500), "retried must be status codes, not int"),
        (lambda: schedule(retried=(500, None)), "each code in retried must be a whole number, not NoneType"),
    ],
)
def test_arguments_of_a_wrong_type_are_refused_by_their_names(call, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        call()


def test_times_with_and_without_a_zone_are_not_mixed():
    with pytest.raises(ValueError, match="first and now must both have a time zone, or both none"):
        next_try(SCHEDULE, 1, first=NOON, now=NOON.replace(tzinfo=None))
    naive = NOON.replace(tzinfo=None)
    assert next_try(SCHEDULE, 1, first=naive, now=naive, random=lambda: 0) == naive + timedelta(seconds=1)
