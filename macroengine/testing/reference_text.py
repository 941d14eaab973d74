"""The reference renderer's texts for values of each type."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

from macroengine.kinds import ValueType

_LONGEST_NUMBER = 400  # in digits; larger exponents are not written out


class UnsendableError(Exception):
    """A value cannot be written as text. The message says why."""


_UNIX_TIMES = (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS)


def value_text(value: object, kind: ValueType, booleans: str) -> str:
    """Return the text of a value that is not None, before it is encoded."""
    match value:
        case str():
            return str.__str__(value)  # the text itself, even if a subclass overrides __str__
        case bool():
            return _boolean(value, "1/0" if kind is ValueType.FLAG else booleans)
        case int() | float() | Decimal():
            return _number(value)
        case datetime():
            return _time(value, kind)
        case dict() | list() if kind is ValueType.JSON:
            return _json(value)
        case list() | tuple() if kind is ValueType.LIST:
            return ",".join(elements(value, booleans))
    raise UnsendableError(f"a {type(value).__name__} has no text")


def elements(value: object, booleans: str) -> list[str]:
    """Return the texts of a list's elements. The list may also be a text with commas, or a single element."""
    if isinstance(value, str):
        return str.__str__(value).split(",")
    items = value if isinstance(value, list | tuple) else [value]
    return [value_text(item, ValueType.TEXT, booleans) for item in items]


def converted(value: object, times: int) -> object:
    """Return a value in a unit `times` as small; None if it is neither a number nor a time."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    text = (
        format(value, "f") if isinstance(value, Decimal) and value.is_finite() and abs(value) < 10**30 else str(value)
    )
    if re.fullmatch("-?[0-9]{1,30}([.][0-9]{1,30})?", text):
        with localcontext(prec=100):
            number = Decimal(text) * times
            return int(number) if number % 1 == 0 else number.normalize()
    try:
        time = datetime.fromisoformat(text) if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:", text) else None
    except ValueError:
        return None
    return time and (time if time.tzinfo else time.replace(tzinfo=UTC))


def _boolean(value: bool, booleans: str) -> str:
    yes, no = booleans.split("/")
    return yes if value else no


def _number(value: float | Decimal) -> str:
    # Digits, without an exponent or grouping.
    number = Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise UnsendableError(f"{number} is not a number")
    if abs(int(number.as_tuple().exponent)) > _LONGEST_NUMBER:
        raise UnsendableError("the number is too long")
    text = format(number, "f")
    if sum(character.isdigit() for character in text) > _LONGEST_NUMBER:
        raise UnsendableError("the number is too long")
    # A float has a decimal point, even if it is too large for a fraction, so that it differs from an integer.
    return text + ".0" if isinstance(value, float) and "." not in text else text


def _time(value: datetime, kind: ValueType) -> str:
    if value.utcoffset() is None:
        raise UnsendableError("a time without a time zone says nothing")
    if kind is ValueType.UNIX_TIME:
        return str((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))  # rounds down
    if kind is ValueType.UNIX_TIME_MS:
        return str((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    try:
        utc = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    except OverflowError:
        raise UnsendableError("the time is before the year 1 or after the year 9999") from None
    return utc.isoformat("T") + "Z" if kind is ValueType.RFC3339 else utc.isoformat(" ")


def _json(value: object) -> str:
    try:
        return _compact(value)
    except RecursionError:
        raise UnsendableError("the value is nested too deeply, or holds itself") from None


def _compact(value: object) -> str:
    # JSON without spaces, with numbers written as elsewhere.
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float() | Decimal():
            return _number(value)
        case list() | tuple():
            return "[" + ",".join(_compact(item) for item in value) + "]"
        case dict():
            return "{" + ",".join(_name(key) + ":" + _compact(item) for key, item in value.items()) + "}"
    raise UnsendableError(f"JSON has no {type(value).__name__}")


def _name(key: object) -> str:
    # As in Python's json module, a number or constant as a name becomes its text.
    if isinstance(key, str):
        return _compact(key)
    if key is None or isinstance(key, int | float | Decimal):
        return json.dumps(_compact(key))
    raise UnsendableError(f"a {type(key).__name__} cannot be the name of a member")


def json_text(text: str) -> str:
    """Return a text as a JSON string, with its quotes."""
    return json.dumps(text, ensure_ascii=False)


def json_value(raw: object, text: str, kind: ValueType) -> str:
    """Return the whole JSON value for a value whose text is `text`."""
    # Numbers, booleans and JSON are valid JSON already, and so is a text that has the form of the macro's type.
    is_json = isinstance(raw, bool | int | float | Decimal | dict | list) and kind is not ValueType.LIST
    if isinstance(raw, datetime):
        is_json = kind in _UNIX_TIMES
    if isinstance(raw, str) and (kind is ValueType.NUMBER or kind in _UNIX_TIMES):
        is_json = _is_number(text)
    if isinstance(raw, str) and kind is ValueType.BOOLEAN:
        is_json = text in ("true", "false")
    if isinstance(raw, str) and kind is ValueType.JSON:
        is_json = _is_json(text)
    return text if is_json else json_text(text)


def json_default(text: str, kind: ValueType) -> str:
    """Return the text for a missing value as a whole JSON value."""
    return text if kind is ValueType.NUMBER and _is_number(text) else json_text(text)


def _is_number(text: str) -> bool:
    return _is_json(text) and text[-1:].isdigit() and text[:1] in "-0123456789"


def _is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True
