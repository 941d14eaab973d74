"""Hypothesis strategies for values that can be sent, most of them awkward."""

import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from macroengine.catalogue import MacroSpec
from macroengine.kinds import ValueType
from macroengine.language.syntax import Syntax

# Characters with a meaning in a URL, a form, JSON or a macro, and characters of one to four bytes in UTF-8. Cannot give
# `.` or `..`, which are not allowed as path segments.
_TEXT = st.text("a b+%&=?#;/\\\"'<>(){}[]éЖ漢😀\n", min_size=1, max_size=4)
# Texts that change if they are decoded twice, decoded as a form, cut, or compared without regard to case. The last one
# has a little of each; a failing case shrinks to one before it.
_AWKWARD = (
    *("a b", "a+b", "%41", "a%2Bb", "%2526", "a&b=c", "a;b", "a#b", "100%", " ", "a\r\nb", "é", "Ж", "漢字", "😀"),
    *("None", "null", "true", "0", "-1", "1e3", "Ab", "..a", "x://y/?a=b&c=d", '{"a":[1]}', "\\", "\\n", "ÿ"),
    *["A+b%2Bc;d&e=f\\n#é 漢"] * 4,
)
_PLAIN = st.text(string.ascii_letters + string.digits + "-_~", min_size=1, max_size=6)
_ZONES = (UTC, UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=3, minutes=30)))
_NOBODY = ("00000000-0000-0000-0000-000000000000", "0")


@cache
def sendable_values(spec: MacroSpec, syntax: Syntax, *, raw: bool) -> st.SearchStrategy[object]:
    """Draw values that the macro can be filled with.

    The platform does not encode a `raw` value, so it only has characters that need no encoding.
    """
    if raw:
        return st.one_of(_PLAIN, st.integers(0, 10**6))
    values = _BY_TYPE.get(spec.type, _texts)()
    own = syntax.write(spec.name)
    return st.one_of(*values[:-1], st.sampled_from([own, "", own, own]), values[-1])


@cache
def numbers() -> st.SearchStrategy[Any]:
    """Draw numbers, including some that Python writes differently from what is sent."""
    floats = st.one_of(
        st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3)),
        st.sampled_from([1e22, 1e-7, 0.1, 1e16, -0.5, 3.0]),
    )
    return st.one_of(st.integers(-(10**20), 10**20), floats, st.sampled_from(list(map(Decimal, ("1.50", "1E+3", "0")))))


def _texts() -> list[st.SearchStrategy[Any]]:
    # Separate objects, since one_of treats a strategy that is given twice as one.
    awkward = [st.sampled_from(_AWKWARD) for _ in range(4)]
    return [_TEXT, *awkward[2:], numbers(), st.booleans(), *awkward[:2], st.just(_AWKWARD[-1])]


def _identifiers() -> list[st.SearchStrategy[Any]]:
    uuids = st.uuids().map(str)
    return [uuids, uuids.map(str.upper), st.sampled_from(["8e4dd44b-82ec-43d0-a5de-321f3c0b9a71", "A b"])]


def _with_zeros() -> list[st.SearchStrategy[Any]]:
    return [*_identifiers(), st.sampled_from(_NOBODY)]


def _number_values() -> list[st.SearchStrategy[Any]]:
    return [numbers(), st.sampled_from(["12.50", "1,5", "0"])]


def _booleans() -> list[st.SearchStrategy[Any]]:
    return [st.booleans(), st.sampled_from(["true", "TRUE", "1"])]


def _times() -> list[st.SearchStrategy[Any]]:
    # Far enough from the first and the last year for any time zone.
    times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - the time zone is drawn next
    zoned = st.builds(lambda time, zone: time.replace(tzinfo=zone), times, st.sampled_from(_ZONES))
    return [zoned, st.sampled_from(["2016-01-04 15:26:00", "1451921160"])]


def _json() -> list[st.SearchStrategy[Any]]:
    leaves = st.one_of(_TEXT, st.none(), st.booleans(), numbers())
    names = st.one_of(st.sampled_from("ab"), _TEXT)
    objects = st.dictionaries(names, st.one_of(leaves, st.lists(leaves, max_size=2)), max_size=2)
    return [objects, st.lists(leaves, max_size=2), st.sampled_from(['{"a": 1}', "[]", "{"])]


_BY_TYPE: dict[ValueType, Callable[[], list[st.SearchStrategy[Any]]]] = {
    ValueType.NUMBER: _number_values,
    ValueType.BOOLEAN: _booleans,
    ValueType.FLAG: _booleans,
    ValueType.UUID: _with_zeros,
    ValueType.TIME: _times,
    ValueType.UNIX_TIME: _times,
    ValueType.UNIX_TIME_MS: _times,
    ValueType.RFC3339: _times,
    ValueType.JSON: _json,
}
