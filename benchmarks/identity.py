"""Check that every backend writes the same as the reference, for each type. `python -m benchmarks.identity`.

Claim: for 200,000 difficult values of each type, every row of every backend equals that of the reference renderer, or
    is
rejected with a reason. Values come from a seed, so results can be reproduced. The reference is slow: it renders every
tenth row; the Python engine renders all of them and must agree with it.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from macroengine import Dialect, Event, RenderError, compile_template
from macroengine.testing import reference

FUNCTIONS = ("sha1", "md5", "sha256", "base64", "percent", "percent2", "upper", "lower", "none")
DIALECT = f"""
name = "all"
title = "All types"
syntax = "brace"
encoding = "ENCODING"
[functions]
{chr(10).join(f'{function} = "NAME_{function}"' for function in FUNCTIONS)}
[macros]
text = {{ field = "v", source = "Link", {", ".join(f'{function} = ["text"]' for function in FUNCTIONS)} }}
number = {{ field = "v", source = "Link", type = "number" }}
boolean = {{ field = "v", source = "Link", type = "boolean" }}
time = {{ field = "v", source = "Link", type = "time" }}
unix = {{ field = "v", source = "Link", type = "unix-time" }}
ms = {{ field = "v", source = "Link", type = "unix-time-ms" }}
rfc = {{ field = "v", source = "Link", type = "rfc3339" }}
json = {{ field = "v", source = "Link", type = "json" }}
device = {{ field = "v", source = "Link", type = "uuid", case = "upper", sha1 = ["device"], sha256 = ["device"] }}
"""
QUERY = "https://n.example/pb?x=1&p={}&q=2"
NESTED = "https://n.example/pb?u=https%3A%2F%2Fm.example%2F%3Fp%3D{}%26q%3D1"
# A value that is not encoded is checked by its place.
UNENCODED = {
    " alone": "https://n.example/pb?p={}",
    " between semicolons": "https://n.example/pb?p={};q=2",
    " as a name": "https://n.example/pb?{}=1",
    " in a path": "https://n.example/pb/{}/x",
}
STRING = "https://n.example/pb?j=%7B%22a%22%3A%22{}%22%7D"
WHOLE = "https://n.example/pb?j=%7B%22a%22%3A{}%7D"
EVERY = 10
MAY_REFUSE = ("not ASCII", "cannot send JSON with a number", "is written in two ways")
Values = Callable[[random.Random], Any]


@dataclass(frozen=True)
class Case:
    """A type of column: its values, and how engines create them from a text `v`."""

    name: str
    source: str
    values: Values
    """Returns a value for the Python engine."""
    types: Mapping[str, tuple[str, str]]
    """By engine, the type, and the SQL that creates the value from its text."""
    encoding: str = "percent"


ALPHABET = [
    *map(chr, range(0x30)),
    *";%&=+?#/\\\"'~*()!{}[]<>aZ09éßİ€",
    "\x7f",
    "\u2028",
    "\ufeff",
    "😀",
    "\ufffd",
    "\U0010ffff",
]


def text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return "".join(rng.choices(ALPHABET, k=rng.randrange(12)))
    if kind < 0.6:
        points = (rng.choice((rng.randrange(0xD800), rng.randrange(0xE000, 0x110000))) for _ in range(rng.randrange(6)))
        return "".join(map(chr, points))
    return rng.choice(
        [
            "",
            ".",
            "..",
            "%2e.",
            "x;c=2",
            "x;c",
            "0",
            "true",
            "null",
            "%41",
            "00000000-0000-0000-0000-000000000000",
            "9.50",
            "-0",
        ]
    )


def identifier(rng: random.Random) -> str:
    uuid = str(UUID(int=rng.getrandbits(128)))
    return rng.choice([uuid, uuid.upper(), f"{rng.getrandbits(160):040x}", f"{rng.getrandbits(256):064X}", text(rng)])


def integers(low: int, high: int) -> Values:
    return lambda rng: rng.choice([low, high, 0, rng.randint(low, high), rng.randint(max(low, -100), min(high, 100))])


def decimals(digits: int, scale: int) -> Values:
    exact = Context(prec=digits)
    return lambda rng: Decimal(integers(1 - 10**digits, 10**digits - 1)(rng)).scaleb(-scale, exact)


def doubles(rng: random.Random) -> float:
    import struct

    if rng.random() < 0.5:
        return rng.choice([1, -1]) * rng.randrange(1, 10**17) * 10.0 ** rng.randrange(-30, 30)
    return float(struct.unpack("d", struct.pack("Q", rng.getrandbits(64)))[0])


def times(rng: random.Random) -> datetime:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    near = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=rng.randrange(-(10**6), 10**6))
    spread = first + timedelta(seconds=rng.randrange(int((last - first).total_seconds())))
    return rng.choice([first, last, near, spread + timedelta(milliseconds=rng.randrange(1000))])


def recent(rng: random.Random) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.choice([0, 2**32 - 1, rng.randrange(2**32)]))


def record(rng: random.Random) -> dict[str, Any]:
    made = text(rng)
    return {"a": made, 'b"é': len(made.encode()), "c": made == ""}


def dynamic(rng: random.Random) -> dict[str, Any]:
    number = rng.choice([rng.randrange(-(10**30), 10**30), rng.random(), float(rng.randrange(10**17)), True, None])
    return {"j": [text(rng), number, {text(rng): text(rng)}]}


def address(rng: random.Random) -> str:
    bits = rng.getrandbits(128) & rng.choice([2**128 - 1, rng.getrandbits(128), 2**32 - 1])
    return str(IPv6Address(bits))


SQL, CLICKHOUSE, SPARK = "DuckDB", "ClickHouse", "Spark"


def cast(sql: str | None, clickhouse: str | None, spark: str | None) -> dict[str, tuple[str, str]]:
    """Return the types to cast a text to."""
    found = {SQL: (sql, "CAST(v AS {})"), CLICKHOUSE: (clickhouse, "CAST(v AS {})"), SPARK: (spark, "CAST(v AS {})")}
    return {engine: (kind, made.format(kind)) for engine, (kind, made) in found.items() if kind is not None}


TEXTS = {SQL: ("VARCHAR", "v"), CLICKHOUSE: ("String", "v"), SPARK: ("string", "v")}
_UTC = "%Y-%m-%d %H:%M:%S.%f"
TIMES = {
    SQL: ("TIMESTAMP WITH TIME ZONE", "CAST(v || '+00' AS TIMESTAMPTZ)"),
    CLICKHOUSE: ("DateTime64(3, 'UTC')", "toDateTime64(v, 3, 'UTC')"),
    SPARK: ("timestamp", "CAST(v || ' UTC' AS timestamp)"),
}
RECORDS = {
    SQL: (
        'STRUCT(a VARCHAR, "b""é" BIGINT, c BOOLEAN)',
        """struct_pack(a := v, "b""é" := CAST(strlen(v) AS BIGINT), c := v = '')""",
    ),
    CLICKHOUSE: (
        'Tuple(a String, `b"é` UInt64, c Bool)',
        "CAST(tuple(v, length(v), v = '') AS Tuple(a String, `b\"é` UInt64, c Bool))",
    ),
    SPARK: ('struct<a:string,`b"é`:int,c:boolean>', "struct(v AS a, octet_length(v) AS `b\"é`, v = '' AS c)"),
}
MAPS = {
    SQL: ("MAP(VARCHAR, VARCHAR[])", "MAP {v: [v, NULL]}"),
    CLICKHOUSE: ("Map(String, Array(Nullable(String)))", "map(v, [v, NULL])"),
    SPARK: ("map<string,array<string>>", "map(v, array(v, CAST(NULL AS STRING)))"),
}


def as_map(rng: random.Random) -> dict[str, list[str | None]]:
    made = text(rng)
    return {made: [made, None]}


def cases() -> Iterator[Case]:
    for name, source in (("", QUERY), (" in a URL", NESTED), (" in a JSON string", STRING)):
        for encoding in ("percent", "component", "form", "base64", "json"):
            yield Case(f"text, {encoding}{name}", source.format("{text}"), text, TEXTS, encoding)
    for function in FUNCTIONS:
        yield Case(f"text, then {function}", QUERY.format(f"{{text_{function}}}"), text, TEXTS)
    for name, source in UNENCODED.items():
        yield Case(f"text, then none{name}", source.format("{text_none}"), text, TEXTS)
    for function in ("sha1", "sha256"):
        yield Case(f"identifier, {function}", QUERY.format(f"{{device_{function}}}"), identifier, TEXTS)
    yield Case("text as a number in JSON", WHOLE.format("{number}"), text, TEXTS)
    number = QUERY.format("{number}")
    for bits, names in (
        (8, ("TINYINT", "Int8", "tinyint")),
        (16, ("SMALLINT", "Int16", "smallint")),
        (32, ("INTEGER", "Int32", "int")),
        (64, ("BIGINT", "Int64", "bigint")),
        (128, (None, "Int128", None)),
        (256, (None, "Int256", None)),
    ):
        yield Case(f"integer, {bits} bits", number, integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1), cast(*names))
    yield Case("unsigned, 64 bits", number, integers(0, 2**64 - 1), cast("UBIGINT", "UInt64", None))
    yield Case("unsigned, 256 bits", number, integers(0, 2**256 - 1), cast(None, "UInt256", None))
    for digits, scale in ((9, 2), (18, 18), (38, 0)):
        names = f"DECIMAL({digits},{scale})", f"Decimal({digits}, {scale})", f"decimal({digits},{scale})"
        yield Case(f"decimal, {digits} digits, {scale} after the point", number, decimals(digits, scale), cast(*names))
    yield Case("decimal, 76 digits, 40 after the point", number, decimals(76, 40), cast(None, "Decimal(76, 40)", None))
    yield Case("double", number, doubles, cast("DOUBLE", "Float64", None))
    yield Case("boolean", QUERY.format("{boolean}"), lambda rng: rng.random() < 0.5, cast("BOOLEAN", "Bool", "boolean"))
    for macro in ("time", "unix", "ms", "rfc"):
        yield Case(f"time, as {macro}", QUERY.format(f"{{{macro}}}"), times, TIMES)
    seconds = {CLICKHOUSE: ("DateTime('UTC')", "toDateTime(substring(v, 1, 19), 'UTC')")}
    yield Case("seconds", QUERY.format("{time}"), recent, seconds)
    yield Case(
        "UUID", QUERY.format("{text}"), lambda rng: str(UUID(int=rng.getrandbits(128))), cast(None, "UUID", None)
    )
    words = "Enum8('a' = 1, 'it\\'s' = -2, 'é ' = 3)"
    enum = {
        SQL: ("ENUM('a', 'it''s', 'é ')", "CAST(v AS ENUM('a', 'it''s', 'é '))"),
        CLICKHOUSE: (words, f"CAST(v AS {words})"),
    }
    yield Case("enum", QUERY.format("{text}"), lambda rng: rng.choice(["a", "it's", "é "]), enum)
    yield Case(
        "IPv4", QUERY.format("{text}"), lambda rng: str(IPv4Address(rng.getrandbits(32))), cast(None, "IPv4", None)
    )
    yield Case("IPv6", QUERY.format("{text}"), address, cast(None, "IPv6", None))
    yield Case("JSON", QUERY.format("{json}"), dynamic, cast("JSON", None, None))
    yield Case("nested record", QUERY.format("{json}"), record, RECORDS)
    yield Case("nested map", QUERY.format("{json}"), as_map, MAPS)
    yield Case("nested record in JSON", WHOLE.format("{json}"), record, RECORDS)


def as_text(value: Any) -> str:  # noqa: PLR0911 - one per type
    """Return the text from which engines create a value."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.year:04}{value.strftime('-%m-%d %H:%M:%S')}.{value.microsecond // 1000:03}"
        case Decimal():
            return format(value, "f")
        case {"j": _}:
            return json.dumps(value)
        case {"a": str(made)}:
            return made
        case dict():
            return next(iter(value))
    return repr(value) if isinstance(value, float) else str(value)


