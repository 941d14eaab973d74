"""Floors of reach: the minimum share of cases that must reach the claim of a property, so that none passes vacuously.

@reaching(rendered=40, filled=20)
@given(cases())
def test_...(case):
    ...
    reached("rendered")

`pytest -s` prints what each property reached. A property without a more specific claim counts its claim.
With few cases, a share can be below its floor by chance, so a floor is lowered by three standard deviations, but never
below one case.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from math import sqrt
from typing import Any

_counted: list[Counter[str]] = []
_CASE = "all cases"


def reached(*what: str) -> None:
    """Record that a case reaches these."""
    _counted[-1].update(what)


def fewest(share: float, cases: int) -> float:
    """Return the number of cases to require for this share: the expected number less three standard deviations."""
    expected = share * cases
    return max(1, expected - 3 * sqrt(expected * (1 - share)))


def reaching(**floors: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Assert after a property test that at least this percentage of its cases reached each of these."""

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
