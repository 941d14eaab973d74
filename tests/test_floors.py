"""A property that reaches too little fails."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.floors import reached, reaching


@settings(max_examples=50, database=None, derandomize=True)
@given(st.booleans())
def halves(drawn):
    reached(*["yes"] * drawn)


@reaching(small=30)
@given(st.integers(0, 1))
def test_enough_is_reached(drawn):
    if drawn == 0:
        reached("small")


def test_too_little_is_an_error():
    with pytest.raises(AssertionError, match=r"'no': 0\.0.* of \d+ cases"):
        reaching(no=1)(halves)()
