"""A property that reaches too little fails."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.floors import fewest, reached, reaching


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


@pytest.mark.parametrize(
    ("share", "cases", "least"), [(0.5, 10_000, 4_850), (0.2, 60, 2.7), (0.05, 60, 1), (1, 60, 60)]
)
def test_a_floor_gives_way_by_chance_alone(share, cases, least):
    assert fewest(share, cases) == pytest.approx(least, abs=0.1)


# They draw cases for tests to look at, and claim nothing themselves.
DRAWING = {
    ("reach", "count"),
    ("reach", "draw"),
    ("test_backends_spark", "draw"),
    ("test_cases", "collect"),
    ("test_floors", "halves"),
    ("test_strategies", "collect"),
}


def functions(path):
    """Return the functions of a file that are run by Hypothesis, with what decorates them."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "given(" in text else ():
        if isinstance(node, ast.FunctionDef):
            names = [ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list]
            if "given" in names:
                yield node.name, names


def test_every_property_has_floors():
    found = [
        (path.stem, name)
        for path in Path(__file__).parents[1].rglob("*.py")
        for name, decorators in functions(path)
        if "reaching" not in decorators
    ]
    assert sorted(found) == sorted(DRAWING)
