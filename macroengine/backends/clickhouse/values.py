"""Convert a ClickHouse column to the text that a macro sends, identical to that of the Python engine."""

from collections.abc import Callable

from macroengine.backends.ansi import ARGUMENT
from macroengine.backends.clickhouse.nested import Where, fixed, float_text, json_text
from macroengine.backends.clickhouse.types import Type
from macroengine.backends.clickhouse.words import literal
from macroengine.errors import UnsupportedError
from macroengine.kinds import ValueType
from macroengine.plan.segments import Value

Unsendable = list[tuple[str, str]]
"""Conditions under which an existing value cannot be sent, with the reason."""
Applied = Callable[[str, str], str]
"""Applies SQL that contains ARGUMENT to an expression, and returns the result."""

INTEGERS = tuple(f"{sign}{bits}" for sign in ("Int", "UInt") for bits in (8, 16, 32, 64, 128, 256))
_NESTED = ("Array", "Map", "Tuple")
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
# Some systems write the IPv4 address inside an IPv6 address, others do not.
_NOT_JSON = "cannot send JSON with bytes that are not UTF-8, a number that has no digits, or a key that is repeated,"
_MIXED_ADDRESS = "cannot send an IPv6 address that holds one of IPv4, which is written in two ways,"


def column_text(  # noqa: PLR0911 - one per type
    column: str, kind: Type, where: Where, value: Value, applied: Applied
) -> tuple[str, Unsendable]:
    """Return the text of a column. It is NULL if and only if the value is missing.

    Raises:
        UnsupportedError: there is no text for this type, or it may differ from that of the Python engine.
    """
    match kind.name:
        case "DateTime" | "DateTime64":
            return _time(column, kind, value.type, applied)
        case "Float64":
            bad = f"(NOT isFinite({column}))"
            return applied(float_text(f"toString({ARGUMENT})"), column), [
                (bad, "cannot send a number that has no digits")
            ]
        case "IPv6":
            text = f"toString({column})"
            return text, [(f"(position({text}, '.') > 0)", _MIXED_ADDRESS)]
        case "Bool":
            yes, no = map(literal, value.booleans)
            return f"CASE {column} WHEN TRUE THEN {yes} WHEN FALSE THEN {no} END", []
        case "String" | "FixedString":
            text = column if kind.name == "String" else f"CAST({column} AS {string_type(kind)})"
            return text, [(f"(NOT isValidUTF8({text}))", "cannot send bytes that are not UTF-8")]
        case "Array" | "Map" | "Tuple" if value.type is ValueType.JSON:
            text = applied(fixed(ARGUMENT), json_text(column, kind, where))
            return text, [(f"(NOT isValidUTF8({text}))", _NOT_JSON)]
    flat = flat_text(column, kind)
    if flat is None:
        advice = _ADVICE.get(kind.name, "cast it to String, in the text that is to be sent")
        raise UnsupportedError(f"cannot send column {where.field!r} of type {where.shown}; {advice}")
    return flat, []


def may_be_text(kind: Type, value: ValueType) -> bool:
    """Say whether a value is written as a string in JSON."""
    if kind.name in ("DateTime", "DateTime64"):
        return value not in (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS)
    return not (kind.name in (*INTEGERS, *_NESTED, "Float64", "Bool") or kind.name.startswith("Decimal"))


def flat_text(column: str, kind: Type) -> str | None:
    """Return the text of a type with only one text form; None for other types."""
    if kind.name in (*INTEGERS, "Enum8", "Enum16", "UUID", "IPv4"):
        return f"toString({column})"
    if kind.name.startswith("Decimal") and kind.arguments:
        return f"toDecimalString({column}, {kind.arguments[-1]})"
    return f"CAST({column} AS Nullable(String))" if kind.name == "Nothing" else None


def string_type(kind: Type) -> str:
    """Return the type of a column's text."""
    return "Nullable(String)" if kind.nullable else "String"


_ZONE = "cast it to String; or to DateTime, and say which zone it is in, as toDateTime(day, 'UTC')"
_ADVICE = {
    "Float32": "cast it to Decimal, which says how many digits are sent",
    "BFloat16": "cast it to Decimal, which says how many digits are sent",
    "Date": _ZONE,
    "Date32": _ZONE,
    "JSON": "it keeps neither the order of keys nor how numbers are written: keep the text in a String",
    "Object": "keep the text in a String",
}


def _time(column: str, kind: Type, wanted: ValueType, applied: Applied) -> tuple[str, Unsendable]:
    # None of this depends on the time zone of the column, the server or the session.
    digits = next((argument for argument in kind.arguments if str(argument).isdigit()), "0")
    seconds = (
        f"CAST({ARGUMENT} AS {_nullable(f'Decimal(18, {digits})', kind)})" if kind.name == "DateTime64" else ARGUMENT
    )
    match wanted:
        case ValueType.UNIX_TIME if kind.name == "DateTime":
            text = f"toString(toUnixTimestamp({ARGUMENT}))"
        case ValueType.UNIX_TIME:
            text = f"toString(toInt64(floor({seconds})))"
        case ValueType.UNIX_TIME_MS if kind.name == "DateTime":
            text = f"toString(toUnixTimestamp({ARGUMENT}) * 1000)"
        case ValueType.UNIX_TIME_MS:
            text = f"toString(toInt64(floor({seconds} * 1000)))"
        case ValueType.RFC3339:
            text = f"formatDateTime({ARGUMENT}, '%Y-%m-%dT%H:%i:%SZ', 'UTC')"
        case _:
            text = f"formatDateTime({ARGUMENT}, '%Y-%m-%d %H:%i:%S', 'UTC')"
    if kind.name == "DateTime":
        return applied(text, column), []
    exact = seconds.replace(ARGUMENT, column)
    outside = f"({exact} < {_FIRST_SECOND} OR {exact} >= {_LAST_SECOND + 1})"
    return applied(text, column), [(outside, "cannot send a time outside the years 1 to 9999")]


def _nullable(kind: str, of: Type) -> str:
    return f"Nullable({kind})" if of.nullable else kind
