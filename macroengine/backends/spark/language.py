"""How Spark writes the expressions of a plan: as Columns of built-in functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from macroengine.backends.json_text import ESCAPES
from macroengine.backends.language import Column as Found
from macroengine.errors import UnsupportedError
from macroengine.kinds import ValueType
from macroengine.plan.segments import Read, Step, Value

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800  # seconds since 1970


def quoted(name: str) -> str:
    """Return the name of a column, quoted."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True)
class Spark:
    """Builds Spark Columns over these columns."""

    columns: "Mapping[str, Found[DataType]]"
    f: Any
    """The module pyspark.sql.functions."""

    def literal(self, text: str) -> "Column":
        return self.f.lit(text)

    def null(self) -> "Column":
        return self.f.lit(None).cast("string")

    def shared(self, expression: "Column") -> "Column":
        # Spark detects common subexpressions itself.
        return expression

    def value(self, read: Read, value: Value) -> "tuple[Column, list[tuple[Column, str]]]":
        f = self.f
        name, kind = self.columns[read.field]
        column = f.col(quoted(name))
        match kind.typeName():
            case "string" if kind.simpleString() == "string":
                return column, []
            case "decimal":
                return self._decimal(column, kind), []
            case "byte" | "short" | "integer" | "long" | "void":
                return column.cast("string"), []
            case "boolean":
                yes, no = map(f.lit, value.booleans)
                return f.when(column, yes).when(~column, no), []
            case "timestamp":
                return self._time(column, value.type)
            case "struct" | "map" | "array" if value.type is ValueType.JSON:
                _check_nested(kind, read.field)
                return self._json(column), []
        advice = _ADVICE.get(kind.typeName(), "cast it to STRING, in the text that is to be sent")
        raise UnsupportedError(f"cannot send column {read.field!r} of type {kind.simpleString()}; {advice}")

    def _decimal(self, column: "Column", kind: Any) -> "Column":
        if kind.scale <= _PLAIN_SCALE:
            return column.cast("string")
        return self.f.call_function("format_number", column, self.f.lit(f"0.{'0' * kind.scale}"))

    def text_of_event(self, read: Read, value: Value) -> "Column | None":
        kind = self.columns[read.field].type.typeName()
        if kind == "timestamp":
            is_text = value.type not in (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS)
        else:
            is_text = kind in ("string", "void")
        return self.f.lit(True) if is_text else None

    def _time(self, column: "Column", kind: ValueType) -> "tuple[Column, list[tuple[Column, str]]]":
        f = self.f
        seconds = f.unix_seconds(column)
        sendable = (seconds >= _YEAR_1) & (seconds < _YEAR_10000)
        if kind is ValueType.UNIX_TIME:
            text = seconds.cast("string")
        elif kind is ValueType.UNIX_TIME_MS:
            text = f.unix_millis(column).cast("string")
        else:
            # Counted from 1970, so that the session's time zone does not matter.
            epoch = f.to_timestamp_ntz(f.lit("1970-01-01 00:00:00"))
            text = (epoch + f.make_dt_interval(secs=seconds)).cast("string")
            if kind is ValueType.RFC3339:
                text = f.concat(f.replace(text, f.lit(" "), f.lit("T")), f.lit("Z"))
        return f.when(sendable, text).when(column.isNotNull(), ""), [
            (~sendable, "cannot send a time outside the years 1 to 9999")
        ]

    def _json(self, column: "Column") -> "Column":
        f = self.f
        text = f.to_json(column, {"ignoreNullFields": "false"})
        fixed = self._replaced(text, ESCAPES)
        return f.when(f.contains(text, f.lit(r"\u00")), fixed).otherwise(text)

    def flag(self, field: str) -> "Column":
        f = self.f
        name, kind = self.columns[field]
        column = f.col(quoted(name))
        if kind.typeName() == "boolean":
            return column
        text = column.cast("string")
        return f.when(text == "true", f.lit(True)).when(text == "false", f.lit(False))

    def joined(self, parts: "Sequence[Column]") -> "Column":
        return self.f.concat_ws("", *parts)

    def chained(self, parts: "Sequence[Column]") -> "Column":
        return self.f.concat(*parts)

    def first(self, texts: "Sequence[Column]") -> "Column":
        return self.f.coalesce(*texts)

    def choose(self, cases: "Sequence[tuple[Column, Column]]", otherwise: "Column") -> "Column":
        if not cases:
            return otherwise
        (condition, result), *more = cases
        chosen = self.f.when(condition, result)
        for condition, result in more:
            chosen = chosen.when(condition, result)
        return chosen.otherwise(otherwise)

    def every(self, conditions: "Sequence[Column]") -> "Column":
        return reduce(lambda one, other: one & other, conditions)

    def negated(self, condition: "Column") -> "Column":
        return ~condition

    def is_null(self, expression: "Column") -> "Column":
        return expression.isNull()

    def is_one_of(self, text: "Column", words: Sequence[str]) -> "Column":
        return text.isin(*map(str, words))

    def matches(self, text: "Column", pattern: str) -> "Column":
        # `$` would accept a trailing line break.
        return text.rlike(rf"\A(?:{pattern})\z")

    def without(self, text: "Column", pattern: str) -> "Column":
        return self.f.regexp_replace(text, pattern, "")

    def is_blank(self, text: "Column") -> "Column":
        return self.f.btrim(text, self.f.lit("0-")) == ""

    def is_ascii(self, text: "Column") -> "Column":
        return self.f.octet_length(text) == self.f.char_length(text)

    def rest(self, text: "Column", length: int) -> "Column":
        return self.f.when(text != "", self.f.substr(text, self.f.lit(length + 1)))

    def upper(self, text: "Column") -> "Column":
        return self.f.upper(text)

    def lower(self, text: "Column") -> "Column":
        return self.f.lower(text)

    def hashed(self, text: "Column", algorithm: Step) -> "Column":
        return self.f.sha2(text, 256) if algorithm is Step.SHA256 else getattr(self.f, algorithm.value)(text)

    def base64(self, text: "Column") -> "Column":
        # If a setting says so, Spark breaks lines after 76 characters.
        return self._replaced(self.f.base64(text), [("\r\n", "")])

    def json_string(self, text: "Column") -> "Column":
        f = self.f
        # An object with one member: {"a":"..."}; NULL if the text is NULL.
        made = self._json(f.named_struct(f.lit("a"), text))
        return f.when(text.isNotNull(), f.substr(made, f.lit(7), f.length(made) - 8))

    def encoded(self, text: "Column", encoder: Step) -> "Column":
        return self._replaced(self.f.url_encode(text), _BEYOND_FORMS[encoder])

    def deepened(self, encoded: "Column", layers: int) -> "Column":
        return self._replaced(encoded, [("%", "%" + "25" * layers)])

    def _replaced(self, text: "Column", pairs: Sequence[tuple[str, str]]) -> "Column":
        f = self.f
        return reduce(lambda text, pair: f.replace(text, f.lit(pair[0]), f.lit(pair[1])), pairs, text)


