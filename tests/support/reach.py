"""What the cases of a strategy reach: how many are sent, contain a value, and so on.

python -m tests.support.reach [DIALECT...]
    Print the distribution of `macroengine.testing.postbacks`, and how many cases are drawn per CPU second.
"""

import sys
import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from macroengine import Event, Missing
from macroengine.plan.segments import values_of
from macroengine.testing import Drawn, postbacks

CASES = 1000


def reached(drawn: Drawn) -> set[str]:
    """Return what a case reaches."""
    event, plan = drawn.event, drawn.template.plan
    found = {"rendered": drawn.url is not None, "not attributed": not event.attributed}
    found["filled"] = drawn.url is not None and drawn.url != of_nobody(drawn)
    values = list(values_of(plan.attributed))
    places = ("%2F%2Fm.example", "%7B%22id", "%5B1%2C")
    found["nested or JSON"] = any(place in drawn.source for place in places)
    found["hashed"] = any(value.hash is not None for value in values)
    found["something missing"] = any(
        all(getattr(event, read.source.name.lower()).get(read.field) is None for read in value.reads)
        for value in values
    )
    return {name for name, is_so in found.items() if is_so}


def of_nobody(drawn: Drawn) -> str | None:
    """Return the URL for an event without any values; None if none is sent."""
    if drawn.options.get("missing") is Missing.RAISE:
        return None
    return drawn.template.render(Event(postback=drawn.event.postback, attributed=drawn.event.attributed))


def distribution(strategy: st.SearchStrategy[Drawn], cases: int = CASES) -> dict[str, float]:
    """Return the percentage of cases that reach each of these."""
    counted = Counter[str]()

    @settings(max_examples=cases, database=None, derandomize=True, deadline=None)
    @given(strategy)
    def count(drawn: Drawn) -> None:
        counted.update(["all", *reached(drawn)])

    count()
    total = counted.pop("all")
    return {name: 100 * number / total for name, number in counted.most_common()}


def speed(strategy: st.SearchStrategy[Drawn], cases: int = CASES) -> float:
    """Return how many cases are drawn per CPU second."""
    drawn = 0

    @settings(max_examples=cases, database=None, derandomize=True, deadline=None)
    @given(strategy)
    def draw(_: Drawn) -> None:
        nonlocal drawn
        drawn += 1

    draw()
    started, drawn = time.process_time(), 0
    draw()
    return drawn / (time.process_time() - started)


def main() -> None:
    for name in sys.argv[1:] or ["appsflyer", "appmetrica", "adjust"]:
        shares = ", ".join(f"{what} {share:.0f} %" for what, share in distribution(postbacks(name)).items())
        print(f"{name}: {shares}; {speed(postbacks(name)):,.0f} cases a second")


if __name__ == "__main__":
    main()
