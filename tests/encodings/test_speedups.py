"""The encoder in C is the one in Python: the same texts, the same errors, and no memory lost."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from macroengine.encodings import percent
from tests.support.floors import reached, reaching

speedups = pytest.importorskip("macroengine._speedups", reason="the extension is not built")


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


anything = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cs"]) | st.sampled_from("aé漢😀")),
    st.text(st.sampled_from('aZ0 %/{}":,é漢😀'), max_size=200),
    st.text().map(Text),
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**62, 2**65) | st.integers(-(2**65), -(2**62)),
    st.integers().map(Whole),
    st.floats(),
    st.decimals(),
    st.datetimes() | st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text(), st.integers()),
    st.lists(st.text()),
    st.binary(),
)


def outcome(function, *arguments):
    """Return what a call returns, or the error that it raises, with their types."""
    try:
        result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - both must raise the same exception
        return type(error), *(error.args if isinstance(error, UnicodeEncodeError) else ())
    return type(result), result


@reaching(encoded=8, converted=30)
@settings(max_examples=1_000)
@given(anything)
@example(10**5000)
@example("\ud800")
@example(datetime(2026, 1, 4, tzinfo=UTC))
@example(Decimal("NaN"))
def test_both_do_the_same_with_any_value(value):
    for name in ("percent_encode", "component_encode", "form_encode"):
        assert outcome(getattr(speedups, name), value) == outcome(getattr(percent, name), value)
    calls = []
    results = [outcome(module.encode_value, value, calls.append) for module in (speedups, percent)]
    results += [outcome(module.encode_field, ({"a": value},), (0, "a", calls.append)) for module in (speedups, percent)]
    assert results == results[:1] * 4
    assert len(calls) in (0, 4)
    assert all(call is value for call in calls)
    reached("converted" if calls else "encoded")


@reaching(refused=20)
@settings(max_examples=300)
@given(anything)
def test_both_leave_an_error_of_convert_alone(value):
    def refuse(raw):
        raise LookupError(type(raw))

    found = outcome(speedups.encode_value, value, refuse)
    assert found == outcome(percent.encode_value, value, refuse)
    reached(*["refused"] * (found[0] is LookupError))


def refused(_):
    raise LookupError


KEPT = [
    pytest.param("safe", id="safe"),
    pytest.param("a b/c", id="ascii"),
    pytest.param("né e", id="one-byte"),
    pytest.param("漢 字", id="two-byte"),
    pytest.param("😀 a", id="four-byte"),
    pytest.param("\ud800", id="lone-surrogate"),
    pytest.param(Text("a b"), id="subclass"),
    pytest.param(1_451_923_560, id="int"),
    pytest.param(10**30, id="long-int"),
    pytest.param(None, id="none"),
    pytest.param(1.5, id="float"),
]


@pytest.mark.slow
@pytest.mark.parametrize("value", KEPT)
def test_a_million_calls_leave_nothing_behind(value):
    sources = {"a": value}, MappingProxyType({"a": value})

    def calls(number):
        for _ in range(number):
            for function, arguments in (
                (speedups.percent_encode, (value,)),
                (speedups.component_encode, (value,)),
                (speedups.form_encode, (value,)),
                (speedups.encode_value, (value, refused)),
                (speedups.encode_value, (value,)),
                (speedups.encode_field, (sources, (0, "a", refused))),
                (speedups.encode_field, (sources, (0, "b", refused))),
                (speedups.encode_field, (sources, (1, "a", refused))),
                (speedups.encode_field, (sources, (0, [], refused))),
                (speedups.encode_field, (sources, (2, "a", refused))),
            ):
                with suppress(UnicodeEncodeError, LookupError, TypeError):
                    function(*arguments)

    calls(100)
    before = sys.getrefcount(value), sys.getrefcount(refused), sys.getrefcount(""), sys.getallocatedblocks()
    calls(15_000)  # times 10, times the values above: a million and more
    after = sys.getrefcount(value), sys.getrefcount(refused), sys.getrefcount(""), sys.getallocatedblocks()
    assert max(abs(now - then) for now, then in zip(after, before, strict=True)) < 50
