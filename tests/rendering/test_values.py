"""The table of values: what each type of value is sent as, and which are refused."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import Event, Policy, Postback, RenderError, compile_template, render
from tests.support.floors import reached, reaching
from tests.support.trying import with_each


class Colour(StrEnum):
    RED = "r e d"


class Level(IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "not this"


class Money(Decimal):
    """An amount that is shown with its currency."""

    def __format__(self, _):
        return f"$ {Decimal(self)}"

    __str__ = __abs__ = is_finite = as_tuple = format


class Count(int):
    """A number that is shown with what is counted."""

    def __repr__(self):
        return f"{int(self)} clicks"

    __str__ = __format__ = __abs__ = __repr__


class Share(float):
    def __repr__(self):
        return f"{float(self)} %"

    __str__ = __format__ = __abs__ = __repr__


BERLIN = timezone(timedelta(hours=1))
TIME = datetime(2016, 1, 4, 17, 6, 0, 999_999, tzinfo=BERLIN)


def sent(value, macro="app_name", field="app_name", **options):
    return render(f"?x=({macro})", Event(sdk={field: value}), **options).removeprefix("?x=")


@with_each(
    ("value", "text"),
    [
        pytest.param("a b", "a%20b", id="str"),
        pytest.param("", "", id="empty-str"),
        pytest.param("é", "%C3%A9", id="non-ascii"),
        pytest.param(Text("a/b"), "a%2Fb", id="str-subclass"),
        pytest.param(Colour.RED, "r%20e%20d", id="str-enum"),
        pytest.param(0, "0", id="zero"),
        pytest.param(-5, "-5", id="negative-int"),
        pytest.param(10**30, "1" + "0" * 30, id="big-int"),
        pytest.param(Level.HIGH, "3", id="int-enum"),
        pytest.param(Money("9.90"), "9.90", id="decimal-subclass"),
        pytest.param(Count(-5), "-5", id="int-subclass"),
        pytest.param(Share(0.5), "0.5", id="float-subclass"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(0.1, "0.1", id="float"),
        pytest.param(120.0, "120.0", id="whole-float"),
        pytest.param(1e15, "1000000000000000.0", id="float-of-sixteen-digits"),
        pytest.param(1e16, "10000000000000000.0", id="float-of-seventeen-digits"),
        pytest.param(1e22, "1" + "0" * 22 + ".0", id="float-without-exponent"),
        pytest.param(-1.7976931348623157e308, "-17976931348623157" + "0" * 292 + ".0", id="largest-float"),
        pytest.param(1e-7, "0.0000001", id="small-float"),
        pytest.param(1.5e-7, "0.00000015", id="small-float-without-exponent"),
        pytest.param(5e-324, "0." + "0" * 323 + "5", id="smallest-float"),
        pytest.param(-0.0, "-0.0", id="minus-zero"),
        pytest.param(Decimal("120.10"), "120.10", id="decimal-keeps-its-zeros"),
        pytest.param(Decimal("1E+3"), "1000", id="decimal-without-exponent"),
        pytest.param(Decimal("1E+399"), "1" + "0" * 399, id="largest-decimal"),
        pytest.param(Decimal("-1" + "0" * 399), "-1" + "0" * 399, id="smallest-decimal"),
        pytest.param(Decimal("1." + "0" * 399), "1." + "0" * 399, id="longest-decimal"),
        pytest.param(Decimal("0E+400"), "0", id="zero-with-an-exponent"),
        pytest.param(TIME, "2016-01-04%2016%3A06%3A00", id="datetime-in-utc-without-fraction"),
        pytest.param(None, "", id="none"),
    ],
)
def test_values_are_sent_as(value, text):
    assert sent(value) == text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(b"x", "a value of type bytes", id="bytes"),
        pytest.param({"a": 1}, "a value of type dict", id="dict-for-text"),
        pytest.param([], "a value of type list", id="list-for-text"),
        pytest.param(TIME.date(), "a value of type date", id="date"),
        pytest.param(object(), "a value of type object", id="object"),
        pytest.param(Mock(spec=str), "a value of type Mock, which raises TypeError,", id="stand-in-for-str"),
        pytest.param(Mock(spec=int), "a value of type Mock, which raises TypeError,", id="stand-in-for-int"),
        pytest.param(Money("NaN"), "NaN, which has no digits,", id="decimal-subclass-nan"),
        pytest.param(Money("1E+400"), "a number of more than 400 digits", id="too-large-decimal-subclass"),
        pytest.param(Count(10**400), "a number of more than 400 digits", id="too-large-int-subclass"),
        pytest.param(float("nan"), "NaN, which has no digits,", id="nan"),
        pytest.param(float("-inf"), "-Infinity, which has no digits,", id="infinity"),
        pytest.param(Decimal("NaN"), "NaN, which has no digits,", id="decimal-nan"),
        pytest.param(Decimal("1E+400"), "a number of more than 400 digits", id="too-large-decimal"),
        pytest.param(Decimal("1E-999999"), "a number of more than 400 digits", id="too-small-decimal"),
        pytest.param(10**400, "a number of more than 400 digits", id="too-large-int"),
        pytest.param(TIME.replace(tzinfo=None), "a datetime without a time zone", id="naive-datetime"),
        pytest.param(
            datetime.min.replace(tzinfo=BERLIN),
            "a datetime outside the years 1 to 9999 UTC",
            id="datetime-before-year-1",
        ),
        pytest.param("a\ud800", "text with a lone surrogate", id="lone-surrogate"),
    ],
)
def test_values_are_refused(value, message):
    with pytest.raises(RenderError) as caught:
        sent(value)
    assert str(caught.value) == f"cannot send {message} for macro 'app_name'"


def test_url_that_is_too_long_is_refused():
    with pytest.raises(RenderError, match=r"^rendered URL has more than 65,536 bytes, the limit$"):
        sent("x" * 70_000)


def test_times_do_not_depend_on_where_they_are_rendered(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert sent(TIME) == "2016-01-04%2016%3A06%3A00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_refusal_names_the_macro_as_the_template_spells_it():
    with pytest.raises(RenderError) as caught:
        sent(b"", "advertiserId", "advertising_id")
    assert caught.value.macro == "advertiserId"


def test_unix_time_is_whole_seconds():
    assert sent(TIME, "install_unix_ts", "install_unix_ts") == "1451923560"
    assert sent(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), "install_unix_ts", "install_unix_ts") == "-1"


def test_other_dialect_writes_times_its_own_way():
    event = Event(sdk={"install_time": TIME, "install_unix_ts": TIME})
    url = render("?a={install_datetime}&b={install_timestamp}", event, dialect="appmetrica")
    assert url == "?a=2016-01-04T16%3A06%3A00Z&b=1451923560"


def test_partner_chooses_the_words_for_booleans():
    assert sent(True, booleans="1/0") == "1"
    assert sent(False, booleans="1/0") == "0"


def test_flags_are_digits_whatever_the_partner_chose():
    assert render("?a={limit_ad_tracking}", Event(sdk={"is_lat": True}), dialect="appmetrica") == "?a=1"


def test_words_for_booleans_are_checked():
    with pytest.raises(ValueError, match="booleans must be"):
        compile_template("", booleans="yes/no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": "é"}, "%7B%22b%22%3A1%2C%22a%22%3A%22%C3%A9%22%7D", id="dict-in-its-order"),
        pytest.param([1.5, None, True], "%5B1.5%2Cnull%2Ctrue%5D", id="list"),
        pytest.param({"p": Decimal("12.50")}, "%7B%22p%22%3A12.50%7D", id="decimal-keeps-its-zeros"),
        pytest.param([Decimal("1E+3"), -(10**30)], "%5B1000%2C-1" + "0" * 30 + "%5D", id="whole-numbers"),
        pytest.param([1e15, 1e16, 1e-7], "%5B1000000000000000.0%2C10000000000000000.0%2C0.0000001%5D", id="floats"),
        pytest.param(
            [{"a": (False, Level.HIGH)}, Colour.RED],
            "%5B%7B%22a%22%3A%5Bfalse%2C3%5D%7D%2C%22r%20e%20d%22%5D",
            id="subclasses",
        ),
        pytest.param(
            {1: 2, 1e16: 3, None: 4, False: 5, Decimal("2.50"): 6},
            "%7B%221%22%3A2%2C%2210000000000000000.0%22%3A3%2C%22null%22%3A4%2C%22false%22%3A5%2C%222.50%22%3A6%7D",
            id="names-that-are-no-text",
        ),
        pytest.param([Money("9.90"), Count(1), Share(0.5)], "%5B9.90%2C1%2C0.5%5D", id="numbers-of-their-own-classes"),
        pytest.param('{"a": 1}\n', "%7B%22a%22%3A%201%7D%0A", id="text-byte-for-byte"),
    ],
)
def test_event_value_is_json(value, text):
    event = Event(sdk={"event_value": value}, postback=Postback.IN_APP)
    for macro in ("encode", "event_value"):
        assert render(f"?x=({macro})", event, policy=Policy(Postback.IN_APP)) == "?x=" + text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({"a": float("nan")}, "NaN, which has no digits,", id="nan"),
        pytest.param([Decimal("-Infinity")], "-Infinity, which has no digits,", id="infinity"),
        pytest.param([10**400], "a number of more than 400 digits", id="too-large-int"),
        pytest.param([b""], "a value that is not JSON (it holds a bytes)", id="bytes"),
        pytest.param({("a",): 1}, "a value that is not JSON (it has a tuple for a name)", id="name-that-is-no-text"),
    ],
)
def test_event_value_that_is_not_json_is_refused(value, message):
    event = Event(sdk={"event_value": value}, postback=Postback.IN_APP)
    with pytest.raises(RenderError) as caught:
        render("?x=(encode)", event, policy=Policy(Postback.IN_APP))
    assert str(caught.value) == f"cannot send {message} for macro 'encode'"


@reaching(exponent=30)
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e16)
@example(5e-324)
def test_a_float_has_one_shape_and_is_read_back_as_it_was(value):
    text = sent(value)
    assert re.fullmatch(r"-?\d+\.\d+", text)
    assert float(text) == value
    reached(*["exponent"] * ("e" in repr(value)))
    event = Event(sdk={"event_value": [value]}, postback=Postback.IN_APP)
    assert render("?x=(encode)", event, policy=Policy(Postback.IN_APP)) == f"?x=%5B{text}%5D"


def test_event_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    event = Event(sdk={"event_value": value}, postback=Postback.IN_APP)
    with pytest.raises(RenderError, match="not JSON"):
        render("?x=(encode)", event, policy=Policy(Postback.IN_APP))
