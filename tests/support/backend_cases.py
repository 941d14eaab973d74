"""Tables of events for backend tests: columns of every type, with the reference's result for each row."""

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from hypothesis import assume
from hypothesis import strategies as st

from macroengine import (
    CompiledTemplate,
    Dialect,
    Event,
    Postback,
    RenderError,
    SuppressedError,
    TemplateError,
    compile_template,
)
from macroengine.backends.expression import fields_of, signals_of
from macroengine.catalogue import dialect
from macroengine.testing import reference
from macroengine.testing.strategies import options, policies
from macroengine.testing.unsound import unsound_templates

FAILS = object()
Engine = Literal["sql", "spark", "clickhouse"]

TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0 ~*+%&'\"\\\n\t\x1f\x7fé€😀ßİ"), max_size=6
)
IDENTIFIERS = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda uuid: str(uuid).upper()),
    st.sampled_from(
        ["", "0", "00000000-0000-0000-0000-000000000000", "-0", "Ab" * 20, "ab" * 20 + "\n", "a-b", ".", ".."]
    ),
)
MILLISECONDS = Dialect.from_toml(Path(__file__).parents[1] / "data" / "milliseconds.toml")

CONSENTS = st.sampled_from(["true", "false", "FALSE", "1", "0", "authorized", "3", "denied", "", " 1", "no"])
TIMES = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500000, UTC),
    ]
)
# The ClickHouse client converts times to floats, which can represent these fractions exactly.
EIGHTHS = TIMES.map(lambda time: time.replace(microsecond=time.microsecond // 125_000 * 125_000))
SECONDS = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DOUBLES = st.floats() | st.sampled_from(
    [1e16, 1e-5, -1.5e-7, 123456789012345680.0, -0.0, 1e22, 5e-324, 1.7976931348623157e308]
)


def _structs(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw structs, with their fields in order."""
    names = [name.replace("_", 'b"é') for name in fields]
    return st.tuples(*fields.values()).map(lambda values: dict(zip(names, values, strict=True)))


RECORDS = _structs(a=TEXT | st.none(), _=st.integers(-5, 5) | st.none(), c=st.booleans() | st.none())
NESTED = _structs(s=TEXT, l=st.lists(RECORDS | st.none(), max_size=2), m=st.none() | RECORDS)
NUMBERS = (
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([10**200, 1e15, 1e16, 1e-5])
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True)
class Kind:
    """A type of column, with its name in each engine, and its values."""

    sql: str | None
    spark: str | None
    clickhouse: str | None
    values: st.SearchStrategy[Any] = field(repr=False)
    nested: bool = False

    @property
    def nullable(self) -> bool:
        """Whether a column of this type may contain NULL; some ClickHouse types may not."""
        return not (self.clickhouse or "Nullable").startswith(("Array", "Map", "Bool"))


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda number: Decimal(number).scaleb(-scale))


_RECORD = 'Tuple(a Nullable(String), `b"é` Nullable(Int32), c Nullable(Bool))'
TEXTS = Kind("VARCHAR", "string", "Nullable(String)", TEXT | IDENTIFIERS)
KINDS = [
    TEXTS,
    TEXTS,
    Kind("TINYINT", "tinyint", "Nullable(Int8)", _integers(8)),
    Kind("SMALLINT", "smallint", "Nullable(Int16)", _integers(16)),
    Kind("INTEGER", "int", "Nullable(Int32)", _integers(32)),
    Kind("BIGINT", "bigint", "Nullable(Int64)", _integers(64)),
    Kind("UBIGINT", None, "Nullable(UInt64)", st.integers(0, 2**64 - 1)),
    Kind("HUGEINT", None, "Nullable(Int128)", _integers(127)),
    Kind(None, None, "Nullable(UInt256)", st.integers(0, 2**256 - 1)),
    Kind("DECIMAL(9,2)", "decimal(9,2)", "Nullable(Decimal(9, 2))", _decimals(9, 2)),
    Kind("DECIMAL(18,18)", "decimal(18,18)", "Nullable(Decimal(18, 18))", _decimals(18, 18)),
    Kind("DECIMAL(38,0)", "decimal(38,0)", "Nullable(Decimal(38, 0))", _decimals(28, 0)),
    Kind(None, None, "Nullable(Decimal(76, 20))", _decimals(28, 20)),
    Kind("DOUBLE", None, "Nullable(Float64)", DOUBLES),
    Kind("BOOLEAN", "boolean", "Nullable(Bool)", st.booleans()),
    Kind("TIMESTAMP WITH TIME ZONE", "timestamp", None, TIMES),
    Kind(None, None, "Nullable(DateTime64(6, 'Asia/Kathmandu'))", EIGHTHS),
    Kind(None, None, "Nullable(DateTime)", SECONDS),
    Kind(
        "ENUM('a', 'b c', 'it''s')",
        None,
        "Nullable(Enum8('a' = 1, 'b c' = -2, 'it\\'s' = 3))",
        st.sampled_from(["a", "b c", "it's"]),
    ),
    Kind(None, None, "LowCardinality(Nullable(String))", TEXT | IDENTIFIERS),
    Kind(
        None, None, "Nullable(FixedString(8))", TEXT.filter(lambda text: len(text.encode()) <= 8 and text[-1:] != "\0")
    ),
    Kind(None, None, "Nullable(UUID)", st.uuids().map(str)),
    Kind(None, None, "Nullable(IPv4)", st.ip_addresses(v=4).map(str)),
    Kind(None, None, "Nullable(IPv6)", st.ip_addresses(v=6, network="2001:db8::/32").map(str)),
    Kind("JSON", None, None, JSON),
    Kind(
        'STRUCT(a VARCHAR, "b""é" INTEGER, c BOOLEAN)',
        'struct<a:string,`b"é`:int,c:boolean>',
        f"Nullable({_RECORD})",
        RECORDS,
        nested=True,
    ),
    Kind(
        'STRUCT(s VARCHAR, l STRUCT(a VARCHAR, "b""é" INTEGER, c BOOLEAN)[], '
        'm STRUCT(a VARCHAR, "b""é" INTEGER, c BOOLEAN))',
        'struct<s:string,l:array<struct<a:string,`b"é`:int,c:boolean>>,m:struct<a:string,`b"é`:int,c:boolean>>',
        None,
        NESTED,
        nested=True,
    ),
    Kind(
        "MAP(VARCHAR, VARCHAR)",
        "map<string,string>",
        None,
        st.dictionaries(TEXT, TEXT | st.none(), max_size=1),
        nested=True,
    ),
    Kind(None, None, "Map(String, Nullable(String))", st.dictionaries(TEXT, TEXT | st.none(), max_size=3), nested=True),
    Kind(
        None,
        None,
        "Map(Int32, Array(Nullable(Decimal(9, 2))))",
        st.dictionaries(_integers(32), st.lists(st.none() | _decimals(9, 2), max_size=2), max_size=2),
        nested=True,
    ),
    Kind(
        None,
        None,
        "Array(Float64)",
        st.lists(DOUBLES.filter(math.isfinite), max_size=3),
        nested=True,
    ),
    Kind(
        "BIGINT[]",
        "array<bigint>",
        "Array(Nullable(Int64))",
        st.lists(_integers(64) | st.none(), max_size=3),
        nested=True,
    ),
]


class Table:
    """A template, a table, and the reference's result for each row: a URL, None or FAILS."""

    # Not a dataclass, since Hypothesis would print the whole dialect of the template.
    def __init__(
        self, template: CompiledTemplate, columns: dict[str, Kind], rows: list[dict[str, Any]], expected: list[object]
    ) -> None:
        self.template, self.columns, self.rows, self.expected = template, columns, rows, expected

    def __repr__(self) -> str:
        types = {field: kind.sql or kind.clickhouse for field, kind in self.columns.items()}
        return f"Table({self.template.source!r}, {self.template.options!r}, {types}, {self.rows}, {self.expected})"[
            :3000
        ]


@st.composite
def tables(draw: st.DrawFn, *, engine: Engine = "sql") -> Table:
    """Draw a table for a template."""
    name = draw(st.sampled_from(["appsflyer", "appsflyer", "appmetrica"]))
    source = draw(unsound_templates(name, unknown=draw(st.integers(0, 3)) == 3))
    policy = draw(policies(name))
    how = draw(options(name))
    try:
        template = compile_template(source, dialect=name, policy=policy, ignore=["ME"], **how)
    except TemplateError:
        assume(False)
    plan = template.plan
    assume(not {"postback", "attributed"} & {*template.fields})
    assume(len({field.lower() for field in template.fields}) == len(template.fields))
    json_fields = [spec.field for spec in dialect(name).macros.values() if spec.type == "json"]
    kinds = [kind for kind in KINDS if getattr(kind, engine)]
    flat = [kind for kind in kinds if not kind.nested]
    sent = fields_of(plan)
    columns = {field: draw(st.sampled_from(kinds if field in json_fields else flat)) for field in sent}
    drawn = {field: kind.values | st.none() if kind.nullable else kind.values for field, kind in columns.items()}
    for told in signals_of(plan):
        # A flat event may only have fields that its dialect knows.
        if told not in sent and (told in dialect(name).fields or dialect(name).open) and draw(st.booleans()):
            columns[told] = draw(st.sampled_from(flat))
            drawn[told] = st.none() | (CONSENTS if columns[told] is TEXTS else columns[told].values)
    if draw(st.booleans()):
        columns["postback"] = TEXTS
        drawn["postback"] = st.sampled_from([str(policy.postback)] * 4 + [str(kind) for kind in Postback])
    if draw(st.booleans()):
        columns["attributed"] = Kind("BOOLEAN", "boolean", "Bool", st.booleans())
        drawn["attributed"] = st.booleans()
    rows = draw(st.lists(st.fixed_dictionaries(drawn), min_size=1, max_size=4))
    try:
        expected = [_expected(source, row, name, policy, how) for row in rows]
    except TemplateError:  # the reference does not support `ignore`
        assume(False)
    return Table(template, columns, rows, expected)


def _expected(source: str, row: dict[str, Any], name: str, policy: Any, how: dict[str, Any]) -> object:
    event = Event.from_flat({"postback": policy.postback, **row}, name)
    try:
        return reference.render(source, event, dialect=name, policy=policy, **how)
    except SuppressedError:
        return None
    except RenderError:
        return FAILS


def stored(kind: Kind, value: Any) -> Any:
    """Return a value in the form that DuckDB accepts."""
    if value is not None and kind.sql == "JSON":
        return json.dumps(value, ensure_ascii=isinstance(value, str) and len(value) % 2 == 0)
    if value is not None and kind.sql and kind.sql.startswith("MAP"):
        return {"key": list(value), "value": list(value.values())}
    return value


def refused(message: str) -> bool:
    """Say whether a backend may raise this error where the Python engine returns a text."""
    return "not ASCII" in message or "cannot send JSON with" in message or "cannot tell whether the text" in message
