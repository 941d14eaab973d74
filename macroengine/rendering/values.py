"""Convert a value of an event to text, before it is encoded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from macroengine.kinds import ValueType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {ValueType.UNIX_TIME: timedelta(seconds=1), ValueType.UNIX_TIME_MS: timedelta(milliseconds=1)}
# Numbers with more digits are not intended, and could fill the memory: Decimal("1E+999999999").
_MOST_DIGITS = 400
_TOO_LARGE = 10**_MOST_DIGITS


class UnsendableError(Exception):
    """A value cannot be written as text. The message says why; " for macro ..." is appended to it."""


def value_text(value: object, kind: ValueType, booleans: tuple[str, str]) -> str:
    """Return the text of a value that is not None, as a macro of type `kind` sends it.

    `booleans` are the texts for true and false.

    >>> value_text(Decimal("1E+3"), ValueType.NUMBER, ("true", "false"))
    '1000'

    Raises:
        UnsendableError: this value, or its type, cannot be written as text.
    """
    match value:
        case str():
            return str.__str__(value)
        case bool():
            return booleans[0] if value else booleans[1]
        case int() | float() | Decimal():
            return _number(value)
        case datetime():
            return _time(value, kind)
        case dict() | list() if kind is ValueType.JSON:
            return _json(value)
        case list() | tuple() if kind is ValueType.LIST:
            return ",".join(elements(value, booleans))
        case _:
            raise UnsendableError(f"cannot send a value of type {type(value).__name__}")


def elements(value: object, booleans: tuple[str, str]) -> list[str]:
    """Return the texts of the elements of a list. A text is split at its commas.

    >>> elements("2,7", ("true", "false")), elements([2, "a,b"], ("true", "false"))
    (['2', '7'], ['2', 'a,b'])

    Raises:
        UnsendableError: an element cannot be written as text.
    """
    match value:
        case str():
            return str.__str__(value).split(",")
        case list() | tuple():
            return [value_text(element, ValueType.TEXT, booleans) for element in value]
    return [value_text(value, ValueType.LIST, booleans)]


# A subclass may have methods of its own; what counts is its number.
def _number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        return _decimal(value)
    return _integer(value) if isinstance(value, int) else _float(value)


def _integer(value: int) -> str:
    if int.__abs__(value) >= _TOO_LARGE:  # checked first, since Python refuses to write very long integers
        raise _too_long()
    return int.__repr__(value)


def _float(value: float) -> str:
    """Return the shortest digits that are read back as the same float, always with a decimal point."""
    text = float.__repr__(value)
    if "e" not in text and "n" not in text:  # no exponent, and neither inf nor nan
        return text
    text = _decimal(Decimal(text))
    return text if "." in text else f"{text}.0"


def _decimal(number: Decimal) -> str:
    if not Decimal.is_finite(number):
        raise UnsendableError(f"cannot send {Decimal.__str__(number)}, which has no digits,")
    if abs(int(Decimal.as_tuple(number).exponent)) > _MOST_DIGITS:
        raise _too_long()
    text = Decimal.__format__(number, "f")
    if len(text) > _MOST_DIGITS and len(text.lstrip("-").replace(".", "")) > _MOST_DIGITS:
        raise _too_long()
    return text


def _too_long() -> UnsendableError:
    return UnsendableError(f"cannot send a number of more than {_MOST_DIGITS} digits")


def _time(value: datetime, kind: ValueType) -> str:
    if value.utcoffset() is None:
        raise UnsendableError("cannot send a datetime without a time zone")
    if kind in _UNITS:
        return str((value - _EPOCH) // _UNITS[kind])
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise UnsendableError("cannot send a datetime outside the years 1 to 9999 UTC") from None
    text = utc.replace(tzinfo=None).isoformat("T" if kind is ValueType.RFC3339 else " ", "seconds")
    return text + "Z" if kind is ValueType.RFC3339 else text


def _json(value: object) -> str:
    try:
        return _written(value)
    except RecursionError:
        raise UnsendableError("cannot send a value that is not JSON (it is nested too deeply)") from None


def _written(value: object) -> str:
    """Return a value as compact JSON, with numbers written as elsewhere."""
    match value:
        case str():
            return _json_string()(value)
        case None | bool():
            return _CONSTANTS[value]
        case int() | float() | Decimal():
            return _number(value)
        case list() | tuple():
            return f"[{','.join(map(_written, value))}]"
        case dict():
            return f"{{{','.join(map(_member, value.items()))}}}"
    raise UnsendableError(f"cannot send a value that is not JSON (it holds a {type(value).__name__})")


def _member(item: tuple[object, object]) -> str:
    """Return a member of an object. As in Python's json module, numbers and constants may be names."""
    name, value = item
    if isinstance(name, str):
        return f"{_written(name)}:{_written(value)}"
    if name is None or isinstance(name, int | float | Decimal):
        return f'"{_written(name)}":{_written(value)}'
    raise UnsendableError(f"cannot send a value that is not JSON (it has a {type(name).__name__} for a name)")


_CONSTANTS = {None: "null", True: "true", False: "false"}


@cache
def _json_string() -> Callable[[str], str]:
    from json.encoder import encode_basestring  # noqa: PLC0415 - most events contain JSON as text

    return encode_basestring
