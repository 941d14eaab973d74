"""Write a plan as a Spark Column of built-in functions, so that no Python runs on the workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from macroengine.arguments import check_flag
from macroengine.backends.columns import PARTNER, URL, check_kept, columns_for, plans_of
from macroengine.backends.expression import Expression, Planned, columns_of, express, plan_of, too_long
from macroengine.backends.json_text import ESCAPES
from macroengine.backends.language import Column as Found
from macroengine.errors import UnsupportedError
from macroengine.kinds import ValueType
from macroengine.plan.segments import Read, RenderPlan, Step, Value

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800  # seconds since 1970


def to_column(
    template: Planned | RenderPlan, columns: "Mapping[str, DataType] | None" = None, *, strict: bool = True
) -> "Column":
    """Return the URL as a Column, over columns that are named like the fields of the template.

    `columns` gives the types of all columns of the table; without it, the columns that are read are strings, and there
    are no others. If the table has `attributed` or `postback`, in any case, the Column is NULL for events that are not
    sent. Under a policy with consent, the consent columns of the table, if any, decide whether identifiers are sent. An
    event that cannot be sent ends the query with an error, or is also NULL if `strict` is False. Requires a running
    session.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: the type of a column is missing, or two columns differ only in case.
    """
    from pyspark.sql.types import StringType

    check_flag("strict", strict)
    plan = plan_of(template)
    return _column(plan, columns_of(plan, columns, StringType()), strict=strict)[0]


def failure_column(template: Planned | RenderPlan, columns: "Mapping[str, DataType] | None" = None) -> "Column":
    """Return the reason why an event cannot be sent as a Column; NULL for all others.

    The arguments are those of `to_column`.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: the type of a column is missing, or two columns differ only in case.
    """
    from pyspark.sql import functions as f
    from pyspark.sql.types import StringType

    plan = plan_of(template)
    language = _Spark(columns_of(plan, columns, StringType()), f)
    expression: Expression[Column] = express(plan, language)
    cases = [
        (case.condition, f.lit(case.reason) if case.fails else language.null())
        for case in (*expression.admission, *expression.failures)
    ]
    return language.choose([*cases, (_is_long(f, expression.url, plan), f.lit(too_long(plan)))], language.null())


def render_dataframe(
    frame: "DataFrame",
    templates: Planned | Mapping[str, Planned],
    *,
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
) -> "DataFrame":
    """Return the URLs of the events that are sent: the columns `keep`, `partner` if there are several, and `url`.

    `templates` is one template, or a mapping of partners to templates, all rendered in one pass. A field is read from
    the column with its name, or from the one that `columns` maps it to; None means that there is none, so the value is
    missing. If they exist, the column `attributed` selects the rendering, and `postback` selects the events that are
    sent. Under a policy with consent, the consent columns of the table, if any, decide whether identifiers are sent.
    Column names ignore case. An event that cannot be sent ends the job with an error. Streams are rendered like tables.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    from pyspark.sql import functions as f

    plans = plans_of(templates)
    names = columns_for(plans.values(), columns or {}, frame.columns)
    check_kept(keep, frame.columns, [URL] if None in plans else [PARTNER, URL])
    # The inner columns are only numbered, so no name in the table can clash with a generated one.
    kept = [f.col(_quoted(name)).alias(f"kept {index}") for index, name in enumerate(keep)]
    read = [
        (f.lit(None).cast("string") if name is None else f.col(_quoted(name))).alias(f"field {index}")
        for index, name in enumerate(names.values())
    ]
    table = frame.select(*kept, *read)
    found = {
        field: Found(f"field {index}", table.schema[f"field {index}"].dataType) for index, field in enumerate(names)
    }
    back = [f.col(f"`kept {index}`").alias(name) for index, name in enumerate(keep)]
    if isinstance(templates, Mapping):
        urls = [
            f.struct(f.lit(partner).alias(PARTNER), _column(plan, found)[0].alias(URL))
            for partner, plan in plans.items()
        ]
        exploded = table.select(*back, f.inline(f.array(*urls)))
        return exploded.where(f.col(URL).isNotNull())
    url, admitted = _column(plans[None], found)
    # With a condition that URLs are not NULL, Spark would compute each of them twice.
    return table.where(admitted).select(*back, url.alias(URL))


def _is_long(functions: Any, url: "Column", plan: RenderPlan) -> "Column":
    long: Column = functions.octet_length(url) > plan.max_bytes
    return long


def _column(
    plan: RenderPlan, columns: "Mapping[str, Found[DataType]]", *, strict: bool = True
) -> "tuple[Column, Column]":
    """Return the URL, and the condition that it is sent."""
    from pyspark.sql import functions as f

    language = _Spark(columns, f)
    expression: Expression[Column] = express(plan, language)
    cases = [
        (case.condition, _error(f, case.reason) if case.fails and strict else language.null())
        for case in (*expression.admission, *expression.failures)
    ]
    admission = [(case.condition, f.lit(case.fails)) for case in expression.admission]
    too_large = _error(f, too_long(plan)) if strict else language.null()
    # Inside the array the URL has a name, so it is computed once.
    checked = f.transform(
        f.array(language.choose(cases, expression.url)),
        lambda url: f.when(_is_long(f, url, plan), too_large).otherwise(url),
    )
    return checked[0], language.choose(admission, f.lit(True))


def _error(functions: Any, reason: str) -> "Column":
    error: Column = functions.raise_error(functions.lit(reason)).cast("string")
    return error


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True)
class _Spark:
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
        column = f.col(_quoted(name))
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
        column = f.col(_quoted(name))
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
