"""Creating events: directly, from JSON and from flat values, compared with the minimum code that reads the fields."""

from collections.abc import Iterator

from benchmarks import handwritten
from benchmarks.measure import interleaved
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import APPSFLYER, W2
from macroengine import Event

FLOOR = "f-string, nothing encoded"
# The earlier time as a multiple of the minimum, and the target as a share of that. Event's is from the first edition,
# when it was slowest; the other two are from 8104e5d, when they were slowest.
_TARGETS = {"Event(...)": (1.25, 0.6), "Event.from_json": (10.3, 0.35), "Event.from_flat": (10.4, 0.5)}


def run() -> Iterator[Table]:
    event = W2.event
    parts = {"link": dict(event.link), "sdk": dict(event.sdk), "platform": dict(event.platform)}
    kind = str(event.postback)
    flat = {"postback": kind} | parts["link"] | parts["sdk"] | parts["platform"]
    timings = interleaved(
        {
            FLOOR: (handwritten.floor(W2), W2.row),
            "Event(...)": (Event, *parts.values(), event.postback),
            "Event.from_json": (Event.from_json, {"postback": kind, "attributed": True, **parts}, APPSFLYER),
            "Event.from_flat": (Event.from_flat, flat, APPSFLYER),
        }
    )
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    floor = timings[FLOOR].best
    targets = tuple(
        Target("P12", f"{name}: of what it took before", timings[name].best / floor / took, limit)
        for name, (took, limit) in _TARGETS.items()
    )
    yield Table(f"events: the {len(flat) - 1} fields of W2", "ns", rows, targets, FLOOR)
