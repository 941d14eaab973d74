"""A test of many cases fails by each of them, and names it; others are quick for a few of theirs."""

import pytest

from tests.support.trying import slow_after, try_all


def test_all_cases_are_tried():
    tried = []
    try_all({"one": 1, "two": 2}, tried.append)
    assert tried == [1, 2]


def test_each_case_that_fails_is_named():
    def attempt(case):
        if case == "refused":
            with pytest.raises(ValueError, match="not a number"):
                float("1")
        assert case != "wrong"

    with pytest.raises(BaseExceptionGroup, match="2 of 3 cases fail: b, c") as caught:
        try_all({"a": "right", "b": "wrong", "c": "refused"}, attempt)
    assert [error.__notes__ for error in caught.value.exceptions] == [["in the case b"], ["in the case c"]]


def test_no_cases_are_no_success():
    with pytest.raises(AssertionError):
        try_all({}, print)


def test_all_cases_but_the_first_are_slow():
    first, second, third = slow_after(1, ["a", "b", ("c", 1)])
    assert first == "a"
    assert [(case.values, [mark.name for mark in case.marks]) for case in (second, third)] == [
        (("b",), ["slow"]),
        (("c", 1), ["slow"]),
    ]
