"""Floors of reach: how many of a property's cases must come to what it claims, so that none passes by reaching nothing.

@reaching(rendered=40, filled=20)
@given(cases())
def test_...(case):
    ...
    reached("rendered")

`pytest -s` shows what each property reached; what reaches nothing more than its claim counts that. Of few cases, fewer
than the floor says may come by chance, so a floor gives way by three standard deviations, though never down to no case.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from math import sqrt
from typing import Any

_counted: list[Counter[str]] = []
_CASE = "all cases"


def reached(*what: str) -> None:
    """Count that a case reaches this."""
    _counted[-1].update(what)


def fewest(share: float, cases: int) -> float:
    """Return how many of so many independent cases come to a share of them in all but one of a thousand runs."""
    expected = share * cases
    return max(1, expected - 3 * sqrt(expected * (1 - share)))


def reaching(**floors: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Assert after a property that at least so many of its cases, in percent, reached each of these."""

    def decorate(test: Callable[..., Any]) -> Callable[..., None]:
        inner = test.hypothesis.inner_test  # type: ignore[attr-defined] # what Hypothesis calls for each case

        @wraps(inner)
        def counted(*arguments: Any, **keywords: Any) -> None:
            reached(_CASE)
            inner(*arguments, **keywords)

        test.hypothesis.inner_test = counted  # type: ignore[attr-defined]

        @wraps(test)
        def whole(*arguments: Any, **keywords: Any) -> None:
            _counted.append(Counter())
            try:
                test(*arguments, **keywords)
            finally:
                found = _counted.pop()
            cases = found[_CASE]
            shares = {what: round(100 * found[what] / cases, 1) for what in floors}
            print(f"{test.__module__}.{test.__name__}: {shares} of {cases} cases")
            enough = all(found[what] >= fewest(floor / 100, cases) for what, floor in floors.items())
            assert enough, f"{shares} of {cases} cases"

        return whole

    return decorate
