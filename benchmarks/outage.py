"""Simulate queues of postbacks while partners are down: `python -m benchmarks.outage`.

It simulates, second by second, partners that are down for a while, with the schedules of `macroengine.delivery`.
Failures of the same second are counted together, and are retried after the delay of the schedule, spread according to
its jitter.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace

from macroengine.delivery import RetrySchedule, delay, retry_schedule

PARTNERS = 1_000
MINUTE, HOUR = 60, 3_600
# The number of steps that jitter is spread over.
PARTS = 20


@dataclass(frozen=True, slots=True)
class Scenario:
    """An outage of one hour for some partners, and the capacity of the senders."""

    name: str
    rate: int
    """Postbacks per second, for all partners together."""
    schedule: RetrySchedule
    down: float = 0.05
    """The share of partners that are down."""
    spare: float = 1.0
    """The capacity for anything except new postbacks, as a share of the rate."""
    burst: float = 0.0
    """Extra tries in the first second, in seconds of the rate: postbacks that piled up during a network failure."""
    per_partner: float | None = None
    """The maximum for one partner, as a multiple of its rate; None: unlimited."""


@dataclass(slots=True)
class Outcome:
    """The result of a simulation."""

    queue: float = 0.0
    """The maximum number of waiting postbacks: for their next try, or for a sender."""
    retries: float = 0.0
    storm: float = 0.0
    """The maximum number of tries due in one second after the first minute, as a multiple of the rate."""
    backlog: float = 0.0
    """The maximum number of tries waiting for a sender, in seconds of the rate."""
    drained: int | None = None
    """Seconds from the end of the outage until the queue is empty."""
    lost: float = 0.0
    others: float = 0.0
    """The longest wait of a postback to a partner that is up, in seconds."""


def simulate(scenario: Scenario) -> Outcome:
    """Simulate an outage of one hour, and the time after it until nothing waits."""
    rate, schedule, found = scenario.rate * scenario.down, scenario.schedule, Outcome()
    # Postbacks to retry, by second and by number of failures.
    due: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    backlog: dict[int, float] = defaultdict(float, {0: rate * scenario.burst})
    waiting = 0.0
    for second in range(30 * HOUR):
        is_down = second < HOUR
        now_due = due.pop(second, {})
        for failures, count in now_due.items():
            backlog[failures] += count
            waiting -= count
        asked = sum(backlog.values())
        if second > MINUTE:
            found.storm = max(found.storm, sum(now_due.values()) / scenario.rate)
        # Without a limit per partner, retries and new postbacks of all partners share the senders.
        room = scenario.rate * scenario.spare
        if scenario.per_partner is not None:
            room = min(room, rate * scenario.per_partner)
        else:
            found.others = max(found.others, max(0.0, asked - room) / (scenario.rate * (1 + scenario.spare)))
        share = min(1.0, room / asked) if asked else 1.0
        tried = {failures: count * share for failures, count in backlog.items()}
        for failures, count in tried.items():
            backlog[failures] -= count
        found.retries += sum(tried.values())
        if is_down:
            tried[0] = tried.get(0, 0.0) + rate
            for failures, count in tried.items():
                waiting += _put_off(count, failures + 1, second, schedule, due=due, found=found)
        found.backlog = max(found.backlog, sum(backlog.values()) / scenario.rate)
        queue = waiting + sum(backlog.values())
        found.queue = max(found.queue, queue)
        if not is_down and queue < 1:
            found.drained = second - HOUR
            break
    return found


def _put_off(
    count: float, failures: int, now: int, schedule: RetrySchedule, *, due: dict[int, dict[int, float]], found: Outcome
) -> float:
    """Schedule failed postbacks again, and return how many wait; the others are given up."""
    waiting = 0.0
    for part in range(PARTS if schedule.jitter else 1):
        wait = max(1, round(delay(schedule, failures, lambda part=part: part / PARTS).total_seconds()))
        share = count / (PARTS if schedule.jitter else 1)
        is_last = schedule.max_retries is not None and failures > schedule.max_retries
        if is_last or failures * wait > schedule.give_up_s:
            found.lost += share
            continue
        due[now + wait][failures] += share
        waiting += share
    return waiting


def scenarios() -> list[Scenario]:
    appmetrica, backoff = retry_schedule("appmetrica"), retry_schedule("appsflyer")
    postbacks = retry_schedule("appsflyer-postback")
    steady = replace(backoff, jitter=0.0)
    return [
        *(Scenario(f"every 3 minutes, {rate:,}/s", rate, appmetrica) for rate in (1_000, 100_000, 1_000_000)),
        Scenario("4 more tries, 15 minutes apart, 100,000/s", 100_000, postbacks),
        Scenario("doubling to 5 minutes, no jitter, 100,000/s", 100_000, steady),
        Scenario("doubling to 5 minutes, jitter 0.5, 100,000/s", 100_000, backoff),
        Scenario("a burst of 5 minutes, no jitter", 1_000, steady, spare=1_000, burst=300),
        Scenario("a burst of 5 minutes, jitter 0.5", 1_000, backoff, spare=1_000, burst=300),
        Scenario("jitter 0.5, 100,000/s, half of the partners down", 100_000, backoff, down=0.5),
        Scenario("the same, a partner gets twice its rate", 100_000, backoff, down=0.5, per_partner=2.0),
        Scenario("the same, senders with 10 % to spare", 100_000, backoff, down=0.5, spare=0.1),
    ]


def main() -> None:
    argparse.ArgumentParser(prog="benchmarks.outage", description=__doc__).parse_args()
    print(f"{PARTNERS:,} partners, one hour of outage; 5 % of the partners are down unless it says otherwise")
    columns = ["scenario", "queue at most", "retries", "due in one second, of the rate"]
    columns += ["backlog, seconds of the rate", "drained after", "given up", "others wait"]
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for scenario in scenarios():
        found = simulate(scenario)
        drained = "not in 29 h" if found.drained is None else f"{found.drained / 60:,.0f} min"
        print(
            f"| {scenario.name} | {found.queue:,.0f} | {found.retries:,.0f} | {found.storm:.2f} | {found.backlog:,.0f} "
            f"| {drained} | {found.lost:,.0f} | {found.others:.1f} s |"
        )


if __name__ == "__main__":
    main()
