"""A test of many cases fails by each of them, and names it; others are quick for a few of theirs."""

import pytest

from tests.support.trying import slow_after, try_all, with_each


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


class Shy:
    """A value that objects to being shown."""

    def __repr__(self):
        raise ZeroDivisionError


@pytest.fixture
def limit():
    return 2


@with_each("number", [1, 2])
def test_what_is_no_case_is_a_fixture(number, limit):
    assert number <= limit


@pytest.mark.parametrize("least", [-1, 0])
@with_each(("number", "word"), [(1, "one"), pytest.param(2, "two", id="the-second")])
def test_other_parameters_are_tests_of_their_own(least, number, word):
    assert number > least


def test_a_row_that_fails_is_named():
    tried = []

    @with_each("number, word", [(1, "one"), pytest.param(2, "two", id="the-second"), (3, Shy())])
    def claim(number, word):
        tried.append(number)
        assert number == 1

    with pytest.raises(BaseExceptionGroup, match="2 of 3 cases fail: the-second, 2: 3, Shy"):
        claim()
    assert tried == [1, 2, 3]


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ([pytest.param(1, marks=pytest.mark.slow)], "a mark is of a whole test"),
        ([pytest.param(1, id="a"), pytest.param(2, id="a")], "two cases have one name"),
        ([pytest.param(1, 2)], "a case has as many values as there are names"),
        ([], "no cases"),
    ],
)
def test_a_table_that_would_lose_cases_is_refused(cases, message):
    with pytest.raises(AssertionError, match=message):
        with_each("number", cases)