# java.net.URLEncoder encodes like forms, but keeps `*` and encodes `~`.
_BEYOND_FORMS: Mapping[Step, Sequence[tuple[str, str]]] = {
    Step.PERCENT: (("+", "%20"), ("*", "%2A"), ("%7E", "~")),
    Step.COMPONENT: (("+", "%20"), ("%7E", "~"), ("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")")),
    Step.FORM: (("*", "%2A"), ("%7E", "~")),
}


def _check_nested(kind: "DataType", field: str) -> None:
    """Reject a nested type that contains something Python's JSON writes differently."""
    foreign = _foreign(kind)
    if foreign is not None:
        raise UnsupportedError(
            f"cannot write the {foreign.simpleString()} in column {field!r} of type {kind.simpleString()} as Python "
            "writes JSON; cast it to STRING inside, or the column to STRING, in the text that is to be sent"
        )


def _foreign(kind: Any) -> "DataType | None":
    """Return the type inside `kind` that Python's JSON writes differently; None if there is none."""
    match kind.typeName():
        case "struct":
            inner = [field.dataType for field in kind.fields]
        case "array":
            inner = [kind.elementType]
        case "map" if kind.keyType.simpleString() == "string":
            inner = [kind.valueType]
        case "byte" | "short" | "integer" | "long" | "boolean" | "string":
            return None
        case _:
            return kind
    return next((foreign for child in inner if (foreign := _foreign(child)) is not None), None)


# With more digits after the point, Java writes small numbers with an exponent.
_PLAIN_SCALE = 6
_ADVICE = {
    "double": "Java writes its digits in its own way: cast it to DECIMAL, which says how many are sent",
    "float": "cast it to DECIMAL, which says how many digits are sent",
    "timestamp_ntz": "say which zone it is in: to_timestamp_ltz, or read the file with a zone",
    "date": "cast it to STRING, or to TIMESTAMP",
}