Answer = list[tuple[str | None, str | None]]
Engine = Callable[[Sequence[str], Case, Any], Answer]


def duckdb_engine() -> Engine:
    import duckdb
    import pyarrow as pa

    from macroengine.backends.duckdb import failure_sql, to_sql

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Kathmandu'")

    def run(texts: Sequence[str], case: Case, template: Any) -> Answer:
        kind, made = case.types[SQL]
        given = pa.table({"n": range(len(texts)), "v": pa.array(texts, pa.string())})
        connection.register("given", given)
        columns = f"{to_sql(template, {'v': kind}, strict=False)}, {failure_sql(template, {'v': kind})}"
        return connection.execute(f"SELECT {columns} FROM (SELECT n, {made} AS v FROM given) ORDER BY n").fetchall()

    return run


def clickhouse_engine() -> Engine:
    import os

    import clickhouse_connect

    from macroengine.backends.clickhouse import failure_sql, to_sql

    server = os.environ.get("CLICKHOUSE_URL")
    client = clickhouse_connect.get_client(**({"dsn": server} if server else {"interface": "chdb"}))

    def run(texts: Sequence[str], case: Case, template: Any) -> Answer:
        kind, made = case.types[CLICKHOUSE]
        client.command("CREATE OR REPLACE TABLE given (n UInt32, v String) ENGINE = Memory")
        client.insert("given", list(enumerate(texts)))
        columns = f"{to_sql(template, {'v': kind}, strict=False)}, {failure_sql(template, {'v': kind})}"
        query = f"SELECT {columns}, n FROM (SELECT n, {made} AS v FROM given) ORDER BY n"
        return [row[:2] for row in client.query(query).result_rows]

    return run


