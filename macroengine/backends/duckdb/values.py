"""Convert a DuckDB column to the text that a macro sends, identical to that of the Python engine."""

import re
from collections.abc import Callable
from typing import Any

from macroengine.backends.ansi import ARGUMENT, choose, literal
from macroengine.backends.json_text import ESCAPES, FOREIGN_NUMBER, STRING
from macroengine.errors import UnsupportedError
from macroengine.kinds import ValueType
from macroengine.plan.segments import Read, Value

TEXT, JSON = "VARCHAR", "JSON"

INTEGERS = {f"{sign}{name}" for sign in ("", "U") for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")}
_SECONDS_FROM_YEAR_1 = 62_135_596_800
_YEARS_1_TO_9999 = "BETWEEN -62135596800000000 AND 253402300799999999"

Unsendable = list[tuple[str, str]]
"""Conditions under which an existing value cannot be sent, with the reason."""
Applied = Callable[[str, str], str]
"""Applies SQL that contains ARGUMENT to an expression, and returns the result."""


def column_text(column: str, given: str, read: Read, value: Value, applied: Applied) -> tuple[str, Unsendable]:  # noqa: PLR0911 - one per type
    """Return the text of a column of the type `given`. It is NULL if and only if the value is missing.

    Raises:
        UnsupportedError: there is no text for this type, or it may differ from that of the Python engine.
    """
    as_text = f"CAST({column} AS VARCHAR)"
    kind = given.partition("(")[0]
    if given == TEXT:
        return column, []
    if given in INTEGERS or kind == "ENUM" or given == '"NULL"':
        return as_text, []
    if kind == "DECIMAL":
        return _decimal(as_text, given), []
    if given == "DOUBLE":
        return applied(_double(f"CAST({ARGUMENT} AS VARCHAR)"), column), [
            (f"(NOT isfinite({column}))", "cannot send a number that has no digits")
        ]
    if given == "BOOLEAN":
        yes, no = map(literal, value.booleans)
        return f"CASE {column} WHEN TRUE THEN {yes} WHEN FALSE THEN {no} END", []
    if given == "TIMESTAMP WITH TIME ZONE":
        return _time(column, value.type, applied)
    if given == JSON:
        return _dynamic(column, value, applied)
    if value.type is ValueType.JSON and (kind in ("STRUCT", "MAP") or given.endswith("[]")):
        _check_nested(given, read.field)
        return applied(_json(ARGUMENT), f"CAST(to_json({column}) AS VARCHAR)"), []
    raise UnsupportedError(f"cannot send column {read.field!r} of type {given}; {_ADVICE.get(given, _CAST)}")


def may_be_text(column: str, given: str, kind: ValueType) -> str | None:
    """Return the condition that a value is written as a string in JSON; None if it never is."""
    if given == JSON:
        return f"(json_type({column}) = 'VARCHAR')"
    if given == "TIMESTAMP WITH TIME ZONE":
        return None if kind in (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS) else "TRUE"
    return "TRUE" if given in (TEXT, '"NULL"') or given.startswith("ENUM") else None


def escaped(text: str) -> str:
    """Return a text escaped for the inside of a JSON string."""
    return rf"""regexp_replace({_json(f"CAST(to_json({text}) AS VARCHAR)")}, '^"|"$', '', 'g')"""


_CAST = "cast it to VARCHAR, in the text that is to be sent"
_ZONE = "say which zone it is in, as by: AT TIME ZONE 'UTC'"
_ADVICE = {
    "FLOAT": "cast it to DECIMAL, which says how many digits are sent",
    "TIMESTAMP": _ZONE,
    "TIMESTAMP_S": f"cast it to TIMESTAMP, and {_ZONE}",
    "TIMESTAMP_MS": f"cast it to TIMESTAMP, and {_ZONE}",
    "TIMESTAMP_NS": f"cast it to TIMESTAMP, and {_ZONE}",
    "DATE": f"cast it to VARCHAR; or to TIMESTAMP, and {_ZONE}",
}


def _decimal(text: str, given: str) -> str:
    width, scale = re.findall("[0-9]+", given)
    # If all digits are after the decimal point, DuckDB writes none before it.
    return rf"regexp_replace({text}, '^(-?)\.', '\10.')" if width == scale else text


def _double(text: str) -> str:
    """Return the text of a DOUBLE: the shortest digits that are read back as the same number, without an exponent."""
    digits = f"replace(replace(split_part({text}, 'e', 1), '.', ''), '-', '')"
    exponent = f"CAST(split_part({text}, 'e', 2) AS INTEGER)"
    sign = f"CASE WHEN {text} LIKE '-%' THEN '-' ELSE '' END"
    large = f"{sign} || rpad({digits}, {exponent} + 1, '0') || '.0'"
    small = f"{sign} || '0.' || repeat('0', -{exponent} - 1) || {digits}"
    return choose([(f"contains({text}, 'e+')", large), (f"contains({text}, 'e-')", small)], text)


def _time(column: str, kind: ValueType, applied: Applied) -> tuple[str, Unsendable]:
    # Microseconds since 1970 do not depend on the session's TimeZone. They are NULL for infinite times.
    micros = f"epoch_us({ARGUMENT})"
    match kind:
        case ValueType.UNIX_TIME:
            text = _since_1970(micros, 1_000_000)
        case ValueType.UNIX_TIME_MS:
            text = _since_1970(micros, 1000)
        case ValueType.RFC3339:
            text = f"strftime(make_timestamp({micros}), '%Y-%m-%dT%H:%M:%SZ')"
        case _:
            text = f"strftime(make_timestamp({micros}), '%Y-%m-%d %H:%M:%S')"
    sendable = f"coalesce({micros} {_YEARS_1_TO_9999}, {ARGUMENT} IS NULL)"
    unsendable = [(f"(NOT {sendable.replace(ARGUMENT, column)})", "cannot send a time outside the years 1 to 9999")]
    return applied(choose([(sendable, text)], "''"), column), unsendable


def _since_1970(micros: str, unit: int) -> str:
    """Return whole units of so many microseconds. Counts from the year 1, because // rounds towards zero."""
    year_1 = _SECONDS_FROM_YEAR_1 * 1_000_000
    return f"CAST(({micros} + {year_1}) // {unit} - {year_1 // unit} AS VARCHAR)"


def _json(text: str) -> str:
    fixed = text
    for old, new in ESCAPES:
        fixed = f"replace({fixed}, {literal(old)}, {literal(new)})"
    return choose([(rf"contains({text}, '\u00')", fixed)], text)


def _dynamic(column: str, value: Value, applied: Applied) -> tuple[str, Unsendable]:
    """Return the text of a JSON value, which may have any type."""
    parts = applied(_PARTS, column)
    made = applied(_of_json(value.booleans, is_json=value.type is ValueType.JSON), parts)
    nested = "JSON with a number that has an exponent" if value.type is ValueType.JSON else "an object or an array"
    return f"{made}['t']", [
        (f"({made}['p'] = 1)", "cannot send a number of so many digits"),
        (f"({made}['p'] = 2)", f"cannot send {nested}"),
    ]


# The type of a JSON value, its JSON, and its text.
_PARTS = f"{{k: json_type({ARGUMENT}), t: CAST(json({ARGUMENT}) AS VARCHAR), s: {ARGUMENT} ->> '$'}}"


def _of_json(booleans: tuple[str, str], *, is_json: bool) -> str:
    """Return SQL for the text `t` of a value, and the number `p` of its problem."""
    yes, no = map(literal, booleans)
    kind, text = f"{ARGUMENT}['k']", f"{ARGUMENT}['t']"
    integer = f"regexp_full_match({text}, '-?[0-9]{{1,400}}')"
    container = f"{kind} IN ('OBJECT', 'ARRAY')"
    double = f"TRY_CAST({text} AS DOUBLE)"
    texts = [
        (f"{kind} = 'VARCHAR'", f"{ARGUMENT}['s']"),
        (f"{kind} = 'BOOLEAN'", f"CASE {text} WHEN 'true' THEN {yes} ELSE {no} END"),
        (f"{kind} = 'NULL'", "NULL"),
        (container, _json(text)),
        (integer, text),
    ]
    number = f"list_transform([CAST({double} AS VARCHAR)], lambda d: {_double('d')})[1]"
    bare = f"regexp_replace({text}, {literal(STRING)}, '', 'g')"
    problems = [
        (f"{text} IS NULL OR {kind} IN ('VARCHAR', 'BOOLEAN', 'NULL')", "NULL"),
        (container, f"CASE WHEN regexp_matches({bare}, {literal(FOREIGN_NUMBER)}) THEN 2 END" if is_json else "2"),
        (f"{integer} OR isfinite({double})", "NULL"),
    ]
    return f"{{t: {choose(texts, number)}, p: {choose(problems, '1')}}}"


def _check_nested(given: str, field: str) -> None:
    """Reject a nested type that contains something Python's JSON writes differently."""
    import duckdb

    foreign = _foreign(duckdb.sqltype(given))
    if foreign is not None:
        raise UnsupportedError(
            f"cannot write the {foreign} in column {field!r} of type {given} as Python writes JSON; "
            f"cast it to VARCHAR inside, or the column to VARCHAR, in the text that is to be sent"
        )


def _foreign(given: Any) -> str | None:
    """Return the type inside `given` that Python's JSON writes differently; None if there is none."""
    match given.id:
        case "struct":
            inner = [child for _, child in given.children]
        case "list":
            inner = [given.children[0][1]]
        case "map" if str(given.children[0][1]) == TEXT:
            inner = [given.children[1][1]]
        case _:
            return None if str(given) in {TEXT, "BOOLEAN", *INTEGERS} else str(given)
    return next((foreign for child in inner if (foreign := _foreign(child)) is not None), None)
