"""Decide when to retry, when to give up, and how fast to ramp up. Nothing here uses the network.

The numbers are in `delivery.toml`.
"""

import random as _random
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar, cast

from macroengine.arguments import check_each, check_type, check_whole, text_of, wrong_type
from macroengine.suggest import did_you_mean

_MINUTE = timedelta(minutes=1)
# After this many failures every backoff has reached its maximum, and a float would overflow.
_MAX_DOUBLINGS = 64
_LONGEST_S = timedelta.max.total_seconds()
_PAIR = 2

_C = TypeVar("_C", bound=Collection[int])


class Outcome(StrEnum):
    """What the sender of a request should do after an answer."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """Retrying would get the same answer."""
    FAILED = "failed"
    """Worth retrying."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """How often a request is retried. Times are in seconds."""

    first_s: float
    """The delay between the first failure and the second try."""
    factor: float
    """The factor from one delay to the next."""
    max_s: float
    """The longest delay."""
    jitter: float
    """The share of a delay, 0 to 1, that may be subtracted at random, so that senders do not all retry at once."""
    give_up_s: float
    """The time from the first try until the sender gives up."""
    answer_within_s: float
    """The timeout: a later answer counts as none."""
    refusals: frozenset[int] = frozenset()
    """Status codes for which retrying is useless."""
    retried: tuple[int, int] | None = None
    """The first and the last status code that is retried; None: all except the refusals."""
    max_retries: int | None = None
    """The maximum number of retries; None: only `give_up_s` limits them."""

    def __post_init__(self) -> None:
        for name in ("first_s", "factor", "max_s", "jitter", "give_up_s", "answer_within_s"):
            _check_between(name, getattr(self, name), 0, 1 if name == "jitter" else _LONGEST_S)
        if self.max_retries is not None:
            _check_count("max_retries", self.max_retries)
        object.__setattr__(self, "refusals", _statuses("refusals", self.refusals, frozenset))
        if self.retried is not None:
            retried = _statuses("retried", self.retried, tuple)
            if len(retried) != _PAIR:
                raise ValueError(f"retried must be the first and the last status code, not {len(retried)} of them")
            object.__setattr__(self, "retried", retried)


def _check_between(name: str, given: object, least: int, most: float) -> None:
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise wrong_type(name, "a number", given)
    if not least <= given <= most:
        raise ValueError(f"{name} must be {least} to {most:,.0f}, not {given}")


def _check_count(name: str, given: int) -> None:
    check_whole(name, given)
    if given < 0:
        raise ValueError(f"{name} must be 0 or more, not {given}")


def _statuses(name: str, given: object, made: Callable[[Iterable[int]], _C]) -> _C:
    check_type(name, Iterable, "status codes", given)
    codes = [*cast("Iterable[int]", given)]
    for code in codes:
        check_whole(f"each code in {name}", code)
    return made(codes)


def retry_schedule(platform: str) -> RetrySchedule:
    """Return the documented schedule for AppMetrica postbacks, AppsFlyer postbacks, or AppsFlyer's events API.

    >>> [retry_schedule(name).first_s for name in ("appmetrica", "appsflyer-postback", "appsflyer")]
    [180.0, 900.0, 1.0]

    Raises:
        ValueError: the schedule is unknown.
    """
    platform, known = text_of("platform", platform), _schedules()
    if platform not in known:
        raise ValueError(f"unknown schedule {platform!r}{did_you_mean(platform, known)} (known: {', '.join(known)})")
    return known[platform]


@cache
def _documented() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("delivery.toml").read_text(encoding="utf-8"))


@cache
def _schedules() -> dict[str, RetrySchedule]:
    about = {"references", "inferred"}
    rows = _documented()["schedules"].items()
    return {name: RetrySchedule(**{key: row[key] for key in row.keys() - about}) for name, row in rows}


def outcome(schedule: RetrySchedule, status: int | None) -> Outcome:
    """Return what the status code of an answer means. None as the status: no answer came in time.

    >>> outcome(retry_schedule("appsflyer"), 401).value
    'refused'
    >>> [outcome(retry_schedule("appsflyer-postback"), status).value for status in (503, 429, None)]
    ['failed', 'refused', 'refused']
    """
    check_type("schedule", RetrySchedule, "a RetrySchedule", schedule)
    if status is not None:
        check_whole("status", status)
    if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.DELIVERED
    if schedule.retried is not None:
        first, last = schedule.retried
        return Outcome.FAILED if status is not None and first <= status <= last else Outcome.REFUSED
    return Outcome.REFUSED if status in schedule.refusals else Outcome.FAILED


def delay(schedule: RetrySchedule, failures: int, random: Callable[[], float] = _random.random) -> timedelta:
    """Return how long to wait after this many failures in a row. `random` returns a number from 0 to 1.

    >>> [delay(retry_schedule("appsflyer"), failures, lambda: 0).seconds for failures in (1, 2, 3, 20)]
    [1, 2, 4, 300]
    """
    check_type("schedule", RetrySchedule, "a RetrySchedule", schedule)
    check_whole("failures", failures)
    if failures < 1:
        raise ValueError(f"failures must be 1 or more, not {failures}")
    try:
        grown = schedule.first_s * schedule.factor ** min(failures - 1, _MAX_DOUBLINGS)
    except OverflowError:
        grown = schedule.max_s
    longest = min(schedule.max_s, grown)
    return timedelta(seconds=longest * (1 - schedule.jitter * random()))


def next_try(
    schedule: RetrySchedule,
    failures: int,
    *,
    first: datetime,
    now: datetime,
    random: Callable[[], float] = _random.random,
) -> datetime | None:
    """Return when to try again after this many failures in a row, or None to give up.

    `first` is the time of the first try, `now` the time of the last failure. There is no other state, so a restarted
    sender can continue from what it stored.
    """
    check_type("schedule", RetrySchedule, "a RetrySchedule", schedule)
    check_whole("failures", failures)
    check_each(datetime, "a datetime", first=first, now=now)
    if (first.utcoffset() is None) is not (now.utcoffset() is None):
        raise ValueError("first and now must both have a time zone, or both none")
    if schedule.max_retries is not None and failures > schedule.max_retries:
        return None
    try:
        at = now + delay(schedule, failures, random)
    except OverflowError:  # after the last year that a datetime can have
        return None
    return at if at - first <= timedelta(seconds=schedule.give_up_s) else None


def ramp(elapsed: timedelta, *, base: int | None = None, step: int | None = None) -> int:
    """Return how many requests per second are allowed after `elapsed`: `base`, plus `step` for each full minute.

    >>> [ramp(timedelta(minutes=minute)) for minute in range(5)]
    [10000, 12000, 14000, 16000, 18000]
    """
    check_type("elapsed", timedelta, "a timedelta", elapsed)
    if elapsed < timedelta():
        raise ValueError(f"elapsed must not be negative, not {elapsed}")
    documented = _documented()["ramp"]
    for name, given in (("base", base), ("step", step)):
        if given is not None:
            _check_count(name, given)
    start, more = documented["base"] if base is None else base, documented["step"] if step is None else step
    return int(start + more * (elapsed // _MINUTE))