def spark_engine() -> Engine:
    from pyspark.sql import SparkSession

    from macroengine.backends.spark import failure_column, to_column

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = (
        builder.config("spark.ui.showConsoleProgress", "false").config("spark.sql.ansi.enabled", "false").getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    session.conf.set("spark.sql.session.timeZone", "Asia/Kathmandu")

    def run(texts: Sequence[str], case: Case, template: Any) -> Answer:
        _, made = case.types[SPARK]
        frame = session.createDataFrame(list(enumerate(texts)), "n int, v string").selectExpr("n", f"{made} AS v")
        types = {"v": frame.schema["v"].dataType}
        columns = [to_column(template, types, strict=False).alias("url"), failure_column(template, types).alias("why")]
        return [(row[1], row[2]) for row in sorted(frame.select("n", *columns).collect())]

    return run


ENGINES = {SQL: duckdb_engine, CLICKHOUSE: clickhouse_engine, SPARK: spark_engine}


def compare(
    case: Case, rows: int, engines: Mapping[str, Engine], directory: Path, seed: int
) -> Iterator[tuple[str, int, Counter[str], list[Any]]]:
    """Yield, for each engine, how many rows are equal, how many are rejected and why, and the first that differ."""
    (directory / "all.toml").write_text(DIALECT.replace("ENCODING", case.encoding), encoding="utf-8")
    dialect = Dialect.from_toml(directory / "all.toml")
    template = compile_template(case.source, dialect=dialect, ignore=["ME"])
    rng = random.Random(f"{seed} {case.name}")
    values = [case.values(rng) for _ in range(rows)]
    expected = [_expected(template, Event(link={"v": value})) for value in values]
    for index in range(0, rows, EVERY):
        with_reference = partial(reference.render, case.source, dialect=dialect, ignore=["ME"])
        if _expected(with_reference, Event(link={"v": values[index]})) != expected[index]:
            raise AssertionError(f"{case.source}: the reference differs from the engine for {values[index]!r}")
    texts = [as_text(value) for value in values]
    for name, engine in engines.items():
        if name not in case.types:
            continue
        equal, refused, different = 0, Counter[str](), []
        for value, wanted, (url, reason) in zip(values, expected, engine(texts, case, template), strict=True):
            if reason is not None and (wanted is None or any(words in reason for words in MAY_REFUSE)):
                refused[reason] += 1
            elif reason is None and url == wanted:
                equal += 1
            else:
                different.append((value, wanted, url, reason))
        yield name, equal, refused, different


def _expected(render: Callable[[Event], str], event: Event) -> str | None:
    try:
        return render(event)
    except RenderError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.identity")
    parser.add_argument("--rows", type=int, default=200_000, help="of each type")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=[SQL, CLICKHOUSE])
    parser.add_argument("--only", default="", help="types that have this in their name")
    options = parser.parse_args()
    engines = {name: ENGINES[name]() for name in options.engines}
    total = Counter[str]()
    print("| type | backend | equal | refused | different |\n|---|---|---:|---:|---:|")
    started = time.monotonic()
    with TemporaryDirectory() as directory:
        for case in cases():
            if options.only not in case.name:
                continue
            for name, same, refused, other in compare(case, options.rows, engines, Path(directory), options.seed):
                print(f"| {case.name} | {name} | {same:,} | {refused.total():,} | {len(other):,} |", flush=True)
                for reason, count in refused.items():
                    total[f"{name}: {reason}"] += count
                for found in other[:3]:
                    print(f"  {found}", file=sys.stderr)
                total["equal"] += same
                total["different"] += len(other)
    equal, different = total.pop("equal"), total.pop("different")
    print(f"\n{equal:,} rows equal, {different:,} different, {time.monotonic() - started:,.0f} s")
    for reason, count in sorted(total.items()):
        print(f"{count:,} refused by {reason}")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
