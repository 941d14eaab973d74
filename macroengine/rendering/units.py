"""Convert a value into a smaller unit: seconds to milliseconds, whole units to cents."""

import re
from datetime import UTC, datetime
from decimal import Context, Decimal

# No value in any unit has more digits.
_is_number = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?").fullmatch
_is_time = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII).fullmatch


def in_smaller_unit(value: object, times: int) -> object:
    """Return a value times `times`; None if it is neither a number nor a time.

    A time has no unit. A text without a time zone is UTC, like all texts of times in a catalogue.

    >>> in_smaller_unit("1451923560", 1000), in_smaller_unit("9.90", 100)
    (1451923560000, 990)
    """
    if isinstance(value, datetime):
        return value
    text = _text(value)
    if not _is_number(text):
        return _time(text) if _is_time(text) else None
    number = _EXACT.multiply(Decimal(text), Decimal(times))
    return int(number) if number == number.to_integral_value(context=_EXACT) else number.normalize(_EXACT)


def _text(value: object) -> str:
    """Return the digits of a number, or a text; an empty string for any other value."""
    match value:
        case str():
            return str.__str__(value)
        case float():
            return float.__repr__(value)
        case Decimal():
            is_written = Decimal.is_finite(value) and Decimal.copy_abs(value) < _TOO_LARGE
            return Decimal.__format__(value, "f") if is_written else ""
        case int() if not isinstance(value, bool):
            return int.__repr__(value) if int.__abs__(value) < _TOO_LARGE else ""
    return ""


_TOO_LARGE = 10**30
# Precise enough for the longest number.
_EXACT = Context(prec=80)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:  # no such day or hour
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
